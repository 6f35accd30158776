"""What people may wish of an order, and what follows."""

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from domain.coverage import state_when_paid
from domain.endings import cancelled, expired, state_change
from domain.evolution import evolve_all
from domain.notices import tell_admins, tell_shopper
from domain.order import (
    By,
    Decision,
    NoticeKind,
    Order,
    OrderEvent,
    OrderPaid,
    OrderShipped,
    OrderStatus,
    RefusalReason,
)
from domain.order_news import (
    CancelOrdered,
    CancelWished,
    ConfirmOrdered,
    ExpireOrdered,
    GoodsRefunded,
    RefundMade,
    RefundMisnamed,
    ShipWished,
    Wish,
)
from domain.refunds import on_goods_refunded, on_refund_made, on_refund_misnamed
from domain.revival import revival_wanted
from domain.rules import OrderRules
from domain.settlement import allocation, settle


def on_wish(  # noqa: PLR0911 - one return a wish
    order: Order, wish: Wish, rules: OrderRules, now: datetime
) -> Decision:
    """What follows from somebody's wish."""
    match wish:
        case CancelWished():
            return _on_cancel_wished(order, wish, rules, now)
        case CancelOrdered():
            return _on_cancel_ordered(order, wish, rules, now)
        case ExpireOrdered():
            return _on_expire_ordered(order, wish, rules, now)
        case ConfirmOrdered():
            return _on_confirm_ordered(order, wish, rules, now)
        case RefundMade():
            return on_refund_made(order, wish)
        case GoodsRefunded():
            return on_goods_refunded(order, wish)
        case RefundMisnamed():
            return on_refund_misnamed(order, wish)
        case ShipWished():
            return _on_ship_wished(order, wish, now)
        case _:
            assert_never(wish)


# --- ending it ------------------------------------------------------------------------------------


def _on_cancel_wished(
    order: Order, wish: CancelWished, rules: OrderRules, now: datetime
) -> Decision:
    refusal = _refusal_of_shopper(order, wish)
    if refusal is not None:
        return Decision(by=By.SHOPPER, by_telegram_id=wish.telegram_id, refusal=refusal)
    return Decision(
        by=By.SHOPPER,
        by_telegram_id=wish.telegram_id,
        events=cancelled(order, rules, now, By.SHOPPER),
        why="cancelled by the shopper",
    )


def _refusal_of_shopper(order: Order, wish: CancelWished) -> RefusalReason | None:
    if order.telegram_id != wish.telegram_id:
        return RefusalReason.NOT_YOURS
    if order.status is OrderStatus.CREATED and any(r.on_chain for r in order.receipts):
        return RefusalReason.PAYMENT_SEEN
    return _no_longer_awaiting(order.status)


def _on_cancel_ordered(
    order: Order, wish: CancelOrdered, rules: OrderRules, now: datetime
) -> Decision:
    refusal = _no_longer_awaiting(order.status)
    if refusal is not None:
        return _refused(wish.admin_telegram_id, refusal)
    events = cancelled(order, rules, now, By.ADMIN)
    return _by_admin(wish.admin_telegram_id, wish.reason, events)


def _on_expire_ordered(
    order: Order, wish: ExpireOrdered, rules: OrderRules, now: datetime
) -> Decision:
    refusal = _no_longer_awaiting(order.status)
    if refusal is not None:
        return _refused(wish.admin_telegram_id, refusal)
    events = expired(order, rules, now, counts_as_timeout=False)
    wants_stock = revival_wanted(evolve_all(order, events), rules)
    decision = _by_admin(wish.admin_telegram_id, "expired by an admin", events)
    return replace(decision, wants_stock=wants_stock)


def _no_longer_awaiting(status: OrderStatus) -> RefusalReason | None:
    match status:
        case OrderStatus.CREATED:
            return None
        case OrderStatus.PAID:
            return RefusalReason.ALREADY_PAID
        case OrderStatus.SHIPPED:
            return RefusalReason.ALREADY_SHIPPED
        case OrderStatus.CANCELLED | OrderStatus.EXPIRED:
            return RefusalReason.ALREADY_ENDED
        case _:
            assert_never(status)


# --- confirming it --------------------------------------------------------------------------------


def _on_confirm_ordered(
    order: Order, wish: ConfirmOrdered, rules: OrderRules, now: datetime
) -> Decision:
    match order.status:
        case OrderStatus.CREATED:
            events = _confirmed(order, wish, rules, now)
            return _by_admin(wish.admin_telegram_id, wish.reason, events)
        case OrderStatus.CANCELLED | OrderStatus.EXPIRED:
            # Its units may be sold by now: nothing is promised before the pools have answered.
            return Decision(by=By.ADMIN, by_telegram_id=wish.admin_telegram_id, wants_stock=True)
        case OrderStatus.PAID:
            return _refused(wish.admin_telegram_id, RefusalReason.ALREADY_PAID)
        case OrderStatus.SHIPPED:
            return _refused(wish.admin_telegram_id, RefusalReason.ALREADY_SHIPPED)
        case _:
            assert_never(order.status)


def _confirmed(
    order: Order, wish: ConfirmOrdered, rules: OrderRules, now: datetime
) -> tuple[OrderEvent, ...]:
    paid = OrderPaid(paid_at=now, confirmed_by_telegram_id=wish.admin_telegram_id)
    state = state_when_paid(evolve_all(order, (paid,)))
    changes = (*state_change(order, (), state), paid)
    ahead = evolve_all(order, changes)
    return (
        *changes,
        tell_shopper(NoticeKind.GOODS),
        tell_admins(NoticeKind.ADMIN_ORDER_CONFIRMED, detail=wish.reason),
        *settle(ahead, rules, allocation(ahead, rules)),
    )


# --- sending it ----------------------------------------------------------------------------------


def _on_ship_wished(order: Order, wish: ShipWished, now: datetime) -> Decision:
    match order.status:
        case OrderStatus.PAID:
            shipped = OrderShipped(shipped_at=now, tracking_number=wish.tracking_number)
            told = tell_shopper(NoticeKind.ORDER_SHIPPED, detail=wish.tracking_number)
            return _by_admin(wish.admin_telegram_id, "marked as shipped", (shipped, told))
        case OrderStatus.SHIPPED:
            return _refused(wish.admin_telegram_id, RefusalReason.ALREADY_SHIPPED)
        case OrderStatus.CREATED:
            return _refused(wish.admin_telegram_id, RefusalReason.NOT_PAID)
        case OrderStatus.CANCELLED | OrderStatus.EXPIRED:
            return _refused(wish.admin_telegram_id, RefusalReason.ALREADY_ENDED)
        case _:
            assert_never(order.status)


# --- small helpers --------------------------------------------------------------------------------


def _by_admin(admin_telegram_id: int, why: str, events: tuple[OrderEvent, ...]) -> Decision:
    return Decision(by=By.ADMIN, by_telegram_id=admin_telegram_id, why=why, events=events)


def _refused(admin_telegram_id: int, reason: RefusalReason) -> Decision:
    return Decision(by=By.ADMIN, by_telegram_id=admin_telegram_id, refusal=reason)
