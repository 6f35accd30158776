"""The disk under the store: what is on it after a crash, and how it fails.

The store is a real SQLite file that the shop's own writer writes. The simulation stands between the
two where the writer's connection runs statements, whatever the writer's code is like: it sees each
BEGIN, each statement within, and each COMMIT.

A crash of the process keeps the files as they are at that instant, with the log not checkpointed,
and also where a transaction is open or its COMMIT has run and nobody was told. They are copied away
before the old connection may clean up behind itself, and the next shop opens the copy.

A power loss keeps what was synced. With `synchronous=FULL` SQLite syncs the log within each COMMIT,
so what can be missing is what the COMMIT under way wrote: the log is cut at a random byte after the
last commit that was answered, which leaves nothing, a torn part, or all of the new one. Where the
connection syncs less (`synchronous` below FULL), commits are not synced when they are answered, and
the log is cut anywhere behind what was checkpointed.

Not simulated: sectors that are written in another order than asked for within one commit (SQLite's
checksums see a torn commit whatever its shape), the pages of a checkpoint that was interrupted (the
log is synced before and kept until after), a disk that lies about syncs, and bits that rot.
"""

import shutil
import sqlite3
import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Protocol
from unittest import mock

_WAL_HEADER_BYTES = 32
_FRAME_HEADER_BYTES = 24
_BACKFILLED_AT = 96
_FULL = 2

_connect = sqlite3.connect


class Watcher(Protocol):
    """Who is asked before the writer's statements run. Each may raise an error in their place."""

    def on_begin(self) -> None:
        """A transaction begins."""

    def on_probe(self) -> None:
        """Something small is written, to see whether it can be."""

    def on_statement(self) -> None:
        """A statement runs within a transaction."""

    def on_commit(self, connection: sqlite3.Connection) -> None:
        """A transaction ends well, if this calls `run_quietly(connection, "COMMIT")`."""


class WatchedConnection(sqlite3.Connection):
    """The connection of the shop's writer."""

    watcher: Watcher | None = None
    is_closed = False

    def close(self) -> None:
        """Close it, and know that it is."""
        self.is_closed = True
        super().close()

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:  # noqa: ANN401 - sqlite3's own
        """Run a statement, unless the watcher has something else in mind."""
        watcher = self.watcher
        if watcher is None:
            return super().execute(sql, parameters)
        if sql.startswith("BEGIN"):
            watcher.on_begin()
        elif sql == "COMMIT":
            watcher.on_commit(self)
            return super().execute("SELECT 1 WHERE 0")
        elif sql.startswith("PRAGMA user_version ="):
            watcher.on_probe()
        elif self.in_transaction and sql != "ROLLBACK":
            watcher.on_statement()
        return super().execute(sql, parameters)


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """What a power loss within a commit cannot take: the database, and so much of the log."""

    database: bytes | None
    log_bytes: int


