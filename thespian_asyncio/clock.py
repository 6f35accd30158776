"""The loop's clock, called as directly as it can be: it is read for every message."""

import asyncio
import time
from collections.abc import Callable


def clock_of(loop: asyncio.AbstractEventLoop) -> Callable[[], float]:
    """Return what `loop.time` reads; for asyncio's own loops that is the monotonic clock."""
    if type(loop).time is asyncio.BaseEventLoop.time:
        return time.monotonic
    return loop.time
