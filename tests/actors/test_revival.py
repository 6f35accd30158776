"""An order that has ended is paid after all, if it is worth it and the goods are there."""

import asyncio

import pytest

from actors.inventory import PoolActor
from actors.messages import (
    CancelOrderByAdmin,
    ConfirmOrder,
    ExpireOrder,
    OrderChanged,
    OrderRefused,
)
from domain.order import NoticeKind, Order, OrderStatus, RefusalReason
from domain.rules import LatePayment, OverPayment
from tests.actors.conftest import Play
from tests.actors.test_stock_races import make_pools_err
from tests.actors.world import ADMIN, ALICE, BOB, TIMEOUT, World, wish, with_rules

CONFIRM = ConfirmOrder(order_id=1, admin_telegram_id=ADMIN, reason="the shopper showed a receipt")


async def open_with_revival(world: World, *goods: str) -> None:
    """A shop in which late payments revive orders."""
    with_rules(world, late_payment=LatePayment.REVIVE, over_payment=OverPayment.REFUND)
    await world.open()
    await world.stock(*goods)


async def expired_order(world: World) -> Order:
    """One that ran out unpaid."""
    order = await world.order()
    await world.pass_time(TIMEOUT)
    await world.looks()
    assert world.status(order) == ("expired", "none")
    return order


def money(world: World) -> list[tuple[object, ...]]:
    """Where the money is that pays for no goods."""
    return world.rows("SELECT purpose, state, amount_quote_units FROM set_asides")


def test_late_payment_revives_the_order_and_takes_its_timeout_back(play: Play) -> None:
    async def scene(world: World) -> None:
        await open_with_revival(world, "Chess/k1", "Chess/k2")
        order = await expired_order(world)
        assert world.timeouts() == 1
        await world.pay(order)
        assert world.status(order) == ("shipped", "paid")
        assert world.timeouts() == 0
        assert money(world) == []
        assert world.told(ALICE)[-2:] == [NoticeKind.ORDER_REVIVED, NoticeKind.GOODS]
        assert NoticeKind.ADMIN_ORDER_REVIVED in world.told(ADMIN)
        assert world.pool() == {"available": 1, "holds": 0}

    play(scene)


def test_late_payment_of_a_cancelled_order_revives_it_with_other_units(play: Play) -> None:
    async def scene(world: World) -> None:
        await open_with_revival(world, "Chess/k1", "Chess/k2")
        order = await world.order()
        await world.cancel(order)
        other = await world.order(BOB)
        assert other.lines == order.lines
        await world.pay(order)
        assert world.status(order) == ("shipped", "paid")
        query = "SELECT item_id FROM order_items WHERE order_id = 1 AND holds_unit = 1"
        assert world.rows(query) == [(2,)]

    play(scene)


def test_late_payment_for_goods_that_are_gone_is_to_be_refunded_and_nothing_is_held(
    play: Play,
) -> None:
    async def scene(world: World) -> None:
        await open_with_revival(world, "Chess/c1", "Go/g1")
        answer = await world.ask(wish(ALICE, (1, 1), (2, 1)))
        order = getattr(answer, "order", None)
        assert isinstance(order, Order)
        await world.cancel(order)
        await world.ask(wish(BOB, (2, 1)))
        await world.pay(order)
        assert world.status(order) == ("cancelled", "late")
        assert money(world) == [("refund", "open", order.amount_base_units)]
        assert NoticeKind.MONEY_TO_REFUND in world.told(ALICE)
        assert world.base is not None
        holds = [each.details["holds"] for each in world.base.inspect(kind="inventory").actors]
        assert holds == [0, 1]
        # It was settled for good: units that come back change nothing.
        world.chain.mine()
        await world.looks()
        assert world.status(order) == ("cancelled", "late")

    play(scene)


def test_late_payment_that_is_worth_too_little_now_revives_nothing(play: Play) -> None:
    async def scene(world: World) -> None:
        await open_with_revival(world, "Chess/k1")
        order = await expired_order(world)
        world.crash()
        world.rates["LTC"] /= 2
        await world.open()
        await world.pay(order)
        assert world.status(order) == ("expired", "late")
        assert money(world) == [("refund", "open", order.amount_base_units)]
        world.chain.pay(order.address, order.amount_base_units)
        world.chain.mine(3)
        await world.looks()
        assert world.status(order) == ("shipped", "paid")
        assert money(world) == [("refund", "withdrawn", order.amount_base_units)]

    play(scene)


def test_order_that_an_admin_cancelled_is_not_revived_and_one_that_was_expired_is(
    play: Play,
) -> None:
    async def scene(world: World) -> None:
        await open_with_revival(world, "Chess/k1", "Chess/k2")
        cancelled, expired = await world.order(ALICE), await world.order(BOB)
        await world.ask(CancelOrderByAdmin(order_id=1, admin_telegram_id=ADMIN, reason="no"))
        await world.ask(ExpireOrder(order_id=2, admin_telegram_id=ADMIN))
        await world.pay(cancelled)
        await world.pay(expired)
        assert world.status(cancelled) == ("cancelled", "late")
        assert world.status(expired) == ("shipped", "paid")

    play(scene)


def test_order_expired_by_an_admin_with_confirmed_money_is_revived_at_once(play: Play) -> None:
    async def scene(world: World) -> None:
        await open_with_revival(world, "Chess/k1")
        order = await world.order()
        await world.pay(order, confirmed=False)
        await world.ask(ExpireOrder(order_id=1, admin_telegram_id=ADMIN))
        assert world.status(order) == ("expired", "late")
        world.chain.mine(3)
        await world.looks()
        assert world.status(order) == ("shipped", "paid")

    play(scene)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", range(1, 9))
