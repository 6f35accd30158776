"""`/reconcile [FROM [TO]]` and `/look N`: the store against the chains, for admins.

Both take as long as a chain takes to be read. They are answered at once, how far they are is
written into that answer now and then, and what came of them follows.
"""

import asyncio
import re
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aiogram import Router
from aiogram.exceptions import TelegramBadRequest
from aiogram.filters import BaseFilter, Command, CommandObject
from aiogram.types import BufferedInputFile, Message

from actors.messages import OrderRefused, WatchAgain, WatchedAgain
from domain.reconciliation import Reconciliation
from gateway.reconcile_table import difference_sentences, table, totals_lines
from gateway.reconciler import Progress, ReconcileBusyError, ReconcileFailedError, Reconciler
from gateway.telegram.background import Background
from gateway.telegram.refusals import refusal_text
from gateway.telegram.shop import Desk
from gateway.texts import as_html
from gateway.watching_again import wishes_of

PROGRESS_SECONDS = 20.0
MOST_DIFFERENCES = 10
_LONGEST_MESSAGE = 3_500
_ONE_ORDER = re.compile("#?([0-9]{1,18})")
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOST_DAYS = 2

Work = Callable[[Progress], Coroutine[object, object, Reconciliation]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileDesk:
    """Who reconciles, and where what takes long is done."""

    reconciler: Reconciler
    background: Background


class Reconciling:
    """Handlers of both commands."""

    def __init__(self, desk: Desk, work: ReconcileDesk) -> None:
        self._desk = desk
        self._reconciler = work.reconciler
        self._background = work.background

    def register(self, router: Router, is_admin: BaseFilter) -> None:
        """Take the messages of admins that are for this part."""
        router.message.register(self.on_reconcile, Command("reconcile"), is_admin)
        router.message.register(self.on_look, Command("look"), is_admin)

    async def on_reconcile(self, message: Message, command: CommandObject) -> None:
        """Compare all orders of some days with the chains, in the order of their differences."""
        days = _days((command.args or "").split())
        if days is None:
            await message.answer(self._desk.texts.html("admin_reconcile_usage"))
            return
        made_from, made_before = days
        told = await message.answer(self._desk.texts.html("admin_reconcile_begun"))

        async def work() -> None:
            result = await self._done(
                told, lambda tell: self._reconciler.everything(made_from, made_before, tell)
            )
            if result is not None:
                await self._send(message, result)

        self._background.begin(work())

    async def on_look(self, message: Message, command: CommandObject) -> None:
        """Look at an order's address again, from the order's beginning on."""
        match = _ONE_ORDER.fullmatch((command.args or "").strip())
        if match is None:
            await message.answer(self._desk.texts.html("admin_look_usage"))
            return
        order_id = int(match[1])
        if await asyncio.to_thread(self._desk.reader.order, order_id) is None:
            await message.answer(self._desk.texts.html("order_not_found", order_id=order_id))
            return
        told = await message.answer(self._desk.texts.html("admin_look_begun", order_id=order_id))

        async def work() -> None:
            result = await self._done(told, lambda tell: self._reconciler.one_order(order_id, tell))
            if result is not None:
                await self._look_again(message, order_id, result)

        self._background.begin(work())

    async def _done(self, told: Message, work: Work) -> Reconciliation | None:
        """What came of it, None where it is said already that nothing did."""
        progress: list[str] = []
        telling = asyncio.create_task(_tell_progress(told, progress))
        try:
            return await work(progress.append)
        except ReconcileBusyError:
            await told.answer(self._desk.texts.html("admin_reconcile_busy"))
        except ReconcileFailedError as error:
            await told.answer(self._desk.texts.html("admin_reconcile_failed", why=str(error)))
        finally:
            telling.cancel()
            with suppress(asyncio.CancelledError):
                await telling
        return None

    async def _send(self, message: Message, result: Reconciliation) -> None:
        await message.answer(as_html(self._summary(result)))
        name = f"reconciliation-{result.at:%Y-%m-%d-%H%M}.csv"
        content = await asyncio.to_thread(table, result)
        await message.answer_document(BufferedInputFile(content, name))

    def _summary(self, result: Reconciliation) -> str:
        texts = self._desk.texts
        sentences = difference_sentences(result)
        if sentences:
            head = texts.plain("admin_reconcile_differs", count=len(sentences))
        elif result.is_well:
            head = texts.plain("admin_reconcile_well")
        else:
            head = texts.plain("admin_reconcile_unknown")
        shown = sentences[:MOST_DIFFERENCES]
        if len(sentences) > len(shown):
            shown.append(texts.plain("admin_reconcile_more", count=len(sentences) - len(shown)))
        totals = [line for coin in result.coins for line in totals_lines(coin)]
        return _cut("\n".join([head, *shown, "", *totals]))

    async def _look_again(self, message: Message, order_id: int, result: Reconciliation) -> None:
        texts = self._desk.texts
        wish = next(wishes_of(result), WatchAgain(order_id=order_id, read=None))
        answer = await self._desk.ask(wish)
        lines = difference_sentences(result)
        lines += [line for coin in result.coins for line in totals_lines(coin)]
        match answer:
            case WatchedAgain(until=None):
                lines.append(texts.plain("admin_look_open", order_id=order_id))
            case WatchedAgain(until=datetime() as until):
                when = f"{until:%Y-%m-%d %H:%M} UTC"
                lines.append(texts.plain("admin_look_until", order_id=order_id, until=when))
            case OrderRefused():
                lines.append(refusal_text(texts, answer, order_id))
            case _:
                lines.append(texts.plain("shop_unavailable"))
        await message.answer(as_html(_cut("\n".join(lines))))


async def _tell_progress(told: Message, progress: list[str]) -> None:
    """Write the latest word into the message, now and then."""
    begun, last = told.html_text, ""
    while True:
        await asyncio.sleep(PROGRESS_SECONDS)
        if progress and progress[-1] != last:
            last = progress[-1]
            with suppress(TelegramBadRequest):
                await told.edit_text(f"{begun}\n{as_html(last)}")


def _days(words: list[str]) -> tuple[datetime | None, datetime | None] | None:
    """The bounds that two days give, the last one whole; None where it is something else."""
    if len(words) > _MOST_DAYS or not all(_DAY.fullmatch(word) for word in words):
        return None
    try:
        days = [datetime.fromisoformat(word).replace(tzinfo=UTC) for word in words]
    except ValueError:
        return None
    if days != sorted(days):
        return None
    made_before = days[1] + timedelta(days=1) if len(days) == _MOST_DAYS else None
    return (days[0] if days else None), made_before


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_MESSAGE else f"{text[:_LONGEST_MESSAGE]}…"
