"""Goods in the store: how they come in, and what readers see of them."""

import threading
from dataclasses import replace
from pathlib import Path
from sqlite3 import OperationalError

import pytest

from domain.catalog import ImportEntry
from domain.events import ItemsAdded
from domain.order import By, OrderShipped, Unit
from store.contract import GetPool, PoolLoaded, Record, RecordRefused
from store.offline import import_items
from store.queries import CategoryRow, GoodsRow, LineRow, StoreReader, SubcategoryRow
from store.trouble import StoreUnavailableError
from tests.store.opened_store import (
    CANCELLED,
    NOON,
    SHOPPER_ID,
    OpenedStore,
    entry,
    minutes,
    order_of,
)


def elsewhere(private_data: str, category: str, subcategory: str) -> ImportEntry:
    return replace(entry(private_data), category=category, subcategory=subcategory)


# --- import ---------------------------------------------------------------------------------------


def test_a_file_sent_twice_sells_nothing_twice(store: OpenedStore) -> None:
    entries = (entry("KEY-1", place=4), entry("NEW", place=5), entry("NEW", place=6))
    first = store.add_items(*entries)
    again = store.add_items(*entries)
    assert (first.added, first.known_places) == (1, (4, 6))
    assert first.added_units == ((1, (Unit(unit_id=4, price_minor=1_000),)),)
    assert (again.added, again.added_units, again.known_places) == (0, (), (4, 5, 6))


def test_a_unit_that_was_sold_is_known_for_ever(store: OpenedStore) -> None:
    store.sell(store.create(order_of(1)))
    assert store.add_items(entry("KEY-1")).added == 0


def test_the_same_data_in_another_subcategory_is_another_unit(store: OpenedStore) -> None:
    added = store.add_items(elsewhere("KEY-1", "Games", "Go"), elsewhere("KEY-1", "Toys", "Chess"))
    assert added.added == 2
    assert store.rows(
        "SELECT categories.name, subcategories.name FROM subcategories"
        " JOIN categories ON categories.id = category_id ORDER BY subcategories.id"
    ) == [("Games", "Chess"), ("Games", "Go"), ("Toys", "Chess")]


def test_an_import_of_which_one_entry_cannot_be_is_not_written_at_all(
    store: OpenedStore,
) -> None:
    entries = (elsewhere("A", "New", "New"), entry("B", price_minor=-1))
    record = Record(
        command_id="import:bad",
        events=(ItemsAdded(entries=entries, fiat_currency="USD"),),
        at=NOON,
        by=By.ADMIN,
    )
    assert isinstance(store.ask(record), RecordRefused)
    assert store.number("SELECT count(*) FROM items") == 3
    assert store.number("SELECT count(*) FROM categories") == 1


def test_an_import_at_the_command_line_needs_the_shop_to_be_stopped(store: OpenedStore) -> None:
    with pytest.raises(StoreUnavailableError, match="stop that shop first"):
        import_items(store.path, [entry("NEW")], "USD")
    store.writer.close()
    assert import_items(store.path, [entry("NEW"), entry("KEY-1", place=2)], "USD") == (1, (2,))


# --- pools ----------------------------------------------------------------------------------------


def test_a_pool_is_what_is_neither_sold_nor_in_a_live_order(store: OpenedStore) -> None:
    store.sell(store.create(order_of(1)))
    store.create(order_of(2, order_id=2))
    third = Unit(unit_id=3, price_minor=1_000)
    held = Unit(unit_id=2, price_minor=1_000)
    assert store.pool() == PoolLoaded(
        subcategory_id=1, free=(third,), holds=((2, (held,)),), newest_unit_id=3
    )


def test_the_newest_unit_of_a_pool_counts_though_it_is_sold(store: OpenedStore) -> None:
    store.sell(store.create(order_of(1, 2, 3)))
    pool = store.pool()
    assert (pool.free, pool.newest_unit_id) == ((), 3)


def test_a_pool_that_does_not_exist_is_empty(store: OpenedStore) -> None:
    assert store.ask(GetPool(subcategory_id=9)) == PoolLoaded(
        subcategory_id=9, free=(), holds=(), newest_unit_id=0
    )


# --- readers --------------------------------------------------------------------------------------


def chess(
    available: int, price_minor: int | None, description: str, *, differ: bool
) -> SubcategoryRow:
    return SubcategoryRow(
        subcategory_id=1,
        category_id=1,
        category="Games",
        name="Chess",
        description=description,
        available=available,
        next_price_minor=price_minor,
        prices_differ=differ,
    )