def test_crash_around_a_revival_loses_no_money_and_sells_nothing_twice(
    play: Play, number: int, when: str
) -> None:
    async def scene(world: World) -> None:
        await open_with_revival(world, "Chess/k1", "Chess/k2")
        order = await expired_order(world)
        batches = 0

        def crash_at_number() -> None:
            nonlocal batches
            batches += 1
            if batches == number:
                world.crash()

        if when == "before":
            world.around.before_batch = crash_at_number
        else:
            world.around.after_batch = crash_at_number
        await world.pay(order)
        assert world.base is None
        await world.open()
        await world.looks()
        assert world.status(order) == ("shipped", "paid")
        assert world.pool() == {"available": 1, "holds": 0}
        assert world.told(ALICE).count(NoticeKind.GOODS) in (1, 2)
        assert world.rows("SELECT count(*) FROM items WHERE is_sold = 1") == [(1,)]

    play(scene)


def test_money_that_a_crash_left_without_a_place_is_settled_at_the_next_start(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(world: World) -> None:
        await open_with_revival(world, "Chess/k1")
        order = await expired_order(world)
        with monkeypatch.context() as deaf:
            deaf.setattr(PoolActor, "receiveMsg_ReserveStock", lambda *_: None)
            await world.pay(order)
            assert world.state("order") == ["reviving"]
            assert world.status(order) == ("expired", "late")
            world.crash()
        # Its chain shows nothing new from now on, so that only the start can find it.
        world.chain.error = "the node is away"
        await world.start()
        await asyncio.sleep(5)
        assert world.status(order) == ("shipped", "paid")
        world.chain.error = ""

    play(scene)


def test_pool_that_dies_while_it_is_asked_is_asked_again_when_it_is_back(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(world: World) -> None:
        await open_with_revival(world, "Chess/k1")
        order = await expired_order(world)
        with monkeypatch.context() as deaf:
            deaf.setattr(PoolActor, "receiveMsg_ReserveStock", lambda *_: None)
            await world.pay(order)
            world.kill("inventory")
            await asyncio.sleep(0.5)
        await asyncio.sleep(20)
        assert world.status(order) == ("shipped", "paid")

    play(scene)


def test_actor_that_dies_with_a_hold_for_a_revival_is_followed_by_one_that_revives(
    play: Play,
) -> None:
    async def scene(world: World) -> None:
        await open_with_revival(world, "Chess/k1")
        order = await expired_order(world)
        world.chain.pay(order.address, order.amount_base_units)
        world.chain.mine(3)
        await world.until(lambda: world.pool()["holds"] == 1)
        world.kill("order")
        await world.looks()
        assert world.status(order) == ("shipped", "paid")
        assert world.pool() == {"available": 0, "holds": 0}

    play(scene)


def test_unit_that_the_store_knows_as_taken_is_replaced_by_another(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(world: World) -> None:
        await open_with_revival(world, "Chess/k1", "Chess/k2")
        order = await expired_order(world)
        other = await world.order(BOB)
        assert [unit.unit_id for unit in other.lines[0].units] == [1]
        make_pools_err(monkeypatch, 1)
        await world.pay(order)
        assert world.status(order) == ("shipped", "paid")
        assert world.pool() == {"available": 0, "holds": 1}

    play(scene)


# --- an admin's word ------------------------------------------------------------------------------


def test_admin_confirms_an_order_that_has_ended(play: Play) -> None:
    async def scene(world: World) -> None:
        await open_with_revival(world, "Chess/k1")
        order = await expired_order(world)
        answer = await world.ask(CONFIRM)
        assert isinstance(answer, OrderChanged)
        assert answer.order.status is OrderStatus.PAID
        await asyncio.sleep(1)
        assert world.status(order)[0] == "shipped"
        assert world.timeouts() == 0
        query = "SELECT by_telegram_id, why FROM audit_log WHERE what = 'order_revived'"
        assert world.rows(query) == [(ADMIN, CONFIRM.reason)]

    play(scene)


def test_admin_cannot_confirm_an_ended_order_whose_goods_are_gone(play: Play) -> None:
    async def scene(world: World) -> None:
        await open_with_revival(world, "Chess/k1")
        order = await expired_order(world)
        await world.order(BOB)
        refused = OrderRefused(reason=RefusalReason.STOCK_SHORT, order_id=1)
        assert await world.ask(CONFIRM) == refused
        assert world.status(order) == ("expired", "none")
        assert world.pool() == {"available": 0, "holds": 1}

    play(scene)


def test_two_admins_who_confirm_at_once_sell_one_unit(play: Play) -> None:
    async def scene(world: World) -> None:
        await open_with_revival(world, "Chess/k1", "Chess/k2")
        await expired_order(world)
        answers = await asyncio.gather(world.ask(CONFIRM), world.ask(CONFIRM))
        assert isinstance(answers[0], OrderChanged)
        assert isinstance(answers[1], OrderRefused)
        assert answers[1].reason in (RefusalReason.ALREADY_PAID, RefusalReason.ALREADY_SHIPPED)
        assert world.pool() == {"available": 1, "holds": 0}

    play(scene)


def test_admin_and_money_at_once_revive_the_order_once(play: Play) -> None:
    async def scene(world: World) -> None:
        await open_with_revival(world, "Chess/k1", "Chess/k2")
        order = await expired_order(world)
        world.chain.pay(order.address, order.amount_base_units)
        world.chain.mine(3)
        await world.until(lambda: world.state("order") == ["recording"])
        answer = await world.ask(CONFIRM)
        assert isinstance(answer, OrderRefused)
        await world.looks()
        assert world.status(order) == ("shipped", "paid")
        assert world.pool() == {"available": 1, "holds": 0}

    play(scene)
