"""A hundred thousand open orders that expire within one minute: how late is each?

The lateness of an order is the time from its `expires_at` to the moment at which its expiry is on
disk: the commit that has it has returned in the ledger's thread. The orders are in the store before
the shop starts, which takes them up; then nothing is done but expire them. The chain can be asked
at any time and answers at once; the watcher does so ten times a second at most, and one look
settles every order that was due before it began.
"""

import asyncio
import tempfile
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.child_process import ChildProcess, Tell
from benchmarks.measuring import BenchmarkError, machine, percentile, progress
from benchmarks.open_orders import OpenOrders, write_open_orders
from benchmarks.shop_stage import ShiftedClock, pools_of, start_of
from benchmarks.store_looks import check_units
from benchmarks.tables import is_met
from composition.shop_in_loop import ShopInLoop
from store.contract import BatchDone, Recorded
from thespian_asyncio import Executor, ThreadExecutor
from thespian_asyncio.outside import Done, Job

WANTED: dict[str, dict[str, float]] = {"p99_ms": {"at_most": 250}}

_LATEST_SECONDS = 300.0
"""So long after the last order was due, those that are left are given up."""
_CHILD_SECONDS = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much is measured: `orders` in `pools`, due evenly within `spread`.

    The shop is started `lead` before the first is due.
    """

    orders: int = 100_000
    pools: int = 50
    spread: timedelta = timedelta(seconds=60)
    lead: timedelta = timedelta(seconds=60)

    @property
    def open_orders(self) -> OpenOrders:
        """What the store has at the start."""
        return OpenOrders(orders=self.orders, pools=self.pools, spare_units=2, spread=self.spread)


FULL = Sizes()


def measure(sizes: Sizes = FULL) -> dict[str, object]:
    """Measure how late each order expires.

    Returns:
        `p50_ms`, `p99_ms` and `max_ms` of lateness; `orders`, and `units` that are for sale again;
        `cpu_us_per_expiry` of the whole process, `ledger_cpu_us_per_expiry` of the thread that
        writes, and `orders_per_commit` on average.

    Raises:
        BenchmarkError: not every order expired, or not every unit came back.
    """
    about = machine()
    with tempfile.TemporaryDirectory(prefix="holdfast-expiry-") as folder:
        path = Path(folder) / "shop.db"
        progress(f"writing {sizes.orders:,} open orders")
        write_open_orders(path, sizes.open_orders)
        progress("starting the shop")
        with ChildProcess(Path(folder) / "log", expire, path, sizes) as child:
            found = child.told(_CHILD_SECONDS)
        progress("looking into the store")
        check_units(path, sizes.open_orders.units)
    wanted = {
        key: {**limit, "met": is_met(value, limit)}
        for key, limit in WANTED.items()
        if isinstance(value := found[key], int | float)
    }
    return {**found, "wanted": wanted, "machine": about}


def expire(tell: Tell, path: Path, sizes: Sizes) -> None:
    """Open the shop on a store with open orders, and tell how late each expired."""
    tell(asyncio.run(_expire(path, sizes)))


async def _expire(path: Path, sizes: Sizes) -> dict[str, object]:
    orders = sizes.open_orders
    witness = _Witness(ShiftedClock.set_to(orders.expires_at(1) - sizes.lead))
    actors = ShopInLoop()
    try:
        await actors.start(start_of(str(path), witness.clock, witness.new_executor))
        await _until_first_is_due(actors, orders, witness.clock)
        process_before, ledger_before = time.process_time(), witness.cpu_seconds
        late = await _until_expired(witness, orders)
        process_seconds = time.process_time() - process_before
        units = await _units_back(actors, orders)
    finally:
        await actors.stop()
    return {
        "p50_ms": round(percentile(late, 50) * 1000, 1),
        "p99_ms": round(percentile(late, 99) * 1000, 1),
        "max_ms": round(max(late) * 1000, 1),
        "orders": len(late),
        "units": units,
        "cpu_us_per_expiry": round(process_seconds / len(late) * 1e6),
        "ledger_cpu_us_per_expiry": round((witness.cpu_seconds - ledger_before) / len(late) * 1e6),
        "orders_per_commit": round(len(late) / max(1, witness.commits), 1),
    }


async def _until_first_is_due(actors: ShopInLoop, orders: OpenOrders, clock: ShiftedClock) -> None:
    left = orders.expires_at(1) - clock.now()
    await asyncio.sleep(left.total_seconds() - 1)
    page = await actors.bridge.inspect(after=None, limit=1, kind="order")
    if page.total < orders.orders:
        raise BenchmarkError(
            f"only {page.total} of {orders.orders} orders were taken up before the first was due:"
            " give a longer lead"
        )


async def _until_expired(witness: "_Witness", orders: OpenOrders) -> list[float]:
    last_due = orders.expires_at(orders.orders)
    while len(witness.expired_at) < orders.orders:
        await asyncio.sleep(0.25)
        if (witness.clock.now() - last_due).total_seconds() > _LATEST_SECONDS:
            raise BenchmarkError(
                f"{orders.orders - len(witness.expired_at)} orders have not expired"
            )
    return [
        (at - orders.expires_at(order_id)).total_seconds()
        for order_id, at in witness.expired_at.items()
    ]


async def _units_back(actors: ShopInLoop, orders: OpenOrders) -> int:
    """How many units the pools hold out; all, as soon as they have heard of every expiry."""
    available = 0
    for _ in range(100):
        pools = await pools_of(actors)
        available = sum(pool.available for pool in pools)
        if available == orders.units and not any(pool.holds for pool in pools):
            return available
        await asyncio.sleep(0.1)
    raise BenchmarkError(f"{available} of {orders.units} units came back")


@dataclass(slots=True)
class _Witness:
    """Sits in the ledger's thread and notes when each expiry was on disk.

    `cpu_seconds` is what that thread has computed, `commits` counts those with an expiry.
    """

    clock: ShiftedClock
    expired_at: dict[int, datetime] = field(default_factory=dict)
    commits: int = 0
    cpu_seconds: float = 0.0

    def new_executor(self, name: str) -> Executor:
        """A thread; the ledger's is watched."""
        executor = ThreadExecutor(name)
        return _WitnessedExecutor(executor, self) if name == "ledger" else executor

    def note(self, done: BatchDone) -> None:
        """Some answers are on disk, now."""
        now = self.clock.now()
        expired = [
            answer.order_id
            for answer in done.answers
            if isinstance(answer, Recorded)
            and answer.order_id is not None
            and answer.command_id.startswith("order:")
        ]
        self.commits += bool(expired)
        self.expired_at.update(dict.fromkeys(expired, now))


@dataclass(slots=True)
class _WitnessedExecutor:
    executor: ThreadExecutor
    witness: _Witness

    def submit(self, job: Job, done: Done) -> None:
        self.executor.submit(lambda: self._run(job), done)

    def close(self) -> None:
        self.executor.close()

    def _run(self, job: Job) -> object:
        began = time.thread_time()
        value = job()
        if isinstance(value, BatchDone):
            self.witness.note(value)
        self.witness.cpu_seconds += time.thread_time() - began
        return value
