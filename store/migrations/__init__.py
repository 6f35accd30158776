"""Numbered migrations, forward only, each in a transaction, run whenever a store opens."""

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from store.migrations import m0001_initial

_MIGRATIONS = Migrations("holdfast")


@_MIGRATIONS(name="0001_initial")
def _initial(db: Database) -> None:
    for statement in m0001_initial.STATEMENTS:
        db.execute(statement)


class StoreTooNewError(Exception):
    """The store was written by a later version of the shop."""


def migrate(db: Database) -> None:
    """Bring a store, new or of any earlier version, to this version's schema.

    Raises:
        StoreTooNewError: it has migrations that this version does not know.
    """
    known = {migration.name for migration in _MIGRATIONS.pending(db)}
    known |= {migration.name for migration in _MIGRATIONS._migrations}  # noqa: SLF001 - no public list
    unknown = sorted({applied.name for applied in _MIGRATIONS.applied(db)} - known)
    if unknown:
        raise StoreTooNewError(
            f"the store was written by a later version ({', '.join(unknown)}): run that version"
        )
    _MIGRATIONS.apply(db)
