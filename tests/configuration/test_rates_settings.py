"""Who is asked what a coin costs, and what goes before it."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from composition.environment import environment_of
from configuration.loading import load
from configuration.problems import ConfigurationError
from configuration.questions import questions
from configuration.requirements import Purpose
from payments.market import PublicMarket
from payments.rate_sources import SOURCES

Spoil = Callable[[str, str], Path]
FIXED = '[rates.fixed]\nLTC = "80.00"\n'


def refusal(path: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(path, {}, purpose=Purpose.SERVE)
    (line,) = caught.value.lines
    return line


def test_sources_serve_a_coin_that_has_no_fixed_price(spoil: Spoil) -> None:
    path = spoil(FIXED, '[rates]\nsources = ["kraken", "coinbase"]\nmax_age_seconds = 120\n')
    settings = load(path, {}, purpose=Purpose.SERVE)
    assert settings.market_coins() == ("LTC",)
    assert settings.fixed_rates() == {}
    market = environment_of(settings).market
    assert isinstance(market, PublicMarket)
    assert market.sources == ("kraken", "coinbase")
    assert (market.currency, market.max_age) == ("USD", timedelta(seconds=120))


def test_fixed_price_goes_before_the_sources(spoil: Spoil) -> None:
    path = spoil(FIXED, f'[rates]\nsources = ["kraken"]\n{FIXED}')
    settings = load(path, {}, purpose=Purpose.SERVE)
    assert settings.fixed_rates() == {"LTC": Decimal("80.00")}
    assert settings.market_coins() == ()
    assert environment_of(settings).market is None


@pytest.mark.parametrize("rates", ["", "[rates]\nsources = []\n"])
def test_coin_without_price_and_sources_is_refused_with_what_to_write(
    rates: str, spoil: Spoil
) -> None:
    line = refusal(spoil(FIXED, rates))
    assert "rates.fixed.LTC is missing while LTC is enabled" in line
    assert line.endswith(
        'as in "80.00", or, as rates.sources, who is asked for it:'
        ' ["coinbase", "kraken", "bitstamp", "coingecko"]'
    )


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ('sources = ["krakn"]', 'rates.sources contains "krakn"; write names out of "coinbase", '),
        ("sources = [1]", "rates.sources contains 1; write names out of "),
        ('sources = "kraken"', 'rates.sources is "kraken"; write a list of names out of '),
        ("sources = [[]]", "rates.sources contains a list; write names out of "),
        ('sources = ["kraken", "kraken"]', "rates.sources names one twice; write each once"),
        ("max_age_seconds = 14", "rates.max_age_seconds is 14; write a number from 15 to 86400"),
        ("max_age_seconds = true", "rates.max_age_seconds is true; write a number"),
    ],
)
def test_what_is_written_wrong_is_refused_with_what_to_write(
    written: str, told: str, spoil: Spoil
) -> None:
    assert told in refusal(spoil(FIXED, f"[rates]\n{written}\n{FIXED}"))


def test_sources_can_be_given_by_a_variable(config: Path) -> None:
    environ = {"HOLDFAST_RATES__SOURCES": '["bitstamp"]', "HOLDFAST_RATES__MAX_AGE_SECONDS": "60"}
    settings = load(config, environ, purpose=Purpose.SERVE)
    assert settings.rates.sources == ("bitstamp",)
    assert settings.rates.max_age_seconds == 60


def test_price_is_asked_for_at_the_first_set_up_only_where_no_source_is_named(spoil: Spoil) -> None:
    settings = load(spoil(FIXED, ""), {}, purpose=Purpose.INIT)
    assert [each.path for each in questions(settings, {})] == [("rates", "fixed", "LTC")]
    path = spoil("[custody]", '[rates]\nsources = ["kraken"]\n[custody]')
    assert questions(load(path, {}, purpose=Purpose.INIT), {}) == []


def test_settings_file_of_the_program_asks_every_source_that_there_is() -> None:
    path = Path(__file__).parents[2] / "config.toml"
    settings = load(path, {}, purpose=Purpose.INIT)
    assert settings.rates.sources == tuple(SOURCES)
    assert settings.rates.fixed.prices() == {}
