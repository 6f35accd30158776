"""Pykka, whose actors are a thread each and ask with futures."""

import time
from collections import deque
from dataclasses import dataclass

import pykka

from benchmarks.measuring import BenchmarkError
from benchmarks.subject import IN_FLIGHT, LIMIT_SECONDS, PING, PONG


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Ask `target` for some seconds; answered with round trips/s."""

    target: pykka.ActorRef["AskedActor"]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Spawn:
    """Create actors one after another; answered with the seconds that took."""

    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EndChildren:
    """Stop what was created; answered when all are gone."""


class AskedActor(pykka.ThreadingActor):
    """Answers everything."""

    def on_receive(self, _message: object) -> object:
        """Answer."""
        return PONG


class AskingActor(pykka.ThreadingActor):
    """Keeps IN_FLIGHT questions with another actor until its time is over."""

    def on_receive(self, message: Ask) -> object:
        """Ask, wait for the oldest answer, ask again."""
        answers = 0
        started_at = time.perf_counter()
        ends_at = started_at + message.seconds
        waiting = deque(message.target.ask(PING, block=False) for _ in range(IN_FLIGHT))
        while time.perf_counter() < ends_at:
            waiting.popleft().get(timeout=LIMIT_SECONDS)
            answers += 1
            waiting.append(message.target.ask(PING, block=False))
        answers_per_s = answers / (time.perf_counter() - started_at)
        for answer in waiting:
            answer.get(timeout=LIMIT_SECONDS)
        return answers_per_s


class SpawningActor(pykka.ThreadingActor):
    """Creates actors and stops them."""

    def __init__(self) -> None:
        super().__init__()
        self._children: list[pykka.ActorRef[AskedActor]] = []

    def on_receive(self, message: Spawn | EndChildren) -> object:
        """Do what is asked."""
        match message:
            case Spawn():
                return self._spawn(message.count)
            case EndChildren():
                ends = [child.stop(block=False) for child in self._children]
                self._children.clear()
                return all(end.get(timeout=LIMIT_SECONDS) for end in ends)

    def _spawn(self, count: int) -> float:
        started_at = time.perf_counter()
        for _ in range(count):
            child = AskedActor.start()
            child.ask(PING, timeout=LIMIT_SECONDS)
            self._children.append(child)
        return time.perf_counter() - started_at


class PykkaSubject:
    """A process full of threads."""

    def __init__(self) -> None:
        self._asked = AskedActor.start()
        self._asking = AskingActor.start()
        self._spawning = SpawningActor.start()

    def ask_per_s(self, seconds: float) -> float:
        """Let one actor ask another; see Subject."""
        return _number(self._asking.ask(Ask(target=self._asked, seconds=seconds)))

    def ask_serial_per_s(self, seconds: float) -> float:
        """Ask from the main thread; see Subject."""
        answers = 0
        started_at = time.perf_counter()
        ends_at = started_at + seconds
        while time.perf_counter() < ends_at:
            self._asked.ask(PING, timeout=LIMIT_SECONDS)
            answers += 1
        return answers / (time.perf_counter() - started_at)

    def create_us(self, count: int) -> float:
        """Create actors and stop them; see Subject."""
        seconds = _number(self._spawning.ask(Spawn(count=count)))
        self._spawning.ask(EndChildren())
        return seconds / count * 1e6

    def populate(self, count: int) -> None:
        """Create actors; see Subject."""
        self._spawning.ask(Spawn(count=count))

    def late_seconds(
        self, _count: int, _lead_seconds: float, _spread_seconds: float
    ) -> list[float] | None:
        """Return None: Pykka has no timers."""
        return None


def _number(answer: object) -> float:
    if not isinstance(answer, float):
        raise BenchmarkError(f"{answer!r} was answered instead of a number")
    return answer
