"""What one coin costs in the shop's currency."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol


class Rates(Protocol):
    """Prices that can be quoted now."""

    def rate(self, coin: str) -> Decimal | None:
        """The price of one coin in the shop's currency; None where nothing may be quoted."""
        ...


@dataclass(frozen=True, slots=True)
class FixedRates:
    """Prices that the owner has set: coin to price of one coin in the shop's currency."""

    prices: dict[str, Decimal]

    def rate(self, coin: str) -> Decimal | None:
        """The price of one coin; None for a coin without one."""
        return self.prices.get(coin)
