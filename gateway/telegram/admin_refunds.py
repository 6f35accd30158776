"""What admins write when they have paid money back: `/refund N TXID [AMOUNT]`.

A wrong id is put right by `/refund N WRONG_TXID RIGHT_TXID`: an id is longer than any amount.
"""

import asyncio
import re

from aiogram import Router
from aiogram.filters import BaseFilter, Command, CommandObject
from aiogram.types import Message, User

from actors.messages import CorrectRefund, OrderChanged, OrderRefused, RecordRefund
from domain.money import MoneyError, format_coin, parse_coin
from domain.order import Order, RefusalReason
from domain.refunds import open_base_units
from domain.transaction_ids import transaction_id_in
from gateway.telegram.invoice import date_text
from gateway.telegram.refusals import refusal_text
from gateway.telegram.shop import Desk, NoAnswer
from gateway.texts import Html, as_html, lines
from store.admin_queries import AdminQueries, PaidBackRow

_REFUND = re.compile(r"#?([0-9]{1,18})\s+([0-9A-Za-z]{1,128})(?:\s+([0-9A-Za-z.]{1,128}))?")
_AMOUNT = re.compile("[0-9.]{1,42}")
_FORM_KEYS = {
    "BTC": "transaction_id_form_hex",
    "LTC": "transaction_id_form_hex",
    "ETH": "transaction_id_form_0x",
    "SOL": "transaction_id_form_base58",
}


class AdminRefunds:
    """The handler of the command."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._queries = AdminQueries(desk.reader)

    def register(self, router: Router, is_admin: BaseFilter) -> None:
        """Take the messages of admins that are for this part."""
        router.message.register(self.on_refund, Command("refund"), is_admin)

    async def on_refund(
        self, message: Message, command: CommandObject, event_from_user: User
    ) -> None:
        """Record that money was paid back, all that waits or a certain amount; or correct that."""
        match = _REFUND.fullmatch((command.args or "").strip())
        if match is None:
            await message.answer(self._desk.texts.html("admin_refund_usage"))
            return
        order = await asyncio.to_thread(self._desk.reader.order, int(match[1]))
        if order is None:
            await message.answer(self._desk.texts.html("order_not_found", order_id=int(match[1])))
            return
        admin, written, more = event_from_user.id, match[2], match[3]
        if more is None or _AMOUNT.fullmatch(more):
            await message.answer(await self._record(order, admin, written, more))
        else:
            await message.answer(await self._correct(order, admin, written, more))

    # --- recording --------------------------------------------------------------------------------

    async def _record(self, order: Order, admin: int, written: str, amount: str | None) -> Html:
        transaction_id = transaction_id_in(written, order.coin)
        if transaction_id is None:
            return self._no_id(order, written)
        try:
            amount_base_units = None if amount is None else parse_coin(amount, order.coin)
        except MoneyError as error:
            return as_html(f"{error}. {self._desk.texts.plain('admin_refund_usage')}")
        if _paid_back_base_units(order, transaction_id):
            return await self._known(order, transaction_id)
        wish = RecordRefund(
            order_id=order.order_id,
            admin_telegram_id=admin,
            transaction_id=transaction_id,
            amount_base_units=amount_base_units,
        )
        answer = await self._desk.ask(wish)
        if isinstance(answer, OrderChanged):
            return self._recorded(answer.order, transaction_id)
        if isinstance(answer, OrderRefused) and answer.reason is RefusalReason.NOTHING_TO_REFUND:
            return await self._nothing_left(order)
        return self._refused(order, answer)

    def _recorded(self, order: Order, transaction_id: str) -> Html:
        return self._desk.texts.html(
            "admin_refund_recorded",
            order_id=order.order_id,
            amount=format_coin(_paid_back_base_units(order, transaction_id), order.coin),
            coin=order.coin,
            transaction_id=transaction_id,
        )

    async def _known(self, order: Order, transaction_id: str) -> Html:
        """The refund is recorded already; what has come since is not what it paid back."""
        rows = await asyncio.to_thread(self._queries.paid_back, order.order_id)
        texts, left = self._desk.texts, open_base_units(order)
        waiting = texts.html(
            "admin_refund_known_left",
            order_id=order.order_id,
            amount=format_coin(left, order.coin),
            coin=order.coin,
        )
        return lines(
            texts.html("admin_refund_known", order_id=order.order_id),
            *(self._row(order, row) for row in rows if row.transaction_id == transaction_id),
            waiting if left else "",
        )

    async def _nothing_left(self, order: Order) -> Html:
        """Nothing waits to be paid back; what was, is named."""
        texts, order_id = self._desk.texts, order.order_id
        nothing = texts.html("nothing_to_refund", order_id=order_id)
        rows = await asyncio.to_thread(self._queries.paid_back, order_id)
        if not rows:
            return nothing
        return lines(
            nothing,
            texts.html("admin_refunds_recorded_before"),
            *(self._row(order, row) for row in rows),
            texts.html(
                "admin_refund_how_to_correct",
                order_id=order_id,
                transaction_id=rows[-1].transaction_id,
            ),
        )

    def _row(self, order: Order, row: PaidBackRow) -> Html:
        return self._desk.texts.html(
            "admin_refund_row",
            amount=format_coin(row.amount_base_units, order.coin),
            coin=order.coin,
            transaction_id=row.transaction_id,
            recorded_at=date_text(row.recorded_at),
        )

    # --- correcting -------------------------------------------------------------------------------

    async def _correct(self, order: Order, admin: int, wrong: str, written: str) -> Html:
        transaction_id = transaction_id_in(written, order.coin)
        if transaction_id is None:
            return self._no_id(order, written)
        wish = CorrectRefund(
            order_id=order.order_id,
            admin_telegram_id=admin,
            # A wrong id may be no id at all, and is then looked for as it is.
            wrong_transaction_id=transaction_id_in(wrong, order.coin) or wrong,
            transaction_id=transaction_id,
        )
        answer = await self._desk.ask(wish)
        if isinstance(answer, OrderChanged):
            return self._desk.texts.html(
                "admin_refund_corrected",
                order_id=order.order_id,
                amount=format_coin(_paid_back_base_units(answer.order, transaction_id), order.coin),
                coin=order.coin,
                transaction_id=transaction_id,
            )
        return self._refused(order, answer)

    # --- small helpers ----------------------------------------------------------------------------

    def _no_id(self, order: Order, written: str) -> Html:
        texts = self._desk.texts
        return texts.html(
            "admin_refund_no_id",
            written=written,
            coin=order.coin,
            form=texts.plain(_FORM_KEYS[order.coin]),
        )

    def _refused(self, order: Order, answer: object) -> Html:
        texts = self._desk.texts
        match answer:
            case OrderRefused():
                return as_html(refusal_text(texts, answer, order.order_id))
            case NoAnswer():
                return texts.html("wish_in_doubt", order_id=order.order_id)
            case _:
                return texts.html("shop_unavailable")


def _paid_back_base_units(order: Order, transaction_id: str) -> int:
    return sum(
        each.amount_base_units
        for each in order.set_asides
        if each.refund_transaction_id == transaction_id
    )
