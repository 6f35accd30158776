"""Backups: of one moment, proved, whole or not there; and back from one."""

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from store.backup import back_up
from store.lock import restoring_mark
from store.restore import Restore, prepared_restore
from store.store_files import StoreFileError, check_store
from store.trouble import StoreUnavailableError
from store.writer import StoreWriter
from tests.store.first_version import first_version
from tests.store.opened_store import (
    CANCELLED,
    SETTINGS,
    OpenedStore,
    creation,
    entry,
    order_of,
)

NOW = datetime(2026, 6, 1, 8, 30, tzinfo=UTC)
ASIDE = "shop.db.replaced-20260601T083000000000Z"
EVERYTHING = "SELECT id, status FROM orders ORDER BY id"
KILLED = """
import os, sys
from tests.store.opened_store import OpenedStore, order_of
from pathlib import Path
OpenedStore(Path(sys.argv[1])).create(order_of(1))
os.kill(os.getpid(), 9)
"""


def rows(path: Path, query: str = EVERYTHING) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def backed_up(store: OpenedStore, name: str = "backup.db") -> Path:
    destination = Path(store.path).with_name(name)
    assert back_up(Path(store.path), destination, may_replace=False) == []
    return destination


def restored(place: Path, source: Path, at: datetime = NOW) -> Path | None:
    with prepared_restore(place, source) as prepared:
        assert prepared.broken == ()
        return prepared.put_in_place(at)


def kill_a_shop(folder: Path) -> None:
    """A store with one order, which is in its log alone."""
    command = [sys.executable, "-c", KILLED, str(folder)]
    root = Path(__file__).resolve().parents[2]
    subprocess.run(command, check=False, timeout=60, cwd=root)  # noqa: S603 - our own words
    assert (folder / "shop.db-wal").stat().st_size


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


# --- backups --------------------------------------------------------------------------------------


def test_a_backup_is_one_file_of_a_store_that_is_in_use(store: OpenedStore, tmp_path: Path) -> None:
    store.create(order_of(1))
    assert Path(f"{store.path}-wal").stat().st_size
    before = names(tmp_path)
    backup = backed_up(store)
    assert names(tmp_path) == before | {"backup.db"}
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert rows(backup) == [(1, "created")]
    assert check_store(backup) == []
    store.change(1, 1, CANCELLED)
    assert rows(backup) == [(1, "created")]


def test_a_backup_is_of_one_moment_while_orders_are_being_written(store: OpenedStore) -> None:
    store.add_items(*(entry(f"MORE-{number}", place=number) for number in range(300)))
    done = threading.Event()

    def sell() -> None:
        for number in range(1, 301):
            shopper = 1_000 + number
            store.run(creation(order_of(number, order_id=number, shopper=shopper)))
        done.set()

    seller = threading.Thread(target=sell)
    seller.start()
    counts: list[int] = []
    while not done.is_set():
        backup = backed_up(store, f"backup-{len(counts)}.db")
        counts.append(len(rows(backup)))
    seller.join()
    assert counts == sorted(counts)


def test_a_backup_has_what_a_killed_shop_left_in_its_log(tmp_path: Path) -> None:
    kill_a_shop(tmp_path)
    assert back_up(tmp_path / "shop.db", tmp_path / "backup.db", may_replace=False) == []
    assert rows(tmp_path / "backup.db") == [(1, "created")]


def test_an_earlier_backup_is_replaced_only_where_that_is_said(store: OpenedStore) -> None:
    backup = backed_up(store)
    store.create(order_of(1))
    with pytest.raises(StoreFileError, match="--replace"):
        back_up(Path(store.path), backup, may_replace=False)
    assert rows(backup) == []
    assert back_up(Path(store.path), backup, may_replace=True) == []
    assert rows(backup) == [(1, "created")]


def test_a_backup_does_not_replace_the_store(store: OpenedStore) -> None:
    with pytest.raises(StoreFileError, match="is the store itself"):
        back_up(Path(store.path), Path(store.path), may_replace=True)


