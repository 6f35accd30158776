"""`run.py check`, `backup` and `restore`: exit statuses, what they print, and the address marks."""

import json
import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from loguru import logger

import run
from domain.events import ItemsAdded
from payments.marks import FileMark
from store.writer import StoreWriter
from tests.store.opened_store import CANCELLED, SETTINGS, OpenedStore, entry, order_of

SETTINGS_FILE = """\
[store]
path = "data/shop.db"

[custody]
mnemonic_file = "mnemonic.sealed"

[coins.LTC]
enabled = true
network = "regtest"
"""
NOT_COUNTED = """
    INSERT INTO users (telegram_id, timeout_count, registered_at)
    VALUES (9, 5, '2026-05-01T12:00:00.000000Z')
"""
Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """Whatever a command sets up for logging ends with it."""
    handlers, level = logging.root.handlers[:], logging.root.level
    logging.root.handlers[:] = []
    yield
    logger.remove()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Settings of a shop, in a folder of its own, with a sealed mnemonic that nothing opens."""
    path = tmp_path / "config.toml"
    path.write_text(SETTINGS_FILE)
    (tmp_path / "mnemonic.sealed").write_text("sealed")
    (tmp_path / "data").mkdir()
    return path


@pytest.fixture
def shop(config: Path) -> Iterator[OpenedStore]:
    """The shop's store, open as while the shop runs, with one order."""
    opened = OpenedStore(config.parent / "data")
    opened.create(order_of(1))
    put_mark(config, 32)
    yield opened
    opened.close()


def called(config: Path, *arguments: object) -> int:
    return run.main(["--config", str(config), *map(str, arguments)])


def put_mark(config: Path, next_index: int) -> None:
    with FileMark(config.parent / "mnemonic.sealed.marks", "LTC", "regtest") as mark:
        mark.write(next_index)


def mark_of(config: Path) -> int | None:
    with FileMark(config.parent / "mnemonic.sealed.marks", "LTC", "regtest") as mark:
        return mark.read()


def spoil(store: OpenedStore) -> None:
    with closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute(NOT_COUNTED)


def error_of(capsys: Captured) -> str:
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    return line


# --- check ----------------------------------------------------------------------------------------


def test_a_sound_store_is_said_to_be_sound_while_the_shop_runs(
    config: Path, shop: OpenedStore, capsys: Captured
) -> None:
    assert called(config, "check") == 0
    assert capsys.readouterr().out == f"{shop.path}: every invariant holds\n"
    assert called(config, "check", "--json") == 0
    assert json.loads(capsys.readouterr().out) == []


def test_what_is_wrong_is_printed_with_exit_status_1(
    config: Path, shop: OpenedStore, capsys: Captured
) -> None:
    spoil(shop)
    sentence = "A shopper's timeouts are the orders that count as such and are not forgiven."
    assert called(config, "check") == 1
    assert capsys.readouterr().out == f"timeouts-are-counted: shopper 9: {sentence}\n"
    assert called(config, "check", "--json") == 1
    assert json.loads(capsys.readouterr().out) == [
        {"name": "timeouts-are-counted", "sentence": sentence, "subject": "shopper 9"}
    ]


def test_where_there_is_no_store_there_is_nothing_to_check(config: Path, capsys: Captured) -> None:
    assert called(config, "check") == 2
    assert "there is no store at" in error_of(capsys)
    assert not list((config.parent / "data").iterdir())


def test_a_file_that_is_no_store_is_wrong_input(config: Path, capsys: Captured) -> None:
    (config.parent / "data" / "shop.db").write_bytes(b"this is no database at all. " * 200)
    assert called(config, "check") == 2
    assert "is no store" in error_of(capsys)


def test_another_program_s_database_is_no_store(config: Path, capsys: Captured) -> None:
    with closing(sqlite3.connect(config.parent / "data" / "shop.db")) as connection:
        connection.execute("CREATE TABLE orders (id INTEGER)")
    assert called(config, "check") == 2
    assert "is no store of this shop" in error_of(capsys)


# --- backup ---------------------------------------------------------------------------------------


def test_a_backup_is_made_while_the_shop_runs(
    config: Path, shop: OpenedStore, tmp_path: Path, capsys: Captured
) -> None:
    assert called(config, "backup", tmp_path / "backup.db") == 0
    assert capsys.readouterr().out == f"{tmp_path / 'backup.db'}: every invariant holds\n"
    assert called(config, "backup", tmp_path / "backup.db") == 2
    assert "--replace" in error_of(capsys)
    assert called(config, "backup", "--replace", tmp_path / "backup.db") == 0


def test_an_unsound_store_is_not_backed_up_with_exit_status_1(
    config: Path, shop: OpenedStore, tmp_path: Path, capsys: Captured
) -> None:
    spoil(shop)
    assert called(config, "backup", tmp_path / "backup.db") == 1
    captured = capsys.readouterr()
    assert captured.out.startswith("timeouts-are-counted: shopper 9: ")
    assert captured.err == "no backup was made: the store is not sound\n"
    assert not (tmp_path / "backup.db").exists()


def test_a_store_that_is_not_there_is_not_backed_up(config: Path, capsys: Captured) -> None:
    assert called(config, "backup", config.parent / "backup.db") == 2
    assert "there is no store at" in error_of(capsys)


