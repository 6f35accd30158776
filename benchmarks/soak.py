"""Ten million messages and a million actors created and gone: does anything stay behind?

Each actor arms a timer far away, is asked three times, and exits with the timer still armed; so its
life is ten messages, its parent's part included. Memory after the first tenth, when everything
that is kept for reuse is there, is held against memory at the end.
"""

import asyncio
import gc
import time
from collections.abc import Callable
from dataclasses import dataclass

from thespian.actors import Actor, ActorAddress, ActorExitRequest, ChildActorExited

from benchmarks.measuring import BenchmarkError, machine, progress, resident_bytes
from benchmarks.subject import FAR_SECONDS, LIMIT_SECONDS, PING, PONG
from benchmarks.thespian_actors import DONE, Arm, AskedActor
from thespian_asyncio import ActorSystemBase

ACTORS = 1_000_000
ACTORS_AT_ONCE = 100
QUESTIONS = 3
GROWTH_PERCENT_AT_MOST = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveAndDie:
    """Let so many actors live and die; answered with DONE when all are gone."""

    actors: int


class ParentActor(Actor):
    """Creates actors, asks each, and ends it after its last answer."""

    def __init__(self) -> None:
        """Start without children."""
        super().__init__()
        self._asker: ActorAddress | None = None
        self._alive = 0
        self._awaited: dict[str, int] = {}

    def receiveMessage(self, msg: object, sender: ActorAddress) -> None:
        """Create, count answers, end."""
        if msg == PONG:
            self._answered(sender)
        elif isinstance(msg, LiveAndDie):
            self._asker = sender
            self._alive = msg.actors
            for _ in range(msg.actors):
                self._create()
        elif isinstance(msg, ChildActorExited):
            self._alive -= 1
            if self._alive == 0 and self._asker is not None:
                self.send(self._asker, DONE)

    def _create(self) -> None:
        child = self.createActor(AskedActor)
        self._awaited[child.actorAddressString] = QUESTIONS + 1
        self.send(child, Arm(due_at=time.monotonic() + FAR_SECONDS, wants_answer=True))
        for _ in range(QUESTIONS):
            self.send(child, PING)

    def _answered(self, child: ActorAddress) -> None:
        key = child.actorAddressString
        self._awaited[key] -= 1
        if self._awaited[key] == 0:
            del self._awaited[key]
            self.send(child, ActorExitRequest())


@dataclass(frozen=True, slots=True, kw_only=True)
class Soaked:
    """What came of it; what `memory` gave after the first tenth and at the end."""

    messages: int
    memory_after_tenth: int
    memory_at_end: int
    leftovers: dict[str, int]


async def soak(actors: int, memory: Callable[[], int]) -> Soaked:
    """Let actors live and die in a new system, ACTORS_AT_ONCE at a time, then end that too.

    Raises:
        BenchmarkError: something else than was agreed was answered.
    """
    base = ActorSystemBase(None)
    registered_before = len(base._engine.receivers)  # noqa: SLF001 - what stays behind is inside
    parent = base.newPrimaryActor(ParentActor)
    await _live_and_die(base, parent, range(actors // 10))
    memory_after_tenth = _settled(memory)
    await _live_and_die(base, parent, range(actors // 10, actors))
    memory_at_end = _settled(memory)
    base.tell_async(parent, ActorExitRequest())
    messages = base.inspect().totals.handled
    while base.inspect().totals.actors:  # noqa: ASYNC110 - an exit is no event outside the system
        await asyncio.sleep(0)
    leftovers = _leftovers(base, registered_before)
    await base.shutdown_async()
    return Soaked(
        messages=messages,
        memory_after_tenth=memory_after_tenth,
        memory_at_end=memory_at_end,
        leftovers=leftovers,
    )


def measure(actors: int = ACTORS) -> dict[str, object]:
    """Soak with resident memory; `failures` says what was not as wanted."""
    about = machine()
    soaked = asyncio.run(soak(actors, resident_bytes))
    growth = soaked.memory_at_end / soaked.memory_after_tenth - 1
    result: dict[str, object] = {
        "messages": soaked.messages,
        "actors": actors,
        "rss_after_tenth_bytes": soaked.memory_after_tenth,
        "rss_at_end_bytes": soaked.memory_at_end,
        "growth_percent": round(growth * 100, 2),
        "leftovers": soaked.leftovers,
        "machine": about,
    }
    return {**result, "failures": _failures(growth * 100, soaked.leftovers)}


async def _live_and_die(base: ActorSystemBase, parent: ActorAddress, numbers: range) -> None:
    for first in numbers[::ACTORS_AT_ONCE]:
        if first % (ACTORS // 10) == 0:
            progress(f"{first:,} actors have lived and died")
        count = min(ACTORS_AT_ONCE, numbers.stop - first)
        answer = await base.ask_async(parent, LiveAndDie(actors=count), LIMIT_SECONDS)
        if answer != DONE:
            raise BenchmarkError(f"{count} actors to live and die: {answer!r} was answered")


def _settled(memory: Callable[[], int]) -> int:
    gc.collect()
    return memory()


def _leftovers(base: ActorSystemBase, registered_before: int) -> dict[str, int]:
    engine = base._engine  # noqa: SLF001 - what stays behind is inside
    return {
        "registry_entries": len(engine.receivers) - registered_before,
        "cells": len(engine.cells),
        "timers": engine.timers.pending,
        "deadlines_of_asks": engine.deadlines.pending,
        "global_names": len(engine.global_names),
        "dead_letters": engine.dead_letters,
    }


def _failures(growth_percent: float, leftovers: dict[str, int]) -> list[str]:
    failures = [f"{count} {name} stayed behind" for name, count in leftovers.items() if count]
    if growth_percent > GROWTH_PERCENT_AT_MOST:
        failures.append(f"memory grew by {growth_percent:.1f} % since the first tenth")
    return failures
