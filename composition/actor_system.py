"""The actor system with the shop in it, as the rest of the process sees it."""

import asyncio
from dataclasses import dataclass

from loguru import logger
from thespian.actors import ActorAddress, ActorSystem, PoisonMessage

from actors.messages import (
    ShopStarted,
    ShopStopped,
    ShopUnavailable,
    StartFailed,
    StartShop,
    StopShop,
)
from actors.shop import Shop
from thespian_asyncio import ActorSystemBase, SystemInspection, join_executors

# Taking up a hundred thousand open orders takes a while; it is a start, not a question.
START_TIMEOUT_SECONDS = 600.0
STOP_TIMEOUT_SECONDS = 30.0


class StartRefusedError(Exception):
    """The shop cannot start as it is set up; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class ActorBridge:
    """The gateway's way to the actors (`gateway.bridge.ShopBridge`)."""

    base: ActorSystemBase
    shop: ActorAddress

    async def ask(self, message: object, timeout_seconds: float) -> object:
        """The root's answer.

        Raises:
            TimeoutError: none came in time.
        """
        answer = await self.base.ask_async(self.shop, message, timeout_seconds)
        if isinstance(answer, PoisonMessage):
            logger.error("the shop failed at {}", type(message).__name__)
            return ShopUnavailable(why="the shop failed at this")
        return answer

    def inspect(self, *, after: str | None, limit: int, kind: str | None) -> SystemInspection:
        """A page of actors."""
        return self.base.inspect(after=after, limit=limit, kind=kind)


class ShopActors:
    """The shop's actors in the running loop."""

    def __init__(self) -> None:
        self._base = ActorSystemBase(None)
        self._system = ActorSystem(systemBase=self._base, transientUnique=True)
        self._shop = self._system.createActor(Shop)
        self.bridge = ActorBridge(self._base, self._shop)

    async def start(self, start: StartShop) -> None:
        """Start everyone from the store.

        Raises:
            StartRefusedError: settings and store do not fit, or the store cannot be opened.
            TimeoutError: it took longer than any start may.
        """
        answer = await self._base.ask_async(self._shop, start, START_TIMEOUT_SECONDS)
        match answer:
            case ShopStarted(live_orders=live_orders):
                logger.info("the shop is open, {} live orders", live_orders)
            case StartFailed(why=why):
                raise StartRefusedError(why)
            case _:
                raise StartRefusedError(f"the shop failed at its start: {type(answer).__name__}")

    async def stop(self) -> None:
        """Stop everyone in order, whoever writes last."""
        try:
            answer = await self._base.ask_async(self._shop, StopShop(), STOP_TIMEOUT_SECONDS)
        except TimeoutError:
            answer = None
        if not isinstance(answer, ShopStopped):
            logger.error("the actors did not stop in order within {} s", STOP_TIMEOUT_SECONDS)
        await self._base.shutdown_async()
        if not await asyncio.to_thread(join_executors, STOP_TIMEOUT_SECONDS):
            logger.error("a thread is still at work after {} s", STOP_TIMEOUT_SECONDS)
