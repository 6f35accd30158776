"""A shop under load is killed with SIGKILL, two hundred times: its store is sound each time.

Each of four workers kills the shops of a store of its own; the same store goes on through all of
its kills. A kill with no live order does not count. The moments come from a seed that is printed,
with how many orders were live at each kill, at the end of the test run.
"""

import secrets
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.durability.killing import Killing

KILLS = 50
COMMAND_EVERY = 20


@pytest.mark.timeout(900)
@pytest.mark.parametrize("store", ["first", "second", "third", "fourth"])
def test_nothing_that_was_acknowledged_is_lost_when_the_shop_is_killed(
    store: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    seed = secrets.randbelow(1_000_000)
    kills = Killing(tmp_path, seed, command_every=COMMAND_EVERY).run(KILLS)
    assert len(kills.live) == KILLS
    assert min(kills.live) > 0
    # At the least: a machine that is busy with other things may do no more.
    assert kills.acknowledged["placed"] >= KILLS
    assert kills.acknowledged["cancelled"] > 0
    assert kills.acknowledged["goods"] > 0
    record_property("said", f"kill -9, {store} store: {kills}")
