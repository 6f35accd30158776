"""How a base of Thespian is measured; what differs between bases is left to subclasses."""

import time
from abc import ABC, abstractmethod

from thespian.actors import Actor, ActorAddress

from benchmarks.measuring import BenchmarkError
from benchmarks.subject import FAR_SECONDS, LIMIT_SECONDS, rung_in_time
from benchmarks.thespian_actors import (
    DONE,
    END_CHILDREN,
    ArmChildren,
    Ask,
    AskedActor,
    AskingActor,
    Spawn,
    SpawningActor,
)

PAUSE_SECONDS = 0.2


class ThespianSubject(ABC):
    """A Subject on some base; `start` is to be called when the base is there."""

    def start(self) -> None:
        """Create the actors that are always there."""
        self._asked = self.create(AskedActor)
        self._asking = self.create(AskingActor)
        self._spawning = self.create(SpawningActor)

    @abstractmethod
    def create(self, actor_class: type[Actor]) -> ActorAddress:
        """Create an actor without a parent."""

    @abstractmethod
    def ask(self, address: ActorAddress, message: object) -> object:
        """Ask from outside; None where no answer came within LIMIT_SECONDS."""

    @abstractmethod
    def ask_one_after_another(self, address: ActorAddress, seconds: float) -> int:
        """Send a PING after the other for some seconds and return how many were answered."""

    @abstractmethod
    def run(self, seconds: float) -> None:
        """Let the system run without asking anything of it."""

    def ask_per_s(self, seconds: float) -> float:
        """Let one actor ask another; see Subject."""
        return self._number(self._asking, Ask(target=self._asked, seconds=seconds))

    def ask_serial_per_s(self, seconds: float) -> float:
        """Ask from outside; see Subject."""
        started_at = time.perf_counter()
        answers = self.ask_one_after_another(self._asked, seconds)
        return answers / (time.perf_counter() - started_at)

    def create_us(self, count: int) -> float:
        """Create actors and end them; see Subject."""
        seconds = self.spawn(count)
        self._do(self._spawning, END_CHILDREN)
        return seconds / count * 1e6

    def populate(self, count: int) -> None:
        """Create actors with timers; see Subject."""
        self.spawn(count, timer_seconds=FAR_SECONDS)

    def late_seconds(self, count: int, lead_seconds: float, spread_seconds: float) -> list[float]:
        """Arm timers and wait for them; see Subject."""
        self.spawn(count)
        return rung_in_time(lambda lead: self._ring(count, lead, spread_seconds), lead_seconds)

    def spawn(self, count: int, timer_seconds: float | None = None) -> float:
        """Create actors that stay and return the seconds that took; see Spawn."""
        return self._number(self._spawning, Spawn(count=count, timer_seconds=timer_seconds))

    def arm(self, first_due_at: float, spread_seconds: float) -> None:
        """Arm a timer in all that were spawned; see ArmChildren."""
        arm = ArmChildren(first_due_at=first_due_at, spread_seconds=spread_seconds)
        self._do(self._spawning, arm)

    def _ring(self, count: int, lead_seconds: float, spread_seconds: float) -> list[float] | None:
        AskedActor.late_seconds.clear()
        first_due_at = time.monotonic() + lead_seconds
        self.arm(first_due_at, spread_seconds)
        deadline = first_due_at + spread_seconds + LIMIT_SECONDS / 2
        while len(AskedActor.late_seconds) < count and time.monotonic() < deadline:
            self.run(PAUSE_SECONDS)
        if len(AskedActor.late_seconds) != count:
            raise BenchmarkError(f"{len(AskedActor.late_seconds)} timers of {count} rang")
        is_in_time = AskedActor.last_armed_at < first_due_at
        return AskedActor.late_seconds.copy() if is_in_time else None

    def _number(self, address: ActorAddress, message: object) -> float:
        answer = self.ask(address, message)
        if not isinstance(answer, float):
            raise BenchmarkError(f"{message!r} was answered with {answer!r} instead of a number")
        return answer

    def _do(self, address: ActorAddress, message: object) -> None:
        answer = self.ask(address, message)
        if answer != DONE:
            raise BenchmarkError(f"{message!r} was answered with {answer!r}")
