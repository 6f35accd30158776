"""A Thespian system base in which all actors live in one asyncio event loop.

`ActorSystemBase` is the base; `Outside` and `OutsideActor` are how an actor of any base works
with threads, sockets and files without blocking. It knows nothing of what the actors do.
"""

from thespian_asyncio.base import ActorSystemBase
from thespian_asyncio.executors import ThreadExecutor, join_executors
from thespian_asyncio.inspection import (
    ActorInspection,
    SystemInspection,
    SystemTotals,
    TimerInspection,
)
from thespian_asyncio.outside import Executor, Outcome, Outside
from thespian_asyncio.outside_actor import OutsideActor
from thespian_asyncio.subscription import Subscription

__all__ = [
    "ActorInspection",
    "ActorSystemBase",
    "Executor",
    "Outcome",
    "Outside",
    "OutsideActor",
    "Subscription",
    "SystemInspection",
    "SystemTotals",
    "ThreadExecutor",
    "TimerInspection",
    "join_executors",
]
