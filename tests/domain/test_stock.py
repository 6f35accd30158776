"""A pool: no unit is ever held twice, whatever comes in whatever order."""

from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.order import Unit
from domain.stock import Pool, Reserved, Short

ORDERS = st.integers(1, 6)


def units(*ids: int) -> tuple[Unit, ...]:
    return tuple(Unit(unit_id=unit_id, price_minor=100 * unit_id) for unit_id in ids)


def pool_of(*ids: int) -> Pool:
    pool = Pool()
    pool.add(units(*ids))
    return pool


def take(pool: Pool, order_id: int, quantity: int) -> tuple[int, ...] | None:
    """The ids of the units that the order then holds; None where there are too few."""
    decided = pool.decide_reserve(order_id, quantity)
    if isinstance(decided, Short):
        return None
    pool.reserve(order_id, decided)
    return tuple(unit.unit_id for unit in decided.units)


def test_the_oldest_units_go_first() -> None:
    pool = pool_of(3, 1, 2)
    assert take(pool, 1, 2) == (1, 2)
    assert take(pool, 2, 1) == (3,)


def test_two_wishes_for_one_unit_get_it_once() -> None:
    pool = pool_of(1)
    assert take(pool, 1, 1) == (1,)
    assert pool.decide_reserve(2, 1) == Short(available=0)


def test_a_decision_alone_takes_nothing() -> None:
    pool = pool_of(1, 2)
    assert pool.decide_reserve(1, 2) == pool.decide_reserve(2, 2) == Reserved(units=units(1, 2))
    assert pool.available == 2


def test_the_same_wish_twice_gets_the_same_units_and_takes_no_more() -> None:
    pool = pool_of(1, 2, 3)
    assert take(pool, 1, 2) == take(pool, 1, 2) == (1, 2)
    assert pool.available == 1


def test_a_shortage_says_how_many_there_are_and_holds_nothing() -> None:
    pool = pool_of(1, 2)
    assert pool.decide_reserve(1, 3) == Short(available=2)
    assert pool.holds == {}


@pytest.mark.parametrize("quantity", [0, -1])
def test_a_wish_for_nothing_gets_nothing(quantity: int) -> None:
    assert pool_of(1).decide_reserve(1, quantity) == Short(available=1)


def test_released_units_go_before_younger_ones_and_once_however_often_released() -> None:
    pool = pool_of(1, 2, 3, 4)
    take(pool, 1, 1)
    take(pool, 2, 2)
    pool.release(2)
    pool.release(1)
    pool.release(1)
    assert pool.available == 4
    assert take(pool, 3, 4) == (1, 2, 3, 4)


def test_a_wish_is_served_from_returned_and_waiting_units_together_and_gets_no_more() -> None:
    pool = pool_of(1, 2, 3, 4)
    take(pool, 1, 1)
    pool.release(1)
    assert take(pool, 2, 2) == (1, 2)
    assert pool.available == 2


def test_committed_units_never_come_back() -> None:
    pool = pool_of(1, 2)
    take(pool, 1, 1)
    pool.commit(1)
    pool.commit(1)
    pool.release(1)
    assert take(pool, 2, 1) == (2,)
    assert pool.available == 0


def test_news_of_units_that_were_added_before_is_passed_over_even_when_they_are_sold() -> None:
    pool = pool_of(1, 2)
    take(pool, 1, 2)
    pool.commit(1)
    pool.add(units(1, 2))
    assert pool.available == 0


def test_units_sold_before_the_pool_was_loaded_are_not_added_by_late_news_of_them() -> None:
    pool = Pool()
    pool.reload(free=(), holds=(), newest_unit_id=2)
    pool.add(units(1, 2, 3))
    assert take(pool, 1, 1) == (3,)
    assert pool.available == 0


def test_a_reload_keeps_a_hold_of_an_order_that_is_not_yet_recorded() -> None:
    pool = pool_of(1, 2)
    take(pool, 1, 1)
    pool.reload(free=units(1, 2), holds=(), newest_unit_id=2)
    assert take(pool, 2, 1) == (2,)
    assert pool.available == 0


def test_a_reload_takes_over_holds_that_only_the_store_knows() -> None:
    pool = Pool()
    pool.reload(free=units(2), holds=[(7, units(1))], newest_unit_id=2)
    assert take(pool, 7, 1) == (1,)
    pool.release(7)
    assert take(pool, 8, 2) == (1, 2)


def test_a_reload_forgets_free_units_that_the_store_knows_as_taken() -> None:
    pool = pool_of(1, 2)
    pool.reload(free=units(2), holds=(), newest_unit_id=2)
    assert take(pool, 1, 1) == (2,)
    assert pool.available == 0


