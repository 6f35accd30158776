"""What is wrong with the file is told apart from what is wrong with a job, and mends if it can."""

import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from domain.events import ItemsAdded
from store.contract import Recorded, RecordRefusalReason
from store.trouble import StoreTrouble, StoreUnavailableError, TroubleKind, trouble_of
from store.writer import StoreWriter
from tests.store.opened_store import SETTINGS, OpenedStore, creation, entry, order_of, refused
from tests.store.test_failures import BIG_IMPORT, lose_answer, no_file_may_grow

PAGE_BYTES = 4_096


def trouble(store: OpenedStore) -> TroubleKind:
    """What is wrong when a big batch is written."""
    with pytest.raises(StoreUnavailableError) as raised:
        store.run(creation(order_of(1)), BIG_IMPORT)
    return raised.value.trouble.kind


def assert_mended(store: OpenedStore) -> None:
    """The same jobs succeed, once."""
    done = store.run(creation(order_of(1)), BIG_IMPORT)
    assert [type(answer) for answer in done.answers] == [Recorded, Recorded]
    assert store.number("SELECT count(*) FROM orders") == 1
    assert store.number("SELECT count(*) FROM items") == 203
    assert store.writer.probe() is None


def page_of(path: str, table: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        (number,) = connection.execute(query, (table,)).fetchone()
    return int(number)


def swap_page(path: str, number: int, content: bytes) -> bytes:
    """Write a page of the file with plain bytes; what was there before."""
    with Path(path).open("r+b") as file:
        file.seek((number - 1) * PAGE_BYTES)
        before = file.read(PAGE_BYTES)
        file.seek((number - 1) * PAGE_BYTES)
        file.write(content)
    return before


def test_a_file_that_may_grow_no_more_is_full_until_it_may(store: OpenedStore) -> None:
    (pages,) = store.writer._connection.execute("PRAGMA page_count").fetchone()
    store.writer._connection.execute(f"PRAGMA max_page_count = {pages}")
    assert trouble(store) is TroubleKind.FULL
    assert store.number("SELECT count(*) FROM orders") == 0
    assert_mended(store)


def test_a_file_system_that_refuses_to_write_is_told(store: OpenedStore) -> None:
    with no_file_may_grow(Path(store.path)):
        assert trouble(store) in (TroubleKind.FULL, TroubleKind.INPUT_OUTPUT)
    assert_mended(store)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a megabyte."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if subprocess.run(command, check=False, capture_output=True).returncode:  # noqa: S603 - our own words
        pytest.skip("only root may mount a file system")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)  # noqa: S603, S607 - the same


def test_a_disk_that_is_full_loses_nothing_and_goes_on_when_there_is_room(
    small_disk: Path,
) -> None:
    store = OpenedStore(small_disk)
    filler = small_disk / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4_096)
    assert trouble(store) is TroubleKind.FULL
    assert store.number("SELECT count(*) FROM items") == 3
    filler.unlink()
    few = replace(BIG_IMPORT, events=(ItemsAdded(entries=(entry("FEW"),), fiat_currency="USD"),))
    answers = store.run(creation(order_of(1)), few).answers
    store.close()
    assert [type(answer) for answer in answers] == [Recorded, Recorded]


def test_a_file_that_may_not_be_written_is_read_only_until_it_may(store: OpenedStore) -> None:
    store.writer._connection.execute("PRAGMA query_only = ON")
    found = store.writer.probe()
    assert found is not None
    assert found.kind is TroubleKind.READ_ONLY
    store.reopen()
    store.writer._connection.execute("PRAGMA query_only = ON")
    assert trouble(store) is TroubleKind.READ_ONLY
    assert_mended(store)


def test_a_file_that_another_program_holds_is_busy_until_it_lets_go(store: OpenedStore) -> None:
    store.writer._connection.execute("PRAGMA busy_timeout = 20")
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert trouble(store) is TroubleKind.BUSY
        other.execute("ROLLBACK")
    assert_mended(store)


def test_a_file_that_is_away_is_away_until_it_is_back(store: OpenedStore) -> None:
    lose_answer(store)
    assert trouble(store) is TroubleKind.OTHER  # what the test raises has no code of SQLite's
    away = Path(f"{store.path}.away")
    Path(store.path).rename(away)
    found = store.writer.probe()
    assert found is not None
    assert found.kind is TroubleKind.AWAY
    assert not Path(store.path).exists()
    away.rename(store.path)
    assert_mended(store)


def test_a_damaged_page_is_told_as_that_and_nothing_is_answered(store: OpenedStore) -> None:
    store.add_items(*(entry(f"MORE-{n}", place=n) for n in range(50)))
    store.writer.close()
    number = page_of(store.path, "outbox")
    good = swap_page(store.path, number, b"\xff" * PAGE_BYTES)
    store.reopen()
    for _ in range(2):
        with pytest.raises(StoreUnavailableError) as raised:
            store.run(creation(order_of(1)))
        assert raised.value.trouble.kind is TroubleKind.CORRUPT
    assert store.free_ids()[:3] == (1, 2, 3)
    swap_page(store.path, number, good)
    assert isinstance(store.ask(creation(order_of(1))), Recorded)


def test_a_file_that_is_no_store_is_told_as_damaged_when_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    path.write_bytes(b"not a database, but a long enough text for a header. " * 40)
    with pytest.raises(StoreUnavailableError) as raised:
        StoreWriter(str(path), SETTINGS)
    assert raised.value.trouble.kind is TroubleKind.CORRUPT


def test_a_second_writer_is_told_that_the_store_is_busy(store: OpenedStore) -> None:
    with pytest.raises(StoreUnavailableError) as raised:
        StoreWriter(store.path, SETTINGS)
    assert raised.value.trouble.kind is TroubleKind.BUSY


def test_a_probe_of_a_store_that_works_finds_nothing_and_changes_nothing(
    store: OpenedStore,
) -> None:
    before = store.rows("SELECT * FROM items")
    assert [store.writer.probe() for _ in range(3)] == [None, None, None]
    assert store.rows("SELECT * FROM items") == before


def test_a_probe_is_synced_to_the_log(store: OpenedStore) -> None:
    store.writer._connection.execute("PRAGMA wal_checkpoint (TRUNCATE)")
    wal = Path(f"{store.path}-wal")
    assert wal.stat().st_size == 0
    for _ in range(2):
        before = wal.stat().st_size
        assert store.writer.probe() is None
        assert wal.stat().st_size > before


def test_a_job_that_can_never_be_is_no_trouble_of_the_store(store: OpenedStore) -> None:
    store.writer._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 100_000)
    huge = ItemsAdded(entries=(entry("x" * 200_000),), fiat_currency="USD")
    answers = store.run(
        creation(order_of(1)), replace(BIG_IMPORT, command_id="huge", events=(huge,))
    ).answers
    assert isinstance(answers[0], Recorded)
    assert refused(answers[1]).reason is RecordRefusalReason.CONSTRAINT


@pytest.mark.parametrize("error", [RuntimeError("x"), sqlite3.InterfaceError("x")])
def test_what_nobody_knows_is_other_trouble(error: Exception) -> None:
    assert trouble_of(error) == StoreTrouble(kind=TroubleKind.OTHER, why="x")
