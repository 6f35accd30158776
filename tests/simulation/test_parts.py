"""The simulation's own parts: a disk that loses what was not synced, a chain, plans of faults."""

import asyncio
import sqlite3
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from domain.money import quote_base_units, value_minor
from domain.rules import LatePayment, OverPayment, PartialStock
from payments.chain import Look, Place
from tests.simulation.chain import SimulatedChain
from tests.simulation.chance import source
from tests.simulation.disk import Disk, open_quietly, run_quietly
from tests.simulation.faults import FAULTS, Faults
from tests.simulation.jobs import SimulatedExecutor, SteppedClock
from tests.simulation.reckoning import price_in_coin, worth_minor
from tests.simulation.running import Result, Task, tasks_of
from tests.simulation.scenario import scenario_of
from tests.simulation.shrinking import command_of, shrink
from tests.simulation.standing import Standings
from thespian_asyncio.testing import run_in_virtual_time

NOON = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)


class PassingThrough:
    """Lets every statement run."""

    def on_begin(self) -> None:
        pass

    def on_probe(self) -> None:
        pass

    def on_statement(self) -> None:
        pass

    def on_commit(self, connection: sqlite3.Connection) -> None:
        run_quietly(connection, "COMMIT")


class Shelf:
    """A small store on a simulated disk."""

    def __init__(self, folder: Path, seed: int, synchronous: str = "FULL") -> None:
        self.disk = Disk(folder, source(seed))
        with self.disk.watched_by(PassingThrough()):
            self.connection = sqlite3.connect(self.disk.store_path, isolation_level=None)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute(f"PRAGMA synchronous = {synchronous}")
        self.connection.execute("CREATE TABLE things (name TEXT)")

    def put(self, *names: str) -> None:
        """One transaction."""
        self.begin(*names)
        self.connection.execute("COMMIT")

    def begin(self, *names: str) -> None:
        """The same, not committed."""
        self.connection.execute("BEGIN IMMEDIATE")
        for name in names:
            self.connection.execute("INSERT INTO things VALUES (?)", (name,))

    def after_crash(self) -> list[str]:
        """What the next process finds."""
        self.disk.forget_old(self.disk.connections)
        connection = sqlite3.connect(self.disk.store_path)
        names = [row[0] for row in connection.execute("SELECT name FROM things ORDER BY rowid")]
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.close()
        return names


@pytest.fixture
def chain() -> SimulatedChain:
    times = iter(NOON + timedelta(minutes=minute) for minute in range(1000))

    def now() -> datetime:
        return next(times)

    return SimulatedChain("LTC", source(1), now, lambda: NOON)


def everything(there_are: int) -> int:
    return there_are


def look(chain: SimulatedChain, place: Place | None, *addresses: str) -> Look:
    return chain.view(place, dict.fromkeys(addresses), NOON, everything)


def test_crash_of_the_process_keeps_what_was_committed_and_nothing_else(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "disk", 1)
    shelf.put("one")
    shelf.begin("two")
    shelf.disk.crash(power=False)
    assert shelf.after_crash() == ["one"]


@pytest.mark.parametrize("seed", range(20))
def test_power_loss_within_a_commit_takes_all_of_it_or_nothing(tmp_path: Path, seed: int) -> None:
    shelf = Shelf(tmp_path / "disk", seed)
    shelf.put("one")
    shelf.begin(*(f"two {number}" for number in range(500)))
    synced = shelf.disk.synced()
    shelf.connection.execute("COMMIT")
    shelf.disk.crash(power=True, synced=synced)
    assert len(shelf.after_crash()) in (1, 501)


def test_power_loss_within_a_commit_can_take_it_and_can_leave_it(tmp_path: Path) -> None:
    kept = set()
    for seed in range(20):
        shelf = Shelf(tmp_path / str(seed), seed)
        shelf.begin("one")
        synced = shelf.disk.synced()
        shelf.connection.execute("COMMIT")
        shelf.disk.crash(power=True, synced=synced)
        kept.add(len(shelf.after_crash()))
    assert kept == {0, 1}


