"""The actor that asks for rates, in its thread, against real HTTP servers."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from thespian.actors import ActorAddress

from actors.environment import Environment, SystemClock
from actors.messages import QuotesTold, StartRates
from actors.rates import RatesActor
from payments.market import PublicMarket
from tests.actors.watcher_stage import NoNotices, Recipient
from thespian_asyncio import ActorSystemBase, ThreadExecutor

PRICE = '{"data": {"amount": "80.10"}}'


async def _answer(request: web.Request) -> web.Response:
    if request.path.startswith("/v2"):
        return web.Response(text=PRICE)
    await asyncio.sleep(60)
    return web.Response()


@pytest.fixture
async def origin() -> AsyncIterator[str]:
    application = web.Application()
    application.router.add_get("/{rest:.*}", _answer)
    server = TestServer(application, host="127.0.0.1")
    await server.start_server()
    yield str(server.make_url("/"))
    await server.close()


async def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


def _asking(base: ActorSystemBase, told: list[QuotesTold], market: PublicMarket) -> ActorAddress:
    shop = base.newPrimaryActor(Recipient)
    base.tell_async(shop, told)
    rates = base.newPrimaryActor(RatesActor)
    environment = Environment(
        clock=SystemClock(),
        new_executor=ThreadExecutor,
        chains={},
        chain_poll_interval_seconds={},
        address_sources={},
        notices=NoNotices(),
        market=market,
    )
    base.tell_async(rates, StartRates(shop=shop, coins=("LTC", "BTC"), environment=environment))
    return rates


async def test_source_that_hangs_keeps_nobody_from_hearing_of_the_others(origin: str) -> None:
    base, told = ActorSystemBase(None), list[QuotesTold]()
    market = PublicMarket(
        sources=("kraken", "coinbase"),
        currency="USD",
        max_age=timedelta(seconds=300),
        timeout_seconds=3.0,
        origins={"kraken": origin, "coinbase": origin},
    )
    _asking(base, told, market)
    await _until(lambda: bool(told))
    quoted = {(each.source, each.coin): each.price for each in told[0].quotes}
    assert quoted == {
        ("coinbase", "LTC"): Decimal("80.10"),
        ("coinbase", "BTC"): Decimal("80.10"),
    }
    await _until(lambda: len(told) == 2)
    (rates,) = base.inspect(kind="rates").actors
    assert rates.details["refusals"] == {
        "kraken LTC": "it did not answer in time",
        "kraken BTC": "it did not answer in time",
    }
    assert await base.shutdown_async()
