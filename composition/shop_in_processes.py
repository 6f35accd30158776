"""The shop's actors in a process each: Thespian's `multiprocTCPBase`."""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

from loguru import logger
from thespian.actors import ActorAddress, PoisonMessage
from thespian.system.messages.status import Thespian_ActorStatus, Thespian_StatusReq

from actors.inspection import (
    FiguresGiven,
    GetFigures,
    GetStaff,
    StaffListed,
    StaffMember,
)
from actors.messages import ShopUnavailable, StartShop
from composition.actor_system import (
    StartRefusedError,
    close_shop,
    open_shop,
)
from composition.process_end import ProcessEnd
from composition.process_system import END_SECONDS, NobodyThereError, ProcessSystem

INSPECTION_SECONDS = 5.0
ROOT_START_SECONDS = 60.0

_ASKERS = 8

_HANDLED = "Actor.Message Received.To Actor"
_FAILURES = (
    "Actor.Message Received.Caused Primary Exception",
    "Actor.Message Received.Caused Secondary Exception",
)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessTimer:
    """One armed timer, by its kind; `due_at_wall` in seconds since the epoch."""

    payload: str
    due_at_wall: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessFigures:
    """One actor. Where it did not answer, its figures are None and its state is unknown."""

    address: str
    kind: str
    details: Mapping[str, object]
    global_name: str | None = None
    is_exiting: bool = False
    mailbox: int | None = None
    handled: int | None = None
    failures: int | None = None
    timers: tuple[ProcessTimer, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessTotals:
    """How many actors there are. The rest nobody counts on this base."""

    actors: int
    handled: int | None = None
    dead_letters: int | None = None
    poisons: int | None = None
    pending_timers: int | None = None
    lag_seconds: float | None = None
    longest_lag_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessPage:
    """A page of actors; `next` is the `after` of the following one."""

    totals: ProcessTotals
    actors: tuple[ProcessFigures, ...]
    total: int
    next: str | None


class ProcessBridge:
    """The gateway's way to the actors (`gateway.bridge.ShopBridge`); waits in threads."""

    def __init__(self, system: ProcessSystem, shop: ActorAddress, lost: asyncio.Event) -> None:
        self._system = system
        self._root = StaffMember(kind="shop", name="shop", address=shop)
        self._lost = lost
        self._places = asyncio.Semaphore(_ASKERS)

    async def ask(self, message: object, timeout_seconds: float) -> object:
        """The root's answer.

        Raises:
            TimeoutError: none came in time.
        """
        try:
            answer = await self._asked(message, timeout_seconds)
        except NobodyThereError as error:
            logger.error("the shop cannot be asked: {}", error)
            return ShopUnavailable(why="its process is gone")
        if isinstance(answer, PoisonMessage):
            logger.error("the shop failed at {}", type(message).__name__)
            return ShopUnavailable(why="the shop failed at this")
        return answer

    async def inspect(self, *, after: str | None, limit: int, kind: str | None) -> ProcessPage:
        """A page of actors: the root, the services, the orders by their id.

        Raises:
            ValueError: `after` is not the `next` of an earlier page.
            TimeoutError: the root does not say who there is.
        """
        everyone = (self._root, *await self._staff())
        of_kind = [each for each in everyone if kind is None or each.kind == kind]
        start = _start_of_page(of_kind, after)
        shown = of_kind[start : start + limit]
        figures = await asyncio.gather(*(self._figures(each) for each in shown))
        return ProcessPage(
            totals=ProcessTotals(actors=len(everyone)),
            actors=tuple(figures),
            total=len(of_kind),
            next=_cursor(shown[-1]) if start + limit < len(of_kind) else None,
        )

    async def _staff(self) -> tuple[StaffMember, ...]:
        try:
            answer = await self._asked(GetStaff(), INSPECTION_SECONDS)
        except NobodyThereError as error:
            raise TimeoutError("the root is gone") from error
        if not isinstance(answer, StaffListed):
            raise TimeoutError("the root cannot say who there is")
        return answer.members

    async def _figures(self, member: StaffMember) -> ProcessFigures:
        deadline = time.monotonic() + INSPECTION_SECONDS
        questions = (Thespian_StatusReq(), GetFigures())
        try:
            answers = await self._in_thread(
                lambda: self._system.ask_each(member.address, questions, deadline),
                INSPECTION_SECONDS,
            )
        except (TimeoutError, NobodyThereError):
            answers = []
        match answers:
            case [Thespian_ActorStatus() as status, FiguresGiven() as given]:
                return _figures_of(member, status, given)
            case _:
                details = {"name": member.name, "state": "unknown"}
                return ProcessFigures(address=_cursor(member), kind=member.kind, details=details)

    async def _asked(self, message: object, timeout_seconds: float) -> object:
        """The root's answer, which will not come any more when its process has ended."""
        root, deadline = self._root.address, time.monotonic() + timeout_seconds
        waiting = self._in_thread(
            lambda: self._system.ask(root, message, deadline), timeout_seconds
        )
        answer = asyncio.ensure_future(waiting)
        lost = asyncio.ensure_future(self._lost.wait())
        try:
            await asyncio.wait({answer, lost}, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                raise NobodyThereError("its process has ended")
            return answer.result()
        finally:
            answer.cancel()
            lost.cancel()

    async def _in_thread(self, waiting: Callable[[], T], timeout_seconds: float) -> T:
        # Where as many wait already as may, and none is done in time, the question is never put.
        async with asyncio.timeout(timeout_seconds), self._places:
            return await _in_daemon_thread(waiting)


class ShopInProcesses:
    """The shop's actors in a process each (`composition.actor_system.ShopActors`)."""

    def __init__(self, system: ProcessSystem, shop: ActorAddress) -> None:
        self._system = system
        self._end_of_root = ProcessEnd()
        self.lost = self._end_of_root.has_come
        self.bridge = ProcessBridge(system, shop, self.lost)

    async def start(self, start: StartShop) -> None:
        """Start everyone from the store."""
        match await self.bridge.ask(GetFigures(), ROOT_START_SECONDS):
            case FiguresGiven(process_id=root):
                self._end_of_root.watch(root)
            case answer:
                raise StartRefusedError(f"the root does not start: {type(answer).__name__}")
        await open_shop(self.bridge, start)

    async def stop(self) -> None:
        """Stop everyone in order, whoever writes last, and end all processes."""
        await close_shop(self.bridge)
        self._end_of_root.close()
        # Without their root the others go on for ever: there is nothing to wait for.
        wait_seconds = 0.0 if self.lost.is_set() else END_SECONDS
        await asyncio.to_thread(self._system.end, wait_seconds)


async def _in_daemon_thread(waiting: Callable[[], T]) -> T:
    """The outcome of a call that blocks. The end of the program does not wait for it."""
    future: Future[T] = Future()

    def call() -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(waiting())
        except BaseException as error:  # noqa: BLE001 - raised where it is awaited
            future.set_exception(error)

    threading.Thread(target=call, name="asks actors", daemon=True).start()
    return await asyncio.wrap_future(future)


def _cursor(member: StaffMember) -> str:
    return f"{member.kind}:{member.name}"


def _start_of_page(of_kind: Sequence[StaffMember], after: str | None) -> int:
    if after is None:
        return 0
    cursors = [_cursor(each) for each in of_kind]
    if after in cursors:
        return cursors.index(after) + 1
    kind, _, name = after.partition(":")
    if kind != "order" or not name.isdecimal():
        raise ValueError(f"after is {after!r}: give the `next` of the page before")
    # An order that has ended since then: its place is before all with a higher id.
    later = [each for each in of_kind if each.kind == kind and int(each.name) > int(name)]
    return len(of_kind) - len(later)


def _figures_of(
    member: StaffMember, status: Thespian_ActorStatus, given: FiguresGiven
) -> ProcessFigures:
    counts = status.miscKeyVals
    return ProcessFigures(
        address=_cursor(member),
        kind=member.kind,
        details={
            "name": given.name or member.name,
            "state": given.state,
            "process_id": given.process_id,
        },
        is_exiting=bool(status.exiting),
        mailbox=len(status.receivedMessages),
        handled=_count(counts, _HANDLED),
        failures=sum(_count(counts, each) for each in _FAILURES),
        timers=tuple(
            ProcessTimer(payload=kind, due_at_wall=due_at.timestamp())
            for kind, due_at in given.timers
        ),
    )


def _count(counts: Mapping[str, object], name: str) -> int:
    count = counts.get(name, 0)
    return count if isinstance(count, int) else 0
