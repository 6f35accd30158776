"""The process ends at any instant; a new one on the same store goes on."""

import asyncio
from contextlib import suppress

import pytest
from thespian.actors import ActorSystemFailure

from actors.messages import OrderPlaced
from domain.order import NoticeKind
from tests.actors.conftest import Play
from tests.actors.world import ADMIN, ALICE, BOB, World, wish


def test_crash_after_the_invoice_and_a_payment_meanwhile_delivers_after_the_restart(
    play: Play,
) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        world.crash()
        world.chain.pay(order.address, order.amount_base_units)
        world.chain.mine(3)
        await world.open()
        await world.looks()
        assert world.status(order) == ("shipped", "paid")
        assert world.told(ALICE).count(NoticeKind.GOODS) == 1

    play(scene)


def test_crash_before_the_order_is_on_disk_leaves_no_trace(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        CrashAt(world, 1, "before")
        with pytest.raises(ActorSystemFailure):
            await world.ask(wish())
        assert world.rows("SELECT count(*) FROM orders") == [(0,)]
        assert isinstance(await world.insist(wish()), OrderPlaced)
        assert world.rows("SELECT count(*) FROM orders") == [(1,)]

    play(scene)


def test_units_held_by_open_orders_are_not_sold_after_a_restart(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1", "Chess/k2")
        first = await world.order(ALICE)
        world.crash()
        await world.open()
        second = await world.order(BOB)
        assert world.pool() == {"available": 0, "holds": 2}
        assert first.lines != second.lines
        assert first.address != second.address

    play(scene)


def test_goods_whose_delivery_was_recorded_just_before_a_crash_are_shipped(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()

        def crash_when_delivered() -> None:
            query = "SELECT count(*) FROM outbox WHERE kind = 'goods' AND state = 'delivered'"
            if world.rows(query) == [(1,)]:
                world.crash()

        world.around.after_batch = crash_when_delivered
        await world.pay(order)
        assert world.base is None
        assert world.status(order) == ("paid", "paid")
        world.around.after_batch = lambda: None
        await world.open()
        await asyncio.sleep(1)
        assert world.status(order) == ("shipped", "paid")
        assert world.told(ALICE).count(NoticeKind.GOODS) == 1

    play(scene)


class CrashAt:
    """Crashes the shop at its batch of a number, before it is written or right after."""

    def __init__(self, world: World, number: int, when: str) -> None:
        self._world, self._number = world, number
        self.batches = 0
        if when == "before":
            world.around.before_batch = self._at_batch
        else:
            world.around.after_batch = self._at_batch

    def _at_batch(self) -> None:
        self.batches += 1
        if self.batches == self._number:
            self._world.crash()


async def buy_whatever_happens(world: World) -> None:
    """One is bought and one runs out; the shop is opened again when it is down."""
    await world.stock("Chess/k1", "Chess/k2", "Chess/k3")
    await world.insist(wish(ALICE))
    await world.insist(wish(BOB))
    query = "SELECT payment_address, amount_quote_units FROM orders WHERE id = 1"
    ((address, amount),) = world.rows(query)
    world.chain.pay(str(address), int(str(amount)))
    for _ in range(3):
        await keep_open(world, 12)
        world.chain.mine()
    await keep_open(world, 60)
    await keep_open(world, 30 * 60)
    await keep_open(world, 60)


async def keep_open(world: World, seconds: float) -> None:
    """Wait; when the shop is down at the end, open it and wait a little."""
    await asyncio.sleep(seconds)
    for _ in range(3):
        if world.base is None:
            with suppress(ActorSystemFailure):
                await world.open()
            await world.looks()


BATCHES = range(1, 26)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", BATCHES)
def test_crash_at_any_commit_leaves_a_store_from_which_it_goes_on(
    play: Play, number: int, when: str
) -> None:
    async def scene(world: World) -> None:
        crashing = CrashAt(world, number, when)
        await buy_whatever_happens(world)
        assert crashing.batches > number
        query = "SELECT id, status, payment_state FROM orders ORDER BY id"
        assert world.rows(query) == [(1, "shipped", "paid"), (2, "expired", "none")]
        assert world.rows("SELECT count(*) FROM items WHERE is_sold = 1") == [(1,)]
        assert world.rows("SELECT count(*), min(state) FROM payments") == [(1, "confirmed")]
        assert world.timeouts(BOB) == 1
        assert NoticeKind.GOODS in world.told(ALICE)
        assert NoticeKind.ADMIN_PAYMENT_RECEIVED in world.told(ADMIN)
        assert world.rows("SELECT kind FROM outbox WHERE state <> 'delivered'") == []
        assert world.pool() == {"available": 2, "holds": 0}

    play(scene)
