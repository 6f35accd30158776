"""Two who want one unit: the pool decides, and where it is made to err the store does."""

import asyncio
from collections import deque
from dataclasses import replace

import pytest

from actors.messages import (
    OrderPlaced,
    OrderRefused,
    OrderShort,
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
        assert sum(isinstance(answer, OrderPlaced) for answer in answers) == 1

    play(scene)


def test_refused_cart_gives_back_what_it_had_of_its_first_line(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/c1", "Go/g1")
        answer = await world.ask(wish(ALICE, (1, 1), (2, 2)))
        assert isinstance(answer, OrderShort)
        assert isinstance(await world.ask(wish(BOB, (1, 1))), OrderPlaced)

    play(scene)


def make_pools_err(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Let pools give out the very first unit so many times, whoever has it."""
    rightly = Pool.decide_reserve
    left = [None] * times

    def mostly_the_first(pool: Pool, order_id: int, quantity: int) -> Reserved | Short:
        if not left:
            return rightly(pool, order_id, quantity)
        left.pop()
        return Reserved(units=(Unit(unit_id=1, price_minor=PRICE_MINOR),))

    def reserve(pool: Pool, order_id: int, reserved: Reserved) -> None:
        pool.holds[order_id] = reserved.units
        taken = {unit.unit_id for unit in reserved.units}
        pool._waiting = deque(unit for unit in pool._waiting if unit.unit_id not in taken)

    monkeypatch.setattr(Pool, "decide_reserve", mostly_the_first)
    monkeypatch.setattr(Pool, "reserve", reserve)


def test_pool_that_gives_out_one_unit_twice_is_stopped_by_the_store_and_asked_again(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1", "Chess/k2")
        make_pools_err(monkeypatch, 2)
        answers = await asyncio.gather(world.ask(wish(ALICE)), world.ask(wish(BOB)))
        placed = [answer for answer in answers if isinstance(answer, OrderPlaced)]
        # The pool has read the truth again, and had another unit for the second.
        units = [unit.unit_id for each in placed for unit in each.order.lines[0].units]
        assert units == [1, 2]
        assert world.pool() == {"available": 0, "holds": 2}
        for each in placed:
            await world.pay(each.order)
            assert world.status(each.order) == ("shipped", "paid")

    play(scene)


def test_pool_that_gave_out_the_last_unit_twice_says_that_there_is_none(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        make_pools_err(monkeypatch, 2)
        answers = await asyncio.gather(world.ask(wish(ALICE)), world.ask(wish(BOB)))
        assert isinstance(answers[0], OrderPlaced)
        short = OrderRefused(reason=RefusalReason.STOCK_SHORT, subcategory_id=1, available=0)
        assert answers[1] == short

    play(scene)


def test_pool_that_errs_again_and_again_is_given_up(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1", "Chess/k2")
        order = await world.order(ALICE)
        make_pools_err(monkeypatch, 3)
        refused = OrderRefused(reason=RefusalReason.STOCK_SHORT, available=0)
        assert await world.ask(wish(BOB)) == refused
        assert world.rows("SELECT id FROM orders") == [(order.order_id,)]
        assert isinstance(await world.ask(wish(BOB, request_id="another try")), OrderPlaced)

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
