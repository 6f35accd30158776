"""What one look costs whoever watches: exchanges with the node, and processor time."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from benchmarks.measuring import BenchmarkError
from benchmarks.watch_server import Asked, Served
from benchmarks.watch_watcher import Watcher
from payments.chain import AddressLook, Look

# Processor time is measured: on a busy machine a look may take long.
LONGEST_LOOK_SECONDS = 120.0
_BETWEEN_LOOKS = timedelta(seconds=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one look cost this process; the node is in another."""

    asked: Asked
    cpu_seconds: float


async def cost_of(node: Served, watcher: Watcher) -> tuple[Cost, Look | AddressLook]:
    """Look once.

    Raises:
        BenchmarkError: the look did not reach the tip.
    """
    await node.asked()
    watcher.now += _BETWEEN_LOOKS
    began = time.process_time()
    look = await watcher.look()
    cpu_seconds = time.process_time() - began
    if not look.complete:
        raise BenchmarkError(
            f"a look took more than {LONGEST_LOOK_SECONDS:g} s: is it too busy here?"
        )
    return Cost(asked=await node.asked(), cpu_seconds=cpu_seconds), look


def medians(costs: Sequence[Cost], what: str) -> dict[str, object]:
    """Requests, calls and processor time of a look that takes in one of something."""
    return {
        f"requests_per_{what}": median(each.asked.requests for each in costs),
        f"calls_per_{what}": median(each.asked.calls for each in costs),
        f"cpu_s_per_{what}": round(median(each.cpu_seconds for each in costs), 4),
    }
