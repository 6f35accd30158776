"""What the owner has chosen that decisions depend on, as plain values."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum


class PartialStock(StrEnum):
    """What happens with a wish for more than there is."""

    ASK = "ask"
    """The shopper is told what there is of each, and takes less or nothing."""
    REDUCE = "reduce"
    """The order is made of what there is."""
    REJECT = "reject"


class LatePayment(StrEnum):
    """What becomes of confirmed money whose order has ended."""

    REVIVE = "revive"
    """The order is paid after all where stock and value allow; else as for over-payment."""
    CREDIT = "credit"
    REFUND = "refund"


class OverPayment(StrEnum):
    """What becomes of confirmed money beyond the price."""

    REFUND = "refund"
    CREDIT = "credit"


FINALIZED_CONFIRMATIONS = 32
"""Of SOL, as confirmations: so many votes on top of each other make a block final."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmationsAbove:
    """From this amount on so many confirmations, in place of fewer."""

    amount_base_units: int
    confirmations: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinRules:
    """How one coin is taken. Amounts in base units.

    `final_confirmations`: after so many a receipt that was settled is looked at no more; None: as
    many as settle it.
    """

    coin: str
    confirmations: int
    smallest_order_base_units: int
    dust_base_units: int
    confirmations_above: tuple[ConfirmationsAbove, ...] = ()
    final_confirmations: int | None = None

    def confirmations_for(self, amount_base_units: int) -> int:
        """How many confirmations settle an order of this amount."""
        steps = (
            step.confirmations
            for step in self.confirmations_above
            if amount_base_units >= step.amount_base_units
        )
        return max((self.confirmations, *steps))


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRules:
    """How orders live.

    `timeout`: how long a shopper may take to pay. `expiry_grace`: how long an order outlives its
    time while the chain cannot be looked at. `confirmation_timeout`: how long a payment that was
    seen keeps the hold. `monitor_after_expiry`: how long an address is watched after the order
    ended. `warning`: how long before its end the shopper is warned (zero: never). `extension`: how
    long an order that is partly paid has from then on, at the least, once (zero: never).
    """

    fiat_currency: str
    timeout: timedelta
    warning: timedelta
    extension: timedelta
    max_active: int
    max_user_timeouts: int
    partial_stock: PartialStock
    late_payment: LatePayment
    over_payment: OverPayment
    expiry_grace: timedelta
    confirmation_timeout: timedelta
    monitor_after_expiry: timedelta
    under_payment_tolerance_percent: Decimal
    coins: tuple[CoinRules, ...]

    def coin(self, symbol: str) -> CoinRules | None:
        """The rules of a coin, or None where the shop does not take it."""
        return next((rules for rules in self.coins if rules.coin == symbol), None)
