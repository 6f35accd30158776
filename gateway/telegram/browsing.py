"""Choosing: /start, categories, subcategories, quantity, coin. Nothing is held for anybody here."""

import asyncio
from collections import OrderedDict

from aiogram import Router
from aiogram.filters import CommandStart
from aiogram.types import Message, User

from actors.messages import RegisterShopper, ShopperRegistered
from gateway.telegram.menus import (
    categories_page,
    coins_page,
    quantity_page,
    quantity_problem,
    sold_out_page,
    subcategories_page,
    too_many_page,
)
from gateway.telegram.page import Page
from gateway.telegram.replies import Tap, reply
from gateway.telegram.shop import Desk
from gateway.telegram.taps import (
    MAX_QUANTITY,
    ChooseQuantity,
    OpenCategories,
    OpenCategory,
    OpenGoods,
    new_wish_id,
)

_REMEMBERED_QUESTIONS = 10_000


class OpenQuestions:
    """Who was last asked how many, and of what. Forgotten in a restart; the oldest go first."""

    def __init__(self) -> None:
        self._subcategories: OrderedDict[int, int] = OrderedDict()

    def ask(self, telegram_id: int, subcategory_id: int) -> None:
        """A quantity of this subcategory is asked for."""
        self._subcategories[telegram_id] = subcategory_id
        self._subcategories.move_to_end(telegram_id)
        if len(self._subcategories) > _REMEMBERED_QUESTIONS:
            self._subcategories.popitem(last=False)

    def drop(self, telegram_id: int) -> None:
        """No quantity is asked for any more."""
        self._subcategories.pop(telegram_id, None)

    def subcategory_of(self, telegram_id: int) -> int | None:
        """Of which subcategory a quantity is asked for, if one is."""
        return self._subcategories.get(telegram_id)


class Browsing:
    """Handlers for everything before an order."""

    def __init__(self, desk: Desk, questions: OpenQuestions) -> None:
        self._desk = desk
        self._questions = questions

    def register(self, router: Router) -> None:
        """Take the messages and taps that are for this part."""
        router.message.register(self.on_start, CommandStart())
        router.callback_query.register(self.on_open_categories, OpenCategories.filter())
        router.callback_query.register(self.on_open_category, OpenCategory.filter())
        router.callback_query.register(self.on_open_goods, OpenGoods.filter())
        router.callback_query.register(self.on_choose_quantity, ChooseQuantity.filter())

    async def on_start(self, message: Message, event_from_user: User) -> None:
        """Make the account, and show the categories."""
        self._questions.drop(event_from_user.id)
        answer = await self._desk.ask(
            RegisterShopper(
                telegram_id=event_from_user.id,
                telegram_username=event_from_user.username,
                language=self._desk.shop.language,
            )
        )
        if isinstance(answer, ShopperRegistered):
            await reply(message, await self._categories(0))
        else:
            await message.answer(self._desk.texts.html("shop_unavailable"))

    async def on_open_categories(self, _: object, tap: Tap, callback_data: OpenCategories) -> None:
        """Show the categories."""
        self._questions.drop(tap.telegram_id)
        await tap.show(await self._categories(callback_data.page))

    async def on_open_category(self, _: object, tap: Tap, callback_data: OpenCategory) -> None:
        """Show the subcategories of one."""
        self._questions.drop(tap.telegram_id)
        rows = await asyncio.to_thread(self._desk.reader.subcategories, callback_data.category_id)
        currency = self._desk.shop.currency
        await tap.show(subcategories_page(self._desk.texts, rows, callback_data.page, currency))

    async def on_open_goods(self, _: object, tap: Tap, callback_data: OpenGoods) -> None:
        """Show one subcategory and ask how many."""
        subcategory_id = callback_data.subcategory_id
        row = await asyncio.to_thread(self._desk.reader.subcategory, subcategory_id)
        if row is None:
            await tap.show(sold_out_page(self._desk.texts))
            return
        self._questions.ask(tap.telegram_id, subcategory_id)
        await tap.show(quantity_page(self._desk.texts, row, self._desk.shop.currency))

    async def on_choose_quantity(self, _: object, tap: Tap, callback_data: ChooseQuantity) -> None:
        """Ask in which coin."""
        page = await self._coins(callback_data.subcategory_id, callback_data.quantity)
        await tap.show(page)

    async def on_typed_quantity(self, message: Message, subcategory_id: int) -> None:
        """Take what was typed as the quantity that was asked for."""
        quantity = read_quantity(message.text or "")
        if quantity is not None:
            await reply(message, await self._coins(subcategory_id, quantity))
            return
        row = await asyncio.to_thread(self._desk.reader.subcategory, subcategory_id)
        texts = self._desk.texts
        page = sold_out_page(texts) if row is None else quantity_problem(texts, row)
        await reply(message, page)

    async def _categories(self, number: int) -> Page:
        rows = await asyncio.to_thread(self._desk.reader.categories)
        return categories_page(self._desk.texts, rows, number)

    async def _coins(self, subcategory_id: int, quantity: int) -> Page:
        row = await asyncio.to_thread(self._desk.reader.subcategory, subcategory_id)
        texts = self._desk.texts
        if row is None:
            return sold_out_page(texts)
        if quantity > row.available:
            return too_many_page(texts, row)
        return coins_page(texts, row, quantity, self._desk.shop.coins, new_wish_id())


def read_quantity(text: str) -> int | None:
    """A whole number from 1 on, or None: no sign, point, exponent or foreign digits."""
    digits = text.strip()
    if not digits.isascii() or not digits.isdecimal() or len(digits) > len(str(MAX_QUANTITY)):
        return None
    quantity = int(digits)
    return quantity if 1 <= quantity <= MAX_QUANTITY else None
