"""Whatever the rules decide, the store takes, reads back, and is sound with."""

import sqlite3
import tempfile
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from hypothesis import example, given, settings

from domain.evolution import evolve_all
from domain.order import Order
from domain.order_news import GoodsTaken, OrderNews, RevivalStock
from domain.order_rules import decide
from domain.revival import settling_due
from domain.rules import OrderRules
from store.contract import GetUnsettledOrders, Recorded, UnsettledOrders
from store.invariants import violations
from tests.domain.examples import (
    AMOUNT,
    CANCEL_BY_ADMIN,
    CONFIRM,
    CREDITING,
    NO_STOCK,
    OTHER_UNITS,
    REFUND,
    REFUNDING,
    RULES,
    SHIP,
    STOCK,
    late_sighting,
    look,
    minutes,
    new_order,
    sighting,
)
from tests.domain.histories import ANY_RULES, HISTORIES, History
from tests.store.opened_store import OpenedStore, entry


def recorded(store: OpenedStore, order: Order, history: History, rules: OrderRules) -> Order:
    """The order after its history, each decision recorded and compared on the way."""
    for news, now in history:
        decision = decide(order, news, rules, now)
        if not decision.events:
            continue
        answer = store.change(order.order_id, order.version, *decision.events, at=now)
        assert isinstance(answer, Recorded), (answer, decision)
        order = replace(evolve_all(order, decision.events), version=order.version + 1)
        assert store.order() == order
        assert_sound(store, order)
    return order


def assert_sound(store: OpenedStore, order: Order) -> None:
    with closing(sqlite3.connect(store.path)) as connection:
        assert violations(connection) == []
    left = store.ask(GetUnsettledOrders(after_order_id=0, limit=9))
    assert left == UnsettledOrders(order_ids=(1,) if settling_due(order) else ())


def at(minute: float, news: OrderNews) -> tuple[OrderNews, datetime]:
    return news, minutes(minute)


EXPIRES = at(31, look(minutes(30)))
PAID_LATE = at(42, look(minutes(41), late_sighting()))
REVERSED = at(60, look(minutes(59)))
REVIVED: History = [EXPIRES, PAID_LATE, at(43, STOCK)]
OVER_PAID = at(12, look(minutes(11), sighting(3 * AMOUNT, confirmations=3)))


@example([*REVIVED, REVERSED, PAID_LATE, at(70, GoodsTaken())], RULES)
@example([EXPIRES, PAID_LATE, at(43, NO_STOCK), PAID_LATE, at(44, REFUND), REVERSED], RULES)
@example([EXPIRES, PAID_LATE, PAID_LATE, at(44, REFUND), REVERSED], CREDITING)
@example([EXPIRES, at(32, RevivalStock(lines=OTHER_UNITS, wish=CONFIRM)), PAID_LATE], CREDITING)
@example([OVER_PAID, at(13, REFUND), REVERSED, OVER_PAID, at(80, SHIP)], REFUNDING)
@example([OVER_PAID, at(13, REFUND), at(14, GoodsTaken()), REVERSED, OVER_PAID], CREDITING)
@example([at(5, CANCEL_BY_ADMIN), PAID_LATE, REVERSED, PAID_LATE, at(80, REFUND)], RULES)
@settings(deadline=None, max_examples=40)
@given(HISTORIES, ANY_RULES)
def test_every_decision_of_any_history_is_taken_and_leaves_a_sound_store(
    history: History, rules: OrderRules
) -> None:
    with tempfile.TemporaryDirectory() as folder, closing(OpenedStore(Path(folder))) as store:
        store.add_items(*(entry(f"MORE-{number}", place=number) for number in range(4, 9)))
        order = recorded(store, store.create(new_order()), history, rules)
        assert store.order() == order


def test_a_revival_that_the_rules_decide_is_written(store: OpenedStore) -> None:
    store.add_items(*(entry(f"MORE-{number}", place=number) for number in range(4, 9)))
    order = recorded(store, store.create(new_order()), REVIVED, RULES)
    assert order.revived_at is not None
    assert store.rows("SELECT id FROM items WHERE is_sold = 1") == [(8,)]
    assert store.number("SELECT timeout_count FROM users") == 0
