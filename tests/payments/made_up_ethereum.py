"""A made-up Ethereum node that counts what it is asked, and refuses where a test wants it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from payments.chain import AddressLook, ChainUnavailableError, Known, Place
from payments.ethereum import EthereumClient, EthereumConnector
from payments.ethereum_node import AccountState, Block, EthereumNode, HistoryMissingError

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
AT_100 = Place(height=100, block_hash="a100")


@dataclass(frozen=True)
class Paid:
    """Wei that came to an address in a block, by a transaction or from inside of a contract."""

    address: str
    height: int
    amount_wei: int
    has_transaction: bool = True


@dataclass
class MadeUpNode:
    """A chain without old states; the blocks above `fork` are of another branch."""

    paid: list[Paid]
    height: int
    fork: int | None = None
    blocks_read: int = 0
    blocks_until_refused: int = 1_000_000
    states_asked: int = 0
    sent: dict[str, int] = field(default_factory=dict)
    """How many transactions an address has sent before all of this."""
    sends: dict[str, dict[int, int]] = field(default_factory=dict)
    """By address: the heights at which it sent a transaction, and of how much."""
    states_kept: int = 0

    def hash_at(self, height: int) -> str:
        return f"{'b' if self.fork is not None and height > self.fork else 'a'}{height}"

    def block_at(self, height: int) -> Block:
        return Block(
            place=Place(height=height, block_hash=self.hash_at(height)),
            parent_hash=self.hash_at(height - 1),
            time=NOW + timedelta(seconds=12 * height),
            transactions=[
                {
                    "hash": f"0x{each.address}{each.height}",
                    "from": "0xf",
                    "to": each.address,
                    "value": hex(each.amount_wei),
                }
                for each in self.paid
                if each.height == height and each.has_transaction
            ]
            + [
                {
                    "hash": f"0xout{each}{height}",
                    "from": each,
                    "to": "0xf",
                    "value": hex(at[height]),
                }
                for each, at in self.sends.items()
                if height in at
            ],
        )

    async def pending(self) -> Sequence[object]:
        return ()

    async def still_pending(self, _names: object, _head: object) -> list[object]:
        return []

    async def head(self, _chain_id: int) -> Block:
        return self.block_at(self.height)

    async def block_hash(self, height: int) -> str | None:
        return self.hash_at(height) if height <= self.height else None

    def account(self, address: str, height: int) -> AccountState:
        sends = [wei for at, wei in self.sends.get(address, {}).items() if at <= height]
        came = [e.amount_wei for e in self.paid if e.address == address and e.height <= height]
        return AccountState(sum(came) - sum(sends), self.sent.get(address, 0) + len(sends))

    async def balances(self, addresses: Sequence[str], place: Place) -> dict[str, tuple[int, bool]]:
        accounts = {address: self.account(address, place.height) for address in addresses}
        return {a: (each.balance_wei, each != AccountState(0, 0)) for a, each in accounts.items()}

    async def nonces(self, addresses: Sequence[str], place: Place) -> dict[str, int]:
        return {address: self.account(address, place.height).nonce for address in addresses}

    async def blocks(self, heights: Sequence[int]) -> list[Block]:
        if self.blocks_until_refused < len(heights):
            raise ChainUnavailableError("asked too often")
        self.blocks_until_refused -= len(heights)
        self.blocks_read += len(heights)
        return [self.block_at(height) for height in heights]

    async def receipts(self, names: Sequence[str]) -> list[dict[str, str]]:
        return [{"status": "0x1", "gasUsed": "0x0", "effectiveGasPrice": "0x0"} for _ in names]

    async def state(self, address: str, height: int) -> AccountState:
        self.states_asked += 1
        if height < self.height - self.states_kept:
            raise HistoryMissingError(f"block {height}")
        return self.account(address, height)

    async def block(self, height: int) -> Block:
        return self.block_at(height)

    async def logs(self, *_about: object) -> list[object]:
        return []


class Client(EthereumClient):
    """The client of a made-up node."""

    def __init__(self, node: MadeUpNode) -> None:
        super().__init__(EthereumConnector(chain_id=5, url="http://127.0.0.1:1"))
        self.node: Any = node

    @asynccontextmanager
    async def _asked(self) -> AsyncIterator[EthereumNode]:
        yield self.node


def look(client: Client, place: Place, *addresses: str, at: datetime = NOW) -> AddressLook:
    watched = {address: Known() for address in addresses}
    return asyncio.run(client.look(place, watched, began_at=at))


def amounts(found: AddressLook, address: str) -> list[tuple[int | None, int]]:
    return [(each.block_height, each.amount_base_units) for each in found.receipts[address]]
