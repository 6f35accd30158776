"""A wish for more than there is: the shopper is asked, the order is reduced, or there is none."""

import asyncio

from actors.messages import OrderPlaced, OrderRefused, OrderShort, ShortLine
from domain.order import RefusalReason
from domain.rules import PartialStock
from tests.actors.conftest import Play
from tests.actors.world import ALICE, BOB, PRICE_BASE_UNITS, World, wish, with_rules


def quantities(answer: object) -> dict[int, int]:
    """What the order of an answer has of each subcategory."""
    assert isinstance(answer, OrderPlaced), answer
    return {line.subcategory_id: len(line.units) for line in answer.order.lines}


def pools(world: World) -> list[tuple[object, object]]:
    """What is free and how many hold, pool by pool."""
    assert world.base is not None
    actors = world.base.inspect(kind="inventory").actors
    return [(each.details["available"], each.details["holds"]) for each in actors]


def test_shopper_is_told_of_every_line_what_there_is_and_nothing_is_held(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/c1", "Chess/c2", "Go/g1", "Shogi/s1")
        answer = await world.ask(wish(ALICE, (2, 3), (1, 1), (3, 1)))
        assert answer == OrderShort(
            lines=(
                ShortLine(subcategory_id=1, wanted=1, available=1),
                ShortLine(subcategory_id=2, wanted=3, available=1),
                ShortLine(subcategory_id=3, wanted=1, available=1),
            )
        )
        assert pools(world) == [(2, 0), (1, 0), (1, 0)]
        # The same wish again gets a fresh answer, and taking less is a wish of its own.
        assert await world.ask(wish(ALICE, (2, 3), (1, 1), (3, 1))) == answer
        less = await world.ask(wish(ALICE, (2, 1), (1, 1), (3, 1), request_id="take less"))
        assert quantities(less) == {1: 1, 2: 1, 3: 1}

    play(scene)


def test_shopper_is_not_asked_where_nothing_at_all_is_left(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/c1", "Go/g1")
        await world.ask(wish(BOB, (1, 1), (2, 1)))
        answer = await world.ask(wish(ALICE, (1, 2), (2, 1)))
        short = OrderRefused(reason=RefusalReason.STOCK_SHORT, subcategory_id=1, available=0)
        assert answer == short

    play(scene)


def test_order_is_made_of_what_there_is_where_the_owner_wants_that(play: Play) -> None:
    async def scene(world: World) -> None:
        with_rules(world, partial_stock=PartialStock.REDUCE)
        await world.open()
        await world.stock("Chess/c1", "Chess/c2", "Go/g1", "Shogi/s1")
        await world.ask(wish(BOB, (3, 1)))
        answer = await world.ask(wish(ALICE, (1, 5), (2, 1), (3, 1)))
        assert quantities(answer) == {1: 2, 2: 1}
        assert isinstance(answer, OrderPlaced)
        assert answer.order.amount_base_units == 3 * PRICE_BASE_UNITS
        assert pools(world) == [(0, 1), (0, 1), (0, 1)]
        assert await world.ask(wish(ALICE, (1, 5), (2, 1), (3, 1))) == answer
        await world.cancel(answer.order)
        await asyncio.sleep(1)
        assert pools(world) == [(2, 0), (1, 0), (0, 1)]

    play(scene)


def test_reduced_orders_that_come_at_once_share_what_there_is(play: Play) -> None:
    async def scene(world: World) -> None:
        with_rules(world, partial_stock=PartialStock.REDUCE)
        await world.open()
        await world.stock(*(f"Chess/{number}" for number in range(5)))
        wishes = [wish(shopper, (1, 2)) for shopper in range(1, 9)]
        answers = await asyncio.gather(*(world.ask(each) for each in wishes))
        placed = [quantities(each)[1] for each in answers if isinstance(each, OrderPlaced)]
        refused = [each for each in answers if isinstance(each, OrderRefused)]
        assert sorted(placed) == [1, 2, 2]
        assert {each.reason for each in refused} == {RefusalReason.STOCK_SHORT}
        assert world.rows("SELECT count(DISTINCT item_id) FROM order_items") == [(5,)]

    play(scene)


def test_wish_for_more_than_there_is_is_refused_where_the_owner_wants_that(play: Play) -> None:
    async def scene(world: World) -> None:
        with_rules(world, partial_stock=PartialStock.REJECT)
        await world.open()
        await world.stock("Chess/c1", "Go/g1")
        answer = await world.ask(wish(ALICE, (1, 1), (2, 3)))
        short = OrderRefused(reason=RefusalReason.STOCK_SHORT, subcategory_id=2, available=1)
        assert answer == short
        assert pools(world) == [(1, 0), (1, 0)]

    play(scene)


def test_same_subcategory_twice_in_a_cart_adds_up(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/c1", "Chess/c2", "Chess/c3")
        assert quantities(await world.ask(wish(ALICE, (1, 1), (1, 2)))) == {1: 3}

    play(scene)
