"""The pages on which a shopper chooses: pure functions from rows to pages."""

from collections.abc import Sequence

from domain.money import format_fiat
from gateway.telegram.page import ButtonRow, Page, button, paged_rows
from gateway.telegram.taps import (
    ChooseQuantity,
    OpenCategories,
    OpenCategory,
    OpenGoods,
    ShowCart,
)
from gateway.texts import Html, Texts, as_html, paragraphs
from store.queries import CategoryRow, SubcategoryRow

_OFFERED_QUANTITIES = (1, 2, 5, 10)


def categories_page(texts: Texts, rows: Sequence[CategoryRow], number: int) -> Page:
    """A button a category, carrying exactly its name; more only after a separator."""
    if not rows:
        return Page(text=texts.html("shop_empty"))
    rows_shown = paged_rows(
        texts,
        [
            button(_category_label(texts, row), OpenCategory(category_id=row.category_id, page=0))
            for row in rows
        ],
        number,
        lambda target: OpenCategories(page=target),
    )
    return Page(text=texts.html("choose_category"), rows=rows_shown)


def _category_label(texts: Texts, row: CategoryRow) -> str:
    return row.name if row.available else texts.plain("label_sold_out", name=row.name)


def subcategories_page(
    texts: Texts, rows: Sequence[SubcategoryRow], number: int, currency: str
) -> Page:
    """A button a subcategory with price and units left."""
    back = (button(texts.plain("button_back"), OpenCategories(page=0)),)
    if not rows:
        return Page(text=texts.html("category_gone"), rows=(back,))
    category_id = rows[0].category_id
    rows_shown = paged_rows(
        texts,
        [
            button(
                _subcategory_label(texts, row, currency),
                OpenGoods(subcategory_id=row.subcategory_id),
            )
            for row in rows
        ],
        number,
        lambda target: OpenCategory(category_id=category_id, page=target),
    )
    text = texts.html("choose_subcategory", category=rows[0].category)
    return Page(text=text, rows=(*rows_shown, back))


def _subcategory_label(texts: Texts, row: SubcategoryRow, currency: str) -> str:
    if row.next_price_minor is None or not row.available:
        return texts.plain("label_sold_out", name=row.name)
    price = format_fiat(row.next_price_minor, currency)
    if row.prices_differ:
        price = texts.plain("price_from", price=price)
    return texts.plain("label_goods", name=row.name, price=price, available=row.available)


def quantity_page(texts: Texts, row: SubcategoryRow, currency: str) -> Page:
    """One subcategory: what it is, what it costs, and how many are wanted."""
    back = (button(texts.plain("button_back"), OpenCategory(category_id=row.category_id, page=0)),)
    title = texts.html("goods_title", category=row.category, subcategory=row.name)
    if row.next_price_minor is None or not row.available:
        return Page(text=paragraphs(title, texts.html("sold_out")), rows=(back,))
    price = format_fiat(row.next_price_minor, currency)
    prices = texts.html("goods_price", price=price, available=row.available)
    if row.prices_differ:
        prices = texts.html("goods_price_from", price=price, available=row.available)
    quantities = tuple(
        button(str(count), ChooseQuantity(subcategory_id=row.subcategory_id, quantity=count))
        for count in _OFFERED_QUANTITIES
        if count <= row.available
    )
    text = paragraphs(
        title,
        as_html(row.description),
        prices,
        _how_many_text(texts, row),
    )
    return Page(text=text, rows=(quantities, back))


def _how_many_text(texts: Texts, row: SubcategoryRow) -> Html:
    if row.available == 1:
        return texts.html("choose_the_last")
    return texts.html("choose_quantity", available=row.available)


def quantity_problem(texts: Texts, row: SubcategoryRow) -> Page:
    """A typed quantity that cannot be; says what to write."""
    if not row.available:
        return Page(text=texts.html("sold_out"), rows=(categories_button(texts),))
    if row.available == 1:
        return Page(text=texts.html("quantity_wrong_last"))
    return Page(text=texts.html("quantity_wrong", available=row.available))


def too_many_page(texts: Texts, row: SubcategoryRow) -> Page:
    """There are fewer than were wanted, and nothing is taken."""
    text = texts.html("only_some_left", available=row.available)
    return Page(text=text, rows=(goods_button(texts, row.subcategory_id),))


def fewer_page(texts: Texts, row: SubcategoryRow) -> Page:
    """There are fewer than were wanted: take what there is, or nothing."""
    label = texts.plain("label_take_all", available=row.available)
    take = ChooseQuantity(subcategory_id=row.subcategory_id, quantity=row.available)
    page = too_many_page(texts, row)
    return Page(text=page.text, rows=((button(label, take),), *page.rows))


def sold_out_page(texts: Texts) -> Page:
    """None left, and the way back."""
    return Page(text=texts.html("sold_out"), rows=(categories_button(texts),))


def categories_button(texts: Texts) -> ButtonRow:
    """A row with the way to the first page."""
    return (button(texts.plain("button_to_shop"), OpenCategories(page=0)),)


def cart_button(texts: Texts) -> ButtonRow:
    """A row with the way to the cart."""
    return (button(texts.plain("button_to_cart"), ShowCart()),)


def goods_button(texts: Texts, subcategory_id: int) -> ButtonRow:
    """A row with the way back to one subcategory."""
    return (button(texts.plain("button_back"), OpenGoods(subcategory_id=subcategory_id)),)
