"""The shop's actors as the rest of the program sees them, on either system base."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from loguru import logger

from actors.messages import ShopStarted, ShopStopped, StartFailed, StartShop, StopShop
from gateway.bridge import ShopBridge

# Taking up a hundred thousand open orders takes a while; it is a start, not a question.
START_TIMEOUT_SECONDS = 600.0
STOP_TIMEOUT_SECONDS = 30.0


class StartRefusedError(Exception):
    """The shop cannot start as it is set up; the text says why and what to do."""


class ShopLostError(Exception):
    """The shop has lost its root while it was open; start the program again."""


class ShopActors(Protocol):
    """The shop's actors, and the gateway's way to them."""

    @property
    def bridge(self) -> ShopBridge:
        """To ask the shop and to look at the system."""
        ...

    @property
    def lost(self) -> asyncio.Event:
        """Set when the root is gone and cannot be started again but with the whole program."""
        ...

    async def start(self, start: StartShop) -> None:
        """Start everyone from the store.

        Raises:
            StartRefusedError: settings and store do not fit, or the store cannot be opened.
            TimeoutError: it took longer than any start may.
        """
        ...

    async def stop(self) -> None:
        """Stop everyone in order, whoever writes last, and wait until all is written."""
        ...


NewActors = Callable[[], ShopActors]
"""Gives the actors; called once, in the running loop."""


async def open_shop(bridge: ShopBridge, start: StartShop) -> None:
    """Tell the root to start everyone; raises what `ShopActors.start` does."""
    match await bridge.ask(start, START_TIMEOUT_SECONDS):
        case ShopStarted(live_orders=live_orders):
            logger.info("the shop is open, {} live orders", live_orders)
        case StartFailed(why=why):
            raise StartRefusedError(why)
        case answer:
            raise StartRefusedError(f"the shop failed at its start: {type(answer).__name__}")


async def close_shop(bridge: ShopBridge) -> None:
    """Tell the root to stop everyone in order; one that does not is told of in the log."""
    try:
        answer = await bridge.ask(StopShop(), STOP_TIMEOUT_SECONDS)
    except TimeoutError:
        answer = None
    if not isinstance(answer, ShopStopped):
        logger.error("the actors did not stop in order: {}", answer)
