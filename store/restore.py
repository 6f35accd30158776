"""Another store in the place of the shop's, whole or not at all, with the old one kept aside.

While files are being moved a mark lies beside the store, and no shop starts where it is found:
a restore that was cut off is begun again, never taken for an empty shop.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlite_utils import Database

from store.codec import time_text
from store.invariant import Violation
from store.lock import lock_for_restore, restoring_mark
from store.migrations import migrate
from store.store_files import (
    StoreFileError,
    check_store,
    copy_store,
    opened_to_read,
    sync,
    written_beside,
)

# The log goes with its store: without it the last commits are missing, and beside another store it
# would be taken for that one's.
_PARTS = ("", "-wal", "-shm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore:
    """A store that is ready to be put in the place of the shop's.

    `broken` is what breaks its invariants: then it must not be. `next_address_indexes` has, by
    coin, one above the highest address index that this store or the one in its place knows.
    `newer_orders` and `newer_units` count what the store in its place has and this has not, and
    `units_sold_since` the units of both that only there are sold; 0 where that cannot be read.
    """

    broken: tuple[Violation, ...]
    next_address_indexes: dict[str, int]
    newer_orders: int
    newer_units: int
    units_sold_since: int
    place: Path
    copy: Path

    def put_in_place(self, at: datetime) -> Path | None:
        """Do it; where the old store is now, None where there was none.

        Raises:
            StoreFileError: a file could not be moved; run the restore again.
        """
        mark = restoring_mark(str(self.place))
        try:
            kept = _move_aside(self.place, mark, at)
            self.copy.replace(self.place)
            sync(self.place.parent)
            mark.unlink()
            sync(self.place.parent)
        except OSError as error:
            raise StoreFileError(
                f"{self.place} could not be replaced ({error}): mend that and run the restore again"
            ) from error
        return kept


def _move_aside(place: Path, mark: Path, at: datetime) -> Path | None:
    """Begin to replace what is at `place`; where it is now, None where there was nothing."""
    fresh = Path(f"{place}.replaced-{at:%Y%m%dT%H%M%S%fZ}")
    kept = fresh
    if mark.exists():
        # Cut off before: what is left of the old store goes where its first part is.
        kept = place.with_name(mark.read_text(encoding="utf-8"))
    else:
        mark.write_text(fresh.name, encoding="utf-8")
        sync(mark)
        sync(place.parent)
    moved = False
    for suffix in _PARTS:
        aside = Path(f"{kept}{suffix}")
        if aside.exists():
            # The restored store was there already, and only the mark was not taken away.
            aside = Path(f"{fresh}{suffix}")
        with suppress(FileNotFoundError):
            Path(f"{place}{suffix}").rename(aside)
            moved = True
    sync(place.parent)
    return kept if moved else None


@contextmanager
def prepared_restore(place: Path, source: Path) -> Iterator[Restore]:
    """Hold the shop's store, and have a proved copy of `source` ready beside it.

    A source of an earlier version is brought up to date; the source itself stays as it is.

    Raises:
        StoreUnavailableError: the shop is running.
        StoreFileError: the source is no store, or there is no room for it.
    """
    with closing(lock_for_restore(str(place))), opened_to_read(source) as opened:
        if place.exists() and place.samefile(source):
            raise StoreFileError(f"{source} is the store itself: write the name of a backup")
        with written_beside(place) as copy:
            copy_store(opened, copy)
            there = _contents(place)
            _bring_up_to_date(copy, there)
            broken = check_store(copy)
            yield _restore(place, copy, there, broken)


def _bring_up_to_date(copy: Path, replaced: "_Contents") -> None:
    # A copy that cannot be migrated is damaged, which the check behind this will say.
    with (
        closing(sqlite3.connect(copy, isolation_level=None)) as connection,
        suppress(sqlite3.DatabaseError),
    ):
        migrate(Database(connection))
        _use_up_numbers(connection, max(replaced.order_ids, default=0))
    sync(copy)


def _use_up_numbers(connection: sqlite3.Connection, highest: int) -> None:
    """No order gets a number that one had which is not in the copy: people were told of it."""
    connection.execute(
        """
        INSERT OR IGNORE INTO refused_orders (order_id, refused_at)
        SELECT ?1, ?2 WHERE ?1 > (SELECT coalesce(max(id), 0) FROM orders)
        """,
        (highest, time_text(datetime.now(UTC))),
    )


def _restore(place: Path, copy: Path, there: "_Contents", broken: list[Violation]) -> Restore:
    here = _contents(copy)
    coins = here.next_address_indexes.keys() | there.next_address_indexes.keys()
    return Restore(
        broken=tuple(broken),
        next_address_indexes={
            coin: max(
                here.next_address_indexes.get(coin, 0), there.next_address_indexes.get(coin, 0)
            )
            for coin in sorted(coins)
        },
        newer_orders=len(there.order_ids - here.order_ids),
        newer_units=len(there.unit_ids - here.unit_ids),
        units_sold_since=len((there.sold_unit_ids - here.sold_unit_ids) & here.unit_ids),
        place=place,
        copy=copy,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Contents:
    order_ids: frozenset[int]
    unit_ids: frozenset[int]
    sold_unit_ids: frozenset[int]
    next_address_indexes: dict[str, int]


def _contents(path: Path) -> _Contents:
    order_ids: set[int] = set()
    units: set[int] = set()
    sold: set[int] = set()
    indexes: dict[str, int] = {}
    # A store that is replaced because it is damaged tells what it still can.
    with suppress(StoreFileError, sqlite3.Error), opened_to_read(path) as connection:
        indexes.update(
            connection.execute("SELECT currency, 1 + max(address_index) FROM orders GROUP BY 1")
        )
        order_ids.update(row[0] for row in connection.execute("SELECT id FROM orders"))
        units.update(row[0] for row in connection.execute("SELECT id FROM items"))
        sold.update(row[0] for row in connection.execute("SELECT id FROM items WHERE is_sold = 1"))
    return _Contents(
        order_ids=frozenset(order_ids),
        unit_ids=frozenset(units),
        sold_unit_ids=frozenset(sold),
        next_address_indexes=indexes,
    )
