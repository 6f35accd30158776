"""The shop's actors in the running event loop: `thespian_asyncio`."""

import asyncio
import sys
from dataclasses import dataclass

from loguru import logger
from thespian.actors import ActorAddress, ActorSystem, PoisonMessage

from actors.messages import ShopUnavailable, StartShop
from actors.shop import Shop
from composition.actor_system import STOP_TIMEOUT_SECONDS, close_shop, open_shop
from composition.garbage import look_rarely_at_old_objects
from thespian_asyncio import ActorSystemBase, SystemInspection, join_executors

# How long a thread may keep the interpreter's lock while another waits for it. The ledger's thread
# lets go of it at every statement; by Python's default of 5 ms it would wait too long for a loop
# that is busy with other orders.
_SWITCH_SECONDS = 0.0005


@dataclass(frozen=True, slots=True)
class LoopBridge:
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

    async def inspect(self, *, after: str | None, limit: int, kind: str | None) -> SystemInspection:
        """A page of actors in the order of their creation."""
        return self.base.inspect(after=after, limit=limit, kind=kind)


class ShopInLoop:
    """The shop's actors in the running loop (`composition.actor_system.ShopActors`)."""

    def __init__(self) -> None:
        sys.setswitchinterval(_SWITCH_SECONDS)
        self.lost = asyncio.Event()
        self._base = ActorSystemBase(None)
        self._system = ActorSystem(systemBase=self._base, transientUnique=True)
        self.bridge = LoopBridge(self._base, self._system.createActor(Shop))

    async def start(self, start: StartShop) -> None:
        """Start everyone from the store."""
        look_rarely_at_old_objects()
        await open_shop(self.bridge, start)

    async def stop(self) -> None:
        """Stop everyone in order, whoever writes last."""
        await close_shop(self.bridge)
        await self._base.shutdown_async()
        if not await asyncio.to_thread(join_executors, STOP_TIMEOUT_SECONDS):
            logger.error("a thread is still at work after {} s", STOP_TIMEOUT_SECONDS)
