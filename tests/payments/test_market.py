"""All sources of rates together, as real HTTP servers that answer, fail, lie and hang."""

import asyncio
import gzip
import pickle
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http import HTTPStatus

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from payments.market import PublicMarket, SourceAnswer
from payments.rate_sources import LARGEST_ANSWER_BYTES
from payments.rates import NoRate, Quote, Rate, agree

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MAX_AGE = timedelta(seconds=300)
GOOD = ("coinbase", "kraken")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _ticker(price: str, age_seconds: int = 0) -> str:
    moment = int((NOW - timedelta(seconds=age_seconds)).timestamp())
    return f'{{"last": "{price}", "timestamp": "{moment}"}}'


async def _coinbase(_request: web.Request) -> web.Response:
    return web.Response(text='{"data": {"amount": "80.10"}}')


async def _kraken(_request: web.Request) -> web.Response:
    return web.Response(text='{"error": [], "result": {"XLTCZUSD": {"c": ["80.20", "1"]}}}')


def _says(text: str, status: int = HTTPStatus.OK) -> Handler:
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(text=text, status=status)

    return handler


async def _hangs(_request: web.Request) -> web.Response:
    await asyncio.sleep(60)
    return web.Response()


async def _has_no_end(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    piece = b"[" * 65_536
    for _ in range(4 * LARGEST_ANSWER_BYTES // len(piece)):
        await response.write(piece)
    return response


async def _unpacks_to_much(_request: web.Request) -> web.Response:
    body = gzip.compress(b" " * 5_000_000 + _ticker("80.30").encode())
    return web.Response(body=body, headers={"Content-Encoding": "gzip"})


async def _points_elsewhere(_request: web.Request) -> web.Response:
    raise web.HTTPFound("http://127.0.0.1:9/")


async def _breaks_off(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "100"})
    await response.prepare(request)
    await response.write(b'{"last": ')
    assert request.transport is not None
    request.transport.close()
    return response


class Servers:
    """A loopback server for each source; a source without one is down."""

    def __init__(self) -> None:
        self.running: list[TestServer] = []
        self.origins: dict[str, str] = {}

    async def add(self, source: str, handler: Handler) -> None:
        application = web.Application()
        application.router.add_get("/{rest:.*}", handler)
        server = TestServer(application, host="127.0.0.1")
        await server.start_server()
        self.running.append(server)
        self.origins[source] = str(server.make_url("/"))

    def market(self, *sources: str, timeout_seconds: float = 5.0) -> PublicMarket:
        down = dict.fromkeys(sources, "http://127.0.0.1:9")
        return PublicMarket(
            sources=sources,
            currency="USD",
            max_age=MAX_AGE,
            timeout_seconds=timeout_seconds,
            origins=down | self.origins,
        )


@pytest.fixture
async def servers() -> AsyncIterator[Servers]:
    servers = Servers()
    await servers.add("coinbase", _coinbase)
    await servers.add("kraken", _kraken)
    yield servers
    for server in servers.running:
        await server.close()


async def asked(market: PublicMarket) -> list[SourceAnswer]:
    answers = (market.ask(source, ["LTC"], NOW) for source in market.sources)
    return list(await asyncio.gather(*answers))


def agreed(market: PublicMarket, answers: list[SourceAnswer]) -> Rate | NoRate:
    quotes = [quote for answer in answers for quote in answer.quotes]
    return agree("LTC", quotes, NOW, market.max_age, len(market.sources))


BAD = {
    "hangs": (_hangs, "it did not answer in time"),
    "html": (_says("<!doctype html><p>Checking your browser</p>"), "is not what its documentation"),
    "no number": (_says('{"last": "eighty", "timestamp": "1"}'), "is not what its documentation"),
    "below zero": (_says('{"last": "-80.10", "timestamp": "1"}'), "no number that a price can be"),
    "too many": (_says("slow down", 429), "it answers HTTP 429"),
    "broken": (_says("oh", 503), "it answers HTTP 503"),
    "no end": (_has_no_end, "its answer has no end"),
    "packed": (_unpacks_to_much, "is not what its documentation"),
    "redirect": (_points_elsewhere, "it answers HTTP 302"),
    "broken off": (_breaks_off, "it cannot be reached"),
    "another coin": (_says('{"code": 404}'), "its answer has no price of LTC in USD"),
}


@pytest.mark.parametrize("how", sorted(BAD))
async def test_source_that_fails_is_told_and_the_others_make_the_rate(
    how: str, servers: Servers
) -> None:
    handler, why = BAD[how]
    await servers.add("bitstamp", handler)
    timeout_seconds = 1.0 if how == "hangs" else 10.0
    market = servers.market(*GOOD, "bitstamp", timeout_seconds=timeout_seconds)
    answers = await asked(market)
    assert why in answers[2].refusals["LTC"]
    rate = agreed(market, answers)
    assert isinstance(rate, Rate)
    assert rate.price == Decimal("80.15")


async def test_source_that_is_down_is_told_and_the_others_make_the_rate(servers: Servers) -> None:
    market = servers.market(*GOOD, "bitstamp")
    answers = await asked(market)
    assert answers[2].refusals["LTC"].startswith("it cannot be reached (")
    assert isinstance(agreed(market, answers), Rate)


async def test_price_that_is_stale_or_far_off_does_not_move_the_rate(servers: Servers) -> None:
    await servers.add("bitstamp", _says(_ticker("500.00", age_seconds=301)))
    of_an_hour_ahead = int(NOW.timestamp()) + 3600
    text = f'{{"litecoin": {{"usd": 8.02, "last_updated_at": {of_an_hour_ahead}}}}}'
    await servers.add("coingecko", _says(text))
    market = servers.market(*GOOD, "bitstamp", "coingecko")
    rate = agreed(market, await asked(market))
    assert isinstance(rate, Rate)
    assert rate.price == Decimal("80.15")
    assert [(each.source, each.price) for each in rate.outliers] == [("coingecko", Decimal("8.02"))]


async def test_nobody_is_believed_where_all_but_one_are_away(servers: Servers) -> None:
    market = servers.market("coinbase", "bitstamp", "coingecko")
    none = agreed(market, await asked(market))
    assert isinstance(none, NoRate)
    assert none.why == "one source of several is not believed: coinbase 80.10"


async def test_market_and_what_it_says_can_be_sent_to_another_process(servers: Servers) -> None:
    market = servers.market("coinbase")
    assert pickle.loads(pickle.dumps(market)) == market  # noqa: S301 - our own
    (answer,) = await asked(market)
    quote = Quote(source="coinbase", coin="LTC", price=Decimal("80.10"), as_of=NOW)
    assert pickle.loads(pickle.dumps(answer.quotes)) == (quote,)  # noqa: S301 - the same
