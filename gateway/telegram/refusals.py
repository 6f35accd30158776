"""What a shopper or an admin is told when the shop says no, and the way on from there."""

from actors.messages import OrderRefused
from domain.order import RefusalReason
from gateway.telegram.menus import categories_button, goods_button
from gateway.telegram.page import ButtonRow, Page, button
from gateway.telegram.taps import Buy, Cancel, ChooseQuantity, ShowOrder
from gateway.texts import Texts, as_html

_TEXT_KEYS = {
    RefusalReason.STOCK_SHORT: "only_some_left",
    RefusalReason.UNKNOWN_GOODS: "sold_out",
    RefusalReason.COIN_UNAVAILABLE: "coin_unavailable",
    RefusalReason.NO_RATE: "no_rate",
    RefusalReason.TOO_SMALL: "order_too_small",
    RefusalReason.ADDRESSES_UNAVAILABLE: "addresses_unavailable",
    RefusalReason.ACTIVE_ORDER: "active_order",
    RefusalReason.NOT_FOUND: "order_not_found",
    RefusalReason.NOT_YOURS: "order_not_found",
    RefusalReason.PAYMENT_SEEN: "cancel_payment_seen",
    RefusalReason.ALREADY_ENDED: "order_already_ended",
    RefusalReason.NOT_PAID: "order_not_paid",
    RefusalReason.ALREADY_SHIPPED: "order_already_shipped",
    RefusalReason.SHOP_UNAVAILABLE: "shop_unavailable",
}
"""Not yours reads as not found: nobody learns which numbers other people's orders have."""

_ANOTHER_COIN_MAY_DO = (
    RefusalReason.COIN_UNAVAILABLE,
    RefusalReason.NO_RATE,
    RefusalReason.TOO_SMALL,
    RefusalReason.ADDRESSES_UNAVAILABLE,
)


def refusal_text(texts: Texts, refused: OrderRefused, order_id: int = 0) -> str:
    """Why not, without markup; `order_id` stands in where the refusal names no order."""
    if refused.reason is RefusalReason.STOCK_SHORT and not refused.available:
        return texts.plain("sold_out")
    return texts.plain(
        _TEXT_KEYS[refused.reason],
        order_id=refused.order_id or order_id,
        available=refused.available or 0,
    )


def order_refused_page(texts: Texts, refused: OrderRefused, wish: Buy) -> Page:
    """Why there is no order, and what to do instead."""
    text = as_html(refusal_text(texts, refused))
    return Page(text=text, rows=_ways_on(texts, refused, wish))


def _ways_on(texts: Texts, refused: OrderRefused, wish: Buy) -> tuple[ButtonRow, ...]:
    if refused.reason is RefusalReason.ACTIVE_ORDER and refused.order_id is not None:
        return (show_order_row(texts, refused.order_id), cancel_order_row(texts, refused.order_id))
    if refused.reason is RefusalReason.STOCK_SHORT and refused.available:
        return (goods_button(texts, wish.subcategory_id),)
    if refused.reason in _ANOTHER_COIN_MAY_DO:
        coins = ChooseQuantity(subcategory_id=wish.subcategory_id, quantity=wish.quantity)
        return ((button(texts.plain("button_other_coin"), coins),), categories_button(texts))
    return (categories_button(texts),)


def show_order_row(texts: Texts, order_id: int) -> ButtonRow:
    """A row with the way to an order."""
    label = texts.plain("button_show_order", order_id=order_id)
    return (button(label, ShowOrder(order_id=order_id)),)


def cancel_order_row(texts: Texts, order_id: int) -> ButtonRow:
    """A row with the button that calls an order off."""
    label = texts.plain("button_cancel_order", order_id=order_id)
    return (button(label, Cancel(order_id=order_id)),)
