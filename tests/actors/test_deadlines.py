"""Expiry against payment: who wins, with which look at the chain, and who is told."""

import asyncio
from datetime import timedelta

import pytest

from domain.order import NoticeKind
from tests.actors import outside_world
from tests.actors.conftest import Play
from tests.actors.world import (
    ADMIN,
    ALICE,
    BOB,
    CONFIRMATION_TIMEOUT,
    CONFIRMATIONS,
    GRACE,
    POLL_SECONDS,
    TIMEOUT,
    World,
)

SECOND = timedelta(seconds=1)
A_LOOK = timedelta(seconds=POLL_SECONDS + 2)


def test_unpaid_order_expires_at_the_first_look_after_its_time_and_not_before(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        await world.pass_time(TIMEOUT - SECOND)
        assert world.status(order) == ("created", "none")
        await world.pass_time(A_LOOK)
        assert world.status(order) == ("expired", "none")
        assert world.timeouts() == 1
        assert world.told(ALICE)[-1] is NoticeKind.ORDER_EXPIRED
        assert world.told(ADMIN)[-1] is NoticeKind.ADMIN_ORDER_EXPIRED
        await world.order(BOB)

    play(scene)


def test_expired_order_has_closed_after_its_time_and_within_one_look(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        await world.pass_time(TIMEOUT + A_LOOK)
        query = "SELECT closed_at >= expires_at FROM orders WHERE id = ?"
        assert world.rows(query, order.order_id) == [(1,)]

    play(scene)


def test_payment_in_a_block_of_before_the_deadline_keeps_the_order(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        world.chain.error = "the node is away"
        await world.pass_time(TIMEOUT + 2 * SECOND)
        world.chain.pay(order.address, order.amount_base_units)
        world.chain.mine(3, at=order.expires_at - 60 * SECOND)
        world.chain.error = ""
        await world.pass_time(timedelta(minutes=3))
        assert world.status(order) == ("shipped", "paid")
        assert world.timeouts() == 0

    play(scene)


def test_payment_in_a_block_of_after_the_deadline_is_late(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        world.chain.error = "the node is away"
        await world.pass_time(TIMEOUT + 2 * SECOND)
        world.chain.pay(order.address, order.amount_base_units)
        world.chain.mine(3, at=order.expires_at + SECOND)
        world.chain.error = ""
        await world.pass_time(timedelta(minutes=3))
        assert world.status(order) == ("expired", "late")

    play(scene)


def test_seen_payment_keeps_the_hold_until_the_confirmation_timeout(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        await world.pass_time(TIMEOUT - 5 * A_LOOK)
        await world.pay(order, confirmed=False)
        await world.pass_time(CONFIRMATION_TIMEOUT - 3 * A_LOOK)
        assert world.status(order) == ("created", "seen")
        assert world.pool() == {"available": 0, "holds": 1}
        await world.pass_time(4 * A_LOOK)
        assert world.status(order) == ("expired", "late")
        assert world.timeouts() == 0
        assert world.pool() == {"available": 1, "holds": 0}
        world.chain.mine(3)
        await world.looks()
        assert world.status(order) == ("expired", "late")
        assert world.rows("SELECT state, in_time FROM payments") == [("confirmed", 1)]

    play(scene)


def test_payment_that_confirms_within_the_confirmation_timeout_delivers(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        await world.pay(order, confirmed=False)
        await world.pass_time(CONFIRMATION_TIMEOUT - TIMEOUT)
        world.chain.mine(3)
        await world.looks()
        assert world.status(order) == ("shipped", "paid")

    play(scene)


def test_order_on_a_blind_chain_expires_after_the_grace_without_a_timeout(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        world.chain.error = "the node is away"
        await world.pass_time(TIMEOUT + GRACE - 2 * SECOND)
        assert world.status(order) == ("created", "none")
        await world.pass_time(4 * SECOND)
        assert world.status(order) == ("expired", "none")
        assert world.timeouts() == 0
        assert world.pool() == {"available": 1, "holds": 0}

    play(scene)


def test_frequent_sweep_does_not_put_off_the_end_of_a_grace_that_was_slept_through(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.actors.world.MAINTENANCE_SECONDS", 20.0)

    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        world.chain.error = "the node is away"
        await world.pass_time(SECOND)
        slept_until = outside_world.START + TIMEOUT + 2 * GRACE
        monkeypatch.setattr("tests.actors.outside_world.START", slept_until)
        await world.pass_time(120 * SECOND)
        assert world.status(order) == ("expired", "none")

    play(scene)


def test_shop_that_was_down_past_the_deadline_looks_before_it_expires(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1", "Chess/k2")
        paid = await world.order(ALICE)
        unpaid = await world.order(BOB)
        world.crash()
        world.chain.pay(paid.address, paid.amount_base_units)
        world.chain.mine(3)
        await world.pass_time(TIMEOUT + 2 * GRACE)
        await world.open()
        await world.looks()
        assert world.status(paid) == ("shipped", "paid")
        assert world.status(unpaid) == ("expired", "none")

    play(scene)


def test_late_payment_wakes_an_order_that_rests_and_is_taken_once(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        await world.pass_time(TIMEOUT + A_LOOK)
        assert world.actors("order") == []
        await world.pay(order)
        assert world.status(order) == ("expired", "late")
        assert world.actors("order") == []
        told = [kind for kind in world.told(ADMIN) if kind is NoticeKind.ADMIN_PAYMENT_LATE]
        assert len(told) == 1
        query = "SELECT state, in_time, amount_quote_units FROM payments"
        assert world.rows(query) == [("confirmed", 0, order.amount_base_units)]
        # It was acknowledged: the watcher's place on disk moves on past it.
        world.chain.mine()
        await asyncio.sleep(90)
        assert world.rows("SELECT height FROM chain_places") == [(world.chain.tip,)]

    play(scene)


def test_payment_of_a_cancelled_order_is_late(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        await world.cancel(order)
        await world.pay(order)
        assert world.status(order) == ("cancelled", "late")
        assert world.pool() == {"available": 1, "holds": 0}

    play(scene)


def test_late_payment_of_a_time_when_the_shop_was_down_is_found_however_long_that_was(
    play: Play,
) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        await world.pass_time(TIMEOUT + A_LOOK)
        world.crash()
        world.chain.pay(order.address, order.amount_base_units)
        world.chain.mine(CONFIRMATIONS)
        await world.pass_time(2 * world.rules.monitor_after_expiry)
        await world.open()
        await world.looks()
        assert world.status(order) == ("expired", "late")

    play(scene)
