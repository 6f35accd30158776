"""`/reconcile` and `/look N` over HTTP, with somebody in the place of who reads the chains."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from actors.messages import ReadBeside, ShopUnavailable, WatchAgain, WatchedAgain
from domain.comparing import compare, in_order, record_of
from domain.payment import Sighting
from domain.reconciliation import CoinTotals, Reconciliation, Shown
from gateway.reconcile_table import COLUMNS
from gateway.reconciler import Progress, ReconcileBusyError, ReconcileFailedError
from gateway.telegram import reconciling
from gateway.telegram.background import Background
from gateway.telegram.connection import new_bot
from gateway.telegram.polling import run_polling
from gateway.telegram.reconciling import ReconcileDesk
from gateway.telegram.routers import telegram_dispatcher
from gateway.telegram.shop import TelegramShop
from sandbox.telegram import SandboxUser, TelegramServer
from tests.gateway.telegram.chat import CHESS, write
from tests.gateway.telegram.small_shop import ADMIN_ID, SmallShop

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FOUND = Sighting(
    transaction_id="ab" * 32,
    output_index=1,
    amount_base_units=15_625_000,
    confirmations=9,
    block_height=77,
    block_hash="h77",
    chain_time=NOW,
    seen_at=NOW,
)


@dataclass
class Readings:
    """Says what the test wants it to have found; a payment was missed of every order."""

    shop: SmallShop
    error: Exception | None = None
    says: str = ""
    may_end: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[tuple[object, ...]] = field(default_factory=list)
    missed: tuple[Sighting, ...] = (FOUND,)

    async def everything(
        self, made_from: datetime | None, made_before: datetime | None, progress: Progress
    ) -> Reconciliation:
        self.asked.append((made_from, made_before))
        return await self._found(progress)

    async def one_order(self, order_id: int, progress: Progress) -> Reconciliation:
        self.asked.append((order_id,))
        return await self._found(progress)

    async def _found(self, progress: Progress) -> Reconciliation:
        if self.says:
            progress(self.says)
            await self.may_end.wait()
        if self.error is not None:
            raise self.error
        record = record_of(self.shop.order(1), self.shop.rules)
        entries = compare(record, Shown(sightings=self.missed))
        coin = CoinTotals(
            coin="LTC",
            orders=1,
            addresses=1,
            tip_height=85,
            tip_hash="h85",
            came_in=sum(each.amount_base_units for each in self.missed),
        )
        return Reconciliation(
            at=NOW,
            made_from=None,
            made_before=None,
            entries=in_order(entries),
            coins=(coin,),
            balances=(),
        )


@pytest.fixture
def readings(small_shop: SmallShop) -> Readings:
    small_shop.stock((*CHESS, "K1"))
    small_shop.place(7)
    return Readings(small_shop)


@pytest.fixture(autouse=True)
async def reconciling_bot(
    telegram: TelegramServer, small_shop: SmallShop, readings: Readings
) -> AsyncIterator[None]:
    shop = TelegramShop(
        admin_ids=frozenset({ADMIN_ID}),
        currency="USD",
        coins=("LTC",),
        networks={"LTC": "regtest"},
        partial_stock=small_shop.rules.partial_stock,
    )
    bot = new_bot(telegram.url, telegram.token)
    background = Background()
    desk = ReconcileDesk(reconciler=readings, background=background)
    dispatcher = telegram_dispatcher(small_shop, small_shop.reader, shop, desk)
    polling = asyncio.create_task(run_polling(bot, dispatcher))
    yield
    polling.cancel()
    with suppress(asyncio.CancelledError):
        await polling
    await background.close()
    await bot.session.close()


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciling, "PROGRESS_SECONDS", 0.05)


async def test_summary_and_table_follow_the_command(admin: SandboxUser, readings: Readings) -> None:
    before = admin.revision
    admin.send_text("/reconcile")
    summary = await admin.wait_for(lambda m: "Differences: 1" in m.text, after=before)
    assert "LTC order 1, missed: the chain shows 0.15625000 LTC" in summary.text
    assert "came in on the chain: 0.15625000 LTC" in summary.text
    table = await admin.wait_for(lambda m: m.document is not None, after=before)
    assert table.document is not None
    assert table.document.name == "reconciliation-2026-11-22-1200.csv"
    (row,) = csv.DictReader(io.StringIO(table.document.data.decode()))
    assert tuple(row) == COLUMNS
    assert (row["finding"], row["chain_base_units"]) == ("missed", "15625000")
    assert readings.asked == [(None, None)]


async def test_days_are_bounds_and_the_last_one_counts_whole(
    admin: SandboxUser, readings: Readings
) -> None:
    for words in ("/reconcile 2026-05-01", "/reconcile 2026-05-01 2026-05-31"):
        before = admin.revision
        admin.send_text(words)
        await admin.wait_for(lambda m: m.document is not None, after=before)
    first = datetime(2026, 5, 1, tzinfo=UTC)
    assert readings.asked == [(first, None), (first, datetime(2026, 6, 1, tzinfo=UTC))]


@pytest.mark.parametrize(
    "words", ["May", "2026-02-30", "2026-05-02 2026-05-01", "2026-05-01 2026-05-02 2026-05-03"]
)
async def test_days_that_cannot_be_read_are_answered_with_what_to_write(
    admin: SandboxUser, readings: Readings, words: str
) -> None:
    assert "/reconcile 2026-05-01 2026-05-31" in (await write(admin, f"/reconcile {words}")).text
    assert readings.asked == []


async def test_look_hands_what_was_missed_to_the_shop(
    admin: SandboxUser, small_shop: SmallShop
) -> None:
    small_shop.answer_instead = WatchedAgain(order_id=1, until=NOW)
    admin.send_text("/look 1")
    await admin.wait_for(lambda m: "is watched until 2026-11-22 12:00 UTC" in m.text)
    read = ReadBeside(height=85, block_hash="h85", sightings=(FOUND,))
    assert WatchAgain(order_id=1, read=read) in small_shop.asked


async def test_look_watches_again_where_nothing_was_missed(
    admin: SandboxUser, small_shop: SmallShop, readings: Readings
) -> None:
    readings.missed = ()
    small_shop.answer_instead = WatchedAgain(order_id=1, until=None)
    admin.send_text("/look #1")
    await admin.wait_for(lambda m: "is watched until it has ended" in m.text)
    assert WatchAgain(order_id=1, read=None) in small_shop.asked


async def test_look_that_the_shop_cannot_take_now_says_so(
    admin: SandboxUser, small_shop: SmallShop
) -> None:
    small_shop.answer_instead = ShopUnavailable(why="the shop is stopping")
    admin.send_text("/look 1")
    message = await admin.wait_for(lambda m: "LTC order 1, missed" in m.text)
    assert "is watched" not in message.text


@pytest.mark.parametrize("words", ["/look", "/look x", "/look 1 2"])
async def test_look_without_an_order_says_what_to_write(admin: SandboxUser, words: str) -> None:
    assert "/look 12" in (await write(admin, words)).text


async def test_look_at_an_order_that_nobody_made_says_so(
    admin: SandboxUser, readings: Readings
) -> None:
    assert "no order #9" in (await write(admin, "/look 9")).text
    assert readings.asked == []


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ReconcileBusyError(), "Another comparison is under way"),
        (ReconcileFailedError("the disk & all"), "The comparison came to no end: the disk & all"),
    ],
)
async def test_what_hinders_it_is_said(
    admin: SandboxUser, readings: Readings, error: Exception, said: str
) -> None:
    readings.error = error
    admin.send_text("/reconcile")
    await admin.wait_for(lambda m: said in m.text)


@pytest.mark.usefixtures("soon")
async def test_admin_is_told_how_far_it_is_and_is_served_meanwhile(
    admin: SandboxUser, readings: Readings
) -> None:
    readings.says = "LTC: at block 5 of 9"
    admin.send_text("/reconcile")
    await admin.wait_for(lambda m: "LTC: at block 5 of 9" in m.text and "Comparing" in m.text)
    assert "/reconcile" in (await write(admin, "/help")).text
    readings.may_end.set()
    await admin.wait_for(lambda m: m.document is not None)


async def test_shoppers_know_no_such_commands(shopper: SandboxUser, readings: Readings) -> None:
    for words in ("/reconcile", "/look 1"):
        assert "do not understand" in (await write(shopper, words)).text
    assert readings.asked == []
