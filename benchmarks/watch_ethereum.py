"""What a block of the Ethereum main network costs the client of a node, and the watcher behind it.

The node is made up and answers at once. What waits for the next block is shown as pending.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.measuring import BenchmarkError, progress
from benchmarks.watch_cost import LONGEST_LOOK_SECONDS, cost_of, medians
from benchmarks.watch_server import Served, node_process, served
from benchmarks.watch_watcher import Watcher
from domain.payment import Sighting
from payments.chain import AddressLook, Look, Place
from payments.ethereum import EthereumConnector
from payments.ethereum_addresses import with_checksum
from payments.ethereum_balances import WORD_BYTES, call_data

_SEED = 7
_FIRST_HEIGHT = 24_000_000
_FIRST_TIME = 1_795_000_000
_BLOCK_SECONDS = 12
_INPUT_BYTES = (0, 0, 68, 68, 68, 132, 260, 644)
_PAID_BEFORE_WEI = 10**16
_WEI = range(10**14, 10**18)

_THE_SAME_FOR_ALL = {"eth_chainId": '"0x1"', "eth_syncing": "false", "eth_getLogs": "[]"}


@dataclass(frozen=True, slots=True, kw_only=True)
class EtherSizes:
    """How much is measured.

    Of the addresses, `paid_before` have received something. In each block `payments` more are
    paid by transactions to them and `internal_payments` from inside of contracts.
    """

    addresses: int = 10_000
    paid_before: int = 1_000
    blocks: int = 5
    transactions: int = 250
    payments: int = 10
    internal_payments: int = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EtherBlock:
    """A block. `received` is wei by address, of those that are watched."""

    place: Place
    parent_hash: str
    unix_time: int
    transactions: list[dict[str, object]]
    received: dict[str, int]

    def as_json(self, *, whole: bool) -> str:
        """As a node shows it, with its transactions or their hashes."""
        return json.dumps(
            {
                "number": hex(self.place.height),
                "hash": self.place.block_hash,
                "parentHash": self.parent_hash,
                "timestamp": hex(self.unix_time),
                "gasLimit": "0x3938700",
                "gasUsed": "0x1c9c380",
                "logsBloom": "0x" + "ab" * 256,
                "transactions": self.transactions
                if whole
                else [each["hash"] for each in self.transactions],
            }
        )


class EthereumNodeMadeUp:
    """A node whose chain grows by one block each time that it goes on."""

    def __init__(self, sizes: EtherSizes) -> None:
        self._chain = ether_chain(sizes)
        self._last = 0
        before = addresses_of(sizes)[: sizes.paid_before]
        self._wei = {address.lower(): _PAID_BEFORE_WEI for address in before}
        self._no_addresses = call_data(())
        self._as_json = cache(EtherBlock.as_json)

    def go_on(self) -> None:
        """The next block is there."""
        self._last += 1
        for address, amount in self._chain[self._last].received.items():
            self._wei[address.lower()] = self._wei.get(address.lower(), 0) + amount

    def answer(self, method: str, parameters: list[Any]) -> str:
        """The result as JSON.

        Raises:
            LookupError: there is no such method or block.
        """
        match method, parameters:
            case (("eth_chainId" | "eth_syncing" | "eth_getLogs"), _):
                return _THE_SAME_FOR_ALL[method]
            case "eth_getBlockByNumber", [which, bool() as whole]:
                return self._block(which, whole=whole)
            case "eth_call", [{"data": str() as data}, {"blockHash": block_hash}]:
                self._require_tip(block_hash)
                return self._balances(data)
            case "eth_getTransactionCount", [_, {"blockHash": block_hash}]:
                self._require_tip(block_hash)
                return '"0x0"'
            case "eth_getTransactionByHash", [name]:
                return self._transaction(name)
            case "eth_getTransactionReceipt", [_]:
                return '{"status":"0x1","gasUsed":"0x5208","effectiveGasPrice":"0x3b9aca00"}'
        raise LookupError(f"{method} {parameters} is not served")

    def _transaction(self, name: str) -> str:
        """One that is in a block, or in the one that comes next."""
        shown = self._chain[: self._last + 2]
        found = (each for block in shown for each in block.transactions if each["hash"] == name)
        return json.dumps(next(found, None))

    def _block(self, which: str, *, whole: bool) -> str:
        if which == "pending":
            after = self._chain[self._last + 1 :]
            return self._as_json(after[0], whole=whole) if after else "null"
        number = self._last if which == "latest" else int(which, 16) - _FIRST_HEIGHT
        if not 0 <= number <= self._last:
            return "null"
        return self._as_json(self._chain[number], whole=whole)

    def _require_tip(self, block_hash: str) -> None:
        if block_hash != self._chain[self._last].place.block_hash:
            raise LookupError(f"block {block_hash} is not the latest")

    def _balances(self, data: str) -> str:
        accounts = data[len(self._no_addresses) :]
        words = (
            self._word("0x" + accounts[at : at + 40].lower()) for at in range(0, len(accounts), 40)
        )
        return f'"0x{"".join(words)}"'

    def _word(self, address: str) -> str:
        wei = self._wei.get(address, 0)
        return (bytes((wei > 0,)) + wei.to_bytes(WORD_BYTES - 1, "big")).hex()


async def measure_ethereum(folder: Path, sizes: EtherSizes) -> dict[str, object]:
    """Measure the first look and blocks.

    Returns:
        `requests_per_block`, `calls_per_block` and `cpu_s_per_block`, each the median of all
        blocks; `cpu_s_first_look`.

    Raises:
        BenchmarkError: a payment was not found, or not as it is.
    """
    progress(f"ethereum: {sizes.addresses:,} addresses, {sizes.transactions} transactions")
    addresses, chain = addresses_of(sizes), ether_chain(sizes)
    first = chain[0]
    sighting = _seen_before(first)
    recorded: dict[str, tuple[Sighting, ...]] = dict.fromkeys(addresses, ())
    recorded |= dict.fromkeys(addresses[: sizes.paid_before], (sighting,))
    with node_process(folder / "ethereum.log", EthereumNodeMadeUp, sizes) as url:
        async with served(url) as node:
            connector = EthereumConnector(
                chain_id=1, url=url, request_timeout_seconds=LONGEST_LOOK_SECONDS
            )
            watcher = Watcher(connector.connect(), recorded, first.place, sighting.seen_at)
            found = await _measured(node, watcher, chain[1:])
    return {**found, "addresses": len(addresses), "transactions": sizes.transactions}


async def _measured(
    node: Served, watcher: Watcher, blocks: Sequence[EtherBlock]
) -> dict[str, object]:
    first, _ = await cost_of(node, watcher)
    in_blocks = []
    for block in blocks:
        await node.go_on()
        cost, look = await cost_of(node, watcher)
        found = _received_in(look, block)
        if found != block.received:
            raise BenchmarkError(f"{len(block.received)} payments were made, {len(found)} found")
        in_blocks.append(cost)
    return {**medians(in_blocks, "block"), "cpu_s_first_look": round(first.cpu_seconds, 4)}


def _received_in(look: Look | AddressLook, block: EtherBlock) -> dict[str, int]:
    if not isinstance(look, AddressLook):
        raise BenchmarkError("the client answers with another kind of look than was measured")
    return {
        each.address: each.amount_base_units
        for receipts in look.receipts.values()
        for each in receipts
        if each.block_hash == block.place.block_hash
    }


def _seen_before(block: EtherBlock) -> Sighting:
    """What each of those has received that were paid before."""
    time = datetime.fromtimestamp(block.unix_time, UTC)
    return Sighting(
        transaction_id="0x" + "cd" * 32,
        output_index=None,
        amount_base_units=_PAID_BEFORE_WEI,
        confirmations=1,
        block_height=block.place.height,
        block_hash=block.place.block_hash,
        chain_time=time,
        seen_at=time,
    )


def addresses_of(sizes: EtherSizes) -> list[str]:
    """The watched addresses: made-up accounts."""
    random = Random(_SEED)  # noqa: S311 - the same in both processes
    return [with_checksum(random.randbytes(20)) for _ in range(sizes.addresses)]


def ether_chain(sizes: EtherSizes) -> list[EtherBlock]:
    """The blocks, the same in both processes; the first is one that was taken in before."""
    return list(_blocks(Random(_SEED + 1), sizes))  # noqa: S311 - as above


def _blocks(random: Random, sizes: EtherSizes) -> Iterator[EtherBlock]:
    addresses, parent_hash = addresses_of(sizes), "0x" + "00" * 32
    for number in range(sizes.blocks + 1):
        paid = random.sample(addresses, sizes.payments + sizes.internal_payments if number else 0)
        received = {address: random.choice(_WEI) for address in paid}
        by_transaction = {address: received[address] for address in paid[: sizes.payments]}
        place = Place(height=_FIRST_HEIGHT + number, block_hash="0x" + random.randbytes(32).hex())
        yield EtherBlock(
            place=place,
            parent_hash=parent_hash,
            unix_time=_FIRST_TIME + number * _BLOCK_SECONDS,
            transactions=_transactions(random, place, sizes.transactions, by_transaction),
            received=received,
        )
        parent_hash = place.block_hash


def _transactions(
    random: Random, place: Place, count: int, payments: Mapping[str, int]
) -> list[dict[str, object]]:
    others = [("0x" + random.randbytes(20).hex(), 0) for _ in range(count - len(payments))]
    receivers = [(address.lower(), amount) for address, amount in payments.items()] + others
    random.shuffle(receivers)
    return [
        {
            "type": "0x2",
            "chainId": "0x1",
            "nonce": hex(random.randrange(1_000)),
            "gas": hex(random.randrange(21_000, 400_000)),
            "gasPrice": "0x3b9aca00",
            "maxFeePerGas": "0x77359400",
            "maxPriorityFeePerGas": "0x5f5e100",
            "from": "0x" + random.randbytes(20).hex(),
            "to": receiver,
            "value": hex(amount),
            "input": "0x" + ("" if amount else random.randbytes(random.choice(_INPUT_BYTES)).hex()),
            "accessList": [],
            "hash": "0x" + random.randbytes(32).hex(),
            "blockHash": place.block_hash,
            "blockNumber": hex(place.height),
            "transactionIndex": hex(index),
            "v": "0x1",
            "r": "0x" + random.randbytes(32).hex(),
            "s": "0x" + random.randbytes(32).hex(),
            "yParity": "0x1",
        }
        for index, (receiver, amount) in enumerate(receivers)
    ]
