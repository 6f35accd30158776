"""The one writer: takes batches of jobs, each batch one durable commit.

Blocking, and used from one thread. Durable means WAL with `synchronous=FULL`: the commit has
returned only when the log is synced.
"""

import fcntl
import os
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import IO, assert_never

from sqlite_utils import Database

from domain.order import Audience
from store.codec import time_text
from store.contract import (
    Answer,
    BatchDone,
    GetGoodsDelivery,
    GetOrder,
    GetOrdersToWatch,
    GetPendingNotices,
    GetPlace,
    GetPool,
    GoodsDelivery,
    Job,
    Notice,
    NoticesWritten,
    OrderLoaded,
    OrderSettled,
    OrdersToWatch,
    PlaceLoaded,
    Record,
    RecordRefusalReason,
    RecordRefused,
    SettleOrder,
    StoreFacts,
)
from store.migrations import StoreTooNewError, migrate
from store.orders import load_order, load_orders_to_watch
from store.outbox import load_goods_delivery, load_pending
from store.projection import StoreInvariantError, WriterSettings, write
from store.stock import load_pool

_UNSOLD_CURRENCIES = "SELECT DISTINCT fiat_currency FROM items WHERE is_sold = 0"
_OPEN_COINS = "SELECT DISTINCT currency FROM orders WHERE status IN ('created', 'paid')"


# What is wrong with a job itself, and will be however often it is run: a constraint, a number above
# 64 bits, a text that has no UTF-8.
_CANNOT_BE = (sqlite3.IntegrityError, StoreInvariantError, OverflowError, ValueError, KeyError)


class StoreUnavailableError(Exception):
    """The store cannot be opened or written now; the text says why."""


class StoreWriter:
    """An open store, locked against other writers."""

    def __init__(self, path: str, settings: WriterSettings) -> None:
        """Open (and make, and migrate) the store at `path`.

        Raises:
            StoreUnavailableError: another process writes to it, or it cannot be opened.
        """
        self._path = path
        self._settings = settings
        self._last_run_failed = False
        self._lock = _lock(path)
        try:
            self._connection = _connect(path)
        except (sqlite3.Error, OSError, StoreTooNewError) as error:
            self._lock.close()
            raise StoreUnavailableError(f"the store {path} cannot be opened: {error}") from error

    def close(self) -> None:
        """Let go of the store and its lock."""
        self._connection.close()
        self._lock.close()

    def facts(self) -> StoreFacts:
        """What the shop must know before it starts."""
        execute = self._connection.execute
        (next_order_id,) = execute(
            """
            SELECT 1 + max(coalesce((SELECT max(id) FROM orders), 0),
                coalesce((SELECT max(order_id) FROM refused_orders), 0))
            """
        ).fetchone()
        return StoreFacts(
            next_order_id=next_order_id,
            subcategory_ids=tuple(row[0] for row in execute("SELECT id FROM subcategories")),
            unsold_currencies=tuple(row[0] for row in execute(_UNSOLD_CURRENCIES)),
            open_coins=tuple(row[0] for row in execute(_OPEN_COINS)),
        )

    def run(self, jobs: Sequence[Job], at: datetime) -> BatchDone:
        """Do all jobs in their order in one commit; a job that cannot be is refused alone.

        After a failure the next answer has all outbox rows that are unsent, because those which the
        failed run wrote may be on disk with nobody told of them.

        Raises:
            StoreUnavailableError: nothing is known to be on disk; run the same jobs again later.
                Those that are on disk all the same answer as they did the first time.
        """
        try:
            if self._last_run_failed:
                self._connection = _open_again(self._path)
            done = self._run_in_one_commit_or_more(jobs, at)
            if self._last_run_failed:
                done = replace(done, notices=self._unsent())
        except (sqlite3.Error, OSError, StoreTooNewError) as error:
            # The outcome of a failed commit is unknown. A new connection will see what is on disk,
            # and commands that are there answer as before when they are run again.
            self._last_run_failed = True
            self._connection.close()
            raise StoreUnavailableError(f"the store {self._path} failed: {error}") from error
        self._last_run_failed = False
        return done

    def _run_in_one_commit_or_more(self, jobs: Sequence[Job], at: datetime) -> BatchDone:
        try:
            return self._run_together(jobs, at)
        except _CANNOT_BE:
            return self._run_one_by_one(jobs, at)

    def _run_one_by_one(self, jobs: Sequence[Job], at: datetime) -> BatchDone:
        answers: list[Answer] = []
        notices: list[Notice] = []
        for job in jobs:
            try:
                done = self._run_together([job], at)
            except _CANNOT_BE as error:
                answers.append(_refusal(job, error))
            else:
                answers.extend(done.answers)
                notices.extend(done.notices)
        return BatchDone(answers=tuple(answers), notices=tuple(notices))

    def _run_together(self, jobs: Sequence[Job], at: datetime) -> BatchDone:
        answers: list[Answer] = []
        notices: list[Notice] = []
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            answers.extend(self._answer(job, notices, at) for job in jobs)
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        return BatchDone(answers=tuple(answers), notices=tuple(notices))

    def _answer(self, job: Job, notices: list[Notice], at: datetime) -> Answer:  # noqa: PLR0911 - one return a job
        connection = self._connection
        match job:
            case Record():
                answer, written = write(connection, self._settings, job)
                notices.extend(written)
                return answer
            case GetOrder():
                order = load_order(connection, job.order_id)
                return OrderLoaded(order_id=job.order_id, order=order)
            case GetOrdersToWatch():
                orders = load_orders_to_watch(
                    connection, job.coin, job.ended_after, job.after_order_id, job.limit
                )
                return OrdersToWatch(
                    coin=job.coin, orders=tuple(orders), complete=len(orders) < job.limit
                )
            case GetPool():
                return load_pool(connection, job.subcategory_id)
            case SettleOrder():
                return _settle(connection, job.order_id, time_text(at))
            case GetPlace():
                return _place(connection, job.coin)
            case GetGoodsDelivery():
                delivered_at = load_goods_delivery(connection, job.order_id)
                return GoodsDelivery(order_id=job.order_id, delivered_at=delivered_at)
            case GetPendingNotices():
                pending = load_pending(connection, job.audience, job.after_outbox_id, job.limit)
                return NoticesWritten(audience=job.audience, notices=pending)
            case _:
                assert_never(job)

    def _unsent(self) -> tuple[Notice, ...]:
        pending = (load_pending(self._connection, audience, 0, -1) for audience in Audience)
        return tuple(sorted(chain.from_iterable(pending), key=lambda notice: notice.outbox_id))


