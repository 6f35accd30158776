"""What admins write when they have paid money back: `/refund N TXID [AMOUNT]`.

What the goods were paid with does not wait to be paid back, and takes a word of its own: `/refund N
TXID AMOUNT GOODS`, where all that waits is in the amount. A wrong id is put right by `/refund N
WRONG_TXID RIGHT_TXID`: an id is longer than any amount.
"""

import asyncio
import re

from aiogram import Router
from aiogram.filters import BaseFilter, Command, CommandObject
from aiogram.types import Message, User

from actors.messages import (
    CorrectRefund,
    OrderChanged,
    OrderRefused,
    RecordGoodsRefund,
    RecordRefund,
)
from domain.money import MoneyError, format_coin, parse_coin
from domain.order import Order, OrderStatus, RefusalReason
from domain.refunds import goods_paid_base_units, open_base_units
from domain.set_aside import SetAsideState
from domain.transaction_ids import transaction_id_in
from gateway.telegram.invoice import date_text
from gateway.telegram.refusals import refusal_text
from gateway.telegram.shop import Desk, NoAnswer
from gateway.texts import Html, as_html, lines
from store.admin_queries import AdminQueries, PaidBackRow

_REFUND = re.compile(
    r"#?([0-9]{1,18})\s+([0-9A-Za-z]{1,128})(?:\s+([0-9A-Za-z.,]{1,128})(?:\s+(goods))?)?",
    re.IGNORECASE,
)
_AMOUNT = re.compile("[0-9.,]{1,42}")
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
            record = self._record if match[4] is None else self._record_of_goods
            await message.answer(await record(order, admin, written, more))
        else:
            await message.answer(await self._correct(order, admin, written, more))

    # --- recording --------------------------------------------------------------------------------

    async def _record(self, order: Order, admin: int, written: str, amount: str | None) -> Html:
        try:
            wish = RecordRefund(
                order_id=order.order_id,
                admin_telegram_id=admin,
                transaction_id=_transaction_id(order, written),
                amount_base_units=None if amount is None else parse_coin(amount, order.coin),
            )
        except _NoIdError:
            return self._no_id(order, written)
        except MoneyError as error:
            return self._no_amount(error)
        return await self._ask(order, wish)

    async def _record_of_goods(self, order: Order, admin: int, written: str, amount: str) -> Html:
        try:
            wish = RecordGoodsRefund(
                order_id=order.order_id,
                admin_telegram_id=admin,
                transaction_id=_transaction_id(order, written),
                amount_base_units=parse_coin(amount, order.coin),
            )
        except _NoIdError:
            return self._no_id(order, written)
        except MoneyError as error:
            return self._no_amount(error)
        return await self._ask(order, wish)

    async def _ask(self, order: Order, wish: RecordRefund | RecordGoodsRefund) -> Html:
        if _paid_back_base_units(order, wish.transaction_id):
            return await self._known(order, wish.transaction_id)
        answer = await self._desk.ask(wish)
        match answer:
            case OrderChanged(order=changed):
                return self._recorded(changed, wish.transaction_id)
            case OrderRefused(reason=RefusalReason.NOTHING_TO_REFUND):
                return await self._nothing_left(order)
            case OrderRefused(reason=RefusalReason.OTHER_AMOUNT_TO_REFUND):
                return self._other_amount(order, wish)
            case _:
                return self._refused(order, answer)

    def _other_amount(self, order: Order, wish: RecordRefund | RecordGoodsRefund) -> Html:
        """It is another amount that can have been paid back: which."""
        texts = self._desk.texts
        if isinstance(wish, RecordGoodsRefund):
            return self._other_amount_of_goods(order)
        waiting = [
            format_coin(each.amount_base_units, order.coin)
            for each in order.set_asides
            if each.state is SetAsideState.OPEN
        ]
        return texts.html(
            "other_amount_waits",
            order_id=order.order_id,
            amounts=", ".join(waiting),
            coin=order.coin,
        )

    def _other_amount_of_goods(self, order: Order) -> Html:
        waits = open_base_units(order)
        most = format_coin(waits + goods_paid_base_units(order), order.coin)
        texts, order_id, coin = self._desk.texts, order.order_id, order.coin
        if not waits:
            return texts.html("more_than_goods_were_paid", order_id=order_id, most=most, coin=coin)
        return texts.html(
            "other_amount_of_goods",
            order_id=order_id,
            least=format_coin(waits, coin),
            most=most,
            coin=coin,
        )

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
        nothing = lines(
            texts.html("nothing_to_refund", order_id=order_id),
            texts.html("goods_refund_how", order_id=order_id)
            if order.status in (OrderStatus.PAID, OrderStatus.SHIPPED)
            else "",
        )
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

    def _no_amount(self, error: MoneyError) -> Html:
        return as_html(f"{error}. {self._desk.texts.plain('admin_refund_usage')}")

    def _no_id(self, order: Order, written: str) -> Html:
        texts = self._desk.texts
        return texts.html(
            "admin_refund_no_id",
            written=written,
            coin=order.coin,
            form=texts.plain(_FORM_KEYS[order.coin]),
            order_id=order.order_id,
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


class _NoIdError(ValueError):
    """A word that is no id of a transaction of that coin."""


def _transaction_id(order: Order, written: str) -> str:
    """Raises: _NoIdError."""
    transaction_id = transaction_id_in(written, order.coin)
    if transaction_id is None:
        raise _NoIdError
    return transaction_id


def _paid_back_base_units(order: Order, transaction_id: str) -> int:
    return sum(
        each.amount_base_units
        for each in order.set_asides
        if each.refund_transaction_id == transaction_id
    )
