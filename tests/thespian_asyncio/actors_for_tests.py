"""Actors that the tests of the event-loop base share."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from thespian.actors import Actor, ActorAddress, ActorSystemMessage, PoisonMessage, WakeupMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """Send `message` to `target`."""

    target: ActorAddress
    message: object


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerTo:
    """Send `message` to `reply_to`."""

    reply_to: ActorAddress
    message: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """Create a child of `actor_class` and answer with its address."""

    actor_class: type[Actor]
    global_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wake:
    """Arm one wake-up after each of `delays_seconds`, with the delay as its payload."""

    delays_seconds: tuple[float, ...]


class Recorder(Actor):
    """Records what it gets, and tells it when asked "tell"; poisons and wake-ups included."""

    kind: ClassVar[str] = "recorder"

    def __init__(self) -> None:
        """Start with nothing."""
        super().__init__()
        self.got: list[object] = []

    def receiveMessage(self, msg: object, sender: ActorAddress) -> object:
        """Do what is asked, and record everything else."""
        match msg:
            case "tell":
                self.send(sender, list(self.got))
            case Create():
                self.send(sender, self.createActor(msg.actor_class, globalName=msg.global_name))
            case Wake():
                for delay in msg.delays_seconds:
                    self.wakeupAfter(delay, delay)
            case Forward():
                self.send(msg.target, msg.message)
            case AnswerTo():
                self.send(msg.reply_to, msg.message)
            case _:
                self.got.append(_recorded(msg))
        return None


def _recorded(message: object) -> object:
    match message:
        case WakeupMessage():
            return ("woken", message.payload)
        case PoisonMessage():
            return ("poison", message.poisonMessage)
        case ActorSystemMessage():
            return type(message).__name__
        case _:
            return message


class Echo(Actor):
    """Sends everything back."""

    def receiveMessage(self, msg: object, sender: ActorAddress) -> object:
        """Answer with the message."""
        if not isinstance(msg, ActorSystemMessage):
            self.send(sender, msg)
        return None


class Failing(Actor):
    """Raises at "fail" always, at "fail once" the first time; answers "runs" with its runs."""

    def __init__(self) -> None:
        """Start with no run."""
        super().__init__()
        self.runs = 0

    def receiveMessage(self, msg: object, sender: ActorAddress) -> object:
        """Count, then fail or answer."""
        if msg == "runs":
            self.send(sender, self.runs)
        elif isinstance(msg, str):
            self.runs += 1
            if msg == "fail" or self.runs == 1:
                raise ValueError(msg)
            self.send(sender, "done")
        return None


class Unborn(Actor):
    """Cannot be made."""

    def __init__(self) -> None:
        """Refuse."""
        super().__init__()
        raise ValueError("not to be born")


async def until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds; five seconds at most."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what is waited for knows of no event
            await asyncio.sleep(0.001)
