"""Ordering and calling off: the taps that change something."""

import asyncio

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import Message, User

from actors.messages import (
    CancelOrder,
    CartLine,
    OrderChanged,
    OrderPlaced,
    OrderRefused,
    PlaceOrder,
)
from domain.order import Order, OrderStatus
from gateway.telegram.browsing import OpenQuestions
from gateway.telegram.menus import categories_button
from gateway.telegram.page import Page, button
from gateway.telegram.refusals import (
    cancel_order_row,
    order_refused_page,
    refusal_text,
    show_order_row,
)
from gateway.telegram.replies import Tap, reply
from gateway.telegram.shop import Desk, NoAnswer
from gateway.telegram.taps import Buy, Cancel
from gateway.texts import Texts, as_html

_ORDERS_LOOKED_AT = 20


class Ordering:
    """Handlers for ordering and cancelling."""

    def __init__(self, desk: Desk, questions: OpenQuestions) -> None:
        self._desk = desk
        self._questions = questions

    def register(self, router: Router) -> None:
        """Take the messages and taps that are for this part."""
        router.callback_query.register(self.on_buy, Buy.filter())
        router.callback_query.register(self.on_cancel_tap, Cancel.filter())
        router.message.register(self.on_cancel_command, Command("cancel"))

    async def on_buy(self, _: object, tap: Tap, callback_data: Buy) -> None:
        """Order. The invoice comes by itself; the menu becomes a short word on what happened."""
        self._questions.drop(tap.telegram_id)
        line = CartLine(
            subcategory_id=callback_data.subcategory_id, quantity=callback_data.quantity
        )
        wish = PlaceOrder(
            # The menu's own id: a second tap, or the same update again, orders nothing more.
            request_id=f"tg:{tap.telegram_id}:{callback_data.wish_id}",
            telegram_id=tap.telegram_id,
            telegram_username=tap.username,
            coin=callback_data.coin,
            lines=(line,),
        )
        answer = await self._desk.ask(wish)
        texts = self._desk.texts
        match answer:
            case OrderPlaced(order=order):
                await tap.show(placed_page(texts, order))
            case OrderRefused():
                await tap.show(order_refused_page(texts, answer, callback_data))
                await tap.answer(refusal_text(texts, answer))
            case NoAnswer():
                again = (button(texts.plain("button_try_again"), callback_data),)
                await tap.show(Page(text=texts.html("order_in_doubt"), rows=(again,)))
            case _:
                again = (button(texts.plain("button_try_again"), callback_data),)
                await tap.show(Page(text=texts.html("shop_unavailable"), rows=(again,)))

    async def on_cancel_tap(self, _: object, tap: Tap, callback_data: Cancel) -> None:
        """Call an order off by a button; a refusal leaves the invoice as it is."""
        answer = await self._cancel(callback_data.order_id, tap.telegram_id)
        if isinstance(answer, OrderChanged):
            await tap.show(cancelled_page(self._desk.texts, answer.order))
            return
        await tap.alert(self._why_not_cancelled(answer, callback_data.order_id))

    async def on_cancel_command(self, message: Message, event_from_user: User) -> None:
        """Call off the order that is open; where there are several, ask which."""
        texts, telegram_id = self._desk.texts, event_from_user.id
        self._questions.drop(telegram_id)
        orders = await asyncio.to_thread(
            self._desk.reader.orders_of, telegram_id, _ORDERS_LOOKED_AT
        )
        open_orders = [order for order in orders if order.status is OrderStatus.CREATED]
        if not open_orders:
            await message.answer(texts.html("no_open_order"))
        elif len(open_orders) > 1:
            await reply(message, which_page(texts, open_orders))
        else:
            await self._cancel_the_one(message, open_orders[0])

    async def _cancel_the_one(self, message: Message, order: Order) -> None:
        answer = await self._cancel(order.order_id, order.telegram_id)
        if isinstance(answer, OrderChanged):
            await reply(message, cancelled_page(self._desk.texts, answer.order))
        else:
            await message.answer(as_html(self._why_not_cancelled(answer, order.order_id)))

    async def _cancel(self, order_id: int, telegram_id: int) -> object:
        return await self._desk.ask(CancelOrder(order_id=order_id, telegram_id=telegram_id))

    def _why_not_cancelled(self, answer: object, order_id: int) -> str:
        texts = self._desk.texts
        if isinstance(answer, OrderRefused):
            return refusal_text(texts, answer, order_id)
        return texts.plain("shop_unavailable")


def placed_page(texts: Texts, order: Order) -> Page:
    """What becomes of the menu: the order's number. An old menu may be of an order long gone."""
    if order.status is OrderStatus.CREATED:
        return Page(text=texts.html("order_placed", order_id=order.order_id))
    text = texts.html("menu_used", order_id=order.order_id)
    return Page(text=text, rows=(show_order_row(texts, order.order_id), categories_button(texts)))


def cancelled_page(texts: Texts, order: Order) -> Page:
    """What becomes of an invoice that was called off: nothing on it can be paid by mistake."""
    text = texts.html("order_cancelled_done", order_id=order.order_id)
    return Page(text=text, rows=(categories_button(texts),))


def which_page(texts: Texts, orders: list[Order]) -> Page:
    """Which of several open orders to call off."""
    rows = tuple(cancel_order_row(texts, order.order_id) for order in orders)
    return Page(text=texts.html("which_to_cancel"), rows=rows)
