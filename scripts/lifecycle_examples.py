"""Orders in every status and payment situation, and all kinds of news, for the table of both.

Every order is made by the rules themselves, from a new one, so that none is there that could not
be. Its price is 10.00 USD, 0.1 LTC.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from domain.evolution import evolve_all
from domain.order import Order, OrderLine, OrderStatus, Unit
from domain.order_news import (
    CancelOrdered,
    CancelWished,
    ChainNews,
    ConfirmOrdered,
    ExpireOrdered,
    GoodsRefunded,
    GoodsTaken,
    GraceOver,
    OrderNews,
    RefundMade,
    RefundMisnamed,
    RevivalStock,
    ShipWished,
    WarningDue,
)
from domain.order_rules import decide
from domain.payment import Sighting
from domain.rules import CoinRules, LatePayment, OrderRules, OverPayment, PartialStock

_NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
_SHOPPER, _ADMIN = 70, 9
_AMOUNT = 10_000_000
_CONFIRMATIONS = 3
_RATE = Decimal(100)

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
    expiry_grace=timedelta(minutes=30),
    confirmation_timeout=timedelta(minutes=180),
    monitor_after_expiry=timedelta(hours=168),
    under_payment_tolerance_percent=Decimal("0.5"),
    coins=(
        CoinRules(
            coin="LTC",
            confirmations=_CONFIRMATIONS,
            smallest_order_base_units=1,
            dust_base_units=1_000,
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """How the payment of an order stands; `orders` has one of each status where that can be."""

    title: str
    orders: dict[OrderStatus, Order]
    shown: tuple[Sighting, ...]
    """What the chain shows of these orders' address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One kind of news, at the time at which it comes."""

    title: str
    news: OrderNews
    now: datetime


def _minutes(number: int) -> datetime:
    return _NOON + timedelta(minutes=number)


def _sighting(name: str, amount: int, confirmations: int, paid_at_minute: int = 20) -> Sighting:
    return Sighting(
        transaction_id=name,
        output_index=0,
        amount_base_units=amount,
        confirmations=confirmations,
        block_height=100 if confirmations else None,
        block_hash="b100" if confirmations else None,
        chain_time=_minutes(paid_at_minute),
        seen_at=_minutes(paid_at_minute),
    )


def _look(minute: int, shown: Iterable[Sighting]) -> ChainNews:
    return ChainNews(began_at=_minutes(minute), sightings=tuple(shown), rate=_RATE)


def _new_order() -> Order:
    return Order(
        order_id=1,
        request_id="wish",
        telegram_id=_SHOPPER,
        telegram_username=None,
        coin="LTC",
        lines=(OrderLine(subcategory_id=1, units=(Unit(unit_id=1, price_minor=1_000),)),),
        fiat_currency="USD",
        total_minor=1_000,
        rate=_RATE,
        amount_base_units=_AMOUNT,
        tolerance_base_units=_AMOUNT // 200,
        confirmations_required=_CONFIRMATIONS,
        address="address",
        address_index=0,
        created_at=_NOON,
        expires_at=_minutes(30),
    )


# --- news -----------------------------------------------------------------------------------------

_CANCEL = CancelWished(telegram_id=_SHOPPER)
_CANCEL_BY_ADMIN = CancelOrdered(admin_telegram_id=_ADMIN, reason="goods are faulty")
_EXPIRE = ExpireOrdered(admin_telegram_id=_ADMIN)
_CONFIRM = ConfirmOrdered(admin_telegram_id=_ADMIN, reason="paid in cash")
_REFUND = RefundMade(admin_telegram_id=_ADMIN, transaction_id="refund")
_GOODS_REFUND = GoodsRefunded(
    admin_telegram_id=_ADMIN, transaction_id="refund", amount_base_units=1_000_000
)
_CORRECTION = RefundMisnamed(
    admin_telegram_id=_ADMIN, wrong_transaction_id="refund", transaction_id="another"
)
_SHIP = ShipWished(admin_telegram_id=_ADMIN, tracking_number="track")
_LINES = (OrderLine(subcategory_id=1, units=(Unit(unit_id=2, price_minor=1_000),)),)


def rows(situation: Situation) -> list[Row]:
    """All news that an order in this situation can meet."""
    return [*_chain_rows(situation.shown), *_other_rows()]


def _chain_rows(shown: tuple[Sighting, ...]) -> list[Row]:
    part = _sighting("more", 1_000_000, _CONFIRMATIONS, 21)
    enough = _sighting("more", _AMOUNT, _CONFIRMATIONS, 21)
    too_late = _sighting("late", _AMOUNT, _CONFIRMATIONS, 230)
    late_part = _sighting("late", 1_000_000, _CONFIRMATIONS, 230)
    looks = [
        ("A look in time shows nothing new", 22, shown),
        ("A look after the end shows nothing new", 231, shown),
        ("0.1 LTC more, seen in time", 22, (*shown, replace(enough, confirmations=0))),
        ("0.1 LTC more, confirmed in time", 22, (*shown, enough)),
        ("0.01 LTC more, confirmed in time", 22, (*shown, part)),
        ("0.1 LTC more, confirmed after the end", 231, (*shown, too_late)),
        ("0.01 LTC more, confirmed after the end", 231, (*shown, late_part)),
    ]
    if shown:
        vanished = "All that was paid vanishes from the chain"
        looks.append((vanished, 22, ()))
    return [
        Row(title=title, news=_look(minute, sightings), now=_minutes(minute))
        for title, minute, sightings in looks
    ]


