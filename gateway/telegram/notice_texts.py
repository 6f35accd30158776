"""The texts of notices, from what the store says of them at the moment of sending."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.money import format_coin, format_fiat
from domain.order import NoticeKind, Order, OrderStatus
from gateway.telegram.invoice import lines_text, time_text
from gateway.texts import Html, Texts, as_html, lines
from store.queries import LineRow, NoticeRow

# Anybody can pay an address often and little, and a text has an end (see `goods`).
_NAMED_TRANSACTIONS = 20

# ORDER_CREATED and GOODS are more than a text: see `invoice` and `goods`.
_TEXT_KEYS = {
    NoticeKind.PAYMENT_SEEN: "payment_seen",
    NoticeKind.PAYMENT_PARTIAL: "payment_partial",
    NoticeKind.PAYMENT_VANISHED: "payment_vanished",
    NoticeKind.PAYMENT_LATE: "payment_late",
    NoticeKind.ORDER_EXPIRED: "order_expired_message",
    NoticeKind.ORDER_CANCELLED: "order_cancelled_message",
    NoticeKind.ORDER_SHIPPED: "order_shipped_message",
    NoticeKind.ADMIN_ORDER_CREATED: "admin_order_created",
    NoticeKind.ADMIN_PAYMENT_SEEN: "admin_payment_seen",
    NoticeKind.ADMIN_PAYMENT_RECEIVED: "admin_payment_received",
    NoticeKind.ADMIN_PAYMENT_OVER: "admin_payment_over",
    NoticeKind.ADMIN_PAYMENT_LATE: "admin_payment_late",
    NoticeKind.ADMIN_PAYMENT_REVERSED: "admin_payment_reversed",
    NoticeKind.ADMIN_ORDER_EXPIRED: "admin_order_expired",
    NoticeKind.ADMIN_ORDER_CANCELLED: "admin_order_cancelled",
    NoticeKind.ADMIN_ORDER_SHIPPED: "admin_order_shipped",
    NoticeKind.ADMIN_UNDELIVERABLE: "admin_undeliverable",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeFacts:
    """What a notice is made of."""

    row: NoticeRow
    order: Order
    lines: Sequence[LineRow]
    now: datetime


def order_notice_text(texts: Texts, facts: NoticeFacts) -> Html:
    """The text of a notice about an order.

    Raises:
        KeyError: a kind that is no text about an order.
    """
    order, row = facts.order, facts.row
    amount = order.amount_base_units if row.amount_base_units is None else row.amount_base_units
    return texts.html(
        _text_key(facts),
        order_id=order.order_id,
        who=shopper_name(order),
        lines=lines_text(texts, order, facts.lines),
        total=format_fiat(order.total_minor, order.fiat_currency),
        amount=format_coin(amount, order.coin),
        coin=order.coin,
        address=order.address,
        until=time_text(order.expires_at, facts.now),
        confirmations=order.confirmations_required,
        transactions=transactions_text(texts, order),
        detail=row.detail or "",
    )


def _text_key(facts: NoticeFacts) -> str:
    if facts.row.kind is NoticeKind.ORDER_SHIPPED and facts.row.detail:
        return "order_shipped_tracked_message"
    if facts.row.kind is NoticeKind.PAYMENT_PARTIAL and not _can_still_pay(facts):
        return "payment_partial_too_late"
    return _TEXT_KEYS[facts.row.kind]


def _can_still_pay(facts: NoticeFacts) -> bool:
    return facts.order.status is OrderStatus.CREATED and facts.now < facts.order.expires_at


def shop_notice_text(texts: Texts, row: NoticeRow) -> Html:
    """The text of a notice that is about no order: an alert, or a chat that takes nothing."""
    if row.kind is NoticeKind.ADMIN_UNDELIVERABLE:
        return texts.html("admin_undeliverable_no_order", detail=row.detail or "")
    return texts.html("admin_alert", detail=row.detail or "")


def shopper_name(order: Order) -> str:
    """How admins find the shopper: the username, else the id."""
    if order.telegram_username:
        return f"@{order.telegram_username}"
    return f"id {order.telegram_id}"


def transactions_text(texts: Texts, order: Order) -> Html:
    """The ids of the transactions that paid the order, one a line, the latest of very many."""
    ids = list(dict.fromkeys(receipt.transaction_id for receipt in order.receipts))
    named = [as_html(transaction_id) for transaction_id in ids[-_NAMED_TRANSACTIONS:]]
    if len(ids) > len(named):
        named.insert(0, texts.html("more_transactions", count=len(ids) - len(named)))
    return lines(*named)
