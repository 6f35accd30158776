"""What `run.py rates` shows: each source's word on each coin, and the rate that follows."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import click

from composition.market import market_of
from configuration.settings import Settings
from payments.market import Market, SourceAnswer
from payments.rate_sources import SOURCES
from payments.rates import NoRate, Quote, Rate, agree, is_fresh

_USED, _OUTLIER, _ALONE, _TOO_OLD = "used", "outlier", "alone", "too old"
_NONE = "no price"
_REMARKS = {
    _USED: "",
    _OUTLIER: "does not count: too far from the others",
    _ALONE: "is not believed: no other source says so",
    _TOO_OLD: "does not count: too old",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one source said of one coin.

    `state` is "used", "outlier", "alone", "too old" or "no price".
    """

    source: str
    state: str
    price: str | None = None
    age_seconds: int | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinRate:
    """One coin: `rate` is None where the sources lead to none, and `why` says why not then.

    `fixed` is the price in the settings, which goes before what the sources say.
    """

    coin: str
    rate: str | None
    why: str
    fixed: str | None
    sources: tuple[Line, ...]


def show(settings: Settings, *, as_json: bool) -> bool:
    """Ask, and print; whether every coin has a rate, of the sources or a fixed one."""
    market = market_of(settings, sources_of(settings))
    found = asyncio.run(ask_all(settings, market))
    currency = settings.shop.currency
    if as_json:
        coins = {each.coin: asdict(each) for each in found}
        click.echo(json.dumps({"currency": currency, "coins": coins}))
    else:
        for line in _table(found, currency):
            click.echo(line)
    return all(each.rate is not None or each.fixed is not None for each in found)


def sources_of(settings: Settings) -> tuple[str, ...]:
    """Those that the settings name, or all that there are."""
    return settings.rates.sources or tuple(SOURCES)


async def ask_all(settings: Settings, market: Market) -> list[CoinRate]:
    """Ask every source for the coins that are enabled, or for all where none is."""
    coins = tuple(settings.coins.enabled() or settings.coins.all())
    asked_at = datetime.now(UTC)
    answers = await asyncio.gather(
        *(market.ask(source, coins, asked_at) for source in market.sources)
    )
    fixed = settings.rates.fixed.prices()
    return [_coin_rate(coin, fixed.get(coin), answers, market) for coin in coins]


def _coin_rate(
    coin: str, fixed: str | None, answers: Sequence[SourceAnswer], market: Market
) -> CoinRate:
    now = datetime.now(UTC)
    quotes = {
        each.source: each for answer in answers for each in answer.quotes if each.coin == coin
    }
    found = agree(coin, quotes.values(), now, market.max_age, len(market.sources))
    lines = (
        _line_of(quotes[answer.source], _state(quotes[answer.source], found, now, market), now)
        if answer.source in quotes
        else Line(source=answer.source, state=_NONE, why=answer.refusals[coin])
        for answer in answers
    )
    return CoinRate(
        coin=coin,
        rate=str(found.price) if isinstance(found, Rate) else None,
        why=found.why if isinstance(found, NoRate) else "",
        fixed=fixed,
        sources=tuple(lines),
    )


def _state(quote: Quote, found: Rate | NoRate, now: datetime, market: Market) -> str:
    if quote in found.outliers:
        return _OUTLIER
    if not is_fresh(quote, now, market.max_age):
        return _TOO_OLD
    return _USED if isinstance(found, Rate) else _ALONE


def _line_of(quote: Quote, state: str, now: datetime) -> Line:
    return Line(
        source=quote.source,
        state=state,
        price=f"{quote.price:f}",
        age_seconds=max(0, int((now - quote.as_of).total_seconds())),
        why=_REMARKS[state],
    )


def _table(found: Sequence[CoinRate], currency: str) -> Iterator[str]:
    yield _row("coin", "source", currency, "age", "")
    for coin in found:
        for line in coin.sources:
            age = "" if line.age_seconds is None else f"{line.age_seconds} s"
            yield _row(coin.coin, line.source, line.price or "-", age, line.why)
        yield _row(coin.coin, "= rate", coin.rate or "none", "", coin.why)
        if coin.fixed is not None:
            why = "rates.fixed: orders are charged at this"
            yield _row(coin.coin, "= fixed", coin.fixed, "", why)


def _row(coin: str, source: str, price: str, age: str, why: str) -> str:
    return f"{coin:<5} {source:<10} {price:>18} {age:>7}  {why}".rstrip()
