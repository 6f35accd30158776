"""The outbox on its way to Telegram: order, patience, and what cannot be delivered."""

import asyncio
from collections import deque
from itertools import pairwise

import pytest
from loguru import logger

from actors.closing import close_for_good
from actors.environment import RetryLater
from actors.messages import RegisterShopper
from domain.order import NoticeKind
from tests.actors import outside_world
from tests.actors.conftest import Play
from tests.actors.outside_world import Telegram, TelegramRecipe
from tests.actors.world import ADMIN, ALICE, BOB, OTHER_ADMIN, World, wish
from thespian_asyncio import ThreadExecutor


def retry(after_seconds: float | None) -> RetryLater:
    return RetryLater(after_seconds=after_seconds, why="too many requests")


def test_retry_after_is_honoured_to_the_second_and_keeps_the_order_of_the_chat(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        world.telegram.answers[ALICE] = deque([retry(37.0)])
        order = await world.order()
        await world.pay(order)
        assert world.told(ALICE) == []
        await asyncio.sleep(60)
        tried = [at for at, notice in world.telegram.tried if notice.chat_id == ALICE]
        assert 37.0 <= tried[1] - tried[0] < 37.5
        assert world.told(ALICE)[0] is NoticeKind.ORDER_CREATED
        assert world.told(ALICE)[-1] is NoticeKind.GOODS

    play(scene)


def test_failures_without_a_word_of_when_are_tried_again_with_back_off(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        failures = (retry(None), ConnectionError("gone"), retry(None), retry(None))
        world.telegram.answers[ALICE] = deque[RetryLater | Exception](failures)
        await world.order()
        await asyncio.sleep(60)
        tried = [at for at, notice in world.telegram.tried if notice.chat_id == ALICE]
        waits = [round(after - before) for before, after in pairwise(tried)]
        assert waits == [1, 2, 4, 8]
        assert world.told(ALICE) == [NoticeKind.ORDER_CREATED]

    play(scene)


def test_what_was_to_be_sent_is_not_in_the_log_when_sending_breaks(play: Play) -> None:
    logged: list[str] = []
    sink = logger.add(lambda line: logged.append(str(line)))

    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        broken = ValueError("KEY-1 is no good text")
        world.telegram.answers[ALICE] = deque[RetryLater | Exception]([broken])
        await world.order()
        await asyncio.sleep(60)
        assert world.told(ALICE) == [NoticeKind.ORDER_CREATED]

    play(scene)
    logger.remove(sink)
    assert any("ValueError" in line for line in logged)
    assert not any("KEY-1" in line for line in logged)


def test_chat_that_has_to_wait_holds_up_nobody_else(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1", "Chess/k2")
        world.telegram.answers[ALICE] = deque([retry(3600.0)])
        await world.order(ALICE)
        order = await world.order(BOB)
        await world.pay(order)
        assert world.told(BOB)[-1] is NoticeKind.GOODS
        assert world.told(ALICE) == []

    play(scene)


def test_fifty_chats_are_told_side_by_side(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock(*(f"Chess/k{number}" for number in range(50)))
        await asyncio.gather(*(world.ask(wish(shopper)) for shopper in range(1, 51)))
        await asyncio.sleep(0.5)
        told = [chat for chat in range(1, 51) if world.told(chat) == [NoticeKind.ORDER_CREATED]]
        assert len(told) == 50

    play(scene)


def test_blocked_chat_is_recorded_told_to_the_admins_and_gets_its_goods_after_start(
    play: Play,
) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        world.telegram.blocked.add(ALICE)
        await world.pay(order)
        query = "SELECT state, why FROM outbox WHERE kind = 'goods'"
        assert world.rows(query) == [("undeliverable", "the bot was blocked")]
        assert world.status(order) == ("paid", "paid")
        for admin in (ADMIN, OTHER_ADMIN):
            assert NoticeKind.ADMIN_UNDELIVERABLE in world.told(admin)
        query = "SELECT can_receive_messages FROM users WHERE telegram_id = 1"
        assert world.rows(query) == [(0,)]
        world.telegram.blocked.clear()
        start = RegisterShopper(telegram_id=ALICE, telegram_username="alice", language="en")
        await world.ask(start)
        await asyncio.sleep(1)
        assert world.told(ALICE)[-1] is NoticeKind.GOODS
        assert world.status(order) == ("shipped", "paid")
        await world.ask(start)
        await asyncio.sleep(1)
        assert world.told(ALICE).count(NoticeKind.GOODS) == 1

    play(scene)


def test_admin_who_blocked_the_bot_does_not_keep_the_other_from_hearing(play: Play) -> None:
    async def scene(world: World) -> None:
        world.telegram.blocked.add(ADMIN)
        await world.open()
        await world.stock("Chess/k1")
        await world.order()
        await asyncio.sleep(1)
        kinds = [NoticeKind.ADMIN_ORDER_CREATED, NoticeKind.ADMIN_UNDELIVERABLE]
        assert world.told(OTHER_ADMIN) == kinds
        query = "SELECT count(*) FROM outbox WHERE state = 'pending'"
        assert world.rows(query) == [(0,)]

    play(scene)


def test_what_was_not_sent_before_a_crash_is_sent_after_it(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        world.telegram.answers[ALICE] = deque([retry(3600.0)])
        await world.order()
        await asyncio.sleep(1)
        world.crash()
        await world.open()
        await asyncio.sleep(1)
        assert world.told(ALICE) == [NoticeKind.ORDER_CREATED]

    play(scene)


def test_notifier_that_cannot_open_its_connection_at_first_opens_it_at_the_second_try(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = TelegramRecipe.open
    failures = iter([OSError("too many open files")])

    def failing_once(recipe: TelegramRecipe) -> Telegram:
        for error in failures:
            raise error
        return opened(recipe)

    async def scene(world: World) -> None:
        monkeypatch.setattr(TelegramRecipe, "open", failing_once)
        await world.open()
        await world.stock("Chess/k1")
        await world.order()
        await asyncio.sleep(1)
        assert world.told(ALICE) == [NoticeKind.ORDER_CREATED]
        assert world.told(ADMIN) == [NoticeKind.ADMIN_ORDER_CREATED]
        world.forgiven_failures = 1

    play(scene)


class SlowToClose(Telegram):
    """Takes a while to end its connection, and can be cut short."""

    is_closed = False

    async def close(self) -> None:
        await asyncio.sleep(0.05)
        self.is_closed = True


def test_connection_is_ended_although_its_thread_ends_at_the_same_time() -> None:
    sender, executor = SlowToClose(), ThreadExecutor("notices")
    executor.submit(lambda: close_for_good(sender), lambda *_: None)
    executor.close()
    assert executor.join(10)
    assert sender.is_closed


def test_notifier_that_dies_before_it_tells_of_a_delivery_leaves_no_order_behind(
    play: Play,
) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()

        def kill_when_delivered() -> None:
            query = "SELECT count(*) FROM outbox WHERE kind = 'goods' AND state = 'delivered'"
            if world.rows(query) == [(1,)]:
                world.around.after_batch = lambda: None
                world.kill("shopper_notifier")

        world.around.after_batch = kill_when_delivered
        await world.pay(order)
        await asyncio.sleep(5)
        assert world.status(order) == ("shipped", "paid")
        assert world.told(ALICE).count(NoticeKind.GOODS) == 1

    play(scene)


def test_new_notifier_sends_what_waited_before_what_is_written_meanwhile(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        world.telegram.answers[ALICE] = deque([retry(600.0)])
        order = await world.order()
        await asyncio.sleep(5)
        assert world.told(ALICE) == []
        world.kill("shopper_notifier")
        # A batch is under way when the new one, a second later, asks for what waits.
        await asyncio.sleep(0.9)
        await world.cancel(order)
        await asyncio.sleep(5)
        assert world.told(ALICE) == [NoticeKind.ORDER_CREATED, NoticeKind.ORDER_CANCELLED]

    monkeypatch.setattr(outside_world, "LEDGER_SECONDS", 0.5)
    play(scene)