def _other_rows() -> list[Row]:
    others: list[tuple[str, OrderNews, int]] = [
        ("The chain was out of sight past the grace", GraceOver(woken_at=_NOON), 600),
        ("The warning before the end is due", WarningDue(), 26),
        ("The shopper cancels", _CANCEL, 22),
        ("An admin cancels", _CANCEL_BY_ADMIN, 22),
        ("An admin expires it", _EXPIRE, 22),
        ("An admin declares it paid", _CONFIRM, 22),
        ("An admin records a refund", _REFUND, 300),
        ("An admin records a refund of what goods were paid with", _GOODS_REFUND, 300),
        ("An admin corrects a refund", _CORRECTION, 301),
        ("An admin ships it", _SHIP, 300),
        ("Telegram has taken the goods", GoodsTaken(), 300),
        ("The pools have its goods again", RevivalStock(lines=_LINES, wish=None), 300),
        ("The pools lack its goods", RevivalStock(lines=None, wish=None), 300),
        (
            "The pools have its goods for an admin",
            RevivalStock(lines=_LINES, wish=_CONFIRM),
            300,
        ),
        ("The pools lack its goods for an admin", RevivalStock(lines=None, wish=_CONFIRM), 300),
    ]
    return [Row(title=title, news=news, now=_minutes(minute)) for title, news, minute in others]


# --- orders ---------------------------------------------------------------------------------------


def situations() -> list[Situation]:
    """Every situation of a payment, with an order of each status that can be in it."""
    return [
        _unpaid(),
        _paid_in_part(),
        _seen(),
        _confirmed(),
        _waiting_for_stock(),
        _paid_back(),
    ]


def _after(order: Order, *happened: tuple[OrderNews, int]) -> Order:
    for news, minute in happened:
        order = evolve_all(order, decide(order, news, RULES, _minutes(minute)).events)
    return order


def _by_status(*orders: Order) -> dict[OrderStatus, Order]:
    return {order.status: order for order in orders}


def _with_admins_help(paid: Order, minute: int) -> dict[OrderStatus, Order]:
    """Orders whose payment as it is does not pay them: an admin does what has to be done."""
    confirmed = _after(paid, (_CONFIRM, minute))
    return _by_status(
        paid,
        confirmed,
        _after(confirmed, (_SHIP, minute)),
        _after(paid, (_CANCEL_BY_ADMIN, minute)),
    )


def _unpaid() -> Situation:
    new = _new_order()
    confirmed = _after(new, (_CONFIRM, 20))
    return Situation(
        title="Nothing was paid (paid: an admin has declared it so)",
        orders=_by_status(
            new,
            confirmed,
            _after(confirmed, (_SHIP, 20)),
            _after(new, (_CANCEL, 20)),
            _after(new, (_look(30, ()), 30)),
        ),
        shown=(),
    )


def _paid_in_part() -> Situation:
    shown = (_sighting("part", _AMOUNT // 2, _CONFIRMATIONS),)
    part = _after(_new_order(), (_look(20, shown), 20))
    return Situation(
        title="0.05 LTC were confirmed in time (paid: an admin has declared it so)",
        orders=_with_admins_help(part, 20) | _by_status(_after(part, (_look(50, shown), 50))),
        shown=shown,
    )


def _seen() -> Situation:
    shown = (_sighting("all", _AMOUNT, 0),)
    seen = _after(_new_order(), (_look(20, shown), 20))
    return Situation(
        title="0.1 LTC were seen in time, unconfirmed (paid: an admin has declared it so)",
        orders=_with_admins_help(seen, 20) | _by_status(_after(seen, (_look(200, shown), 200))),
        shown=shown,
    )


def _confirmed() -> Situation:
    shown = (_sighting("all", _AMOUNT, _CONFIRMATIONS),)
    unconfirmed = (replace(shown[0], confirmations=0),)
    seen = _after(_new_order(), (_look(20, unconfirmed), 20))
    paid = _after(seen, (_look(21, shown), 21))
    expired = _after(seen, (_look(200, unconfirmed), 200))
    no_stock = RevivalStock(lines=None, wish=None)
    return Situation(
        title="0.1 LTC are confirmed (cancelled, expired: too late, and on the refund list)",
        orders=_by_status(
            paid,
            _after(paid, (GoodsTaken(), 22)),
            _after(seen, (_CANCEL_BY_ADMIN, 20), (_look(21, shown), 21)),
            _after(expired, (_look(210, shown), 210), (no_stock, 210)),
        ),
        shown=shown,
    )


def _waiting_for_stock() -> Situation:
    shown = (_sighting("all", _AMOUNT, _CONFIRMATIONS, 40),)
    cancelled = _after(_new_order(), (_CANCEL, 20))
    expired = _after(_new_order(), (_look(30, ()), 30))
    return Situation(
        title="0.1 LTC were confirmed after the end, and the pools have not answered yet",
        orders=_by_status(
            _after(cancelled, (_look(41, shown), 41)), _after(expired, (_look(41, shown), 41))
        ),
        shown=shown,
    )


def _paid_back() -> Situation:
    shown = (_sighting("all", 2 * _AMOUNT, _CONFIRMATIONS),)
    over = _after(_new_order(), (_look(21, shown), 21), (_REFUND, 22))
    cancelled = _after(_new_order(), (_CANCEL_BY_ADMIN, 20), (_look(21, shown), 21), (_REFUND, 22))
    expired = _after(_new_order(), (_EXPIRE, 20), (_look(21, shown), 21))
    no_stock = RevivalStock(lines=None, wish=None)
    return Situation(
        title="0.2 LTC were confirmed, and what the order does not need is paid back",
        orders=_by_status(
            over,
            _after(over, (GoodsTaken(), 22)),
            cancelled,
            _after(expired, (no_stock, 21), (_REFUND, 22)),
        ),
        shown=shown,
    )
