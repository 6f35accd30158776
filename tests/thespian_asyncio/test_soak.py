import gc
import tracemalloc
from collections.abc import Iterator

import pytest

from benchmarks.soak import measure, soak
from thespian_asyncio.cell import Cell
from thespian_asyncio.timers import Timer, Timers

ACTORS = 10_000  # a hundredth of the whole soak
# Cancelled deadlines of questions wait in asyncio's heap until a hundred of them are swept, so the
# growth is anything up to 60,000 bytes; an object of the smallest size (16 bytes) left by each of
# the last nine thousand actors is 144,000.
GROWTH_BYTES_AT_MOST = 100_000


@pytest.fixture
def _traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.usefixtures("_traced")
async def test_ten_thousand_actors_that_lived_and_died_leave_nothing_behind() -> None:
    soaked = await soak(ACTORS, lambda: tracemalloc.get_traced_memory()[0])
    assert soaked.messages >= ACTORS * 10
    assert set(soaked.leftovers.values()) == {0}
    assert {"registry_entries", "cells", "timers"} <= soaked.leftovers.keys()
    assert soaked.memory_at_end - soaked.memory_after_tenth < GROWTH_BYTES_AT_MOST
    left = [type(thing) for thing in gc.get_objects() if isinstance(thing, Cell | Timer)]
    assert len(left) <= 128, "armed no more, and still in the heap until it is swept"


def test_a_soak_tells_of_timers_that_stay_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Timers, "cancel_all", lambda _self, _cell: None)
    assert "200 timers stayed behind" in str(measure(actors=200)["failures"])
