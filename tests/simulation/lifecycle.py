"""How often what happened: that a run has seen the whole life of orders, and not a part of it."""

from collections import Counter
from dataclasses import dataclass, field

from tests.simulation.changes import Change

_BY = {"order_paid", "order_revived", "order_expired", "order_cancelled", "order_shipped"}


@dataclass(slots=True)
class Lifecycle:
    """Counts of changes that are on disk, by name."""

    counts: Counter[str] = field(default_factory=Counter)

    def adopted(self, change: Change) -> None:
        """A change is on disk."""
        for what in change.whats:
            self.counts[f"{what}_by_{change.by}" if what in _BY else what] += 1
        state = change.after.payment_state
        if change.before is not None and change.before.payment_state != state:
            self.counts[f"payment_{state}"] += 1
        if change.after.revived_at is not None and change.has_become == "shipped":
            self.counts["revived_and_shipped"] += 1
