"""What a store says after a benchmark: that nothing in it is wrong, and nothing is missing."""

import sqlite3
from contextlib import closing
from pathlib import Path

from benchmarks.measuring import BenchmarkError
from store.store_files import check_store


def check_store_is_sound(path: Path) -> None:
    """Look at every invariant of the store, the one against overselling among them.

    Raises:
        BenchmarkError: one is broken.
    """
    broken = check_store(path)
    if broken:
        raise BenchmarkError(
            f"{broken[0].subject}: {broken[0].sentence}, and {len(broken) - 1} more"
        )


def check_units(path: Path, units: int) -> None:
    """See that the store is sound and that so many units are neither sold nor held.

    Raises:
        BenchmarkError: it is not so.
    """
    check_store_is_sound(path)
    with closing(sqlite3.connect(path)) as connection:
        (free,) = connection.execute(
            """
            SELECT count(*) FROM items WHERE is_sold = 0 AND NOT EXISTS (
                SELECT 1 FROM order_items WHERE item_id = items.id AND holds_unit = 1)
            """
        ).fetchone()
    if free != units:
        raise BenchmarkError(f"{free} of {units} units are for sale in the store")
