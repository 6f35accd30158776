"""Faults that a test orders, and the limit for one chat.

The next calls of a method, to a chat, or any, are refused with 429, answered 500, or done and then
left without an answer.
"""

from __future__ import annotations

import enum
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.telegram.refusals import Refusal, too_many_requests


class FaultKind(enum.StrEnum):
    """What happens to a call."""

    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    ANSWER_LOST = "answer_lost"


@dataclass(slots=True, kw_only=True)
class Fault:
    """An order for faults.

    Attributes:
        kind: what happens.
        count: to how many calls.
        method: only calls of this method; any where empty.
        chat_id: only calls for this chat; any where None.
        retry_after_seconds: what a 429 says.
        answer_after_seconds: how long the connection stays open before it closes unanswered.
    """

    kind: FaultKind
    count: int = 1
    method: str = ""
    chat_id: int | None = None
    retry_after_seconds: int = 1
    answer_after_seconds: float = 0.0

    def fits(self, method: str, chat_id: int | None) -> bool:
        """Whether a call is one that this order is for."""
        if self.count <= 0 or self.method.lower() not in ("", method.lower()):
            return False
        return self.chat_id is None or self.chat_id == chat_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatLimit:
    """How many calls that write to one chat pass within how many seconds."""

    calls: int
    window_seconds: float


class Faults:
    """The orders that stand, first come first served."""

    def __init__(self) -> None:
        self._orders: list[Fault] = []

    def order(self, fault: Fault) -> None:
        """Add an order."""
        self._orders.append(fault)

    def clear(self) -> None:
        """Drop all orders."""
        self._orders.clear()

    @property
    def left(self) -> int:
        """How many calls are still to be hit."""
        return sum(order.count for order in self._orders)

    def take(self, method: str, chat_id: int | None) -> Fault | None:
        """The fault for this call, counted off its order; None where there is none."""
        for order in self._orders:
            if order.fits(method, chat_id):
                order.count -= 1
                if order.count == 0:
                    self._orders.remove(order)
                return order
        return None


def refusal_of(fault: Fault) -> Refusal | None:
    """The answer that a fault puts in place of the call; None where the call is done."""
    if fault.kind is FaultKind.RATE_LIMITED:
        return too_many_requests(fault.retry_after_seconds)
    if fault.kind is FaultKind.SERVER_ERROR:
        return Refusal(500, "Internal Server Error")
    return None


class ChatLimiter:
    """Counts calls for each chat in a sliding window."""

    def __init__(self, limit: ChatLimit, clock: Callable[[], float]) -> None:
        self._limit = limit
        self._clock = clock
        self._calls: dict[int, deque[float]] = {}

    def check(self, chat_id: int) -> None:
        """Count a call.

        Raises:
            Refusal: 429, with the whole seconds after which the next call passes.
        """
        now = self._clock()
        calls = self._calls.setdefault(chat_id, deque())
        while calls and calls[0] <= now - self._limit.window_seconds:
            calls.popleft()
        if len(calls) >= self._limit.calls:
            wait_seconds = calls[0] + self._limit.window_seconds - now
            raise too_many_requests(max(1, math.ceil(wait_seconds)))
        calls.append(now)
