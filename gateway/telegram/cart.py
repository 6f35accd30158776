"""The cart as shoppers see it: shown, changed, emptied. Ordering it is in `ordering`."""

import asyncio
from collections.abc import Sequence

from aiogram import Router

from actors.messages import CartLine, ShortLine
from gateway.telegram.cart_pages import (
    LeftOfLine,
    ShownLine,
    cart_page,
    empty_cart_page,
    full_cart_page,
    lines_page,
    short_page,
    stale_cart_page,
    with_note,
)
from gateway.telegram.carts import MAX_LINES, Cart, CartFullError, CartLines, Carts
from gateway.telegram.page import Page
from gateway.telegram.replies import Tap
from gateway.telegram.shop import Desk
from gateway.telegram.taps import MAX_QUANTITY, ChangeLine, EmptyCart, ShowCart, ShowLines
from store.queries import SubcategoryRow


class CartDesk:
    """Everybody's cart, the pages made of it, and the handlers that change it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._carts = Carts()

    def register(self, router: Router) -> None:
        """Take the taps that are for this part."""
        router.callback_query.register(self.on_show, ShowCart.filter())
        router.callback_query.register(self.on_show_lines, ShowLines.filter())
        router.callback_query.register(self.on_change, ChangeLine.filter())
        router.callback_query.register(self.on_empty, EmptyCart.filter())

    # --- what the others need of it ---------------------------------------------------------------

    def takes_more(self, telegram_id: int) -> bool:
        """Whether what is chosen next joins what is in the cart."""
        cart = self._carts.of(telegram_id)
        return cart is not None and cart.takes_more

    def take_more(self, telegram_id: int) -> None:
        """What is chosen next joins what is in the cart, if anything is."""
        self._carts.take_more(telegram_id)

    def wished(self, telegram_id: int, wish_id: str) -> CartLines | None:
        """What a button with this id orders; None where it is of another cart than the present."""
        cart = self._carts.of(telegram_id)
        return None if cart is None else cart.lines_of(wish_id)

    def ordered(self, telegram_id: int) -> None:
        """The cart has become an order."""
        self._carts.empty(telegram_id)

    async def chosen(self, telegram_id: int, line: CartLine) -> Page:
        """The cart with a line that was chosen just now."""
        try:
            cart = self._carts.choose(telegram_id, line)
        except CartFullError:
            return full_cart_page(self._desk.texts, MAX_LINES)
        return await self._page(telegram_id, cart)

    async def short(self, telegram_id: int, left: Sequence[ShortLine], coin: str) -> Page:
        """What there is of the cart, to take or to leave."""
        lines = tuple(
            CartLine(subcategory_id=each.subcategory_id, quantity=min(each.wanted, each.available))
            for each in left
            if each.available
        )
        offer = self._carts.offer(telegram_id, lines)
        if offer is None:
            return stale_cart_page(self._desk.texts)
        rows = await self._rows([each.subcategory_id for each in left])
        shown = [
            LeftOfLine(row=rows[each.subcategory_id], wanted=each.wanted, available=each.available)
            for each in left
            if each.subcategory_id in rows
        ]
        return short_page(self._desk.texts, shown, offer, coin)

    async def stale(self, telegram_id: int) -> Page:
        """Instead of what a button of another cart would have done: the cart as it is now."""
        cart = self._carts.of(telegram_id)
        if cart is None:
            return stale_cart_page(self._desk.texts)
        note = self._desk.texts.html("cart_changed")
        return with_note(note, await self._page(telegram_id, cart))

    # --- handlers ---------------------------------------------------------------------------------

    async def on_show(self, _: object, tap: Tap) -> None:
        """Show the cart, as a wish of its own."""
        cart = self._carts.renew(tap.telegram_id)
        if cart is None:
            await tap.show(empty_cart_page(self._desk.texts))
            return
        await tap.show(await self._page(tap.telegram_id, cart))

    async def on_show_lines(self, _: object, tap: Tap) -> None:
        """Show the cart with the means to change it."""
        cart = self._carts.of(tap.telegram_id)
        await tap.show(await self._lines_page(cart))

    async def on_change(self, _: object, tap: Tap, callback_data: ChangeLine) -> None:
        """Another number of one line; a tap on a page from before the last change does nothing."""
        cart = self._carts.of(tap.telegram_id)
        if cart is not None and cart.wish_id == callback_data.wish_id:
            if await self._is_too_many(cart, callback_data, tap):
                return
            line = CartLine(
                subcategory_id=callback_data.subcategory_id, quantity=callback_data.quantity
            )
            cart = self._carts.change(tap.telegram_id, line)
        await tap.show(await self._lines_page(cart))

    async def on_empty(self, _: object, tap: Tap) -> None:
        """Forget what was chosen."""
        self._carts.empty(tap.telegram_id)
        await tap.show(empty_cart_page(self._desk.texts))

    async def _is_too_many(self, cart: Cart, wanted: ChangeLine, tap: Tap) -> bool:
        before = {line.subcategory_id: line.quantity for line in cart.lines}
        if wanted.quantity <= before.get(wanted.subcategory_id, MAX_QUANTITY):
            return False
        rows = await self._rows([wanted.subcategory_id])
        available = rows[wanted.subcategory_id].available if rows else 0
        if wanted.quantity <= available:
            return False
        await tap.alert(self._desk.texts.plain("only_some_left", available=available))
        return True

    async def _lines_page(self, cart: Cart | None) -> Page:
        if cart is None:
            return empty_cart_page(self._desk.texts)
        return lines_page(self._desk.texts, cart, await self._shown(cart))

    async def _page(self, telegram_id: int, cart: Cart) -> Page:
        shown = await self._shown(cart)
        if not shown:
            self._carts.empty(telegram_id)
            return empty_cart_page(self._desk.texts)
        shop = self._desk.shop
        return cart_page(self._desk.texts, cart, shown, shop.coins, shop.currency)

    async def _shown(self, cart: Cart) -> list[ShownLine]:
        rows = await self._rows([line.subcategory_id for line in cart.lines])
        return [
            ShownLine(line=line, row=rows[line.subcategory_id])
            for line in cart.lines
            if line.subcategory_id in rows
        ]

    async def _rows(self, subcategory_ids: Sequence[int]) -> dict[int, SubcategoryRow]:
        def read() -> dict[int, SubcategoryRow]:
            found = [self._desk.reader.subcategory(each) for each in subcategory_ids]
            return {row.subcategory_id: row for row in found if row is not None}

        return await asyncio.to_thread(read)
