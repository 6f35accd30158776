"""Addresses that are no actors: an awaited answer, and the system itself."""

import asyncio

from thespian.actors import ActorAddress, ValidatedSource
from thespian.system.messages.status import Thespian_StatusReq

from thespian_asyncio.cell import SYSTEM_ADDRESS
from thespian_asyncio.engine import Engine
from thespian_asyncio.status import system_status


class AwaitedAnswer:
    """The reply address of one ask: its first message is the answer.

    It is an alarm too: when it rings before the answer is there, the ask has timed out.

    Args:
        engine: the system.
        timeout_seconds: how long to wait.
    """

    __slots__ = ("_engine", "_timeout_seconds", "address", "future", "is_armed")

    def __init__(self, engine: Engine, timeout_seconds: float) -> None:
        self._engine = engine
        self._timeout_seconds = timeout_seconds
        self.address = engine.new_address()
        self.future: asyncio.Future[object] = engine.loop.create_future()
        self.is_armed = True
        engine.receivers[self.address.addressDetails] = self
        engine.deadlines.add(engine.time() + timeout_seconds, self)

    def accept(self, sender: ActorAddress, message: object) -> None:
        """Take the answer; whatever else is sent here is a dead letter."""
        if self.future.done():
            self._engine.dead_letter(sender, self.address, message)
        else:
            self.future.set_result(message)

    def ring(self) -> None:
        """End the wait: no answer came in time."""
        self.is_armed = False
        self.fail(TimeoutError(f"no answer within {self._timeout_seconds} seconds"))

    def fail(self, error: Exception) -> None:
        """End the wait with an error."""
        if not self.future.done():
            self.future.set_exception(error)

    def close(self) -> None:
        """Give the address up, when the wait is over."""
        self._engine.receivers.pop(self.address.addressDetails, None)
        if self.is_armed:
            self.is_armed = False
            self._engine.deadlines.disarmed(1)


class SystemReceiver:
    """The system's own address: answers status requests, hears the source authority.

    It is the sender of what needs no answer and the parent of actors without one; whatever else
    is sent here is taken without a word.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def accept(self, sender: ActorAddress, message: object) -> None:
        """Answer a status request, or take what the source authority says."""
        engine = self._engine
        if isinstance(message, Thespian_StatusReq):
            engine.send(SYSTEM_ADDRESS, sender, system_status(engine))
        elif isinstance(message, ValidatedSource):
            engine.sources.validated(sender, message)
