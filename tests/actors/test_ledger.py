"""The ledger in front of a store that fails."""

import asyncio
import sqlite3
from decimal import Decimal

from thespian.actors import ActorSystemFailure

from actors.messages import OrderPlaced, OrderRefused, RegisterShopper, ShopperRegistered
from domain.order import NoticeKind, RefusalReason
from store.trouble import StoreTrouble, StoreUnavailableError, TroubleKind
from tests.actors.conftest import Play
from tests.actors.world import ADMIN, ALICE, BOB, World, wish


class LostAnswer(sqlite3.Connection):
    """Commits a change, and reports that it could not: as when the disk fails in between."""

    def execute(self, sql: str, parameters: object = (), /) -> sqlite3.Cursor:
        cursor = super().execute(sql, parameters)  # type: ignore[arg-type] # handed on as it came
        if sql == "COMMIT" and self.total_changes:
            raise sqlite3.OperationalError("disk I/O error")
        return cursor


def lose_the_next_answer(world: World) -> None:
    """Let the next commit be done without being reported as done."""
    writer = world.around.writer
    assert writer is not None
    writer._connection.close()
    writer._connection = sqlite3.connect(
        world.store_path, isolation_level=None, check_same_thread=False, factory=LostAnswer
    )


class Refusing:
    """Makes a number of batches fail before they begin."""

    def __init__(self, times: int) -> None:
        self.times = times

    def __call__(self) -> None:
        if self.times:
            self.times -= 1
            full = StoreTrouble(kind=TroubleKind.FULL, why="no room")
            raise StoreUnavailableError("the disk is full", full)


def test_store_that_cannot_be_written_answers_nobody_and_then_everybody_once(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1", "Chess/k2")
        asked = [asyncio.create_task(world.ask(wish(shopper))) for shopper in (ALICE, BOB)]
        await world.until(lambda: world.state("order") == ["recording"] * 2)
        world.around.before_batch = Refusing(3)
        await asyncio.sleep(2)
        assert not any(task.done() for task in asked)
        assert world.state("ledger") == ["failing"]
        answers = await asyncio.gather(*asked)
        assert all(isinstance(answer, OrderPlaced) for answer in answers)
        assert world.rows("SELECT count(*) FROM orders") == [(2,)]
        await asyncio.sleep(1)
        assert world.told(ALICE) == [NoticeKind.ORDER_CREATED]
        assert world.told(BOB) == [NoticeKind.ORDER_CREATED]

    play(scene)


def test_commit_that_was_on_disk_although_it_failed_is_told_once_to_everyone(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        lose_the_next_answer(world)
        order = await world.order()
        await asyncio.sleep(1)
        assert world.rows("SELECT count(*) FROM orders") == [(1,)]
        assert world.told(ALICE) == [NoticeKind.ORDER_CREATED]
        told = [NoticeKind.ADMIN_ORDER_CREATED, NoticeKind.ADMIN_ALERT]
        assert sorted(world.told(ADMIN)) == sorted(told)
        lose_the_next_answer(world)
        await world.pay(order)
        assert world.status(order) == ("shipped", "paid")
        assert world.told(ALICE).count(NoticeKind.GOODS) == 1

    play(scene)


def test_order_that_could_not_be_written_for_minutes_is_not_made_any_more(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        asked = asyncio.create_task(world.ask(wish(), 600))
        await world.until(lambda: world.state("order") == ["recording"])
        world.around.before_batch = Refusing(9)
        assert await asked == OrderRefused(reason=RefusalReason.SHOP_UNAVAILABLE)
        assert world.rows("SELECT count(*) FROM orders") == [(0,)]
        await world.until_ready()
        assert world.pool() == {"available": 1, "holds": 0}
        assert isinstance(await world.ask(wish()), OrderPlaced)

    play(scene)


def test_order_that_was_written_although_nobody_heard_of_it_for_minutes_is_there(
    play: Play,
) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        lose_the_next_answer(world)
        asked = asyncio.create_task(world.ask(wish(), 600))
        await world.until(lambda: world.state("ledger") == ["failing"])
        world.around.before_batch = Refusing(9)
        answer = await asked
        assert isinstance(answer, OrderPlaced)
        await world.until_ready()
        await world.pay(answer.order)
        assert world.status(answer.order) == ("shipped", "paid")

    play(scene)


def test_question_that_waits_for_minutes_is_asked_again_and_changes_nothing_twice(
    play: Play,
) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        world.around.before_batch = Refusing(9)
        await world.pay(order)
        assert world.status(order) == ("created", "none")
        await asyncio.sleep(300)
        assert world.status(order) == ("shipped", "paid")
        assert world.rows("SELECT count(*) FROM payments") == [(1,)]
        assert world.told(ALICE).count(NoticeKind.GOODS) == 1

    play(scene)


def test_job_that_breaks_is_refused_alone_and_the_innocent_go_through(play: Play) -> None:
    async def scene(world: World) -> None:
        world.rates["LTC"] = Decimal("0.0001")
        await world.open()
        await world.stock("Chess/k1")
        # In litoshi at this rate no column of the store can hold it.
        await world.stock("Castle/k1", price_minor=10**12)
        answers = await asyncio.gather(world.ask(wish(ALICE, (1, 1))), world.ask(wish(BOB, (2, 1))))
        assert isinstance(answers[0], OrderPlaced)
        assert answers[1] == OrderRefused(reason=RefusalReason.SHOP_UNAVAILABLE)
        shopper = RegisterShopper(telegram_id=3, telegram_username=None, language="en")
        assert await world.ask(shopper) == ShopperRegistered(telegram_id=3)
        await asyncio.sleep(1)
        assert world.told(ALICE) == [NoticeKind.ORDER_CREATED]

    play(scene)


def test_import_that_was_on_disk_although_its_commit_failed_is_for_sale(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        lose_the_next_answer(world)
        await world.stock("Chess/k2", "Go/g1")
        assert isinstance(await world.ask(wish(ALICE, (1, 2), (2, 1))), OrderPlaced)

    play(scene)


def test_job_that_waits_for_another_at_the_stop_is_written_before_the_store_closes(
    play: Play,
) -> None:
    async def scene(world: World) -> None:
        await world.open()
        shoppers = [
            RegisterShopper(telegram_id=number, telegram_username=None, language="en")
            for number in (ALICE, BOB)
        ]
        asked = []
        for shopper in shoppers:
            asked.append(asyncio.create_task(world.ask(shopper, 5)))
            await asyncio.sleep(0.001)
        await world.stop()
        await asyncio.wait(asked)
        assert [type(task.exception()) for task in asked] == [ActorSystemFailure] * 2
        assert world.rows("SELECT telegram_id FROM users") == [(ALICE,), (BOB,)]

    play(scene)


def test_what_was_said_before_the_stop_is_on_disk_after_it(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        world.chain.pay(order.address, order.amount_base_units)
        world.chain.mine(3)
        await world.until(lambda: NoticeKind.GOODS in world.told(ALICE))
        await world.stop()
        query = "SELECT kind FROM outbox WHERE chat_id = ? AND state = 'pending'"
        assert world.rows(query, ALICE) == []

    play(scene)
