"""What all actors of the shop have in common: kind, name, state, timers, unknown messages."""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta

from loguru import logger
from thespian.actors import (
    ActorAddress,
    ActorExitRequest,
    ChildActorExited,
    DeadEnvelope,
    PoisonMessage,
)

from actors.environment import Clock, SystemClock
from actors.inspection import FiguresGiven, GetFigures
from actors.messages import ActorFailed
from thespian_asyncio import OutsideActor

_NO_TIME = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """The payload of a wakeup. Wakeups cannot be cancelled: one that is not armed is stale.

    `is_pause`: it is a span that matters, and not the time of day at which it is over.
    """

    kind: str
    due_at: datetime
    is_pause: bool = False


class ShopActor(OutsideActor):
    """An actor that the operator sees under its kind and name.

    `kind` is the same for a class, `name` tells its instances apart, `state` is one word.
    """

    kind = "actor"

    def __init__(self) -> None:
        super().__init__()
        self.name = ""
        self.state = "new"
        self.unrecognized_messages = 0
        self.clock: Clock = SystemClock()
        self.alert_to: ActorAddress | None = None
        self._armed: dict[str, Timer] = {}

    def inspection(self) -> dict[str, object]:
        """Plain values for the operator; shows nothing of money, goods or keys."""
        return {
            "kind": self.kind,
            "name": self.name,
            "state": self.state,
            "unrecognized": self.unrecognized_messages,
        }

    def arm(self, kind: str, due_at: datetime) -> None:
        """Be woken by a `Timer` of this kind at `due_at`; an earlier one of the kind is stale."""
        timer = Timer(kind=kind, due_at=due_at)
        if self._armed.get(kind) == timer:
            return
        self._armed[kind] = timer
        self.wakeupAfter(max(due_at - self.clock.now(), _NO_TIME), payload=timer)

    def arm_after(self, kind: str, pause: timedelta) -> None:
        """Be woken after a pause, however the clock is set meanwhile; an earlier one is stale."""
        timer = Timer(kind=kind, due_at=self.clock.now() + pause, is_pause=True)
        self._armed[kind] = timer
        self.wakeupAfter(max(pause, _NO_TIME), payload=timer)

    def is_armed(self, kind: str) -> bool:
        """Whether a timer of this kind has still to ring."""
        return kind in self._armed

    def disarm(self, kind: str) -> None:
        """Make the timer of this kind stale."""
        self._armed.pop(kind, None)

    def rings(self, payload: object) -> Timer | None:
        """The timer that a wakeup's payload is, if it is the armed one; it is spent thereby.

        One that waits for a time of day may ring before it, where that clock was set back or runs
        a little slower than the loop's: then it is armed again.
        """
        if not isinstance(payload, Timer) or self._armed.get(payload.kind) != payload:
            return None
        del self._armed[payload.kind]
        if not payload.is_pause and self.clock.now() < payload.due_at:
            self.arm(payload.kind, payload.due_at)
            return None
        return payload

    def receiveMsg_GetFigures(self, _message: GetFigures, sender: ActorAddress) -> None:
        """For the operator, on a base that cannot look into its actors."""
        figures = FiguresGiven(
            name=self.name,
            state=str(self.state),
            timers=tuple((timer.kind, timer.due_at) for timer in self._armed.values()),
            process_id=os.getpid(),
        )
        self.send(sender, figures)

    # The names of the handlers below are Thespian's.

    def receiveMsg_PoisonMessage(self, message: PoisonMessage, _sender: ActorAddress) -> None:
        """Somebody could not take a message of ours: it is logged where it failed, and here."""
        poisoned = type(message.poisonMessage).__name__
        logger.error("{} {}: {} failed at its receiver", self.kind, self.name, poisoned)
        if self.alert_to is not None:
            failed = ActorFailed(kind=self.kind, name=self.name, message=poisoned)
            self.send(self.alert_to, failed)

    def receiveMsg_DeadEnvelope(self, message: DeadEnvelope, _sender: ActorAddress) -> None:
        """Only a dead letter handler gets these."""
        logger.warning("{}: dead letter {}", self.name, type(message.deadMessage).__name__)

    def receiveMsg_ActorExitRequest(self, message: ActorExitRequest, _sender: ActorAddress) -> None:
        """Nothing to let go of but the outside, which closes by itself."""

    def receiveMsg_ChildActorExited(self, message: ChildActorExited, _sender: ActorAddress) -> None:
        """Only the root has children."""

    def receiveUnrecognizedMessage(self, message: object, _sender: ActorAddress) -> None:
        """Count and log what nobody here knows: it is a mistake in the program."""
        self.unrecognized_messages += 1
        logger.error("{} {}: unknown message {}", self.kind, self.name, type(message).__name__)
