"""A shop without fixed rates, with sources of rates that answer over real HTTP."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from sandbox.telegram import TelegramServer
from tests.end_to_end.conftest import NewFolder
from tests.end_to_end.running_shop import RunningShop
from tests.end_to_end.shopping import entry, import_goods, order, up_to_the_coin, wait_for_text

pytestmark = [pytest.mark.litecoind, pytest.mark.timeout(300)]

PROGRAM = ("-m", "tests.end_to_end.shop_with_local_rates")
SOURCES = ["coinbase", "kraken", "coingecko"]


@dataclass
class Sources:
    """What all sources say; "" for HTTP 429."""

    price: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        if not self.price:
            return web.Response(status=429)
        if request.path.startswith("/v2"):
            return web.Response(text=f'{{"data": {{"amount": "{self.price}"}}}}')
        if request.path.startswith("/0"):
            return web.Response(
                text=f'{{"error": [], "result": {{"X": {{"c": ["{self.price}"]}}}}}}'
            )
        return web.Response(text="<html>")


@pytest.fixture
async def sources(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sources]:
    sources = Sources()
    application = web.Application()
    application.router.add_get("/{rest:.*}", sources.answer)
    server = TestServer(application, host="127.0.0.1")
    await server.start_server()
    monkeypatch.setenv("LOCAL_RATES", str(server.make_url("/")))
    yield sources
    await server.close()


async def until_rates_are(state: str, shop: RunningShop) -> None:
    """Wait until the operator sees so."""
    rows: list[dict[str, object]] = []
    for _ in range(600):
        rows = (await shop.get("/status?kind=rates"))["actors"]
        if [(row["name"], row["state"]) for row in rows] == [("market", state)]:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"the rates are not {state}: {rows}")


@pytest.mark.parametrize("system_base", ["thespian_asyncio", "multiprocTCPBase"])
async def test_order_costs_what_the_sources_say_and_without_a_price_there_is_none(
    system_base: str, telegram: TelegramServer, new_folder: NewFolder, sources: Sources
) -> None:
    folder = new_folder(
        actors={"system_base": system_base}, rates={"sources": SOURCES, "max_age_seconds": 15}
    )
    shopper = telegram.user(7)
    async with RunningShop(folder, PROGRAM) as shop:
        await import_goods(telegram, entry("Alpha", "KEY-1"), entry("Alpha", "KEY-2"))
        coins = await up_to_the_coin(shopper, "Alpha")
        shopper.press(coins.message_id, "LTC")
        await wait_for_text(shopper, "There is no current price for this coin")
        assert folder.rows("SELECT id FROM orders") == []

        sources.price = "40.00"
        await until_rates_are("quoting", shop)
        invoice = await order(shopper, "Alpha")
        assert invoice.amount == "0.25000000"
        assert folder.row("SELECT rate FROM orders") == ("40.00",)

        sources.price = ""
        await until_rates_are("without a price for LTC", shop)
        coins = await up_to_the_coin(telegram.user(8), "Alpha")
        telegram.user(8).press(coins.message_id, "LTC")
        await wait_for_text(telegram.user(8), "There is no current price for this coin")
        assert await shop.stop() == 0
