"""Units as rows: what is free, what is held, what an import adds."""

import sqlite3
from collections.abc import Iterable

from domain.catalog import ImportEntry
from domain.order import Unit
from store.contract import PoolLoaded


def load_pool(connection: sqlite3.Connection, subcategory_id: int) -> PoolLoaded:
    """A pool as the store has it."""
    rows = connection.execute(
        """
        SELECT items.id, price_minor, order_id
        FROM items LEFT JOIN order_items ON item_id = items.id AND holds_unit = 1
        WHERE subcategory_id = ? AND is_sold = 0
        ORDER BY items.id
        """,
        (subcategory_id,),
    )
    by_order: dict[int | None, list[Unit]] = {}
    for unit_id, price_minor, order_id in rows:
        unit = Unit(unit_id=unit_id, price_minor=price_minor)
        by_order.setdefault(order_id, []).append(unit)
    free = by_order.pop(None, [])
    (newest,) = connection.execute(
        "SELECT coalesce(max(id), 0) FROM items WHERE subcategory_id = ?", (subcategory_id,)
    ).fetchone()
    return PoolLoaded(
        subcategory_id=subcategory_id,
        free=tuple(free),
        holds=tuple(
            (order_id, tuple(units)) for order_id, units in by_order.items() if order_id is not None
        ),
        newest_unit_id=newest,
    )


class Added:
    """What an import did: units by subcategory, and the places of entries that were known."""

    def __init__(self) -> None:
        self.units: dict[int, list[Unit]] = {}
        self.known_places: list[int] = []

    @property
    def count(self) -> int:
        """How many units are new."""
        return sum(len(units) for units in self.units.values())


def insert_items(
    connection: sqlite3.Connection,
    entries: Iterable[ImportEntry],
    fiat_currency: str,
    at: str,
) -> Added:
    """Add units for sale, making categories as they are named; known units are passed over."""
    added = Added()
    subcategory_ids: dict[tuple[str, str], int] = {}
    for entry in entries:
        names = (entry.category, entry.subcategory)
        if names not in subcategory_ids:
            subcategory_ids[names] = _subcategory_id(connection, *names)
        subcategory_id = subcategory_ids[names]
        row = connection.execute(
            """
            INSERT INTO items (subcategory_id, description, price_minor, fiat_currency,
                private_data, added_at)
            SELECT ?1, ?2, ?3, ?4, ?5, ?6
            WHERE NOT EXISTS (SELECT 1 FROM items WHERE subcategory_id = ?1 AND private_data = ?5)
            RETURNING id
            """,
            (
                subcategory_id, entry.description, entry.price_minor, fiat_currency,
                entry.private_data, at,
            ),
        ).fetchone()  # fmt: skip
        if row is None:
            added.known_places.append(entry.place)
        else:
            unit = Unit(unit_id=row[0], price_minor=entry.price_minor)
            added.units.setdefault(subcategory_id, []).append(unit)
    return added


def _subcategory_id(connection: sqlite3.Connection, category: str, subcategory: str) -> int:
    connection.execute("INSERT OR IGNORE INTO categories (name) VALUES (?)", (category,))
    connection.execute(
        """
        INSERT OR IGNORE INTO subcategories (category_id, name)
        SELECT id, ? FROM categories WHERE name = ?
        """,
        (subcategory, category),
    )
    (subcategory_id,) = connection.execute(
        """
        SELECT subcategories.id FROM subcategories
        JOIN categories ON categories.id = category_id
        WHERE categories.name = ? AND subcategories.name = ?
        """,
        (category, subcategory),
    ).fetchone()
    return int(subcategory_id)
