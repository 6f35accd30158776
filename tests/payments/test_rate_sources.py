"""Sources of rates over real HTTP, answering in the shapes that their documentation gives."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from payments.rate_sources import SOURCES, Asking, RateUnavailableError, ask
from payments.rates import Quote

COINS = ("BTC", "ETH", "LTC", "SOL")
MOMENT = 1_795_348_800
ASKED_AT = datetime.fromtimestamp(MOMENT, UTC) + timedelta(seconds=30)
PRICE = Decimal("91234.56000001")


class Exchange:
    """Answers every path by what is set for it, and remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.text = ""
        self.status = 200

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path_qs)
        return web.Response(text=self.text, status=self.status)


@pytest.fixture
async def exchange() -> AsyncIterator[tuple[Exchange, str]]:
    exchange = Exchange()
    application = web.Application()
    application.router.add_get("/{rest:.*}", exchange.answer)
    server = TestServer(application, host="127.0.0.1")
    await server.start_server()
    yield exchange, str(server.make_url("/"))
    await server.close()


async def said(
    name: str, origin: str, coins: Sequence[str] = ("BTC",), currency: str = "USD"
) -> dict[str, Quote | RateUnavailableError]:
    asking = Asking(
        source=SOURCES[name],
        currency=currency,
        asked_at=ASKED_AT,
        timeout_seconds=5,
        origin=origin,
    )
    return await ask(asking, coins)


SHAPES = {
    "coinbase": '{"data": {"amount": "91234.56000001", "base": "BTC", "currency": "USD"}}',
    "kraken": '{"error": [], "result": {"XXBTZUSD": {"a": ["91300", "1", "1.0"],'
    ' "c": ["91234.56000001", "0.01"]}}}',
    "bitstamp": f'{{"last": "91234.56000001", "timestamp": "{MOMENT}", "bid": "1"}}',
    "coingecko": "{"
    + ", ".join(
        f'"{name}": {{"usd": 91234.56000001, "last_updated_at": {MOMENT}}}'
        for name in ("bitcoin", "ethereum", "litecoin", "solana")
    )
    + "}",
}
PATHS = {
    "coinbase": "/v2/prices/BTC-USD/spot",
    "kraken": "/0/public/Ticker?pair=XBTUSD",
    "bitstamp": "/api/v2/ticker/btcusd/",
    "coingecko": "/api/v3/simple/price?ids=bitcoin,ethereum,litecoin,solana"
    "&vs_currencies=usd&include_last_updated_at=true",
}


def test_there_is_a_shape_for_every_source() -> None:
    assert SHAPES.keys() == PATHS.keys() == SOURCES.keys()


@pytest.mark.parametrize("name", sorted(SOURCES))
async def test_price_is_read_exactly(name: str, exchange: tuple[Exchange, str]) -> None:
    server, origin = exchange
    server.text = SHAPES[name]
    answers = await said(name, origin, COINS)
    assert answers.keys() == set(COINS)
    of_btc = answers["BTC"]
    assert isinstance(of_btc, Quote)
    assert (of_btc.source, of_btc.price) == (name, PRICE)
    is_dated = name in {"bitstamp", "coingecko"}
    assert of_btc.as_of == (datetime.fromtimestamp(MOMENT, UTC) if is_dated else ASKED_AT)
    assert PATHS[name] in server.asked
    assert len(server.asked) == (1 if SOURCES[name].all_at_once else len(COINS))


@pytest.mark.parametrize("name", sorted(SOURCES))
@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html>",
        "[]",
        "null",
        "{}",
        '{"data": {"amount": "abc"}}',
        "[" * 100_000,
        '{"last": 1}',
        '{"error": [], "result": [1]}',
        '{"last": "91234", "timestamp": "1000000000000000000"}',
    ],
)
async def test_answer_of_another_shape_is_no_price(
    name: str, text: str, exchange: tuple[Exchange, str]
) -> None:
    server, origin = exchange
    server.text = text
    answers = await said(name, origin)
    assert isinstance(answers["BTC"], RateUnavailableError)


# A number near the price: what is reckoned with so many digits does not end.
LONG = "91234." + "1" * 500_000


@pytest.mark.parametrize(
    "amount", ["0", "-1", "NaN", "Infinity", "1e-10", "1e16", "1e999999999", LONG]
)
async def test_price_that_no_price_can_be_is_none(
    amount: str, exchange: tuple[Exchange, str]
) -> None:
    server, origin = exchange
    server.text = f'{{"data": {{"amount": "{amount}"}}}}'
    answers = await said("coinbase", origin)
    assert "no number that a price can be" in str(answers["BTC"])


async def test_refusals_of_a_source_are_told(exchange: tuple[Exchange, str]) -> None:
    server, origin = exchange
    server.text = '{"error": ["EQuery:Unknown asset pair"]}'
    answers = await said("kraken", origin)
    assert "Unknown asset pair" in str(answers["BTC"])
    server.status = 429
    answers = await said("kraken", origin)
    assert str(answers["BTC"]) == "it answers HTTP 429"


async def test_currency_that_a_source_does_not_know_is_told(
    exchange: tuple[Exchange, str],
) -> None:
    server, origin = exchange
    server.text = SHAPES["coingecko"]
    answers = await said("coingecko", origin, ["LTC"], "PLN")
    assert str(answers["LTC"]) == "its answer has no price of LTC in PLN"


async def test_source_with_a_fast_clock_does_not_date_its_price_into_the_future(
    exchange: tuple[Exchange, str],
) -> None:
    server, origin = exchange
    server.text = f'{{"last": "80", "timestamp": "{MOMENT + 3600}"}}'
    of_btc = (await said("bitstamp", origin))["BTC"]
    assert isinstance(of_btc, Quote)
    assert of_btc.as_of == ASKED_AT


async def test_number_of_json_is_read_to_its_last_digit(exchange: tuple[Exchange, str]) -> None:
    server, origin = exchange
    price = "91234.560000000000000012345"
    server.text = f'{{"bitcoin": {{"usd": {price}, "last_updated_at": {MOMENT}}}}}'
    of_btc = (await said("coingecko", origin))["BTC"]
    assert isinstance(of_btc, Quote)
    assert of_btc.price == Decimal(price)


async def test_source_that_is_away_is_told() -> None:
    origin = "http://127.0.0.1:9"
    answers = await said("kraken", origin)
    assert "cannot be reached" in str(answers["BTC"])
