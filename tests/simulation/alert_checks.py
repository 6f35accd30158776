"""Whether the admins were told of what kept the shop from working for long."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from store.codec import time_text
from tests.simulation.limits import CLOCK_ERROR

_TOLD_WITHIN = timedelta(minutes=3)
# The same text is not told again for so long.
_ALERTS_APART = timedelta(minutes=10)


@dataclass(slots=True)
class Alerts:
    """What admins have to be alerted of: a text that the alert has, from when to when it was so."""

    due: list[tuple[str, datetime, datetime]] = field(default_factory=list)

    def lasted(self, text: str, began_at: datetime, ended_at: datetime) -> None:
        """Something lasted long enough, with the shop there all the time; by the shop's clock."""
        self.due.append((text, began_at, ended_at))

    def missing(self, connection: sqlite3.Connection) -> Iterator[str]:
        """Those that nobody was told."""
        for text, began_at, ended_at in self.due:
            earliest = time_text(began_at - _ALERTS_APART - CLOCK_ERROR)
            latest = time_text(ended_at + _TOLD_WITHIN + CLOCK_ERROR)
            row = connection.execute(
                """
                SELECT 1 FROM outbox WHERE kind = 'admin_alert' AND detail LIKE ?
                    AND created_at BETWEEN ? AND ? LIMIT 1
                """,
                (f"%{text}%", earliest, latest),
            ).fetchone()
            if row is None:
                yield f"no admin was told that {text!r}, from {began_at} to {ended_at}"
