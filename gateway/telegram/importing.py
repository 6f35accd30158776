"""An admin's document is an import: fetched, read, handed to the shop, reported on."""

import asyncio
import hashlib
import io

import aiohttp
from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramBadRequest
from aiogram.types import BufferedInputFile, Document, Message, Update, User
from loguru import logger

from actors.messages import ImportItems, ItemsImported
from domain.catalog import ImportRefusedError, ParsedImport
from domain.importing import parse_import
from gateway.telegram.shop import IMPORT_TIMEOUT_SECONDS, Desk
from gateway.texts import Texts, as_html

MAX_FILE_BYTES = 20 * 1024 * 1024
"""Bots can fetch no larger files (Bot API, "getFile")."""

_DOWNLOAD_TIMEOUT_SECONDS = 120
_LONGEST_REPORT_IN_CHAT = 3_500


class _TooLargeError(Exception):
    """There is more of the file than a bot may fetch."""


class _BoundedBuffer(io.BytesIO):
    def write(self, data: bytes, /) -> int:  # type: ignore[override] # only bytes are written
        if self.tell() + len(data) > MAX_FILE_BYTES:
            raise _TooLargeError
        return super().write(data)


class Importing:
    """Handles documents; whoever sends them has been found to be an admin."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def on_document(
        self, message: Message, bot: Bot, event_update: Update, event_from_user: User
    ) -> None:
        """Take a document for an import and answer with what became of every entry."""
        document, texts = message.document, self._desk.texts
        if document is None:
            return
        content = await self._fetch(message, document, bot)
        if content is None:
            return
        name, currency = document.file_name or "", self._desk.shop.currency
        try:
            parsed = await asyncio.to_thread(parse_import, name, content, currency)
        except ImportRefusedError as error:
            await message.answer(texts.html("import_refused", why=str(error)))
            return
        digest = hashlib.sha256(content).hexdigest()[:16]
        wish = ImportItems(
            # The same update again is the same import, and another file never passes for it.
            request_id=f"tg:import:{event_update.update_id}:{digest}",
            admin_telegram_id=event_from_user.id,
            entries=parsed.entries,
        )
        await self._import(message, wish, parsed)

    async def _import(self, message: Message, wish: ImportItems, parsed: ParsedImport) -> None:
        texts = self._desk.texts
        if not parsed.entries:
            await _send_report(message, texts, import_report(texts, parsed, None))
            return
        answer = await self._desk.ask(wish, IMPORT_TIMEOUT_SECONDS)
        if isinstance(answer, ItemsImported):
            await _send_report(message, texts, import_report(texts, parsed, answer))
        else:
            await message.answer(texts.html("import_in_doubt"))

    async def _fetch(self, message: Message, document: Document, bot: Bot) -> bytes | None:
        texts = self._desk.texts
        if (document.file_size or 0) > MAX_FILE_BYTES:
            await message.answer(texts.html("import_too_large"))
            return None
        buffer = _BoundedBuffer()
        try:
            await bot.download(document, destination=buffer, timeout=_DOWNLOAD_TIMEOUT_SECONDS)
        except _TooLargeError:
            await message.answer(texts.html("import_too_large"))
            return None
        except TelegramBadRequest as error:
            key = "import_too_large" if "too big" in error.message else "import_not_fetched"
            await message.answer(texts.html(key))
            return None
        except (AiogramError, aiohttp.ClientError, TimeoutError) as error:
            # Its text may hold the address with the token.
            logger.warning("a document could not be fetched: {}", type(error).__name__)
            await message.answer(texts.html("import_not_fetched"))
            return None
        return buffer.getvalue()


def import_report(texts: Texts, parsed: ParsedImport, answer: ItemsImported | None) -> str:
    """What became of every entry, without markup; `answer` None: there was no good one."""
    added = 0 if answer is None else answer.added
    parts = [texts.plain("import_added", added=added)]
    if answer is not None and answer.known_places:
        places = ", ".join(str(place) for place in answer.known_places)
        parts.append(
            texts.plain(
                "import_known",
                count=len(answer.known_places),
                place_name=parsed.place_name,
                places=places,
            )
        )
    if parsed.bad:
        parts.append(texts.plain("import_bad", count=len(parsed.bad)))
    parts += [
        texts.plain("import_bad_line", place_name=parsed.place_name, place=bad.place, why=bad.why)
        for bad in parsed.bad
    ]
    return "\n".join(parts)


async def _send_report(message: Message, texts: Texts, report: str) -> None:
    if len(report) <= _LONGEST_REPORT_IN_CHAT:
        await message.answer(as_html(report))
        return
    first_line = report.partition("\n")[0]
    caption = texts.html("import_report_in_file", summary=first_line)
    await message.answer_document(BufferedInputFile(report.encode(), "report.txt"), caption=caption)
