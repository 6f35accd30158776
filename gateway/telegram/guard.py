"""What stands in front of every handler.

Only private chats are served. What one person sends is handled in order, one after the other, while
others are served beside it; beyond a number that no hand comes to it is left out. A handler that
fails is logged without what it was handling, and the person is told; every tap is answered in the
end.
"""

import asyncio
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiogram import BaseMiddleware, Bot
from aiogram.exceptions import AiogramError, TelegramForbiddenError
from aiogram.types import CallbackQuery, Message, TelegramObject
from loguru import logger

from gateway.telegram.replies import Tap
from gateway.texts import Texts

# Without it, one person who sends faster than they are served would soon be all that is handled.
MOST_OF_ONE_PERSON = 64

_Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]


class Turns:
    """One turn at a time for each person, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._locks: dict[int, asyncio.Lock] = {}
        self._waiting: dict[int, int] = {}

    @asynccontextmanager
    async def turn(self, telegram_id: int) -> AsyncIterator[None]:
        """Wait for the turn; nothing is kept of a person who has none."""
        lock = self._locks.setdefault(telegram_id, asyncio.Lock())
        self._waiting[telegram_id] = self._waiting.get(telegram_id, 0) + 1
        try:
            async with lock:
                yield
        finally:
            self._waiting[telegram_id] -= 1
            if not self._waiting[telegram_id]:
                del self._waiting[telegram_id], self._locks[telegram_id]

    def is_full(self, telegram_id: int) -> bool:
        """Whether so much of this person waits already that nothing more is to."""
        return self._waiting.get(telegram_id, 0) >= MOST_OF_ONE_PERSON

    def __len__(self) -> int:
        """How many people have a turn or wait for one."""
        return len(self._locks)


class Guard(BaseMiddleware):
    """Outer middleware for messages and taps; gives a tap's handler its `tap`."""

    def __init__(self, texts: Texts) -> None:
        self.turns = Turns()
        self._texts = texts

    async def __call__(
        self, handler: _Handler, event: TelegramObject, data: dict[str, Any]
    ) -> None:
        """Handle one event of a private chat; others are passed over."""
        bot: Bot = data["bot"]
        chat_type, telegram_id = _source(event)
        if chat_type != "private" or telegram_id is None:
            return
        if self.turns.is_full(telegram_id):
            logger.warning("somebody sends faster than they can be served: an update is left out")
            return
        async with self.turns.turn(telegram_id):
            if isinstance(event, CallbackQuery):
                await self._handle_tap(handler, event, data, Tap(event, bot))
            elif isinstance(event, Message):
                await self._handle_message(handler, event, data)

    async def _handle_tap(
        self, handler: _Handler, query: CallbackQuery, data: dict[str, Any], tap: Tap
    ) -> None:
        try:
            await handler(query, {**data, "tap": tap})
        except TelegramForbiddenError:
            logger.info("a shopper who taps has blocked the bot")
        except Exception as error:  # noqa: BLE001 - whatever fails, the shopper is told
            _log(error)
            with suppress(AiogramError):
                await tap.alert(self._texts.plain("something_went_wrong"))
        finally:
            with suppress(AiogramError):
                await tap.answer()

    async def _handle_message(
        self, handler: _Handler, message: Message, data: dict[str, Any]
    ) -> None:
        try:
            await handler(message, data)
        except TelegramForbiddenError:
            logger.info("a shopper who writes has blocked the bot")
        except Exception as error:  # noqa: BLE001 - whatever fails, the shopper is told
            _log(error)
            with suppress(AiogramError):
                await message.answer(self._texts.html("something_went_wrong"))


def _source(event: TelegramObject) -> tuple[str | None, int | None]:
    """The type of the chat, and the id of the person."""
    if isinstance(event, CallbackQuery):
        message = event.message
        return (None if message is None else message.chat.type), event.from_user.id
    if isinstance(event, Message) and event.from_user is not None:
        return event.chat.type, event.from_user.id
    return None, None


def _log(error: Exception) -> None:
    # Its text may hold an address with the token, or goods: only its kind and place are logged.
    places = "".join(traceback.format_tb(error.__traceback__))
    logger.error("a message could not be handled: {}\n{}", type(error).__qualname__, places)
