"""Ten thousand watched addresses: what does one block cost?

For the clients that take in every block: `bitcoind` a full block of the Bitcoin main network, and
`ethereum` a block of its main network. The nodes are made up and in processes of their own, so that
what is measured is the shop's: the client, and what the watcher makes of the look. Each payment in
the blocks has to be found, with its exact amount.
"""

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.measuring import machine
from benchmarks.tables import is_met
from benchmarks.watch_bitcoind import BlockSizes, measure_bitcoind
from benchmarks.watch_ethereum import EtherSizes, measure_ethereum

WANTED: dict[str, dict[str, float]] = {
    "bitcoind.cpu_s_per_block": {"at_most": 0.2},
    "ethereum.cpu_s_per_block": {"at_most": 0.2},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much is measured, of each client."""

    bitcoind: BlockSizes = field(default_factory=BlockSizes)
    ethereum: EtherSizes = field(default_factory=EtherSizes)


FULL = Sizes()


def measure(sizes: Sizes = FULL) -> dict[str, object]:
    """Measure both clients.

    Returns:
        Under `bitcoind` and `ethereum`: `requests_per_block` (exchanges over HTTP),
        `calls_per_block` in them, and `cpu_s_per_block` of this process, medians of the blocks;
        `cpu_s_first_look`; for `bitcoind` the same `..._per_mempool`, of the look that finds the
        block's transactions waiting. Under `wanted` the limits by "client.key".

    Raises:
        BenchmarkError: a payment was not found, or not as it is.
    """
    about = machine()
    with tempfile.TemporaryDirectory(prefix="holdfast-watch-") as folder:
        found = asyncio.run(_measure(Path(folder), sizes))
    return {**found, "wanted": _wanted(found), "machine": about}


async def _measure(folder: Path, sizes: Sizes) -> dict[str, dict[str, object]]:
    return {
        "bitcoind": await measure_bitcoind(folder, sizes.bitcoind),
        "ethereum": await measure_ethereum(folder, sizes.ethereum),
    }


def _wanted(found: dict[str, dict[str, object]]) -> dict[str, object]:
    wanted: dict[str, object] = {}
    for name, limit in WANTED.items():
        client, key = name.split(".")
        if isinstance(value := found[client][key], int | float):
            wanted[name] = {**limit, "met": is_met(value, limit)}
    return wanted
