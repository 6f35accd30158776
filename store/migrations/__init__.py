"""Numbered migrations, forward only, each in a transaction, run whenever a store opens."""

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from store.migrations import (
    m0001_initial,
    m0002_money_guards,
    m0002_order_guards,
    m0002_order_lifecycle,
    m0002_unit_guards,
    m0003_key_guards,
    m0004_custody,
    m0005_refund_corrections,
    m0006_payment_reports,
)

_GUARDS = (m0002_order_guards, m0002_unit_guards, m0002_money_guards)

_MIGRATIONS = Migrations("holdfast")


@_MIGRATIONS(name="0001_initial")
def _initial(db: Database) -> None:
    for statement in m0001_initial.STATEMENTS:
        db.execute(statement)


@_MIGRATIONS(name="0002_order_lifecycle")
def _order_lifecycle(db: Database) -> None:
    for statement in m0002_order_lifecycle.STATEMENTS:
        db.execute(statement)
    m0002_order_lifecycle.fill_in(db.conn)
    for guards in _GUARDS:
        for statement in guards.STATEMENTS:
            db.execute(statement)


@_MIGRATIONS(name="0003_key_guards")
def _key_guards(db: Database) -> None:
    for statement in m0003_key_guards.STATEMENTS:
        db.execute(statement)


@_MIGRATIONS(name="0004_custody")
def _custody(db: Database) -> None:
    for statement in m0004_custody.STATEMENTS:
        db.execute(statement)


@_MIGRATIONS(name="0005_refund_corrections")
def _refund_corrections(db: Database) -> None:
    for statement in m0005_refund_corrections.STATEMENTS:
        db.execute(statement)


@_MIGRATIONS(name="0006_payment_reports")
def _payment_reports(db: Database) -> None:
    for statement in m0006_payment_reports.STATEMENTS:
        db.execute(statement)


class StoreTooNewError(Exception):
    """The store was written by a later version of the shop."""


def migrate(db: Database) -> None:
    """Bring a store, new or of any earlier version, to this version's schema.

    Raises:
        StoreTooNewError: it has migrations that this version does not know.
    """
    known = set(known_names())
    unknown = sorted(set(applied_names(db)) - known)
    if unknown:
        raise StoreTooNewError(
            f"the store was written by a later version ({', '.join(unknown)}): run that version"
        )
    _MIGRATIONS.apply(db)


def known_names() -> tuple[str, ...]:
    """The migrations of this version, in their order."""
    return tuple(migration.name for migration in _MIGRATIONS._migrations)  # noqa: SLF001 - no public list


def applied_names(db: Database) -> tuple[str, ...]:
    """The migrations that a store has behind it, in their order; nothing is written."""
    return tuple(applied.name for applied in _MIGRATIONS.applied(db))
