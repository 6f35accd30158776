"""Actors that die or fail one by one, and a shop that goes on."""

import asyncio
import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from actors.messages import (
    GetShopHealth,
    OrderPlaced,
    OrderRefused,
    ShopHealth,
    ShopStarted,
    ShopUnavailable,
)
from actors.notifier import NotifierActor
from actors.order import OrderActor
from domain.order import NoticeKind, RefusalReason
from tests.actors import outside_world
from tests.actors.conftest import Play
from tests.actors.world import ADMIN, ALICE, BOB, TIMEOUT, World, wish

SERVICES = ["inventory", "address", "chain_watcher"]


def test_order_whose_actor_dies_while_it_opens_gives_its_hold_back(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        asked = asyncio.create_task(world.ask(wish(), 5))
        await world.until(lambda: world.pool()["holds"] == 1)
        world.kill("order")
        await asyncio.sleep(2)
        with pytest.raises(TimeoutError):
            await asked
        # Either it had been recorded before it died, and is live, or it is gone with its hold.
        recorded = len(world.rows("SELECT id FROM orders"))
        assert world.pool() == {"available": 1 - recorded, "holds": recorded}
        assert len(world.actors("order")) == recorded
        answer = await world.ask(wish())
        assert isinstance(answer, OrderPlaced)
        await world.pay(answer.order)
        assert world.status(answer.order) == ("shipped", "paid")

    play(scene)


def test_order_whose_actor_dies_before_the_store_hears_of_it_is_refused_from_then_on(
    play: Play,
) -> None:
    async def scene(world: World) -> None:
        world.around.addresses.is_broken = True
        await world.open()
        await world.stock("Chess/k1")
        world.kill("address")
        asked = asyncio.create_task(world.ask(wish(), 5))
        await world.until(lambda: world.pool()["holds"] == 1)
        world.kill("order")
        await asyncio.sleep(3)
        assert world.pool() == {"available": 1, "holds": 0}
        assert world.rows("SELECT order_id FROM refused_orders") == [(1,)]
        with pytest.raises(TimeoutError):
            await asked
        world.around.addresses.is_broken = False
        await asyncio.sleep(120)
        order = await world.order()
        assert order.order_id == 2

    play(scene)


def test_open_order_whose_actor_dies_is_taken_up_again_and_still_paid(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        world.kill("order")
        await asyncio.sleep(1)
        assert world.state("order") == ["created"]
        assert await world.ask(wish()) == OrderPlaced(order=order)
        await world.pay(order)
        assert world.status(order) == ("shipped", "paid")

    play(scene)


def test_open_order_whose_actor_dies_still_expires(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        world.kill("order")
        await world.pass_time(TIMEOUT + timedelta(seconds=15))
        assert world.status(order) == ("expired", "none")
        assert world.pool() == {"available": 1, "holds": 0}

    play(scene)


@pytest.mark.parametrize("wait_seconds", [0.0, 0.002, 0.006, 0.02])
def test_order_whose_actor_dies_around_its_recording_is_watched(
    play: Play, wait_seconds: float
) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        asked = asyncio.create_task(world.ask(wish(), 5))
        await world.until(lambda: world.state("order") == ["recording"])
        await asyncio.sleep(wait_seconds)
        world.kill("order")
        await asyncio.wait([asked])
        asked.exception()
        answer = await world.ask(wish())
        assert isinstance(answer, OrderPlaced)
        await world.pay(answer.order)
        assert world.status(answer.order) == ("shipped", "paid")

    play(scene)


@pytest.mark.parametrize(
    "kind",
    ["inventory", "address", "chain_watcher", "shopper_notifier", "admin_notifier", "ledger"],
)
def test_service_that_dies_is_started_again_and_orders_go_on(play: Play, kind: str) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1", "Chess/k2")
        before = await world.order(ALICE)
        world.kill(kind)
        await asyncio.sleep(3)
        await world.until_ready()
        assert len(world.actors(kind)) == 1
        after = await world.order(BOB)
        assert world.pool() == {"available": 0, "holds": 2}
        for order in (before, after):
            await world.pay(order)
            assert world.status(order) == ("shipped", "paid")
        assert world.told(ALICE)[-1] is NoticeKind.GOODS
        assert world.told(BOB)[-1] is NoticeKind.GOODS

    play(scene)


@pytest.mark.parametrize("kind", SERVICES)
def test_wish_that_meets_a_dead_service_is_answered_when_it_is_back(play: Play, kind: str) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        world.kill(kind)
        order = await world.order()
        await world.until_ready()
        await world.pay(order)
        assert world.status(order) == ("shipped", "paid")

    play(scene)


def test_shop_without_a_ledger_takes_nothing_on(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        world.kill("ledger")
        await asyncio.sleep(0.5)
        assert isinstance(await world.ask(wish()), ShopUnavailable)
        health = await world.ask(GetShopHealth())
        assert isinstance(health, ShopHealth)
        assert not health.ready
        await asyncio.sleep(2)
        await world.until_ready()
        assert isinstance(await world.ask(wish()), OrderPlaced)

    play(scene)


def test_payment_while_the_watcher_is_away_is_found_by_the_next(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        world.kill("chain_watcher")
        await asyncio.sleep(0.1)
        world.chain.pay(order.address, order.amount_base_units)
        world.chain.mine(3)
        await world.looks()
        assert world.status(order) == ("shipped", "paid")

    play(scene)


def test_coin_that_cannot_be_looked_at_takes_no_orders_until_it_can(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        world.chain.error = "the node is away"
        await world.looks(3)
        answer = await world.ask(wish())
        reason = RefusalReason.COIN_UNAVAILABLE
        assert answer == OrderRefused(reason=reason, detail="the node is away")
        await asyncio.sleep(30)
        assert world.told(ADMIN)[-1] is NoticeKind.ADMIN_ALERT
        world.chain.error = ""
        await asyncio.sleep(120)
        assert isinstance(await world.ask(wish()), OrderPlaced)

    play(scene)


def test_service_that_dies_again_and_again_waits_longer_each_time(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")

        async def seconds_away() -> int:
            world.kill("inventory")
            await asyncio.sleep(0.1)
            tenths = 1
            while not world.actors("inventory"):
                await asyncio.sleep(0.1)
                tenths += 1
            return round(tenths / 10)

        assert [await seconds_away() for _ in range(4)] == [1, 2, 4, 8]
        await world.pass_time(timedelta(minutes=30))
        assert await seconds_away() == 1

    play(scene)


def test_wish_whose_actor_fails_is_told_to_the_admins(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_actor: OrderActor, _message: object, _sender: object) -> None:
        raise ZeroDivisionError("a mistake")

    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        with monkeypatch.context() as mistaken:
            mistaken.setattr(OrderActor, "receiveMsg_OpenOrder", broken)
            with pytest.raises(TimeoutError):
                await world.ask(wish(), 5)
        assert world.rows("SELECT DISTINCT detail FROM outbox WHERE kind = 'admin_alert'") == [
            ("shop shop: OpenOrder could not be handled",)
        ]
        world.kill("order")
        await asyncio.sleep(1)

    play(scene)


def test_goods_whose_notifier_dies_before_it_tells_of_their_delivery_are_shipped(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        with monkeypatch.context() as silent:
            silent.setattr(NotifierActor, "_tell_delivered", lambda *_: None)
            await world.pay(order)
            assert world.status(order) == ("paid", "paid")
            world.kill("shopper_notifier")
            await asyncio.sleep(0.1)
        await asyncio.sleep(5)
        assert world.status(order) == ("shipped", "paid")

    play(scene)


def test_ledger_that_dies_while_it_opens_the_store_leaves_it_to_the_next(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        world.kill("ledger")
        await world.until(lambda: world.state("ledger") == ["starting"])
        world.kill("ledger")
        await world.until(lambda: world.state("ledger") == [])
        await asyncio.sleep(5)
        await world.until_ready()
        await world.order()

    play(scene)


@contextmanager
def _held_lock(world: World) -> Iterator[None]:
    with Path(f"{world.store_path}.lock").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def test_ledger_that_dies_during_the_start_is_started_again_when_the_store_is_free(
    play: Play,
) -> None:
    async def scene(world: World) -> None:
        starting = asyncio.create_task(world.start())
        await world.until(lambda: world.base is not None and world.state("ledger") == ["writing"])
        world.kill("ledger")
        await world.until(lambda: world.state("ledger") == [])
        await asyncio.sleep(0.1)  # its store is closed, and there is no new one yet
        with _held_lock(world):
            await asyncio.sleep(5)
        assert not starting.done()
        assert isinstance(await starting, ShopStarted)
        await world.until_ready()

    play(scene)


def _is_opening(world: World) -> bool:
    return world.base is not None and world.state("ledger") == ["starting"]


def test_ledger_that_dies_at_the_first_opening_is_waited_for(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(world: World) -> None:
        # So slow that the next ledger comes while the thread of the last still opens the store.
        monkeypatch.setattr(outside_world, "LEDGER_SECONDS", 3.0)
        starting = asyncio.create_task(world.start())
        await world.until(lambda: _is_opening(world))
        world.kill("ledger")
        assert isinstance(await starting, ShopStarted)
        await world.until_ready()

    play(scene)


def test_store_that_stays_in_use_behind_a_lost_ledger_ends_the_start_after_minutes(
    play: Play,
) -> None:
    async def scene(world: World) -> None:
        with _held_lock(world):
            starting = asyncio.create_task(world.start())
            await world.until(lambda: _is_opening(world))
            world.kill("ledger")
            with pytest.raises(TimeoutError):
                await starting
            await asyncio.sleep(180)
            assert world.state("shop") == ["starting"]
            await asyncio.sleep(120)
            assert world.state("shop") == ["failed"]

    play(scene)


def test_address_actor_that_dies_during_the_start_does_not_cost_the_watcher_its_place(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1", "Chess/k2")
        order = await world.order()
        await world.pay(order)
        assert world.status(order) == ("shipped", "paid")
        world.crash()
        world.chain.mine(2)
        # So slow that what the first start asked is answered after the second has begun.
        monkeypatch.setattr(outside_world, "LEDGER_SECONDS", 2.0)
        starting = asyncio.create_task(world.start())
        await world.until(lambda: world.base is not None and "ready" in world.state("address"))
        world.kill("address")
        assert isinstance(await starting, ShopStarted)
        await world.until_ready()
        await world.looks()
        assert world.status(order) == ("shipped", "paid")
        # Orders are told of the actors that there are now.
        later = await world.order(BOB)
        await world.pay(later)
        await asyncio.sleep(10)
        assert world.status(later) == ("shipped", "paid")

    play(scene)


@pytest.mark.parametrize("kind", ["chain_watcher", "inventory", "address"])
def test_actor_that_dies_beside_the_ledger_is_started_once(play: Play, kind: str) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        world.kill("ledger")
        world.kill(kind)
        await asyncio.sleep(10)
        await world.until_ready()
        assert len(world.actors(kind)) == 1
        assert world.rows("SELECT detail FROM outbox WHERE kind = 'admin_alert'") == []
        await world.order()

    play(scene)
