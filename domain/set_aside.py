"""Received money that pays for no goods, and where it is."""

from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    """What becomes of received money that pays for no goods."""

    BALANCE = "balance"
    REFUND = "refund"


class SetAsideState(StrEnum):
    """How money that was set aside stands."""

    OPEN = "open"
    """Credited to the shopper's balance, or waiting on the refund list."""
    REFUNDED = "refunded"
    """Paid back: final."""
    WITHDRAWN = "withdrawn"
    """No longer set aside: the order was revived, or the receipt was reversed. Final."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """A part of one confirmed receipt that pays for no goods.

    `number` counts from 1 within the order. `credited_minor` is what the shopper's balance got for
    it, 0 for a refund. `refund_transaction_id` is that of the refund, once it is `REFUNDED`.
    """

    number: int
    receipt_id: str
    purpose: Purpose
    amount_base_units: int
    credited_minor: int
    state: SetAsideState = SetAsideState.OPEN
    refund_transaction_id: str | None = None

    @property
    def counts(self) -> bool:
        """Whether it takes away from what its order has."""
        return self.state is not SetAsideState.WITHDRAWN
