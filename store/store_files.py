"""Files that are, or should be, stores: opened to be read, and written so that they are whole."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlite_utils import Database

from store.invariant import Violation
from store.invariants import violations
from store.migrations import applied_names, known_names


class StoreFileError(Exception):
    """A file is not what is asked for; the text says what it is and what to do."""


@contextmanager
def opened_to_read(path: Path) -> Iterator[sqlite3.Connection]:
    """A store, also one that is being written, on a connection that cannot write.

    Raises:
        StoreFileError: there is no file, or it is no store of this version or an earlier one.
    """
    if not path.is_file():
        raise StoreFileError(f"there is no store at {path}")
    uri = f"{path.absolute().as_uri()}?mode=ro"
    try:
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=10)
    except sqlite3.Error as error:
        raise StoreFileError(f"{path} cannot be opened: {error}") from error
    with closing(connection):
        connection.execute("PRAGMA query_only = ON")
        _look_at_version(connection, path)
        yield connection


def is_current(connection: sqlite3.Connection) -> bool:
    """Whether nothing is to be migrated; True where that cannot be read."""
    try:
        return set(applied_names(Database(connection))) == set(known_names())
    except sqlite3.DatabaseError:
        return True


def _look_at_version(connection: sqlite3.Connection, path: Path) -> None:
    try:
        applied = applied_names(Database(connection))
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_CORRUPT:
            return  # a store, to all appearances, and a damaged one: that is to be found out
        raise StoreFileError(f"{path} is no store: {error}") from error
    if not applied:
        raise StoreFileError(f"{path} is no store of this shop")
    later = sorted(set(applied) - set(known_names()))
    if later:
        raise StoreFileError(
            f"{path} was written by a later version ({', '.join(later)}): use that version"
        )


def check_store(path: Path) -> list[Violation]:
    """Whatever breaks an invariant of a store; nothing is written, and the shop may be running.

    Raises:
        StoreFileError: it is no store of this version.
    """
    with opened_to_read(path) as connection:
        if not is_current(connection):
            raise StoreFileError(
                f"{path} was written by an earlier version: start the shop once, which brings it"
                " up to date"
            )
        return violations(connection)


_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
"""What SQLite says where the file that is read is to blame, and not the one that is written."""


@contextmanager
def written_beside(path: Path) -> Iterator[Path]:
    """A new file in the folder of `path`, for its owner alone; gone behind, unless it was moved.

    Raises:
        StoreFileError: the folder is not there or cannot be written.
    """
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise StoreFileError(f"{path.parent} cannot be written: {error.strerror}") from error
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        for suffix in ("", "-journal", "-wal", "-shm"):
            Path(f"{name}{suffix}").unlink(missing_ok=True)


def copy_store(source: sqlite3.Connection, target: Path) -> None:
    """Copy a store as it is at one moment into an empty file, wholly on disk in that one file.

    Raises:
        StoreFileError: it cannot be read or written to its end.
    """
    try:
        with closing(sqlite3.connect(target, isolation_level=None)) as connection:
            source.backup(connection)
            # Without a log beside it: the file alone is all of it.
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) in _DAMAGED:
            raise StoreFileError(f"{_file_of(source)} is damaged or cut off: {error}") from error
        raise StoreFileError(f"{target.parent}: the copy was not made: {error}") from error
    sync(target)


def _file_of(connection: sqlite3.Connection) -> str:
    return str(connection.execute("PRAGMA database_list").fetchone()[2])


def sync(path: Path) -> None:
    """Put a file, or the names in a folder, on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
