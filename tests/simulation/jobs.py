"""Virtual time: the time of day, and executors that run jobs in the loop itself, by chance."""

import asyncio
import inspect
from datetime import UTC, datetime, timedelta
from random import Random

from tests.simulation.scenario import LARGEST_CLOCK_ERROR_SECONDS
from thespian_asyncio.outside import Done, Job

START = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)


class SteppedClock:
    """The shop's time of day, which can be wrong; what the loop says is the true time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._time = loop.time
        self._wrong_by_seconds = 0.0
        self._steps: list[tuple[datetime, float]] = []
        """The true time of each, and by how many seconds the clock was wrong until then."""
        self.stepped_at = self.true_now()

    def now(self) -> datetime:
        """What the shop takes for now."""
        return START + timedelta(seconds=self._time() + self._wrong_by_seconds)

    def true_now(self) -> datetime:
        """Now."""
        return START + timedelta(seconds=self._time())

    def step(self, seconds: float) -> None:
        """Set the clock, within the largest error."""
        wrong_by = self._wrong_by_seconds + seconds
        most = LARGEST_CLOCK_ERROR_SECONDS
        self.stepped_at = self.true_now()
        self._steps.append((self.stepped_at, self._wrong_by_seconds))
        self._wrong_by_seconds = max(-most, min(most, wrong_by))

    def gained_since(self, moment: datetime) -> timedelta:
        """How far it was set forward, against the slowest that it was since a true time.

        So late by this clock may a timer ring that was armed then, for timers follow the loop.
        """
        before = [wrong_by for until, wrong_by in self._steps if until >= moment]
        return timedelta(seconds=self._wrong_by_seconds - min([*before, self._wrong_by_seconds]))


class CrashedError(BaseException):
    """The process has ended within what was being done: nothing after it happens."""


class SimulatedExecutor:
    """Runs jobs in the loop, plain ones in their order, each after a delay drawn by chance.

    Args:
        chance: for the delays.
        shortest_seconds: the shortest delay.
        longest_seconds: the longest.
    """

    def __init__(self, chance: Random, shortest_seconds: float, longest_seconds: float) -> None:
        self._chance = chance
        self._delays = (shortest_seconds, longest_seconds)
        self._loop = asyncio.get_running_loop()
        self._free_at = 0.0
        self._tasks: dict[asyncio.Future[object], None] = {}
        self._is_closed = False
        self._is_dead = False

    def submit(self, job: Job, done: Done) -> None:
        """Run a job after its delay, never before one that was submitted earlier.

        Raises:
            RuntimeError: the executor is closed.
        """
        if self._is_closed:
            raise RuntimeError("the executor is closed")
        delay = self._chance.uniform(*self._delays)
        self._free_at = max(self._free_at, self._loop.time()) + delay
        self._loop.call_at(self._free_at, self._run, job, done)

    def hold_up(self, seconds: float) -> None:
        """Let what is submitted from now on wait."""
        self._free_at = max(self._free_at, self._loop.time()) + seconds

    def close(self) -> None:
        """Run what was submitted, cancel what is awaited, take nothing new."""
        self._is_closed = True
        for task in tuple(self._tasks):
            task.cancel()

    def die(self) -> None:
        """Run nothing any more: the process has ended."""
        self._is_dead = True
        self.close()

    def _run(self, job: Job, done: Done) -> None:
        if self._is_dead:
            return
        try:
            value = job()
        except CrashedError:
            return
        except Exception as error:  # noqa: BLE001 - it is the outcome of the job
            done(None, error)
            return
        if inspect.isawaitable(value):
            self._await(asyncio.ensure_future(value), done)
        elif not self._is_dead:
            done(value, None)

    def _await(self, task: "asyncio.Future[object]", done: Done) -> None:
        def ended(ended_task: "asyncio.Future[object]") -> None:
            del self._tasks[ended_task]
            if self._is_dead:
                return
            if ended_task.cancelled():
                done(None, asyncio.CancelledError("the executor was closed"))
            else:
                error = ended_task.exception()
                done(None if error else ended_task.result(), error)

        self._tasks[task] = None
        task.add_done_callback(ended)
        if self._is_closed:
            task.cancel()
