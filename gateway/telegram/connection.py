"""The connection to a Bot API server, Telegram's own or another one."""

import asyncio
from typing import Any

from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.session.middlewares.base import (
    BaseRequestMiddleware,
    NextRequestMiddlewareType,
)
from aiogram.client.telegram import TelegramAPIServer
from aiogram.enums import ParseMode
from aiogram.exceptions import (
    AiogramError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.methods import TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.utils.token import TokenValidationError
from loguru import logger

REQUEST_TIMEOUT_SECONDS = 20.0
_LONGEST_POLITE_WAIT_SECONDS = 10


class TelegramRefusedError(Exception):
    """Telegram does not take the token; the text says what to do."""


def new_bot(api_url: str, token: str) -> Bot:
    """A bot that writes in HTML style; nothing is sent yet, and it is to be closed.

    Raises:
        TelegramRefusedError: the token has not the form of one.
    """
    try:
        return Bot(
            token,
            session=AiohttpSession(
                api=TelegramAPIServer.from_base(api_url), timeout=REQUEST_TIMEOUT_SECONDS
            ),
            default=DefaultBotProperties(parse_mode=ParseMode.HTML, link_preview_is_disabled=True),
        )
    except TokenValidationError:
        raise TelegramRefusedError(
            "the Telegram token has the wrong form: write the one that @BotFather gave, "
            "digits, a colon and letters"
        ) from None


class WaitOutLimits(BaseRequestMiddleware):
    """Waits once, where Telegram asks for a short wait (429, `retry_after`), and tries again.

    For the bot that talks to people; notices have a queue that waits.
    """

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Any:  # noqa: ANN401 - the type that aiogram's base class states
        """Make the request, a second time after a short wait where that was asked for."""
        try:
            return await make_request(bot, method)
        except TelegramRetryAfter as error:
            if error.retry_after > _LONGEST_POLITE_WAIT_SECONDS:
                raise
            await asyncio.sleep(error.retry_after)
            return await make_request(bot, method)


async def check_token(api_url: str, token: str) -> str | None:
    """The bot's username, or None where Telegram cannot be reached now.

    Raises:
        TelegramRefusedError: Telegram says that there is no such bot (401, or 404 for a token
            that cannot be one).
    """
    bot = new_bot(api_url, token)
    try:
        me = await bot.get_me()
    except (TelegramUnauthorizedError, TelegramNotFound):
        raise TelegramRefusedError(
            "Telegram does not know the token: write the one that @BotFather gave"
        ) from None
    except (AiogramError, ValueError) as error:  # ValueError: an answer that is no text
        logger.warning("Telegram cannot be reached yet: {}", type(error).__name__)
        return None
    finally:
        await bot.session.close()
    return me.username
