"""Fetching updates by long polling (Bot API, "getUpdates").

Updates are handled beside each other; the guard keeps those of one person in order. What cannot be
reached is tried again with back-off, for as long as it takes. Updates that came while the shop was
down are handled, too.
"""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from time import monotonic

from aiogram import Bot, Dispatcher
from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramConflictError,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.types import BotCommand, Update
from loguru import logger
from pydantic import ValidationError

from gateway.telegram.connection import WaitOutLimits
from gateway.texts import Texts, load_texts

ALLOWED_UPDATES = ["message", "callback_query"]

_COMMANDS = ("start", "orders", "cancel", "language", "help")
_LONG_POLL_SECONDS = 25
_REQUEST_TIMEOUT_SECONDS = _LONG_POLL_SECONDS + 15
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_HANDLED_AT_ONCE = 2048  # Many times what the guard lets one person have.
_STOP_TIMEOUT_SECONDS = 10.0
_SHORTEST_LOOK_SECONDS = 0.2


async def run_polling(bot: Bot, dispatcher: Dispatcher, language: str = "en") -> None:
    """Fetch and handle updates until cancelled; then what is being handled may still end.

    The bot stays open; closing it is up to the caller.
    """
    bot.session.middleware(WaitOutLimits())
    await _Poller(bot, dispatcher, load_texts(language)).run()


class _Poller:
    def __init__(self, bot: Bot, dispatcher: Dispatcher, texts: Texts) -> None:
        self._bot = bot
        self._dispatcher = dispatcher
        self._texts = texts
        self._offset: int | None = None
        self._failures = 0
        self._is_reached = False
        self._is_introduced = False
        self._slots = asyncio.Semaphore(_HANDLED_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        try:
            while True:
                await self._look()
        finally:
            await self._finish()

    async def _look(self) -> None:
        began = monotonic()
        try:
            updates = await self._fetch()
        except Exception as error:  # noqa: BLE001 - an answer that is no text raises what it likes
            self._is_reached = False
            await self._pause(error)
            return
        self._on_reached()
        # By their numbers: an offset that went down would bring updates a second time.
        for update in sorted(updates, key=lambda each: each.update_id):
            await self._slots.acquire()
            self._start(self._handle(update))
            self._offset = update.update_id + 1
        if not updates:
            # A server that does not wait for updates must not be asked hundreds of times a second.
            await asyncio.sleep(max(0.0, _SHORTEST_LOOK_SECONDS - (monotonic() - began)))

    async def _fetch(self) -> list[Update]:
        try:
            return await self._bot.get_updates(
                offset=self._offset,
                # Until it has answered once, an answer at once is news in itself.
                timeout=_LONG_POLL_SECONDS if self._is_reached else 0,
                allowed_updates=ALLOWED_UPDATES,
                request_timeout=_REQUEST_TIMEOUT_SECONDS,
            )
        except ClientDecodeError as error:
            data = error.data
            if not isinstance(data, dict) or not isinstance(data.get("result"), list):
                raise
            # One update that cannot be read must not hold up all behind it for ever.
            return [_read(raw, self._bot) for raw in data["result"]]

    def _on_reached(self) -> None:
        if not self._is_reached:
            logger.info("updates are fetched from Telegram")
            self._is_reached = True
            self._failures = 0
        if not self._is_introduced:
            self._is_introduced = True
            self._start(self._introduce())

    async def _introduce(self) -> None:
        """Say what commands there are; the shop works without that, too."""
        commands = [
            BotCommand(command=name, description=self._texts.plain(f"command_{name}"))
            for name in _COMMANDS
        ]
        with _logged("the bot's commands are not registered"):
            await self._bot.set_my_commands(commands)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _handle(self, update: Update) -> None:
        try:
            if update.model_fields_set == {"update_id"}:
                logger.error("update {} cannot be read and is passed over", update.update_id)
                return
            await self._dispatcher.feed_update(self._bot, update)
        except Exception as error:  # noqa: BLE001 - one update must not end the others
            logger.error("update {} failed: {}", update.update_id, type(error).__qualname__)
        finally:
            self._slots.release()

    async def _pause(self, error: Exception) -> None:
        self._failures += 1
        doublings = min(self._failures - 1, 10)
        seconds = min(_FIRST_PAUSE_SECONDS * 2**doublings, _LONGEST_PAUSE_SECONDS)
        if isinstance(error, TelegramRetryAfter):
            seconds = float(error.retry_after)
        level = "WARNING" if self._failures == 1 else "DEBUG"
        logger.log(level, "{}; again in {} s", _reason(error), seconds)
        if isinstance(error, TelegramConflictError) and "webhook" in error.message:
            with _logged("the webhook of this bot cannot be ended"):
                await self._bot.delete_webhook(drop_pending_updates=False)
        await asyncio.sleep(seconds)

    async def _finish(self) -> None:
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=_STOP_TIMEOUT_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)


@contextmanager
def _logged(what: str) -> Iterator[None]:
    try:
        yield
    except AiogramError as error:
        logger.warning("{}: {}", what, type(error).__name__)


def _read(raw: dict[str, object], bot: Bot) -> Update:
    """An update; with nothing but its number where no more of it can be read."""
    try:
        return Update.model_validate(raw, context={"bot": bot})
    except ValidationError:
        return Update.model_validate({"update_id": raw["update_id"]})


def _reason(error: Exception) -> str:
    if isinstance(error, TelegramConflictError) and "webhook" in error.message:
        return "this bot has a webhook, which is ended now"
    if isinstance(error, TelegramConflictError):
        return "another program fetches this bot's updates: end it, one of two gets nothing"
    if isinstance(error, TelegramUnauthorizedError):
        return "Telegram does not know the token any more"
    # Its text may hold the address with the token.
    return f"Telegram cannot be reached ({type(error).__name__})"
