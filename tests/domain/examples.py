"""Orders and payments to try the rules on: an order of 10.00 USD at 100.00 a litecoin."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from domain.evolution import evolve_all
from domain.order import (
    By,
    Decision,
    MoneySetAside,
    Noticed,
    NoticeKind,
    Order,
    OrderEvent,
    OrderLine,
    OrderStatus,
    PaymentState,
    Unit,
)
from domain.order_news import (
    CancelOrdered,
    CancelWished,
    ChainNews,
    ConfirmOrdered,
    ExpireOrdered,
    GoodsRefunded,
    GraceOver,
    OrderNews,
    RefundMade,
    RevivalStock,
    ShipWished,
)
from domain.order_rules import decide
from domain.payment import Receipt, ReceiptState, Sighting
from domain.rules import CoinRules, LatePayment, OrderRules, OverPayment, PartialStock
from domain.set_aside import SetAside

SECOND = timedelta(seconds=1)
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
EXPIRY = NOON + timedelta(minutes=30)
MANY_HOURS = NOON + timedelta(minutes=600)
SHOPPER_ID = 70
ADMIN_ID = 9
AMOUNT = 10_000_000
TOLERANCE = 50_000
RATE = Decimal(100)
WAITS, PAID, SHIPPED = OrderStatus.CREATED, OrderStatus.PAID, OrderStatus.SHIPPED
CANCELLED, EXPIRED = OrderStatus.CANCELLED, OrderStatus.EXPIRED
STATUSES = (WAITS, PAID, SHIPPED, CANCELLED, EXPIRED)
RULES = OrderRules(
    fiat_currency="USD",
    timeout=timedelta(minutes=30),
    warning=timedelta(minutes=5),
    extension=timedelta(minutes=15),
    max_active=1,
    max_user_timeouts=3,
    partial_stock=PartialStock.ASK,
    late_payment=LatePayment.REVIVE,
    over_payment=OverPayment.REFUND,
    expiry_grace=timedelta(minutes=20),
    confirmation_timeout=timedelta(minutes=180),
    monitor_after_expiry=timedelta(hours=168),
    under_payment_tolerance_percent=Decimal("0.5"),
    coins=(
        CoinRules(coin="LTC", confirmations=3, smallest_order_base_units=1, dust_base_units=1_000),
        CoinRules(coin="ETH", confirmations=12, smallest_order_base_units=1, dust_base_units=5),
    ),
)
REFUNDING = replace(RULES, late_payment=LatePayment.REFUND)
CREDITING = replace(RULES, late_payment=LatePayment.CREDIT, over_payment=OverPayment.CREDIT)

CANCEL = CancelWished(telegram_id=SHOPPER_ID)
CANCEL_BY_ADMIN = CancelOrdered(admin_telegram_id=ADMIN_ID, reason="the goods are faulty")
EXPIRE_BY_ADMIN = ExpireOrdered(admin_telegram_id=ADMIN_ID)
CONFIRM = ConfirmOrdered(admin_telegram_id=ADMIN_ID, reason="paid in cash")
REFUND = RefundMade(admin_telegram_id=ADMIN_ID, transaction_id="refund-1")
GOODS_REFUND = GoodsRefunded(
    admin_telegram_id=ADMIN_ID, transaction_id="refund-1", amount_base_units=1_000
)
SHIP = ShipWished(admin_telegram_id=ADMIN_ID, tracking_number="TRACK-1")
GRACE = GraceOver(woken_at=NOON)
HELD = (OrderLine(subcategory_id=1, units=(Unit(unit_id=1, price_minor=1_000),)),)
OTHER_UNITS = (OrderLine(subcategory_id=1, units=(Unit(unit_id=8, price_minor=1_100),)),)
STOCK = RevivalStock(lines=OTHER_UNITS, wish=None)
NO_STOCK = RevivalStock(lines=None, wish=None)


def minutes(number: float) -> datetime:
    """So many minutes after the order was placed."""
    return NOON + timedelta(minutes=number)


def new_order() -> Order:
    return Order(
        order_id=1,
        request_id="wish-1",
        telegram_id=SHOPPER_ID,
        telegram_username="ann",
        coin="LTC",
        lines=HELD,
        fiat_currency="USD",
        total_minor=1_000,
        rate=RATE,
        amount_base_units=AMOUNT,
        tolerance_base_units=TOLERANCE,
        confirmations_required=3,
        address="rltc1qone",
        address_index=0,
        created_at=NOON,
        expires_at=EXPIRY,
    )


def order_that_is(status: OrderStatus) -> Order:
    """An order that has come to this status in the shortest way."""
    order = new_order()
    match status:
        case OrderStatus.CREATED:
            return order
        case OrderStatus.CANCELLED:
            return replace(order, status=status, closed_at=minutes(31), cancelled_by=By.SHOPPER)
        case OrderStatus.EXPIRED:
            return replace(order, status=status, closed_at=minutes(31), counted_as_timeout=True)
        case OrderStatus.PAID | OrderStatus.SHIPPED:
            paid = replace(
                order,
                status=status,
                payment_state=PaymentState.PAID,
                receipts=(receipt(state=ReceiptState.CONFIRMED),),
                covered_at=minutes(5),
                paid_at=minutes(10),
            )
            return replace(paid, shipped_at=minutes(11) if status is OrderStatus.SHIPPED else None)


def receipt(
    amount: int = AMOUNT,
    *,
    transaction_id: str = "aa",
    state: ReceiptState = ReceiptState.SEEN,
    in_time: bool = True,
    rate: Decimal | None = RATE,
) -> Receipt:
    height = 100 if state is ReceiptState.CONFIRMED else None
    return Receipt(
        transaction_id=transaction_id,
        output_index=0,
        amount_base_units=amount,
        state=state,
        in_time=in_time,
        rate=rate,
        block_height=height,
        block_hash=None if height is None else "h100",
        chain_time=minutes(5 if in_time else 31),
        seen_at=minutes(5 if in_time else 31),
    )


def confirmed(
    amount: int = AMOUNT,
    *,
    transaction_id: str = "aa",
    in_time: bool = True,
    rate: Decimal | None = RATE,
) -> Receipt:
    return receipt(
        amount,
        transaction_id=transaction_id,
        state=ReceiptState.CONFIRMED,
        in_time=in_time,
        rate=rate,
    )


def sighting(
    amount: int = AMOUNT,
    *,
    transaction_id: str = "aa",
    confirmations: int = 0,
    chain_time: datetime | None = None,
    seen_at: datetime | None = None,
) -> Sighting:
    height = 101 - confirmations if confirmations else None
    return Sighting(
        transaction_id=transaction_id,
        output_index=0,
        amount_base_units=amount,
        confirmations=confirmations,
        block_height=height,
        block_hash=None if height is None else f"h{height}",
        chain_time=chain_time or minutes(5),
        seen_at=seen_at or chain_time or minutes(5),
    )


def late_sighting(
    amount: int = AMOUNT, *, transaction_id: str = "late", confirmations: int = 3
) -> Sighting:
    """Seen ten minutes after the time was over."""
    return sighting(
        amount,
        transaction_id=transaction_id,
        confirmations=confirmations,
        chain_time=minutes(40),
    )


def look(began_at: datetime, *sightings: Sighting, rate: Decimal | None = RATE) -> ChainNews:
    return ChainNews(began_at=began_at, sightings=sightings, rate=rate)


def step(
    order: Order, news: OrderNews, now: datetime, rules: OrderRules = RULES
) -> tuple[Order, Decision]:
    """The order after the news, and what was decided."""
    decision = decide(order, news, rules, now)
    return evolve_all(order, decision.events), decision


def looked(
    order: Order,
    began_at: datetime,
    *sightings: Sighting,
    rules: OrderRules = RULES,
    rate: Decimal | None = RATE,
) -> tuple[Order, Decision]:
    """The order after a look that showed this, decided on a second later."""
    return step(order, look(began_at, *sightings, rate=rate), began_at + SECOND, rules)


def told(decision: Decision) -> list[NoticeKind]:
    return [event.kind for event in decision.events if isinstance(event, Noticed)]


def notice(decision: Decision, kind: NoticeKind) -> Noticed:
    """The only notice of this kind."""
    (found,) = (e for e in decision.events if isinstance(e, Noticed) and e.kind is kind)
    return found


def amount_told(decision: Decision, kind: NoticeKind) -> int | None:
    """The amount that the only notice of this kind names."""
    return notice(decision, kind).amount_base_units


def kinds(decision: Decision) -> list[type[OrderEvent]]:
    """The types of its events, in order, without the notices."""
    return [type(event) for event in decision.events if not isinstance(event, Noticed)]


def set_aside_by(decision: Decision) -> list[SetAside]:
    return [event.set_aside for event in decision.events if isinstance(event, MoneySetAside)]