def _lock(path: str) -> IO[str]:
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        lock = Path(f"{path}.lock").open("a", encoding="ascii")  # noqa: SIM115 - held while open
    except OSError as error:
        raise StoreUnavailableError(f"the store {path} cannot be opened: {error}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise StoreUnavailableError(
            f"the store {path} is in use by another process: stop that shop first"
        ) from error
    return lock


def _connect(path: str) -> sqlite3.Connection:
    _make_private(path)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        migrate(Database(connection))
    except BaseException:
        connection.close()
        raise
    return connection


def _make_private(path: str) -> None:
    # The file holds goods and who bought them: nobody else on the machine reads it. One that is
    # there is not opened: to close any descriptor of a file drops all of the process's POSIX locks
    # on it (fcntl(2)), and without those of the readers the next program that looks into the store
    # takes itself for the last, and deletes the log while it is being written.
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _open_again(path: str) -> sqlite3.Connection:
    # A store that is not there now is on a disk that is away: never begin an empty one instead.
    Path(path).stat()
    return _connect(path)


def _refusal(job: Job, error: Exception) -> Answer:
    match job:
        case Record():
            taken = "order_items.item_id" in str(error)
            reason = RecordRefusalReason.UNIT_TAKEN if taken else RecordRefusalReason.CONSTRAINT
            return RecordRefused(
                command_id=job.command_id, reason=reason, detail=str(error), order_id=job.order_id
            )
        # An id that the store cannot hold is no order's, and never will be.
        case GetOrder():
            return OrderLoaded(order_id=job.order_id, order=None)
        case SettleOrder():
            return OrderSettled(order_id=job.order_id, holding=False, sold=False)
        case _:
            raise error


def _settle(connection: sqlite3.Connection, order_id: int, at: str) -> OrderSettled:
    row = connection.execute("SELECT status FROM orders WHERE id = ?", (order_id,)).fetchone()
    if row is None:
        connection.execute(
            "INSERT OR IGNORE INTO refused_orders (order_id, refused_at) VALUES (?, ?)",
            (order_id, at),
        )
        return OrderSettled(order_id=order_id, holding=False, sold=False)
    return OrderSettled(
        order_id=order_id, holding=row[0] == "created", sold=row[0] in ("paid", "shipped")
    )


def _place(connection: sqlite3.Connection, coin: str) -> PlaceLoaded:
    row = connection.execute(
        "SELECT height, block_hash FROM chain_places WHERE currency = ?", (coin,)
    ).fetchone()
    height, block_hash = row if row is not None else (None, None)
    (next_index,) = connection.execute(
        "SELECT coalesce(max(address_index), -1) + 1 FROM orders WHERE currency = ?", (coin,)
    ).fetchone()
    return PlaceLoaded(
        coin=coin, height=height, block_hash=block_hash, next_address_index=next_index
    )
