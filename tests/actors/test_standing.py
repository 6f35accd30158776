"""May a shopper order at all, and was the wish made before: asked before anything is held."""

import asyncio

from actors.messages import (
    ClearTimeouts,
    OrderPlaced,
    OrderRefused,
    TimeoutsWereCleared,
)
from domain.order import OrderStatus, RefusalReason
from tests.actors.conftest import Play
from tests.actors.world import ADMIN, ALICE, BOB, TIMEOUT, World, wish, with_rules

MANY = OrderRefused(reason=RefusalReason.TOO_MANY_TIMEOUTS)


async def let_run_out(world: World, request_id: str) -> None:
    """Order and do not pay."""
    await world.order(ALICE, request_id=request_id)
    await world.pass_time(TIMEOUT)
    await world.looks()


def test_shopper_with_too_many_timeouts_is_refused_until_an_admin_clears_them(play: Play) -> None:
    async def scene(world: World) -> None:
        with_rules(world, max_user_timeouts=2)
        await world.open()
        await world.stock("Chess/k1")
        await let_run_out(world, "first")
        await let_run_out(world, "second")
        assert world.timeouts() == 2
        assert await world.ask(wish(request_id="third")) == MANY
        assert world.pool() == {"available": 1, "holds": 0}
        cleared = await world.ask(ClearTimeouts(telegram_id=ALICE, admin_telegram_id=ADMIN))
        assert cleared == TimeoutsWereCleared(telegram_id=ALICE)
        assert world.timeouts() == 0
        audit = "SELECT by, by_telegram_id FROM audit_log WHERE what = 'timeouts_cleared'"
        assert world.rows(audit) == [("admin", ADMIN)]
        assert isinstance(await world.ask(wish(request_id="third")), OrderPlaced)

    play(scene)


def test_timeouts_of_one_shopper_are_nothing_to_another(play: Play) -> None:
    async def scene(world: World) -> None:
        with_rules(world, max_user_timeouts=1)
        await world.open()
        await world.stock("Chess/k1")
        await let_run_out(world, "first")
        assert await world.ask(wish(ALICE, request_id="second")) == MANY
        assert isinstance(await world.ask(wish(BOB)), OrderPlaced)

    play(scene)


def test_clearing_somebody_unknown_changes_nothing(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        answer = await world.ask(ClearTimeouts(telegram_id=77, admin_telegram_id=ADMIN))
        assert answer == TimeoutsWereCleared(telegram_id=77)
        assert world.rows("SELECT count(*) FROM users") == [(0,)]

    play(scene)


def test_refused_shopper_uses_up_no_order_number_and_no_address(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1", "Chess/k2")
        first = await world.order(ALICE)
        refused = await world.ask(wish(ALICE, request_id="another"))
        assert refused == OrderRefused(reason=RefusalReason.ACTIVE_ORDER, order_id=first.order_id)
        second = await world.order(BOB)
        assert second.order_id == first.order_id + 1
        assert second.address_index == first.address_index + 1

    play(scene)


def test_two_wishes_of_one_shopper_at_once_make_one_order(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1", "Chess/k2")
        wishes = [wish(ALICE, request_id=name) for name in ("this", "that")]
        answers = await asyncio.gather(*(world.ask(each) for each in wishes))
        assert sorted(type(each).__name__ for each in answers) == ["OrderPlaced", "OrderRefused"]
        (refused,) = [each for each in answers if isinstance(each, OrderRefused)]
        assert refused.reason is RefusalReason.ACTIVE_ORDER
        await asyncio.sleep(1)
        assert world.pool() == {"available": 1, "holds": 1}

    play(scene)


def test_same_wish_after_its_order_was_shipped_gets_that_order_although_nothing_is_left(
    play: Play,
) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        await world.pay(order)
        answer = await world.ask(wish())
        assert isinstance(answer, OrderPlaced)
        assert (answer.order.order_id, answer.order.status) == (1, OrderStatus.SHIPPED)
        assert world.actors("order") == []

    play(scene)


def test_same_wish_gets_its_order_while_the_coin_takes_none(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        await world.cancel(order)
        world.chain.error = "the node is away"
        await world.looks(3)
        answer = await world.ask(wish())
        assert isinstance(answer, OrderPlaced)
        assert answer.order.status is OrderStatus.CANCELLED
        refused = await world.ask(wish(request_id="another"))
        assert isinstance(refused, OrderRefused)
        assert refused.reason is RefusalReason.COIN_UNAVAILABLE
        world.chain.error = ""

    play(scene)


def test_request_of_somebody_else_never_shows_their_order(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1", "Chess/k2")
        await world.order(ALICE, request_id="mine")
        answer = await world.ask(wish(BOB, request_id="mine"))
        assert answer == OrderRefused(reason=RefusalReason.REQUEST_TAKEN)
        assert world.pool() == {"available": 1, "holds": 1}

    play(scene)
