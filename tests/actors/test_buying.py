"""From the wish to the goods, and whatever else can become of an order."""

import asyncio

from actors.messages import OrderChanged, OrderPlaced, OrderRefused, ShipOrder
from domain.order import NoticeKind, OrderStatus, RefusalReason
from tests.actors.conftest import Play
from tests.actors.world import (
    ADMIN,
    ALICE,
    BOB,
    PRICE_BASE_UNITS,
    TIMEOUT,
    World,
    wish,
)


def test_order_is_paid_confirmed_delivered_and_shipped(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        assert order.amount_base_units == PRICE_BASE_UNITS
        assert order.expires_at - order.created_at == TIMEOUT
        await world.pay(order, confirmed=False)
        assert world.status(order) == ("created", "seen")
        world.chain.mine(3)
        await world.looks()
        assert world.status(order) == ("shipped", "paid")
        assert world.told(ALICE) == [
            NoticeKind.ORDER_CREATED,
            NoticeKind.PAYMENT_SEEN,
            NoticeKind.GOODS,
        ]
        assert world.told(ADMIN) == [
            NoticeKind.ADMIN_ORDER_CREATED,
            NoticeKind.ADMIN_PAYMENT_SEEN,
            NoticeKind.ADMIN_PAYMENT_RECEIVED,
        ]
        assert world.pool() == {"available": 0, "holds": 0}
        assert world.actors("order") == []

    play(scene)


def test_order_of_several_lines_holds_the_oldest_units_of_each(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/c1", "Go/g1", "Chess/c2", "Go/g2", "Chess/c3")
        answer = await world.ask(wish(ALICE, (2, 1), (1, 2)))
        assert isinstance(answer, OrderPlaced)
        held = [(line.subcategory_id, len(line.units)) for line in answer.order.lines]
        assert held == [(1, 2), (2, 1)]
        rows = world.rows("SELECT private_data FROM order_items JOIN items ON items.id = item_id")
        assert sorted(rows) == [("Chess/c1",), ("Chess/c2",), ("Go/g1",)]
        assert answer.order.amount_base_units == 3 * PRICE_BASE_UNITS

    play(scene)


def test_same_request_while_it_opens_and_after_gets_the_same_order(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1", "Chess/k2")
        answers = await asyncio.gather(*(world.ask(wish()) for _ in range(3)))
        first = await world.ask(wish())
        assert isinstance(first, OrderPlaced)
        assert answers == [first] * 3
        assert world.rows("SELECT count(*) FROM orders") == [(1,)]
        assert world.pool() == {"available": 1, "holds": 1}

    play(scene)


def test_same_request_after_a_restart_gets_the_same_order_also_where_it_took_the_last(
    play: Play,
) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        world.crash()
        await world.open()
        assert await world.ask(wish()) == OrderPlaced(order=order)

    play(scene)


def test_same_request_after_its_order_was_cancelled_gets_the_cancelled_order(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        assert isinstance(await world.cancel(order), OrderChanged)
        answer = await world.ask(wish())
        assert isinstance(answer, OrderPlaced)
        assert (answer.order.order_id, answer.order.status) == (1, OrderStatus.CANCELLED)
        assert world.pool() == {"available": 1, "holds": 0}

    play(scene)


def test_same_request_twice_that_is_refused_is_refused_twice(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        await world.order(BOB)
        answers = await asyncio.gather(*(world.ask(wish(), 5) for _ in range(20)))
        short = OrderRefused(reason=RefusalReason.STOCK_SHORT, subcategory_id=1, available=0)
        assert answers == [short] * 20

    play(scene)


def test_shopper_with_an_open_order_is_refused_another_and_told_which_one(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1", "Chess/k2")
        order = await world.order()
        refused = await world.ask(wish(request_id="another"))
        assert refused == OrderRefused(reason=RefusalReason.ACTIVE_ORDER, order_id=order.order_id)
        assert world.pool() == {"available": 1, "holds": 1}

    play(scene)


def test_wish_for_goods_that_there_are_not_is_refused(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        unknown = OrderRefused(reason=RefusalReason.UNKNOWN_GOODS)
        assert await world.ask(wish(ALICE, (7, 1))) == unknown
        assert await world.ask(wish(ALICE, (1, 0))) == unknown
        assert await world.ask(wish(ALICE, (1, -1))) == unknown
        assert world.pool() == {"available": 1, "holds": 0}

    play(scene)


def test_order_below_the_smallest_is_refused_and_its_hold_given_back(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1", price_minor=0 + 1)
        world.crash()
        world.rates["LTC"] *= 10_000
        await world.open()
        refused = OrderRefused(reason=RefusalReason.TOO_SMALL, detail="0.00010000")
        assert await world.ask(wish()) == refused
        assert world.pool() == {"available": 1, "holds": 0}

    play(scene)


def test_coin_without_addresses_takes_no_order_and_holds_nothing(play: Play) -> None:
    async def scene(world: World) -> None:
        world.around.addresses.is_broken = True
        await world.open()
        await world.stock("Chess/k1")
        answer = await world.ask(wish())
        assert isinstance(answer, OrderRefused)
        assert answer.reason is RefusalReason.ADDRESSES_UNAVAILABLE
        assert world.pool() == {"available": 1, "holds": 0}

    play(scene)


def test_cancelled_order_gives_its_units_back_and_both_are_told(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        answer = await world.cancel(order)
        assert isinstance(answer, OrderChanged)
        assert answer.order.status is OrderStatus.CANCELLED
        await asyncio.sleep(1)
        assert world.pool() == {"available": 1, "holds": 0}
        assert NoticeKind.ORDER_CANCELLED in world.told(ALICE)
        assert NoticeKind.ADMIN_ORDER_CANCELLED in world.told(ADMIN)
        again = await world.cancel(order)
        assert again == OrderRefused(reason=RefusalReason.ALREADY_ENDED, order_id=1)
        assert world.timeouts() == 0

    play(scene)


def test_everybody_who_asks_an_order_while_it_ends_is_answered(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        ship = ShipOrder(order_id=1, admin_telegram_id=ADMIN)
        asked = [world.cancel(order), world.ask(wish()), world.ask(ship, 5), world.cancel(order)]
        answers = await asyncio.gather(*asked)
        kinds = [OrderChanged, OrderPlaced, OrderRefused, OrderRefused]
        assert [type(answer) for answer in answers] == kinds
        # The actor goes once nothing more is on its way to it.
        for _ in range(50):
            answers = await asyncio.gather(*(world.cancel(order) for _ in range(3)))
            assert {type(answer) for answer in answers} == {OrderRefused}
        await asyncio.sleep(1)
        assert world.actors("order") == []

    play(scene)


def test_order_of_somebody_else_cannot_be_cancelled(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        refused = OrderRefused(reason=RefusalReason.NOT_YOURS, order_id=1)
        assert await world.cancel(order, BOB) == refused
        assert world.status(order) == ("created", "none")

    play(scene)


def test_order_cannot_be_cancelled_once_a_payment_was_seen(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        await world.pay(order, confirmed=False)
        refused = OrderRefused(reason=RefusalReason.PAYMENT_SEEN, order_id=1)
        assert await world.cancel(order) == refused

    play(scene)


def test_order_that_never_was_cannot_be_cancelled_or_shipped(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        unknown = ShipOrder(order_id=77, admin_telegram_id=ADMIN)
        refused = OrderRefused(reason=RefusalReason.NOT_FOUND, order_id=77)
        assert await world.ask(unknown) == refused
        assert world.status(order) == ("created", "none")

    play(scene)


def test_admin_ships_a_paid_order_whose_goods_the_chat_does_not_take(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        ship = ShipOrder(order_id=1, admin_telegram_id=ADMIN, tracking_number="T1")
        refused = OrderRefused(reason=RefusalReason.NOT_PAID, order_id=1)
        assert await world.ask(ship) == refused
        world.telegram.blocked.add(ALICE)
        await world.pay(order)
        assert world.status(order) == ("paid", "paid")
        answer = await world.ask(ship)
        assert isinstance(answer, OrderChanged)
        assert answer.order.status is OrderStatus.SHIPPED
        refused = OrderRefused(reason=RefusalReason.ALREADY_SHIPPED, order_id=1)
        assert await world.ask(ship) == refused
        assert world.rows("SELECT tracking_number FROM orders") == [("T1",)]

    play(scene)


def test_payment_that_is_too_small_is_told_and_the_rest_completes_it(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        await world.pay(order, less=5_000_000)
        assert world.status(order) == ("created", "partial")
        query = "SELECT amount_quote_units FROM outbox WHERE kind = 'payment_partial'"
        assert world.rows(query) == [(5_000_000,)]
        world.chain.pay(order.address, 5_000_000)
        world.chain.mine(3)
        await world.looks()
        assert world.status(order) == ("shipped", "paid")
        assert world.rows("SELECT count(*) FROM payments") == [(2,)]

    play(scene)


def test_payment_that_is_too_large_delivers_and_the_admins_hear_the_surplus(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        await world.pay(order, less=-4_000_000)
        assert world.status(order) == ("shipped", "over")
        query = "SELECT amount_quote_units FROM outbox WHERE kind = ? AND chat_id = ?"
        assert world.rows(query, "admin_payment_over", ADMIN) == [(4_000_000,)]

    play(scene)


def test_payment_that_vanishes_lets_go_of_nothing_and_is_told(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        await world.pay(order, confirmed=False)
        world.chain.drop_mempool()
        await world.looks()
        assert world.status(order) == ("created", "none")
        assert world.told(ALICE)[-1] is NoticeKind.PAYMENT_VANISHED
        assert world.pool() == {"available": 0, "holds": 1}
        await world.pay(order)
        assert world.status(order) == ("shipped", "paid")

    play(scene)
