"""What admins send besides commands: files of goods, and the call for help."""

import json

import pytest

from actors.messages import ImportItems
from sandbox.telegram import ChatMessage, Fault, FaultKind, SandboxUser, TelegramServer
from tests.gateway.telegram.small_shop import SmallShop

pytestmark = pytest.mark.usefixtures("running")


async def write(person: SandboxUser, text: str) -> str:
    after = person.revision
    person.send_text(text)
    return (await person.wait_for(lambda _: True, after=after)).text


async def upload(person: SandboxUser, name: str, content: bytes) -> ChatMessage:
    after = person.revision
    person.upload_document(name, content)
    return await person.wait_for(lambda _: True, after=after, timeout_seconds=60)


def goods(small_shop: SmallShop) -> int:
    return sum(row.available for row in small_shop.reader.categories())


async def test_a_txt_document_is_an_import(small_shop: SmallShop, admin: SandboxUser) -> None:
    content = b"Games;Chess;A licence;12.50;K1\nGames;Chess;A licence;0;K2\nGames;Go;x;1;K;3\n"
    shown = await upload(admin, "items.txt", content)
    assert shown.text == "Added: 2\nNot added: 1\nline 2: price is not above zero"
    assert goods(small_shop) == 2


async def test_a_json_document_is_an_import_and_the_same_again_adds_nothing(
    small_shop: SmallShop, admin: SandboxUser
) -> None:
    entry = {
        "category": "Games",
        "subcategory": "Chess",
        "price": 5,
        "description": "",
        "private_data": "K1",
    }
    content = json.dumps([entry, {**entry, "private_data": "K2"}]).encode()
    assert (await upload(admin, "items.json", content)).text == "Added: 2"
    again = await upload(admin, "items.json", content)
    assert again.text == "Added: 0\nKnown already and skipped: 2 (entry 1, 2)"
    assert goods(small_shop) == 2
    wishes = [message for message in small_shop.asked if isinstance(message, ImportItems)]
    assert len({wish.request_id for wish in wishes}) == 2


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("items.txt", b"\xff\xfe", "not UTF-8"),
        ("items.json", b"[{]", "not JSON"),
        ("items.json", b"[" * 100_000, "nested too deeply"),
        ("items.txt", b" ", "empty"),
    ],
)
async def test_a_file_that_cannot_be_read_adds_nothing(
    small_shop: SmallShop, admin: SandboxUser, name: str, content: bytes, words: str
) -> None:
    shown = await upload(admin, name, content)
    assert shown.text.startswith("Nothing was added: ")
    assert words in shown.text
    assert goods(small_shop) == 0


async def test_a_five_megabyte_field_is_named_by_its_line(
    small_shop: SmallShop, admin: SandboxUser
) -> None:
    content = b"Games;Chess;x;1;K1\nGames;Chess;x;1;" + b"x" * 5_000_000
    shown = await upload(admin, "items.txt", content)
    assert "line 2: private_data is longer than 65,536 characters" in shown.text
    assert goods(small_shop) == 1


async def test_a_file_beyond_what_bots_can_fetch_is_refused_clearly(
    small_shop: SmallShop, admin: SandboxUser
) -> None:
    shown = await upload(admin, "items.txt", b"x" * (20 * 1024 * 1024 + 1))
    assert "larger than 20 MB" in shown.text
    assert goods(small_shop) == 0


async def test_a_file_that_cannot_be_fetched_adds_nothing(
    small_shop: SmallShop, admin: SandboxUser, telegram: TelegramServer
) -> None:
    telegram.order_fault(Fault(kind=FaultKind.SERVER_ERROR, method="getFile"))
    shown = await upload(admin, "items.txt", b"Games;Chess;x;1;K1")
    assert "could not be fetched" in shown.text
    assert goods(small_shop) == 0


async def test_a_long_report_is_a_document(telegram: TelegramServer, admin: SandboxUser) -> None:
    shown = await upload(admin, "items.txt", b"Games;Chess\n" * 200)
    assert shown.document is not None
    assert shown.document.name == "report.txt"
    assert shown.text == "Added: 0. The full report is in this file."
    report = telegram.file_bytes(shown.document.file_id).decode()
    assert "line 200: 2 fields instead of 5" in report


async def test_an_import_without_an_answer_says_that_sending_it_again_is_safe(
    small_shop: SmallShop, admin: SandboxUser
) -> None:
    small_shop.answer_instead = TimeoutError()
    shown = await upload(admin, "items.txt", b"Games;Chess;x;1;K1")
    assert "send the same file again" in shown.text


async def test_help_lists_what_admins_can_do(admin: SandboxUser) -> None:
    for command in ("/help", "/admin"):
        assert "/ship N [TRACK]" in await write(admin, command)
