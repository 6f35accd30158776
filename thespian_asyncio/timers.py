"""Wake-ups: one heap over all actors, and one callback in the loop for the earliest."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from datetime import timedelta

from thespian.actors import WakeupMessage
from thespian.system.timing import timePeriodSeconds

from thespian_asyncio.cell import Cell

WAKEUPS_A_TURN = 256
SMALLEST_SWEEP = 64


class Timer:
    """One armed wake-up; `cell` becomes None when its actor exits before it is due."""

    __slots__ = ("cell", "delay", "due_at", "payload")

    def __init__(
        self, cell: Cell, due_at: float, delay: timedelta | float, payload: object
    ) -> None:
        self.cell: Cell | None = cell
        self.due_at = due_at
        self.delay = delay
        self.payload = payload


class Timers:
    """Wake-ups in the order in which they are due, equal ones in the order of arming.

    Times are the loop's, in seconds. A wake-up that is cancelled because its actor is gone
    gives up its payload and its actor at once; its heap entry (a tuple of two numbers and an empty
    timer) goes when it is due or when such entries make up half the heap.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, fire: Callable[[Cell, WakeupMessage], None]
    ) -> None:
        self._loop = loop
        self._fire = fire
        self._heap: list[tuple[float, int, Timer]] = []
        self._sequence = 0
        self._cancelled = 0
        self._handle: asyncio.TimerHandle | None = None

    @property
    def pending(self) -> int:
        """How many wake-ups are armed for living actors."""
        return len(self._heap) - self._cancelled

    def arm(self, cell: Cell, delay: timedelta | float, payload: object) -> None:
        """Arm a wake-up; a negative delay counts as zero.

        Raises:
            TypeError: the delay is neither a number of seconds nor a timedelta.
        """
        due_at = self._loop.time() + max(0.0, timePeriodSeconds(delay))
        timer = Timer(cell, due_at, delay, payload)
        self._sequence += 1
        if cell.timers is None:
            cell.timers = {}
        cell.timers[self._sequence] = timer
        heapq.heappush(self._heap, (due_at, self._sequence, timer))
        if self._heap[0][2] is timer:
            self._schedule()

    def cancel_all(self, cell: Cell) -> None:
        """Forget the wake-ups of one actor."""
        if cell.timers is None:
            return
        for timer in cell.timers.values():
            timer.cell = None
            timer.payload = None
        self._cancelled += len(cell.timers)
        cell.timers = None
        if self._cancelled >= SMALLEST_SWEEP and self._cancelled * 2 > len(self._heap):
            self._heap = [entry for entry in self._heap if entry[2].cell is not None]
            heapq.heapify(self._heap)
            self._cancelled = 0
            self._schedule()

    def clear(self) -> None:
        """Forget all wake-ups."""
        self._heap.clear()
        self._cancelled = 0
        self._schedule()

    def _schedule(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._handle = self._loop.call_at(self._heap[0][0], self._fire_due) if self._heap else None

    def _fire_due(self) -> None:
        self._handle = None
        now = self._loop.time()
        # Bounded as a turn of the run queue is: ten thousand orders may expire in one instant.
        for _ in range(WAKEUPS_A_TURN):
            if not self._heap or self._heap[0][0] > now:
                break
            _, sequence, timer = heapq.heappop(self._heap)
            cell = timer.cell
            if cell is None:
                self._cancelled -= 1
                continue
            if cell.timers is not None:
                del cell.timers[sequence]
                cell.timers = cell.timers or None
            self._fire(cell, WakeupMessage(timer.delay, timer.payload))
        self._schedule()
