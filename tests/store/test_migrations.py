"""Migrations: from every earlier version, with data in it, each whole or not at all."""

import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
from sqlite_utils import Database

from domain.order import By
from domain.set_aside import Purpose
from store.backup import back_up
from store.contract import GetOrder, OrderLoaded
from store.invariants import violations
from store.migrations import known_names, migrate
from store.trouble import StoreUnavailableError
from store.writer import StoreWriter
from tests.store.first_version import first_version, order_reversed_and_paid_again
from tests.store.opened_store import NOON, SETTINGS, OpenedStore, order_of


def opened_and_closed(path: Path) -> None:
    StoreWriter(str(path), SETTINGS).close()


def schema(path: Path) -> list[tuple[object, ...]]:
    return rows(path, "SELECT name, sql FROM sqlite_master ORDER BY name")


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def columns_of(path: Path) -> dict[str, str]:
    """The tables and their columns."""
    query = """
        SELECT tables.name, group_concat(columns.name, ', ')
        FROM sqlite_master AS tables, pragma_table_info (tables.name) AS columns
        WHERE tables.type = 'table' AND tables.name NOT LIKE '%migration%' GROUP BY tables.name
    """
    return {str(table): str(columns) for table, columns in rows(path, query)}


def contents(path: Path, columns: dict[str, str]) -> dict[str, list[tuple[object, ...]]]:
    """All rows of these columns."""
    return {
        table: rows(path, f"SELECT {names} FROM {table}")  # noqa: S608 - names of the schema
        for table, names in columns.items()
    }


@pytest.fixture
def migrated(tmp_path: Path) -> Path:
    path = tmp_path / "shop.db"
    first_version(path)
    opened_and_closed(path)
    return path


def test_a_store_of_the_first_version_keeps_every_row_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    first_version(path)
    columns = columns_of(path)
    before = contents(path, columns)
    opened_and_closed(path)
    after = contents(path, columns)
    audit = after.pop("audit_log")
    assert audit[: len(before["audit_log"])] == before.pop("audit_log")
    assert after == before
    assert all(before.values())


def test_a_migrated_store_has_the_schema_of_a_new_one(migrated: Path, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh.db"
    opened_and_closed(fresh)
    assert schema(migrated) == schema(fresh)
    assert rows(migrated, "PRAGMA foreign_key_check") == []
    assert rows(migrated, "PRAGMA integrity_check") == [("ok",)]
    names = [name for (name,) in rows(migrated, "SELECT name FROM _sqlite_migrations ORDER BY id")]
    assert tuple(names) == known_names()


def test_an_order_of_the_first_version_is_read_whole(migrated: Path) -> None:
    writer = StoreWriter(str(migrated), SETTINGS)
    answers = writer.run([GetOrder(order_id=number) for number in (1, 3, 4)], NOON).answers
    writer.close()
    paid, cancelled, waiting = [
        answer.order for answer in answers if isinstance(answer, OrderLoaded)
    ]
    assert paid is not None
    assert [(each.receipt_id, each.rate) for each in paid.receipts] == [
        ("late:0", None),
        ("second:0", Decimal("100.00")),
        ("first:0", Decimal("100.00")),
        ("gone:0", Decimal("100.00")),
    ]
    assert cancelled is not None
    assert cancelled.cancelled_by is By.SHOPPER
    assert waiting is not None
    assert waiting.cancelled_by is None
    assert (waiting.extended_at, waiting.warned_of, waiting.set_asides) == (None, None, ())


def test_receipts_in_time_are_valued_at_the_rate_of_their_order(migrated: Path) -> None:
    values = rows(migrated, "SELECT transaction_id, rate, value_minor FROM payments ORDER BY id")
    assert values == [
        ("late", None, None),
        ("second", "100.00", 600),
        ("first", "100.00", 500),
        ("gone", "100.00", 700),
        ("a little more", "100.00", 1_005),
        ("a part", "100.00", 400),
        ("wei", None, None),
    ]


def test_the_timeouts_that_were_counted_are_found_again(migrated: Path) -> None:
    counted = "SELECT id FROM orders WHERE counted_as_timeout = 1 ORDER BY id"
    assert rows(migrated, counted) == [(5,), (8,)]
    assert rows(migrated, "SELECT timeout_count FROM users ORDER BY id") == [(0,), (2,)]


def test_money_that_was_nowhere_is_put_on_the_refund_list(migrated: Path) -> None:
    writer = StoreWriter(str(migrated), SETTINGS)
    answers = writer.run([GetOrder(order_id=number) for number in (1, 2, 7)], NOON).answers
    writer.close()
    found = {
        answer.order_id: [
            (each.number, each.receipt_id, each.purpose, each.amount_base_units)
            for each in answer.order.set_asides
        ]
        for answer in answers
        if isinstance(answer, OrderLoaded) and answer.order is not None
    }
    assert found == {
        1: [
            (1, "second:0", Purpose.REFUND, 1_000_000),
            (2, "late:0", Purpose.REFUND, 500_000),
        ],
        2: [],
        7: [(1, "wei", Purpose.REFUND, 10_000_000 * 10**9 + 1)],
    }
    told = "SELECT order_id, by FROM audit_log WHERE what = 'money_set_aside' ORDER BY id"
    assert rows(migrated, told) == [(1, "shop"), (1, "shop"), (7, "shop")]


def test_a_migration_that_fails_leaves_the_first_version_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    first_version(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE set_asides (other TEXT)")
    columns = columns_of(path)
    before = (schema(path), contents(path, columns))
    with pytest.raises(StoreUnavailableError, match="set_asides already exists"):
        opened_and_closed(path)
    assert (schema(path), contents(path, columns)) == before
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TABLE set_asides")
    opened_and_closed(path)
    assert rows(path, "SELECT count(*) FROM set_asides") == [(3,)]


def test_migrating_twice_is_harmless(store: OpenedStore) -> None:
    store.create(order_of(1))
    path = Path(store.path)
    before = schema(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(Database(connection))
        migrate(Database(connection))
    assert schema(path) == before
    assert store.order() == order_of(1)


def test_a_store_of_a_later_version_is_refused_and_left_as_it_is(store: OpenedStore) -> None:
    store.writer.close()
    path = Path(store.path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
            " VALUES ('holdfast', '9999_from_the_future', '2031-01-01 00:00:00+00:00')"
        )
    before = schema(path)
    with pytest.raises(StoreUnavailableError, match=r"later version \(9999_from_the_future\)"):
        StoreWriter(store.path, SETTINGS)
    assert schema(path) == before


def test_a_migration_that_is_cut_off_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        # Stands in the way of the last table, when all others have been made.
        connection.execute("CREATE TABLE chain_places (other TEXT)")
    with pytest.raises(StoreUnavailableError, match="chain_places already exists"):
        StoreWriter(str(path), SETTINGS)
    assert "orders" not in [name for name, _ in schema(path)]
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TABLE chain_places")
    opened_and_closed(path)
    assert "orders" in [name for name, _ in schema(path)]


def test_order_that_was_reversed_and_paid_again_is_sound_after_the_migration(
    tmp_path: Path,
) -> None:
    path = tmp_path / "shop.db"
    order_reversed_and_paid_again(path)
    opened_and_closed(path)
    with closing(sqlite3.connect(path)) as connection:
        assert violations(connection) == []
    assert back_up(path, tmp_path / "backup.db", may_replace=False) == []
