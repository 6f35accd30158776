"""What a payment processor reports: values, no rules of how a report reaches the shop."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.payment import receipt_id


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReport:
    """One receipt as a processor tells of it.

    Address and transaction are spelled as the shop itself spells those of the coin. `output_index`
    is None for coins without outputs. `signed_at` is when the processor says that it says so.
    """

    coin: str
    address: str
    transaction_id: str
    output_index: int | None
    amount_base_units: int
    confirmations: int
    signed_at: datetime

    @property
    def receipt_id(self) -> str:
        """Unique for one address."""
        return receipt_id(self.transaction_id, self.output_index)


class ReportRefusal(StrEnum):
    """Why a report is not taken."""

    NO_SUCH_ADDRESS = "no_such_address"
    OTHER_PAYMENT = "other_payment"
    """The same receipt is known with another amount, or on another address."""
    IMPOSSIBLE = "impossible"
    """The store cannot hold it."""
