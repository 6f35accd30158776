"""A store as the first version of the shop left it, with rows of every kind."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from store.migrations.m0001_initial import STATEMENTS

_ORDER = """
    INSERT INTO orders VALUES (
        :id, :user_id, 'wish-' || :id, :status, :payment_state, :version, :coin, 'USD', 1000,
        '100.00', 10000000, 50000, 3, 'address-' || :id, :id, :active_slot,
        '2026-05-01T12:00:00.000000Z', '2026-05-01T12:30:00.000000Z', :covered_at, :paid_at,
        :shipped_at, :closed_at, NULL)
"""
_PAYMENT = """
    INSERT INTO payments (order_id, currency, address, transaction_id, output_index,
        amount_quote_units, amount_rest_base_units, state, in_time, chain_time, seen_at, updated_at)
    VALUES (:order_id, :coin, 'address-' || :order_id, :name, :output_index, :amount, :rest,
        :state, :in_time, '2026-05-01T12:05:00.000000Z',
        '2026-05-01T12:0' || :minute || ':00.000000Z', '2026-05-01T12:09:00.000000Z')
"""
_AT = "2026-05-01T12:40:00.000000Z"
_EARLIER = "2026-05-01T12:35:00.000000Z"


def first_version(path: Path) -> None:
    """Write it, with eight orders of two shoppers; the second let three orders run out in all."""
    with closing(sqlite3.connect(path)) as connection, connection:
        _migrate(connection)
        _people_and_goods(connection)
        _orders(connection)
        _payments(connection)
        _records(connection)


def _migrate(connection: sqlite3.Connection) -> None:
    migrations = Migrations("holdfast")

    @migrations(name="0001_initial")
    def _initial(db: Database) -> None:
        for statement in STATEMENTS:
            db.execute(statement)

    migrations.apply(Database(connection))


def _people_and_goods(connection: sqlite3.Connection) -> None:
    connection.executescript(
        """
        INSERT INTO users VALUES
            (1, 70, 'ann', 'en', 0, NULL, 1, '2026-05-01T12:00:00.000000Z'),
            (2, 71, NULL, 'de', 2, '2026-05-01T12:40:00.000000Z', 0, '2026-05-01T12:00:00.000000Z');
        INSERT INTO categories VALUES (1, 'Games');
        INSERT INTO subcategories VALUES (1, 1, 'Chess');
        """
    )
    connection.executemany(
        """
        INSERT INTO items VALUES (?, 1, 'digital', 'Licence', 1000, 'USD', 'KEY-' || ?, ?,
            '2026-05-01T12:00:00.000000Z')
        """,
        [(unit, unit, int(unit in (1, 2))) for unit in range(1, 5)],
    )


def _orders(connection: sqlite3.Connection) -> None:
    empty: dict[str, object] = {
        "coin": "LTC",
        "version": 2,
        "active_slot": None,
        "covered_at": None,
        "paid_at": None,
        "shipped_at": None,
        "closed_at": None,
    }
    expired = {"user_id": 2, "status": "expired", "payment_state": "none", "closed_at": _AT}
    rows: list[dict[str, object]] = [
        {"user_id": 1, "status": "paid", "payment_state": "over", "paid_at": _AT},
        {
            "user_id": 1,
            "status": "shipped",
            "payment_state": "paid",
            "paid_at": _AT,
            "shipped_at": _AT,
        },
        {"user_id": 1, "status": "cancelled", "payment_state": "none", "closed_at": _AT},
        {"user_id": 1, "status": "created", "payment_state": "partial", "active_slot": 0},
        expired,
        expired | {"closed_at": _EARLIER},
        expired | {"payment_state": "late", "covered_at": _EARLIER, "coin": "ETH"},
        expired,
    ]
    for order_id, row in enumerate(rows, start=1):
        connection.execute(_ORDER, empty | row | {"id": order_id})
        unit = order_id if order_id < 5 else 4
        holds = int(row["status"] in ("paid", "shipped", "created"))
        connection.execute(
            "INSERT INTO order_items (order_id, item_id, price_at_purchase_minor, holds_unit,"
            " created_at) VALUES (?, ?, 1000, ?, '2026-05-01T12:00:00.000000Z')",
            (order_id, 3 if row["status"] == "created" else unit, holds),
        )
    connection.execute(
        "INSERT INTO reserved_stock VALUES (1, 4, 1, 1, 1, '2026-05-01T12:00:00.000000Z',"
        " '2026-05-01T12:30:00.000000Z')"
    )


def _payments(connection: sqlite3.Connection) -> None:
    usual: dict[str, object] = {
        "coin": "LTC",
        "output_index": 0,
        "rest": 0,
        "state": "confirmed",
        "in_time": 1,
        "minute": 1,
    }
    rows: list[dict[str, object]] = [
        {"order_id": 1, "name": "late", "amount": 500_000, "in_time": 0},
        {"order_id": 1, "name": "second", "amount": 6_000_000, "minute": 2},
        {"order_id": 1, "name": "first", "amount": 5_000_000},
        {"order_id": 1, "name": "gone", "amount": 7_000_000, "state": "gone"},
        {"order_id": 2, "name": "a little more", "amount": 10_050_000},
        {"order_id": 4, "name": "a part", "amount": 4_000_000, "state": "seen"},
        {
            "order_id": 7,
            "name": "wei",
            "coin": "ETH",
            "output_index": None,
            "amount": 10_000_000,
            "rest": 1,
            "in_time": 0,
        },
    ]
    for row in rows:
        connection.execute(_PAYMENT, usual | row)


def _records(connection: sqlite3.Connection) -> None:
    connection.executemany(
        """
        INSERT INTO audit_log (at, by, order_id, what, why)
        VALUES ('2026-05-01T12:40:00.000000Z', ?, ?, 'order_expired', '')
        """,
        [("chain", 5), ("clock", 6), ("chain", 7), ("chain", 8)],
    )
    connection.execute(
        "INSERT INTO outbox (audience, chat_id, kind, order_id, state, created_at)"
        " VALUES ('shopper', 70, 'goods', 1, 'pending', '2026-05-01T12:40:00.000000Z')"
    )
    connection.execute(
        "INSERT INTO commands VALUES ('create:wish-1', '{\"order_id\": 1}',"
        " '2026-05-01T12:00:00.000000Z')"
    )
    connection.execute("INSERT INTO refused_orders VALUES (99, '2026-05-01T12:00:00.000000Z')")
    connection.execute(
        "INSERT INTO chain_places VALUES ('LTC', 7, 'h7', '2026-05-01T12:00:00.000000Z')"
    )


def order_reversed_and_paid_again(path: Path) -> None:
    """A store with one order: paid, reversed by a fork, and paid again by another transaction."""
    at = "2026-05-01T12:40:00.000000Z"
    with closing(sqlite3.connect(path)) as connection, connection:
        _migrate(connection)
        _people_and_goods(connection)
        connection.execute("UPDATE items SET is_sold = 0 WHERE id = 2")
        connection.execute("UPDATE users SET timeout_count = 0")
        order = {"id": 1, "user_id": 1, "status": "shipped", "payment_state": "paid", "coin": "LTC",
                 "version": 6, "active_slot": None, "covered_at": at, "paid_at": at,
                 "shipped_at": at, "closed_at": None}  # fmt: skip
        connection.execute(_ORDER, order)
        connection.execute(
            "INSERT INTO order_items (order_id, item_id, price_at_purchase_minor, holds_unit,"
            " created_at) VALUES (1, 1, 1000, 1, ?)",
            (at,),
        )
        usual = {"order_id": 1, "coin": "LTC", "output_index": 0, "rest": 0, "minute": 1}
        for name, state, in_time in (("a", "reversed", 1), ("b", "confirmed", 0)):
            receipt = {"name": name, "amount": 10_000_000, "state": state, "in_time": in_time}
            connection.execute(_PAYMENT, usual | receipt)
        for what in ("order_created", "receipts_changed", "order_paid", "order_shipped",
                     "receipts_changed", "receipts_changed"):  # fmt: skip
            connection.execute(
                "INSERT INTO audit_log (at, by, order_id, what, why) VALUES (?, 'chain', 1, ?, '')",
                (at, what),
            )
        connection.execute(
            "INSERT INTO outbox (audience, chat_id, kind, order_id, state, created_at,"
            " delivered_at) VALUES ('shopper', 70, 'goods', 1, 'delivered', ?, ?)",
            (at, at),
        )
