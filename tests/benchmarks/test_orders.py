"""The benchmark of orders at tiny counts: the real shop, raw SQLite, PostgreSQL where it is."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.orders import HOT, SPREAD, WANTED, Sizes, measure
from benchmarks.orders_load import Load, Taken, failures_of, run_load
from benchmarks.orders_postgres import postgres_programs
from benchmarks.orders_raw import raw_orders_per_s
from benchmarks.orders_world import AddressesAhead
from payments.custody import CustodyError

TINY = Sizes(orders=200, warm_up=40, shoppers=32, postgres_clients=4, postgres_seconds=1)
ROWS = ("users", "orders", "order_items", "reserved_stock", "outbox", "audit_log")


def test_one_run_has_all_figures_and_nothing_is_oversold() -> None:
    result = json.loads(json.dumps(measure(TINY)))
    assert result["failures"] == []
    assert set(result["wanted"]) == set(WANTED)
    for key in (
        "orders_per_s_hot",
        "orders_per_s_spread",
        "raw_sqlite_per_s",
        "raw_sqlite_guarded_per_s",
        "part_of_raw_sqlite",
        "derived_addresses_per_s",
    ):
        assert result[key] > 0, key
    assert 0 < result["p50_ms"] <= result["p99_ms"]
    for key in ("hot", "spread"):
        assert 1 <= result["orders_a_commit"][key] <= TINY.shoppers
        cpu = result["cpu_us_an_order"][key]
        assert 0 < cpu["ledger"] < cpu["process"]
        assert 0 < cpu["loop"] < cpu["process"]
    for key in ("postgres_for_update_per_s", "postgres_for_update_spread_per_s"):
        if postgres_programs() is None:
            assert result[key] is None
        else:
            assert result[key] > 0


@pytest.mark.parametrize("pools", [HOT, SPREAD])
def test_every_order_of_a_load_has_a_unit_of_its_own_and_is_in_the_store(
    tmp_path: Path, pools: int
) -> None:
    found = loaded(tmp_path, pools)
    assert found["failures"] == []
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
        counts = connection.execute(
            "SELECT count(*), count(DISTINCT item_id) FROM order_items WHERE holds_unit = 1"
        ).fetchone()
        assert counts == (120, 120)
        assert connection.execute(
            "SELECT count(DISTINCT subcategory_id) FROM reserved_stock"
        ).fetchone() == (pools,)


def test_a_unit_that_two_orders_were_given_is_a_failure(tmp_path: Path) -> None:
    loaded(tmp_path, HOT)
    load = Load(folder=str(tmp_path), pools=HOT, orders=100, warm_up=20, shoppers=16)
    twice = Taken(unit_ids=[*range(1, 100), 1])
    assert failures_of(tmp_path / "shop.db", load, twice) == ["100 orders hold 99 units"]
    once = Taken(unit_ids=[*range(1, 101)])
    assert failures_of(tmp_path / "shop.db", load, once) == []
    longer = Load(folder=str(tmp_path), pools=HOT, orders=100, warm_up=21, shoppers=16)
    assert failures_of(tmp_path / "shop.db", longer, once) == ["120 orders are in the store"]


def test_raw_sqlite_writes_the_rows_that_the_shop_wrote(tmp_path: Path) -> None:
    loaded(tmp_path, 1)
    target = tmp_path / "raw.db"
    assert raw_orders_per_s(tmp_path / "shop.db", target, [50, 30, 20], guarded=True) > 0
    with (
        closing(sqlite3.connect(tmp_path / "shop.db")) as shop,
        closing(sqlite3.connect(target)) as raw,
    ):
        (first,) = raw.execute("SELECT min(id) FROM orders").fetchone()
        for table in ROWS:
            where = {"users": "telegram_id >= 1000020", "orders": f"id >= {first}"}
            of_orders = where.get(table, f"order_id >= {first}")
            query = f"SELECT * FROM {table} WHERE {of_orders} ORDER BY id"  # noqa: S608 - constants
            assert raw.execute(query).fetchall() == shop.execute(query).fetchall(), table


def test_addresses_that_were_not_derived_ahead_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CustodyError, match="only 1 addresses"):
        AddressesAhead(("one",), tmp_path).derive(1)


def loaded(folder: Path, pools: int) -> dict[str, object]:
    addresses = [f"rltc1q{number}" for number in range(5_000)]
    (folder / "addresses.json").write_text(json.dumps(addresses), encoding="ascii")
    load = Load(folder=str(folder), pools=pools, orders=100, warm_up=20, shoppers=16)
    return run_load(load)
