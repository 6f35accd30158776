"""Answering a tap: each is answered exactly once, and its message turned into the next page."""

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import CallbackQuery, Message

from gateway.telegram.page import Page

_LONGEST_ANSWER = 200  # Bot API, "answerCallbackQuery"


class Tap:
    """A tap on a button that is being handled."""

    def __init__(self, query: CallbackQuery, bot: Bot) -> None:
        self._query = query
        self._bot = bot
        self._answered = False

    @property
    def telegram_id(self) -> int:
        """Who tapped; the same as the id of the private chat."""
        return self._query.from_user.id

    @property
    def username(self) -> str | None:
        """Their username without @, if they have one."""
        return self._query.from_user.username

    async def show(self, page: Page) -> None:
        """Turn the message with the button into `page`, or send it where that cannot be."""
        message = self._query.message
        if not isinstance(message, Message):
            await self.send(page)
            return
        try:
            await message.edit_text(page.text, reply_markup=page.keyboard)
        except TelegramBadRequest as error:
            # A second tap, or the same update again: the page is there already.
            if "message is not modified" not in error.message:
                await self.send(page)

    async def send(self, page: Page) -> None:
        """Send `page` as a new message."""
        await self._bot.send_message(self.telegram_id, page.text, reply_markup=page.keyboard)

    async def answer(self, text: str = "") -> None:
        """Answer the tap, if it is not answered yet; `text` shows briefly above the chat."""
        await self._answer(text, show_alert=False)

    async def alert(self, text: str) -> None:
        """Answer the tap with a window that the shopper has to close."""
        await self._answer(text, show_alert=True)

    async def _answer(self, text: str, *, show_alert: bool) -> None:
        if self._answered:
            return
        self._answered = True
        try:
            await self._query.answer(text[:_LONGEST_ANSWER] or None, show_alert=show_alert)
        except TelegramBadRequest:
            # Too old, or answered before a restart: nobody waits for it any more.
            return


async def reply(message: Message, page: Page) -> None:
    """Send `page` to the chat that `message` came from."""
    await message.answer(page.text, reply_markup=page.keyboard)
