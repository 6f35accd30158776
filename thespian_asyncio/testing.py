"""For tests and simulations: a loop whose time jumps, and an executor without threads."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from thespian_asyncio.base import ActorSystemBase
from thespian_asyncio.jobs import LoopJobs
from thespian_asyncio.outside import Done, Job
from thespian_asyncio.run_queue import Deliver

T = TypeVar("T")


class _JumpingSelector(selectors.DefaultSelector):
    """Polls descriptors, and where none is ready lets time pass at once instead of waiting."""

    def __init__(self, start_seconds: float) -> None:
        super().__init__()
        self.now = start_seconds

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if timeout is None:  # no timer: only a descriptor can end the wait, so wait for one
            return super().select(None)
        self.now += timeout
        return []


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose `time()` jumps to the next timer when nothing else is to do.

    Descriptors are still polled, so pipes and sockets work. Another thread's work takes no
    virtual time: while a timer is armed, the loop jumps to it rather than wait for a thread.
    Use LoopExecutor in place of threads.
    """

    def __init__(self, start_seconds: float = 0.0) -> None:
        self._jumping_selector = _JumpingSelector(start_seconds)
        super().__init__(self._jumping_selector)

    def time(self) -> float:
        """Return the virtual time in seconds."""
        return self._jumping_selector.now


def run_in_virtual_time(coroutine: Coroutine[Any, Any, T], start_seconds: float = 0.0) -> T:
    """Run a coroutine in a loop of virtual time and return its result."""
    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(start_seconds)) as runner:
        return runner.run(coroutine)


class LoopExecutor:
    """Runs jobs in the loop itself, each after a delay: deterministic under virtual time.

    Args:
        delay_seconds: how long the next job takes before it runs.
    """

    def __init__(self, delay_seconds: Callable[[], float] = lambda: 0.0) -> None:
        self._delay_seconds = delay_seconds
        self._free_at = 0.0
        self._jobs = LoopJobs()
        self._is_closed = False

    def submit(self, job: Job, done: Done) -> None:
        """Run a job after its delay, never before one that was submitted earlier.

        Raises:
            RuntimeError: the executor is closed.
        """
        if self._is_closed:
            raise RuntimeError("the executor is closed")
        loop = asyncio.get_running_loop()
        self._free_at = max(self._free_at, loop.time()) + self._delay_seconds()
        loop.call_at(self._free_at, self._start, job, done)

    def close(self) -> None:
        """Take no new job and cancel what is awaited; what was submitted still runs."""
        self._is_closed = True
        self._jobs.cancel()

    def _start(self, job: Job, done: Done) -> None:
        self._jobs.start(job, done)
        if self._is_closed:
            self._jobs.cancel()


def intercept(base: ActorSystemBase, around: Callable[[Deliver], Deliver]) -> None:
    """Put a function around the delivery of every message of a system.

    Args:
        base: the system.
        around: is given how messages are delivered, and returns how they are from now on: with the
            arguments and the result of `Delivery.deliver`. One that delivers nothing returns the
            time that it was given.
    """
    queue = base._engine.run_queue  # noqa: SLF001 - a part of the package, for tests alone
    queue._deliver = around(queue._deliver)  # noqa: SLF001 - the same
