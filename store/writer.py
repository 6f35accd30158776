"""The one writer: takes batches of jobs, each batch one durable commit.

Blocking, and used from one thread. Durable means WAL with `synchronous=FULL`: the commit has
returned only when the log is synced. What can be wrong with the file itself is in `store.trouble`.
"""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from itertools import chain
from pathlib import Path

from loguru import logger
from sqlite_utils import Database

from domain.order import Audience
from domain.reports import ReportRefusal
from store.contract import (
    Answer,
    BatchDone,
    GetOrder,
    GetStanding,
    Job,
    JobBroken,
    Notice,
    OrderLoaded,
    OrderSettled,
    Record,
    RecordRefusalReason,
    RecordRefused,
    SettleOrder,
    StoreFacts,
    WriterSettings,
)
from store.jobs import answer_jobs
from store.lock import lock_store
from store.migrations import StoreTooNewError, migrate
from store.outbox import load_pending
from store.report_contract import ReportNotWritten, WriteReport
from store.standing import nobody
from store.trouble import StoreTrouble, StoreUnavailableError, trouble_of
from store.writing import StoreInvariantError

_UNSOLD_CURRENCIES = "SELECT DISTINCT fiat_currency FROM items WHERE is_sold = 0"
_OPEN_COINS = "SELECT DISTINCT currency FROM orders WHERE status IN ('created', 'paid')"
_LIVE_ORDERS = "SELECT count(*) FROM orders WHERE status IN ('created', 'paid')"
_BALANCE_CURRENCIES = """
    SELECT DISTINCT fiat_currency FROM set_asides JOIN orders ON orders.id = order_id
    WHERE purpose = 'balance' AND set_asides.state = 'open'
"""

# What is wrong with a job itself, and will be however often it is run: a constraint, a number above
# 64 bits, a text that has no UTF-8 or is too long.
_CANNOT_BE = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    StoreInvariantError,
    OverflowError,
    ValueError,
    KeyError,
)
# All that are run again and again, those of `store.many_rows` in all their sizes.
_STATEMENTS_KEPT = 256
# What the message of an index or a trigger names, where it means something to who asked.
_REASONS = {
    "order_items.item_id": RecordRefusalReason.UNIT_TAKEN,
    "orders.request_id": RecordRefusalReason.REQUEST_TAKEN,
}
_TROUBLES = (sqlite3.Error, OSError, StoreTooNewError)


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
        self._lock = lock_store(path)
        try:
            self._connection = _connect(path)
        except _TROUBLES as error:
            self._lock.close()
            raise _unavailable(path, "cannot be opened", error) from error

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
            live_orders=execute(_LIVE_ORDERS).fetchone()[0],
            subcategory_ids=tuple(row[0] for row in execute("SELECT id FROM subcategories")),
            unsold_currencies=tuple(row[0] for row in execute(_UNSOLD_CURRENCIES)),
            open_coins=tuple(row[0] for row in execute(_OPEN_COINS)),
            balance_currencies=tuple(row[0] for row in execute(_BALANCE_CURRENCIES)),
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
            self._open_again_after_failure()
            done = self._run_in_one_commit_or_more(jobs, at)
            if self._last_run_failed:
                done = replace(done, notices=self._unsent())
        except _TROUBLES as error:
            # The outcome of a failed commit is unknown. A new connection will see what is on disk,
            # and commands that are there answer as before when they are run again.
            self._last_run_failed = True
            self._connection.close()
            raise _unavailable(self._path, "failed", error) from error
        self._last_run_failed = False
        return done

    def probe(self) -> StoreTrouble | None:
        """Write something small, durably; what is wrong where that fails, None where it works.

        That a few bytes can be written does not promise that the next batch can.
        """
        try:
            self._open_again_after_failure()
            (number,) = self._connection.execute("PRAGMA user_version").fetchone()
            # A write of one page that is no change of the store; readers do not look at it.
            self._connection.execute(f"PRAGMA user_version = {1 - number % 2}")
        except _TROUBLES as error:
            self._last_run_failed = True
            self._connection.close()
            return trouble_of(error)
        return None

    def _open_again_after_failure(self) -> None:
        if self._last_run_failed:
            self._connection.close()
            self._connection = _open_again(self._path)

    def _run_in_one_commit_or_more(self, jobs: Sequence[Job], at: datetime) -> BatchDone:
        try:
            return self._run_together(jobs, at)
        except Exception as error:  # whose fault it is decides
            if _is_trouble(error):
                raise
            return self._run_one_by_one(jobs, at)

    def _run_one_by_one(self, jobs: Sequence[Job], at: datetime) -> BatchDone:
        answers: list[Answer] = []
        notices: list[Notice] = []
        for job in jobs:
            try:
                done = self._run_together([job], at)
            except Exception as error:
                if _is_trouble(error):
                    raise
                if not isinstance(error, _CANNOT_BE):
                    # A mistake in the program: run again, it would keep all others from their turn.
                    logger.opt(exception=error).error("a {} broke", type(job).__name__)
                answers.append(_refusal(job, error))
            else:
                answers.extend(done.answers)
                notices.extend(done.notices)
        return BatchDone(answers=tuple(answers), notices=tuple(notices))

    def _run_together(self, jobs: Sequence[Job], at: datetime) -> BatchDone:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            done = answer_jobs(self._connection, self._settings, jobs, at)
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        return done

    def _unsent(self) -> tuple[Notice, ...]:
        pending = (load_pending(self._connection, audience, 0, -1) for audience in Audience)
        return tuple(sorted(chain.from_iterable(pending), key=lambda notice: notice.outbox_id))


def _is_trouble(error: Exception) -> bool:
    """Whether it is the store that does not work, and not the job that cannot be."""
    if isinstance(error, _CANNOT_BE):
        return False
    # Sums of amounts that fit one by one; SQLite has no code of its own for it.
    is_overflow = isinstance(error, sqlite3.OperationalError) and "integer overflow" in str(error)
    return isinstance(error, _TROUBLES) and not is_overflow


def _unavailable(path: str, what: str, error: Exception) -> StoreUnavailableError:
    return StoreUnavailableError(f"the store {path} {what}: {error}", trouble_of(error))


def _connect(path: str) -> sqlite3.Connection:
    _make_private(path)
    connection = sqlite3.connect(
        path,
        isolation_level=None,
        check_same_thread=False,
        timeout=10,
        cached_statements=_STATEMENTS_KEPT,
    )
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        # So that what REPLACE would delete is asked of the triggers.
        connection.execute("PRAGMA recursive_triggers = ON")
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
            return RecordRefused(
                command_id=job.command_id,
                reason=_reason(str(error)),
                detail=str(error),
                order_id=job.order_id,
            )
        # An id that the store cannot hold is nobody's, and never will be.
        case GetOrder():
            return OrderLoaded(order_id=job.order_id, order=None)
        case SettleOrder():
            return OrderSettled(order_id=job.order_id, holding=False, sold=False)
        case GetStanding():
            return nobody(job)
        case WriteReport():
            return ReportNotWritten(report=job.report, reason=ReportRefusal.IMPOSSIBLE)
        case _:
            # One question that cannot be answered must not keep all others from their turn.
            return JobBroken(job=type(job).__name__)


def _reason(text: str) -> RecordRefusalReason:
    for named, reason in _REASONS.items():
        if named in text:
            return reason
    return RecordRefusalReason.CONSTRAINT
