"""What the one writer is asked and what it answers.

Jobs are taken in the order in which they were asked; an answer is given only when everything before
it is on disk, and so is the answer of a query that ran behind a write. How a shopper stands is told
as it is when all that was taken together with the question is done.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from domain.events import Event
from domain.order import Audience, By, NoticeKind, Order, Unit
from domain.payment import Receipt
from store.report_contract import (
    GetReported,
    ReportedLoaded,
    ReportNotWritten,
    ReportWritten,
    WriteReport,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterSettings:
    """What the writer has to know of the shop.

    Who the admins are, how many orders of a shopper may await payment at a time, and with how many
    timeouts a shopper gets no more orders.
    """

    admin_telegram_ids: tuple[int, ...]
    max_active_orders: int
    max_user_timeouts: int


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
    REQUEST_TAKEN = "request_taken"
    """Another shopper's wish under the same `request_id` has made an order."""
    ORDER_REFUSED = "order_refused"
    ACTIVE_ORDER = "active_order"
    TOO_MANY_TIMEOUTS = "too_many_timeouts"
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
class GetAddressesToWatch:
    """Addresses of orders that are not ended or ended after `ended_after`, by the order's id.

    Answered by `AddressesToWatch`, with those of orders after `after_order_id`.
    """

    coin: str
    ended_after: datetime
    after_order_id: int
    limit: int


class AddressToWatch(NamedTuple):
    """An order's address and what is recorded of it; `ended_at` None: the order has not ended.

    There are very many of them at a start, and a tuple is made in a fraction of the time.
    """

    order_id: int
    address: str
    confirmations_required: int
    ended_at: datetime | None
    receipts: tuple[Receipt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressesToWatch:
    """One page; fewer than `limit` where there are no more."""

    coin: str
    addresses: tuple[AddressToWatch, ...]
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GetOpenOrders:
    """Whole orders that have not ended, by id, between two ids. Answered by `OpenOrders`."""

    after_order_id: int
    before_order_id: int
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrders:
    """One page; fewer than `limit` where there are no more."""

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
    """`next_address_index` is one above the highest index that an order of the coin has.

    `recorded_at`: when the chain had been taken in up to that block; None where it never was.
    """

    coin: str
    height: int | None
    block_hash: str | None
    next_address_index: int
    recorded_at: datetime | None = None


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
class GetStanding:
    """May this shopper order, and was this wish made before? Answered by `Standing`."""

    telegram_id: int
    request_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a shopper stands; zeros and None for somebody whom the store does not know.

    `active_orders` are ids of orders that await payment; `balance_minor` is in the shop's currency;
    `earlier_order` is what the wish `request_id` has made already, whatever became of it.
    """

    telegram_id: int
    request_id: str | None
    timeout_count: int
    active_orders: tuple[int, ...]
    balance_minor: int
    language: str | None
    earlier_order: Order | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GetOverdueOrders:
    """Orders whose holds should have been given up by now. Answered by `OverdueOrders`.

    Those which await payment, expired before `expires_before`, and, where payments that cover them
    were seen, first saw those before `covered_before`.
    """

    expires_before: datetime
    covered_before: datetime
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueOrders:
    """The longest overdue first."""

    order_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GetUnsettledOrders:
    """Ended orders with confirmed money that is neither credited nor on the refund list.

    Answered by `UnsettledOrders`, by id, after `after_order_id`.
    """

    after_order_id: int
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsettledOrders:
    """What is wanted of them, stock or a place for the money, was cut off by a crash."""

    order_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GetStuckNotices:
    """Outbox rows written before `before` that are not sent. Answered by `StuckNotices`."""

    before: datetime
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StuckNotices:
    """Oldest first, of both audiences."""

    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneCommands:
    """Forget the answers to at most `limit` commands of before `before`. See `store.commands`.

    Answered by `CommandsPruned`.
    """

    before: datetime
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandsPruned:
    """How many are forgotten; fewer than the limit where no more are left."""

    count: int


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
    | GetAddressesToWatch
    | GetOpenOrders
    | GetPool
    | SettleOrder
    | GetPlace
    | GetGoodsDelivery
    | GetPendingNotices
    | GetStanding
    | GetOverdueOrders
    | GetUnsettledOrders
    | GetStuckNotices
    | PruneCommands
    | WriteReport
    | GetReported
)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobBroken:
    """A question broke in a way that nobody foresaw; the log has why. Asked again it would, too."""

    job: str


Answer = (
    Recorded
    | RecordRefused
    | OrderLoaded
    | AddressesToWatch
    | OpenOrders
    | PoolLoaded
    | OrderSettled
    | PlaceLoaded
    | GoodsDelivery
    | NoticesWritten
    | Standing
    | OverdueOrders
    | UnsettledOrders
    | StuckNotices
    | CommandsPruned
    | ReportWritten
    | ReportNotWritten
    | ReportedLoaded
    | JobBroken
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchDone:
    """The answers to a batch of jobs, in their order, and the outbox rows that it wrote."""

    answers: tuple[Answer, ...]
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFacts:
    """What the shop must know of the store before it starts.

    `live_orders` counts those that have not ended, `balance_currencies` are those in which shoppers
    have balances that are not zero.
    """

    next_order_id: int
    live_orders: int
    subcategory_ids: tuple[int, ...]
    unsold_currencies: tuple[str, ...]
    open_coins: tuple[str, ...]
    balance_currencies: tuple[str, ...]
