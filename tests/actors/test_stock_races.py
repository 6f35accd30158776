"""Two who want one unit: the pool decides, and where it is made to err the store does."""

import asyncio
from dataclasses import replace

import pytest

from actors.messages import (
    OrderPlaced,
    OrderRefused,
)
from domain.order import RefusalReason, Unit
from domain.stock import Pool, Reserved, Short
from tests.actors.conftest import Play
from tests.actors.world import ALICE, BOB, PRICE_MINOR, World, items, wish


def test_two_shoppers_and_one_unit_make_one_order_and_one_clear_refusal(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        answers = await asyncio.gather(world.ask(wish(ALICE)), world.ask(wish(BOB)))
        placed = [answer for answer in answers if isinstance(answer, OrderPlaced)]
        refused = [answer for answer in answers if isinstance(answer, OrderRefused)]
        assert len(placed) == 1
        short = OrderRefused(reason=RefusalReason.STOCK_SHORT, subcategory_id=1, available=0)
        assert refused == [short]

    play(scene)


def test_fifty_shoppers_and_ten_units_make_ten_orders(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock(*(f"Chess/k{number}" for number in range(10)))
        answers = await asyncio.gather(*(world.ask(wish(shopper)) for shopper in range(1, 51)))
        assert sum(isinstance(answer, OrderPlaced) for answer in answers) == 10
        assert world.rows("SELECT count(DISTINCT item_id) FROM order_items") == [(10,)]
        assert world.pool() == {"available": 0, "holds": 10}

    play(scene)


def test_carts_that_cross_do_not_wait_for_each_other(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/c1", "Go/g1")
        answers = await asyncio.gather(
            world.ask(wish(ALICE, (1, 1), (2, 1)), 5), world.ask(wish(BOB, (2, 1), (1, 1)), 5)
        )
        assert [type(answer) for answer in answers] == [OrderPlaced, OrderRefused]

    play(scene)


def test_refused_cart_gives_back_what_it_had_of_its_first_line(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/c1", "Go/g1")
        answer = await world.ask(wish(ALICE, (1, 1), (2, 2)))
        short = OrderRefused(reason=RefusalReason.STOCK_SHORT, subcategory_id=2, available=1)
        assert answer == short
        assert isinstance(await world.ask(wish(BOB, (1, 1))), OrderPlaced)

    play(scene)


def test_pool_that_gives_out_one_unit_twice_is_stopped_by_the_store(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    def always_the_first(_pool: Pool, _order_id: int, _quantity: int) -> Reserved | Short:
        return Reserved(units=(Unit(unit_id=1, price_minor=PRICE_MINOR),))

    def holding(pool: Pool, order_id: int, reserved: Reserved) -> None:
        pool.holds[order_id] = reserved.units

    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1", "Chess/k2")
        with monkeypatch.context() as without_check:
            without_check.setattr(Pool, "decide_reserve", always_the_first)
            without_check.setattr(Pool, "reserve", holding)
            answers = await asyncio.gather(world.ask(wish(ALICE)), world.ask(wish(BOB)))
        refused = OrderRefused(reason=RefusalReason.STOCK_SHORT, available=0)
        assert isinstance(answers[0], OrderPlaced)
        assert answers[1] == refused
        # The pool has read the truth again: the other unit is for sale, the first is not.
        await asyncio.sleep(1)
        assert world.pool() == {"available": 1, "holds": 1}
        order = await world.order(BOB, request_id="another try")
        assert [unit.unit_id for unit in order.lines[0].units] == [2]
        await world.pay(answers[0].order)
        await world.pay(order)
        assert world.status(order) == ("shipped", "paid")

    play(scene)


def test_imported_units_are_for_sale_at_once_in_old_and_in_new_subcategories(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        await world.order(ALICE)
        await world.stock("Chess/k2", "Go/g1")
        answer = await world.ask(wish(BOB, (1, 1), (2, 1)))
        assert isinstance(answer, OrderPlaced)

    play(scene)


def test_same_import_twice_at_once_is_answered_twice_and_sells_nothing_twice(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        file = items("Chess/k1", "Chess/k2")
        first, second = await asyncio.gather(world.ask(file, 5), world.ask(file, 5))
        assert first == second
        again = await world.ask(replace(file, request_id="the same file, sent again"))
        assert (getattr(again, "added", None), getattr(again, "known_places", None)) == (0, (1, 2))
        assert world.pool() == {"available": 2, "holds": 0}

    play(scene)
