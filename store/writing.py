"""One command while it is written: what all who write events share."""

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from domain.events import Event
from store.contract import (
    Notice,
    Record,
    Recorded,
    RecordRefusalReason,
    RecordRefused,
    WriterSettings,
)
from store.many_rows import ManyRows, Row
from store.stock import Added

_WORD = re.compile(r"(?<!^)(?=[A-Z])")
_AUDIT = ManyRows(
    "INSERT INTO audit_log (at, by, by_telegram_id, order_id, what, why, detail) VALUES",
    "(?, ?, ?, ?, ?, ?, ?)",
)


class StoreInvariantError(Exception):
    """What the events say cannot be true of the store; nothing of the command is written."""


class RefusedError(Exception):
    """The command is refused before anything of it was written."""

    def __init__(self, refused: RecordRefused) -> None:
        super().__init__(refused.reason)
        self.refused = refused


class KnownError(Exception):
    """What the command wishes was done before, by another command."""

    def __init__(self, recorded: Recorded) -> None:
        super().__init__(recorded.command_id)
        self.recorded = recorded


@dataclass(slots=True)
class Subject:
    """The order that a command is about, as far as its events have to know it."""

    order_id: int
    coin: str
    fiat_currency: str
    address: str
    user_id: int
    chat_id: int


@dataclass(slots=True)
class Writing:
    """A command being written; `at` is its time as the store has it."""

    connection: sqlite3.Connection
    settings: WriterSettings
    record: Record
    at: str
    subject: Subject | None = None
    added: Added | None = None
    notices: list[Notice] = field(default_factory=list)

    def order(self) -> Subject:
        """The order that it is about.

        Raises:
            StoreInvariantError: it is about none.
        """
        if self.subject is None:
            raise StoreInvariantError("an order's event was given without its order and version")
        return self.subject

    def refusal(
        self, reason: RecordRefusalReason, order_id: int | None, detail: str = ""
    ) -> RefusedError:
        """To be raised before anything is written."""
        return RefusedError(
            RecordRefused(
                command_id=self.record.command_id, reason=reason, order_id=order_id, detail=detail
            )
        )

    def audit(self, event: Event, detail: str = "", order_id: int | None = None) -> None:
        """Keep who did what, when and why; `detail` has no goods, keys or texts of people.

        `order_id`: where the command is not about an order as a whole.
        """
        subject_id = order_id if self.subject is None else self.subject.order_id
        insert_audits(self.connection, [audit_row(self.record, event, subject_id, self.at, detail)])


def audit_row(record: Record, event: Event, order_id: int | None, at: str, detail: str = "") -> Row:
    """The row that tells of an event of a command."""
    what = _what(type(event).__name__)
    return (at, record.by, record.by_telegram_id, order_id, what, record.why, detail)


def insert_audits(connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
    """Keep what `audit_row` made."""
    _AUDIT.insert(connection, rows)


@cache
def _what(event_name: str) -> str:
    return _WORD.sub("_", event_name).lower()
