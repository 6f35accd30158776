"""The sweep: what was left undone is found and mended, and a healthy shop has nothing of it."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from loguru import logger

from actors.inventory import PoolActor
from actors.messages import CancelOrder, ReserveStock
from actors.notifier import NotifierActor
from actors.order import OrderActor
from actors.shop import Shop
from domain.order import NoticeKind
from domain.rules import LatePayment
from tests.actors.conftest import Play
from tests.actors.world import (
    ALICE,
    BOB,
    GRACE,
    MAINTENANCE_SECONDS,
    POLL_SECONDS,
    TIMEOUT,
    World,
    with_rules,
)

MENDED = ("without an actor", "has no actor", "without a place", "overlooked")


def nothing(*_: object) -> None:
    """In the place of a handler that forgets its business."""


def test_overdue_order_that_nobody_attends_to_is_taken_up_and_expires(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        world.crash()
        with monkeypatch.context() as forgetful:
            forgetful.setattr(Shop, "_resume", nothing)
            await world.open()
        assert world.actors("order") == []
        await world.pass_time(TIMEOUT + timedelta(seconds=3 * MAINTENANCE_SECONDS))
        assert world.status(order) == ("expired", "none")
        assert world.pool() == {"available": 1, "holds": 0}

    play(scene)


def test_overdue_order_whose_actor_lost_its_timer_looks_again_and_expires(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        (actor,) = world.actors("order")
        with monkeypatch.context() as deaf:
            deaf.setattr(OrderActor, "receiveMsg_WakeupMessage", nothing)
            await world.pass_time(TIMEOUT + timedelta(seconds=2 * POLL_SECONDS))
        assert world.status(order) == ("created", "none")
        assert world.actors("order") == [actor]
        # Two minutes are the sweep's patience; then it may take until the next sweep.
        await world.pass_time(timedelta(minutes=2, seconds=MAINTENANCE_SECONDS + 2 * POLL_SECONDS))
        assert world.status(order) == ("expired", "none")
        assert world.pool() == {"available": 1, "holds": 0}

    play(scene)


def test_hold_of_an_order_that_never_was_is_given_back(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1", "Chess/k2")
        await world.order()
        (pool,) = world.actors("inventory")
        assert world.base is not None
        world.base.tell_async(pool, ReserveStock(order_id=999, subcategory_id=1, quantity=1))
        await asyncio.sleep(1)
        assert world.pool() == {"available": 0, "holds": 2}
        await asyncio.sleep(3 * MAINTENANCE_SECONDS)
        assert world.pool() == {"available": 1, "holds": 1}
        assert world.rows("SELECT order_id FROM refused_orders") == [(999,)]

    play(scene)


def test_hold_of_an_order_that_has_ended_is_given_back(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        await world.cancel(order)
        await asyncio.sleep(1)
        (pool,) = world.actors("inventory")
        assert world.base is not None
        world.base.tell_async(pool, ReserveStock(order_id=1, subcategory_id=1, quantity=1))
        await asyncio.sleep(3 * MAINTENANCE_SECONDS)
        assert world.pool() == {"available": 1, "holds": 0}
        assert world.actors("order") == []

    play(scene)


def test_notice_that_its_notifier_never_heard_of_is_sent(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        with monkeypatch.context() as deaf:
            deaf.setattr(NotifierActor, "receiveMsg_NoticesWritten", nothing)
            await world.order()
            await asyncio.sleep(5)
        assert world.told(ALICE) == []
        await asyncio.sleep(300 + 2 * MAINTENANCE_SECONDS)
        assert world.told(ALICE) == [NoticeKind.ORDER_CREATED]

    play(scene)


def test_money_that_found_no_place_is_given_one(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(world: World) -> None:
        with_rules(world, late_payment=LatePayment.REVIVE)
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        await world.pass_time(TIMEOUT)
        await world.looks()
        with monkeypatch.context() as deaf:
            deaf.setattr(PoolActor, "receiveMsg_ReserveStock", nothing)
            await world.pay(order)
            world.crash()
        with monkeypatch.context() as forgetful:
            forgetful.setattr(Shop, "receiveMsg_UnsettledOrders", nothing)
            # A chain that cannot be looked at brings no news that would wake the order.
            world.chain.error = "the node is away"
            await world.start()
            await asyncio.sleep(5)
            assert world.status(order) == ("expired", "late")
        await asyncio.sleep(2 * MAINTENANCE_SECONDS)
        assert world.status(order) == ("shipped", "paid")
        world.chain.error = ""

    play(scene)


def test_answers_to_commands_of_last_week_are_forgotten(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        with closing(sqlite3.connect(world.store_path)) as connection, connection:
            connection.executemany(
                "INSERT INTO commands (id, result, recorded_at) VALUES (?, '{}', ?)",
                [(f"old {number}", "2026-11-01T00:00:00.000000Z") for number in range(2_500)],
            )
        await asyncio.sleep(MAINTENANCE_SECONDS + 1)
        assert world.rows("SELECT count(*) FROM commands WHERE id LIKE 'old %'") == [(0,)]
        assert world.rows("SELECT count(*) FROM commands WHERE id LIKE 'import:%'") == [(1,)]

    play(scene)


def test_healthy_shop_has_nothing_to_mend_whatever_becomes_of_its_orders(play: Play) -> None:
    async def scene(world: World) -> None:
        said: list[str] = []
        sink = logger.add(said.append, level="WARNING")
        with_rules(world, late_payment=LatePayment.REVIVE)
        await world.open()
        await world.stock(*(f"Chess/k{number}" for number in range(9)))
        await world.pay(await world.order(ALICE, request_id="paid"))
        seen = await world.order(ALICE, request_id="seen")
        await world.pay(seen, confirmed=False)
        unpaid = await world.order(BOB, request_id="unpaid")
        cancelled = await world.order(3, request_id="cancelled")
        await world.ask(CancelOrder(order_id=cancelled.order_id, telegram_id=3))
        world.telegram.blocked.add(4)
        await world.pay(await world.order(4, request_id="blocked"), confirmed=False)
        await world.pass_time(TIMEOUT)
        # An order may be overdue for long where its chain is blind.
        blind = await world.order(BOB, request_id="blind")
        world.chain.error = "the node is away"
        await world.pass_time(TIMEOUT + GRACE / 2)
        world.chain.error = ""
        await world.looks(10)
        await world.pay(unpaid)
        assert world.status(unpaid)[0] == "shipped"
        assert world.status(blind)[0] == "expired"
        await world.pass_time(timedelta(hours=5))
        assert [each for each in said if any(word in each for word in MENDED)] == []
        logger.remove(sink)

    play(scene)
