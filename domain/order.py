"""An order and what can become of it: values and events.

The rules that turn news into events are in `domain.order_rules`, and what an event makes of an
order in `domain.evolution`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from domain.payment import Receipt
from domain.set_aside import SetAside


class OrderStatus(StrEnum):
    """The life of an order, whatever its payment is doing."""

    CREATED = "created"
    PAID = "paid"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class PaymentState(StrEnum):
    """How the payment of an order stands, whatever became of the order."""

    NONE = "none"
    SEEN = "seen"
    PARTIAL = "partial"
    PAID = "paid"
    OVER = "over"
    LATE = "late"
    REVERSED = "reversed"


class NoticeKind(StrEnum):
    """What a notice tells; the text is made when it is sent."""

    ORDER_CREATED = "order_created"
    EXPIRY_WARNING = "payment_timeout_warning"
    PAYMENT_SEEN = "payment_seen"
    PAYMENT_PARTIAL = "payment_partial"
    PAYMENT_VANISHED = "payment_vanished"
    PAYMENT_LATE = "payment_late"
    PAYMENT_OVER = "payment_over"
    MONEY_CREDITED = "money_credited"
    MONEY_TO_REFUND = "money_to_refund"
    REFUND_WITHDRAWN = "refund_withdrawn"
    MONEY_REFUNDED = "money_refunded"
    REFUND_CORRECTED = "refund_corrected"
    GOODS = "goods"
    ORDER_REVIVED = "order_revived"
    ORDER_EXPIRED = "order_expired"
    ORDER_CANCELLED = "order_cancelled"
    ORDER_SHIPPED = "order_shipped"
    ADMIN_ORDER_CREATED = "admin_order_created"
    ADMIN_PAYMENT_SEEN = "admin_payment_seen"
    ADMIN_PAYMENT_RECEIVED = "admin_payment_received"
    ADMIN_PAYMENT_OVER = "admin_payment_over"
    ADMIN_PAYMENT_LATE = "admin_payment_late"
    ADMIN_PAYMENT_REVERSED = "admin_payment_reversed"
    ADMIN_MONEY_CREDITED = "admin_money_credited"
    ADMIN_MONEY_TO_REFUND = "admin_money_to_refund"
    ADMIN_REFUND_WITHDRAWN = "admin_refund_withdrawn"
    ADMIN_ORDER_REVIVED = "admin_order_revived"
    ADMIN_ORDER_CONFIRMED = "admin_order_confirmed"
    ADMIN_ORDER_EXPIRED = "admin_order_expired"
    ADMIN_ORDER_CANCELLED = "admin_order_cancelled"
    ADMIN_ORDER_SHIPPED = "admin_order_shipped"
    ADMIN_UNDELIVERABLE = "admin_undeliverable"
    ADMIN_ALERT = "admin_alert"


class Audience(StrEnum):
    """Who is told."""

    SHOPPER = "shopper"
    ADMINS = "admins"


class By(StrEnum):
    """Who caused a change, for the audit log."""

    SHOPPER = "shopper"
    ADMIN = "admin"
    CHAIN = "chain"
    CLOCK = "clock"
    SHOP = "shop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One sellable unit with its own price."""

    unit_id: int
    price_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """The units that an order holds of one subcategory, oldest first."""

    subcategory_id: int
    units: tuple[Unit, ...]

    @property
    def total_minor(self) -> int:
        """Sum of the prices of its units, in minor units of the shop's currency."""
        return sum(unit.price_minor for unit in self.units)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order with everything that decisions about it need.

    `rate` is the price of one coin in `fiat_currency`, locked for the order. When something
    about it is due, `domain.deadlines` says. `version` counts the recorded changes.
    """

    order_id: int
    request_id: str
    telegram_id: int
    telegram_username: str | None
    coin: str
    lines: tuple[OrderLine, ...]
    fiat_currency: str
    total_minor: int
    rate: Decimal
    amount_base_units: int
    tolerance_base_units: int
    confirmations_required: int
    address: str
    address_index: int
    created_at: datetime
    expires_at: datetime
    sealed_key: str | None = field(default=None, repr=False)
    """The private key of the address, sealed; None where the shop has none."""
    status: OrderStatus = OrderStatus.CREATED
    payment_state: PaymentState = PaymentState.NONE
    version: int = 1
    receipts: tuple[Receipt, ...] = ()
    covered_at: datetime | None = None
    """When payments that cover the amount were first seen; None while they do not."""
    paid_at: datetime | None = None
    shipped_at: datetime | None = None
    closed_at: datetime | None = None
    """When it was cancelled or expired; None again once it is revived."""
    cancelled_by: By | None = None
    counted_as_timeout: bool = False
    extended_at: datetime | None = None
    """When `expires_at` was put off, which happens once."""
    warned_of: datetime | None = None
    """The `expires_at` of which the shopper was warned."""
    revived_at: datetime | None = None
    confirmed_by_telegram_id: int | None = None
    """The admin who declared it paid."""
    set_asides: tuple[SetAside, ...] = ()

    @property
    def holds_units(self) -> bool:
        """Whether its units are out of everyone else's reach."""
        return self.status in (OrderStatus.CREATED, OrderStatus.PAID, OrderStatus.SHIPPED)

    @property
    def ended_by_a_look(self) -> bool:
        """Whether it expired because a look begun after its time showed too little.

        Such expiries, and no others, count as timeouts.
        """
        return self.status is OrderStatus.EXPIRED and self.counted_as_timeout

    @property
    def sufficient_base_units(self) -> int:
        """The least that counts as paid."""
        return self.amount_base_units - self.tolerance_base_units


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCreated:
    """The order exists, with its units held and its address given out."""

    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptsChanged:
    """Receipts that are new or stand differently now, and how the payment stands with them."""

    receipts: tuple[Receipt, ...]
    payment_state: PaymentState
    covered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPaid:
    """Confirmed payments cover the order, or an admin says so: its units are sold."""

    paid_at: datetime
    confirmed_by_telegram_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRevived:
    """An ended order is paid after all, with units that were free; `lines` are what it has now.

    `confirmed_by_telegram_id`: an admin says so; None: confirmed payments are worth enough.
    """

    revived_at: datetime
    lines: tuple[OrderLine, ...]
    confirmed_by_telegram_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeExtended:
    """A part is paid: there is more time for the rest, once."""

    extended_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiryWarned:
    """The shopper is told that the time runs out at `expires_at`."""

    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneySetAside:
    """A part of a confirmed receipt was credited or put on the refund list."""

    set_aside: SetAside


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAsideWithdrawn:
    """What was set aside is needed for the order after all, or its receipt was reversed."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRecorded:
    """An admin has paid back what was set aside under `number`."""

    number: int
    transaction_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundCorrected:
    """What is recorded under `number` was paid back in another transaction than was said."""

    number: int
    wrong_transaction_id: str
    transaction_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderExpired:
    """Its time ran out; units go back. `counts_as_timeout` is false where the shop was blind."""

    closed_at: datetime
    counts_as_timeout: bool
    payment_state: PaymentState


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancelled:
    """Called off by the shopper, before any payment was seen, or by an admin; units go back."""

    closed_at: datetime
    cancelled_by: By


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderShipped:
    """The goods are with the shopper, or on their way under `tracking_number`."""

    shipped_at: datetime
    tracking_number: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """Somebody is to be told. Amounts and names are looked up when the text is made."""

    kind: NoticeKind
    audience: Audience
    amount_base_units: int | None = None
    detail: str | None = None


OrderEvent = (
    OrderCreated
    | ReceiptsChanged
    | OrderPaid
    | OrderExpired
    | OrderCancelled
    | OrderRevived
    | OrderShipped
    | TimeExtended
    | ExpiryWarned
    | MoneySetAside
    | SetAsideWithdrawn
    | RefundRecorded
    | RefundCorrected
    | Noticed
)


class RefusalReason(StrEnum):
    """Why an order or a wish about an order was refused."""

    STOCK_SHORT = "stock_short"
    UNKNOWN_GOODS = "unknown_goods"
    COIN_UNAVAILABLE = "coin_unavailable"
    NO_RATE = "no_rate"
    TOO_SMALL = "too_small"
    ADDRESSES_UNAVAILABLE = "addresses_unavailable"
    ACTIVE_ORDER = "active_order"
    NOT_FOUND = "not_found"
    NOT_YOURS = "not_yours"
    PAYMENT_SEEN = "payment_seen"
    ALREADY_ENDED = "already_ended"
    NOT_PAID = "not_paid"
    ALREADY_PAID = "already_paid"
    ALREADY_SHIPPED = "already_shipped"
    TOO_MANY_TIMEOUTS = "too_many_timeouts"
    REQUEST_TAKEN = "request_taken"
    """Another shopper has ordered under the same `request_id`; ask under one of your own."""
    NOTHING_TO_REFUND = "nothing_to_refund"
    OTHER_AMOUNT_TO_REFUND = "other_amount_to_refund"
    UNKNOWN_REFUND = "unknown_refund"
    """No refund of the order is recorded under that transaction."""
    SHOP_UNAVAILABLE = "shop_unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What follows from a message: events to record together, or a refusal, or nothing.

    `wants_stock`: when the events, if any, are recorded, the pools are to be asked for what the
    order had, and their answer is news (`domain.order_news.RevivalStock`).
    """

    by: By
    events: tuple[OrderEvent, ...] = ()
    refusal: RefusalReason | None = None
    why: str = ""
    by_telegram_id: int | None = None
    wants_stock: bool = False
