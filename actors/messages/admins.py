"""What an admin wishes of the shop, by way of the gateway, and what is answered.

Wishes about one order are answered by `OrderChanged` or `OrderRefused`, as those of shoppers.
"""

from dataclasses import dataclass
from datetime import datetime

from actors.messages.chain import ReadBeside
from domain.catalog import ImportEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipOrder:
    """The goods are on their way."""

    order_id: int
    admin_telegram_id: int
    tracking_number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOrderByAdmin:
    """An order that awaits its payment is called off; money of it never revives it."""

    order_id: int
    admin_telegram_id: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireOrder:
    """The wait for a payment is over; the shopper is not to blame."""

    order_id: int
    admin_telegram_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmOrder:
    """An order counts as paid, whatever the chain shows; one that has ended where stock allows."""

    order_id: int
    admin_telegram_id: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRefund:
    """Money of an order was paid back, in this transaction.

    `amount_base_units` is how much it was; None: all that waits to be paid back.
    """

    order_id: int
    admin_telegram_id: int
    transaction_id: str
    amount_base_units: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordGoodsRefund:
    """What the goods of an order were paid with was paid back, or a part of it.

    `amount_base_units` is how much it was, with all that waited to be paid back.
    """

    order_id: int
    admin_telegram_id: int
    transaction_id: str
    amount_base_units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectRefund:
    """A refund of an order that is recorded under a wrong transaction was made in this one."""

    order_id: int
    admin_telegram_id: int
    wrong_transaction_id: str
    transaction_id: str


AdminWish = (
    ShipOrder
    | CancelOrderByAdmin
    | ExpireOrder
    | ConfirmOrder
    | RecordRefund
    | RecordGoodsRefund
    | CorrectRefund
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchAgain:
    """Look at an order's address again, however long ago the order ended.

    `read` is what was found on the chain meanwhile: it is booked as any payment is. Answered by
    `WatchedAgain` or `OrderRefused`.
    """

    order_id: int
    read: ReadBeside | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedAgain:
    """The watcher has been told; `until` None: until the order has ended."""

    order_id: int
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TellDifferences:
    """The store and a chain differ: tell the admins, a line for each. `DifferencesTold` answers."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferencesTold:
    """It is on disk that they are to be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearTimeouts:
    """A shopper may order again, however many orders ran out. `TimeoutsWereCleared` answers."""

    telegram_id: int
    admin_telegram_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeoutsWereCleared:
    """It is on disk; so it is for somebody whom the shop does not know, too."""

    telegram_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportItems:
    """Units to sell. The same `request_id` again gets the first answer: `ItemsImported`."""

    request_id: str
    admin_telegram_id: int | None
    entries: tuple[ImportEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemsImported:
    """So many were added; `known_places` were already in their subcategory and were skipped."""

    added: int
    known_places: tuple[int, ...]
