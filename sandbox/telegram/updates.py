"""The queue of updates that the bot fetches by getUpdates.

Source: Bot API, "getUpdates": an offset acknowledges everything before it; of two at once the older
is ended with 409; an update that is not wanted when it happens is not kept.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.changes import Changes
from sandbox.telegram.refusals import OTHER_GET_UPDATES, Refusal
from sandbox.telegram.values import JsonObject

MAX_UPDATES_PER_ANSWER = 100
MAX_TIMEOUT_SECONDS = 50
"""No answer to getUpdates is kept open for longer."""


class UpdateQueue:
    """Updates in order, handed out until they are acknowledged."""

    def __init__(self) -> None:
        self.allowed: frozenset[str] = frozenset()
        self._pending: deque[tuple[int, JsonObject]] = deque()
        self._next_id = 1
        self._changes = Changes()
        self._poll = 0
        self._holds = 0

    def put(self, kind: str, payload: JsonObject) -> None:
        """Queue an update of a kind, such as `message`, unless the bot asked for others only."""
        if self.allowed and kind not in self.allowed:
            return
        self._pending.append((self._next_id, {"update_id": self._next_id, kind: payload}))
        self._next_id += 1
        self._changes.bump()

    def drop_all(self) -> None:
        """Forget what is pending (deleteWebhook with `drop_pending_updates`)."""
        self._pending.clear()

    @property
    def pending_count(self) -> int:
        """How many updates the bot has not acknowledged."""
        return len(self._pending)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep back every update while the block runs: what was queued in it goes as one answer."""
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1
            self._changes.bump()

    async def take(self, offset: int, limit: int, timeout_seconds: int) -> list[JsonObject]:
        """Answer one getUpdates.

        Raises:
            Refusal: 409, another getUpdates came while this one waited.
        """
        self._poll += 1
        poll = self._poll
        self._changes.bump()
        self._acknowledge(offset)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + min(timeout_seconds, MAX_TIMEOUT_SECONDS)
        while True:
            if poll != self._poll:
                raise Refusal(409, OTHER_GET_UPDATES)
            is_over = self._changes.closed or loop.time() >= deadline
            if is_over or (self._pending and not self._holds):
                return [] if self._holds else self._first(limit)
            await self._changes.wait(deadline - loop.time())

    def close(self) -> None:
        """Answer whoever waits, and let nobody wait any more."""
        self._changes.close()

    def _first(self, limit: int) -> list[JsonObject]:
        count = limit if 0 < limit <= MAX_UPDATES_PER_ANSWER else MAX_UPDATES_PER_ANSWER
        return [update for _, update in list(self._pending)[:count]]

    def _acknowledge(self, offset: int) -> None:
        if offset < 0:
            while len(self._pending) > -offset:
                self._pending.popleft()
            return
        while self._pending and self._pending[0][0] < offset:
            self._pending.popleft()