def test_power_loss_after_a_commit_takes_nothing_where_commits_are_synced(tmp_path: Path) -> None:
    for seed in range(20):
        shelf = Shelf(tmp_path / str(seed), seed)
        shelf.put("one")
        shelf.put("two")
        shelf.disk.crash(power=True)
        assert shelf.after_crash() == ["one", "two"]


def test_power_loss_takes_answered_commits_where_they_are_not_synced(tmp_path: Path) -> None:
    kept = set()
    for seed in range(20):
        shelf = Shelf(tmp_path / str(seed), seed, synchronous="NORMAL")
        run_quietly(shelf.connection, "PRAGMA wal_checkpoint")
        shelf.put("one")
        shelf.disk.crash(power=True)
        kept.add(len(shelf.after_crash()))
    assert kept == {0, 1}


@pytest.mark.parametrize("seed", range(5))
def test_power_loss_within_a_commit_that_checkpoints_damages_nothing(
    tmp_path: Path, seed: int
) -> None:
    shelf = Shelf(tmp_path / "disk", seed)
    run_quietly(shelf.connection, "PRAGMA wal_autocheckpoint = 20")
    for number in range(30):
        shelf.put(*(f"{number} {part:0100}" for part in range(50)))
    shelf.begin("last")
    synced = shelf.disk.synced()
    shelf.connection.execute("COMMIT")
    shelf.disk.crash(power=True, synced=synced)
    assert len(shelf.after_crash()) in (1500, 1501)


def test_quiet_reader_changes_nothing(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "disk", 1)
    shelf.put("one")
    reader = open_quietly(shelf.disk.store_path)
    assert reader.execute("SELECT name FROM things").fetchall() == [("one",)]
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("DELETE FROM things")
    reader.close()
    shelf.disk.crash(power=False)
    assert shelf.after_crash() == ["one"]


def test_look_shows_the_mempool_and_then_the_block(chain: SimulatedChain) -> None:
    before = look(chain, None, "a")
    paid = chain.pay((("a", 5), ("b", 7)))
    waiting = look(chain, before.place, "a")
    assert [each.amount_base_units for each in waiting.in_mempool] == [5]
    while paid.block is None:
        chain.mine()
    mined = look(chain, before.place, "a", "b")
    assert [each.amount_base_units for each in mined.in_blocks] == [5, 7]
    assert mined.in_mempool == ()
    assert mined.in_blocks[0].chain_time < paid.block.time


def test_look_after_a_reorganisation_names_the_fork(chain: SimulatedChain) -> None:
    paid = chain.pay((("a", 5),))
    while paid.block is None:
        chain.mine()
    place = look(chain, None, "a").place
    chain.reorganise(1, lambda _: True)
    after = look(chain, place, "a")
    assert after.fork_height == place.height - 1
    assert after.in_blocks == after.in_mempool == ()
    assert after.place.height > place.height
    assert chain.was_confirmed(paid, 1)
    assert chain.confirmed_since(paid, 1) is None


def test_look_that_stops_on_the_way_is_not_complete(chain: SimulatedChain) -> None:
    place = look(chain, None).place
    chain.mine()
    chain.mine()
    chain.pay((("a", 5),))
    stopped = chain.view(place, {"a": None}, NOON, lambda _: 1)
    assert not stopped.complete
    assert stopped.place.height == place.height + 1
    assert stopped.in_mempool == ()


def test_replaced_payment_is_gone_and_another_is_there(chain: SimulatedChain) -> None:
    old = chain.pay((("a", 5),))
    new = chain.replace(old)
    assert (old.is_visible, new.is_visible) == (False, True)
    assert new.outputs == old.outputs


def test_fault_strikes_as_often_as_it_is_planned_and_no_more() -> None:
    faults = Faults(source(1), 200, 1000.0, {"power_loss": 0.05})
    faults.now_seconds = 1000.0
    assert sum(faults.strikes("power_loss") for _ in range(10_000)) == 10
    assert faults.counts["power_loss"] == 10


def test_fault_that_is_left_out_never_strikes() -> None:
    faults = Faults(source(1), 200, 1000.0, dict.fromkeys(FAULTS, 0.0))
    faults.now_seconds, faults.placed = 1000.0, 200
    assert not any(faults.strikes(name) for name in FAULTS for _ in range(100))


