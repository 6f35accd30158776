"""Wake-ups: what actors ask for with `wakeupAfter`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

from thespian.actors import WakeupMessage
from thespian.system.timing import timePeriodSeconds

from thespian_asyncio.alarms import Alarms
from thespian_asyncio.cell import Cell
from thespian_asyncio.clock import clock_of


class Timer:
    """One armed wake-up; `cell` becomes None when it has rung or its actor has exited.

    The timers of an actor are linked to each other, and the actor's cell to the one armed last:
    a hundred thousand actors with a timer each would feel the weight of a container each.
    """

    __slots__ = ("cell", "delay", "due_at", "earlier", "later", "payload")

    def __init__(
        self, cell: Cell, due_at: float, delay: timedelta | float, payload: object
    ) -> None:
        self.cell: Cell | None = cell
        self.due_at = due_at
        self.delay = delay
        self.payload = payload
        self.later: Timer | None = None
        self.earlier = cell.timers
        if self.earlier is not None:
            self.earlier.later = self
        cell.timers = self

    @property
    def is_armed(self) -> bool:
        """Whether it still has to wake its actor."""
        return self.cell is not None

    def ring(self) -> None:
        """Wake the actor."""
        cell = self.cell
        if cell is None:
            return
        if self.later is None:
            cell.timers = self.earlier
        else:
            self.later.earlier = self.earlier
        if self.earlier is not None:
            self.earlier.later = self.later
        self.cell = self.earlier = self.later = None
        cell.accept(cell.address, WakeupMessage(self.delay, self.payload))


def timers_of(cell: Cell) -> Iterator[Timer]:
    """Go through the timers of an actor, the one armed last first."""
    timer = cell.timers
    while timer is not None:
        yield timer
        timer = timer.earlier


class Timers:
    """The wake-ups of all actors.

    One that is cancelled because its actor is gone gives up its payload and its actor at once.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._time = clock_of(loop)
        self._alarms = Alarms(loop)

    @property
    def pending(self) -> int:
        """How many wake-ups are armed for living actors."""
        return self._alarms.pending

    def arm(self, cell: Cell, delay: timedelta | float, payload: object) -> None:
        """Arm a wake-up; a negative delay counts as zero.

        Raises:
            TypeError: the delay is neither a number of seconds nor a timedelta.
        """
        due_at = self._time() + max(0.0, timePeriodSeconds(delay))
        self._alarms.add(due_at, Timer(cell, due_at, delay, payload))

    def cancel_all(self, cell: Cell) -> None:
        """Forget the wake-ups of one actor."""
        cancelled = list(timers_of(cell))
        for timer in cancelled:
            timer.cell = timer.payload = timer.earlier = timer.later = None
        cell.timers = None
        if cancelled:
            self._alarms.disarmed(len(cancelled))

    def clear(self) -> None:
        """Forget all wake-ups."""
        self._alarms.clear()
