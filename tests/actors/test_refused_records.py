"""A change that the store will never take: it is told, it is seen, and it is not tried for ever."""

import sqlite3
from contextlib import closing

import pytest
from loguru import logger

from domain.order import NoticeKind
from tests.actors.conftest import Play
from tests.actors.world import ADMIN, TIMEOUT, World

_REFUSING = """
    CREATE TRIGGER no_payments BEFORE INSERT ON payments
    BEGIN SELECT RAISE(ABORT, 'no payments today'); END
"""


def change_schema(world: World, sql: str) -> None:
    """Behind the shop's back."""
    with closing(sqlite3.connect(world.store_path)) as connection:
        connection.execute(sql)


def refusals(said: list[str]) -> int:
    """How often the ledger said no to an order."""
    return sum("the ledger refused" in each for each in said)


@pytest.mark.parametrize("is_late", [False, True])
def test_payment_that_the_store_refuses_is_told_once_and_recorded_when_it_may_be(
    play: Play, is_late: bool
) -> None:
    async def scene(world: World) -> None:
        said: list[str] = []
        sink = logger.add(said.append, level="ERROR")
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        if is_late:
            await world.pass_time(TIMEOUT)
            await world.looks()
        change_schema(world, _REFUSING)
        await world.pay(order)
        for _ in range(10):
            world.chain.mine()
            await world.looks(6)
        assert world.state("order") == ["refused by the store"]
        assert refusals(said) == 1
        assert world.told(ADMIN).count(NoticeKind.ADMIN_ALERT) == 1
        assert world.rows("SELECT count(*) FROM payments") == [(0,)]
        change_schema(world, "DROP TRIGGER no_payments")
        world.crash()
        await world.open()
        await world.looks()
        assert world.rows("SELECT count(*) FROM payments") == [(1,)]
        assert world.status(order) == (("expired", "late") if is_late else ("shipped", "paid"))
        logger.remove(sink)

    play(scene)


def test_order_whose_payment_was_refused_still_takes_what_the_store_takes(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.open()
        await world.stock("Chess/k1")
        order = await world.order()
        change_schema(world, _REFUSING)
        await world.pay(order, confirmed=False)
        assert world.state("order") == ["refused by the store"]
        change_schema(world, "DROP TRIGGER no_payments")
        world.chain.mine(3)
        await world.looks()
        assert world.status(order) == ("shipped", "paid")
        assert world.actors("order") == []

    play(scene)
