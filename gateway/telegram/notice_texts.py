"""The texts of notices, from what the store says of them at the moment of sending."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.money import format_coin, format_fiat
from domain.order import By, NoticeKind, Order
from gateway.telegram.invoice import (
    awaits_payment,
    due_base_units,
    lines_text,
    minutes_left,
    settled_text,
    time_text,
    uri_of,
)
from gateway.telegram.payment_words import late_notice_key, status_text
from gateway.telegram.people import person_name
from gateway.texts import Html, Texts, as_html, lines
from store.queries import LineRow, NoticeRow

# Anybody can pay an address often and little, and a text has an end (see `goods`).
_NAMED_TRANSACTIONS = 20

# ORDER_CREATED and GOODS are more than a text: see `invoice` and `goods`.
_TEXT_KEYS = {
    NoticeKind.EXPIRY_WARNING: "payment_timeout_warning",
    NoticeKind.PAYMENT_SEEN: "payment_seen",
    NoticeKind.PAYMENT_PARTIAL: "payment_partial",
    NoticeKind.PAYMENT_VANISHED: "payment_vanished",
    NoticeKind.PAYMENT_OVER: "payment_over",
    NoticeKind.MONEY_CREDITED: "money_credited",
    NoticeKind.MONEY_TO_REFUND: "money_to_refund",
    NoticeKind.REFUND_WITHDRAWN: "refund_withdrawn",
    NoticeKind.MONEY_REFUNDED: "money_refunded",
    NoticeKind.REFUND_CORRECTED: "refund_corrected",
    NoticeKind.ORDER_REVIVED: "order_revived",
    NoticeKind.ORDER_EXPIRED: "order_expired_message",
    NoticeKind.ORDER_CANCELLED: "order_cancelled_message",
    NoticeKind.ORDER_SHIPPED: "order_shipped_message",
    NoticeKind.ADMIN_ORDER_CREATED: "admin_order_created",
    NoticeKind.ADMIN_PAYMENT_SEEN: "admin_payment_seen",
    NoticeKind.ADMIN_PAYMENT_RECEIVED: "admin_payment_received",
    NoticeKind.ADMIN_PAYMENT_OVER: "admin_payment_over",
    NoticeKind.ADMIN_PAYMENT_REVERSED: "admin_payment_reversed",
    NoticeKind.ADMIN_MONEY_CREDITED: "admin_money_credited",
    NoticeKind.ADMIN_MONEY_TO_REFUND: "admin_money_to_refund",
    NoticeKind.ADMIN_REFUND_WITHDRAWN: "admin_refund_withdrawn",
    NoticeKind.ADMIN_ORDER_REVIVED: "admin_order_revived",
    NoticeKind.ADMIN_ORDER_CONFIRMED: "admin_order_confirmed",
    NoticeKind.ADMIN_ORDER_EXPIRED: "admin_order_expired",
    NoticeKind.ADMIN_ORDER_CANCELLED: "admin_order_cancelled",
    NoticeKind.ADMIN_ORDER_SHIPPED: "admin_order_shipped",
    NoticeKind.ADMIN_UNDELIVERABLE: "admin_undeliverable",
}
_TEXT_KEYS_WHEN_TOO_LATE = {
    NoticeKind.EXPIRY_WARNING: "payment_timeout_warning_too_late",
    NoticeKind.PAYMENT_PARTIAL: "payment_partial_too_late",
    NoticeKind.PAYMENT_VANISHED: "payment_vanished_too_late",
}
"""Instead of asking for money that the order would not be paid with any more."""

_ASKS_FOR_THE_REST = frozenset(
    {"payment_timeout_warning", "payment_partial", "payment_partial_extended"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeFacts:
    """What a notice is made of; `networks` as for an invoice."""

    row: NoticeRow
    order: Order
    lines: Sequence[LineRow]
    networks: Mapping[str, str]
    now: datetime


def order_notice_text(texts: Texts, facts: NoticeFacts) -> Html:
    """The text of a notice about an order.

    Raises:
        KeyError: a kind that is no text about an order.
    """
    order, row, key = facts.order, facts.row, _text_key(facts)
    amount = order.amount_base_units if row.amount_base_units is None else row.amount_base_units
    uri = ""
    if key in _ASKS_FOR_THE_REST:
        # More of it may have come since the notice was written.
        amount = due_base_units(order)
        uri = uri_of(order, facts.networks)
    return texts.html(
        key,
        order_id=order.order_id,
        who=person_name(order.telegram_username, order.telegram_id),
        lines=lines_text(texts, order, facts.lines),
        total=format_fiat(order.total_minor, order.fiat_currency),
        price=format_coin(order.amount_base_units, order.coin),
        amount=format_coin(amount, order.coin),
        coin=order.coin,
        address=order.address,
        uri=uri,
        until=time_text(order.expires_at, facts.now),
        minutes=minutes_left(order, facts.now),
        status=status_text(texts, order),
        settled=settled_text(texts, order),
        transactions=transactions_text(texts, order),
        detail=row.detail or "",
        admin=order.confirmed_by_telegram_id or "",
    )


def _text_key(facts: NoticeFacts) -> str:
    kind, order = facts.row.kind, facts.order
    if kind in _TEXT_KEYS_WHEN_TOO_LATE and not awaits_payment(order, facts.now):
        return _TEXT_KEYS_WHEN_TOO_LATE[kind]
    return late_notice_key(kind, order) or _end_key(facts) or _TEXT_KEYS[kind]


def _end_key(facts: NoticeFacts) -> str | None:
    """The text for how this very order ends or goes on; None where all orders have the same."""
    kind, order = facts.row.kind, facts.order
    if kind is NoticeKind.ORDER_EXPIRED and _is_ended_early(order):
        return "order_expired_early_message"
    if kind is NoticeKind.ORDER_SHIPPED and facts.row.detail:
        return "order_shipped_tracked_message"
    if kind is NoticeKind.ORDER_CANCELLED and order.cancelled_by is By.ADMIN:
        return "order_cancelled_by_admin_message"
    if kind is NoticeKind.PAYMENT_PARTIAL and order.extended_at is not None:
        return "payment_partial_extended"
    return None


def _is_ended_early(order: Order) -> bool:
    """Whether somebody ended it: the clock and the chain wait until its time is over."""
    return order.closed_at is not None and order.closed_at < order.expires_at


def shop_notice_text(texts: Texts, row: NoticeRow) -> Html:
    """The text of a notice that is about no order: an alert, or a chat that takes nothing."""
    if row.kind is NoticeKind.ADMIN_UNDELIVERABLE:
        return texts.html("admin_undeliverable_no_order", detail=row.detail or "")
    return texts.html("admin_alert", detail=row.detail or "")


def transactions_text(texts: Texts, order: Order) -> Html:
    """The ids of the transactions that paid the order, one a line, the latest of very many."""
    ids = list(dict.fromkeys(receipt.transaction_id for receipt in order.receipts))
    named = [as_html(transaction_id) for transaction_id in ids[-_NAMED_TRANSACTIONS:]]
    if len(ids) > len(named):
        named.insert(0, texts.html("more_transactions", count=len(ids) - len(named)))
    return lines(*named)
