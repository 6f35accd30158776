"""The pages of a cart: what is in it, how to change it, what there is of it. Pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass

from actors.messages import CartLine
from domain.money import format_fiat
from gateway.telegram.carts import Cart, Offer
from gateway.telegram.menus import cart_button, categories_button
from gateway.telegram.page import ButtonRow, Page, button, in_rows
from gateway.telegram.taps import (
    AddMore,
    Buy,
    ChangeLine,
    EmptyCart,
    OpenGoods,
    ShowLines,
)
from gateway.texts import Html, Texts, as_html, lines
from store.queries import SubcategoryRow


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLine:
    """A line of a cart with what the store says of it now."""

    line: CartLine
    row: SubcategoryRow


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOfLine:
    """A line that was wished for, and how many units there are of it."""

    row: SubcategoryRow
    wanted: int
    available: int


def cart_page(
    texts: Texts, cart: Cart, shown: Sequence[ShownLine], coins: Sequence[str], currency: str
) -> Page:
    """What is in the cart and in which coin to pay; a button a coin, carrying its symbol."""
    coin_buttons = [button(coin, Buy(coin=coin, wish_id=cart.wish_id)) for coin in coins]
    text = texts.html(
        "currency_selection_prompt",
        lines=_lines_text(texts, shown, currency),
        total=_price_text(texts, shown, currency),
    )
    more = button(texts.plain("button_add_more"), AddMore())
    change = button(texts.plain("button_change_cart"), ShowLines())
    empty = button(texts.plain("button_empty_cart"), EmptyCart())
    last = cart.lines[-1].subcategory_id
    back = button(texts.plain("button_back"), OpenGoods(subcategory_id=last))
    return Page(text=text, rows=(*in_rows(coin_buttons, 2), (more, change), (empty, back)))


def _lines_text(texts: Texts, shown: Sequence[ShownLine], currency: str) -> Html:
    return lines(*(_line_text(texts, each, currency) for each in shown))


def _line_text(texts: Texts, shown: ShownLine, currency: str) -> Html:
    quantity, row = shown.line.quantity, shown.row
    if quantity > row.available:
        return texts.html(
            "cart_line_short",
            quantity=quantity,
            category=row.category,
            subcategory=row.name,
            available=row.available,
            total=_price_text(texts, [shown], currency),
        )
    return texts.html(
        "order_line",
        quantity=quantity,
        category=row.category,
        subcategory=row.name,
        total=_price_text(texts, [shown], currency),
    )


def _price_text(texts: Texts, shown: Sequence[ShownLine], currency: str) -> str:
    """What the lines cost at the prices of the units that are sold next."""
    total_minor = sum(
        min(each.line.quantity, each.row.available) * (each.row.next_price_minor or 0)
        for each in shown
    )
    price = format_fiat(total_minor, currency)
    is_exact = all(each.line.quantity == 1 or not each.row.prices_differ for each in shown)
    return price if is_exact else texts.plain("price_about", price=price)


def lines_page(texts: Texts, cart: Cart, shown: Sequence[ShownLine]) -> Page:
    """One row of buttons a line: one less, the goods themselves, one more, none."""
    rows = [_line_buttons(texts, cart, each) for each in shown]
    return Page(text=texts.html("change_cart"), rows=(*rows, cart_button(texts)))


def _line_buttons(texts: Texts, cart: Cart, shown: ShownLine) -> ButtonRow:
    quantity, subcategory_id = shown.line.quantity, shown.line.subcategory_id

    def change(wanted: int) -> ChangeLine:
        return ChangeLine(wish_id=cart.wish_id, subcategory_id=subcategory_id, quantity=wanted)

    label = texts.plain("label_cart_line", name=shown.row.name, quantity=quantity)
    return (
        button(texts.plain("button_one_less"), change(quantity - 1)),
        button(label, OpenGoods(subcategory_id=subcategory_id)),
        button(texts.plain("button_one_more"), change(quantity + 1)),
        button(texts.plain("button_none"), change(0)),
    )


def short_page(texts: Texts, left: Sequence[LeftOfLine], offer: Offer, coin: str) -> Page:
    """What there is of what was wanted: take that, or change the cart, or nothing."""
    listed = lines(*(_left_text(texts, each) for each in left))
    take = (button(texts.plain("button_take_less"), Buy(coin=coin, wish_id=offer.wish_id)),)
    nothing = button(texts.plain("button_take_nothing"), EmptyCart())
    rows = (take, (*cart_button(texts), nothing))
    return Page(text=texts.html("stock_short", lines=listed), rows=rows)


def _left_text(texts: Texts, left: LeftOfLine) -> Html:
    category, subcategory = left.row.category, left.row.name
    if not left.available:
        return texts.html("stock_short_line_none", category=category, subcategory=subcategory)
    return texts.html(
        "stock_short_line",
        category=category,
        subcategory=subcategory,
        wanted=left.wanted,
        available=min(left.available, left.wanted),
    )


def empty_cart_page(texts: Texts) -> Page:
    """Nothing is chosen, and the way to the goods."""
    return Page(text=texts.html("cart_empty"), rows=(categories_button(texts),))


def stale_cart_page(texts: Texts) -> Page:
    """A button of a cart that is no more."""
    return Page(text=texts.html("cart_gone"), rows=(categories_button(texts),))


def full_cart_page(texts: Texts, max_lines: int) -> Page:
    """No further subcategory fits."""
    text = texts.html("cart_full", count=max_lines)
    return Page(text=text, rows=(cart_button(texts),))


def with_note(note: Html | str, page: Page) -> Page:
    """The page with a line above its text."""
    return Page(text=Html(f"{as_html(note)}\n\n{page.text}"), rows=page.rows)
