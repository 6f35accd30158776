"""What admins write when they have paid money back: `/refund N TXID [AMOUNT]`."""

import asyncio
import re
from dataclasses import replace

from aiogram import Router
from aiogram.filters import BaseFilter, Command, CommandObject
from aiogram.types import Message, User

from actors.messages import OrderChanged, OrderRefused, RecordRefund
from domain.money import MoneyError, format_coin, parse_coin
from gateway.telegram.refusals import refusal_text
from gateway.telegram.shop import Desk, NoAnswer
from gateway.texts import Html, as_html

# Transactions are named in hexadecimal or base58; the longest names are below 100 characters.
_REFUND = re.compile(r"#?([0-9]{1,18})\s+([0-9A-Za-z]{1,128})(?:\s+([0-9.]{1,42}))?")


class AdminRefunds:
    """The handler of the command."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def register(self, router: Router, is_admin: BaseFilter) -> None:
        """Take the messages of admins that are for this part."""
        router.message.register(self.on_refund, Command("refund"), is_admin)

    async def on_refund(
        self, message: Message, command: CommandObject, event_from_user: User
    ) -> None:
        """Record that money was paid back, all that waits or a certain amount of it."""
        texts = self._desk.texts
        match = _REFUND.fullmatch((command.args or "").strip())
        if match is None:
            await message.answer(texts.html("admin_refund_usage"))
            return
        wish = RecordRefund(
            order_id=int(match[1]),
            admin_telegram_id=event_from_user.id,
            transaction_id=match[2],
        )
        if match[3] is None:
            await message.answer(self._told(wish, await self._desk.ask(wish)))
            return
        order = await asyncio.to_thread(self._desk.reader.order, wish.order_id)
        if order is None:
            await message.answer(texts.html("order_not_found", order_id=wish.order_id))
            return
        try:
            amount_base_units = parse_coin(match[3], order.coin)
        except MoneyError as error:
            await message.answer(as_html(f"{error}. {texts.plain('admin_refund_usage')}"))
            return
        wish = replace(wish, amount_base_units=amount_base_units)
        await message.answer(self._told(wish, await self._desk.ask(wish)))

    def _told(self, wish: RecordRefund, answer: object) -> Html:
        texts = self._desk.texts
        match answer:
            case OrderChanged(order=order):
                amount = sum(
                    each.amount_base_units
                    for each in order.set_asides
                    if each.refund_transaction_id == wish.transaction_id
                )
                return texts.html(
                    "admin_refund_recorded",
                    order_id=wish.order_id,
                    amount=format_coin(amount, order.coin),
                    coin=order.coin,
                )
            case OrderRefused():
                return as_html(refusal_text(texts, answer, wish.order_id))
            case NoAnswer():
                return texts.html("wish_in_doubt", order_id=wish.order_id)
            case _:
                return texts.html("shop_unavailable")
