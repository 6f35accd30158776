"""The way from the gateway into the actor system."""

from typing import Protocol

from thespian_asyncio import SystemInspection


class ShopBridge(Protocol):
    """What the gateway may do with the actors: ask the shop, and look at the system."""

    async def ask(self, message: object, timeout_seconds: float) -> object:
        """The root actor's answer to a message.

        Raises:
            TimeoutError: no answer came in time; whether the message had an effect is not known.
        """
        ...

    def inspect(self, *, after: str | None, limit: int, kind: str | None) -> SystemInspection:
        """A page of actors in the order of their creation, and the totals.

        Raises:
            ValueError: `after` is not the `next` of an earlier page.
        """
        ...
