"""A counter that can be waited on: what long polling stands on."""

from __future__ import annotations

import asyncio


class Changes:
    """Counts changes and wakes whoever waits for the next one."""

    def __init__(self) -> None:
        self.revision = 0
        self.closed = False
        self._changed = asyncio.Event()

    def bump(self) -> int:
        """Count one change, wake the waiting, return the new revision."""
        self.revision += 1
        self._wake()
        return self.revision

    def close(self) -> None:
        """Wake the waiting for good: from now on no wait lasts."""
        self.closed = True
        self._wake()

    async def wait(self, timeout_seconds: float) -> None:
        """Return at the next change, at close, or when the time is up."""
        if self.closed or timeout_seconds <= 0:
            return
        changed = self._changed
        try:
            async with asyncio.timeout(timeout_seconds):
                await changed.wait()
        except TimeoutError:
            return

    async def wait_beyond(self, revision: int, timeout_seconds: float) -> None:
        """Return when the revision is greater than `revision`, at close, or when time is up."""
        if self.revision <= revision:
            await self.wait(timeout_seconds)

    def _wake(self) -> None:
        self._changed.set()
        if not self.closed:
            self._changed = asyncio.Event()