def test_a_reload_from_before_an_import_loses_nothing_of_it() -> None:
    pool = pool_of(1)
    pool.add(units(2, 3))
    take(pool, 1, 2)
    pool.release(1)
    pool.reload(free=units(1), holds=(), newest_unit_id=1)
    assert take(pool, 2, 3) == (1, 2, 3)


# --- property -------------------------------------------------------------------------------------


@dataclass
class Snapshot:
    """What the store answered, not yet arrived at the pool."""

    free: tuple[Unit, ...]
    holds: tuple[tuple[int, tuple[Unit, ...]], ...]
    newest_unit_id: int


@dataclass
class Store:
    """The truth: every unit is free, held by one recorded order, or sold."""

    added: int = 0
    held: dict[int, tuple[Unit, ...]] = field(default_factory=dict)
    sold: set[int] = field(default_factory=set)

    def snapshot(self) -> Snapshot:
        taken = {unit.unit_id for several in self.held.values() for unit in several} | self.sold
        ids = range(1, self.added + 1)
        free = units(*(unit_id for unit_id in ids if unit_id not in taken))
        return Snapshot(free, tuple(self.held.items()), self.added)


class PoolAndStore(RuleBasedStateMachine):
    """A pool that hears of the store's changes in their order, if sometimes late and twice."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = Pool()
        self.store = Store()
        self.opening: dict[int, tuple[Unit, ...]] = {}
        self.news: list[tuple[str, int] | Snapshot] = []
        self.ended: set[int] = set()

    @rule(count=st.integers(1, 3))
    def units_are_imported(self, count: int) -> None:
        self.store.added += count
        self.news.append(("add", self.store.added))

    @rule(order_id=ORDERS, quantity=st.integers(1, 3))
    def a_wish_comes(self, order_id: int, quantity: int) -> None:
        if order_id in self.ended or order_id in self.store.held:
            return
        available = self.pool.available
        decided = self.pool.decide_reserve(order_id, quantity)
        match decided:
            case Reserved():
                assert self.opening.setdefault(order_id, decided.units) == decided.units
                self.pool.reserve(order_id, decided)
            case Short():
                assert decided.available == available
                assert quantity > available

    @rule(order_id=ORDERS)
    def an_order_is_recorded(self, order_id: int) -> None:
        if order_id in self.opening:
            wanted = {unit.unit_id for unit in self.opening[order_id]}
            held = {unit.unit_id for each in self.store.held.values() for unit in each}
            assert not wanted & (held | self.store.sold)
            self.store.held[order_id] = self.opening.pop(order_id)

    @rule(order_id=ORDERS)
    def an_opening_is_given_up(self, order_id: int) -> None:
        if self.opening.pop(order_id, None) is not None:
            self.ended.add(order_id)
            self.pool.release(order_id)

    @rule(order_id=ORDERS, sells=st.booleans())
    def an_order_ends(self, order_id: int, sells: bool) -> None:
        held = self.store.held.pop(order_id, None)
        if held is None:
            return
        self.ended.add(order_id)
        if sells:
            self.store.sold |= {unit.unit_id for unit in held}
        self.news.append(("commit" if sells else "release", order_id))

    @rule()
    def the_pool_asks_for_the_truth(self) -> None:
        self.news.append(self.store.snapshot())

    @precondition(lambda self: bool(self.news))
    @rule(again=st.booleans())
    def news_arrives(self, again: bool) -> None:
        news = self.news[0] if again else self.news.pop(0)
        match news:
            case Snapshot():
                self.pool.reload(news.free, news.holds, news.newest_unit_id)
            case ("add", newest):
                self.pool.add(units(*range(1, newest + 1)))
            case ("commit", order_id):
                self.pool.commit(order_id)
            case (_, order_id):
                self.pool.release(order_id)

    @invariant()
    def no_unit_is_held_twice_or_held_and_free(self) -> None:
        held = [unit.unit_id for several in self.pool.holds.values() for unit in several]
        assert len(held) == len(set(held))
        free = self.pool.decide_reserve(99, self.pool.available)
        if isinstance(free, Reserved):
            ids = [unit.unit_id for unit in free.units]
            assert ids == sorted(set(ids))
            assert not set(ids) & (set(held) | self.store.sold)

    def teardown(self) -> None:
        """When all news has arrived the pool knows exactly what the store knows."""
        self.news.append(self.store.snapshot())
        while self.news:
            self.news_arrives(again=False)
        held = self.store.held | self.opening
        assert self.pool.holds == held
        taken = {unit.unit_id for several in held.values() for unit in several} | self.store.sold
        assert self.pool.available == self.store.added - len(taken)


PoolAndStore.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestPoolAndStore = PoolAndStore.TestCase
