from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiogram.exceptions import TelegramRetryAfter
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from sandbox.chain import ChainCredentials
from sandbox.page.site import _CONTENT_TYPES
from sandbox.server import Sandbox, SandboxSettings
from tests.sandbox.conftest import bot_at

ADDRESS = "rltc1qjmxnz78nmc8nq77wuxh25n2es7rzm5c23g5xdr"
PAGE = Path(__file__).parents[2] / "sandbox" / "page"


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    settings = SandboxSettings(
        chain_credentials=ChainCredentials(user="u", password="p"),
        chain_file=tmp_path / "chain.json",
    )
    async with Sandbox(settings) as started:
        yield started


class Page:
    """Does what the page's script does."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        async with self._session.get(path) as answer:
            assert answer.status == 200
            return await answer.json()

    async def post(self, path: str, body: object, status: int = 200) -> Any:  # noqa: ANN401 - JSON
        async with self._session.post(path, json=body) as answer:
            assert answer.status == status
            return await answer.json()


@pytest.fixture
async def page(sandbox: Sandbox) -> AsyncIterator[Page]:
    async with aiohttp.ClientSession(sandbox.url) as session:
        yield Page(session)


async def test_the_page_loads_nothing_from_elsewhere(sandbox: Sandbox) -> None:
    async with aiohttp.ClientSession(sandbox.url) as session:
        async with session.get("/") as answer:
            index = await answer.text()
            assert answer.status == 200
            assert answer.content_type == "text/html"
            assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        for name, content_type in _CONTENT_TYPES.items():
            async with session.get(f"/page/{name}") as answer:
                assert (answer.status, answer.content_type) == (200, content_type)
                text = await answer.text()
                assert "http://" not in text
                assert "https://" not in text
        async with session.get("/page/site.py") as answer:
            assert answer.status == 404
    assert "http" not in index
    assert {
        path.name for path in PAGE.iterdir() if path.suffix in {".js", ".css", ".txt", ".json"}
    } == (set(_CONTENT_TYPES))


async def test_the_page_learns_whose_chats_to_show(page: Page) -> None:
    people = await page.get("/sandbox/people")
    assert people == {"admin_id": 1001, "shopper_ids": [2001, 2002]}


async def test_the_sample_files_are_in_the_formats_of_the_import() -> None:
    entries = json.loads((PAGE / "items.json").read_text(encoding="utf-8"))
    keys = {"category", "subcategory", "price", "description", "private_data"}
    assert all(set(entry) == keys for entry in entries)
    lines = (PAGE / "items.txt").read_text(encoding="utf-8").splitlines()
    assert all(len(line.split(";")) == 5 for line in lines)
    goods = [entry["private_data"] for entry in entries] + [line.split(";")[4] for line in lines]
    assert len(goods) == len(set(goods))


async def test_a_chat_is_driven_from_the_page(sandbox: Sandbox, page: Page) -> None:
    bot = bot_at(sandbox.url, sandbox.telegram.token)
    await page.post("/sandbox/chats/2001/text", {"text": "/start"})
    await page.post("/sandbox/chats/1001/document", {"name": "a.txt", "content": "eA=="})
    updates = await bot.get_updates()
    assert [u.message.from_user.id for u in updates if u.message and u.message.from_user] == [
        2001,
        1001,
    ]
    button = InlineKeyboardButton(text="Games", callback_data="c:1")
    waiting = asyncio.create_task(page.get("/sandbox/chats/2001/messages?after=1&wait_seconds=20"))
    sent = await bot.send_message(
        2001,
        "<b>Hello</b>",
        parse_mode="HTML",
        reply_markup=InlineKeyboardMarkup(inline_keyboard=[[button]]),
    )
    news = await waiting
    assert [(m["text"], m["from_bot"], m["is_edited"]) for m in news["messages"]] == [
        ("Hello", True, False)
    ]
    assert news["messages"][0]["entities"] == [{"type": "bold", "offset": 0, "length": 5}]
    assert news["messages"][0]["keyboard"] == [[{"text": "Games", "callback_data": "c:1"}]]
    press = {"message_id": sent.message_id, "label": "Games"}
    tap = await page.post("/sandbox/chats/2001/press", press)
    await bot.answer_callback_query(tap["query_id"], text="Here you are")
    news = await page.get(f"/sandbox/chats/2001/messages?after={news['revision']}&wait_seconds=1")
    assert news["answers"] == [{"text": "Here you are", "show_alert": False}]
    await bot.delete_message(2001, sent.message_id)
    news = await page.get(f"/sandbox/chats/2001/messages?after={news['revision']}")
    assert [(m["message_id"], m["is_deleted"]) for m in news["messages"]] == [
        (sent.message_id, True)
    ]
    await bot.session.close()


async def test_the_admin_can_be_written_to_from_the_start_and_a_stranger_not(
    sandbox: Sandbox, page: Page
) -> None:
    bot = bot_at(sandbox.url, sandbox.telegram.token)
    await bot.send_message(1001, "The shop is open")
    fault = {"kind": "rate_limited", "count": 1, "chat_id": 1001, "retry_after_seconds": 2}
    await page.post("/sandbox/faults", fault)
    with pytest.raises(TelegramRetryAfter):
        await bot.send_message(1001, "too fast")
    await bot.session.close()


async def test_several_taps_can_be_made_as_one(sandbox: Sandbox, page: Page) -> None:
    bot = bot_at(sandbox.url, sandbox.telegram.token)
    presses = []
    button = InlineKeyboardButton(text="Buy", callback_data="buy")
    for user_id in (2001, 2002):
        sandbox.telegram.user(user_id).open_chat()
        sent = await bot.send_message(
            user_id, "one left", reply_markup=InlineKeyboardMarkup(inline_keyboard=[[button]])
        )
        presses.append({"user_id": user_id, "message_id": sent.message_id, "label": "Buy"})
    poll = asyncio.create_task(bot.get_updates(timeout=20))
    await asyncio.sleep(0.05)
    await page.post("/sandbox/presses", {"presses": presses})
    assert len(await poll) == 2
    await bot.session.close()


async def test_the_wallet_pays_and_mines_and_the_node_tells(sandbox: Sandbox, page: Page) -> None:
    paid = await page.post("/sandbox/chain/pay", {"address": ADDRESS, "amount": "0.5"})
    shown = await page.get("/sandbox/chain")
    assert shown["mempool"] == [
        {"txid": paid["txid"], "outputs": [{"address": ADDRESS, "amount": "0.50000000"}]}
    ]
    await page.post("/sandbox/chain/mine", {"blocks": 3})
    shown = await page.get(f"/sandbox/chain?after={shown['revision']}&wait_seconds=5")
    assert (shown["height"], shown["mempool"]) == (3, [])
    oldest = next(block for block in shown["blocks"] if block["height"] == 1)
    assert oldest["confirmations"] == 3
    assert oldest["payments"][0]["txid"] == paid["txid"]
    async with (
        aiohttp.ClientSession(headers={"Authorization": "Basic dTpw"}) as session,
        session.post(sandbox.chain_url, json={"id": 1, "method": "getblockcount"}) as answer,
    ):
        assert (await answer.json())["result"] == 3
    await page.post("/sandbox/chain/reorg", {"depth": 3})
    await page.post("/sandbox/chain/drop", {"txid": paid["txid"]})
    assert (await page.get("/sandbox/chain"))["mempool"] == []


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        ("/sandbox/chain/pay", {"address": ADDRESS, "amount": "x"}, "write coins such as 0.25"),
        ("/sandbox/chain/pay", {"address": "x", "amount": "1"}, "begins with rltc1"),
        ("/sandbox/chain/pay", {"address": ADDRESS}, "'amount' is missing"),
        ("/sandbox/chain/mine", {"blocks": 0}, "write 1 or more"),
        ("/sandbox/chain/mine", {"blocks": "1"}, "send it as a whole number"),
        ("/sandbox/chain/drop", {"txid": "00"}, "does not wait"),
        ("/sandbox/chats/2001/text", {"text": " "}, "write at least one character"),
        ("/sandbox/chats/2001/press", {"message_id": 1, "label": "x"}, "has no message 1"),
        ("/sandbox/chats/2001/document", {"name": "a", "content": "%"}, "base64"),
        ("/sandbox/faults", {"kind": "earthquake"}, "earthquake"),
        ("/sandbox/presses", {"presses": 5}, "send a list of objects"),
        ("/sandbox/presses", [], "send a JSON object"),
    ],
)
async def test_a_wrong_request_is_told_what_to_send(
    page: Page, path: str, body: object, reason: str
) -> None:
    answer = await page.post(path, body, status=400)
    assert reason in answer["error"]


async def test_another_web_site_cannot_press_buttons(sandbox: Sandbox) -> None:
    """A foreign page can send forms and plain text without being asked, but no JSON."""
    async with (
        aiohttp.ClientSession(sandbox.url) as session,
        session.post("/sandbox/chain/mine", data='{"blocks": 1}') as answer,
    ):
        assert answer.status == 400
    assert sandbox.chain.height == 0


async def test_files_of_a_chat_are_shown_as_pictures_or_handed_out(
    sandbox: Sandbox, page: Page
) -> None:
    content = base64.b64encode(b"<script>").decode()
    await page.post("/sandbox/chats/2001/document", {"name": "a.html", "content": content})
    shown = await page.get("/sandbox/chats/2001/messages")
    document = shown["messages"][0]["document"]
    assert (document["name"], document["size_bytes"]) == ("a.html", 8)
    async with aiohttp.ClientSession(sandbox.url) as session:
        async with session.get(document["url"]) as answer:
            assert answer.headers["Content-Disposition"] == "attachment"
            assert answer.content_type == "application/octet-stream"
            assert await answer.read() == b"<script>"
        async with session.get("/sandbox/files/none") as answer:
            assert answer.status == 400


async def test_the_chain_outlives_a_restart(tmp_path: Path) -> None:
    settings = SandboxSettings(chain_file=tmp_path / "chain.json")
    async with Sandbox(settings) as sandbox, aiohttp.ClientSession(sandbox.url) as session:
        page = Page(session)
        paid = await page.post("/sandbox/chain/pay", {"address": ADDRESS, "amount": "1"})
        await page.post("/sandbox/chain/mine", {"blocks": 2})
        killed = Sandbox(settings)  # the file is written after every change, not only at the stop
        assert killed.chain.best_hash == sandbox.chain.best_hash
    async with Sandbox(settings) as sandbox:
        assert sandbox.chain.height == 2
        assert sandbox.chain.find_transaction(paid["txid"]) is not None


async def test_a_sandbox_without_shoppers_or_with_a_broken_token_is_refused() -> None:
    with pytest.raises(ValueError, match="shopper_ids"):
        Sandbox(SandboxSettings(shopper_ids=()))
    with pytest.raises(ValueError, match="such as 42:secret"):
        Sandbox(SandboxSettings(token="nonsense"))


async def test_a_taken_port_is_an_error_at_the_start(sandbox: Sandbox) -> None:
    port = int(sandbox.url.rsplit(":", 1)[1])
    second = Sandbox(SandboxSettings(port=port))
    with pytest.raises(OSError, match="address already in use"):
        await second.start()
