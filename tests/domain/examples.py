"""Orders and payments to try the rules on: an order of 10.00 USD at 100.00 a litecoin."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from domain.order import (
    Decision,
    Noticed,
    NoticeKind,
    Order,
    OrderEvent,
    OrderLine,
    OrderStatus,
    PaymentState,
    Unit,
    evolve,
)
from domain.order_rules import ChainNews, OrderNews, decide
from domain.payment import Receipt, ReceiptState, Sighting
from domain.rules import CoinRules, OrderRules

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
EXPIRY = NOON + timedelta(minutes=30)
SHOPPER_ID = 70
AMOUNT = 10_000_000
TOLERANCE = 50_000
RULES = OrderRules(
    fiat_currency="USD",
    timeout=timedelta(minutes=30),
    expiry_grace=timedelta(minutes=20),
    confirmation_timeout=timedelta(minutes=180),
    monitor_after_expiry=timedelta(hours=168),
    under_payment_tolerance_percent=Decimal("0.5"),
    coins=(
        CoinRules(coin="LTC", confirmations=3, smallest_order_base_units=1, dust_base_units=1_000),
        CoinRules(coin="ETH", confirmations=12, smallest_order_base_units=1, dust_base_units=5),
    ),
)


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
        lines=(OrderLine(subcategory_id=1, units=(Unit(unit_id=1, price_minor=1_000),)),),
        fiat_currency="USD",
        total_minor=1_000,
        rate=Decimal(100),
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
        case OrderStatus.CANCELLED | OrderStatus.EXPIRED:
            return replace(order, status=status, closed_at=minutes(31))
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
) -> Receipt:
    height = 100 if state is ReceiptState.CONFIRMED else None
    return Receipt(
        transaction_id=transaction_id,
        output_index=0,
        amount_base_units=amount,
        state=state,
        in_time=in_time,
        block_height=height,
        block_hash=None if height is None else "h100",
        chain_time=minutes(5 if in_time else 31),
        seen_at=minutes(5 if in_time else 31),
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


def look(began_at: datetime, *sightings: Sighting) -> ChainNews:
    return ChainNews(began_at=began_at, sightings=sightings)


def after(order: Order, events: Iterable[OrderEvent]) -> Order:
    for event in events:
        order = evolve(order, event)
    return order


def step(order: Order, news: OrderNews, now: datetime) -> tuple[Order, Decision]:
    """The order after the news, and what was decided."""
    decision = decide(order, news, RULES, now)
    return after(order, decision.events), decision


def looked(order: Order, began_at: datetime, *sightings: Sighting) -> tuple[Order, Decision]:
    """The order after a look that showed this, decided on a second later."""
    return step(order, look(began_at, *sightings), began_at + timedelta(seconds=1))


def told(decision: Decision) -> list[NoticeKind]:
    return [event.kind for event in decision.events if isinstance(event, Noticed)]


def amount_told(decision: Decision, kind: NoticeKind) -> int | None:
    """The amount that the only notice of this kind names."""
    (notice,) = (e for e in decision.events if isinstance(e, Noticed) and e.kind is kind)
    return notice.amount_base_units
