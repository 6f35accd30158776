"""What one coin costs in the shop's currency, from what several sources say. Pure: no I/O.

A source can be wrong, stand still, or be away, so none is believed alone where there are others:
the rate is the median of those that are fresh and near to each other.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median

FARTHEST_FROM_MEDIAN = Decimal("0.05")
FEWEST_AGREEING = 2
FEWEST_SOURCES = 3
"""Of fewer, nobody can tell which is wrong."""
CLOCK_SLACK = timedelta(seconds=5)
"""A clock may be set back by so much, and what it dated before still counts as of now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What a source said: the price of one coin in the shop's currency, as of a moment."""

    source: str
    coin: str
    price: Decimal
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What a coin costs; `as_of` is the moment of the oldest quote that it rests on.

    `outliers` were fresh and too far from the others.
    """

    coin: str
    price: Decimal
    as_of: datetime
    quotes: tuple[Quote, ...]
    outliers: tuple[Quote, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NoRate:
    """Nothing may be quoted, and why."""

    coin: str
    why: str
    outliers: tuple[Quote, ...] = ()


def agree(
    coin: str, quotes: Iterable[Quote], now: datetime, max_age: timedelta, sources: int
) -> Rate | NoRate:
    """The rate that the latest quote of each source leads to.

    `sources` is how many are asked: where that is one it is believed, else two have to agree. A
    quote from the future does not count: since it was given the clock was set back, and nobody
    knows how old it is.
    """
    fresh = sorted(
        (each for each in quotes if each.coin == coin and is_fresh(each, now, max_age)),
        key=lambda each: (each.price, each.source),
    )
    if not fresh:
        seconds = f"{max_age.total_seconds():g}"
        return NoRate(coin=coin, why=f"no source has a price that is at most {seconds} s old")
    middle = median(each.price for each in fresh)
    near = [each for each in fresh if abs(each.price - middle) <= middle * FARTHEST_FROM_MEDIAN]
    outliers = tuple(each for each in fresh if each not in near)
    if len(near) < min(FEWEST_AGREEING, sources):
        told = ", ".join(f"{each.source} {each.price}" for each in fresh)
        why = "the sources do not agree" if outliers else "one source of several is not believed"
        return NoRate(coin=coin, why=f"{why}: {told}", outliers=outliers)
    return Rate(
        coin=coin,
        price=_plain(median(each.price for each in near)),
        as_of=min(*(each.as_of for each in near), now),
        quotes=tuple(near),
        outliers=outliers,
    )


def is_fresh(quote: Quote, now: datetime, max_age: timedelta) -> bool:
    """Whether a quote counts at that moment."""
    return -CLOCK_SLACK <= now - quote.as_of <= max_age


def _plain(price: Decimal) -> Decimal:
    """The same number, written without an exponent."""
    return Decimal(f"{price:f}")
