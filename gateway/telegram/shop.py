"""What every page of the bot works with: the shop's choices, the way to the actors, the store."""

from collections.abc import Mapping
from dataclasses import dataclass

from loguru import logger

from domain.rules import PartialStock
from gateway.bridge import ShopBridge
from gateway.texts import Texts
from store.queries import StoreReader

ANSWER_TIMEOUT_SECONDS = 15.0
"""How long a shopper waits for the actors; an order is several trips to the disk."""

IMPORT_TIMEOUT_SECONDS = 120.0
"""How long an admin waits for an import, which may be 20 MB in one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramShop:
    """What the owner has chosen that the bot needs to know.

    `coins` are the symbols of the coins that are enabled, in the order of their buttons;
    `networks` maps a coin to "main" or the name of its test network, which invoices then say;
    `partial_stock`: what becomes of a wish for more than there is.
    """

    admin_ids: frozenset[int]
    currency: str
    coins: tuple[str, ...]
    networks: Mapping[str, str]
    partial_stock: PartialStock
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer:
    """The actors did not answer in time: what was asked for may or may not have happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The things that handlers share."""

    bridge: ShopBridge
    reader: StoreReader
    shop: TelegramShop
    texts: Texts

    async def ask(self, message: object, timeout_seconds: float = ANSWER_TIMEOUT_SECONDS) -> object:
        """The actors' answer, or `NoAnswer`."""
        try:
            return await self.bridge.ask(message, timeout_seconds)
        except TimeoutError:
            kind = type(message).__name__
            logger.warning("no answer to {} within {} s", kind, timeout_seconds)
            return NoAnswer()
