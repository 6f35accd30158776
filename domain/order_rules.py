"""What becomes of an order: every decision about it, as a function of order, news and time.

A decision is a list of events that are recorded together, or a refusal, or nothing. News may come
twice: what is already so leads to no event. The rules are in `domain.chain_rules` (the chain and
the clock), `domain.wish_rules` (people) and `domain.revival_rules` (the pools); what becomes of the
money is in `domain.settlement`. `docs/order-lifecycle.md` has the table of them all.
"""

from datetime import datetime
from typing import assert_never

from domain.chain_rules import on_chain_news, on_grace_over, on_warning_due
from domain.money import COINS
from domain.notices import tell_admins, tell_shopper
from domain.order import By, Decision, NoticeKind, Order, OrderCreated, OrderShipped, OrderStatus
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
from domain.revival_rules import on_revival_stock
from domain.rules import OrderRules
from domain.wish_rules import on_wish

_TOLD_OF_A_NEW_ORDER = (
    tell_shopper(NoticeKind.ORDER_CREATED),
    tell_admins(NoticeKind.ADMIN_ORDER_CREATED),
)


def decide(order: Order, news: OrderNews, rules: OrderRules, now: datetime) -> Decision:
    """What follows from `news` at `now`; recording is up to the caller."""
    match news:
        case ChainNews():
            return on_chain_news(order, news, rules, now)
        case GraceOver():
            return on_grace_over(order, news, rules, now)
        case WarningDue():
            return on_warning_due(order, rules, now)
        case GoodsTaken():
            return _on_goods_taken(order, now)
        case RevivalStock():
            return on_revival_stock(order, news, rules, now)
        case (
            CancelWished()
            | CancelOrdered()
            | ExpireOrdered()
            | ConfirmOrdered()
            | RefundMade()
            | GoodsRefunded()
            | RefundMisnamed()
            | ShipWished()
        ):
            return on_wish(order, news, rules, now)
        case _:
            assert_never(news)


def create(order: Order) -> Decision:
    """The first decision of an order: it exists, and both sides are told."""
    return Decision(
        by=By.SHOPPER,
        by_telegram_id=order.telegram_id,
        why="order placed",
        events=(OrderCreated(order=order), *_TOLD_OF_A_NEW_ORDER),
    )


def tolerance_base_units(amount_base_units: int, coin: str, rules: OrderRules) -> int:
    """The shortfall that still counts as paid: the tolerance in percent, or the coin's dust.

    Rounded down to the coin's quote unit, as the store keeps it.
    """
    percent = rules.under_payment_tolerance_percent
    numerator, denominator = percent.as_integer_ratio()
    share = amount_base_units * numerator // (denominator * 100)
    coin_rules = rules.coin(coin)
    dust = coin_rules.dust_base_units if coin_rules is not None else 0
    shortfall = min(max(share, dust), amount_base_units - 1)
    return shortfall - shortfall % COINS[coin].base_units_per_quote_unit


def _on_goods_taken(order: Order, now: datetime) -> Decision:
    if order.status is not OrderStatus.PAID:
        return Decision(by=By.SHOP)
    shipped = OrderShipped(shipped_at=now, tracking_number=None)
    return Decision(by=By.SHOP, events=(shipped,), why="digital goods were delivered")
