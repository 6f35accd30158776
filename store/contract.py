"""What the one writer is asked and what it answers.

Jobs are taken in the order in which they were asked; an answer is given only when everything before
it is on disk, and so is the answer of a query that ran behind a write.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.events import Event
from domain.order import Audience, By, NoticeKind, Order, Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Write these events in one transaction, once.

    `order_id` and `expected_version` are given where the events change an order that exists.
    Answered by `Recorded` or `RecordRefused`; a repeat of `command_id` gets the first `Recorded`.
    """

    command_id: str
    events: tuple[Event, ...]
    at: datetime
    by: By
    by_telegram_id: int | None = None
    why: str = ""
    order_id: int | None = None
    expected_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """It is on disk.

    `order_id` is the order that the command made, or had made when it came the first time.
    `added` counts the units of an import and `known_places` are the entries it skipped;
    `added_units` are its new units as (subcategory id, units), by subcategory.
    """

    command_id: str
    order_id: int | None = None
    added: int = 0
    added_units: tuple[tuple[int, tuple[Unit, ...]], ...] = ()
    known_places: tuple[int, ...] = ()


class RecordRefusalReason(StrEnum):
    """Why nothing was written."""

    STALE_VERSION = "stale_version"
    UNIT_TAKEN = "unit_taken"
    ORDER_REFUSED = "order_refused"
    ACTIVE_ORDER = "active_order"
    CONSTRAINT = "constraint"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRefused:
    """Nothing of it was written. `order_id` is the order that stands in the way, if one does."""

    command_id: str
    reason: RecordRefusalReason
    detail: str = ""
    order_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GetOrder:
    """Answered by `OrderLoaded`."""

    order_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLoaded:
    """The order as it is on disk, or None."""

    order_id: int
    order: Order | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GetOrdersToWatch:
    """Orders that are not ended or ended after `ended_after`, by id, after `after_order_id`.

    Answered by `OrdersToWatch`. `coin` None: of all coins.
    """

    coin: str | None
    ended_after: datetime
    after_order_id: int
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersToWatch:
    """One page; fewer than `limit` where there are no more."""

    coin: str | None
    orders: tuple[Order, ...]
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GetPool:
    """Answered by `PoolLoaded`."""

    subcategory_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolLoaded:
    """The free units of a pool, oldest first, and what unpaid orders hold.

    `newest_unit_id` is the highest id that a unit of the pool ever had, sold ones included.
    """

    subcategory_id: int
    free: tuple[Unit, ...]
    holds: tuple[tuple[int, tuple[Unit, ...]], ...]
    newest_unit_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleOrder:
    """Was this order recorded? If not, refuse it from now on. Answered by `OrderSettled`."""

    order_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSettled:
    """What became of an order: `holding` its units unpaid, or they are `sold`, or neither."""

    order_id: int
    holding: bool
    sold: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GetPlace:
    """How far a chain was taken in, and addresses given out. Answered by `PlaceLoaded`."""

    coin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceLoaded:
    """`next_address_index` is one above the highest index that an order of the coin has."""

    coin: str
    height: int | None
    block_hash: str | None
    next_address_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GetGoodsDelivery:
    """Has Telegram taken the goods of this order? Answered by `GoodsDelivery`."""

    order_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsDelivery:
    """When it did; None where it has not."""

    order_id: int
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One outbox row. Its text is made from the store when it is sent."""

    outbox_id: int
    audience: Audience
    chat_id: int
    kind: NoticeKind
    order_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GetPendingNotices:
    """Answered by `NoticesWritten` with the unsent rows after `after_outbox_id`, oldest first."""

    audience: Audience
    after_outbox_id: int
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticesWritten:
    """Rows that are on disk and not sent."""

    audience: Audience
    notices: tuple[Notice, ...]


Job = (
    Record
    | GetOrder
    | GetOrdersToWatch
    | GetPool
    | SettleOrder
    | GetPlace
    | GetGoodsDelivery
    | GetPendingNotices
)
Answer = (
    Recorded
    | RecordRefused
    | OrderLoaded
    | OrdersToWatch
    | PoolLoaded
    | OrderSettled
    | PlaceLoaded
    | GoodsDelivery
    | NoticesWritten
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchDone:
    """The answers to a batch of jobs, in their order, and the outbox rows that it wrote."""

    answers: tuple[Answer, ...]
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFacts:
    """What the shop must know of the store before it starts."""

    next_order_id: int
    subcategory_ids: tuple[int, ...]
    unsold_currencies: tuple[str, ...]
    open_coins: tuple[str, ...]
