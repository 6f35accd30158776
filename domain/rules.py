"""What the owner has chosen that decisions depend on, as plain values."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinRules:
    """How one coin is taken. Amounts in base units."""

    coin: str
    confirmations: int
    smallest_order_base_units: int
    dust_base_units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRules:
    """How orders live.

    `timeout`: how long a shopper may take to pay. `expiry_grace`: how long an order outlives its
    time while the chain cannot be looked at. `confirmation_timeout`: how long a payment that was
    seen keeps the hold. `monitor_after_expiry`: how long an address is watched after the order
    ended.
    """

    fiat_currency: str
    timeout: timedelta
    expiry_grace: timedelta
    confirmation_timeout: timedelta
    monitor_after_expiry: timedelta
    under_payment_tolerance_percent: Decimal
    coins: tuple[CoinRules, ...]

    def coin(self, symbol: str) -> CoinRules | None:
        """The rules of a coin, or None where the shop does not take it."""
        return next((rules for rules in self.coins if rules.coin == symbol), None)
