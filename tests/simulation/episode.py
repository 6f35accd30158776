"""One episode: a shop and its world from the first shopper until all is settled."""

import asyncio
import gc
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from loguru import logger

from tests.simulation.disk import open_quietly
from tests.simulation.journal import Violation
from tests.simulation.memory_checks import unrest
from tests.simulation.scenario import Scenario
from tests.simulation.shoppers import Shoppers
from tests.simulation.store_checks import (
    broken_promises,
    open_orders,
    unaccounted_money,
    unbalanced_books,
    unsound,
    untold,
    wrong_items,
)
from tests.simulation.vigil import Vigil, noticed_within
from tests.simulation.weather import Weather
from tests.simulation.world import World
from thespian_asyncio.testing import run_in_virtual_time

_MEMORY = Path("/dev/shm")
_STEP_SECONDS = 30.0
_SETTLING_SECONDS = 240.0
_LONGEST_SECONDS = 20_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of an episode."""

    scenario: Scenario
    orders: int
    steps: int
    checks: int
    crashes: int
    digest: str
    faults: dict[str, int]
    lifecycle: dict[str, int]
    violations: tuple[Violation, ...]


def run_episode(
    scenario: Scenario,
    probabilities: dict[str, float] | None = None,
    *,
    to_the_end: bool = True,
) -> Outcome:
    """Play an episode, in virtual time and in memory.

    Args:
        scenario: what it is like.
        probabilities: how often a fault becomes due for one order, where that is not the usual.
        to_the_end: go on after a violation.
    """
    gc.disable()  # What an episode leaves behind is little, and looking for it takes long.
    folder = Path(tempfile.mkdtemp(dir=_MEMORY if _MEMORY.is_dir() else None))
    try:
        with _in_silence():

            def world_of() -> World:
                return World(scenario, folder, probabilities or {})

            return run_in_virtual_time(_play(world_of, to_the_end=to_the_end))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        gc.enable()
        gc.collect()


async def _play(world_of: Callable[[], World], *, to_the_end: bool) -> Outcome:
    world = world_of()
    with world.disk.watched_by(world.commits):
        playing = asyncio.create_task(_live(world))
        if not to_the_end:
            world.on_first_violation = playing.cancel
        with suppress(asyncio.CancelledError):
            await playing
        world.finish()
        await asyncio.sleep(1.0)
    return Outcome(
        scenario=world.scenario,
        orders=len(world.truth.promised),
        steps=world.journal.steps,
        checks=world.findings.checks + world.observer.checks,
        crashes=world.crashes,
        digest=world.journal.digest(),
        faults=world.faults.counts,
        lifecycle=dict(world.lifecycle.counts),
        violations=tuple(world.findings.found.values()),
    )


async def _live(world: World) -> None:
    shoppers = Shoppers(world)
    weather, vigil = Weather(world, shoppers), Vigil(world)
    deeds = (world.keep_running(), vigil.keep(), *weather.deeds())
    running = [asyncio.create_task(each) for each in deeds]
    try:
        async with asyncio.timeout(world.scenario.arrivals_seconds * 10 + _LONGEST_SECONDS):
            await weather.admins.open_for_business()
            await shoppers.arrive()
            world.faults.is_over = weather.is_calm = True
            await _settle(world, weather, vigil)
    except TimeoutError:
        world.found("the episode does not come to its end")
    finally:
        await _end(world, running)
        shoppers.go_home()
    _check_all(world)


async def _end(world: World, running: list[asyncio.Task[None]]) -> None:
    for task in running:
        if task.done() and not task.cancelled():
            world.found(f"the simulation broke: {task.exception()!r}")
            logger.opt(exception=task.exception()).error("the simulation broke")
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


async def _settle(world: World, weather: Weather, vigil: Vigil) -> None:
    """Wait until every order has ended and everything is told, as long as that may take."""
    rules = world.scenario.rules
    longest = rules.timeout + rules.confirmation_timeout + rules.expiry_grace
    ends_at = world.loop.time() + longest.total_seconds() + 2 * _SETTLING_SECONDS
    while world.observer.live and world.loop.time() < ends_at:  # noqa: ASYNC110 - virtual time
        await asyncio.sleep(_STEP_SECONDS)
    # What could not be told is told again.
    await asyncio.sleep(_SETTLING_SECONDS)
    weather.bury()
    await asyncio.sleep(noticed_within(world).total_seconds())
    for _ in range(1_000):
        if vigil.look_into_memory():
            break
        await asyncio.sleep(0.11)
    else:
        why = "it is down" if world.base is None else unrest(world.base)
        world.found(f"the shop does not come to rest: {why}")
    await asyncio.sleep(_STEP_SECONDS)
    vigil.look_into_memory()


def _check_all(world: World) -> None:
    if world.base is None:
        world.found("the shop is down at the end")
    connection = open_quietly(world.disk.store_path)
    try:
        world.check(unsound(connection))
        world.check(broken_promises(connection, world.truth))
        world.check(wrong_items(connection, world.truth))
        world.check(unaccounted_money(connection, world.chains))
        world.check(world.alerts.missing(connection))
        world.check(world.observer.oldest_first())
        world.check(unbalanced_books(connection, world.chains))
        world.check(untold(connection, world.telegram.taken))
        world.check(open_orders(connection))
        world.check(_damages(connection.execute("PRAGMA integrity_check").fetchall()))
        broken = connection.execute("PRAGMA foreign_key_check").fetchall()
        world.check(f"a broken reference: {each}" for each in broken)
        for row in connection.execute("SELECT id, status, payment_state, version FROM orders"):
            world.journal.note(*row)
    finally:
        connection.close()


def _damages(rows: list[tuple[str]]) -> Iterator[str]:
    if rows != [("ok",)]:
        yield f"the file is damaged: {rows[:3]}"


@contextmanager
def _in_silence() -> Iterator[None]:
    """Without the shop's log, which tells of every fault."""
    logger.disable("")
    try:
        yield
    finally:
        logger.enable("")
