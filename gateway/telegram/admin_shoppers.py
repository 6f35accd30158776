"""Shoppers as admins see them: how many orders they let expire, and forgiving that."""

import asyncio
import re

from aiogram import Router
from aiogram.filters import BaseFilter, Command, CommandObject
from aiogram.types import Message, User

from actors.messages import ClearTimeouts, TimeoutsWereCleared
from gateway.telegram.admin_lists import shopper_page
from gateway.telegram.people import person_name
from gateway.telegram.replies import Tap
from gateway.telegram.shop import Desk, NoAnswer
from gateway.telegram.taps import ClearByAdmin, ShowShopper
from gateway.texts import as_html
from store.admin_queries import AdminQueries, ShopperRow

_SHOPPER = re.compile(r"([0-9]{1,18})|@?([A-Za-z][A-Za-z0-9_]{0,63})")


class AdminShoppers:
    """Handlers for `/clear` and for the page of one shopper."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._queries = AdminQueries(desk.reader)

    def register(self, router: Router, is_admin: BaseFilter) -> None:
        """Take the messages and taps of admins that are for this part."""
        router.message.register(self.on_clear, Command("clear"), is_admin)
        router.callback_query.register(self.on_show, ShowShopper.filter(), is_admin)
        router.callback_query.register(self.on_clear_tap, ClearByAdmin.filter(), is_admin)

    async def on_clear(
        self, message: Message, command: CommandObject, event_from_user: User
    ) -> None:
        """Let a shopper order again: `/clear USER`, by id or name."""
        texts = self._desk.texts
        written = (command.args or "").strip()
        match = _SHOPPER.fullmatch(written)
        if match is None:
            await message.answer(texts.html("admin_clear_usage"))
            return
        found = await asyncio.to_thread(self._find, match[1], match[2])
        if not found:
            await message.answer(texts.html("admin_no_such_shopper", who=written))
        elif len(found) > 1:
            ids = ", ".join(str(each.telegram_id) for each in found)
            await message.answer(texts.html("admin_which_shopper", who=written, ids=ids))
        else:
            text = await self._clear(found[0], event_from_user.id)
            await message.answer(as_html(text))

    async def on_show(self, _: object, tap: Tap, callback_data: ShowShopper) -> None:
        """Show one shopper."""
        row = await asyncio.to_thread(self._queries.shopper, callback_data.telegram_id)
        if row is None:
            who = str(callback_data.telegram_id)
            await tap.alert(self._desk.texts.plain("admin_no_such_shopper", who=who))
            return
        await tap.show(shopper_page(self._desk.texts, row, self._desk.shop.currency))

    async def on_clear_tap(self, query: object, tap: Tap, callback_data: ClearByAdmin) -> None:
        """Let this shopper order again."""
        telegram_id = callback_data.telegram_id
        row = await asyncio.to_thread(self._queries.shopper, telegram_id)
        if row is not None:
            await tap.answer(await self._clear(row, tap.telegram_id))
        await self.on_show(query, tap, ShowShopper(telegram_id=telegram_id))

    def _find(self, telegram_id: str | None, name: str | None) -> list[ShopperRow]:
        if name is not None:
            return self._queries.shoppers_named(name)
        row = self._queries.shopper(int(telegram_id or 0))
        return [] if row is None else [row]

    async def _clear(self, row: ShopperRow, admin_telegram_id: int) -> str:
        """What became of the wish, without markup."""
        texts = self._desk.texts
        who = person_name(row.telegram_username, row.telegram_id)
        wish = ClearTimeouts(telegram_id=row.telegram_id, admin_telegram_id=admin_telegram_id)
        match await self._desk.ask(wish):
            case TimeoutsWereCleared():
                return texts.plain("admin_cleared", who=who, count=row.timeout_count)
            case NoAnswer():
                return texts.plain("admin_clear_in_doubt", who=who)
            case _:
                return texts.plain("shop_unavailable")
