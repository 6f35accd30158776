"""What the one writer is asked about reports of payment processors, and what it answers."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from domain.payment import Sighting
from domain.reports import PaymentReport, ReportRefusal

if TYPE_CHECKING:
    from store.contract import AddressToWatch


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteReport:
    """Keep a report. The same one again, or one that says less, changes nothing.

    Answered by `ReportWritten` or `ReportNotWritten`.
    """

    report: PaymentReport


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportWritten:
    """It is on disk, or was. `is_news`: it says more than was known.

    `reported_on` is the order's address, with what the order has recorded of it.
    """

    report: PaymentReport
    reported_on: "AddressToWatch"
    is_news: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportNotWritten:
    """Nothing was written."""

    report: PaymentReport
    reason: ReportRefusal


@dataclass(frozen=True, slots=True, kw_only=True)
class GetReported:
    """What was reported of an address of a coin. Answered by `ReportedLoaded`.

    `address` None: of each address of which something was reported that its order has not recorded
    as confirmed. `asked_at` comes back with the answer: what was written before is in it.
    """

    coin: str
    address: str | None
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedAddress:
    """All that is known of an order's address: what was reported, and what the order has."""

    order_id: int
    address: str
    sightings: tuple[Sighting, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedLoaded:
    """The answer to a `GetReported`; empty where nothing was ever received."""

    coin: str
    address: str | None
    asked_at: datetime
    reported: tuple[ReportedAddress, ...]
