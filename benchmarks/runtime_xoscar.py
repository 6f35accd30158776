"""xoscar with all actors in its main pool, in the loop of this process, and local references.

The loop is uvloop's, which xoscar brings along and is faster with.
"""

import asyncio
import itertools
import time

import uvloop
import xoscar

from benchmarks.measuring import BenchmarkError
from benchmarks.subject import FAR_SECONDS, IN_FLIGHT, LIMIT_SECONDS, PING, PONG, rung_in_time

PAUSE_SECONDS = 0.2

_numbers = itertools.count(1)


class AskedActor(xoscar.Actor):
    """Answers, and rings a timer by a delayed message to itself."""

    def ask(self, _message: str) -> str:
        """Answer."""
        return PONG

    async def arm(self, due_at: float) -> None:
        """Arm a timer for a time on the monotonic clock, in seconds."""
        own = await xoscar.actor_ref(self.ref())
        own.ring.tell_delay(due_at, delay=due_at - time.monotonic())

    def ring(self, due_at: float) -> None:
        """Note how late it is."""
        late_seconds.append(time.monotonic() - due_at)


class AskingActor(xoscar.Actor):
    """Asks another actor IN_FLIGHT times at once, until its time is over."""

    async def ask_for(self, target: xoscar.ActorRef, seconds: float) -> float:
        """Return round trips/s."""
        asked = await xoscar.actor_ref(target)
        answers = 0
        started_at = time.perf_counter()
        ends_at = started_at + seconds
        while time.perf_counter() < ends_at:
            await asyncio.gather(*[asked.ask(PING) for _ in range(IN_FLIGHT)])
            answers += IN_FLIGHT
        return answers / (time.perf_counter() - started_at)


class SpawningActor(xoscar.Actor):
    """Creates actors, arms their timers, ends them."""

    def __init__(self) -> None:
        super().__init__()
        self._children: list[xoscar.ActorRef] = []

    async def spawn(self, count: int, timer_seconds: float | None = None) -> float:
        """Create actors one after another, with an answer from each; return the seconds."""
        started_at = time.perf_counter()
        for _ in range(count):
            child = await _created(AskedActor, self.address)
            if timer_seconds is None:
                await child.ask(PING)
            else:
                await child.arm(time.monotonic() + timer_seconds)
            self._children.append(child)
        return time.perf_counter() - started_at

    async def arm_children(self, first_due_at: float, spread_seconds: float) -> None:
        """Let each arm a timer, due evenly over a time."""
        step_seconds = spread_seconds / len(self._children)
        for number, child in enumerate(self._children):
            await child.arm(first_due_at + number * step_seconds)
            # A call within the process never lets the loop go on, and a delay counts only from
            # when the loop first sees it.
            await asyncio.sleep(0)

    async def end_children(self) -> None:
        """End all of them."""
        for child in self._children:
            await xoscar.destroy_actor(child)
        self._children.clear()


late_seconds: list[float] = []  # of all in this process


class XoscarSubject:
    """A pool without further processes."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self._runner.run(self._start())

    async def _start(self) -> None:
        self._pool = await xoscar.create_actor_pool("127.0.0.1", n_process=0)
        address = self._pool.external_address
        self._asked = await _created(AskedActor, address)
        self._asking = await _created(AskingActor, address)
        self._spawning = await _created(SpawningActor, address)

    def ask_per_s(self, seconds: float) -> float:
        """Let one actor ask another; see Subject."""
        return self._runner.run(self._ask_for(seconds))

    def ask_serial_per_s(self, seconds: float) -> float:
        """Ask from outside; see Subject."""
        return self._runner.run(self._ask_serially(seconds))

    def create_us(self, count: int) -> float:
        """Create actors and end them; see Subject."""
        seconds = self._runner.run(self._create(count))
        return seconds / count * 1e6

    def populate(self, count: int) -> None:
        """Create actors with timers; see Subject."""
        self._runner.run(self._spawn(count, FAR_SECONDS))

    def late_seconds(self, count: int, lead_seconds: float, spread_seconds: float) -> list[float]:
        """Arm timers and wait for them; see Subject."""
        self._runner.run(self._spawn(count))
        return rung_in_time(
            lambda lead: self._runner.run(self._ring(count, lead, spread_seconds)), lead_seconds
        )

    async def _ask_for(self, seconds: float) -> float:
        return float(await self._asking.ask_for(self._asked, seconds))

    async def _ask_serially(self, seconds: float) -> float:
        answers = 0
        started_at = time.perf_counter()
        ends_at = started_at + seconds
        while time.perf_counter() < ends_at:
            await self._asked.ask(PING)
            answers += 1
        return answers / (time.perf_counter() - started_at)

    async def _spawn(self, count: int, timer_seconds: float | None = None) -> float:
        return float(await self._spawning.spawn(count, timer_seconds))

    async def _create(self, count: int) -> float:
        seconds = await self._spawn(count)
        await self._spawning.end_children()
        return seconds

    async def _ring(
        self, count: int, lead_seconds: float, spread_seconds: float
    ) -> list[float] | None:
        late_seconds.clear()
        first_due_at = time.monotonic() + lead_seconds
        await self._spawning.arm_children(first_due_at, spread_seconds)
        is_in_time = time.monotonic() < first_due_at
        deadline = first_due_at + spread_seconds + LIMIT_SECONDS / 2
        while len(late_seconds) < count and time.monotonic() < deadline:  # noqa: ASYNC110 - what is waited for is a plain list
            await asyncio.sleep(PAUSE_SECONDS)
        if len(late_seconds) != count:
            raise BenchmarkError(f"{len(late_seconds)} timers of {count} rang")
        return late_seconds.copy() if is_in_time else None


async def _created(actor_class: type[xoscar.Actor], address: str) -> xoscar.ActorRef:
    ref = await xoscar.create_actor(actor_class, address=address, uid=f"actor-{next(_numbers)}")
    # The reference to an actor of the same process calls it directly; the one that create_actor
    # returns goes by way of the pool.
    return await xoscar.actor_ref(ref)