# --- restore --------------------------------------------------------------------------------------


@pytest.fixture
def backup(config: Path, shop: OpenedStore) -> Path:
    """A backup; since then an order was cancelled and another made, and the shop was stopped."""
    path = config.parent / "backup.db"
    assert called(config, "backup", path) == 0
    shop.change(1, 1, CANCELLED)
    shop.sell(shop.create(order_of(2, order_id=2)))
    shop.close()
    return path


def orders_of(config: Path) -> list[tuple[int, str]]:
    with closing(sqlite3.connect(config.parent / "data" / "shop.db")) as connection:
        return connection.execute("SELECT id, status FROM orders ORDER BY id").fetchall()


def test_a_backup_is_restored_and_what_is_not_in_it_is_told(
    config: Path, backup: Path, capsys: Captured
) -> None:
    capsys.readouterr()
    assert called(config, "restore", backup) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == f"{config.parent / 'data' / 'shop.db'} is what {backup} was"
    assert ".replaced-" in told[1]
    assert told[2:] == [
        "orders of that store which this one does not know: 1",
        "units that were sold there and are for sale here: 1; take them out before the shop runs",
    ]
    assert orders_of(config) == [(1, "created")]
    assert called(config, "check") == 0


def test_a_running_shop_is_not_restored(config: Path, backup: Path, capsys: Captured) -> None:
    shop = StoreWriter(str(config.parent / "data" / "shop.db"), SETTINGS)
    try:
        assert called(config, "restore", backup) == 2
    finally:
        shop.close()
    assert "stop that shop first" in error_of(capsys)
    assert len(orders_of(config)) == 2


def test_a_mark_ahead_of_both_stores_stays(config: Path, backup: Path) -> None:
    assert called(config, "restore", backup) == 0
    assert mark_of(config) == 32


def test_a_mark_behind_the_store_that_is_replaced_is_moved_past_it(
    config: Path, backup: Path, capsys: Captured
) -> None:
    put_mark(config, 1)
    assert called(config, "restore", backup) == 0
    assert "the mark of LTC/regtest addresses was at 1 and is now at 3" in capsys.readouterr().out
    assert mark_of(config) == 3


def test_without_its_mark_nothing_is_restored(config: Path, backup: Path, capsys: Captured) -> None:
    (config.parent / "mnemonic.sealed.marks").unlink()
    before = orders_of(config)
    assert called(config, "restore", backup) == 2
    error = error_of(capsys)
    assert "bring the .marks file back" in error
    assert "at least 3" in error
    assert orders_of(config) == before
    assert not list((config.parent / "data").glob("*.replaced-*"))


def test_an_empty_shop_is_restored_without_a_mark(
    config: Path, tmp_path: Path, capsys: Captured
) -> None:
    place = config.parent / "data" / "shop.db"
    StoreWriter(str(place), SETTINGS).close()
    assert called(config, "backup", tmp_path / "empty.db") == 0
    capsys.readouterr()
    assert called(config, "restore", tmp_path / "empty.db") == 0
    assert mark_of(config) is None
    assert called(config, "check") == 0


def test_units_that_were_imported_since_the_backup_are_counted_as_that_alone(
    config: Path, shop: OpenedStore, capsys: Captured
) -> None:
    path = config.parent / "backup.db"
    assert called(config, "backup", path) == 0
    shop.record(ItemsAdded(entries=(entry("NEW-1"), entry("NEW-2", place=2)), fiat_currency="USD"))
    shop.sell(shop.create(order_of(4, order_id=2, shopper=71)))
    shop.close()
    capsys.readouterr()
    assert called(config, "restore", path) == 0
    told = capsys.readouterr().out.splitlines()[2:]
    newer_units = (
        "units that were imported there and are not here: 2;"
        " import again those of them that were not sold"
    )
    assert told == [
        "orders of that store which this one does not know: 1",
        newer_units,
    ]


def test_an_unsound_backup_is_not_restored_with_exit_status_1(
    config: Path, backup: Path, capsys: Captured
) -> None:
    with closing(sqlite3.connect(backup)) as connection, connection:
        connection.execute(NOT_COUNTED)
    before = orders_of(config)
    assert called(config, "restore", backup) == 1
    captured = capsys.readouterr()
    assert "timeouts-are-counted: shopper 9" in captured.out
    assert captured.err == f"nothing was restored: {backup} is not sound\n"
    assert orders_of(config) == before


def test_a_backup_of_which_the_beginning_alone_is_there_is_named_as_damaged(
    config: Path, backup: Path, capsys: Captured
) -> None:
    os.truncate(backup, 100)
    assert called(config, "restore", backup) == 2
    assert f"{backup} is damaged or cut off" in error_of(capsys)
    assert len(orders_of(config)) == 2


@pytest.mark.parametrize("content", [None, b"", b"no database " * 500])
def test_what_is_no_backup_is_not_restored(
    config: Path, backup: Path, capsys: Captured, content: bytes | None
) -> None:
    backup.unlink()
    if content is not None:
        backup.write_bytes(content)
    assert called(config, "restore", backup) == 2
    assert "no store" in error_of(capsys)
    assert len(orders_of(config)) == 2
