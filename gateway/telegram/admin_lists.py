"""The lists of the admins' menu, as pages. Pure functions."""

from collections.abc import Sequence

from domain.money import format_coin, format_fiat
from gateway.telegram.invoice import date_text
from gateway.telegram.page import PAGE_SIZE, ButtonRow, Page, button, in_rows
from gateway.telegram.payment_words import status_of
from gateway.telegram.people import person_name
from gateway.telegram.taps import (
    ClearByAdmin,
    ListKind,
    OpenAdminList,
    OpenAdminMenu,
    ShowOrderToAdmin,
    ShowShopper,
)
from gateway.texts import Html, Texts, lines, paragraphs
from store.admin_queries import OrderRow, RefundRow, ShopperRow, StockRow

ROWS_A_QUERY = PAGE_SIZE + 1
"""One more than is shown tells whether there is a next page."""

STOCK_A_PAGE = 12
"""Lines of text that fit into one message, however long the names are."""


def menu_page(texts: Texts) -> Page:
    """The lists to choose from, and the commands."""
    labels = {
        ListKind.OPEN: texts.plain("button_open_orders"),
        ListKind.READY: texts.plain("button_ready"),
        ListKind.REFUNDS: texts.plain("button_refunds"),
        ListKind.TIMEOUTS: texts.plain("button_timeouts"),
        ListKind.STOCK: texts.plain("button_stock"),
    }
    buttons = [button(label, OpenAdminList(kind=kind, after=0)) for kind, label in labels.items()]
    return Page(text=texts.html("admin_help"), rows=in_rows(buttons, 2))


def open_orders_page(texts: Texts, rows: Sequence[OrderRow]) -> Page:
    """Orders that wait for payment or for delivery, a button each."""
    if not rows:
        return _page(texts, texts.html("admin_open_orders_none"), (), None)
    title = texts.html("admin_open_orders")
    return _page(texts, title, _order_buttons(texts, rows), _next(ListKind.OPEN, rows))


def ready_page(texts: Texts, rows: Sequence[OrderRow]) -> Page:
    """Paid orders whose goods have to be sent, a button each."""
    if not rows:
        return _page(texts, texts.html("admin_order_ready_for_shipment_none"), (), None)
    title = texts.html("admin_order_ready_for_shipment")
    return _page(texts, title, _order_buttons(texts, rows), _next(ListKind.READY, rows))


def _order_buttons(texts: Texts, rows: Sequence[OrderRow]) -> tuple[ButtonRow, ...]:
    buttons = [
        button(_order_label(texts, row), ShowOrderToAdmin(order_id=row.order_id))
        for row in rows[:PAGE_SIZE]
    ]
    return in_rows(buttons, 1)


def _order_label(texts: Texts, row: OrderRow) -> str:
    return texts.plain(
        "label_admin_order",
        order_id=row.order_id,
        total=format_fiat(row.total_minor, row.fiat_currency),
        who=person_name(row.telegram_username, row.telegram_id),
        status=status_of(texts, row.status, row.payment_state),
    )


def _next(kind: ListKind, rows: Sequence[OrderRow]) -> OpenAdminList | None:
    if len(rows) <= PAGE_SIZE:
        return None
    return OpenAdminList(kind=kind, after=rows[PAGE_SIZE - 1].order_id)


def refunds_page(texts: Texts, rows: Sequence[RefundRow]) -> Page:
    """Money to be paid back: a line a part, and a button an order."""
    if not rows:
        return _page(texts, texts.html("admin_refund_list_none"), (), None)
    shown = rows[:PAGE_SIZE]
    listed = lines(*(_refund_text(texts, row) for row in shown))
    buttons = [
        button(
            texts.plain("button_show_order", order_id=order_id),
            ShowOrderToAdmin(order_id=order_id),
        )
        for order_id in dict.fromkeys(row.order_id for row in shown)
    ]
    further = None
    if len(rows) > PAGE_SIZE:
        further = OpenAdminList(kind=ListKind.REFUNDS, after=shown[-1].refund_id)
    text = paragraphs(texts.html("admin_refund_list"), listed)
    return _page(texts, text, in_rows(buttons, 2), further)


def _refund_text(texts: Texts, row: RefundRow) -> Html:
    return texts.html(
        "admin_refund_line",
        order_id=row.order_id,
        amount=format_coin(row.amount_base_units, row.coin),
        coin=row.coin,
        who=person_name(row.telegram_username, row.telegram_id),
        since=date_text(row.since),
    )


def timeouts_page(texts: Texts, rows: Sequence[ShopperRow], offset: int) -> Page:
    """Shoppers who let orders expire, a button each."""
    if not rows:
        return _page(texts, texts.html("admin_timeouts_none"), (), None)
    buttons = [
        button(_shopper_label(texts, row), ShowShopper(telegram_id=row.telegram_id))
        for row in rows[:PAGE_SIZE]
    ]
    further = None
    if len(rows) > PAGE_SIZE:
        further = OpenAdminList(kind=ListKind.TIMEOUTS, after=offset + PAGE_SIZE)
    return _page(texts, texts.html("admin_timeouts"), in_rows(buttons, 1), further)


def _shopper_label(texts: Texts, row: ShopperRow) -> str:
    who = person_name(row.telegram_username, row.telegram_id)
    return texts.plain("label_shopper", who=who, count=row.timeout_count)


def shopper_page(texts: Texts, row: ShopperRow, currency: str) -> Page:
    """One shopper, and what can be done about them."""
    never = texts.plain("never")
    text = texts.html(
        "admin_shopper",
        who=person_name(row.telegram_username, row.telegram_id),
        telegram_id=row.telegram_id,
        count=row.timeout_count,
        last=never if row.last_timeout_at is None else date_text(row.last_timeout_at),
        balance=format_fiat(row.balance_minor, currency),
    )
    rows: tuple[ButtonRow, ...] = ()
    if row.timeout_count:
        rows = ((button(texts.plain("button_clear"), ClearByAdmin(telegram_id=row.telegram_id)),),)
    return _page(texts, text, rows, None)


def stock_page(texts: Texts, rows: Sequence[StockRow], offset: int) -> Page:
    """What there is, a line a subcategory; `rows` are all of it, shown from `offset` on."""
    shown = rows[offset : offset + STOCK_A_PAGE]
    if not shown:
        return _page(texts, texts.html("admin_stock_none"), (), None)
    listed = lines(*(_stock_text(texts, row) for row in shown))
    further = None
    if len(rows) > offset + STOCK_A_PAGE:
        further = OpenAdminList(kind=ListKind.STOCK, after=offset + STOCK_A_PAGE)
    return _page(texts, paragraphs(texts.html("admin_stock"), listed), (), further)


def _stock_text(texts: Texts, row: StockRow) -> Html:
    return texts.html(
        "admin_stock_line",
        category=row.category,
        subcategory=row.name,
        for_sale=row.for_sale,
        held=row.held,
        sold=row.sold,
    )


def _page(
    texts: Texts, text: Html, rows: tuple[ButtonRow, ...], further: OpenAdminList | None
) -> Page:
    """With the ways on: the next page, where there is one, and back to the lists."""
    ways = [button(texts.plain("button_to_lists"), OpenAdminMenu())]
    if further is not None:
        ways.append(button(texts.plain("button_next"), further))
    return Page(text=text, rows=(*rows, tuple(ways)))
