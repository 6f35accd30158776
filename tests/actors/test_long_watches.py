"""A payment that is unconfirmed when the time to watch an ended order is over."""

from datetime import timedelta

from actors.messages import RecordRefund
from tests.actors.conftest import Play
from tests.actors.test_revival import expired_order, money
from tests.actors.world import ADMIN, World, with_rules


async def hours_with_blocks(world: World) -> None:
    """Blocks come in which the waiting payment is not."""
    for _ in range(24):  # two hours, and the watching is for one
        await world.pass_time(timedelta(minutes=5))
        world.chain.tip += 1
    await world.looks(10)


def test_unconfirmed_late_payment_is_still_watched_after_a_restart(play: Play) -> None:
    async def scene(world: World) -> None:
        with_rules(world, monitor_after_expiry=timedelta(hours=1))
        await world.open()
        await world.stock("Chess/k1")
        order = await expired_order(world)
        world.chain.pay(order.address, order.amount_base_units)
        await world.looks()
        assert world.status(order) == ("expired", "late")
        await hours_with_blocks(world)
        await world.stop()
        await world.open()
        await world.looks()
        world.chain.mine(3)
        await world.looks(10)
        assert money(world) == [("refund", "open", order.amount_base_units)]

    play(scene)


def test_unconfirmed_late_payment_is_watched_on(play: Play) -> None:
    async def scene(world: World) -> None:
        with_rules(world, monitor_after_expiry=timedelta(hours=1))
        await world.open()
        await world.stock("Chess/k1")
        order = await expired_order(world)
        world.chain.pay(order.address, order.amount_base_units)
        await world.looks()
        await hours_with_blocks(world)
        world.chain.mine(3)
        await world.looks(10)
        assert money(world) == [("refund", "open", order.amount_base_units)]

    play(scene)


def test_confirmed_payment_is_never_told_as_vanished(play: Play) -> None:
    async def scene(world: World) -> None:
        with_rules(world, monitor_after_expiry=timedelta(hours=1))
        await world.open()
        await world.stock("Chess/k1")
        order = await expired_order(world)
        world.chain.pay(order.address, 1_000_000)
        world.chain.mine(3)
        await world.looks()
        world.chain.pay(order.address, order.amount_base_units)
        await world.looks()
        await hours_with_blocks(world)
        await world.stop()
        await world.open()
        world.chain.mine(3)
        await world.looks(20)
        await world.ask(RecordRefund(order_id=1, admin_telegram_id=ADMIN, transaction_id="tx1"))
        await world.looks(5)
        states = world.rows("SELECT transaction_id, state FROM payments ORDER BY id")
        assert states == [("transaction 0", "confirmed"), ("transaction 1", "confirmed")]

    play(scene)


def test_second_payment_of_a_shipped_order_is_still_watched_after_a_restart(play: Play) -> None:
    async def scene(world: World) -> None:
        with_rules(world, monitor_after_expiry=timedelta(hours=1))
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        await world.pay(order)
        world.chain.pay(order.address, order.amount_base_units)  # paid a second time, unconfirmed
        await world.looks()
        await hours_with_blocks(world)
        await world.stop()
        await world.open()
        await world.looks()
        world.chain.mine(3)
        await world.looks(10)
        assert money(world) == [("refund", "open", order.amount_base_units)]

    play(scene)
