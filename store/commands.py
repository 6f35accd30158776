"""Answers kept by command id, so that a command which comes again gets its first answer.

Answers older than a week are forgotten. A command is repeated only by who still waits for its
answer, so a week is far beyond every repeat; and what must never be done twice is refused by
something that is kept for ever. A change of an order names the version that it was decided on, and
that is gone; a wish for an order has a `request_id`, which is unique and finds the order that it
made; an import skips goods that are known; a notice that was delivered stays so.
"""

import json
import sqlite3
from collections.abc import Sequence
from itertools import groupby

from domain.order import Unit
from store.contract import Recorded
from store.many_rows import ManyRows, Row

AddedUnits = tuple[tuple[int, tuple[Unit, ...]], ...]

_KEEP = ManyRows("INSERT INTO commands (id, result, recorded_at) VALUES", "(?, ?, ?)")


def find_answer(connection: sqlite3.Connection, command_id: str) -> Recorded | None:
    """The answer that a command got when it was recorded, or None where it never was."""
    row = connection.execute("SELECT result FROM commands WHERE id = ?", (command_id,)).fetchone()
    if row is None:
        return None
    result = json.loads(row[0])
    return Recorded(
        command_id=command_id,
        order_id=result.get("order_id"),
        added=result.get("added", 0),
        added_units=_units_between(connection, *result.get("unit_ids", (1, 0))),
        known_places=tuple(result.get("known_places", ())),
    )


def keep_answers(connection: sqlite3.Connection, answers: Sequence[tuple[Recorded, str]]) -> None:
    """Keep answers, each with its time, in the transaction that they tell of."""
    rows: list[Row] = [(each.command_id, _result(each), at) for each, at in answers]
    _KEEP.insert(connection, rows)


def _result(recorded: Recorded) -> str:
    ids = [unit.unit_id for _, units in recorded.added_units for unit in units]
    result = {
        "order_id": recorded.order_id,
        "added": recorded.added or None,
        # There is one writer and units are never deleted, so that those of one transaction have
        # ids in a row: the first and the last name them all.
        "unit_ids": [min(ids), max(ids)] if ids else None,
        "known_places": list(recorded.known_places) or None,
    }
    return json.dumps({key: value for key, value in result.items() if value is not None})


def _units_between(connection: sqlite3.Connection, first_id: int, last_id: int) -> AddedUnits:
    rows = connection.execute(
        """
        SELECT subcategory_id, id, price_minor FROM items WHERE id BETWEEN ? AND ?
        ORDER BY subcategory_id, id
        """,
        (first_id, last_id),
    )
    return tuple(
        (subcategory_id, tuple(Unit(unit_id=row[1], price_minor=row[2]) for row in of_pool))
        for subcategory_id, of_pool in groupby(rows, key=lambda row: row[0])
    )