@dataclass(slots=True)
class Disk:
    """A folder that a shop's files are in; each crash moves them to a new one."""

    folder: Path
    chance: Random
    generation: int = 0
    connections: list[WatchedConnection] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._here.mkdir(parents=True)

    @property
    def store_path(self) -> Path:
        """Where the shop has its store now."""
        return self._here / "store.db"

    @property
    def _here(self) -> Path:
        return self.folder / str(self.generation)

    def crash(self, *, power: bool, synced: "Synced | None" = None) -> None:
        """Keep what is on disk at this instant, for the next shop.

        Args:
            power: lose what was not synced.
            synced: what was, where a commit is under way.
        """
        log = _read(_log_of(self.store_path))
        database = _read(self.store_path) if synced is None else synced.database
        if power and log is not None and len(log) > _WAL_HEADER_BYTES:
            log = self._cut(log, synced)
        self.generation += 1
        self._here.mkdir()
        if database is not None:
            self.store_path.write_bytes(database)
        if log is not None:
            _log_of(self.store_path).write_bytes(log)

    def forget_old(self, watched: Iterable[WatchedConnection]) -> None:
        """Close what the last shop had open, and remove its files."""
        for connection in watched:
            connection.watcher = None
            connection.close()
        shutil.rmtree(self.folder / str(self.generation - 1), ignore_errors=True)

    def synced(self) -> "Synced":
        """What is on disk for good before a commit; the database as no checkpoint has changed it.

        The checkpoint that may follow a commit at once begins only when the log is synced.
        """
        ends = list(_commit_ends(_read(_log_of(self.store_path)) or b""))
        log_bytes = ends[-1] if ends else _WAL_HEADER_BYTES
        return Synced(database=_read(self.store_path), log_bytes=log_bytes)

    def _cut(self, log: bytes, synced: "Synced | None") -> bytes:
        ends = list(_commit_ends(log)) or [_WAL_HEADER_BYTES]
        first = ends[-1] if synced is None else synced.log_bytes
        if not self._syncs_at_commit():
            first = _checkpointed_bytes(self.store_path, log)
        # A log that begins anew under way has nothing before this commit that matters.
        first = first if first <= ends[-1] else _WAL_HEADER_BYTES
        end = ends[-1] if self.chance.random() < 0.3 else self.chance.randint(first, ends[-1])
        return log[:end]

    def _syncs_at_commit(self) -> bool:
        for connection in [each for each in self.connections if not each.is_closed]:
            (level,) = run_quietly(connection, "PRAGMA synchronous").fetchone()
            if level < _FULL:
                return False
        return True

    @contextmanager
    def watched_by(self, watcher: Watcher) -> Iterator[None]:
        """Stand between every writing connection that is opened meanwhile and its file."""

        def connect(*args: Any, **options: Any) -> sqlite3.Connection:  # noqa: ANN401 - sqlite3's own
            if options.get("uri") or "factory" in options or args[0] == ":memory:":
                plain: sqlite3.Connection = _connect(*args, **options)
                return plain
            connection = WatchedConnection(*args, **options)
            connection.watcher = watcher
            self.connections.append(connection)
            return connection

        with mock.patch.object(sqlite3, "connect", connect):
            yield


def run_quietly(
    connection: sqlite3.Connection, sql: str, parameters: Sequence[object] = ()
) -> sqlite3.Cursor:
    """Run a statement on the writer's connection that nobody watches."""
    return sqlite3.Connection.execute(connection, sql, parameters)


def open_quietly(path: Path) -> sqlite3.Connection:
    """A connection of the simulation's own, that nobody watches and that changes nothing."""
    return _connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _checkpointed_bytes(path: Path, log: bytes) -> int:
    """How much of the log is in the database already (SQLite, WAL-mode file format, nBackfill)."""
    index = _read(path.with_name(f"{path.name}-shm"))
    if index is None or len(index) < _BACKFILLED_AT + 4:
        return _WAL_HEADER_BYTES
    (page_bytes,) = struct.unpack_from(">I", log, 8)
    (frames,) = struct.unpack_from("=I", index, _BACKFILLED_AT)
    return _WAL_HEADER_BYTES + int(frames) * (_FRAME_HEADER_BYTES + int(page_bytes))


def _commit_ends(log: bytes) -> Iterator[int]:
    """Where each commit of the log ends that was begun last (SQLite, file format, section 4)."""
    if len(log) < _WAL_HEADER_BYTES:
        return
    (page_bytes,) = struct.unpack_from(">I", log, 8)
    salts = log[16:24]
    at = _WAL_HEADER_BYTES
    frame_bytes = _FRAME_HEADER_BYTES + page_bytes
    while at + frame_bytes <= len(log) and log[at + 8 : at + 16] == salts:
        (pages_after_commit,) = struct.unpack_from(">I", log, at + 4)
        at += frame_bytes
        if pages_after_commit:
            yield at
