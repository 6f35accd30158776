"""What an event makes of an order. An order is nothing but the sum of its events."""

from dataclasses import replace
from typing import assert_never

from domain.order import (
    ExpiryWarned,
    MoneySetAside,
    Noticed,
    Order,
    OrderCancelled,
    OrderCreated,
    OrderEvent,
    OrderExpired,
    OrderPaid,
    OrderRevived,
    OrderShipped,
    OrderStatus,
    ReceiptsChanged,
    RefundCorrected,
    RefundRecorded,
    SetAsideWithdrawn,
    TimeExtended,
)
from domain.set_aside import SetAsideState

_Ending = OrderExpired | OrderCancelled
_Payment = OrderPaid | OrderRevived
_Money = MoneySetAside | SetAsideWithdrawn | RefundRecorded | RefundCorrected


def evolve(order: Order, event: OrderEvent) -> Order:  # noqa: PLR0911 - one return an event
    """The order after the event; the version is counted by whoever records (one a transaction)."""
    match event:
        case OrderCreated():
            return event.order
        case ReceiptsChanged():
            return _with_receipts(order, event)
        case OrderPaid() | OrderRevived():
            return _paid(order, event)
        case OrderExpired() | OrderCancelled():
            return _ended(order, event)
        case OrderShipped():
            return replace(order, status=OrderStatus.SHIPPED, shipped_at=event.shipped_at)
        case TimeExtended():
            return replace(order, expires_at=event.expires_at, extended_at=event.extended_at)
        case ExpiryWarned():
            return replace(order, warned_of=event.expires_at)
        case MoneySetAside() | SetAsideWithdrawn() | RefundRecorded() | RefundCorrected():
            return _with_money(order, event)
        case Noticed():
            return order
        case _:
            assert_never(event)


def evolve_all(order: Order, events: tuple[OrderEvent, ...]) -> Order:
    """The order after all of the events, in their order."""
    for event in events:
        order = evolve(order, event)
    return order


def _with_receipts(order: Order, event: ReceiptsChanged) -> Order:
    merged = {receipt.receipt_id: receipt for receipt in order.receipts}
    merged |= {receipt.receipt_id: receipt for receipt in event.receipts}
    return replace(
        order,
        receipts=tuple(merged.values()),
        payment_state=event.payment_state,
        covered_at=event.covered_at,
    )


def _paid(order: Order, event: _Payment) -> Order:
    match event:
        case OrderPaid():
            return replace(
                order,
                status=OrderStatus.PAID,
                paid_at=event.paid_at,
                confirmed_by_telegram_id=event.confirmed_by_telegram_id,
            )
        case OrderRevived():
            return replace(
                order,
                status=OrderStatus.PAID,
                lines=event.lines,
                paid_at=event.revived_at,
                revived_at=event.revived_at,
                closed_at=None,
                counted_as_timeout=False,
                confirmed_by_telegram_id=event.confirmed_by_telegram_id,
            )
        case _:
            assert_never(event)


def _ended(order: Order, event: _Ending) -> Order:
    match event:
        case OrderExpired():
            return replace(
                order,
                status=OrderStatus.EXPIRED,
                closed_at=event.closed_at,
                counted_as_timeout=event.counts_as_timeout,
                payment_state=event.payment_state,
            )
        case OrderCancelled():
            return replace(
                order,
                status=OrderStatus.CANCELLED,
                closed_at=event.closed_at,
                cancelled_by=event.cancelled_by,
            )
        case _:
            assert_never(event)


def _with_money(order: Order, event: _Money) -> Order:
    match event:
        case MoneySetAside():
            return replace(order, set_asides=(*order.set_asides, event.set_aside))
        case SetAsideWithdrawn():
            return _with_state(order, event.number, SetAsideState.WITHDRAWN, None)
        case RefundRecorded() | RefundCorrected():
            return _with_state(order, event.number, SetAsideState.REFUNDED, event.transaction_id)
        case _:
            assert_never(event)


def _with_state(
    order: Order, number: int, state: SetAsideState, refund_transaction_id: str | None
) -> Order:
    # By their number, which counts from 1, for thousands may change at once.
    parts = list(order.set_asides)
    parts[number - 1] = replace(
        parts[number - 1], state=state, refund_transaction_id=refund_transaction_id
    )
    return replace(order, set_asides=tuple(parts))
