"""The admins' menu: lists by buttons, a page at a time, and everything about one order."""

import asyncio
import re
from typing import assert_never

from aiogram import Bot, Router
from aiogram.filters import BaseFilter, Command, CommandObject
from aiogram.types import BufferedInputFile, Message, User

from gateway.telegram.admin_lists import (
    ROWS_A_QUERY,
    menu_page,
    open_orders_page,
    ready_page,
    refunds_page,
    stock_page,
    timeouts_page,
)
from gateway.telegram.admin_sheet import OrderSheet, order_sheet
from gateway.telegram.goods import MAX_MESSAGE_LENGTH, utf16_length
from gateway.telegram.page import Page
from gateway.telegram.replies import Tap, reply
from gateway.telegram.shop import Desk
from gateway.telegram.taps import ListKind, OpenAdminList, OpenAdminMenu, ShowOrderToAdmin
from gateway.texts import as_html
from store.admin_queries import AdminQueries

_ONE_ORDER = re.compile("#?([0-9]{1,18})")


class AdminMenu:
    """Handlers that only read."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._queries = AdminQueries(desk.reader)

    def register(self, router: Router, is_admin: BaseFilter) -> None:
        """Take the messages and taps of admins that are for this part."""
        router.message.register(self.on_menu, Command("admin"), is_admin)
        router.message.register(self.on_help, Command("help"), is_admin)
        router.message.register(self.on_order, Command("order"), is_admin)
        router.callback_query.register(self.on_menu_tap, OpenAdminMenu.filter(), is_admin)
        router.callback_query.register(self.on_list, OpenAdminList.filter(), is_admin)
        router.callback_query.register(self.on_order_tap, ShowOrderToAdmin.filter(), is_admin)

    async def on_menu(self, message: Message) -> None:
        """The lists, and the commands."""
        await reply(message, menu_page(self._desk.texts))

    async def on_menu_tap(self, _: object, tap: Tap) -> None:
        """The same in the place of a list."""
        await tap.show(menu_page(self._desk.texts))

    async def on_help(self, message: Message) -> None:
        """List the commands, those for admins too."""
        texts = self._desk.texts
        await message.answer(f"{texts.html('help')}\n\n{texts.html('admin_help')}")

    async def on_list(self, _: object, tap: Tap, callback_data: OpenAdminList) -> None:
        """Show a page of a list."""
        page = await asyncio.to_thread(self._list_page, callback_data.kind, callback_data.after)
        await tap.show(page)

    async def on_order(
        self, message: Message, command: CommandObject, event_from_user: User, bot: Bot
    ) -> None:
        """Show everything about an order: `/order N`."""
        match = _ONE_ORDER.fullmatch((command.args or "").strip())
        if match is None:
            await message.answer(self._desk.texts.html("admin_order_usage"))
            return
        order_id = int(match[1])
        sheet = await self._sheet(order_id)
        if sheet is None:
            await message.answer(self._desk.texts.html("order_not_found", order_id=order_id))
            return
        await _send_sheet(bot, event_from_user.id, sheet)

    async def on_order_tap(
        self, _: object, tap: Tap, callback_data: ShowOrderToAdmin, bot: Bot
    ) -> None:
        """The same for an order of a list; the list stays."""
        sheet = await self._sheet(callback_data.order_id)
        if sheet is None:
            order_id = callback_data.order_id
            await tap.alert(self._desk.texts.plain("order_not_found", order_id=order_id))
            return
        await _send_sheet(bot, tap.telegram_id, sheet)

    def _list_page(self, kind: ListKind, after: int) -> Page:
        texts, queries = self._desk.texts, self._queries
        match kind:
            case ListKind.OPEN:
                return open_orders_page(texts, queries.open_orders(after, ROWS_A_QUERY))
            case ListKind.READY:
                return ready_page(texts, queries.ready_for_shipment(after, ROWS_A_QUERY))
            case ListKind.REFUNDS:
                return refunds_page(texts, queries.refund_list(after, ROWS_A_QUERY))
            case ListKind.TIMEOUTS:
                rows = queries.shoppers_with_timeouts(after, ROWS_A_QUERY)
                return timeouts_page(texts, rows, after)
            case ListKind.STOCK:
                return stock_page(texts, queries.stock(), after)
            case _:
                assert_never(kind)

    async def _sheet(self, order_id: int) -> OrderSheet | None:
        details = await asyncio.to_thread(self._queries.order_details, order_id)
        return None if details is None else order_sheet(self._desk.texts, details)


async def _send_sheet(bot: Bot, chat_id: int, sheet: OrderSheet) -> None:
    """As a message, or as a file where it is longer than one."""
    keyboard = sheet.keyboard
    if utf16_length(sheet.text) <= MAX_MESSAGE_LENGTH:
        await bot.send_message(chat_id, as_html(sheet.text), reply_markup=keyboard)
        return
    document = BufferedInputFile(sheet.text.encode(), sheet.file_name)
    await bot.send_document(chat_id, document, caption=sheet.heading, reply_markup=keyboard)
