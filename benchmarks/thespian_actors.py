"""The actors that are measured on Thespian's bases, the same classes on each."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from thespian.actors import Actor, ActorAddress, ActorExitRequest, ChildActorExited, WakeupMessage

from benchmarks.subject import ANSWERS_A_LOOK, IN_FLIGHT, PING, PONG

DONE = "done"
END_CHILDREN = "end your children"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Ask `target` for some seconds; answered with round trips/s."""

    target: ActorAddress
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """Arm a timer for a time on the monotonic clock, in seconds; answered with PONG if wanted."""

    due_at: float
    wants_answer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Spawn:
    """Create children one after another; answered with the seconds that took.

    Each has answered its first message before the next is made. That is PING, or `Arm` where
    `timer_seconds` says how far away its timer is.
    """

    count: int
    timer_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmChildren:
    """Let each child arm a timer, due evenly over a time; answered when all have been told."""

    first_due_at: float
    spread_seconds: float


class AskedActor(Actor):
    """Answers a PING, arms a timer, and notes how late it rings."""

    late_seconds: ClassVar[list[float]] = []  # of all in this process
    last_armed_at: ClassVar[float] = 0.0

    def receiveMessage(self, msg: object, sender: ActorAddress) -> None:
        """Answer."""
        if msg == PING:
            self.send(sender, PONG)
        elif isinstance(msg, WakeupMessage):
            self.late_seconds.append(time.monotonic() - msg.payload)
        elif isinstance(msg, Arm):
            self._arm(msg, sender)

    def _arm(self, msg: Arm, sender: ActorAddress) -> None:
        now = AskedActor.last_armed_at = time.monotonic()
        self.wakeupAfter(msg.due_at - now, msg.due_at)
        if msg.wants_answer:
            self.send(sender, PONG)


class AskingActor(Actor):
    """Keeps IN_FLIGHT questions with another actor until its time is over."""

    def __init__(self) -> None:
        """Start with nothing to do."""
        super().__init__()
        self._asker: ActorAddress | None = None
        self._target: ActorAddress | None = None  # while it goes on asking
        self._answers = 0
        self._in_flight = 0
        self._started_at = self._ends_at = 0.0
        self._answers_per_s = 0.0

    def receiveMessage(self, msg: object, sender: ActorAddress) -> None:
        """Count an answer and ask again, or begin."""
        if msg == PONG:
            self._answers += 1
            if self._answers % ANSWERS_A_LOOK == 0:
                self._look_at_clock()
            if self._target is not None:
                self.send(self._target, PING)
            else:
                self._drain()
        elif isinstance(msg, Ask):
            self._begin(msg, sender)

    def _begin(self, msg: Ask, sender: ActorAddress) -> None:
        self._asker = sender
        self._target = msg.target
        self._answers = 0
        self._in_flight = IN_FLIGHT
        self._started_at = time.perf_counter()
        self._ends_at = self._started_at + msg.seconds
        for _ in range(IN_FLIGHT):
            self.send(msg.target, PING)

    def _look_at_clock(self) -> None:
        now = time.perf_counter()
        if self._target is not None and now >= self._ends_at:
            self._answers_per_s = self._answers / (now - self._started_at)
            self._target = None

    def _drain(self) -> None:
        # What is in flight when the time is over is no longer measured, but must not stay.
        self._in_flight -= 1
        if self._in_flight == 0 and self._asker is not None:
            self.send(self._asker, self._answers_per_s)


class SpawningActor(Actor):
    """Creates children, arms their timers, ends them."""

    def __init__(self) -> None:
        """Start without children."""
        super().__init__()
        self._asker: ActorAddress | None = None
        self._children: list[ActorAddress] = []
        self._awaited = 0
        self._first_message: Callable[[], object] = lambda: PING
        self._answered: Callable[[], None] = lambda: None
        self._started_at = 0.0

    def receiveMessage(self, msg: object, sender: ActorAddress) -> None:
        """Do what is asked, one thing after another."""
        if msg == PONG:
            self._answered()
        elif isinstance(msg, Spawn):
            self._begin(sender, msg.count, self._spawned)
            self._spawn(msg)
        elif isinstance(msg, ArmChildren):
            self._arm(msg)
            self.send(sender, DONE)
        elif msg == END_CHILDREN:
            self._begin(sender, len(self._children), self._ended)
            for child in self._children:
                self.send(child, ActorExitRequest())
            self._children.clear()
        elif isinstance(msg, ChildActorExited):
            self._answered()

    def _begin(self, asker: ActorAddress, awaited: int, answered: Callable[[], None]) -> None:
        self._asker = asker
        self._awaited = awaited
        self._answered = answered
        self._started_at = time.perf_counter()

    def _spawn(self, msg: Spawn) -> None:
        far_seconds = msg.timer_seconds
        if far_seconds is None:
            self._first_message = lambda: PING
        else:
            self._first_message = lambda: Arm(
                due_at=time.monotonic() + far_seconds, wants_answer=True
            )
        self._spawn_one()

    def _spawn_one(self) -> None:
        child = self.createActor(AskedActor)
        self._children.append(child)
        self.send(child, self._first_message())

    def _spawned(self) -> None:
        self._awaited -= 1
        if self._awaited:
            self._spawn_one()
        elif self._asker is not None:
            self.send(self._asker, time.perf_counter() - self._started_at)

    def _arm(self, msg: ArmChildren) -> None:
        step_seconds = msg.spread_seconds / len(self._children)
        for number, child in enumerate(self._children):
            due_at = msg.first_due_at + number * step_seconds
            # Nobody waits for answers here: on a base that looks at all timers at every message,
            # they would double the time that this takes.
            self.send(child, Arm(due_at=due_at, wants_answer=False))

    def _ended(self) -> None:
        self._awaited -= 1
        if self._awaited == 0 and self._asker is not None:
            self.send(self._asker, DONE)
