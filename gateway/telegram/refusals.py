"""What a shopper or an admin is told when the shop says no, and the way on from there."""

from dataclasses import dataclass

from actors.messages import OrderRefused
from domain.order import RefusalReason
from gateway.telegram.carts import CartLines
from gateway.telegram.menus import cart_button, categories_button, goods_button
from gateway.telegram.page import ButtonRow, Page, button
from gateway.telegram.taps import Cancel, ShowCart, ShowOrder
from gateway.texts import Texts, as_html
from store.queries import SubcategoryRow

_TEXT_KEYS = {
    RefusalReason.STOCK_SHORT: "only_some_left",
    RefusalReason.UNKNOWN_GOODS: "sold_out",
    RefusalReason.COIN_UNAVAILABLE: "coin_unavailable",
    RefusalReason.NO_RATE: "no_rate",
    RefusalReason.TOO_SMALL: "order_too_small",
    RefusalReason.ADDRESSES_UNAVAILABLE: "addresses_unavailable",
    RefusalReason.ACTIVE_ORDER: "active_order",
    RefusalReason.TOO_MANY_TIMEOUTS: "too_many_timeouts",
    RefusalReason.REQUEST_TAKEN: "request_taken",
    RefusalReason.NOT_FOUND: "order_not_found",
    RefusalReason.NOT_YOURS: "order_not_found",
    RefusalReason.PAYMENT_SEEN: "cancel_payment_seen",
    RefusalReason.ALREADY_ENDED: "order_already_ended",
    RefusalReason.NOT_PAID: "order_not_paid",
    RefusalReason.ALREADY_PAID: "order_already_paid",
    RefusalReason.ALREADY_SHIPPED: "order_already_shipped",
    RefusalReason.NOTHING_TO_REFUND: "nothing_to_refund",
    RefusalReason.OTHER_AMOUNT_TO_REFUND: "other_amount_to_refund",
    RefusalReason.UNKNOWN_REFUND: "unknown_refund",
    RefusalReason.SHOP_UNAVAILABLE: "shop_unavailable",
}
"""Not yours reads as not found: nobody learns which numbers other people's orders have."""

_ANOTHER_COIN_MAY_DO = (
    RefusalReason.COIN_UNAVAILABLE,
    RefusalReason.NO_RATE,
    RefusalReason.TOO_SMALL,
    RefusalReason.ADDRESSES_UNAVAILABLE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WishFacts:
    """What was wished for; `short_of` is the one of several lines that stock falls short of.

    `other_coins`: those that the shop takes besides.
    """

    coin: str
    other_coins: tuple[str, ...]
    lines: CartLines
    short_of: SubcategoryRow | None


def refusal_text(texts: Texts, refused: OrderRefused, order_id: int = 0) -> str:
    """Why not, without markup; `order_id` stands in where the refusal names no order."""
    if refused.reason is RefusalReason.STOCK_SHORT and not refused.available:
        return texts.plain("sold_out")
    return texts.plain(
        _TEXT_KEYS[refused.reason],
        order_id=refused.order_id or order_id,
        available=refused.available or 0,
    )


def order_refused_text(texts: Texts, refused: OrderRefused, wish: WishFacts) -> str:
    """Why there is no order, and whether another coin may do, without markup."""
    why = _why_no_order(texts, refused, wish)
    if not _another_coin_may_do(refused, wish):
        return why
    return f"{why} {texts.plain('another_coin_may_do')}"


def _another_coin_may_do(refused: OrderRefused, wish: WishFacts) -> bool:
    return refused.reason in _ANOTHER_COIN_MAY_DO and bool(wish.other_coins)


def _why_no_order(texts: Texts, refused: OrderRefused, wish: WishFacts) -> str:
    if refused.reason is RefusalReason.TOO_SMALL and refused.detail:
        return texts.plain("order_too_small_least", least=refused.detail, coin=wish.coin)
    short_of = wish.short_of
    if short_of is None:
        return refusal_text(texts, refused)
    name = f"{short_of.category} · {short_of.name}"
    if not refused.available:
        return texts.plain("sold_out_of", name=name)
    return texts.plain("only_some_left_of", name=name, available=refused.available)


def order_refused_page(texts: Texts, refused: OrderRefused, wish: WishFacts) -> Page:
    """Why there is no order, and what to do instead."""
    text = as_html(order_refused_text(texts, refused, wish))
    return Page(text=text, rows=_ways_on(texts, refused, wish))


def _ways_on(texts: Texts, refused: OrderRefused, wish: WishFacts) -> tuple[ButtonRow, ...]:
    if refused.reason is RefusalReason.ACTIVE_ORDER and refused.order_id is not None:
        return (show_order_row(texts, refused.order_id), cancel_order_row(texts, refused.order_id))
    if refused.reason is RefusalReason.STOCK_SHORT and len(wish.lines) > 1:
        return (cart_button(texts), categories_button(texts))
    if refused.reason is RefusalReason.STOCK_SHORT and refused.available:
        return (goods_button(texts, wish.lines[0].subcategory_id),)
    if _another_coin_may_do(refused, wish):
        other_coin = (button(texts.plain("button_other_coin"), ShowCart()),)
        return (other_coin, categories_button(texts))
    if refused.reason in _ANOTHER_COIN_MAY_DO:
        return (cart_button(texts), categories_button(texts))
    return (categories_button(texts),)


def show_order_row(texts: Texts, order_id: int) -> ButtonRow:
    """A row with the way to an order."""
    label = texts.plain("button_show_order", order_id=order_id)
    return (button(label, ShowOrder(order_id=order_id)),)


def cancel_order_row(texts: Texts, order_id: int) -> ButtonRow:
    """A row with the button that calls an order off."""
    label = texts.plain("button_cancel_order", order_id=order_id)
    return (button(label, Cancel(order_id=order_id)),)
