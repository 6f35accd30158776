"""An order that ended long ago, whose address is looked at again."""

from datetime import timedelta

from actors.messages import (
    DifferencesTold,
    OrderRefused,
    ReadBeside,
    TellDifferences,
    WatchAgain,
    WatchedAgain,
)
from domain.order import NoticeKind, Order, RefusalReason
from payments.chain import sighting
from tests.actors.conftest import Play
from tests.actors.outside_world import LoopClock
from tests.actors.test_revival import expired_order, money
from tests.actors.world import ADMIN, CONFIRMATIONS, World, with_rules

HOUR = timedelta(hours=1)


async def forgotten_order(world: World) -> Order:
    """An order that expired, and whose address nobody watches any more."""
    with_rules(world, monitor_after_expiry=HOUR)
    await world.open()
    await world.stock("Chess/k1")
    order = await expired_order(world)
    await world.pass_time(3 * HOUR)
    assert watched(world) == 0
    return order


def watched(world: World) -> object:
    """How many addresses are watched."""
    assert world.base is not None
    (watcher,) = world.base.inspect(kind="chain_watcher").actors
    return watcher.details["watched"]


def read_beside(world: World) -> ReadBeside:
    """All that is in blocks, as a reconciliation reads it."""
    now, tip = LoopClock().now(), world.chain.tip
    return ReadBeside(
        height=tip,
        block_hash=f"hash of {tip}",
        sightings=tuple(sighting(each, tip, now) for each in world.chain.found),
    )


async def pay_unseen(world: World, order: Order) -> None:
    """A payment that no watcher hears of, deep in the chain."""
    world.chain.pay(order.address, order.amount_base_units)
    world.chain.mine(CONFIRMATIONS)
    await world.looks()
    world.chain.mine(50)
    await world.looks(20)
    assert money(world) == []


def test_payment_that_was_missed_is_booked_as_a_late_one(play: Play) -> None:
    async def scene(world: World) -> None:
        order = await forgotten_order(world)
        await pay_unseen(world, order)
        wish = WatchAgain(order_id=order.order_id, read=read_beside(world))
        answer = await world.ask(wish)
        assert isinstance(answer, WatchedAgain)
        assert answer.until is not None
        assert timedelta() < answer.until - LoopClock().now() <= HOUR
        await world.looks()
        assert world.status(order) == ("expired", "late")
        assert money(world) == [("refund", "open", order.amount_base_units)]
        # Again, and after a restart, it is the same receipt.
        await world.ask(wish)
        await world.looks()
        await world.stop()
        await world.open()
        await world.ask(wish)
        await world.looks()
        assert money(world) == [("refund", "open", order.amount_base_units)]
        assert world.rows("SELECT state FROM payments") == [("confirmed",)]

    play(scene)


def test_payment_that_comes_while_it_is_watched_again_is_seen(play: Play) -> None:
    async def scene(world: World) -> None:
        order = await forgotten_order(world)
        await world.ask(WatchAgain(order_id=order.order_id, read=None))
        await world.pay(order)
        assert money(world) == [("refund", "open", order.amount_base_units)]

    play(scene)


def test_blocks_between_the_reading_and_the_wish_are_not_skipped(play: Play) -> None:
    async def scene(world: World) -> None:
        order = await forgotten_order(world)
        await pay_unseen(world, order)
        read = read_beside(world)
        world.chain.pay(order.address, 7_000_000)
        world.chain.mine(CONFIRMATIONS)
        await world.looks(20)
        await world.ask(WatchAgain(order_id=order.order_id, read=read))
        await world.looks()
        amounts = [amount for _, _, amount in money(world)]
        assert amounts == [order.amount_base_units, 7_000_000]

    play(scene)


def test_crash_before_it_is_booked_leaves_it_to_be_found_again(play: Play) -> None:
    async def scene(world: World) -> None:
        order = await forgotten_order(world)
        await pay_unseen(world, order)
        wish = WatchAgain(order_id=order.order_id, read=read_beside(world))
        await world.ask(wish)
        world.crash()
        await world.open()
        await world.looks()
        assert money(world) == []
        await world.ask(wish)
        await world.looks()
        assert money(world) == [("refund", "open", order.amount_base_units)]

    play(scene)


def test_open_order_is_watched_until_it_has_ended_and_takes_what_was_missed(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        world.chain.pay(order.address, order.amount_base_units)
        world.chain.mine(CONFIRMATIONS)
        answer = await world.ask(WatchAgain(order_id=order.order_id, read=read_beside(world)))
        assert answer == WatchedAgain(order_id=order.order_id, until=None)
        await world.looks()
        assert world.status(order) == ("shipped", "paid")

    play(scene)


def test_order_that_nobody_made_cannot_be_looked_at(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        answer = await world.ask(WatchAgain(order_id=4, read=None))
        assert answer == OrderRefused(reason=RefusalReason.NOT_FOUND, order_id=4)

    play(scene)


def test_admins_are_told_of_the_same_differences_once(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        before = world.told(ADMIN).count(NoticeKind.ADMIN_ALERT)
        for _ in range(3):
            told = await world.ask(TellDifferences(lines=("LTC order 1, missed", "and more")))
            assert told == DifferencesTold()
            await world.looks()
        assert world.told(ADMIN).count(NoticeKind.ADMIN_ALERT) == before + 1
        details = world.rows("SELECT DISTINCT detail FROM outbox WHERE kind = 'admin_alert'")
        assert ("LTC order 1, missed\nand more",) in details

    play(scene)
