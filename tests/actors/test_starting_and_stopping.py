"""The start from a store, what refuses it, and the stop in order."""

import asyncio
from dataclasses import replace

import pytest
from loguru import logger
from thespian.actors import ActorSystem

from actors import shop_take_up
from actors.messages import (
    CancelOrderByAdmin,
    GetShopHealth,
    ShopHealth,
    ShopStarted,
    ShopStopped,
    ShopUnavailable,
    StartFailed,
    StopShop,
)
from actors.shop import Shop
from domain.order import NoticeKind
from domain.rules import OverPayment
from tests.actors.conftest import Play
from tests.actors.world import ADMIN, ALICE, BOB, World, wish, with_rules
from thespian_asyncio import ActorSystemBase
from thespian_asyncio.testing import run_in_virtual_time


def test_start_says_how_many_orders_it_took_up(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1", "Chess/k2")
        await world.order(ALICE)
        await world.cancel(await world.order(BOB), BOB)
        world.crash()
        assert await world.start() == ShopStarted(live_orders=1)

    play(scene)


def test_many_open_orders_are_taken_up_while_the_shop_is_open_and_says_how_far_it_is(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock(*(f"Chess/k{number}" for number in range(501)))
        await asyncio.gather(*(world.ask(wish(number)) for number in range(1, 501)))
        world.crash()
        states: list[object] = []
        cancel = CancelOrderByAdmin(order_id=500, admin_telegram_id=ADMIN, reason="no")
        resume = Shop._resume

        def noting_resume(shop: Shop, *about: object) -> None:
            states.append(shop.inspection()["state"])
            if len(states) == 3:
                # One that is asked for before its turn gets its actor at once.
                shop._relay(500, cancel, None)
            resume(shop, *about)  # type: ignore[arg-type] # handed on as it came

        said: list[str] = []
        sink = logger.add(said.append, level="INFO", format="{message}")
        monkeypatch.setattr(shop_take_up, "ORDERS_A_PAGE", 150)
        monkeypatch.setattr(shop_take_up, "PROGRESS_EVERY", 200)
        monkeypatch.setattr(Shop, "_resume", noting_resume)
        assert await world.start() == ShopStarted(live_orders=500)
        health = await world.ask(GetShopHealth())
        assert isinstance(health, ShopHealth)
        assert health.progress == "0 of 500 open orders taken up"
        await world.until_ready()
        logger.remove(sink)
        assert states[:2] == [
            "open, 0 of 500 open orders taken up",
            "open, 1 of 500 open orders taken up",
        ]
        assert [each.strip() for each in said if "taken up" in each] == [
            "0 of 500 open orders taken up",
            "200 of 500 open orders taken up",
            "400 of 500 open orders taken up",
            "all 500 open orders are taken up",
        ]
        assert world.state("shop") == ["open"]
        health = await world.ask(GetShopHealth())
        assert isinstance(health, ShopHealth)
        assert (health.ready, health.progress) == (True, "")
        assert world.base is not None
        assert len(world.base.inspect(kind="order", limit=1000).actors) == 499
        assert world.rows("SELECT id FROM orders WHERE status = 'cancelled'") == [(500,)]

    play(scene)


def test_balance_in_another_currency_refuses_the_start(play: Play) -> None:
    async def scene(world: World) -> None:
        with_rules(world, over_payment=OverPayment.CREDIT)
        await world.open()
        await world.stock("Chess/k1")
        await world.pay(await world.order(), less=-4_000_000)
        await world.stop()
        with_rules(world, fiat_currency="EUR")
        answer = await world.start()
        assert isinstance(answer, StartFailed)
        assert "balances in USD" in answer.why

    play(scene)


def test_health_is_not_ready_before_the_chain_was_looked_at(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.start()
        health = await world.ask(GetShopHealth())
        assert isinstance(health, ShopHealth)
        assert (health.ready, health.coins["LTC"] == "") == (False, False)
        await world.looks()
        assert await world.ask(GetShopHealth()) == ShopHealth(ready=True, coins={"LTC": ""})

    play(scene)


def test_shop_that_was_not_started_is_unavailable(play: Play) -> None:
    async def run() -> None:
        base = ActorSystemBase(None)
        shop = ActorSystem(systemBase=base, transientUnique=True).createActor(Shop)
        answer = await base.ask_async(shop, wish(), 5)
        assert answer == ShopUnavailable(why="the shop is new")
        assert await base.ask_async(shop, StopShop(), 5) == ShopStopped()
        assert await base.shutdown_async()

    run_in_virtual_time(run())


def test_currency_that_is_not_the_one_of_the_goods_refuses_the_start(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        await world.stop()
        with_rules(world, fiat_currency="EUR")
        answer = await world.start()
        assert isinstance(answer, StartFailed)
        assert "set shop.currency" in answer.why
        assert "USD" in answer.why
        assert isinstance(await world.ask(wish()), ShopUnavailable)
        await world.stop()
        with_rules(world, fiat_currency="USD")
        await world.open()

    play(scene)


def test_open_order_in_a_coin_that_is_not_enabled_refuses_the_start(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        await world.order()
        await world.stop()
        with_rules(world, coins=(replace(world.rules.coins[0], coin="BTC"),))
        answer = await world.start()
        assert isinstance(answer, StartFailed)
        assert "open orders in LTC" in answer.why

    play(scene)


def test_store_that_another_shop_has_open_refuses_the_start(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        other = World(world.store_path.parent)
        answer = await other.start()
        assert isinstance(answer, StartFailed)
        assert "in use by another process" in answer.why
        await other.stop()

    play(scene)


def test_stop_ends_everyone_and_a_start_after_it_goes_on(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        await world.stop()
        await world.open()
        await world.pay(order)
        assert world.status(order) == ("shipped", "paid")
        assert world.told(ALICE).count(NoticeKind.ORDER_CREATED) == 1

    play(scene)


def test_stop_in_the_middle_of_an_order_leaves_it_whole_or_not_at_all(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        asked = asyncio.create_task(world.ask(wish(), 5))
        await asyncio.sleep(0)
        await world.stop()
        await asyncio.wait([asked])
        asked.exception()
        await world.open()
        recorded = len(world.rows("SELECT id FROM orders"))
        await asyncio.sleep(1)
        assert world.pool() == {"available": 1 - recorded, "holds": recorded}

    play(scene)


def test_stop_that_is_asked_for_twice_is_answered_twice(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        answers = await asyncio.gather(*(world.ask(StopShop(), 5) for _ in range(2)))
        assert answers == [ShopStopped(), ShopStopped()]
        assert await world.ask(StopShop(), 5) == ShopStopped()

    play(scene)


@pytest.mark.parametrize("kind", ["inventory", "ledger", "shopper_notifier", "chain_watcher"])
def test_stop_does_not_wait_for_somebody_who_is_gone(play: Play, kind: str) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        world.kill(kind)
        await asyncio.sleep(0.5)
        assert world.actors(kind) == []
        assert await world.ask(StopShop(), 5) == ShopStopped()

    play(scene)
