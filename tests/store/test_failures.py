"""A store that cannot be written: nobody is told anything, and the same jobs succeed once later."""

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from domain.events import ItemsAdded
from domain.order import By
from store.contract import GetOrder, OrderLoaded, Record, Recorded, RecordRefused
from store.trouble import StoreUnavailableError
from tests.store.opened_store import (
    NOON,
    TELL_ADMINS,
    OpenedStore,
    creation,
    entry,
    order_of,
    refused,
)

BIG_IMPORT = Record(
    command_id="import:big",
    events=(
        ItemsAdded(
            entries=tuple(entry(f"{n}:" + "x" * 4_000, place=n) for n in range(200)),
            fiat_currency="USD",
        ),
    ),
    at=NOON,
    by=By.ADMIN,
)


@contextmanager
def no_file_may_grow(path: Path) -> Iterator[None]:
    """As on a full disk: the kernel refuses to write beyond the present size of the log."""
    size = Path(f"{path}-wal").stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class LostAnswer(sqlite3.Connection):
    """Commits, and reports that it could not: as when the disk fails between the two."""

    commits_before = 0

    def execute(self, sql: str, parameters: object = (), /) -> sqlite3.Cursor:
        cursor = super().execute(sql, parameters)  # type: ignore[arg-type] # handed on as it came
        if sql == "COMMIT":
            if not self.commits_before:
                raise sqlite3.OperationalError("disk I/O error")
            self.commits_before -= 1
        return cursor


def lose_answer(store: OpenedStore, *, commits_before: int = 0) -> None:
    """Let the commit after so many good ones be done without being reported as done."""
    store.writer._connection.close()
    connection = sqlite3.connect(store.path, isolation_level=None, factory=LostAnswer)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.commits_before = commits_before
    store.writer._connection = connection


def test_a_full_disk_answers_nobody_and_the_same_jobs_succeed_once_there_is_room(
    store: OpenedStore,
) -> None:
    jobs = (creation(order_of(1)), BIG_IMPORT)
    with no_file_may_grow(Path(store.path)):
        for _ in range(2):
            with pytest.raises(StoreUnavailableError, match=r"disk|full|I/O"):
                store.run(*jobs)
    assert store.number("SELECT count(*) FROM orders") == 0
    done = store.run(*jobs)
    assert [type(answer) for answer in done.answers] == [Recorded, Recorded]
    assert store.number("SELECT count(*) FROM orders") == 1
    assert store.number("SELECT count(*) FROM items") == 203
    assert len(done.notices) == 3
    assert store.number("PRAGMA integrity_check") == "ok"


def test_a_store_that_somebody_else_holds_is_unavailable_until_they_let_go(
    store: OpenedStore,
) -> None:
    store.writer._connection.execute("PRAGMA busy_timeout = 50")
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailableError, match="locked"):
            store.run(creation(order_of(1)))
        other.execute("ROLLBACK")
    assert store.order() is None
    assert store.create(order_of(1)) == store.order()


def test_a_commit_that_was_done_but_not_reported_is_answered_as_done_when_run_again(
    store: OpenedStore,
) -> None:
    lose_answer(store)
    jobs = (creation(order_of(1)), BIG_IMPORT, GetOrder(order_id=1))
    with pytest.raises(StoreUnavailableError, match="disk I/O error"):
        store.run(*jobs)
    assert store.number("SELECT count(*) FROM orders") == 1
    done = store.run(*jobs)
    created, imported, loaded = done.answers
    assert created == Recorded(command_id="create:wish-1", order_id=1)
    assert isinstance(imported, Recorded)
    assert sum(len(units) for _, units in imported.added_units) == imported.added == 200
    assert loaded == OrderLoaded(order_id=1, order=order_of(1))
    assert store.number("SELECT count(*) FROM orders") == 1
    assert store.number("SELECT count(*) FROM outbox") == 3


def test_rows_of_a_commit_whose_answer_was_lost_are_handed_out_after_it(
    store: OpenedStore,
) -> None:
    lose_answer(store)
    with pytest.raises(StoreUnavailableError):
        store.run(creation(order_of(1)))
    done = store.run(creation(order_of(1)))
    assert {notice.order_id for notice in done.notices} == {1}
    assert len(done.notices) == 3
    assert len(store.record(TELL_ADMINS).notices) == 2


def test_a_batch_that_is_cut_off_while_it_runs_one_by_one_loses_nothing(
    store: OpenedStore,
) -> None:
    jobs = (
        creation(order_of(1, order_id=1, shopper=71)),
        creation(order_of(1, order_id=2, shopper=72)),
        creation(order_of(2, order_id=3, shopper=73)),
    )
    lose_answer(store, commits_before=1)
    with pytest.raises(StoreUnavailableError):
        store.run(*jobs)
    done = store.run(*jobs)
    assert [type(answer) for answer in done.answers] == [Recorded, RecordRefused, Recorded]
    assert refused(done.answers[1]).command_id == "create:wish-2"
    assert sorted({notice.order_id or 0 for notice in done.notices}) == [1, 3]
    assert store.number("SELECT count(*) FROM orders") == 2


def test_a_store_whose_disk_is_away_is_not_begun_anew_and_goes_on_when_it_is_back(
    store: OpenedStore,
) -> None:
    away = Path(f"{store.path}.away")
    lose_answer(store)
    with pytest.raises(StoreUnavailableError, match="disk I/O error"):
        store.run(creation(order_of(1)))
    Path(store.path).rename(away)
    for _ in range(2):
        with pytest.raises(StoreUnavailableError, match="No such file"):
            store.run(creation(order_of(1)))
    assert not Path(store.path).exists()
    away.rename(store.path)
    assert isinstance(store.ask(creation(order_of(1))), Recorded)
    assert store.number("SELECT count(*) FROM orders") == 1
