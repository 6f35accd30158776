"""When something about an order is due. Whether it still holds then, its rules decide."""

from datetime import datetime
from typing import assert_never

from domain.order import Order, OrderStatus
from domain.rules import OrderRules


def decision_due(order: Order, rules: OrderRules) -> datetime | None:
    """When the hold is to be given up unless a look begun then shows otherwise.

    None where nothing is held that a deadline could free.
    """
    if order.status is not OrderStatus.CREATED:
        return None
    if order.covered_at is not None:
        return max(order.expires_at, order.covered_at + rules.confirmation_timeout)
    return order.expires_at


def grace_due(order: Order, rules: OrderRules, woken_at: datetime) -> datetime | None:
    """When to give the hold up although the chain cannot be looked at.

    Counted from the moment at which the shop was there to look: a payment made while it was down is
    found by the first look, and that look comes first.
    """
    due = decision_due(order, rules)
    return None if due is None else max(due, woken_at) + rules.expiry_grace


def warning_due(order: Order, rules: OrderRules) -> datetime | None:
    """When to warn the shopper that the time to pay is nearly over.

    None where there is nothing to warn of: the order waits for no payment, one that covers it was
    seen, the shopper was warned of this very end, or was told of it no earlier than that moment.
    """
    if order.status is not OrderStatus.CREATED or order.covered_at is not None:
        return None
    if not rules.warning or order.warned_of == order.expires_at:
        return None
    due = order.expires_at - rules.warning
    told_at = order.extended_at or order.created_at
    return due if due > told_at else None


def watch_until(order: Order, rules: OrderRules) -> datetime | None:
    """Until when the address is watched; None while the order has not ended."""
    match order.status:
        case OrderStatus.CREATED | OrderStatus.PAID:
            return None
        case OrderStatus.SHIPPED:
            ended_at = order.shipped_at
        case OrderStatus.CANCELLED | OrderStatus.EXPIRED:
            ended_at = order.closed_at
        case _:
            assert_never(order.status)
    return watched_after(ended_at, rules)


def watched_after(ended_at: datetime | None, rules: OrderRules) -> datetime | None:
    """Until when the address of an order that ended then is watched; None: it has not ended."""
    return None if ended_at is None else ended_at + rules.monitor_after_expiry
