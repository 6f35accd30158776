"""`run.py rates`: what each source says, over real HTTP, and the exit status."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from loguru import logger

import run
from composition import rates_command
from composition.market import market_of
from composition.rates_command import CoinRate, ask_all
from configuration.loading import load
from configuration.requirements import Purpose
from payments.market import PublicMarket

CONFIG = '[shop]\ncurrency = "EUR"\n[coins.LTC]\nenabled = true\n'
SOURCES = ("coinbase", "kraken", "bitstamp", "coingecko")


class Answers:
    """What the servers say, by the beginning of the path."""

    def __init__(self) -> None:
        self.by_path: dict[str, str] = {}

    async def answer(self, request: web.Request) -> web.Response:
        for path, text in self.by_path.items():
            if request.path.startswith(path):
                return web.Response(text=text)
        return web.Response(status=429)


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """Whatever the command sets up for logging ends with it."""
    handlers, level = logging.root.handlers[:], logging.root.level
    logging.root.handlers[:] = []
    yield
    logger.remove()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


@pytest.fixture
async def exchange() -> AsyncIterator[tuple[Answers, PublicMarket]]:
    answers = Answers()
    application = web.Application()
    application.router.add_get("/{rest:.*}", answers.answer)
    server = TestServer(application, host="127.0.0.1")
    await server.start_server()
    origins = dict.fromkeys(SOURCES, str(server.make_url("/")))
    market = PublicMarket(
        sources=SOURCES, currency="EUR", max_age=timedelta(seconds=300), origins=origins
    )
    yield answers, market
    await server.close()


def says(prices: Mapping[str, str], age_seconds: int = 0) -> dict[str, str]:
    moment = int((datetime.now(UTC) - timedelta(seconds=age_seconds)).timestamp())
    shapes = {
        "coinbase": ("/v2/prices/LTC-EUR", '{"data": {"amount": "PRICE"}}'),
        "kraken": ("/0/public", '{"error": [], "result": {"XLTCZEUR": {"c": ["PRICE", "1"]}}}'),
        "bitstamp": ("/api/v2/ticker/ltceur", f'{{"last": "PRICE", "timestamp": "{moment}"}}'),
        "coingecko": (
            "/api/v3",
            f'{{"litecoin": {{"eur": PRICE, "last_updated_at": {moment}}}}}',
        ),
    }
    return {
        shapes[name][0]: shapes[name][1].replace("PRICE", each) for name, each in prices.items()
    }


async def asked(folder: Path, market: PublicMarket, more: str = "") -> CoinRate:
    path = folder / "config.toml"
    path.write_text(CONFIG + more)
    (of_ltc,) = await ask_all(load(path, {}, purpose=Purpose.STORE), market)
    return of_ltc


def states(found: CoinRate) -> dict[str, str]:
    return {line.source: line.state for line in found.sources}


async def test_each_source_is_shown_with_what_becomes_of_its_price(
    tmp_path: Path, exchange: tuple[Answers, PublicMarket]
) -> None:
    answers, market = exchange
    answers.by_path = says({"coinbase": "80.10", "kraken": "80.20", "bitstamp": "8.02"})
    found = await asked(tmp_path, market)
    assert found.rate == "80.15"
    assert states(found) == {
        "coinbase": "used", "kraken": "used", "bitstamp": "outlier", "coingecko": "no price",
    }  # fmt: skip
    assert found.sources[3].why == "it answers HTTP 429"


async def test_old_price_and_one_that_stands_alone_lead_to_no_rate(
    tmp_path: Path, exchange: tuple[Answers, PublicMarket]
) -> None:
    answers, market = exchange
    answers.by_path = says({"coinbase": "80.10", "bitstamp": "80.20"}, age_seconds=400)
    found = await asked(tmp_path, market)
    assert found.rate is None
    assert (states(found)["coinbase"], states(found)["bitstamp"]) == ("alone", "too old")
    assert found.sources[2].age_seconds is not None
    assert 400 <= found.sources[2].age_seconds < 460


async def test_table_shows_rate_errors_and_the_price_that_goes_before(
    tmp_path: Path, exchange: tuple[Answers, PublicMarket]
) -> None:
    answers, market = exchange
    answers.by_path = says({"coinbase": "80.10", "kraken": "80.20", "coingecko": "500"})
    found = await asked(tmp_path, market, '[rates.fixed]\nLTC = "79.00"\n')
    lines = [" ".join(line.split()) for line in rates_command._table([found], "EUR")]
    assert lines == [
        "coin source EUR age",
        "LTC coinbase 80.10 0 s",
        "LTC kraken 80.20 0 s",
        "LTC bitstamp - it answers HTTP 429",
        "LTC coingecko 500 0 s does not count: too far from the others",
        "LTC = rate 80.15",
        "LTC = fixed 79.00 rates.fixed: orders are charged at this",
    ]


def with_market(monkeypatch: pytest.MonkeyPatch, market: PublicMarket) -> None:
    """The command asks this market, whatever sources the settings name."""
    monkeypatch.setattr(rates_command, "market_of", lambda _settings, _sources: market)


@pytest.mark.parametrize(
    ("prices", "status"), [(("80", "81"), 0), (("80", "120"), 1), (("80",), 1)]
)
async def test_exit_status_says_whether_every_coin_got_a_rate(
    prices: tuple[str, ...],
    status: int,
    tmp_path: Path,
    exchange: tuple[Answers, PublicMarket],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    answers, market = exchange
    answers.by_path = says(dict(zip(SOURCES, prices, strict=False)))
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    with_market(monkeypatch, market)
    arguments = ["--config", str(path), "rates", "--json"]
    assert await asyncio.to_thread(run.main, arguments) == status
    shown = json.loads(capsys.readouterr().out)
    assert shown["currency"] == "EUR"
    assert list(shown["coins"]) == ["LTC"]
    assert (shown["coins"]["LTC"]["rate"] is not None) == (status == 0)


def test_all_coins_are_asked_for_where_none_is_enabled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "config.toml"
    path.write_text("")
    market = PublicMarket(
        sources=("kraken",),
        currency="USD",
        max_age=timedelta(seconds=300),
        origins={"kraken": "http://127.0.0.1:9"},
    )
    with_market(monkeypatch, market)
    assert run.main(["--config", str(path), "rates"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[1::2]] == [
        ["BTC", "kraken"], ["LTC", "kraken"], ["ETH", "kraken"], ["SOL", "kraken"],
    ]  # fmt: skip
    assert all("it cannot be reached" in line for line in lines[1::2])


def test_sources_of_the_settings_are_asked_and_all_where_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'{CONFIG}[rates]\nsources = ["kraken"]\nmax_age_seconds = 60\n')
    settings = load(path, {}, purpose=Purpose.STORE)
    assert market_of(settings, settings.rates.sources) == PublicMarket(
        sources=("kraken",), currency="EUR", max_age=timedelta(seconds=60)
    )
    assert rates_command.sources_of(settings) == ("kraken",)
    path.write_text(CONFIG)
    assert rates_command.sources_of(load(path, {}, purpose=Purpose.STORE)) == SOURCES
