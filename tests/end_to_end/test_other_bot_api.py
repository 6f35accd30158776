"""The shop on a Bot API server that is not the sandbox, driven by that and the node alone."""

import asyncio
import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.end_to_end.other_bot_api import (
    TOKEN,
    Answer,
    OtherBotApi,
    Person,
    Shown,
    Ways,
    refusal,
    too_many_requests,
)
from tests.end_to_end.running_shop import ADMIN_ID, RunningShop, ShopFolder, until
from tests.litecoin_node import LitecoinNode

pytestmark = [pytest.mark.litecoind, pytest.mark.timeout(180)]

NEEDED_METHODS = {
    "getMe",
    "getUpdates",
    "getFile",
    "sendMessage",
    "sendPhoto",
    "editMessageText",
    "answerCallbackQuery",
}
WELCOME_METHODS = {"setMyCommands"}  # nothing hangs on them

PLAIN = Ways()
CONTRARY = Ways(
    prefix="/some/where",
    first_update_id=730_000_001,
    longest_poll_seconds=1.0,
    update_order="newest first",
    unknown_method="page not found",
)
IMPATIENT = Ways(longest_poll_seconds=0.0)

SERVER_ERRORS = (
    refusal(500, "Internal Server Error"),
    Answer(status=500, body='{"ok": false, "error_code": 500}'),
    Answer(status=502, body="<h1>Bad Gateway</h1>", content_type="text/html"),
    Answer(status=503, body="", content_type="text/plain"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """What an invoice asks for."""

    order_id: int
    amount: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A shop that runs on the other server, its admin and a shopper."""

    server: OtherBotApi
    folder: ShopFolder
    admin: Person
    shopper: Person


@asynccontextmanager
async def shop_on(server: OtherBotApi, path: Path, node: LitecoinNode) -> AsyncIterator[Scene]:
    """Run the shop on this server, which may be down as yet."""
    folder = ShopFolder(path=path / "shop", token=TOKEN, api_url=server.url, node=node)
    async with RunningShop(folder) as shop:
        yield Scene(
            server=server,
            folder=folder,
            admin=Person(server, ADMIN_ID),
            shopper=Person(server, 21),
        )
        assert await shop.stop() == 0
    log = shop.log()
    assert "Traceback" not in log
    assert TOKEN not in log


async def stock(scene: Scene, *goods: str) -> None:
    """The admin sends a file with a unit a line; the price is 10.00 each."""
    before = len(scene.admin.shown)
    lines = "\n".join(f"Keys;Alpha;A key;10.00;{each}" for each in goods)
    scene.admin.upload("items.txt", lines.encode())
    await scene.admin.see(f"Added: {len(goods)}", after=before)


async def choose(person: Person, quantity: int = 1) -> None:
    """From /start to the question which coin."""
    place = len(person.shown)
    person.write("/start")
    await person.see("What would you like", after=place)
    for name, question in (("Keys", "Which one"), ("Alpha", "How many")):
        place = len(person.shown)
        person.tap(name)
        await person.see(question, after=place)
    place = len(person.shown)
    person.write(str(quantity))
    await person.see("Which coin", after=place)


async def buy(person: Person, quantity: int = 1) -> Invoice:
    """Up to the invoice."""
    await choose(person, quantity)
    place = len(person.shown)
    person.tap("LTC")
    return invoice_of(await person.see("<code>", after=place))


def invoice_of(shown: Shown) -> Invoice:
    """What is asked for, read from nothing but the tags; and the payment URI says the same."""
    assert shown.parse_mode == "HTML"
    amount, address = re.findall(r"<code>([^<]*)</code>", shown.text)
    assert f"litecoin:{address}?amount={amount}" in html.unescape(shown.text)
    found = re.search(r"#(\d+)", shown.text)
    assert found is not None
    return Invoice(order_id=int(found[1]), amount=amount, address=address)


def count_shown(person: Person, part: str) -> int:
    """In how many messages a person saw it."""
    return len({shown.message_id for shown in person.shown if part in shown.text})


@pytest.mark.parametrize("ways", [PLAIN, CONTRARY, IMPATIENT], ids=["plain", "contrary", "hasty"])
async def test_goods_are_ordered_paid_and_delivered_whatever_the_ways_of_the_server(
    ways: Ways, tmp_path: Path, litecoin_node: LitecoinNode
) -> None:
    async with OtherBotApi(ways) as server, shop_on(server, tmp_path, litecoin_node) as scene:
        await stock(scene, "KEY-<1>&", "KEY-2", "KEY-3")
        invoice = await buy(scene.shopper, quantity=2)
        assert invoice.amount == "0.25000000"
        assert invoice.address.startswith("rltc1q")
        await scene.admin.see(f"#{invoice.order_id}", "Alpha")

        litecoin_node.pay(invoice.address, invoice.amount)
        await scene.shopper.see("0.25000000 LTC", "seen")
        litecoin_node.mine()
        goods = await scene.shopper.see("KEY-2")
        assert "KEY-<1>&" in html.unescape(goods.text)
        assert "KEY-3" not in goods.text
        await scene.admin.see(f"#{invoice.order_id}", "is paid")
        pictures = [shown.photo for shown in scene.shopper.shown if shown.photo]
        assert [picture[:8] for picture in pictures] == [b"\x89PNG\r\n\x1a\n"]
        assert {call.method for call in server.calls} <= NEEDED_METHODS | WELCOME_METHODS


async def test_the_second_of_two_at_the_coin_menu_is_told_that_the_last_one_is_sold(
    tmp_path: Path, litecoin_node: LitecoinNode
) -> None:
    async with OtherBotApi() as server, shop_on(server, tmp_path, litecoin_node) as scene:
        await stock(scene, "KEY-1")
        other = Person(server, 22)
        await choose(other)
        await buy(scene.shopper)
        place = len(other.shown)
        other.tap("LTC")
        await other.see("Sold out", after=place)
        assert not any("<code>" in shown.text for shown in other.shown)
        place = len(other.shown)
        other.write("/start")
        menu = await other.see("What would you like", after=place)
        assert [text for text, _ in menu.keyboard] == ["Keys · sold out"]


async def test_cancel_gives_the_unit_to_the_next_and_twice_is_harmless(
    tmp_path: Path, litecoin_node: LitecoinNode
) -> None:
    async with OtherBotApi() as server, shop_on(server, tmp_path, litecoin_node) as scene:
        await stock(scene, "KEY-1")
        invoice = await buy(scene.shopper)
        scene.shopper.write("/cancel")
        await scene.shopper.see(f"#{invoice.order_id} is cancelled")
        await scene.admin.see(f"#{invoice.order_id}", "cancelled")
        scene.shopper.write("/cancel")
        await scene.shopper.see("no open order")
        assert (await buy(Person(server, 22))).address != invoice.address


async def test_a_shop_whose_server_is_down_starts_and_works_when_it_comes(
    tmp_path: Path, litecoin_node: LitecoinNode
) -> None:
    server = OtherBotApi()
    async with shop_on(server, tmp_path, litecoin_node) as scene:
        await asyncio.sleep(1)
        try:
            await server.start()
            await stock(scene, "KEY-1")
            await server.stop()
            await asyncio.sleep(1)
            await server.start()
            await buy(scene.shopper)
        finally:
            await server.stop()


async def test_what_must_wait_is_sent_later_and_once(
    tmp_path: Path, litecoin_node: LitecoinNode
) -> None:
    async with OtherBotApi() as server, shop_on(server, tmp_path, litecoin_node) as scene:
        await stock(scene, "KEY-1")
        await choose(scene.shopper)
        server.answer_next("sendMessage", *[too_many_requests(1)] * 3)
        server.answer_next("sendPhoto", too_many_requests(1))
        place = len(scene.shopper.shown)
        scene.shopper.tap("LTC")
        invoice = invoice_of(await scene.shopper.see("<code>", after=place))
        await asyncio.sleep(3)
        assert count_shown(scene.shopper, "<code>") == 1
        assert sum(bool(shown.photo) for shown in scene.shopper.shown) == 1
        litecoin_node.pay(invoice.address, invoice.amount)
        server.answer_next("sendMessage", *[too_many_requests(1)] * 3)
        litecoin_node.mine()
        await scene.shopper.see("KEY-1")


async def test_a_server_that_fails_for_a_while_loses_no_tap_no_invoice_and_no_goods(
    tmp_path: Path, litecoin_node: LitecoinNode
) -> None:
    async with OtherBotApi() as server, shop_on(server, tmp_path, litecoin_node) as scene:
        await stock(scene, "KEY-1")
        await choose(scene.shopper)
        server.answer_next("getUpdates", *SERVER_ERRORS)
        server.answer_next("editMessageText", SERVER_ERRORS[0])
        server.answer_next("sendMessage", *SERVER_ERRORS[:2])
        place = len(scene.shopper.shown)
        scene.shopper.tap("LTC")
        invoice = invoice_of(await scene.shopper.see("<code>", after=place))
        server.answer_next("sendMessage", *SERVER_ERRORS[2:])
        litecoin_node.pay(invoice.address, invoice.amount)
        litecoin_node.mine()
        await scene.shopper.see("KEY-1")
        scene.shopper.write("/orders")
        await scene.shopper.see("last orders", f"#{invoice.order_id}")


async def test_an_update_that_cannot_be_read_holds_up_no_other(
    tmp_path: Path, litecoin_node: LitecoinNode
) -> None:
    async with OtherBotApi() as server, shop_on(server, tmp_path, litecoin_node) as scene:
        server.add_update("message", {"message_id": "of a kind that nobody knows yet"})
        scene.shopper.write("/help")
        await scene.shopper.see("this list")


async def test_a_button_that_is_tapped_twice_leaves_one_menu(
    tmp_path: Path, litecoin_node: LitecoinNode
) -> None:
    async with OtherBotApi() as server, shop_on(server, tmp_path, litecoin_node) as scene:
        await stock(scene, "KEY-1")
        await choose(scene.shopper)
        menus = len({shown.message_id for shown in scene.shopper.shown})
        edits, answers = server.count("editMessageText"), server.count("answerCallbackQuery")
        scene.shopper.tap("« Back")
        scene.shopper.tap("« Back")
        await until(lambda: server.count("answerCallbackQuery") == answers + 2, 10, "two answers")
        assert server.count("editMessageText") == edits + 2
        assert len({shown.message_id for shown in scene.shopper.shown}) == menus


async def test_updates_that_come_newest_first_are_each_handled_once(
    tmp_path: Path, litecoin_node: LitecoinNode
) -> None:
    async with OtherBotApi(CONTRARY) as server, shop_on(server, tmp_path, litecoin_node) as scene:
        for _ in range(3):
            scene.shopper.write("/help")
        scene.shopper.write("/orders")
        await scene.shopper.see("no orders yet")
        await asyncio.sleep(2)
        assert count_shown(scene.shopper, "this list") == 3
        assert count_shown(scene.shopper, "no orders yet") == 1


async def test_a_server_that_never_waits_is_not_asked_without_a_pause(
    tmp_path: Path, litecoin_node: LitecoinNode
) -> None:
    async with OtherBotApi(IMPATIENT) as server, shop_on(server, tmp_path, litecoin_node) as scene:
        scene.shopper.write("/help")
        await scene.shopper.see("this list")
        before = server.count("getUpdates")
        await asyncio.sleep(3)
        assert 1 <= server.count("getUpdates") - before <= 30
