"""Notices to Telegram chats: the text is made from the store when it is sent.

A notice may be sent twice (a crash between Telegram's yes and the store's), never silently lost.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramRetryAfter,
)
from aiogram.types import BufferedInputFile
from loguru import logger

from actors.environment import (
    CannotDeliver,
    Clock,
    NoticeSender,
    RetryLater,
    Sent,
    SystemClock,
)
from domain.order import NoticeKind, Order
from gateway.telegram.connection import new_bot
from gateway.telegram.goods import GoodsFile, GoodsMessages, goods_delivery
from gateway.telegram.invoice import (
    awaits_payment,
    invoice_page,
    not_payable_text,
    uri_of,
)
from gateway.telegram.notice_texts import NoticeFacts, order_notice_text, shop_notice_text
from gateway.telegram.page import Page
from gateway.texts import Html, lines, load_texts
from payments.uri import qr_png
from store.contract import Notice
from store.queries import NoticeRow, StoreReader

_LONGEST_WAIT_FOR_PICTURE_SECONDS = 30


class OrderKeys(Protocol):
    """Somebody who opens the keys of orders' addresses; picklable."""

    def key_of(self, order_id: int) -> str | None:
        """The key as wallets import it; None where there is none to be had."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramNotices:
    """A picklable recipe for a sender with its own connections to Telegram and the store.

    `networks` maps a coin to "main" or the name of its test network, which invoices then say. With
    `keys` the admins' notice of a payment has the key of the order's address.
    """

    token: str = field(repr=False)
    api_url: str
    store_path: str
    networks: Mapping[str, str]
    language: str = "en"
    keys: OrderKeys | None = None
    clock: Clock = field(default_factory=SystemClock)

    def open(self) -> NoticeSender:
        """A new sender; nothing is sent and nothing is opened yet."""
        return TelegramSender(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Invoice:
    page: Page
    qr_image: bytes = field(repr=False)
    file_name: str


_Letter = Page | _Invoice | GoodsMessages | GoodsFile


class TelegramSender:
    """Sends notices one by one; its bot belongs to the loop that sends first."""

    def __init__(self, recipe: TelegramNotices) -> None:
        self._recipe = recipe
        self._bot: Bot = new_bot(recipe.api_url, recipe.token)
        self._reader = StoreReader(recipe.store_path)
        self._texts = load_texts(recipe.language)

    async def send(self, notice: Notice) -> Sent | RetryLater | CannotDeliver:
        """Send what the outbox row says; a row that is gone or sent already counts as sent.

        Never raises for what Telegram or the network says.
        """
        letter = await asyncio.to_thread(self._compose, notice)
        if letter is None:
            return Sent()
        try:
            await self._give(notice.chat_id, letter)
        except TelegramRetryAfter as error:
            return RetryLater(after_seconds=float(error.retry_after), why="Telegram: 429")
        except TelegramForbiddenError as error:
            return CannotDeliver(why=error.message)
        except (TelegramBadRequest, TelegramMigrateToChat, TelegramEntityTooLarge) as error:
            if "chat not found" not in error.message:
                logger.error("Telegram refuses a {} notice: {}", notice.kind, error.message)
            return CannotDeliver(why=error.message)
        except AiogramError as error:
            # Its text may hold the address with the token.
            return RetryLater(after_seconds=None, why=f"Telegram: {type(error).__name__}")
        return Sent()

    async def close(self) -> None:
        """End the connections."""
        self._reader.close()
        await self._bot.session.close()

    # --- what to send, made in a thread of its own because it reads the store ---

    def _compose(self, notice: Notice) -> _Letter | None:
        row = self._reader.notice(notice.outbox_id)
        if row is None or not row.pending:
            return None
        order = None if row.order_id is None else self._reader.order(row.order_id)
        if order is None:
            return Page(text=shop_notice_text(self._texts, row))
        return self._compose_about(order, row)

    def _compose_about(self, order: Order, row: NoticeRow) -> _Letter:
        if row.kind is NoticeKind.GOODS:
            return goods_delivery(self._texts, order.order_id, self._reader.goods(order.order_id))
        if row.kind is NoticeKind.ORDER_CREATED:
            return self._compose_invoice(order)
        if row.kind is NoticeKind.ADMIN_ALERT:
            return Page(text=shop_notice_text(self._texts, row))
        facts = NoticeFacts(
            row=row,
            order=order,
            lines=self._reader.order_lines(order.order_id),
            networks=self._recipe.networks,
            now=self._recipe.clock.now(),
        )
        return Page(text=lines(order_notice_text(self._texts, facts), self._key_line(row)))

    def _key_line(self, row: NoticeRow) -> Html:
        keys = self._recipe.keys
        is_wanted = keys is not None and row.kind is NoticeKind.ADMIN_PAYMENT_RECEIVED
        if keys is None or not is_wanted or row.order_id is None:
            return Html("")
        key = keys.key_of(row.order_id)
        return (
            Html("") if key is None else self._texts.html("admin_key_of_address", private_key=key)
        )

    def _compose_invoice(self, order: Order) -> _Letter:
        now = self._recipe.clock.now()
        if not awaits_payment(order, now):
            return Page(text=not_payable_text(self._texts, order))
        rows = self._reader.order_lines(order.order_id)
        uri = uri_of(order, self._recipe.networks)
        return _Invoice(
            page=invoice_page(self._texts, order, rows, self._recipe.networks, now),
            qr_image=qr_png(uri),
            file_name=f"order-{order.order_id}.png",
        )

    # --- giving it to Telegram ---

    async def _give(self, chat_id: int, letter: _Letter) -> None:
        match letter:
            case Page():
                await self._bot.send_message(chat_id, letter.text, reply_markup=letter.keyboard)
            case _Invoice():
                page = letter.page
                await self._bot.send_message(chat_id, page.text, reply_markup=page.keyboard)
                await self._give_picture(chat_id, letter)
            case GoodsMessages():
                for text in letter.messages:
                    await self._bot.send_message(chat_id, text)
            case GoodsFile():
                document = BufferedInputFile(letter.content, letter.file_name)
                await self._bot.send_document(chat_id, document, caption=letter.caption)

    async def _give_picture(self, chat_id: int, invoice: _Invoice) -> None:
        """Send the QR code, which says nothing that the text does not say.

        Where it cannot be sent, the shopper is better off without it than with the whole invoice a
        second time, which reads as a second order to pay.
        """
        picture = BufferedInputFile(invoice.qr_image, invoice.file_name)
        try:
            try:
                await self._bot.send_photo(chat_id, picture)
            except TelegramRetryAfter as error:
                if error.retry_after > _LONGEST_WAIT_FOR_PICTURE_SECONDS:
                    raise
                await asyncio.sleep(error.retry_after)
                await self._bot.send_photo(chat_id, picture)
        except AiogramError as error:
            logger.warning("an invoice goes without its QR code: {}", type(error).__name__)
