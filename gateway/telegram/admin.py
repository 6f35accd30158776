"""What admins can do in the chat. Others get the same hint as for any unknown command."""

import re

from aiogram import F, Router
from aiogram.filters import BaseFilter, Command, CommandObject
from aiogram.types import Message, User

from actors.messages import OrderChanged, OrderRefused, ShipOrder
from gateway.telegram.importing import Importing
from gateway.telegram.refusals import refusal_text
from gateway.telegram.shop import Desk
from gateway.texts import as_html

_NOT_YET = ("confirm", "refund", "clear", "expire", "order")
_SHIPMENT = re.compile(r"#?([0-9]{1,18})(?:\s+(\S.{0,63}))?")


class IsAdmin(BaseFilter):
    """Passes what an admin of the shop sends."""

    def __init__(self, admin_ids: frozenset[int]) -> None:
        self._admin_ids = admin_ids

    async def __call__(self, message: Message) -> bool:
        """Whether the sender is an admin."""
        return message.from_user is not None and message.from_user.id in self._admin_ids


class Administration:
    """Handlers for admins."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._importing = Importing(desk)

    def register(self, router: Router) -> None:
        """Take the messages that are for this part; all others go on."""
        is_admin = IsAdmin(self._desk.shop.admin_ids)
        router.message.register(self._importing.on_document, F.document, is_admin)
        router.message.register(self.on_ship, Command("ship"), is_admin)
        router.message.register(self.on_help, Command("admin", "help"), is_admin)
        router.message.register(self.on_later, Command(*_NOT_YET), is_admin)

    async def on_ship(
        self, message: Message, command: CommandObject, event_from_user: User
    ) -> None:
        """Mark an order as shipped: `/ship N [TRACK]`."""
        texts = self._desk.texts
        match = _SHIPMENT.fullmatch((command.args or "").strip())
        if match is None:
            await message.answer(texts.html("admin_ship_usage"))
            return
        order_id, tracking_number = int(match[1]), match[2]
        wish = ShipOrder(
            order_id=order_id,
            admin_telegram_id=event_from_user.id,
            tracking_number=tracking_number,
        )
        answer = await self._desk.ask(wish)
        if isinstance(answer, OrderChanged):
            text = texts.html("admin_order_shipped_confirmation", order_id=order_id)
        elif isinstance(answer, OrderRefused):
            text = as_html(refusal_text(texts, answer, order_id))
        else:
            text = texts.html("shop_unavailable")
        await message.answer(text)

    async def on_help(self, message: Message) -> None:
        """List the commands, those for admins too."""
        texts = self._desk.texts
        await message.answer(f"{texts.html('help')}\n\n{texts.html('admin_help')}")

    async def on_later(self, message: Message, command: CommandObject) -> None:
        """Say of a command that it is to come."""
        await message.answer(self._desk.texts.html("admin_not_yet", command=command.command))
