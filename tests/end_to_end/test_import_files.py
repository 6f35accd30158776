"""Files that an admin sends: good, mixed, hostile, and twice."""

import json

import pytest

from sandbox.telegram import TelegramServer
from tests.end_to_end.conftest import NewFolder
from tests.end_to_end.running_shop import ADMIN_ID, RunningShop
from tests.end_to_end.shopping import entry, import_file, import_goods, send_import

pytestmark = [pytest.mark.litecoind, pytest.mark.timeout(300)]

COUNT = "SELECT count(*) FROM items"
FIVE_MEGABYTES = 5 * 1024 * 1024


async def test_good_files_of_both_formats_are_imported(
    telegram: TelegramServer, new_folder: NewFolder
) -> None:
    folder = new_folder()
    async with RunningShop(folder):
        await import_goods(telegram, entry("Alpha", "KEY-1"), entry("Alpha", "KEY-2", price=7.5))
        lines = "Keys;Beta;A key;3.25;KEY;WITH;SEMICOLONS\n\nDigital;Keys;Beta;A key;4;KEY-4\n"
        report = await send_import(telegram, "items.txt", lines.encode())
        assert "2" in report.text
        rows = folder.rows(
            "SELECT name, private_data, price_minor FROM items"
            " JOIN subcategories ON subcategories.id = subcategory_id ORDER BY items.id"
        )
        assert rows == [
            ("Alpha", "KEY-1", 1000),
            ("Alpha", "KEY-2", 750),
            ("Beta", "KEY;WITH;SEMICOLONS", 325),
            ("Beta", "KEY-4", 400),
        ]


async def test_the_same_file_twice_sells_nothing_twice(
    telegram: TelegramServer, new_folder: NewFolder
) -> None:
    folder = new_folder()
    async with RunningShop(folder):
        goods = [entry("Alpha", "KEY-1"), entry("Alpha", "KEY-2")]
        await import_goods(telegram, *goods)
        report = await import_goods(telegram, *goods)
        assert "skipped" in report.text
        assert "1" in report.text
        assert "2" in report.text
        assert folder.row(COUNT) == (2,)


async def test_bad_entries_are_named_and_the_good_ones_go_in(
    telegram: TelegramServer, new_folder: NewFolder
) -> None:
    folder = new_folder()
    async with RunningShop(folder):
        good = [entry("Alpha", "KEY-1"), entry("Alpha", "KEY-9")]
        bad = [
            entry("Alpha", "ZERO", price=0),
            entry("Alpha", "NEGATIVE", price=-1),
            entry("Alpha", "x" * FIVE_MEGABYTES),
            entry("Alpha", "PHYSICAL") | {"item_type": "Physical"},
        ]
        content = import_file(good[0], *bad, good[1]).decode()
        huge = json.dumps(entry("Alpha", "HUGE", price="HERE")).replace('"HERE"', "1e400")
        content = f"{content[:-1]}, {huge}]"
        report = await send_import(telegram, "items.json", content.encode())
        for place in (2, 3, 4, 5, 7):
            assert f"entry {place}:" in report.text.lower(), report.text
        assert "x" * 100 not in report.text
        stored = folder.rows("SELECT private_data FROM items ORDER BY id")
        assert stored == [("KEY-1",), ("KEY-9",)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("items.json", b'[{"category": "\xff\xfe"}]'),
        ("items.txt", b"Keys;Alpha;A key;1;\xff\xfe\n"),
        ("items.json", b'[{"category": "Keys",'),
        ("items.json", b"[" * 100_000),
    ],
    ids=["JSON that is not UTF-8", "TXT that is not UTF-8", "half a JSON", "JSON without a bottom"],
)
async def test_a_file_that_cannot_be_read_is_refused_whole(
    telegram: TelegramServer, new_folder: NewFolder, name: str, content: bytes
) -> None:
    folder = new_folder()
    async with RunningShop(folder):
        report = await send_import(telegram, name, content)
        assert "Nothing was added" in report.text
        assert folder.row(COUNT) == (0,)
        await import_goods(telegram, entry("Alpha", "KEY-1"))
        assert folder.row(COUNT) == (1,)


async def test_a_file_from_somebody_who_is_no_admin_is_not_imported(
    telegram: TelegramServer, new_folder: NewFolder
) -> None:
    folder = new_folder()
    stranger = telegram.user(ADMIN_ID + 1)
    async with RunningShop(folder):
        stranger.upload_document("items.json", import_file(entry("Alpha", "KEY-1")))
        await stranger.wait_for(lambda message: message.text)
        assert folder.row(COUNT) == (0,)
