"""The market as actors are given it: several sources of rates, and how they are asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from payments.rate_sources import SOURCES, Asking, ask
from payments.rates import Quote

TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceAnswer:
    """What one source said: its quotes, and by coin why there is none of the others."""

    source: str
    quotes: tuple[Quote, ...]
    refusals: Mapping[str, str]


class Market(Protocol):
    """A picklable recipe. Prices are in the shop's currency."""

    @property
    def sources(self) -> tuple[str, ...]:
        """Whom to ask."""
        ...

    @property
    def max_age(self) -> timedelta:
        """An older quote counts no more."""
        ...

    async def ask(self, source: str, coins: Sequence[str], asked_at: datetime) -> SourceAnswer:
        """What one source says now; never raises for what the source or the network does."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicMarket:
    """The public sources of `payments.rate_sources`, by name.

    `origins` are, by name, what stands in the place of a source's own scheme and host.
    """

    sources: tuple[str, ...]
    currency: str
    max_age: timedelta
    timeout_seconds: float = TIMEOUT_SECONDS
    origins: Mapping[str, str] = field(default_factory=dict)

    async def ask(self, source: str, coins: Sequence[str], asked_at: datetime) -> SourceAnswer:
        """What one source says now."""
        asking = Asking(
            source=SOURCES[source],
            currency=self.currency,
            asked_at=asked_at,
            timeout_seconds=self.timeout_seconds,
            origin=self.origins.get(source),
        )
        said = await ask(asking, coins)
        return SourceAnswer(
            source=source,
            quotes=tuple(each for each in said.values() if isinstance(each, Quote)),
            refusals={
                coin: str(each) for coin, each in said.items() if not isinstance(each, Quote)
            },
        )
