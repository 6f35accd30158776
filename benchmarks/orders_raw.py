"""Raw SQLite beside the shop: the rows that the shop wrote, written again by plain `sqlite3`.

Into a file with the same tables, CHECKs, foreign keys and indexes, under the same pragmas, and with
as many orders in each commit as the ledger had. Rows are in memory before the clock starts; each
table gets its rows of a commit by one `executemany`. Nothing is looked up and nothing decided.
"""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from store.contract import WriterSettings
from store.writer import StoreWriter

# How the rows of each table are found by a range of orders; parents before children.
_OF_ORDERS = {
    "users": "id IN (SELECT user_id FROM orders WHERE id BETWEEN ? AND ?)",
    "orders": "id BETWEEN ? AND ?",
    "order_items": "order_id BETWEEN ? AND ?",
    "reserved_stock": "order_id BETWEEN ? AND ?",
    "outbox": "order_id BETWEEN ? AND ?",
    "audit_log": "order_id BETWEEN ? AND ?",
    "commands": "json_extract(result, '$.order_id') BETWEEN ? AND ?",
}
_STOCK = ("categories", "subcategories", "items")
_NOBODY = WriterSettings(admin_telegram_ids=(), max_active_orders=1, max_user_timeouts=3)

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Commit:
    """What one transaction writes: (statement, rows) for each table; `orders` of them."""

    orders: int
    writes: tuple[tuple[str, list[Row]], ...]


def raw_orders_per_s(source: Path, target: Path, sizes: Sequence[int], *, guarded: bool) -> float:
    """Write the newest orders of the store `source` into a new store `target`.

    Args:
        source: a store that the shop has written.
        target: a path where nothing is.
        sizes: orders in each commit; the sum is how many are written.
        guarded: with the shop's triggers too.
    """
    _make_empty(target, guarded=guarded)
    with closing(sqlite3.connect(source)) as connection:
        stock = [_all_rows(connection, table) for table in _STOCK]
        commits = list(_commits(connection, sizes))
    with closing(sqlite3.connect(target, isolation_level=None)) as connection:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")
        _write(connection, Commit(0, tuple(stock)))
        started_at = time.perf_counter()
        for commit in commits:
            _write(connection, commit)
        seconds = time.perf_counter() - started_at
    return sum(commit.orders for commit in commits) / seconds


def _make_empty(path: Path, *, guarded: bool) -> None:
    StoreWriter(str(path), _NOBODY).close()
    if guarded:
        return
    with closing(sqlite3.connect(path)) as connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            connection.execute(f"DROP TRIGGER {name}")


def _write(connection: sqlite3.Connection, commit: Commit) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for statement, rows in commit.writes:
        connection.executemany(statement, rows)
    connection.execute("COMMIT")


def _commits(connection: sqlite3.Connection, sizes: Sequence[int]) -> Iterator[Commit]:
    wanted = sum(sizes)
    newest = connection.execute("SELECT id FROM orders ORDER BY id DESC LIMIT ?", (wanted,))
    ids = iter(sorted(order_id for (order_id,) in newest))
    for size in sizes:
        of_commit = list(islice(ids, size))
        bounds = (of_commit[0], of_commit[-1])
        yield Commit(
            orders=len(of_commit),
            writes=tuple(
                _rows(connection, table, where, bounds) for table, where in _OF_ORDERS.items()
            ),
        )


def _all_rows(connection: sqlite3.Connection, table: str) -> tuple[str, list[Row]]:
    return _rows(connection, table, "TRUE", ())


def _rows(
    connection: sqlite3.Connection, table: str, where: str, bounds: Row
) -> tuple[str, list[Row]]:
    found = connection.execute(f"SELECT * FROM {table} WHERE {where}", bounds)  # noqa: S608 - constants of this module
    columns = [name for name, *_ in found.description]
    places = ", ".join("?" * len(columns))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", found.fetchall()  # noqa: S608 - the same
