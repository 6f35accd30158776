"""The new orders of one batch, written together: a few statements for each table.

Only those that nothing stands in the way of. An order of a shopper who has another one in the same
batch, or who may perhaps have none, is left to `store.new_orders`, which knows all the answers.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from domain.order import Audience, Noticed, Order, OrderCreated
from store.codec import time_text
from store.commands import keep_answers
from store.contract import Job, Notice, Record, Recorded, WriterSettings
from store.many_rows import ManyRows
from store.order_rows import PlacedOrder, insert_orders
from store.outbox import NewNotice, insert_notices
from store.people_events import insert_users, next_user_id
from store.writing import audit_row, insert_audits

# One row for all wishes, "number account timeouts hindered" each, separated by commas: whoever
# is new and not hindered is not among them.
_HINDRANCES = ManyRows(
    "WITH wish (number, command_id, order_id, request_id, telegram_id) AS (VALUES",
    "(?, ?, ?, ?, ?)",
    """
    )
    SELECT group_concat(number || ' ' || user_id || ' ' || timeouts || ' ' || hindered) FROM (
        SELECT number, coalesce(users.id, 0) AS user_id, coalesce(timeout_count, 0) AS timeouts,
            EXISTS (SELECT 1 FROM commands WHERE id = command_id)
            OR EXISTS (SELECT 1 FROM refused_orders
                WHERE refused_orders.order_id = wish.order_id)
            OR EXISTS (SELECT 1 FROM orders WHERE orders.request_id = wish.request_id)
            OR EXISTS (SELECT 1 FROM orders WHERE user_id = users.id AND active_slot >= 0)
                AS hindered
        FROM wish LEFT JOIN users ON users.telegram_id = wish.telegram_id
    ) WHERE user_id > 0 OR hindered
    """,
)


@dataclass(frozen=True, slots=True)
class _Wish:
    """A command that makes an order, and what goes with it; `number` is its place in the batch."""

    number: int
    record: Record
    order: Order
    noticed: tuple[Noticed, ...]
    at: str


def makes_order(job: Job) -> bool:
    """Whether a job is a command for a new order."""
    return isinstance(job, Record) and any(isinstance(each, OrderCreated) for each in job.events)


def write_new_orders(
    connection: sqlite3.Connection, settings: WriterSettings, jobs: Mapping[int, Job]
) -> tuple[dict[int, Recorded], list[Notice]]:
    """Write the orders that `jobs` make, as far as nothing stands in their way.

    Args:
        connection: with the transaction of the batch open.
        settings: of the shop.
        jobs: by place in the batch.

    Returns:
        Answers by place, only for those that are written, and the outbox rows.

    Raises:
        sqlite3.IntegrityError: one of them cannot be so; roll back.
    """
    wishes = _of_different_shoppers(jobs)
    accounts = _accounts(connection, settings, wishes)
    wishes = [wish for wish in wishes if wish.number in accounts]
    if not wishes:
        return {}, []
    user_ids = _with_accounts(connection, wishes, accounts)
    insert_orders(
        connection, [PlacedOrder(wish.order, user_ids[wish.number], 0) for wish in wishes]
    )
    insert_audits(
        connection,
        [
            audit_row(wish.record, wish.record.events[0], wish.order.order_id, wish.at)
            for wish in wishes
        ],
    )
    notices = insert_notices(connection, [*_notices(wishes, settings)])
    answers = {
        wish.number: Recorded(command_id=wish.record.command_id, order_id=wish.order.order_id)
        for wish in wishes
    }
    keep_answers(connection, [(answers[wish.number], wish.at) for wish in wishes])
    return answers, notices


def _of_different_shoppers(jobs: Mapping[int, Job]) -> list[_Wish]:
    """The wish that comes first, of each shopper and of each command."""
    wishes: list[_Wish] = []
    known: set[int | str] = set()
    for number, job in jobs.items():
        wish = _wish(number, job) if isinstance(job, Record) else None
        if wish is None:
            continue
        keys: set[int | str] = {wish.order.telegram_id, wish.record.command_id}
        if known.isdisjoint(keys):
            wishes.append(wish)
        known |= keys
    return wishes


def _wish(number: int, record: Record) -> _Wish | None:
    if record.order_id is not None or not record.events:
        return None
    first, *others = record.events
    if not isinstance(first, OrderCreated):
        return None
    noticed = tuple(event for event in others if isinstance(event, Noticed))
    if len(noticed) != len(others):
        return None
    return _Wish(number, record, first.order, noticed, time_text(record.at))


def _accounts(
    connection: sqlite3.Connection, settings: WriterSettings, wishes: Sequence[_Wish]
) -> dict[int, int]:
    """The shoppers' accounts by the numbers of the wishes that may be, 0 where there is none."""
    asked = [
        (
            wish.number, wish.record.command_id, wish.order.order_id, wish.order.request_id,
            wish.order.telegram_id,
        )
        for wish in wishes
    ]  # fmt: skip
    accounts = {wish.number: 0 for wish in wishes}
    for (found,) in _HINDRANCES.select(connection, asked):
        for each in filter(None, str(found or "").split(",")):
            number, user_id, timeouts, hindered = map(int, each.split())
            if hindered or timeouts >= settings.max_user_timeouts:
                del accounts[number]
            else:
                accounts[number] = user_id
    return accounts


def _with_accounts(
    connection: sqlite3.Connection, wishes: Sequence[_Wish], accounts: Mapping[int, int]
) -> dict[int, int]:
    """The account of each wish, made where there was none."""
    next_id = next_user_id(connection)
    user_ids: dict[int, int] = {}
    rows: list[tuple[int | None, int, str | None, str]] = []
    for wish in wishes:
        known_id = accounts[wish.number]
        user_ids[wish.number] = known_id or next_id
        name = wish.order.telegram_username
        rows.append((None if known_id else next_id, wish.order.telegram_id, name, wish.at))
        next_id += not known_id
    insert_users(connection, rows)
    return user_ids


def _notices(wishes: Iterable[_Wish], settings: WriterSettings) -> Iterable[NewNotice]:
    for wish in wishes:
        of_order = (wish.order.order_id, wish.order.coin)
        for noticed in wish.noticed:
            match noticed.audience:
                case Audience.ADMINS:
                    chats: tuple[int, ...] = settings.admin_telegram_ids
                case Audience.SHOPPER:
                    chats = (wish.order.telegram_id,)
                case _:
                    assert_never(noticed.audience)
            for chat_id in chats:
                yield NewNotice(noticed, chat_id, of_order, wish.at)
