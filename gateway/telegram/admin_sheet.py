"""Everything about one order, for admins: goods, money, receipts, what happened. Pure functions.

Without markup, so that the same text is a message or, where it is too long for one, a file.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from aiogram.types import InlineKeyboardMarkup

from domain.money import format_coin, format_fiat, value_minor
from domain.order import Order, OrderStatus
from domain.payment import Receipt, ReceiptState
from domain.refunds import goods_paid_base_units
from domain.set_aside import Purpose, SetAside, SetAsideState
from gateway.telegram.invoice import awaits_more, date_text, due_base_units, settled_text
from gateway.telegram.page import button
from gateway.telegram.payment_words import status_text, timing_text
from gateway.telegram.people import person_name
from gateway.telegram.taps import ShipByAdmin, ShowShopper
from gateway.texts import Html, Texts
from store.admin_queries import AuditRow, OrderDetails

_RECEIPT_STATE_KEYS = {
    ReceiptState.SEEN: "receipt_seen",
    ReceiptState.CONFIRMED: "receipt_confirmed",
    ReceiptState.GONE: "receipt_gone",
    ReceiptState.REVERSED: "receipt_reversed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSheet:
    """The text, what stands above it where it is a file, and the buttons."""

    text: str
    heading: Html
    file_name: str
    keyboard: InlineKeyboardMarkup


def order_sheet(texts: Texts, details: OrderDetails) -> OrderSheet:
    """All that the shop knows of an order."""
    order = details.order
    parts = (
        _summary(texts, details),
        *_missing(texts, order),
        *_block(texts.plain("sheet_times"), list(_times(texts, order))),
        *_block(texts.plain("sheet_receipts"), [_receipt(texts, order, r) for r in order.receipts]),
        *_block(
            texts.plain("sheet_set_asides"), [_set_aside(texts, order, s) for s in order.set_asides]
        ),
        *_block(texts.plain("sheet_audit"), [_audit(texts, row) for row in details.audit]),
        "\n".join(_commands(texts, order)),
    )
    return OrderSheet(
        text="\n\n".join(part for part in parts if part),
        heading=texts.html("sheet_in_file", order_id=order.order_id),
        file_name=f"order-{order.order_id}.txt",
        keyboard=_keyboard(texts, order),
    )


def _block(heading: str, lines: list[str]) -> tuple[str, ...]:
    return ("\n".join((heading, *lines)),) if lines else ()


def _summary(texts: Texts, details: OrderDetails) -> str:
    order = details.order
    listed = [
        texts.plain(
            "order_line",
            quantity=row.quantity,
            category=row.category,
            subcategory=row.subcategory,
            total=format_fiat(row.total_minor, order.fiat_currency),
        )
        for row in details.lines
    ]
    return texts.plain(
        "sheet_summary",
        order_id=order.order_id,
        who=person_name(order.telegram_username, order.telegram_id),
        telegram_id=order.telegram_id,
        lines="\n".join(listed),
        total=format_fiat(order.total_minor, order.fiat_currency),
        amount=format_coin(order.amount_base_units, order.coin),
        coin=order.coin,
        rate=str(order.rate),
        currency=order.fiat_currency,
        status=status_text(texts, order),
        address=order.address,
        index=order.address_index,
        settled=settled_text(texts, order),
        tracking_number=details.tracking_number or "-",
    )


def _missing(texts: Texts, order: Order) -> tuple[str, ...]:
    """What an order of which a part was seen still waits for."""
    if not awaits_more(order):
        return ()
    missing = format_coin(due_base_units(order), order.coin)
    return (texts.plain("sheet_missing", amount=missing, coin=order.coin),)


def _times(texts: Texts, order: Order) -> Iterator[str]:
    moments: tuple[tuple[str, datetime | None], ...] = (
        (texts.plain("sheet_created_at"), order.created_at),
        (texts.plain("sheet_extended_at"), order.extended_at),
        (texts.plain("sheet_expires_at"), order.expires_at),
        (texts.plain("sheet_covered_at"), order.covered_at),
        (texts.plain("sheet_closed_at"), order.closed_at),
        (texts.plain("sheet_revived_at"), order.revived_at),
        (texts.plain("sheet_paid_at"), order.paid_at),
        (texts.plain("sheet_shipped_at"), order.shipped_at),
    )
    for name, moment in moments:
        if moment is not None:
            yield f"{name}: {date_text(moment)}"
    if order.counted_as_timeout:
        yield texts.plain("sheet_counted_as_timeout")
    if order.confirmed_by_telegram_id is not None:
        yield texts.plain("sheet_confirmed_by", admin=order.confirmed_by_telegram_id)


def _receipt(texts: Texts, order: Order, receipt: Receipt) -> str:
    value = texts.plain("sheet_no_rate")
    if receipt.rate is not None:
        amount, currency = receipt.amount_base_units, order.fiat_currency
        value = format_fiat(value_minor(amount, order.coin, receipt.rate, currency), currency)
    return texts.plain(
        "sheet_receipt",
        receipt_id=receipt.receipt_id,
        amount=format_coin(receipt.amount_base_units, order.coin),
        coin=order.coin,
        state=texts.plain(_RECEIPT_STATE_KEYS[receipt.state]),
        timing=timing_text(texts, order, receipt),
        value=value,
        seen_at=date_text(receipt.seen_at),
    )


def _set_aside(texts: Texts, order: Order, set_aside: SetAside) -> str:
    return texts.plain(
        "sheet_set_aside",
        number=set_aside.number,
        amount=format_coin(set_aside.amount_base_units, order.coin),
        coin=order.coin,
        receipt_id=set_aside.receipt_id,
        what=_what_of(texts, order, set_aside),
    )


def _what_of(texts: Texts, order: Order, set_aside: SetAside) -> str:
    match set_aside.state:
        case SetAsideState.WITHDRAWN:
            return texts.plain("set_aside_is_withdrawn")
        case SetAsideState.REFUNDED:
            transaction_id = set_aside.refund_transaction_id or ""
            return texts.plain("set_aside_is_refunded", transaction_id=transaction_id)
        case SetAsideState.OPEN if set_aside.purpose is Purpose.BALANCE:
            credited = format_fiat(set_aside.credited_minor, order.fiat_currency)
            return texts.plain("set_aside_is_credited", credited=credited)
        case SetAsideState.OPEN:
            return texts.plain("set_aside_is_to_refund")


def _audit(texts: Texts, row: AuditRow) -> str:
    who = str(row.by) if row.by_telegram_id is None else f"{row.by} {row.by_telegram_id}"
    what = f"{row.what} {row.detail}".strip().replace("_", " ")
    if not row.why:
        return texts.plain("sheet_audit_line", time=date_text(row.at), who=who, what=what)
    return texts.plain(
        "sheet_audit_line_why", time=date_text(row.at), who=who, what=what, why=row.why
    )


def _commands(texts: Texts, order: Order) -> Iterator[str]:
    """What can be written about the order as it stands."""
    match order.status:
        case OrderStatus.CREATED:
            yield texts.plain("sheet_can_confirm", order_id=order.order_id)
            yield texts.plain("sheet_can_end", order_id=order.order_id)
        case OrderStatus.CANCELLED | OrderStatus.EXPIRED:
            yield texts.plain("sheet_can_confirm", order_id=order.order_id)
        case OrderStatus.PAID:
            yield texts.plain("sheet_can_ship", order_id=order.order_id)
        case OrderStatus.SHIPPED:
            pass
    if order.status in (OrderStatus.PAID, OrderStatus.SHIPPED) and goods_paid_base_units(order):
        yield texts.plain("sheet_can_refund_goods", order_id=order.order_id)
    if any(each.state is SetAsideState.OPEN for each in order.set_asides):
        yield texts.plain("sheet_can_refund", order_id=order.order_id)


def _keyboard(texts: Texts, order: Order) -> InlineKeyboardMarkup:
    who = person_name(order.telegram_username, order.telegram_id)
    rows = [[button(who, ShowShopper(telegram_id=order.telegram_id))]]
    if order.status is OrderStatus.PAID:
        label = texts.plain("button_ship", order_id=order.order_id)
        rows.append([button(label, ShipByAdmin(order_id=order.order_id))])
    return InlineKeyboardMarkup(inline_keyboard=rows)
