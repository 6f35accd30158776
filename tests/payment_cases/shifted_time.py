"""Time that a test may put forward, so that a deadline passes without waiting for it.

The time of day and that of the event loop move together, for the shop arms its timers by the one
and judges by the other. It is one time for a whole process and is never set back: the nodes that
tests share follow it.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(slots=True)
class _Shift:
    by: timedelta


_shift = _Shift(timedelta())


@dataclass(frozen=True, slots=True)
class ShiftedClock:
    """The time of day as far ahead as tests have put it."""

    def now(self) -> datetime:
        return datetime.now(UTC) + _shift.by


class ShiftedLoop(asyncio.SelectorEventLoop):
    """An event loop as far ahead; timers that are passed ring in its next turn."""

    def time(self) -> float:
        return super().time() + _shift.by.total_seconds()


def put_forward(by: timedelta) -> None:
    _shift.by += by
