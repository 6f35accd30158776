"""What a block of the Bitcoin main network costs the client of a node, and the watcher behind it.

The node is made up and answers at once. It shows, in turn, transactions that wait and the block
that has them.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from benchmarks.measuring import BenchmarkError, progress
from benchmarks.watch_blocks import MadeUpBlock, Paid, made_up_chain
from benchmarks.watch_cost import LONGEST_LOOK_SECONDS, cost_of, medians
from benchmarks.watch_server import Served, node_process, served
from benchmarks.watch_watcher import Watcher
from payments.addresses import address_of_script
from payments.bitcoind import BitcoindConnector
from payments.chain import Found, Look
from payments.genesis import PUBLIC

COIN, NETWORK = "BTC", "main"
_SCRIPTS_SEED, _BLOCKS_SEED = 5, 6


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockSizes:
    """How much is measured. Of the transactions of each block, `payments` pay watched addresses."""

    addresses: int = 10_000
    blocks: int = 5
    transactions: int = 4_000
    payments: int = 20


class BitcoindNode:
    """A node whose chain grows by one block every other time that it goes on.

    In between, the transactions of the next block wait.
    """

    def __init__(self, sizes: BlockSizes) -> None:
        self._chain = chain_of(sizes)
        self._blocks = {block.block_hash: block for block in self._chain}
        self._height = 0
        self._waiting: dict[str, bytes] = {}

    def go_on(self) -> None:
        """The next block is there, or its transactions wait."""
        if self._waiting:
            self._height += 1
            self._waiting = {}
        else:
            self._waiting = self._chain[self._height + 1].transactions

    def answer(self, method: str, parameters: list[Any]) -> str:
        """The result as JSON.

        Raises:
            LookupError: there is no such method, block or transaction.
        """
        match method, parameters:
            case "getblock", [block_hash, 0]:
                return f'"{self._blocks[block_hash].raw.hex()}"'
            case "getrawtransaction", [transaction_id]:
                return f'"{self._waiting[transaction_id].hex()}"'
            case "getmempoolentry", [transaction_id]:
                return json.dumps({"time": self._tip.unix_time + len(transaction_id)})
        return json.dumps(self._short_answer(method, parameters))

    @property
    def _tip(self) -> MadeUpBlock:
        return self._chain[self._height]

    def _short_answer(self, method: str, parameters: list[Any]) -> object:
        match method, parameters:
            case "getblockchaininfo", []:
                return self._chain_info()
            case "getblockhash", [0]:
                return PUBLIC[COIN, NETWORK]
            case "getnetworkinfo", []:
                return {"version": 290_000, "subversion": "/Satoshi:29.0.0/", "connections": 10}
            case "getbestblockhash", []:
                return self._tip.block_hash
            case "getrawmempool", []:
                return list(self._waiting)
            case "getblockheader", [block_hash]:
                return self._header(self._blocks[block_hash])
        raise LookupError(f"{method} {parameters} is not served")

    def _chain_info(self) -> dict[str, object]:
        return {
            "chain": NETWORK,
            "blocks": self._tip.height,
            "headers": self._tip.height,
            "bestblockhash": self._tip.block_hash,
            "mediantime": self._tip.unix_time,
            "initialblockdownload": False,
            "pruned": False,
            "warnings": [],
        }

    def _header(self, block: MadeUpBlock) -> dict[str, object]:
        number = block.height - self._chain[0].height
        after = self._chain[number + 1 : self._height + 1]
        return {
            "hash": block.block_hash,
            "confirmations": self._height - number + 1,
            "height": block.height,
            "mediantime": block.unix_time,
            "time": block.unix_time,
            "previousblockhash": block.previous_hash,
            "nTx": len(block.transactions) + 1,
            **({"nextblockhash": after[0].block_hash} if after else {}),
        }


async def measure_bitcoind(folder: Path, sizes: BlockSizes) -> dict[str, object]:
    """Measure the first look, the mempool and blocks.

    Returns:
        `requests_per_block`, `calls_per_block` and `cpu_s_per_block`, each the median of all
        blocks; the same of 4,000 transactions that begin to wait (`..._per_mempool`);
        `cpu_s_first_look`, for which the addresses are decoded.

    Raises:
        BenchmarkError: a payment was not found, or not as it is.
    """
    progress(f"bitcoind: {sizes.addresses:,} addresses, {sizes.transactions:,} transactions")
    addresses = [str(address_of_script(each, COIN, NETWORK)) for each in scripts_of(sizes)]
    with node_process(folder / "bitcoind.log", BitcoindNode, sizes) as url:
        async with served(url) as node:
            connector = BitcoindConnector(
                coin=COIN,
                network=NETWORK,
                url=url,
                user="u",
                password="p",  # noqa: S106 - of a node that lives for this measurement
                request_timeout_seconds=LONGEST_LOOK_SECONDS,
                look_seconds=LONGEST_LOOK_SECONDS,
            )
            chain = chain_of(sizes)
            # A node whose last block is old is not believed.
            now = datetime.fromtimestamp(chain[0].unix_time, UTC)
            watcher = Watcher(connector.connect(), dict.fromkeys(addresses, ()), None, now)
            found = await _measured(node, watcher, chain[1:])
    return {**found, "addresses": len(addresses)}


async def _measured(
    node: Served, watcher: Watcher, blocks: Sequence[MadeUpBlock]
) -> dict[str, object]:
    first, _ = await cost_of(node, watcher)
    in_mempool, in_blocks = [], []
    for block in blocks:
        await node.go_on()
        cost, look = await cost_of(node, watcher)
        _require(block.paid, look.in_mempool if isinstance(look, Look) else ())
        in_mempool.append(cost)
        await node.go_on()
        cost, look = await cost_of(node, watcher)
        _require(block.paid, look.in_blocks if isinstance(look, Look) else ())
        in_blocks.append(cost)
    return {
        **medians(in_blocks, "block"),
        **medians(in_mempool, "mempool"),
        "cpu_s_first_look": round(first.cpu_seconds, 4),
        "transactions": len(blocks[0].transactions) + 1,
        "block_bytes": round(median(len(each.raw) for each in blocks)),
    }


def _require(paid: Sequence[Paid], found: Sequence[Found]) -> None:
    wanted = {
        (
            str(address_of_script(each.script, COIN, NETWORK)),
            each.transaction_id,
            each.output_index,
            each.amount_base_units,
        )
        for each in paid
    }
    seen = {
        (each.address, each.transaction_id, each.output_index, each.amount_base_units)
        for each in found
    }
    if wanted != seen:
        raise BenchmarkError(f"{len(wanted)} payments were made, and {len(wanted & seen)} found")


def scripts_of(sizes: BlockSizes) -> list[str]:
    """The watched scripts, in hexadecimal: P2WPKH with made-up key hashes."""
    random = Random(_SCRIPTS_SEED)  # noqa: S311 - the same in both processes
    return [f"0014{random.randbytes(20).hex()}" for _ in range(sizes.addresses)]


def chain_of(sizes: BlockSizes) -> list[MadeUpBlock]:
    """The blocks, the same in both processes."""
    return made_up_chain(
        _BLOCKS_SEED,
        blocks=sizes.blocks,
        transactions=sizes.transactions,
        scripts=scripts_of(sizes),
        payments=sizes.payments,
    )
