"""Choosing: /start, categories, subcategories, quantity. Nothing is held for anybody here."""

import asyncio
from collections import OrderedDict
from typing import assert_never

from aiogram import Router
from aiogram.filters import CommandStart
from aiogram.types import Message, User

from actors.messages import CartLine, RegisterShopper, ShopperRegistered
from domain.partial_stock import ShortAsked, ShortReduced, ShortRefused, decide_short
from gateway.telegram.cart import CartDesk
from gateway.telegram.cart_pages import with_note
from gateway.telegram.menus import (
    cart_button,
    categories_page,
    fewer_page,
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
    AddMore,
    ChooseQuantity,
    OpenCategories,
    OpenCategory,
    OpenGoods,
)
from store.queries import SubcategoryRow

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
    """Handlers for the way into the cart."""

    def __init__(self, desk: Desk, questions: OpenQuestions, carts: CartDesk) -> None:
        self._desk = desk
        self._questions = questions
        self._carts = carts

    def register(self, router: Router) -> None:
        """Take the messages and taps that are for this part."""
        router.message.register(self.on_start, CommandStart())
        router.callback_query.register(self.on_open_categories, OpenCategories.filter())
        router.callback_query.register(self.on_add_more, AddMore.filter())
        router.callback_query.register(self.on_open_category, OpenCategory.filter())
        router.callback_query.register(self.on_open_goods, OpenGoods.filter())
        router.callback_query.register(self.on_choose_quantity, ChooseQuantity.filter())

    async def on_start(self, message: Message, event_from_user: User) -> None:
        """Make the account, and show the categories."""
        telegram_id = event_from_user.id
        self._questions.drop(telegram_id)
        answer = await self._desk.ask(
            RegisterShopper(
                telegram_id=telegram_id,
                telegram_username=event_from_user.username,
                language=self._desk.shop.language,
            )
        )
        if isinstance(answer, ShopperRegistered):
            await reply(message, await self._categories(telegram_id, 0))
        else:
            await message.answer(self._desk.texts.html("shop_unavailable"))

    async def on_open_categories(self, _: object, tap: Tap, callback_data: OpenCategories) -> None:
        """Show the categories."""
        self._questions.drop(tap.telegram_id)
        await tap.show(await self._categories(tap.telegram_id, callback_data.page))

    async def on_add_more(self, _: object, tap: Tap) -> None:
        """Show the categories; what is chosen there joins the cart."""
        self._questions.drop(tap.telegram_id)
        self._carts.take_more(tap.telegram_id)
        await tap.show(await self._categories(tap.telegram_id, 0))

    async def on_open_category(self, _: object, tap: Tap, callback_data: OpenCategory) -> None:
        """Show the subcategories of one."""
        self._questions.drop(tap.telegram_id)
        rows = await asyncio.to_thread(self._desk.reader.subcategories, callback_data.category_id)
        currency = self._desk.shop.currency
        await tap.show(subcategories_page(self._desk.texts, rows, callback_data.page, currency))

    async def on_open_goods(self, _: object, tap: Tap, callback_data: OpenGoods) -> None:
        """Show one subcategory and ask how many."""
        subcategory_id = callback_data.subcategory_id
        row = await self._row(subcategory_id)
        if row is None:
            await tap.show(sold_out_page(self._desk.texts))
            return
        self._questions.ask(tap.telegram_id, subcategory_id)
        await tap.show(quantity_page(self._desk.texts, row, self._desk.shop.currency))

    async def on_choose_quantity(self, _: object, tap: Tap, callback_data: ChooseQuantity) -> None:
        """Put them into the cart, and ask in which coin."""
        line = CartLine(
            subcategory_id=callback_data.subcategory_id, quantity=callback_data.quantity
        )
        await tap.show(await self._chosen(tap.telegram_id, line))

    async def on_typed_quantity(self, message: Message, user: User, subcategory_id: int) -> None:
        """Take what was typed as the quantity that was asked for."""
        quantity = read_quantity(message.text or "")
        if quantity is not None:
            line = CartLine(subcategory_id=subcategory_id, quantity=quantity)
            await reply(message, await self._chosen(user.id, line))
            return
        row = await self._row(subcategory_id)
        texts = self._desk.texts
        page = sold_out_page(texts) if row is None else quantity_problem(texts, row)
        await reply(message, page)

    async def _categories(self, telegram_id: int, number: int) -> Page:
        rows = await asyncio.to_thread(self._desk.reader.categories)
        page = categories_page(self._desk.texts, rows, number)
        if not self._carts.takes_more(telegram_id):
            return page
        return Page(text=page.text, rows=(*page.rows, cart_button(self._desk.texts)))

    async def _chosen(self, telegram_id: int, line: CartLine) -> Page:
        texts = self._desk.texts
        row = await self._row(line.subcategory_id)
        if row is None or not row.available:
            return sold_out_page(texts)
        if line.quantity > row.available:
            return await self._too_many(telegram_id, line, row)
        return await self._carts.chosen(telegram_id, line)

    async def _too_many(self, telegram_id: int, line: CartLine, row: SubcategoryRow) -> Page:
        """More than there is now: what the owner's policy makes of it, before anything is asked."""
        texts, name = self._desk.texts, line.subcategory_id
        short = decide_short(
            self._desk.shop.partial_stock, {name: line.quantity}, {name: row.available}
        )
        match short:
            case ShortRefused():
                return too_many_page(texts, row)
            case ShortAsked():
                return fewer_page(texts, row)
            case ShortReduced(quantities=quantities):
                fewer = CartLine(subcategory_id=name, quantity=quantities[name])
                note = texts.html("only_these_left", available=row.available)
                return with_note(note, await self._carts.chosen(telegram_id, fewer))
            case _:
                assert_never(short)

    async def _row(self, subcategory_id: int) -> SubcategoryRow | None:
        return await asyncio.to_thread(self._desk.reader.subcategory, subcategory_id)


def read_quantity(text: str) -> int | None:
    """A whole number from 1 on, or None: no sign, point, exponent or foreign digits."""
    digits = text.strip()
    if not digits.isascii() or not digits.isdecimal() or len(digits) > len(str(MAX_QUANTITY)):
        return None
    quantity = int(digits)
    return quantity if 1 <= quantity <= MAX_QUANTITY else None
