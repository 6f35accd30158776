"""Sources of rates that say what a scene tells them to, in virtual time."""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from payments.market import SourceAnswer
from payments.rates import Quote
from tests.actors.world import World

SOURCES = ("east", "north", "west")
MAX_AGE = timedelta(seconds=300)
ANSWER_SECONDS = 0.5

_numbers = itertools.count(1)
_scripts: "dict[int, Script]" = {}


@dataclass(slots=True)
class Script:
    """What each source says of every coin; a source that is not in it gives no price."""

    prices: dict[str, str] = field(default_factory=lambda: dict.fromkeys(SOURCES, "80"))
    age: timedelta = timedelta()
    asked: list[tuple[str, float]] = field(default_factory=list)
    error: Exception | None = None
    is_hanging: bool = False

    def away(self) -> None:
        """No source gives a price any more."""
        self.prices = {}

    def says(self, price: str) -> None:
        """All sources say so."""
        self.prices = dict.fromkeys(SOURCES, price)


@dataclass(frozen=True, slots=True)
class ScriptedMarket:
    """The recipe, which finds its script by a number, for it travels in pickled messages."""

    number: int
    sources: tuple[str, ...] = SOURCES
    max_age: timedelta = MAX_AGE

    async def ask(self, source: str, coins: Sequence[str], asked_at: datetime) -> SourceAnswer:
        script = _scripts[self.number]
        script.asked.append((source, asyncio.get_running_loop().time()))
        await asyncio.sleep(10_000 if script.is_hanging else ANSWER_SECONDS)
        if script.error is not None:
            raise script.error
        price = script.prices.get(source)
        if price is None:
            return SourceAnswer(
                source=source, quotes=(), refusals=dict.fromkeys(coins, "it answers HTTP 429")
            )
        quotes = tuple(
            Quote(source=source, coin=coin, price=Decimal(price), as_of=asked_at - script.age)
            for coin in coins
        )
        return SourceAnswer(source=source, quotes=quotes, refusals={})


def with_market(world: World) -> Script:
    """From the next start on the shop has no fixed rates, and these sources."""
    number, script = next(_numbers), Script()
    _scripts[number] = script
    world.rates, world.market = {}, ScriptedMarket(number)
    return script
