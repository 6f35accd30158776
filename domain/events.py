"""Every event that can be recorded: those of orders, and those of the shop around them."""

from dataclasses import dataclass
from datetime import datetime

from domain.catalog import ImportEntry
from domain.order import Noticed, OrderEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopperSeen:
    """Somebody used the bot; the account is made if it is new, and can be written to."""

    telegram_id: int
    telegram_username: str | None
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemsAdded:
    """Units were imported, priced in minor units of `fiat_currency`."""

    entries: tuple[ImportEntry, ...]
    fiat_currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeoutsCleared:
    """An admin forgives a shopper: the count of timeouts is 0 again."""

    telegram_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeDelivered:
    """Telegram has taken an outbox row."""

    outbox_id: int
    delivered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeUndeliverable:
    """An outbox row will never be taken as things are: the chat is gone or the bot is blocked."""

    outbox_id: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceMoved:
    """A watcher has seen the chain up to this block, and all it found is on disk."""

    coin: str
    height: int
    block_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyExported:
    """The owner was given the private key of an address; `order_id` None: of none of an order."""

    order_id: int | None
    coin: str
    address_index: int


ShopEvent = (
    ShopperSeen
    | TimeoutsCleared
    | ItemsAdded
    | NoticeDelivered
    | NoticeUndeliverable
    | PlaceMoved
    | KeyExported
    | Noticed
)
Event = OrderEvent | ShopEvent
