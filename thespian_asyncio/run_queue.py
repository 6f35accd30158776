"""Who runs next: actors take turns, and the turns leave the event loop its own."""

import asyncio
from collections import deque
from collections.abc import Callable

from thespian.actors import ActorAddress

from thespian_asyncio.cell import Cell, Mailbox
from thespian_asyncio.clock import clock_of

MESSAGES_A_TURN = 128
SECONDS_A_TURN = 0.005
MESSAGES_A_VISIT = 8
SPARE_MAILBOXES = 64

Deliver = Callable[[Cell, ActorAddress, object, float], float]


class RunQueue:
    """Actors with mail, in the order in which they got it, run in bounded turns.

    A turn of the queue ends after MESSAGES_A_TURN messages or SECONDS_A_TURN, whichever is
    first, and hands over to the loop, so that timers and sockets wait no longer than one
    turn and the handler that ended it. A visit to one actor ends after MESSAGES_A_VISIT
    messages, so that a message waits for at most that many from each other ready actor, however
    full their mailboxes are. Both bounds are needed: the first protects the loop
    from all actors, the second protects actors from each other.

    Time is the loop's: under a loop with virtual time a turn is bounded by its count alone
    and is the same in every run.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, deliver: Deliver) -> None:
        self._loop = loop
        self._time = clock_of(loop)
        self._deliver = deliver
        self._ready: deque[Cell] = deque()
        self._spare_mailboxes: list[Mailbox] = []  # to make one takes longer than to fetch one
        self._scheduled_at: float | None = None
        self.held_up_seconds = 0.0  # by handlers that ran on after the end of their turn
        self.lag_seconds = 0.0
        self.longest_lag_seconds = 0.0

    def add(self, cell: Cell) -> Mailbox:
        """Give a cell that gets its first message a place at the end, and return its mailbox."""
        self._ready.append(cell)
        if self._scheduled_at is None:
            self._schedule()
        spare = self._spare_mailboxes
        return spare.pop() if spare else deque()

    def clear(self) -> None:
        """Forget everyone."""
        self._ready.clear()

    def run_turn(self) -> bool:
        """Run one turn at once and say whether somebody is still waiting."""
        ready = self._ready
        now = self._time()
        deadline = now + SECONDS_A_TURN
        left = MESSAGES_A_TURN
        while ready and left > 0 and now < deadline:
            visit_end = left - MESSAGES_A_VISIT if left > MESSAGES_A_VISIT else 0
            cell = ready.popleft()
            mailbox = cell.mailbox
            try:
                while mailbox and left > visit_end and now < deadline:
                    sender, message = mailbox.popleft()
                    left -= 1
                    now = self._deliver(cell, sender, message, now)
            finally:
                if mailbox:
                    ready.append(cell)
                else:
                    self._take_back(cell)
        if now > deadline:
            self.held_up_seconds += now - deadline
        return bool(ready)

    def _take_back(self, cell: Cell) -> None:
        mailbox = cell.mailbox
        cell.mailbox = None
        if mailbox is not None and len(self._spare_mailboxes) < SPARE_MAILBOXES:
            self._spare_mailboxes.append(mailbox)

    def _schedule(self) -> None:
        self._scheduled_at = self._time()
        self._loop.call_soon(self._scheduled_turn)

    def _scheduled_turn(self) -> None:
        if self._scheduled_at is not None:
            self.lag_seconds = self._time() - self._scheduled_at
            self.longest_lag_seconds = max(self.longest_lag_seconds, self.lag_seconds)
        # It stays marked as scheduled during the turn: what handlers send joins this queue and
        # needs no second callback.
        try:
            self.run_turn()
        finally:
            self._scheduled_at = None
            if self._ready:
                self._schedule()