@pytest.mark.parametrize(
    ("destination", "why"), [(".", "is a folder"), ("nowhere/backup.db", "make it first")]
)
def test_a_destination_that_cannot_be_is_refused(
    store: OpenedStore, tmp_path: Path, destination: str, why: str
) -> None:
    with pytest.raises(StoreFileError, match=why):
        back_up(Path(store.path), tmp_path / destination, may_replace=False)


def test_an_unsound_store_leaves_no_backup_and_the_earlier_one_as_it_was(
    store: OpenedStore, tmp_path: Path
) -> None:
    backup = backed_up(store)
    spoil(Path(store.path))
    before = names(tmp_path)
    broken = back_up(Path(store.path), backup, may_replace=True)
    assert {violation.name for violation in broken} == {"timeouts-are-counted"}
    assert names(tmp_path) == before
    assert rows(backup, "SELECT count(*) FROM users") == [(0,)]


def spoil(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT INTO users (telegram_id, timeout_count, registered_at)"
            " VALUES (9, 5, '2026-05-01T12:00:00.000000Z')"
        )


@pytest.mark.parametrize("content", [b"", b"this is no database at all. " * 200])
def test_a_file_that_is_no_store_is_not_backed_up(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "shop.db"
    path.write_bytes(content)
    with pytest.raises(StoreFileError, match="is no store"):
        back_up(path, tmp_path / "backup.db", may_replace=False)
    assert names(tmp_path) == {"shop.db"}


def test_a_store_that_is_not_there_is_not_backed_up(tmp_path: Path) -> None:
    with pytest.raises(StoreFileError, match="there is no store at"):
        back_up(tmp_path / "shop.db", tmp_path / "backup.db", may_replace=False)


# --- restores -------------------------------------------------------------------------------------


@pytest.fixture
def place(store: OpenedStore) -> Path:
    """The place of a store whose order was cancelled after the backup beside it; no shop runs."""
    store.create(order_of(1))
    backed_up(store)
    store.change(1, 1, CANCELLED)
    store.sell(store.create(order_of(2, order_id=2)))
    store.close()
    return Path(store.path)


def test_a_restored_store_is_what_it_was_and_the_old_one_is_kept(place: Path) -> None:
    before = rows(place)
    kept = restored(place, place.with_name("backup.db"))
    assert rows(place) == [(1, "created")]
    assert kept == place.with_name(ASIDE)
    assert rows(kept) == before == [(1, "cancelled"), (2, "paid")]
    assert rows(place.with_name("backup.db")) == [(1, "created")]
    StoreWriter(str(place), SETTINGS).close()
    assert not [name for name in names(place.parent) if name.startswith(".")]


def test_what_the_backup_does_not_know_is_counted(place: Path) -> None:
    with prepared_restore(place, place.with_name("backup.db")) as prepared:
        assert (prepared.newer_orders, prepared.units_sold_since) == (1, 1)
        assert prepared.next_address_indexes == {"LTC": 3}


def test_a_store_is_restored_where_there_is_none(place: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "new" / "shop.db"
    assert restored(elsewhere, place.with_name("backup.db")) is None
    assert rows(elsewhere) == [(1, "created")]


def test_a_store_is_not_replaced_while_the_shop_runs(store: OpenedStore) -> None:
    backup = backed_up(store)
    with (
        pytest.raises(StoreUnavailableError, match="stop that shop first"),
        prepared_restore(Path(store.path), backup),
    ):
        pass


def test_the_log_of_a_killed_shop_goes_aside_with_its_store(tmp_path: Path) -> None:
    kill_a_shop(tmp_path)
    with_nothing = OpenedStore(tmp_path / "other")
    backup = backed_up(with_nothing)
    with_nothing.close()
    kept = restored(tmp_path / "shop.db", backup)
    assert kept is not None
    assert rows(tmp_path / "shop.db") == []
    assert rows(kept) == [(1, "created")]


def test_a_damaged_store_is_replaced_and_kept(place: Path) -> None:
    place.write_bytes(b"this is no database at all. " * 200)
    kept = restored(place, place.with_name("backup.db"))
    assert rows(place) == [(1, "created")]
    assert kept is not None
    assert kept.read_bytes().startswith(b"this is no")


def test_an_unsound_backup_is_told_and_not_put_in_place(place: Path) -> None:
    backup = place.with_name("backup.db")
    spoil(backup)
    before = rows(place)
    with prepared_restore(place, backup) as prepared:
        assert {violation.name for violation in prepared.broken} == {"timeouts-are-counted"}
    assert rows(place) == before


def test_a_truncated_backup_is_not_put_in_place(place: Path) -> None:
    backup = place.with_name("backup.db")
    os.truncate(backup, backup.stat().st_size // 2 // 4_096 * 4_096)
    before = rows(place)
    with pytest.raises(StoreFileError), prepared_restore(place, backup) as prepared:
        raise StoreFileError(str(prepared.broken))
    assert rows(place) == before


def test_the_store_is_not_restored_from_itself(place: Path) -> None:
    with pytest.raises(StoreFileError, match="is the store itself"), prepared_restore(place, place):
        pass


def test_a_backup_of_an_earlier_version_is_brought_up_to_date_and_stays_as_it_was(
    place: Path, tmp_path: Path
) -> None:
    old = tmp_path / "old.db"
    first_version(old)
    before = old.read_bytes()
    with prepared_restore(place, old) as prepared:
        # The sample of that version has no audit log of its orders.
        assert {violation.name for violation in prepared.broken} <= {
            "change-is-in-the-audit-log",
            "paid-order-has-its-goods-told",
        }
        replace(prepared, broken=()).put_in_place(NOW)
    assert old.read_bytes() == before
    assert rows(place, "SELECT count(*) FROM set_asides") == [(3,)]


class CutOffError(Exception):
    """The machine stops here."""


@pytest.mark.parametrize("moves", range(1, 4))
def test_a_restore_that_is_cut_off_starts_no_shop_and_is_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moves: int
) -> None:
    kill_a_shop(tmp_path)
    empty = OpenedStore(tmp_path / "other")
    backup = backed_up(empty)
    empty.close()
    place = tmp_path / "shop.db"
    cut_off_after(moves, monkeypatch)
    with pytest.raises(CutOffError):
        restored(place, backup)
    monkeypatch.undo()
    assert restoring_mark(str(place)).exists()
    with pytest.raises(StoreUnavailableError, match="was cut off"):
        StoreWriter(str(place), SETTINGS)
    restored(place, backup, NOW.replace(hour=9))
    assert rows(place) == []
    assert rows(place.with_name(ASIDE)) == [(1, "created")]
    StoreWriter(str(place), SETTINGS).close()


def cut_off_after(moves: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the machine stop after so many files were moved."""
    left = iter(range(moves))

    def counted(move: Callable[[Path, Path], Path]) -> Callable[[Path, Path], Path]:
        def moved(path: Path, target: Path) -> Path:
            if next(left, None) is None:
                raise CutOffError
            return move(path, target)

        return moved

    monkeypatch.setattr(Path, "rename", counted(Path.rename))
    monkeypatch.setattr(Path, "replace", counted(Path.replace))


def test_a_restore_that_fails_says_to_run_it_again(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(13, "not permitted")

    with prepared_restore(place, place.with_name("backup.db")) as prepared:
        assert isinstance(prepared, Restore)
        monkeypatch.setattr(Path, "rename", refused)
        with pytest.raises(StoreFileError, match="run the restore again"):
            prepared.put_in_place(NOW)


def test_order_number_that_a_shopper_has_had_is_not_given_out_again_after_a_restore(
    tmp_path: Path,
) -> None:
    store = OpenedStore(tmp_path)
    store.create(order_of(1, order_id=1))
    backup = tmp_path / "backup.db"
    assert back_up(Path(store.path), backup, may_replace=False) == []
    store.create(order_of(2, order_id=2, shopper=71))  # told to shopper 71 and to the admins
    store.close()
    with prepared_restore(Path(store.path), backup) as prepared:
        assert prepared.newer_orders == 1
        prepared.put_in_place(datetime.now(UTC))
    store.reopen()
    try:
        assert store.writer.facts().next_order_id == 3
    finally:
        store.close()
