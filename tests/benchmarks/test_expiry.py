"""The benchmark of expiries at a small count: a shop with everything of it but people."""

import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from benchmarks.expiry import FULL, WANTED, Sizes, measure
from benchmarks.measuring import BenchmarkError
from benchmarks.open_orders import OpenOrders, write_open_orders
from benchmarks.store_looks import check_store_is_sound, check_units

ORDERS = 300
SMALL = Sizes(orders=ORDERS, pools=3, spread=timedelta(seconds=1), lead=timedelta(seconds=8))
FEW = OpenOrders(orders=5, pools=2, spare_units=1, spread=timedelta(seconds=5))


def test_one_run_has_all_figures_and_all_stock_is_back() -> None:
    result = json.loads(json.dumps(measure(SMALL)))
    assert 0 < result["p50_ms"] <= result["p99_ms"] <= result["max_ms"]
    assert result["orders"] == ORDERS
    assert result["units"] == SMALL.open_orders.units == ORDERS + 3 * 2
    assert 0 < result["ledger_cpu_us_per_expiry"] < result["cpu_us_per_expiry"]
    assert 0 < result["orders_per_commit"] <= ORDERS
    assert set(result["wanted"]) == set(WANTED)
    assert result["machine"]["cpus"] >= 1


def test_the_full_run_is_a_hundred_thousand_orders_within_a_minute() -> None:
    assert (FULL.orders, FULL.spread) == (100_000, timedelta(seconds=60))


def test_orders_that_are_not_taken_up_before_they_are_due_are_not_measured() -> None:
    late = Sizes(orders=ORDERS, pools=3, spread=timedelta(seconds=1), lead=timedelta(seconds=-5))
    with pytest.raises(BenchmarkError, match="give a longer lead"):
        measure(late)


def test_written_orders_are_open_and_hold_a_unit_each_of_their_pools(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    write_open_orders(path, FEW)
    check_store_is_sound(path)
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(
            """
            SELECT status, subcategory_id, count(*) FROM orders
            JOIN order_items ON order_id = orders.id AND holds_unit = 1
            JOIN items ON items.id = item_id GROUP BY status, subcategory_id
            """
        ).fetchall()
    assert rows == [("created", 1, 3), ("created", 2, 2)]


def test_units_that_are_missing_are_told(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    write_open_orders(path, FEW)
    check_units(path, 2)
    with pytest.raises(BenchmarkError, match="2 of 7 units are for sale"):
        check_units(path, FEW.units)


def test_store_with_a_unit_in_two_hands_is_told(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    write_open_orders(path, FEW)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP INDEX order_items_one_holder")
        connection.execute("DROP TRIGGER order_items_terms_stand")
        connection.execute("UPDATE order_items SET item_id = 1 WHERE id = 3")
    with pytest.raises(BenchmarkError, match=r"and [0-9]+ more"):
        check_store_is_sound(path)
