"""A store that cannot be written for a while: the shop says so, waits, and loses nothing."""

import asyncio
from datetime import timedelta

from actors.messages import (
    CancelOrder,
    GetShopHealth,
    OrderPlaced,
    ShopHealth,
    ShopUnavailable,
)
from domain.order import NoticeKind
from store.trouble import StoreTrouble, StoreUnavailableError, TroubleKind
from tests.actors.conftest import Play
from tests.actors.world import ADMIN, ALICE, BOB, GRACE, TIMEOUT, WARNING, World, wish

FULL = "the disk of the store is full: make room on it (no room)"


class Trouble:
    """Makes every batch fail before it begins, until it is over."""

    def __init__(self, world: World, kind: TroubleKind = TroubleKind.FULL) -> None:
        self.kind = kind
        self.is_over = False
        self.batches = 0
        world.around.before_batch = self

    def __call__(self) -> None:
        if not self.is_over:
            self.batches += 1
            trouble = StoreTrouble(kind=self.kind, why="no room")
            raise StoreUnavailableError("the store failed", trouble)


async def health(world: World) -> ShopHealth:
    """What the shop says of itself."""
    answer = await world.ask(GetShopHealth())
    assert isinstance(answer, ShopHealth)
    return answer


async def fail_at_a_payment(world: World) -> Trouble:
    """A shop with one order, whose payment cannot be written."""
    await world.open()
    await world.stock("Chess/k1", "Chess/k2")
    order = await world.order()
    trouble = Trouble(world)
    await world.pay(order)
    return trouble


def test_shop_without_a_store_says_why_and_takes_nothing_on(play: Play) -> None:
    async def scene(world: World) -> None:
        trouble = await fail_at_a_payment(world)
        said = await health(world)
        assert (said.ready, said.why_not_ready, said.store_trouble) == (False, FULL, FULL)
        assert world.state("shop") == ["without a store that can be written"]
        assert await world.ask(wish(BOB), 5) == ShopUnavailable(why=FULL)
        cancel = CancelOrder(order_id=1, telegram_id=ALICE)
        assert await world.ask(cancel, 5) == ShopUnavailable(why=FULL)
        trouble.is_over = True
        await world.until_ready()
        assert (await health(world)).store_trouble == ""
        await world.order(BOB)

    play(scene)


def test_what_is_wrong_is_said_anew_when_it_changes(play: Play) -> None:
    async def scene(world: World) -> None:
        trouble = await fail_at_a_payment(world)
        trouble.kind = TroubleKind.CORRUPT
        await asyncio.sleep(60)
        assert "run.py restore" in (await health(world)).store_trouble
        trouble.is_over = True
        await world.until_ready()

    play(scene)


def test_admins_are_alerted_once_when_the_store_is_back(play: Play) -> None:
    async def scene(world: World) -> None:
        trouble = await fail_at_a_payment(world)
        await asyncio.sleep(300)
        assert NoticeKind.ADMIN_ALERT not in world.told(ADMIN)
        trouble.is_over = True
        await world.until_ready()
        await asyncio.sleep(5)
        assert world.told(ADMIN).count(NoticeKind.ADMIN_ALERT) == 1
        query = "SELECT DISTINCT detail FROM outbox WHERE kind = 'admin_alert'"
        text = f"for a while nothing could be written: {FULL}; it works again"
        assert world.rows(query) == [(text,)]

    play(scene)


def test_payment_of_the_time_without_a_store_is_not_lost(play: Play) -> None:
    async def scene(world: World) -> None:
        trouble = await fail_at_a_payment(world)
        await asyncio.sleep(3 * 3600)
        trouble.is_over = True
        await world.until_ready()
        await world.looks()
        assert world.rows("SELECT status, payment_state FROM orders") == [("shipped", "paid")]
        assert world.told(ALICE).count(NoticeKind.GOODS) == 1

    play(scene)


def test_payment_that_was_seen_while_nothing_could_be_written_outlives_the_grace(
    play: Play,
) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        trouble = Trouble(world)
        # The warning is the first that cannot be written; all looks wait behind it.
        await world.pass_time(TIMEOUT - WARNING + timedelta(minutes=1))
        await world.pay(order)
        await world.pass_time(TIMEOUT + GRACE)
        assert world.status(order) == ("created", "none")
        trouble.is_over = True
        await world.until_ready()
        await world.looks()
        assert world.status(order) == ("shipped", "paid")
        assert NoticeKind.ORDER_EXPIRED not in world.told(ALICE)

    play(scene)


def test_questions_that_are_repeated_for_hours_wait_once(play: Play) -> None:
    async def scene(world: World) -> None:
        trouble = await fail_at_a_payment(world)
        await asyncio.sleep(3 * 3600)
        assert world.base is not None
        (ledger,) = world.base.inspect(kind="ledger").actors
        waiting = ledger.details["waiting"]
        assert isinstance(waiting, int)
        assert waiting < 10
        # It is tried less and less often, but at least every half minute.
        assert 3 * 3600 / 31 < trouble.batches < 3 * 3600 / 25
        trouble.is_over = True
        await world.until_ready()

    play(scene)


def test_wish_that_waits_for_its_standing_is_turned_away_and_makes_no_order_later(
    play: Play,
) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        trouble = Trouble(world)
        assert await world.ask(wish(), 5) == ShopUnavailable(why=FULL)
        trouble.is_over = True
        await world.until_ready()
        await asyncio.sleep(60)
        assert world.rows("SELECT count(*) FROM orders") == [(0,)]
        assert isinstance(await world.ask(wish()), OrderPlaced)

    play(scene)


def test_shop_stops_in_order_while_the_store_cannot_be_written_and_goes_on_later(
    play: Play,
) -> None:
    async def scene(world: World) -> None:
        trouble = await fail_at_a_payment(world)
        await world.stop()
        trouble.is_over = True
        await world.open()
        await world.looks()
        assert world.rows("SELECT status, payment_state FROM orders") == [("shipped", "paid")]

    play(scene)


def test_disk_that_is_really_full_is_named_and_forgotten_when_there_is_room(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        goods = [f"Chess/{number} {'x' * 200}" for number in range(200)]
        await world.stock("Chess/k1")
        assert world.around.writer is not None
        # A new connection, which the writer opens after a failure, has no such limit.
        connection = world.around.writer._connection
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        asked = asyncio.create_task(world.stock(*goods))
        await asyncio.sleep(0.1)
        said = await health(world)
        assert said.store_trouble.startswith("the disk of the store is full")
        await asked
        await world.until_ready()
        assert world.rows("SELECT count(*) FROM items") == [(201,)]

    play(scene)
