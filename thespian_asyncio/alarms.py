"""Things that are due at some time, and one callback in the loop for the earliest of them."""

from __future__ import annotations

import asyncio
import heapq
from typing import Protocol

ALARMS_A_TURN = 256
SMALLEST_SWEEP = 64


class Alarm(Protocol):
    """Something that is due at some time."""

    @property
    def is_armed(self) -> bool:
        """Whether it still has to ring."""

    def ring(self) -> None:
        """Do what is due."""


class Alarms:
    """Alarms in the order in which they are due, equal ones in the order of arming.

    Times are the loop's, in seconds. An alarm that is disarmed leaves its heap entry behind, which
    goes when it is due or when such entries make up half the heap.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._heap: list[tuple[float, int, Alarm]] = []
        self._sequence = 0
        self._disarmed = 0
        self._handle: asyncio.TimerHandle | None = None

    @property
    def pending(self) -> int:
        """How many alarms are armed."""
        return len(self._heap) - self._disarmed

    def add(self, due_at: float, alarm: Alarm) -> None:
        """Let an alarm ring at a time."""
        self._sequence = sequence = self._sequence + 1
        heapq.heappush(self._heap, (due_at, sequence, alarm))
        if self._heap[0][1] == sequence:
            self._schedule()

    def disarmed(self, count: int) -> None:
        """Hear that so many alarms, whose `is_armed` is false by now, have not to ring."""
        self._disarmed += count
        if self._disarmed >= SMALLEST_SWEEP and self._disarmed * 2 > len(self._heap):
            self._heap = [entry for entry in self._heap if entry[2].is_armed]
            heapq.heapify(self._heap)
            self._disarmed = 0
            self._schedule()

    def clear(self) -> None:
        """Forget all of them."""
        self._heap.clear()
        self._disarmed = 0
        self._schedule()

    def _schedule(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._handle = self._loop.call_at(self._heap[0][0], self._ring_due) if self._heap else None

    def _ring_due(self) -> None:
        self._handle = None
        now = self._loop.time()
        # Bounded as a turn of the run queue is: ten thousand orders may expire in one instant.
        for _ in range(ALARMS_A_TURN):
            if not self._heap or self._heap[0][0] > now:
                break
            _, _, alarm = heapq.heappop(self._heap)
            if alarm.is_armed:
                alarm.ring()
            else:
                self._disarmed -= 1
        self._schedule()
