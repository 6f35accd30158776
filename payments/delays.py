"""How long payments took to be noticed, as a histogram.

Counted from the moment since which the payment may have been there to be seen (the look before the
one that saw it, or the backend's push) until the order has taken it in: never less than it was.
"""

from bisect import bisect_left
from datetime import datetime, timedelta

from payments.watching import Report

BOUNDS_SECONDS = (0.5, 1, 2, 5, 10, 20, 60, 300)


class NoticeDelays:
    """Counts by upper bound, each payment once."""

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS_SECONDS) + 1)
        self._open: dict[str, datetime] = {}

    def reported(self, report: Report, began_at: datetime, there_since: datetime | None) -> None:
        """A report was made from the look begun at `began_at`.

        `there_since` is the earliest moment at which what the look saw first may have come; None:
        unknown, as for what came while the shop was down.
        """
        is_new = any(each.seen_at == began_at for each in report.sightings)
        if is_new and there_since is not None:
            self._open.setdefault(report.address, there_since)

    def taken(self, address: str, now: datetime) -> None:
        """The report on this address is on disk."""
        since = self._open.pop(address, None)
        if since is not None:
            seconds = max(now - since, timedelta()).total_seconds()
            self._counts[bisect_left(BOUNDS_SECONDS, seconds)] += 1

    def counts(self) -> dict[str, int]:
        """How many were noticed within so many seconds, and not within fewer."""
        names = [*(f"{bound:g}" for bound in BOUNDS_SECONDS), "more"]
        return dict(zip(names, self._counts, strict=True))
