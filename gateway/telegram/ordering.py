"""Ordering what is in the cart. The invoice comes by itself, through the outbox."""

import asyncio
from collections.abc import Mapping

from aiogram import Router

from actors.messages import OrderPlaced, OrderRefused, OrderShort, PlaceOrder
from domain.order import Order, OrderStatus, RefusalReason
from gateway.telegram.browsing import OpenQuestions
from gateway.telegram.cart import CartDesk
from gateway.telegram.carts import CartLines
from gateway.telegram.menus import categories_button
from gateway.telegram.page import Page, button
from gateway.telegram.refusals import (
    WishFacts,
    order_refused_page,
    order_refused_text,
    show_order_row,
)
from gateway.telegram.replies import Tap
from gateway.telegram.shop import Desk, NoAnswer
from gateway.telegram.taps import Buy
from gateway.texts import Texts
from store.queries import SubcategoryRow

_ORDERS_LOOKED_AT = 20


class Ordering:
    """Handler of the tap that orders."""

    def __init__(self, desk: Desk, questions: OpenQuestions, carts: CartDesk) -> None:
        self._desk = desk
        self._questions = questions
        self._carts = carts

    def register(self, router: Router) -> None:
        """Take the taps that are for this part."""
        router.callback_query.register(self.on_buy, Buy.filter())

    async def on_buy(self, _: object, tap: Tap, callback_data: Buy) -> None:
        """Order; the page becomes a short word on what happened."""
        self._questions.drop(tap.telegram_id)
        lines = self._carts.wished(tap.telegram_id, callback_data.wish_id)
        if lines is None:
            await self._show_what_became_of_it(tap, callback_data.wish_id)
            return
        wish = PlaceOrder(
            # The page's own id: a second tap, or the same update again, orders nothing more.
            request_id=_request_id(tap.telegram_id, callback_data.wish_id),
            telegram_id=tap.telegram_id,
            telegram_username=tap.username,
            coin=callback_data.coin,
            lines=lines,
        )
        await self._show_answer(tap, callback_data, wish, await self._desk.ask(wish))

    async def _show_answer(self, tap: Tap, tapped: Buy, wish: PlaceOrder, answer: object) -> None:
        texts = self._desk.texts
        again = (button(texts.plain("button_try_again"), tapped),)
        match answer:
            case OrderPlaced(order=order):
                self._carts.ordered(tap.telegram_id)
                await tap.show(placed_page(texts, order, wish.lines))
            case OrderShort(lines=left):
                await tap.show(await self._carts.short(tap.telegram_id, left, wish.coin))
            case OrderRefused():
                await self._show_refusal(tap, wish, answer)
            case NoAnswer():
                await tap.show(Page(text=texts.html("order_in_doubt"), rows=(again,)))
            case _:
                await tap.show(Page(text=texts.html("shop_unavailable"), rows=(again,)))

    async def _show_refusal(self, tap: Tap, wish: PlaceOrder, refused: OrderRefused) -> None:
        short_of = None
        if refused.reason is RefusalReason.STOCK_SHORT and len(wish.lines) > 1:
            short_of = await self._row(refused.subcategory_id)
        texts, coins = self._desk.texts, self._desk.shop.coins
        facts = WishFacts(
            coin=wish.coin,
            other_coins=tuple(coin for coin in coins if coin != wish.coin),
            lines=wish.lines,
            short_of=short_of,
        )
        await tap.show(order_refused_page(texts, refused, facts))
        await tap.answer(order_refused_text(texts, refused, facts))

    async def _show_what_became_of_it(self, tap: Tap, wish_id: str) -> None:
        """A page that was used, or one of a cart that is forgotten or changed since."""
        request_id = _request_id(tap.telegram_id, wish_id)
        orders = await asyncio.to_thread(
            self._desk.reader.orders_of, tap.telegram_id, _ORDERS_LOOKED_AT
        )
        order = next((each for each in orders if each.request_id == request_id), None)
        if order is not None:
            await tap.show(placed_page(self._desk.texts, order, ()))
            return
        await tap.show(await self._carts.stale(tap.telegram_id))

    async def _row(self, subcategory_id: int | None) -> SubcategoryRow | None:
        if subcategory_id is None:
            return None
        return await asyncio.to_thread(self._desk.reader.subcategory, subcategory_id)


def _request_id(telegram_id: int, wish_id: str) -> str:
    return f"tg:{telegram_id}:{wish_id}"


def placed_page(texts: Texts, order: Order, wished: CartLines) -> Page:
    """What becomes of the cart's page: the order's number.

    `wished`: what was asked for just now; empty for an old page, whose order may be long gone.
    """
    if order.status is not OrderStatus.CREATED:
        text = texts.html("menu_used", order_id=order.order_id)
        rows = (show_order_row(texts, order.order_id), categories_button(texts))
        return Page(text=text, rows=rows)
    if _has_less(order, {line.subcategory_id: line.quantity for line in wished}):
        return Page(text=texts.html("order_placed_with_less", order_id=order.order_id))
    return Page(text=texts.html("order_placed", order_id=order.order_id))


def _has_less(order: Order, wished: Mapping[int, int]) -> bool:
    there_is = {line.subcategory_id: len(line.units) for line in order.lines}
    return any(there_is.get(name, 0) < quantity for name, quantity in wished.items())
