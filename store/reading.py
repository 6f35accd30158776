"""Connections that cannot write, one for each thread, so that a pool of threads can read."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


class ReadOnlyStore:
    """A store to be read; thread-safe."""

    def __init__(self, path: str) -> None:
        """Nothing is opened until the first query."""
        self._uri = f"{Path(path).absolute().as_uri()}?mode=ro"
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._guard = threading.Lock()

    def close(self) -> None:
        """Close every thread's connection; call it when no query runs."""
        with self._guard:
            for connection in self._connections:
                connection.close()
            self._connections.clear()

    @contextmanager
    def one_moment(self) -> Iterator[sqlite3.Connection]:
        """This thread's connection; what is read through it is all of one moment."""
        # An order is read in several queries. Were it paid in between, its receipts would be there
        # and its status would not, and an invoice would ask for less than nothing.
        connection = self._connection()
        connection.execute("BEGIN")
        try:
            yield connection
        finally:
            if connection.in_transaction:
                connection.execute("COMMIT")

    def _all(self, query: str, parameters: Sequence[object] = ()) -> list[tuple]:  # type: ignore[type-arg] # rows differ in shape
        return self._connection().execute(query, parameters).fetchall()

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(
                self._uri, uri=True, isolation_level=None, check_same_thread=False, timeout=10
            )
            connection.execute("PRAGMA query_only = ON")
            self._local.connection = connection
            with self._guard:
                self._connections.append(connection)
        return connection
