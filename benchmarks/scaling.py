"""What the shop can be hosted on: the event-loop base, and Thespian's base of processes.

Both in one run, each in a program of its own. An office actor creates orders, each with one armed
timer, one after another; then it asks the shop's pool actor, with the orders alive. Memory of an
order is the growth of the program's resident memory, or the private memory of the order's process
(`Private_*` in proc_pid_smaps(5)).
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from thespian.actors import Actor, ActorAddress

from actors.inventory import PoolActor
from benchmarks.measuring import BenchmarkError, machine, progress, resident_bytes
from benchmarks.scaling_actors import (
    SUBCATEGORY_ID,
    AskPool,
    CreateOrders,
    Office,
    OrdersCreated,
    PoolAsked,
)
from composition.hosting import MULTIPROC_TCP_BASE
from composition.leftovers import ProcessNote
from composition.process_system import process_system
from domain.order import Unit
from store.contract import PoolLoaded
from thespian_asyncio import ActorSystemBase

EVENT_LOOP_BASE = "thespian_asyncio"
ORDERS = {EVENT_LOOP_BASE: 10_000, MULTIPROC_TCP_BASE: 50}
IN_FLIGHT = 16

_ASK_SECONDS = 2.0
_WARM_UP_SECONDS = 0.3
_LIMIT_SECONDS = 300.0
_PROJECT = Path(__file__).resolve().parents[1]
_ONE_ORDER = CreateOrders(count=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """What a measurement needs of either base. `is_shared`: all actors are in this process."""

    create: Callable[[type[Actor]], ActorAddress]
    ask: Callable[[ActorAddress, object], object]
    tell: Callable[[ActorAddress, object], None]
    is_shared: bool


def measure() -> dict[str, object]:
    """Measure both bases.

    Returns:
        `machine`, and under `bases` for each base: `orders` (alive), `ask_pool_serial_per_s`,
        `ask_pool_per_s` (16 in flight), `create_order_us` (to its first answer), `bytes_per_order`.

    Raises:
        BenchmarkError: a measurement failed; the text says why.
    """
    return {"machine": machine(), "bases": {base: _measured(base) for base in ORDERS}}


def _measured(base: str) -> dict[str, object]:
    progress(f"scaling: {base} with {ORDERS[base]} orders")
    # A program of its own: to fork is safe there, and its memory is its own.
    program = subprocess.run(  # noqa: S603 - our own module and one of two names
        [sys.executable, "-m", "benchmarks.scaling", base],
        cwd=_PROJECT,
        capture_output=True,
        text=True,
        timeout=_LIMIT_SECONDS,
        check=False,
    )
    if program.returncode != 0:
        raise BenchmarkError(f"{base} could not be measured: {program.stderr[-2000:]}")
    found: dict[str, object] = json.loads(program.stdout.splitlines()[-1])
    return found


def measure_base(base: str) -> dict[str, object]:
    """Measure one base in this process, which has to be a fresh one."""
    systems = {EVENT_LOOP_BASE: _loop_system, MULTIPROC_TCP_BASE: _process_system}
    with systems[base]() as system:
        office, pool = system.create(Office), system.create(PoolActor)
        units = tuple(Unit(unit_id=number, price_minor=100) for number in range(1, 2 * IN_FLIGHT))
        filled = PoolLoaded(
            subcategory_id=SUBCATEGORY_ID, free=units, holds=(), newest_unit_id=len(units)
        )
        system.tell(pool, filled)
        _created(system, office, _ONE_ORDER)
        before = resident_bytes()
        created = _created(system, office, CreateOrders(count=ORDERS[base]))
        in_all = resident_bytes() - before
        if not system.is_shared:
            in_all = sum(_private_bytes(pid) for pid in created.process_ids)
        _rate(system, office, pool, 1, _WARM_UP_SECONDS)
        return {
            "orders": ORDERS[base],
            "ask_pool_serial_per_s": _rate(system, office, pool, 1, _ASK_SECONDS),
            "ask_pool_per_s": _rate(system, office, pool, IN_FLIGHT, _ASK_SECONDS),
            "create_order_us": round(created.seconds / ORDERS[base] * 1e6, 1),
            "bytes_per_order": round(in_all / ORDERS[base]),
        }


def _created(system: System, office: ActorAddress, wish: CreateOrders) -> OrdersCreated:
    answer = system.ask(office, wish)
    if not isinstance(answer, OrdersCreated):
        raise BenchmarkError(f"no orders were created: {answer}")
    return answer


def _rate(
    system: System, office: ActorAddress, pool: ActorAddress, in_flight: int, seconds: float
) -> int:
    answer = system.ask(office, AskPool(pool=pool, seconds=seconds, in_flight=in_flight))
    if not isinstance(answer, PoolAsked):
        raise BenchmarkError(f"the pool was not asked: {answer}")
    return round(answer.answers / answer.seconds)


def _private_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Private_"))


@contextmanager
def _loop_system() -> Iterator[System]:
    base = ActorSystemBase(None)
    try:
        yield System(
            create=base.newPrimaryActor,
            ask=lambda actor, message: base.ask(actor, message, _LIMIT_SECONDS),
            tell=base.tell,
            is_shared=True,
        )
    finally:
        base.shutdown()


@contextmanager
def _process_system() -> Iterator[System]:
    with (
        tempfile.TemporaryDirectory(prefix="holdfast-scaling-") as folder,
        ProcessNote(f"{folder}/scaling") as note,
        process_system(note, "WARNING") as system,
    ):
        yield System(
            create=system.create,
            ask=lambda actor, message: system.ask(
                actor, message, time.monotonic() + _LIMIT_SECONDS
            ),
            tell=system.tell,
            is_shared=False,
        )


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure_base(sys.argv[1])) + "\n")
