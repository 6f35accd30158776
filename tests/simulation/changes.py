"""What one commit makes of one order: before, after, what the audit log says, who is told."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from tests.simulation.views import OrderView, ReceiptView


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditView:
    """One row of the audit log."""

    at: datetime
    by: str
    by_telegram_id: int | None
    what: str
    why: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldView:
    """One new row of the outbox; the amount in base units."""

    outbox_id: int
    audience: str
    chat_id: int
    kind: str
    amount: int | None
    detail: str | None


@dataclass(frozen=True, kw_only=True)
class Change:
    """One command about one order, for there is one at a time."""

    before: OrderView | None
    after: OrderView
    audit: tuple[AuditView, ...]
    told: tuple[ToldView, ...]

    @property
    def was(self) -> str | None:
        """The status before; None where there was no order."""
        return None if self.before is None else self.before.status

    @cached_property
    def has_become(self) -> str:
        """The status that is new, or ""."""
        return self.after.status if self.after.status != self.was else ""

    @cached_property
    def whats(self) -> tuple[str, ...]:
        """What happened, by the audit log."""
        return tuple(each.what for each in self.audit)

    @property
    def by(self) -> str:
        """Who did it, by the audit log."""
        return self.audit[0].by

    @property
    def at(self) -> datetime:
        """When it was decided, by the shop's clock."""
        return self.audit[0].at

    @cached_property
    def changed(self) -> tuple[ReceiptView, ...]:
        """Receipts that are new or stand differently, as they are now."""
        known = {} if self.before is None else {r.row_id: r for r in self.before.receipts}
        return tuple(each for each in self.after.receipts if known.get(each.row_id) != each)

    @cached_property
    def arrived(self) -> int:
        """Money that is there and was not."""
        counted = (
            set()
            if self.before is None
            else {each.row_id for each in self.before.receipts if each.counts}
        )
        return sum(r.amount for r in self.changed if r.counts and r.row_id not in counted)

    @cached_property
    def vanished(self) -> bool:
        """Whether a receipt has just gone."""
        return any(not each.counts for each in self.changed)
