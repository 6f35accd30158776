"""What actors send out to a coroutine: an address, and the messages that come to it."""

import asyncio
from collections.abc import Callable
from typing import Self

from thespian.actors import ActorAddress

from thespian_asyncio.engine import Engine


class Subscription:
    """Messages to one address, in the order in which they come, for one reader.

    Give `address` to actors and go through the subscription with `async for`, which ends when
    the subscription is closed or the system shut down and all that came before has been read.
    What the system tells of itself (ActorSystemMessage, poison too) comes as any other message.
    Messages wait without bound: who subscribes has to read. As a context manager it closes itself.

    Args:
        engine: the system.
        on_close: told when it is given up.
    """

    def __init__(self, engine: Engine, on_close: Callable[["Subscription"], None]) -> None:
        self._engine = engine
        self._on_close = on_close
        self._messages: asyncio.Queue[object] = asyncio.Queue()
        self._is_closed = False
        self.address: ActorAddress = engine.new_address()
        engine.register(self.address, self)

    def accept(self, _sender: ActorAddress, message: object) -> None:
        """Keep a message for the reader."""
        self._messages.put_nowait(message)

    def close(self) -> None:
        """Give the address up: what is sent to it from now on is a dead letter."""
        if self._is_closed:
            return
        self._is_closed = True
        self._engine.unregister(self.address)
        self._messages.put_nowait(_End())
        self._on_close(self)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> object:
        """Wait for the next message."""
        if self._is_closed and self._messages.empty():
            raise StopAsyncIteration
        message = await self._messages.get()
        if isinstance(message, _End):
            raise StopAsyncIteration
        return message

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


class _End:
    """Behind the last message."""
