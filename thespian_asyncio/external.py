"""Addresses that are no actors: an awaited answer, and the system itself."""

import asyncio

from thespian.actors import ActorAddress
from thespian.system.messages.status import Thespian_StatusReq

from thespian_asyncio.cell import SYSTEM_ADDRESS
from thespian_asyncio.engine import Engine
from thespian_asyncio.status import system_status


class AwaitedAnswer:
    """The reply address of one ask: its first message is the answer, then it is gone."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.address = engine.new_address()
        self._future: asyncio.Future[object] = engine.loop.create_future()
        engine.register(self.address, self)

    def accept(self, _sender: ActorAddress, message: object) -> None:
        """Take the answer; whatever else is sent here is a dead letter from now on."""
        self._engine.unregister(self.address)
        if not self._future.done():
            self._future.set_result(message)

    def fail(self, error: Exception) -> None:
        """End the wait with an error."""
        if not self._future.done():
            self._future.set_exception(error)

    async def wait(self, timeout_seconds: float) -> object:
        """Wait for the answer.

        Raises:
            TimeoutError: none came within `timeout_seconds`.
        """
        error = TimeoutError(f"no answer within {timeout_seconds} seconds")
        handle = self._engine.loop.call_later(timeout_seconds, self.fail, error)
        try:
            return await self._future
        finally:
            handle.cancel()
            self._engine.unregister(self.address)


class SystemReceiver:
    """The system's own address: answers status requests, takes the rest without a word.

    It is the sender of what needs no answer and the parent of actors without one.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def accept(self, sender: ActorAddress, message: object) -> None:
        """Answer a status request."""
        if isinstance(message, Thespian_StatusReq):
            engine = self._engine
            status = system_status(
                engine.capabilities, engine.global_names, engine.dead_letter_handler
            )
            engine.send(SYSTEM_ADDRESS, sender, status)
