"""News of an order: what the chain, the clock, the pools and people say that it has to act upon."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.order import OrderLine
from domain.payment import Sighting

# --- the world ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainNews:
    """All that the chain shows of the order's address, from a look begun at `began_at`.

    `rate` is the price of one coin now, in the shop's currency, at which late money is valued; None
    where none is known, or none is needed (see `domain.receipts.needs_rate`).
    """

    began_at: datetime
    sightings: tuple[Sighting, ...]
    rate: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GraceOver:
    """The chain could not be looked at for as long as an order may wait for it.

    `woken_at` is since when the shop has been there to look.
    """

    woken_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningDue:
    """The time to pay is nearly over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsTaken:
    """Telegram has taken the digital goods."""


# --- people ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelWished:
    """The shopper wants no more of it."""

    telegram_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOrdered:
    """An admin calls the order off; its money, if any, never revives it."""

    admin_telegram_id: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireOrdered:
    """An admin ends the wait for the payment; the shopper is not to blame for it."""

    admin_telegram_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmOrdered:
    """An admin declares the order paid, whatever the chain shows, for a reason."""

    admin_telegram_id: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundMade:
    """An admin has paid money of the order back, in this transaction.

    `amount_base_units` is how much it was; None: all that waits to be paid back.
    """

    admin_telegram_id: int
    transaction_id: str
    amount_base_units: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsRefunded:
    """An admin has paid back what the goods were paid with, or a part of it, in this transaction.

    `amount_base_units` is how much it was, with all that waited to be paid back.
    """

    admin_telegram_id: int
    transaction_id: str
    amount_base_units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundMisnamed:
    """An admin has recorded a refund under a wrong transaction: it was this one."""

    admin_telegram_id: int
    wrong_transaction_id: str
    transaction_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipWished:
    """An admin says that the goods are on their way, or handed over by other means."""

    admin_telegram_id: int
    tracking_number: str | None


# --- the pools ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RevivalStock:
    """What the pools say to an ended order that would be paid after all.

    `lines`: the units that they hold for it, as many of each subcategory as it had; None where
    something is missing. `wish`: the admin's, if that is why they were asked.
    """

    lines: tuple[OrderLine, ...] | None
    wish: ConfirmOrdered | None


WorldNews = ChainNews | GraceOver | WarningDue | GoodsTaken | RevivalStock
Wish = (
    CancelWished
    | CancelOrdered
    | ExpireOrdered
    | ConfirmOrdered
    | RefundMade
    | GoodsRefunded
    | RefundMisnamed
    | ShipWished
)
OrderNews = WorldNews | Wish
