"""How an executor runs one job in a loop."""

import asyncio
import inspect

from thespian_asyncio.outside import Done, Job


class LoopJobs:
    """Runs jobs in the loop that calls it, and keeps those that are being awaited."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Future[object]] = set()

    def start(self, job: Job, done: Done) -> None:
        """Run a job; where it returns an awaitable, `done` follows when that is complete."""
        try:
            value = job()
        except BaseException as error:  # noqa: BLE001 - it is the outcome of the job
            done(None, error)
            return
        if not inspect.isawaitable(value):
            done(value, None)
            return

        def finished(task: asyncio.Future[object]) -> None:
            self._tasks.discard(task)
            if task.cancelled():
                done(None, asyncio.CancelledError("the executor was closed"))
            elif (error := task.exception()) is not None:
                done(None, error)
            else:
                done(task.result(), None)

        task = asyncio.ensure_future(value)
        self._tasks.add(task)
        task.add_done_callback(finished)

    def cancel(self) -> None:
        """Cancel what is being awaited."""
        for task in tuple(self._tasks):
            task.cancel()
