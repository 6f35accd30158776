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
    quote from the future is of a source whose clock is wrong, and is taken for one of now.
    """
    fresh = sorted(
        (each for each in quotes if each.coin == coin and now - each.as_of <= max_age),
        key=lambda each: (each.price, each.source),
    )
    if not fresh:
        return NoRate(coin=coin, why=f"no source gave a price in the last {max_age}")
    middle = median(each.price for each in fresh)
    near = [each for each in fresh if abs(each.price - middle) <= middle * FARTHEST_FROM_MEDIAN]
    outliers = tuple(each for each in fresh if each not in near)
    if len(near) < min(FEWEST_AGREEING, sources):
        told = ", ".join(f"{each.source} {each.price}" for each in fresh)
        return NoRate(coin=coin, why=f"the sources do not agree: {told}", outliers=outliers)
    return Rate(
        coin=coin,
        price=median(each.price for each in near),
        as_of=min(*(each.as_of for each in near), now),
        quotes=tuple(near),
        outliers=outliers,
    )
