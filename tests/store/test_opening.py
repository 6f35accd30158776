"""Opening a store: locked, private, migrated, and refused with a reason."""

import multiprocessing
import os
import sqlite3
import stat
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from store.contract import StoreFacts
from store.trouble import StoreUnavailableError
from store.writer import StoreWriter
from tests.store.opened_store import CANCELLED, SETTINGS, OpenedStore, order_of


def _hold(path: str, pipe: Connection) -> None:
    writer = StoreWriter(path, SETTINGS)
    pipe.send("open")
    pipe.recv()
    writer.close()


def open_and_close(path: Path) -> None:
    StoreWriter(str(path), SETTINGS).close()


def schema(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()


def test_a_new_store_and_its_folder_are_made(tmp_path: Path) -> None:
    path = tmp_path / "data" / "deep" / "shop.db"
    writer = StoreWriter(str(path), SETTINGS)
    facts = writer.facts()
    writer.close()
    assert facts == StoreFacts(
        next_order_id=1,
        live_orders=0,
        subcategory_ids=(),
        unsold_currencies=(),
        open_coins=(),
        balance_currencies=(),
    )


def test_nobody_else_on_the_machine_reads_a_store(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store = OpenedStore(tmp_path)
    finally:
        os.umask(before)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.glob("shop.db*")}
    store.close()
    assert {modes[name] for name in ("shop.db", "shop.db-wal", "shop.db-shm")} == {0o600}


def test_commits_are_synced_to_a_write_ahead_log(store: OpenedStore) -> None:
    def pragma(name: str) -> object:
        return store.writer._connection.execute(f"PRAGMA {name}").fetchone()[0]

    assert (pragma("journal_mode"), pragma("synchronous"), pragma("foreign_keys")) == ("wal", 2, 1)


def test_a_store_has_one_writer_at_a_time(store: OpenedStore) -> None:
    with pytest.raises(StoreUnavailableError, match="in use by another process"):
        StoreWriter(store.path, SETTINGS)
    assert store.free_ids() == (1, 2, 3)


def test_a_writer_in_another_process_locks_this_one_out_until_it_closes(tmp_path: Path) -> None:
    path = str(tmp_path / "shop.db")
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_hold, args=(path, theirs))
    process.start()
    try:
        assert ours.poll(60)
        with pytest.raises(StoreUnavailableError, match="stop that shop first"):
            StoreWriter(path, SETTINGS)
        ours.send("close")
    finally:
        process.join(60)
    assert process.exitcode == 0
    open_and_close(tmp_path / "shop.db")


def test_a_closed_store_opens_again_with_what_was_in_it(store: OpenedStore) -> None:
    store.create(order_of(1))
    store.reopen()
    assert store.order() == order_of(1)
    assert store.writer.facts() == StoreFacts(
        next_order_id=2,
        live_orders=1,
        subcategory_ids=(1,),
        unsold_currencies=("USD",),
        open_coins=("LTC",),
        balance_currencies=(),
    )
    store.change(1, 1, CANCELLED)
    assert store.writer.facts().open_coins == ()


@pytest.mark.parametrize("content", [b"this is not a database, but a long enough text" * 40])
def test_a_file_that_is_no_store_is_refused_with_its_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "shop.db"
    path.write_bytes(content)
    with pytest.raises(StoreUnavailableError, match=r"shop\.db cannot be opened"):
        StoreWriter(str(path), SETTINGS)
    assert path.read_bytes() == content


def test_a_folder_in_place_of_the_store_is_refused_and_leaves_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    path.mkdir()
    with pytest.raises(StoreUnavailableError, match=r"shop\.db cannot be opened"):
        StoreWriter(str(path), SETTINGS)
    path.rmdir()
    open_and_close(path)


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(StoreUnavailableError, match="cannot be opened"):
        StoreWriter(str(tmp_path / "data" / "shop.db"), SETTINGS)
