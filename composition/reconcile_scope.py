"""What a reconciliation is to be of."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything:
    """All orders made from one time on and before another; None: without a bound."""

    made_from: datetime | None = None
    made_before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOrder:
    """One order."""

    order_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SinceLast:
    """All orders; where blocks are read, those alone that no earlier run of this kind has read."""


Scope = Everything | OneOrder | SinceLast
