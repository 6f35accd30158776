"""What the system tells of itself: figures of every actor, and totals."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from thespian_asyncio.cell import Cell
from thespian_asyncio.engine import Engine
from thespian_asyncio.timers import timers_of


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerInspection:
    """One armed wake-up; `due_at_wall` in seconds since the epoch."""

    payload: object
    due_at_loop: float
    due_at_wall: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorInspection:
    """One live actor.

    `kind` is the actor class's attribute `kind` where it has one, and its name otherwise.
    `failures` counts runs of a handler that raised. `last_message_at_wall` is in seconds since
    the epoch, None before the first message. `details` is what the actor's own `inspection()`
    gave, empty where it has none.
    """

    address: str
    parent: str
    kind: str
    class_name: str
    global_name: str | None
    is_exiting: bool
    mailbox: int
    handled: int
    failures: int
    last_message: str | None
    last_message_at_wall: float | None
    slowest_seconds: float
    timers: tuple[TimerInspection, ...]
    details: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemTotals:
    """The system as a whole, since it was made.

    `lag_seconds` is how long the last turn of the run queue waited for the loop,
    `longest_lag_seconds` the longest that any did.
    """

    actors: int
    handled: int
    dead_letters: int
    poisons: int
    pending_timers: int
    lag_seconds: float
    longest_lag_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemInspection:
    """A page of actors in the order of their creation.

    `total` counts all actors of the kind that was asked for; `next` is the `after` of the
    following page, None on the last.
    """

    totals: SystemTotals
    actors: tuple[ActorInspection, ...]
    total: int
    next: str | None


def inspect_system(
    engine: Engine, *, after: str | None, limit: int, kind: str | None
) -> SystemInspection:
    """Take a page; goes over all cells but looks into those of the page only.

    Raises:
        ValueError: `limit` is below 1, or `after` is no address that this system gave.
    """
    if limit < 1:
        raise ValueError(f"limit is {limit}: give a number of actors, 1 or more")
    start = _sequence_of(after)
    of_kind = [cell for cell in engine.cells.values() if kind is None or _kind(cell) == kind]
    page = [cell for cell in of_kind if cell.sequence > start][: limit + 1]
    shown = page[:limit]
    return SystemInspection(
        totals=totals(engine),
        actors=tuple(_inspect(engine, cell) for cell in shown),
        total=len(of_kind),
        next=shown[-1].address.addressDetails if len(page) > limit else None,
    )


def totals(engine: Engine) -> SystemTotals:
    """Return the figures of the whole system."""
    return SystemTotals(
        actors=len(engine.cells),
        handled=engine.delivery.handled,
        dead_letters=engine.dead_letters,
        poisons=engine.delivery.poisons,
        pending_timers=engine.timers.pending,
        lag_seconds=engine.run_queue.lag_seconds,
        longest_lag_seconds=engine.run_queue.longest_lag_seconds,
    )


def _sequence_of(address: str | None) -> int:
    if address is None:
        return 0
    number = address.rpartition(":")[2]
    if not number.isdecimal():
        raise ValueError(f"after is {address!r}: give the `next` of the page before")
    return int(number)


def _kind(cell: Cell) -> str:
    actor_class = type(cell.instance)
    return str(getattr(actor_class, "kind", actor_class.__name__))


def _inspect(engine: Engine, cell: Cell) -> ActorInspection:
    loop_to_wall = engine.wall_clock() - engine.loop.time()
    last_type = cell.last_message_type
    return ActorInspection(
        address=cell.address.addressDetails,
        parent=cell.parent.addressDetails,
        kind=_kind(cell),
        class_name=type(cell.instance).__name__,
        global_name=cell.globalName,
        is_exiting=cell.is_exiting,
        mailbox=len(cell.mailbox or ()),
        handled=cell.handled,
        failures=cell.failures,
        last_message=None if last_type is None else last_type.__name__,
        last_message_at_wall=None if last_type is None else cell.last_message_at + loop_to_wall,
        slowest_seconds=cell.slowest_seconds,
        timers=_timers(cell, loop_to_wall),
        details=_details(cell),
    )


def _timers(cell: Cell, loop_to_wall: float) -> tuple[TimerInspection, ...]:
    as_armed = [*timers_of(cell)]
    as_armed.reverse()
    timers = sorted(as_armed, key=lambda timer: timer.due_at)
    return tuple(
        TimerInspection(
            payload=timer.payload,
            due_at_loop=timer.due_at,
            due_at_wall=timer.due_at + loop_to_wall,
        )
        for timer in timers
    )


def _details(cell: Cell) -> Mapping[str, object]:
    inspection = getattr(cell.instance, "inspection", None)
    if inspection is None:
        return MappingProxyType({})
    try:
        return MappingProxyType(dict(inspection()))
    except Exception as error:  # noqa: BLE001 - one actor's mistake must not hide all others
        return MappingProxyType({"inspection_error": type(error).__name__})
