"""Fetching updates from a Telegram that is not always there, and tokens that are refused."""

import asyncio
import socket
from contextlib import suppress

import pytest
from aiogram import Bot
from aiohttp import web

from domain.rules import PartialStock
from gateway.telegram.connection import TelegramRefusedError, check_token, new_bot
from gateway.telegram.polling import run_polling
from gateway.telegram.routers import telegram_dispatcher
from gateway.telegram.shop import TelegramShop
from sandbox.telegram import DEFAULT_TOKEN, Fault, FaultKind, TelegramServer
from tests.gateway.telegram.small_shop import ADMIN_ID, SmallShop


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def start_polling(bot: Bot, small_shop: SmallShop) -> asyncio.Task[None]:
    shop = TelegramShop(
        admin_ids=frozenset({ADMIN_ID}),
        currency="USD",
        coins=("LTC",),
        networks={},
        partial_stock=PartialStock.ASK,
    )
    dispatcher = telegram_dispatcher(small_shop, small_shop.reader, shop)
    return asyncio.create_task(run_polling(bot, dispatcher))


async def end(polling: asyncio.Task[None], bot: Bot) -> None:
    polling.cancel()
    with suppress(asyncio.CancelledError):
        await polling
    await bot.session.close()


async def test_updates_are_handled_as_soon_as_telegram_is_there(small_shop: SmallShop) -> None:
    port = free_port()
    bot = new_bot(f"http://127.0.0.1:{port}", DEFAULT_TOKEN)
    polling = start_polling(bot, small_shop)
    await asyncio.sleep(0.1)
    async with TelegramServer(port=port) as telegram:
        telegram.user(7).send_text("/help")
        shown = await telegram.user(7).wait_for(lambda _: True)
        await end(polling, bot)
    assert "/start" in shown.text


async def test_updates_from_before_the_start_are_not_dropped_and_faults_are_outlived(
    telegram: TelegramServer, small_shop: SmallShop
) -> None:
    telegram.user(7).send_text("/help")
    for kind in (FaultKind.SERVER_ERROR, FaultKind.RATE_LIMITED, FaultKind.ANSWER_LOST):
        telegram.order_fault(Fault(kind=kind, method="getUpdates"))
    telegram.order_fault(Fault(kind=FaultKind.SERVER_ERROR, method="setMyCommands"))
    bot = new_bot(telegram.url, telegram.token)
    polling = start_polling(bot, small_shop)
    await telegram.user(7).wait_for(lambda message: "/start" in message.text)
    await end(polling, bot)


async def test_what_is_being_handled_ends_before_polling_does(
    telegram: TelegramServer, small_shop: SmallShop
) -> None:
    bot = new_bot(telegram.url, telegram.token)
    polling = start_polling(bot, small_shop)
    telegram.order_fault(
        Fault(kind=FaultKind.RATE_LIMITED, method="sendMessage", retry_after_seconds=1)
    )
    telegram.user(7).send_text("/help")
    while telegram.faults.left:
        await telegram.user(7).wait_for_change(telegram.user(7).revision, 0.01)
    await end(polling, bot)
    assert any("/start" in message.text for message in telegram.user(7).messages())


class WebhookServer:
    """A Bot API server where a webhook stands in the way of getUpdates, and that knows little."""

    def __init__(self) -> None:
        self.has_webhook = True
        self.deleted_with: list[str] = []
        self.polled = asyncio.Event()

    async def answer(self, request: web.Request) -> web.Response:
        method, values = request.match_info["method"], await request.post()
        if method == "deleteWebhook":
            self.has_webhook = False
            self.deleted_with.append(str(values.get("drop_pending_updates")))
            return web.json_response({"ok": True, "result": True})
        if method == "getUpdates" and self.has_webhook:
            why = "Conflict: can't use getUpdates method while webhook is active"
            body = {"ok": False, "error_code": 409, "description": why}
            return web.json_response(body, status=409)
        if method == "getUpdates":
            self.polled.set()
            await asyncio.sleep(0.05)
            return web.json_response({"ok": True, "result": []})
        return web.Response(status=404, text="what is that?")


async def test_a_webhook_in_the_way_is_ended_and_its_updates_are_kept(
    small_shop: SmallShop,
) -> None:
    server = WebhookServer()
    app = web.Application()
    app.router.add_post("/bot{token}/{method}", server.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    bot = new_bot(f"http://127.0.0.1:{runner.addresses[0][1]}", DEFAULT_TOKEN)
    polling = start_polling(bot, small_shop)
    async with asyncio.timeout(10):
        await server.polled.wait()
    await end(polling, bot)
    await runner.cleanup()
    assert server.deleted_with == ["false"]


class GarblingServer:
    """A Bot API server behind something that answers with anything but JSON or even text."""

    def __init__(self, garbage: list[web.Response]) -> None:
        self.garbage = garbage
        self.polled = asyncio.Event()

    async def answer(self, request: web.Request) -> web.Response:
        if request.match_info["method"] == "getUpdates" and self.garbage:
            return self.garbage.pop()
        if request.match_info["method"] == "getUpdates":
            self.polled.set()
            await asyncio.sleep(0.05)
        return web.json_response({"ok": True, "result": []})


async def test_polling_outlives_answers_that_are_no_text_at_all(small_shop: SmallShop) -> None:
    not_utf_8 = web.Response(body=b"\xff\xfe", content_type="application/json", charset="utf-8")
    no_charset = web.Response(body=b"x", headers={"Content-Type": "text/html; charset=nonsense"})
    server = GarblingServer([not_utf_8, no_charset])
    app = web.Application()
    app.router.add_post("/bot{token}/{method}", server.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    bot = new_bot(f"http://127.0.0.1:{runner.addresses[0][1]}", DEFAULT_TOKEN)
    polling = start_polling(bot, small_shop)
    async with asyncio.timeout(10):
        await server.polled.wait()
    await end(polling, bot)
    await runner.cleanup()


async def test_a_good_token_gives_the_name_of_the_bot(telegram: TelegramServer) -> None:
    assert await check_token(telegram.url, telegram.token) == "holdfast_sandbox_bot"


@pytest.mark.parametrize("token", ["4242:wrong", "words", "12", ""])
async def test_a_token_that_telegram_does_not_take_is_refused(
    telegram: TelegramServer, token: str
) -> None:
    with pytest.raises(TelegramRefusedError, match="@BotFather"):
        await check_token(telegram.url, token)


async def test_a_telegram_that_is_not_there_refuses_nothing() -> None:
    assert await check_token(f"http://127.0.0.1:{free_port()}", DEFAULT_TOKEN) is None
