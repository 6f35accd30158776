"""Why money that came for an order did not pay it, in words. Pure functions.

The rules call all such money late. People are told what is so: the order was called off, the time
to pay was over, it was too little, or it was seen or confirmed only when the order had ended.
"""

from enum import StrEnum

from domain.coverage import lost_refunds_base_units
from domain.order import NoticeKind, Order, OrderStatus, PaymentState
from domain.payment import Receipt, ReceiptState, totals
from domain.refunds import goods_paid_base_units
from gateway.texts import Texts


class Unused(StrEnum):
    """Why money of an order that has ended did not pay it."""

    CALLED_OFF = "called_off"
    TOO_LATE = "too_late"
    TOO_LITTLE = "too_little"
    UNSEEN = "unseen"
    """Enough, and in time by the chain; the shop saw it or its confirmations after the end."""


SHOPPER_KEYS = {
    Unused.CALLED_OFF: "payment_called_off",
    Unused.TOO_LATE: "payment_late",
    Unused.TOO_LITTLE: "payment_too_little",
    Unused.UNSEEN: "payment_unseen",
}
ADMIN_KEYS = {
    Unused.CALLED_OFF: "admin_payment_called_off",
    Unused.TOO_LATE: "admin_payment_late",
    Unused.TOO_LITTLE: "admin_payment_too_little",
    Unused.UNSEEN: "admin_payment_unseen",
}
STATE_KEYS = {
    Unused.CALLED_OFF: "payment_state_called_off",
    Unused.TOO_LATE: "payment_state_late",
    Unused.TOO_LITTLE: "payment_state_too_little",
    Unused.UNSEEN: "payment_state_unseen",
}
STATUS_KEYS = {
    OrderStatus.CREATED: "status_created",
    OrderStatus.PAID: "status_paid",
    OrderStatus.SHIPPED: "status_shipped",
    OrderStatus.CANCELLED: "status_cancelled",
    OrderStatus.EXPIRED: "status_expired",
}
PAYMENT_KEYS = {
    PaymentState.NONE: "payment_state_none",
    PaymentState.SEEN: "payment_state_seen",
    PaymentState.PARTIAL: "payment_state_partial",
    PaymentState.PAID: None,
    PaymentState.OVER: "payment_state_over",
    PaymentState.LATE: "payment_state_unused",
    PaymentState.REVERSED: "payment_state_taken_back",
}


def why_unused(order: Order) -> Unused:
    """Why what came for an order did not pay it."""
    if order.cancelled_by is not None:
        return Unused.CALLED_OFF
    if not any(receipt.in_time for receipt in order.receipts):
        return Unused.TOO_LATE
    if totals(order.receipts).seen_in_time < order.sufficient_base_units:
        return Unused.TOO_LITTLE
    return Unused.UNSEEN


def late_notice_key(kind: NoticeKind, order: Order) -> str | None:
    """The text of a notice of money that pays for nothing; None for other notices."""
    match kind:
        case NoticeKind.PAYMENT_LATE:
            return SHOPPER_KEYS[why_unused(order)]
        case NoticeKind.ADMIN_PAYMENT_LATE:
            return ADMIN_KEYS[why_unused(order)]
        case _:
            return None


def timing_text(texts: Texts, order: Order, receipt: Receipt) -> str:
    """When a receipt came: before or after the end of the time to pay, or of the order itself."""
    ended_at = order.closed_at if order.status is OrderStatus.CANCELLED else None
    if ended_at is not None and receipt.seen_at >= ended_at:
        return texts.plain("receipt_called_off")
    if not receipt.in_time:
        return texts.plain("receipt_late")
    if receipt.seen_at >= order.expires_at:
        return texts.plain("receipt_in_time_by_chain")
    return texts.plain("receipt_in_time")


def status_text(texts: Texts, order: Order) -> str:
    """How an order and its payment stand, without markup."""
    if order.payment_state is PaymentState.LATE:
        unused = texts.plain(STATE_KEYS[why_unused(order)])
        return f"{texts.plain(STATUS_KEYS[order.status])}, {unused}"
    if order.payment_state is PaymentState.REVERSED:
        return f"{texts.plain(STATUS_KEYS[order.status])}, {_taken_back_text(texts, order)}"
    return status_of(texts, order.status, order.payment_state)


def _taken_back_text(texts: Texts, order: Order) -> str:
    """Whether the network took a payment back, or an admin has paid back what the goods cost."""
    # One that was replaced before it was confirmed was no payment that could be taken back.
    is_reversed = any(each.state is ReceiptState.REVERSED for each in order.receipts)
    if is_reversed or lost_refunds_base_units(order):
        return texts.plain("payment_state_reversed")
    if goods_paid_base_units(order):
        return texts.plain("payment_state_refunded_in_part")
    return texts.plain("payment_state_refunded")


def status_of(texts: Texts, order_status: OrderStatus, payment_state: PaymentState) -> str:
    """The same of an order of which no more is known."""
    status = texts.plain(STATUS_KEYS[order_status])
    is_sold = order_status in (OrderStatus.PAID, OrderStatus.SHIPPED)
    if is_sold and payment_state in (PaymentState.NONE, PaymentState.PARTIAL):
        # No order is sold for so little but on the word of an admin.
        return f"{status}, {texts.plain('payment_state_confirmed')}"
    payment = PAYMENT_KEYS[payment_state]
    return status if payment is None else f"{status}, {texts.plain(payment)}"
