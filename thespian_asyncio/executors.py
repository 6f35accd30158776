"""The executor of production: one thread with an event loop of its own."""

import asyncio
import threading
import time
import weakref

from thespian_asyncio.jobs import LoopJobs
from thespian_asyncio.outside import Done, Job

_running: "weakref.WeakSet[ThreadExecutor]" = weakref.WeakSet()


class ThreadExecutor:
    """Runs jobs in one daemon thread, which starts with the first of them.

    A plain job runs in the thread itself, one at a time in the order of submission. A job that
    returns an awaitable is awaited in the thread's loop, together with others. While a
    plain job runs, nothing awaited goes on.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._end = asyncio.Event()
        self._jobs = LoopJobs()
        self._is_closed = False

    def submit(self, job: Job, done: Done) -> None:
        """Run a job; `done` is called from the thread.

        Raises:
            RuntimeError: the executor is closed.
        """
        if self._is_closed:
            raise RuntimeError(f"executor {self._name} is closed")
        self._started_loop().call_soon_threadsafe(self._jobs.start, job, done)

    def close(self) -> None:
        """End the thread after the plain jobs that it has; awaited ones are cancelled.

        A cancelled job is done with a CancelledError. Does not wait; `join` does.
        """
        if self._is_closed:
            return
        self._is_closed = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._end.set)

    def join(self, timeout_seconds: float) -> bool:
        """Wait for the end of the thread after `close`; False if it has not come."""
        if self._thread is None:
            return True
        self._thread.join(timeout_seconds)
        return not self._thread.is_alive()

    def _started_loop(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(
                target=self._run, args=(self._loop,), name=self._name, daemon=True
            )
            self._thread.start()
            _running.add(self)
        return self._loop

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        # The runner cancels what is still awaited and closes the loop.
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(self._until_the_end())

    async def _until_the_end(self) -> None:
        await self._end.wait()


def join_executors(timeout_seconds: float) -> bool:
    """Wait for the threads of all executors of this process; for its end, after the shutdown.

    Returns:
        False where some were still running after `timeout_seconds` together.
    """
    deadline = time.monotonic() + timeout_seconds
    ended = [executor.join(max(0.0, deadline - time.monotonic())) for executor in tuple(_running)]
    return all(ended)
