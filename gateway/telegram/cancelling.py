"""Calling one's own order off. That it is done, its notice says: one word on it is enough."""

import asyncio
import re

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message, User

from actors.messages import CancelOrder, OrderChanged, OrderRefused
from domain.order import Order, OrderStatus
from gateway.telegram.browsing import OpenQuestions
from gateway.telegram.menus import categories_button
from gateway.telegram.page import Page
from gateway.telegram.refusals import cancel_order_row, refusal_text
from gateway.telegram.replies import Tap, reply
from gateway.telegram.shop import Desk, NoAnswer
from gateway.telegram.taps import Cancel
from gateway.texts import Texts, as_html

_ORDERS_LOOKED_AT = 20
_ORDER_NUMBER = re.compile(r"#?([0-9]{1,18})(?:\s.*)?", re.DOTALL)


class Cancelling:
    """Handlers for cancelling."""

    def __init__(self, desk: Desk, questions: OpenQuestions) -> None:
        self._desk = desk
        self._questions = questions

    def register(self, router: Router) -> None:
        """Take the messages and taps that are for this part."""
        router.callback_query.register(self.on_cancel_tap, Cancel.filter())
        router.message.register(self.on_cancel_command, Command("cancel"))

    async def on_cancel_tap(self, _: object, tap: Tap, callback_data: Cancel) -> None:
        """Call an order off by a button; a refusal leaves the invoice as it is."""
        answer = await self._cancel(callback_data.order_id, tap.telegram_id)
        if isinstance(answer, OrderChanged):
            await tap.show(cancelled_page(self._desk.texts, answer.order))
            return
        await tap.alert(self._why_not(answer, callback_data.order_id))

    async def on_cancel_command(
        self, message: Message, command: CommandObject, event_from_user: User
    ) -> None:
        """Call off the order that is named, or the one that is open; of several, ask which."""
        texts, telegram_id = self._desk.texts, event_from_user.id
        self._questions.drop(telegram_id)
        named = _ORDER_NUMBER.fullmatch((command.args or "").strip())
        if named is not None:
            await self._cancel_the_one(message, int(named[1]), telegram_id)
            return
        orders = await self._open_orders(telegram_id)
        if not orders:
            await message.answer(texts.html("no_open_order"))
        elif len(orders) > 1:
            await reply(message, which_page(texts, orders))
        else:
            await self._cancel_the_one(message, orders[0].order_id, telegram_id)

    async def _open_orders(self, telegram_id: int) -> list[Order]:
        orders = await asyncio.to_thread(
            self._desk.reader.orders_of, telegram_id, _ORDERS_LOOKED_AT
        )
        return [order for order in orders if order.status is OrderStatus.CREATED]

    async def _cancel_the_one(self, message: Message, order_id: int, telegram_id: int) -> None:
        answer = await self._cancel(order_id, telegram_id)
        if not isinstance(answer, OrderChanged):
            await message.answer(as_html(self._why_not(answer, order_id)))

    async def _cancel(self, order_id: int, telegram_id: int) -> object:
        return await self._desk.ask(CancelOrder(order_id=order_id, telegram_id=telegram_id))

    def _why_not(self, answer: object, order_id: int) -> str:
        texts = self._desk.texts
        match answer:
            case OrderRefused():
                return refusal_text(texts, answer, order_id)
            case NoAnswer():
                return texts.plain("wish_in_doubt", order_id=order_id)
            case _:
                return texts.plain("shop_unavailable")


def cancelled_page(texts: Texts, order: Order) -> Page:
    """What becomes of an invoice that was called off: nothing on it can be paid by mistake."""
    text = texts.html("order_cancelled_done", order_id=order.order_id)
    return Page(text=text, rows=(categories_button(texts),))


def which_page(texts: Texts, orders: list[Order]) -> Page:
    """Which of several open orders to call off."""
    rows = tuple(cancel_order_row(texts, order.order_id) for order in orders)
    return Page(text=texts.html("which_to_cancel"), rows=rows)
