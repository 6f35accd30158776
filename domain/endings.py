"""How an order ends without goods: what is recorded and who is told, whoever ends it."""

from datetime import datetime

from domain.coverage import received_base_units, state_when_ended
from domain.evolution import evolve, evolve_all
from domain.notices import tell_admins, tell_shopper
from domain.order import (
    By,
    NoticeKind,
    Order,
    OrderCancelled,
    OrderEvent,
    OrderExpired,
    PaymentState,
    ReceiptsChanged,
)
from domain.payment import Receipt
from domain.rules import OrderRules
from domain.settlement import allocation, settle


def expired(
    order: Order, rules: OrderRules, now: datetime, *, counts_as_timeout: bool
) -> tuple[OrderEvent, ...]:
    """Its time is over; what was paid of it is late money from now on."""
    end = OrderExpired(
        closed_at=now,
        counts_as_timeout=counts_as_timeout,
        payment_state=state_when_ended(order),
    )
    told = (
        end,
        tell_shopper(NoticeKind.ORDER_EXPIRED),
        tell_admins(NoticeKind.ADMIN_ORDER_EXPIRED),
    )
    if not order.receipts:
        return told
    ended = evolve(order, end)
    return (
        *told,
        *late_notices(received_base_units(order)),
        *settle(ended, rules, allocation(ended, rules)),
    )


def cancelled(
    order: Order, rules: OrderRules, now: datetime, cancelled_by: By
) -> tuple[OrderEvent, ...]:
    """It is called off; what was paid of it is late money from now on."""
    end = OrderCancelled(closed_at=now, cancelled_by=cancelled_by)
    changes = (end, *state_change(order, (), state_when_ended(order)))
    ended = evolve_all(order, changes)
    return (
        *changes,
        tell_shopper(NoticeKind.ORDER_CANCELLED),
        tell_admins(NoticeKind.ADMIN_ORDER_CANCELLED),
        *late_notices(received_base_units(order)),
        *settle(ended, rules, allocation(ended, rules)),
    )


def late_notices(amount_base_units: int) -> tuple[OrderEvent, ...]:
    """Both sides are told of money that has come too late; nobody where there is none."""
    if not amount_base_units:
        return ()
    return (
        tell_shopper(NoticeKind.PAYMENT_LATE, amount_base_units),
        tell_admins(NoticeKind.ADMIN_PAYMENT_LATE, amount_base_units),
    )


def state_change(
    order: Order, changed: tuple[Receipt, ...], state: PaymentState
) -> tuple[OrderEvent, ...]:
    """The record of receipts and of how the payment stands; nothing where neither is news."""
    if not changed and state is order.payment_state:
        return ()
    return (ReceiptsChanged(receipts=changed, payment_state=state, covered_at=order.covered_at),)