def test_fault_that_missed_is_due_again() -> None:
    faults = Faults(source(1), 1, 1000.0, {"payment_over": 1.0})
    faults.placed = 1
    assert [faults.take("payment_over") for _ in range(50)].count(True) == 1
    faults.missed("payment_over")
    assert [faults.take("payment_over") for _ in range(50)].count(True) == 1
    assert faults.counts["payment_over"] == 0


def test_executor_runs_plain_jobs_in_their_order_and_none_after_its_death() -> None:
    done: list[object] = []

    async def scene() -> None:
        executor = SimulatedExecutor(source(1), 0.0, 10.0)
        for number in range(20):
            executor.submit(partial(int, number), lambda value, _: done.append(value))
        await asyncio.sleep(50.0)
        executor.die()
        await asyncio.sleep(500.0)

    run_in_virtual_time(scene())
    assert done == list(range(len(done)))
    assert 0 < len(done) < 20


def test_clock_knows_how_late_a_timer_may_ring_by_it() -> None:
    async def scene() -> list[float]:
        clock = SteppedClock(asyncio.get_running_loop())
        clock.step(30.0)
        await asyncio.sleep(10.0)
        armed_at = clock.true_now()
        gained = [clock.gained_since(armed_at)]
        for seconds in (-50.0, 20.0, 90.0):
            await asyncio.sleep(10.0)
            clock.step(seconds)
            gained.append(clock.gained_since(armed_at))
        return [each.total_seconds() for each in gained]

    # Set back, a timer rings early and is armed again; from there it is 20, then 110 s.
    assert run_in_virtual_time(scene()) == [0.0, 0.0, 20.0, 110.0]


def test_run_is_parted_into_episodes() -> None:
    assert [task.scenario.orders for task in tasks_of(1, 230)] == [100, 100, 30]
    assert [task.scenario.episode for task in tasks_of(1, 230)] == [0, 1, 2]


def test_five_episodes_show_every_choice_of_the_owner() -> None:
    rules = [scenario_of(9, episode, 100).rules for episode in range(5)]
    assert {each.late_payment for each in rules} == set(LatePayment)
    assert {each.over_payment for each in rules} == set(OverPayment)
    assert {each.partial_stock for each in rules} == set(PartialStock)
    assert any(not each.extension for each in rules)
    assert any(each.extension for each in rules)


def test_worth_and_price_of_a_coin_are_reckoned_as_the_shop_does() -> None:
    for coin in ("BTC", "LTC", "ETH"):
        for minor in (1, 500, 1_249, 99_999):
            rate = Decimal("63123.47")
            price = price_in_coin(minor, coin, rate)
            assert price == quote_base_units(minor, "USD", coin, rate)
            assert worth_minor(price, coin, rate) == value_minor(price, coin, rate, "USD")


def test_standing_is_known_for_every_moment() -> None:
    now = [0.0]
    standings = Standings(lambda: now[0])
    standings.counted(1, 1)
    now[0] = 10.0
    standings.counted(1, 0)
    standings.awaits(1, 1)
    assert standings.since(1, 10.0) == [(1, 0), (0, 0), (0, 1)]
    assert standings.since(1, 11.0) == [(0, 1)]


def test_result_without_episodes_has_all_counts() -> None:
    result = Result(seed=1, orders=0).as_json()
    assert result["violations"] == 0
    assert result["faults"] == dict.fromkeys(FAULTS, 0)


def test_shrinking_finds_the_fewest_orders_and_the_faults_that_matter() -> None:
    def still_fails(task: Task) -> bool:
        needed = {"power_loss", "clock_step"}
        left_out = {name for name, p in task.probabilities.items() if not p}
        return task.scenario.orders >= 7 and not needed & left_out

    smallest = shrink(Task(scenario=scenario_of(1, 3, 100)), lambda _: None, still_fails)
    assert smallest.scenario.orders == 8
    assert {name for name, p in smallest.probabilities.items() if not p} == (
        FAULTS.keys() - {"power_loss", "clock_step"}
    )
    assert command_of(smallest).startswith(
        "python -m tests.simulation --orders 8 --seed 1 --episode 3 --without "
    )
