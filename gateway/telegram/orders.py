"""The shopper's own orders: the list, one of them, and its goods again."""

import asyncio
from datetime import UTC, datetime

from aiogram import Bot, Router
from aiogram.filters import Command
from aiogram.types import BufferedInputFile, Message, User

from domain.money import format_fiat
from domain.order import Order
from gateway.telegram.goods import GoodsFile, goods_delivery
from gateway.telegram.invoice import date_text, order_page
from gateway.telegram.menus import categories_button
from gateway.telegram.page import Page, in_rows
from gateway.telegram.payment_words import status_text
from gateway.telegram.refusals import show_order_row
from gateway.telegram.replies import Tap, reply
from gateway.telegram.shop import Desk
from gateway.telegram.taps import ShowGoods, ShowOrder
from gateway.texts import Texts, paragraphs

_LISTED_ORDERS = 10


class OrderHistory:
    """Handlers that only read."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def register(self, router: Router) -> None:
        """Take the messages and taps that are for this part."""
        router.message.register(self.on_orders, Command("orders"))
        router.callback_query.register(self.on_show_order, ShowOrder.filter())
        router.callback_query.register(self.on_show_goods, ShowGoods.filter())

    async def on_orders(self, message: Message, event_from_user: User) -> None:
        """List the last orders."""
        await reply(message, await self._list(event_from_user.id))

    async def on_show_order(self, _: object, tap: Tap, callback_data: ShowOrder) -> None:
        """Show one order, with the invoice where it still awaits payment."""
        order = await self._own_order(tap, callback_data.order_id)
        if order is None:
            return
        rows = await asyncio.to_thread(self._desk.reader.order_lines, order.order_id)
        now = datetime.now(UTC)
        networks = self._desk.shop.networks
        await tap.send(order_page(self._desk.texts, order, rows, networks, now))

    async def on_show_goods(self, _: object, tap: Tap, callback_data: ShowGoods, bot: Bot) -> None:
        """Send the goods of a paid order again."""
        order = await self._own_order(tap, callback_data.order_id)
        if order is None:
            return
        rows = await asyncio.to_thread(self._desk.reader.goods, order.order_id)
        if not rows:
            await tap.alert(self._desk.texts.plain("no_goods_yet", order_id=order.order_id))
            return
        delivery = goods_delivery(self._desk.texts, order.order_id, rows)
        if isinstance(delivery, GoodsFile):
            document = BufferedInputFile(delivery.content, delivery.file_name)
            await bot.send_document(tap.telegram_id, document, caption=delivery.caption)
            return
        for text in delivery.messages:
            await tap.send(Page(text=text))

    async def _list(self, telegram_id: int) -> Page:
        reader = self._desk.reader
        orders = await asyncio.to_thread(reader.orders_of, telegram_id, _LISTED_ORDERS)
        balance_minor = await asyncio.to_thread(reader.balance_minor, telegram_id)
        balance = format_fiat(balance_minor, self._desk.shop.currency) if balance_minor else ""
        return orders_page(self._desk.texts, orders, balance)

    async def _own_order(self, tap: Tap, order_id: int) -> Order | None:
        order = await asyncio.to_thread(self._desk.reader.order, order_id)
        if order is None or order.telegram_id != tap.telegram_id:
            await tap.alert(self._desk.texts.plain("order_not_found", order_id=order_id))
            return None
        return order


def orders_page(texts: Texts, orders: list[Order], balance: str) -> Page:
    """A line and a button an order; `balance` is "" where there is none."""
    if not orders:
        return Page(text=texts.html("no_orders"), rows=(categories_button(texts),))
    listed = [
        texts.html(
            "orders_line",
            order_id=order.order_id,
            total=format_fiat(order.total_minor, order.fiat_currency),
            date=date_text(order.created_at),
            status=status_text(texts, order),
        )
        for order in orders
    ]
    buttons = [show_order_row(texts, order.order_id)[0] for order in orders]
    credit = texts.html("balance", balance=balance) if balance else ""
    text = paragraphs(texts.html("orders_heading"), *listed, credit)
    return Page(text=text, rows=(*in_rows(buttons, 2), categories_button(texts)))