def test_a_subcategory_shows_the_unit_that_is_sold_next(store: OpenedStore) -> None:
    store.add_items(entry("KEY-4", price_minor=900))
    assert store.reader.subcategories(1) == [chess(4, 1_000, "Licence KEY-1", differ=True)]
    store.sell(store.create(order_of(1)))
    store.create(order_of(2, 3, order_id=2))
    assert store.reader.subcategory(1) == chess(1, 900, "Licence KEY-4", differ=False)


def test_a_sold_out_subcategory_has_no_price(store: OpenedStore) -> None:
    store.create(order_of(1, 2, 3))
    assert store.reader.subcategory(1) == chess(0, None, "", differ=False)
    assert store.reader.categories() == [CategoryRow(category_id=1, name="Games", available=0)]
    store.change(1, 1, CANCELLED)
    assert store.reader.subcategory(1) == chess(3, 1_000, "Licence KEY-1", differ=False)


def test_categories_and_subcategories_are_listed_by_name_with_what_is_left(
    store: OpenedStore,
) -> None:
    store.add_items(elsewhere("A", "Books", "Atlas"), elsewhere("B", "Games", "Backgammon"))
    assert [(row.name, row.available) for row in store.reader.categories()] == [
        ("Books", 1),
        ("Games", 4),
    ]
    assert [row.name for row in store.reader.subcategories(1)] == ["Backgammon", "Chess"]
    assert store.reader.subcategories(9) == []
    assert store.reader.subcategory(9) is None


def test_goods_are_shown_only_when_they_are_sold(store: OpenedStore) -> None:
    store.create(order_of(1))
    assert store.reader.goods(1) == []
    store.sell(order_of(1))
    goods = GoodsRow(
        category="Games", subcategory="Chess", description="Licence KEY-1", private_data="KEY-1"
    )
    assert store.reader.goods(1) == [goods]
    store.change(1, 2, OrderShipped(shipped_at=minutes(12), tracking_number=None))
    assert store.reader.goods(1) == [goods]


def test_goods_of_a_cancelled_order_are_not_shown_though_another_bought_them(
    store: OpenedStore,
) -> None:
    store.create(order_of(1))
    store.change(1, 1, CANCELLED)
    store.sell(store.create(order_of(1, order_id=2)))
    assert store.reader.goods(1) == []
    assert len(store.reader.goods(2)) == 1


def test_the_lines_of_an_order_keep_their_price_of_then(store: OpenedStore) -> None:
    store.create(order_of(1, 2))
    line = LineRow(category="Games", subcategory="Chess", quantity=2, total_minor=2_000)
    assert store.reader.order_lines(1) == [line]
    store.change(1, 1, CANCELLED)
    assert store.reader.order_lines(1) == [line]


def test_a_shopper_sees_their_own_orders_newest_first(store: OpenedStore) -> None:
    store.create(order_of(1))
    store.change(1, 1, CANCELLED)
    store.create(order_of(2, order_id=2, shopper=71))
    store.create(order_of(1, order_id=3))
    orders = store.reader.orders_of(SHOPPER_ID, 10)
    assert [order.order_id for order in orders] == [3, 1]
    assert [order.order_id for order in store.reader.orders_of(SHOPPER_ID, 1)] == [3]


def test_the_last_address_of_a_coin_is_the_one_with_the_highest_index(store: OpenedStore) -> None:
    assert store.reader.last_address("LTC") is None
    store.create(replace(order_of(1), address_index=9, address="rltc1qnine"))
    store.create(replace(order_of(2, order_id=2, shopper=71), address_index=4))
    assert store.reader.last_address("LTC") == (9, "rltc1qnine")


def test_what_is_not_there_is_none(store: OpenedStore) -> None:
    assert store.reader.order(9) is None
    assert store.reader.notice(9) is None
    assert store.reader.goods(9) == []


def test_a_reader_cannot_write(store: OpenedStore) -> None:
    with pytest.raises(OperationalError, match="readonly"):
        store.reader._connection().execute("DELETE FROM items")


def test_a_reader_serves_many_threads_at_once(store: OpenedStore) -> None:
    counts: list[int] = []

    def look() -> None:
        counts.extend(row.available for row in store.reader.categories())

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [3] * 8


def test_a_reader_of_a_store_that_is_not_there_says_so(
    tmp_path: Path,
) -> None:
    reader = StoreReader(str(tmp_path / "none.db"))
    with pytest.raises(OperationalError, match="unable to open"):
        reader.categories()
