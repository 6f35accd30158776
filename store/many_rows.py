"""Many rows in one statement.

The interpreter's lock is let go and waited for at every step of a statement, `executemany` takes a
step for every row, and to be given the lock takes up to `sys.getswitchinterval()` while the event
loop is busy: what a row costs is mostly that. Here it is a step for up to 128 rows.
"""

import sqlite3
from collections.abc import Sequence
from itertools import chain
from typing import Any

# Of few sizes, so that the connection keeps all statements prepared. SQLite takes 32,766 parameters
# in a statement.
_ROWS_AT_ONCE = (128, 64, 32, 16, 8, 4, 2, 1)

Row = tuple[str | int | None, ...]


class ManyRows:
    """A statement with a list of rows in it.

    Args:
        before: up to the first row, as in "INSERT INTO users (id, name) VALUES".
        row: one row with its parameters, as in "(?, ?)".
        after: what follows the last row.
    """

    def __init__(self, before: str, row: str, after: str = "") -> None:
        self._statements = {
            size: f"{before} {', '.join([row] * size)} {after}" for size in _ROWS_AT_ONCE
        }

    def insert(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
        """Run it for all rows, in their order.

        Raises:
            sqlite3.IntegrityError: one of them cannot be; some others may be written.
        """
        for size, part in _parts(rows):
            connection.execute(self._statements[size], tuple(chain.from_iterable(part)))

    def select(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> list[tuple[Any, ...]]:
        """Run it for all rows, and return whatever it gives for them."""
        found: list[tuple[Any, ...]] = []
        for size, part in _parts(rows):
            found += connection.execute(self._statements[size], tuple(chain.from_iterable(part)))
        return found


def _parts(rows: Sequence[Row]) -> list[tuple[int, Sequence[Row]]]:
    parts, start = [], 0
    for size in _ROWS_AT_ONCE:
        while len(rows) - start >= size:
            parts.append((size, rows[start : start + size]))
            start += size
    return parts
