"""Trees of actors that send, fail, exit and arm timers, and note all that happens to them."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from typing import ClassVar

from thespian.actors import (
    Actor,
    ActorAddress,
    ActorExitRequest,
    ChildActorExited,
    DeadEnvelope,
    PoisonMessage,
    WakeupMessage,
)

CLOCK_SECONDS = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Spawn:
    """Create a child with the number `child`."""

    child: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Send a note for each number in `targets`, in this order."""

    targets: tuple[int, ...]
    failures: int
    then: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """Arm a timer."""

    delay_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What actors send each other: fails in its first `failures` runs, then goes on to `then`."""

    number: int
    source: int
    target: int
    failures: int
    then: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Armed:
    """One timer of one actor; times are the loop's."""

    number: int
    due_at: float


Pair = tuple[int, int]


@dataclass(slots=True)
class World:
    """All that was done and all that came of it, by the numbers of actors and notes."""

    addresses: dict[int, ActorAddress] = field(default_factory=dict)
    parents: dict[int, int | None] = field(default_factory=dict)
    notes: dict[int, Note] = field(default_factory=dict)
    sent: dict[Pair, list[int]] = field(default_factory=lambda: defaultdict(list))
    handled: dict[Pair, list[int]] = field(default_factory=lambda: defaultdict(list))
    dead: dict[Pair, list[int]] = field(default_factory=lambda: defaultdict(list))
    runs: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    poisoned: list[tuple[int, int]] = field(default_factory=list)
    dead_poisons: list[int] = field(default_factory=list)
    heard: list[tuple[int, str]] = field(default_factory=list)
    exit_begun_at: dict[int, float] = field(default_factory=dict)
    armed: dict[int, list[Armed]] = field(default_factory=lambda: defaultdict(list))
    woken: dict[int, list[Armed]] = field(default_factory=lambda: defaultdict(list))
    woken_early: list[Armed] = field(default_factory=list)

    def send(self, actor: Actor, source: int, target: int, order: Send | Note) -> None:
        """Send a note, where its target was ever created, and write down that it was sent."""
        if target not in self.addresses:
            return
        failures, then = (order.failures, order.then) if isinstance(order, Send) else (0, None)
        number = len(self.notes)
        note = Note(number=number, source=source, target=target, failures=failures, then=then)
        self.notes[number] = note
        self.sent[source, target].append(number)
        actor.send(self.addresses[target], note)


class Node(Actor):
    """One actor of the forest; `world` is set by a subclass of each run."""

    world: ClassVar[World]
    number: int

    def receiveMessage(self, msg: object, _sender: ActorAddress) -> object:
        """Do what is ordered and note what happens."""
        world = self.world
        match msg:
            case int():
                self.number = msg
            case Spawn() if msg.child not in world.addresses:
                child = self.createActor(type(self))
                world.addresses[msg.child] = child
                world.parents[msg.child] = self.number
                self.send(child, msg.child)
            case Send():
                for target in msg.targets:
                    world.send(self, self.number, target, msg)
            case Arm():
                self._arm(msg)
            case Note():
                self._handle(msg)
            case _:
                self._hear(msg)
        return None

    def _arm(self, msg: Arm) -> None:
        now = asyncio.get_running_loop().time()
        armed = Armed(number=len(self.world.armed[self.number]), due_at=now + msg.delay_seconds)
        self.world.armed[self.number].append(armed)
        self.wakeupAfter(msg.delay_seconds, armed)

    def _handle(self, note: Note) -> None:
        world = self.world
        world.runs[note.number] += 1
        if world.runs[note.number] == 1:
            world.handled[note.source, note.target].append(note.number)
        if world.runs[note.number] <= note.failures:
            raise ValueError(note.number)
        if note.then is not None:
            world.send(self, self.number, note.then, note)

    def _hear(self, msg: object) -> None:
        world = self.world
        match msg:
            case PoisonMessage():
                world.poisoned.append((self.number, msg.poisonMessage.number))
            case WakeupMessage():
                world.woken[self.number].append(msg.payload)
                if asyncio.get_running_loop().time() < msg.payload.due_at - CLOCK_SECONDS:
                    world.woken_early.append(msg.payload)
            case ChildActorExited():
                world.heard.append((self.number, msg.childAddress.actorAddressString))
            case ActorExitRequest():
                world.exit_begun_at[self.number] = asyncio.get_running_loop().time()


class Undertaker(Actor):
    """Notes what reached nobody."""

    world: ClassVar[World]

    def receiveMessage(self, msg: object, sender: ActorAddress) -> object:
        """Start with the first word; note every dead letter."""
        if isinstance(msg, DeadEnvelope):
            letter = msg.deadMessage
            if isinstance(letter, Note):
                self.world.dead[letter.source, letter.target].append(letter.number)
            elif isinstance(letter, PoisonMessage):
                self.world.dead_poisons.append(letter.poisonMessage.number)
        elif msg == "start":
            self.handleDeadLetters()
            self.send(sender, "started")
        return None
