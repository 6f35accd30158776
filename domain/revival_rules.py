"""What an ended order becomes when the pools have answered whether its goods are still there."""

from datetime import datetime
from typing import assert_never

from domain.coverage import state_when_paid
from domain.endings import state_change
from domain.evolution import evolve, evolve_all
from domain.notices import tell_admins, tell_shopper
from domain.order import (
    By,
    Decision,
    NoticeKind,
    Order,
    OrderEvent,
    OrderLine,
    OrderRevived,
    OrderStatus,
    RefusalReason,
)
from domain.order_news import ConfirmOrdered, RevivalStock
from domain.revival import quantities, revival_wanted
from domain.rules import OrderRules
from domain.settlement import allocation, everything, settle


def on_revival_stock(
    order: Order, news: RevivalStock, rules: OrderRules, now: datetime
) -> Decision:
    """Revived with these units; or what was paid is set aside, or the admin's wish refused."""
    match order.status:
        case OrderStatus.CREATED:
            return Decision(by=By.SHOP)
        case OrderStatus.PAID:
            return _too_late(news.wish, RefusalReason.ALREADY_PAID)
        case OrderStatus.SHIPPED:
            return _too_late(news.wish, RefusalReason.ALREADY_SHIPPED)
        case OrderStatus.CANCELLED | OrderStatus.EXPIRED:
            lines = _fitting(order, news.lines)
            if news.wish is not None:
                return _on_stock_for_wish(order, lines, news.wish, rules, now)
            return _on_stock_for_money(order, lines, rules, now)
        case _:
            assert_never(order.status)


def _too_late(wish: ConfirmOrdered | None, reason: RefusalReason) -> Decision:
    if wish is None:
        return Decision(by=By.SHOP)
    return Decision(by=By.ADMIN, by_telegram_id=wish.admin_telegram_id, refusal=reason)


def _fitting(order: Order, lines: tuple[OrderLine, ...] | None) -> tuple[OrderLine, ...] | None:
    """The lines, if they are as many of each as the order had."""
    if lines is None or quantities(lines) != quantities(order.lines):
        return None
    return lines


def _on_stock_for_wish(
    order: Order,
    lines: tuple[OrderLine, ...] | None,
    wish: ConfirmOrdered,
    rules: OrderRules,
    now: datetime,
) -> Decision:
    admin = wish.admin_telegram_id
    if lines is None:
        return Decision(by=By.ADMIN, by_telegram_id=admin, refusal=RefusalReason.STOCK_SHORT)
    revived = OrderRevived(revived_at=now, lines=lines, confirmed_by_telegram_id=admin)
    told = tell_admins(NoticeKind.ADMIN_ORDER_CONFIRMED, detail=wish.reason)
    return Decision(
        by=By.ADMIN,
        by_telegram_id=admin,
        events=(*_revival(order, revived, rules), told),
        why=wish.reason,
    )


def _on_stock_for_money(
    order: Order, lines: tuple[OrderLine, ...] | None, rules: OrderRules, now: datetime
) -> Decision:
    if lines is not None and revival_wanted(order, rules):
        revived = OrderRevived(revived_at=now, lines=lines)
        told = tell_admins(NoticeKind.ADMIN_ORDER_REVIVED)
        return Decision(
            by=By.SHOP,
            events=(*_revival(order, revived, rules), told),
            why="late payments are worth the price, and the goods are there",
        )
    events = settle(order, rules, everything(order))
    return Decision(by=By.SHOP, events=events, why="the order is not revived" if events else "")


def _revival(order: Order, revived: OrderRevived, rules: OrderRules) -> tuple[OrderEvent, ...]:
    ahead = evolve(order, revived)
    changes = (revived, *state_change(ahead, (), state_when_paid(ahead)))
    paid = evolve_all(order, changes)
    return (
        *changes,
        tell_shopper(NoticeKind.ORDER_REVIVED),
        tell_shopper(NoticeKind.GOODS),
        *settle(paid, rules, allocation(paid, rules)),
    )
