"""The expiries of one batch, written together: a few statements for each table.

Many orders expire in the same moment where many were made in the same moment. Only those that
nothing stands in the way of, and that tell of nothing but their end: what was paid of an order, or
was decided on another version than there is, is left to `store.projection`.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from domain.order import Audience, Noticed, OrderExpired
from store.codec import time_text
from store.commands import keep_answers
from store.contract import Job, Notice, Record, Recorded, WriterSettings
from store.many_rows import ManyRows
from store.order_events import detail_of
from store.outbox import NewNotice, insert_notices
from store.writing import audit_row, insert_audits

# One row for all, "number account chat coin" each, separated by commas: whoever is hindered is not
# among them.
_SUBJECTS = ManyRows(
    "WITH expiry (number, command_id, order_id, version) AS (VALUES",
    "(?, ?, ?, ?)",
    """
    )
    SELECT group_concat(number || ' ' || user_id || ' ' || telegram_id || ' ' || currency)
    FROM expiry
    JOIN orders ON orders.id = order_id AND orders.version = expiry.version
    JOIN users ON users.id = user_id
    WHERE NOT EXISTS (SELECT 1 FROM commands WHERE commands.id = command_id)
    """,
)
# The status and its next version in one change; units are let go by `m0002_order_guards`.
_EXPIRE = ManyRows(
    "WITH expiry (order_id, closed_at, payment_state, counted) AS (VALUES",
    "(?, ?, ?, ?)",
    """
    )
    UPDATE orders SET version = version + 1, status = 'expired', closed_at = expiry.closed_at,
        payment_state = expiry.payment_state, counted_as_timeout = counted, active_slot = NULL
    FROM expiry WHERE orders.id = order_id
    """,
)
_COUNT_TIMEOUTS = ManyRows(
    "WITH counted (user_id, timeouts, at) AS (VALUES",
    "(?, ?, ?)",
    """
    )
    UPDATE users SET timeout_count = timeout_count + timeouts, last_timeout_at = at
    FROM counted WHERE users.id = user_id
    """,
)


@dataclass(frozen=True, slots=True)
class _Expiry:
    """A command that expires an order; `number` is its place in the batch."""

    number: int
    order_id: int
    record: Record
    event: OrderExpired
    noticed: tuple[Noticed, ...]
    at: str


@dataclass(frozen=True, slots=True)
class _Subject:
    """Whose order it is."""

    user_id: int
    chat_id: int
    coin: str


def expires_order(job: Job) -> bool:
    """Whether a job is a command that expires an order and tells of nothing else."""
    return isinstance(job, Record) and _expiry(0, job) is not None


def write_expiries(
    connection: sqlite3.Connection, settings: WriterSettings, jobs: Mapping[int, Job]
) -> tuple[dict[int, Recorded], list[Notice]]:
    """Write the expiries among `jobs`, as far as nothing stands in their way.

    Args:
        connection: with the transaction of the batch open.
        settings: of the shop.
        jobs: by place in the batch.

    Returns:
        Answers by place, only for those that are written, and the outbox rows.

    Raises:
        sqlite3.IntegrityError: one of them cannot be so; roll back.
    """
    expiries = _of_different_orders(jobs)
    subjects = _subjects(connection, expiries)
    expiries = [each for each in expiries if each.number in subjects]
    if not expiries:
        return {}, []
    _EXPIRE.insert(
        connection,
        [
            (
                each.order_id, time_text(each.event.closed_at), each.event.payment_state,
                int(each.event.counts_as_timeout),
            )
            for each in expiries
        ],
    )  # fmt: skip
    _count_timeouts(connection, expiries, subjects)
    insert_audits(
        connection,
        [
            audit_row(each.record, each.event, each.order_id, each.at, detail_of(each.event))
            for each in expiries
        ],
    )
    notices = insert_notices(connection, _notices(expiries, subjects, settings))
    answers = {
        each.number: Recorded(command_id=each.record.command_id, order_id=each.order_id)
        for each in expiries
    }
    keep_answers(connection, [(answers[each.number], each.at) for each in expiries])
    return answers, notices


def _of_different_orders(jobs: Mapping[int, Job]) -> list[_Expiry]:
    """The command that comes first, of each order."""
    expiries: dict[int, _Expiry] = {}
    for number, job in jobs.items():
        expiry = _expiry(number, job) if isinstance(job, Record) else None
        if expiry is not None:
            expiries.setdefault(expiry.order_id, expiry)
    return list(expiries.values())


def _expiry(number: int, record: Record) -> _Expiry | None:
    if record.order_id is None or record.expected_version is None or not record.events:
        return None
    first, *others = record.events
    if not isinstance(first, OrderExpired):
        return None
    noticed = tuple(event for event in others if isinstance(event, Noticed))
    if len(noticed) != len(others):
        return None
    return _Expiry(number, record.order_id, record, first, noticed, time_text(record.at))


def _subjects(connection: sqlite3.Connection, expiries: Sequence[_Expiry]) -> dict[int, _Subject]:
    """Whose orders they are, by the numbers of the expiries that may be."""
    asked = [
        (each.number, each.record.command_id, each.order_id, each.record.expected_version)
        for each in expiries
    ]
    subjects: dict[int, _Subject] = {}
    for (found,) in _SUBJECTS.select(connection, asked):
        for each in filter(None, str(found or "").split(",")):
            number, user_id, chat_id, coin = each.split()
            subjects[int(number)] = _Subject(int(user_id), int(chat_id), coin)
    return subjects


def _count_timeouts(
    connection: sqlite3.Connection,
    expiries: Sequence[_Expiry],
    subjects: Mapping[int, _Subject],
) -> None:
    counted: dict[int, tuple[int, str]] = {}
    for each in expiries:
        if each.event.counts_as_timeout:
            user_id = subjects[each.number].user_id
            timeouts, _ = counted.get(user_id, (0, ""))
            counted[user_id] = (timeouts + 1, time_text(each.event.closed_at))
    rows = [(user_id, timeouts, at) for user_id, (timeouts, at) in counted.items()]
    _COUNT_TIMEOUTS.insert(connection, rows)


def _notices(
    expiries: Sequence[_Expiry], subjects: Mapping[int, _Subject], settings: WriterSettings
) -> list[NewNotice]:
    new: list[NewNotice] = []
    for each in expiries:
        subject = subjects[each.number]
        of_order = (each.order_id, subject.coin)
        for noticed in each.noticed:
            match noticed.audience:
                case Audience.ADMINS:
                    chats: tuple[int, ...] = settings.admin_telegram_ids
                case Audience.SHOPPER:
                    chats = (subject.chat_id,)
                case _:
                    assert_never(noticed.audience)
            new += [NewNotice(noticed, chat_id, of_order, each.at) for chat_id in chats]
    return new
