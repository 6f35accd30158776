"""What an order looks like to its shopper: an invoice, or how the order stands."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from domain.money import format_coin, format_fiat
from domain.order import Order, OrderStatus
from domain.payment import totals
from domain.rules import FINALIZED_CONFIRMATIONS
from domain.set_aside import Purpose, SetAside, SetAsideState
from gateway.telegram.menus import categories_button
from gateway.telegram.page import Page, button
from gateway.telegram.payment_words import status_text
from gateway.telegram.refusals import cancel_order_row
from gateway.telegram.taps import ShowGoods
from gateway.texts import Html, Texts, lines, paragraphs
from payments.uri import payment_uri
from store.queries import LineRow


def awaits_payment(order: Order, now: datetime) -> bool:
    """Whether a shopper should still pay it."""
    return (
        order.status is OrderStatus.CREATED and order.covered_at is None and now < order.expires_at
    )


def invoice_page(
    texts: Texts,
    order: Order,
    rows: Sequence[LineRow],
    networks: Mapping[str, str],
    now: datetime,
) -> Page:
    """How to pay an order. Amount and address are the only texts in `code`.

    After a part of the payment the rest is asked for.

    `networks` maps a coin to "main" or the name of its test network, which is then said.
    """
    instructions = texts.html(
        "order_created_instructions",
        order_id=order.order_id,
        lines=lines_text(texts, order, rows),
        total=format_fiat(order.total_minor, order.fiat_currency),
        amount=format_coin(due_base_units(order), order.coin),
        coin=order.coin,
        address=order.address,
        uri=uri_of(order, networks),
        minutes=minutes_left(order, now),
        until=time_text(order.expires_at, now),
        settled=settled_text(texts, order),
    )
    text = paragraphs(
        instructions,
        _arrived_text(texts, order),
        _network_text(texts, networks.get(order.coin, "main")),
    )
    return Page(text=text, rows=(cancel_order_row(texts, order.order_id),))


def awaits_more(order: Order) -> bool:
    """Whether a part of it was seen in time, and the rest is still awaited."""
    is_part = order.covered_at is None and totals(order.receipts).seen_in_time > 0
    return order.status is OrderStatus.CREATED and is_part


def due_base_units(order: Order) -> int:
    """What is still to be paid of an order that awaits payment."""
    return order.amount_base_units - totals(order.receipts).seen_in_time


def uri_of(order: Order, networks: Mapping[str, str]) -> str:
    """The payment request for what is still to be paid."""
    network = networks.get(order.coin, "main")
    return payment_uri(order.coin, order.address, due_base_units(order), network)


def settled_text(texts: Texts, order: Order) -> str:
    """What a payment "has" to have until it settles the order, without markup.

    Confirmations are blocks, but of SOL, whose blocks are confirmed, then final.
    """
    required = order.confirmations_required
    if order.coin == "SOL":
        is_final = required >= FINALIZED_CONFIRMATIONS
        return texts.plain("settled_finalized") if is_final else texts.plain("settled_confirmed")
    if required == 1:
        return texts.plain("settled_block")
    return texts.plain("settled_blocks", confirmations=required)


def _arrived_text(texts: Texts, order: Order) -> Html:
    arrived = totals(order.receipts).seen_in_time
    if not arrived:
        return Html("")
    amount = format_coin(arrived, order.coin)
    return texts.html("part_has_arrived", amount=amount, coin=order.coin)


def _network_text(texts: Texts, network: str) -> Html:
    return Html("") if network == "main" else texts.html("test_network", network=network)


def order_page(
    texts: Texts,
    order: Order,
    rows: Sequence[LineRow],
    networks: Mapping[str, str],
    now: datetime,
) -> Page:
    """One order as it stands, with what can be done about it."""
    if awaits_payment(order, now):
        return invoice_page(texts, order, rows, networks, now)
    summary = texts.html(
        "order_summary",
        order_id=order.order_id,
        lines=lines_text(texts, order, rows),
        total=format_fiat(order.total_minor, order.fiat_currency),
        amount=format_coin(order.amount_base_units, order.coin),
        coin=order.coin,
        status=status_text(texts, order),
    )
    text = paragraphs(summary, set_asides_text(texts, order))
    if order.status in (OrderStatus.PAID, OrderStatus.SHIPPED):
        label = texts.plain("button_show_goods", order_id=order.order_id)
        goods = (button(label, ShowGoods(order_id=order.order_id)),)
        return Page(text=text, rows=(goods, categories_button(texts)))
    return Page(text=text, rows=(categories_button(texts),))


def not_payable_text(texts: Texts, order: Order) -> Html:
    """Instead of an invoice that comes too late."""
    return texts.html(
        "order_created_too_late", order_id=order.order_id, status=status_text(texts, order)
    )


def lines_text(texts: Texts, order: Order, rows: Sequence[LineRow]) -> Html:
    """What was ordered, a line a subcategory."""
    return lines(
        *(
            texts.html(
                "order_line",
                quantity=row.quantity,
                category=row.category,
                subcategory=row.subcategory,
                total=format_fiat(row.total_minor, order.fiat_currency),
            )
            for row in rows
        )
    )


def set_asides_text(texts: Texts, order: Order) -> Html:
    """What became of money that pays for no goods, a line each; what was withdrawn is left out."""
    return lines(*(_set_aside_text(texts, order, each) for each in order.set_asides if each.counts))


def _set_aside_text(texts: Texts, order: Order, set_aside: SetAside) -> Html:
    amount = format_coin(set_aside.amount_base_units, order.coin)
    if set_aside.state is SetAsideState.REFUNDED:
        return texts.html(
            "set_aside_refunded",
            amount=amount,
            coin=order.coin,
            transaction_id=set_aside.refund_transaction_id or "",
        )
    if set_aside.purpose is Purpose.BALANCE:
        credited = format_fiat(set_aside.credited_minor, order.fiat_currency)
        return texts.html("set_aside_balance", credited=credited, amount=amount, coin=order.coin)
    return texts.html("set_aside_refund", amount=amount, coin=order.coin)


def minutes_left(order: Order, now: datetime) -> int:
    """Whole minutes until the order's time is over, rounded up."""
    return -int((now - order.expires_at).total_seconds() // 60)


def time_text(moment: datetime, now: datetime) -> str:
    """A time of day in UTC, with the date where it is another day."""
    moment, now = moment.astimezone(UTC), now.astimezone(UTC)
    return moment.strftime("%H:%M UTC") if moment.date() == now.date() else date_text(moment)


def date_text(moment: datetime) -> str:
    """A moment in UTC, to the minute."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
