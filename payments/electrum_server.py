"""The calls of the Electrum protocol that the shop makes, with their answers read and checked.

Protocol 1.4: `server.version`, `blockchain.headers.subscribe`, `blockchain.block.header(s)`,
`blockchain.scripthash.*`, `blockchain.transaction.get` and `get_merkle`.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from payments.block_headers import HEADER_BYTES, merkle_root, parse_header
from payments.chain import ChainUnavailableError
from payments.electrum_dialling import ElectrumAccess
from payments.electrum_rpc import Call, ElectrumConnection, ElectrumError, OnPush
from payments.genesis import require_genesis
from payments.json_shapes import hash_text, mapping, sequence, text, whole_number
from payments.raw_transaction import RawTransaction, parse_transaction

CLIENT_NAME = "holdfast"
OLDEST_PROTOCOL = "1.4"
NEWEST_PROTOCOL = "1.4.3"
HEADERS_PUSH = "blockchain.headers.subscribe"
SCRIPT_PUSH = "blockchain.scripthash.subscribe"
# Transactions may be of megabytes.
TRANSACTIONS_IN_FLIGHT = 10

_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of a script's history. `height` 0 and below: in the mempool."""

    transaction_id: str
    height: int

    @property
    def is_in_block(self) -> bool:
        """Whether it is in a block."""
        return self.height > 0


class ElectrumServer:
    """A connection after the greeting: of the right protocol, coin and network.

    All calls raise ChainUnavailableError where there is no usable answer.
    """

    def __init__(self, access: ElectrumAccess, connection: ElectrumConnection) -> None:
        self._access = access
        self._connection = connection

    @property
    def name(self) -> str:
        """The server for people."""
        return self._access.name

    @property
    def is_lost(self) -> bool:
        """Whether the connection has ended."""
        return self._connection.is_lost

    async def close(self) -> None:
        """End the connection."""
        await self._connection.close()

    async def announced_height(self) -> int:
        """The height of the tip that the server has told everybody of, and pushes from now on.

        Servers may have the headers of blocks whose payments they do not show yet.
        """
        return whole_number(mapping(await self._connection.call(HEADERS_PUSH))["height"])

    async def headers(self, height: int, count: int) -> list[bytes]:
        """Up to `count` headers from `height` on; none where the chain ends below."""
        answer = await self._connection.call("blockchain.block.headers", height, count)
        raw = bytes.fromhex(text(mapping(answer)["hex"]))
        if len(raw) % HEADER_BYTES or len(raw) > count * HEADER_BYTES:
            raise ValueError("headers of a broken length")
        return [raw[at : at + HEADER_BYTES] for at in range(0, len(raw), HEADER_BYTES)]

    async def subscribe(self, script_hashes: Sequence[str]) -> list[str | ElectrumError | None]:
        """The status of each script, and pushes from now on; None: it has no history."""
        return await self._each(SCRIPT_PUSH, script_hashes, _status)

    async def unsubscribe(self, script_hashes: Sequence[str]) -> None:
        """No pushes for these from now on, where the server can do that."""
        await self._each("blockchain.scripthash.unsubscribe", script_hashes, lambda _: None)

    async def histories(
        self, script_hashes: Sequence[str]
    ) -> list[tuple[Entry, ...] | ElectrumError]:
        """All transactions that touch each script."""
        return await self._each("blockchain.scripthash.get_history", script_hashes, _history)

    async def transactions(self, ids: Sequence[str]) -> list[RawTransaction | ElectrumError]:
        """Transactions, each held to its id; up to `TRANSACTIONS_IN_FLIGHT` of them."""
        got = await self._each("blockchain.transaction.get", ids, _transaction)
        for transaction_id, transaction in zip(ids, got, strict=True):
            if isinstance(transaction, ElectrumError):
                continue
            if transaction.transaction_id != transaction_id:
                raise ChainUnavailableError(
                    f"{self.name} gave another transaction for {transaction_id}: it is not to"
                    " be trusted"
                )
        return got

    async def merkle_roots(self, entries: Sequence[Entry]) -> list[str | ElectrumError]:
        """The root that follows from what the server says of each transaction in its block."""
        calls: list[Call] = [
            ("blockchain.transaction.get_merkle", [each.transaction_id, each.height])
            for each in entries
        ]
        answers = await self._connection.calls(calls)
        return [
            answer if isinstance(answer, ElectrumError) else _root(entry, answer)
            for entry, answer in zip(entries, answers, strict=True)
        ]

    async def _each(
        self, method: str, arguments: Sequence[str], read: Callable[[object], _Read]
    ) -> list[_Read | ElectrumError]:
        answers = await self._connection.calls([(method, [each]) for each in arguments])
        return [each if isinstance(each, ElectrumError) else read(each) for each in answers]


async def greet(
    access: ElectrumAccess,
    *,
    coin: str,
    network: str,
    on_push: OnPush,
    on_lost: Callable[[str], None],
) -> ElectrumServer:
    """Connect, agree on a protocol, and see that the server is of the right chain.

    Raises:
        ChainUnavailableError: the server cannot be reached now, or gives no usable answer.
        ChainRefusedError: it is of another coin or network, or shows a wrong certificate.
    """
    connection = await ElectrumConnection.open(access, on_push=on_push, on_lost=on_lost)
    try:
        versions = [OLDEST_PROTOCOL, NEWEST_PROTOCOL]
        await connection.call("server.version", CLIENT_NAME, versions)
        # Hashed here instead of believed: `server.features` would only say it.
        first = await connection.call("blockchain.block.header", 0)
        genesis = parse_header(bytes.fromhex(text(first))).block_hash
        require_genesis(genesis, coin=coin, network=network, server_name=access.name)
        return ElectrumServer(access, connection)
    except BaseException:
        # Also when cancelled: nobody else knows of the connection yet.
        await asyncio.shield(connection.close())
        raise


def _status(answer: object) -> str | None:
    return None if answer is None else text(answer)


def _history(answer: object) -> tuple[Entry, ...]:
    return tuple(_entry(mapping(each)) for each in sequence(answer))


def _entry(line: dict[str, object]) -> Entry:
    return Entry(transaction_id=hash_text(line["tx_hash"]), height=whole_number(line["height"]))


def _transaction(answer: object) -> RawTransaction:
    return parse_transaction(bytes.fromhex(text(answer)))


def _root(entry: Entry, answer: object) -> str:
    proof = mapping(answer)
    branch = [text(each) for each in sequence(proof["merkle"])]
    return merkle_root(entry.transaction_id, branch, whole_number(proof["pos"]))
