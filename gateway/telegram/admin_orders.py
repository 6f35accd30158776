"""What admins can do with one order, by commands that name it.

Where a notice tells every admin what was done, the command is not answered besides.
"""

import re

from aiogram import F, Router
from aiogram.filters import BaseFilter, Command, CommandObject
from aiogram.types import Message, User

from actors.messages import (
    CancelOrderByAdmin,
    ConfirmOrder,
    ExpireOrder,
    OrderChanged,
    OrderRefused,
    ShipOrder,
)
from domain.order import RefusalReason
from gateway.telegram.refusals import refusal_text
from gateway.telegram.replies import Tap
from gateway.telegram.shop import Desk, NoAnswer
from gateway.telegram.taps import ShipByAdmin
from gateway.texts import Html, as_html

_NUMBER = "#?([0-9]{1,18})"
_ONE_ORDER = re.compile(_NUMBER)
_SHIPMENT = re.compile(rf"{_NUMBER}(?:\s+(\S.{{0,63}}))?")
_WITH_REASON = re.compile(rf"{_NUMBER}\s+(\S.{{0,199}})", re.DOTALL)
_WITH_OR_WITHOUT_REASON = re.compile(rf"{_NUMBER}(?:\s+(\S.{{0,199}}))?", re.DOTALL)
_Wish = CancelOrderByAdmin | ConfirmOrder | ExpireOrder | ShipOrder


class AdminOrders:
    """Handlers for the commands that change one order."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def register(self, router: Router, is_admin: BaseFilter) -> None:
        """Take the messages and taps of admins that are for this part."""
        router.message.register(self.on_ship, Command("ship"), is_admin)
        router.message.register(self.on_confirm, Command("confirm"), is_admin)
        router.message.register(self.on_expire, Command("expire"), is_admin)
        # Alone it is what it is for everybody: the sender's own order is called off.
        router.message.register(self.on_cancel, Command("cancel", magic=F.args), is_admin)
        router.callback_query.register(self.on_ship_tap, ShipByAdmin.filter(), is_admin)

    async def on_ship(
        self, message: Message, command: CommandObject, event_from_user: User
    ) -> None:
        """Mark an order as shipped: `/ship N [TRACK]`."""
        match = _SHIPMENT.fullmatch((command.args or "").strip())
        if match is None:
            await message.answer(self._desk.texts.html("admin_ship_usage"))
            return
        wish = ShipOrder(
            order_id=int(match[1]),
            admin_telegram_id=event_from_user.id,
            tracking_number=match[2],
        )
        done = self._desk.texts.html("admin_order_shipped_confirmation", order_id=wish.order_id)
        await self._wish(message, wish, done)

    async def on_ship_tap(self, _: object, tap: Tap, callback_data: ShipByAdmin) -> None:
        """Mark an order as shipped, without a tracking number."""
        order_id = callback_data.order_id
        wish = ShipOrder(order_id=order_id, admin_telegram_id=tap.telegram_id)
        answer = await self._desk.ask(wish)
        if isinstance(answer, OrderChanged):
            texts = self._desk.texts
            await tap.alert(texts.plain("admin_order_shipped_confirmation", order_id=order_id))
        else:
            await tap.alert(self._why_not(wish, answer))

    async def on_confirm(
        self, message: Message, command: CommandObject, event_from_user: User
    ) -> None:
        """Declare an order paid: `/confirm N REASON`."""
        match = _WITH_REASON.fullmatch((command.args or "").strip())
        if match is None:
            await message.answer(self._desk.texts.html("admin_confirm_usage"))
            return
        wish = ConfirmOrder(
            order_id=int(match[1]), admin_telegram_id=event_from_user.id, reason=match[2]
        )
        await self._wish(message, wish, None)

    async def on_expire(
        self, message: Message, command: CommandObject, event_from_user: User
    ) -> None:
        """End the wait for a payment: `/expire N`."""
        match = _ONE_ORDER.fullmatch((command.args or "").strip())
        if match is None:
            await message.answer(self._desk.texts.html("admin_expire_usage"))
            return
        wish = ExpireOrder(order_id=int(match[1]), admin_telegram_id=event_from_user.id)
        await self._wish(message, wish, None)

    async def on_cancel(
        self, message: Message, command: CommandObject, event_from_user: User
    ) -> None:
        """Call anybody's order off: `/cancel N [REASON]`."""
        texts = self._desk.texts
        match = _WITH_OR_WITHOUT_REASON.fullmatch((command.args or "").strip())
        if match is None:
            await message.answer(texts.html("admin_cancel_usage"))
            return
        wish = CancelOrderByAdmin(
            order_id=int(match[1]),
            admin_telegram_id=event_from_user.id,
            reason=match[2] or texts.plain("admin_cancel_no_reason"),
        )
        await self._wish(message, wish, None)

    async def _wish(self, message: Message, wish: _Wish, done: Html | None) -> None:
        """`done` None: a notice tells all admins, this one too."""
        answer = await self._desk.ask(wish)
        if not isinstance(answer, OrderChanged):
            await message.answer(as_html(self._why_not(wish, answer)))
        elif done is not None:
            await message.answer(done)

    def _why_not(self, wish: _Wish, answer: object) -> str:
        texts, order_id = self._desk.texts, wish.order_id
        match answer:
            case OrderRefused(reason=RefusalReason.STOCK_SHORT):
                return texts.plain("admin_confirm_stock_short", order_id=order_id)
            case OrderRefused():
                return refusal_text(texts, answer, order_id)
            case NoAnswer():
                return texts.plain("wish_in_doubt", order_id=order_id)
            case _:
                return texts.plain("shop_unavailable")
