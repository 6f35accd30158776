"""The invariants of a store, and the proof that they hold: one query each."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache, partial

from sqlite_utils import Database

from store import money_invariants, order_invariants, record_invariants, unit_invariants
from store.invariant import Invariant, Violation
from store.migrations import migrate
from store.valuation import wrong_credits, wrong_values

__all__ = ["INVARIANTS", "Violation", "violations"]

INVARIANTS: tuple[Invariant, ...] = (
    *unit_invariants.INVARIANTS,
    *order_invariants.INVARIANTS,
    *money_invariants.INVARIANTS,
    *record_invariants.INVARIANTS,
)
_READABLE = "Every page of the file can be read and agrees with the others."
_LARGEST_REPORT = 100
_SCHEMA = """
    SELECT type, name, sql FROM sqlite_master
    WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!' AND tbl_name <> '_sqlite_migrations'
"""


def violations(connection: sqlite3.Connection) -> list[Violation]:
    """Whatever breaks an invariant, at one moment, at most a hundred for each; nothing is written.

    The shop may be running on the same file.
    """
    with _one_moment(connection):
        found = [*_readable(connection, _damage)]
        found += _readable(connection, _schema_differs)
        for invariant in INVARIANTS:
            found += _readable(connection, partial(_broken, invariant=invariant))
        found += _readable(connection, wrong_values)
        found += _readable(connection, wrong_credits)
    return list(dict.fromkeys(found))


@contextmanager
def _one_moment(connection: sqlite3.Connection) -> Iterator[None]:
    ours = not connection.in_transaction
    if ours:
        connection.execute("BEGIN")
    try:
        yield
    finally:
        if ours:
            connection.rollback()


def _readable(
    connection: sqlite3.Connection,
    look: Callable[[sqlite3.Connection], Iterator[Violation]],
) -> list[Violation]:
    # A damaged page is met by whoever reads it: the others are asked all the same.
    try:
        return list(look(connection))
    except sqlite3.DatabaseError as error:
        return [Violation(name="file-is-readable", sentence=_READABLE, subject=str(error))]


def _broken(connection: sqlite3.Connection, invariant: Invariant) -> Iterator[Violation]:
    for (subject,) in connection.execute(f"{invariant.query} LIMIT {_LARGEST_REPORT}"):
        yield Violation(name=invariant.name, sentence=invariant.sentence, subject=subject)


def _damage(connection: sqlite3.Connection) -> Iterator[Violation]:
    for (text,) in connection.execute(f"PRAGMA integrity_check ({_LARGEST_REPORT})"):
        if text != "ok":
            yield Violation(name="file-is-readable", sentence=_READABLE, subject=text)
    for table, row_id, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        yield Violation(
            name="references-lead-somewhere",
            sentence="Whatever a row refers to is there.",
            subject=f"{table}, row {row_id}: no such row in {parent}",
        )


def _schema_differs(connection: sqlite3.Connection) -> Iterator[Violation]:
    wanted, found = _schema_of_this_version(), _schema(connection)
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name) != found.get(name):
            state = "is missing" if name not in found else "is not of this version"
            yield Violation(
                name="schema-is-whole",
                sentence="Tables, indexes and the triggers that guard them are those of the shop.",
                subject=f"{name} {state}",
            )


def _schema(connection: sqlite3.Connection) -> dict[str, str | None]:
    rows = connection.execute(_SCHEMA)
    return {f"{kind} {name}": sql for kind, name, sql in rows}


@cache
def _schema_of_this_version() -> dict[str, str | None]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(Database(connection))
        return _schema(connection)
