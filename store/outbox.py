"""Outbox rows: written with the change that they tell of, sent by the notifiers."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.order import Audience, Noticed, NoticeKind
from store.codec import optional_time, split_amount
from store.contract import Notice
from store.many_rows import ManyRows, Row

_NOTICE = "SELECT id, audience, chat_id, kind, order_id FROM outbox"
_INSERT = ManyRows(
    """
    INSERT INTO outbox (id, audience, chat_id, kind, order_id, amount_quote_units,
        amount_rest_base_units, detail, created_at, state)
    VALUES
    """,
    "(?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending')",
)


def _notice(row: tuple[int, str, int, str, int | None]) -> Notice:
    outbox_id, audience, chat_id, kind, order_id = row
    return Notice(
        outbox_id=outbox_id,
        audience=Audience(audience),
        chat_id=chat_id,
        kind=NoticeKind(kind),
        order_id=order_id,
    )


@dataclass(frozen=True, slots=True)
class NewNotice:
    """What a chat is to be told; `order` is (id, coin)."""

    noticed: Noticed
    chat_id: int
    order: tuple[int, str] | None
    at: str


def insert_notice(
    connection: sqlite3.Connection,
    noticed: Noticed,
    *,
    chat_id: int,
    order: tuple[int, str] | None,
    at: str,
) -> Notice:
    """One row for one chat; `order` is (id, coin)."""
    (notice,) = insert_notices(connection, [NewNotice(noticed, chat_id, order, at)])
    return notice


def insert_notices(connection: sqlite3.Connection, new: Sequence[NewNotice]) -> list[Notice]:
    """A row each, in their order."""
    if not new:
        return []
    # Notices are never deleted, so these are the ids that SQLite would give them.
    (last_id,) = connection.execute("SELECT coalesce(max(id), 0) FROM outbox").fetchone()
    numbered = list(enumerate(new, start=last_id + 1))
    _INSERT.insert(connection, [_new_row(outbox_id, each) for outbox_id, each in numbered])
    return [
        Notice(
            outbox_id=outbox_id,
            audience=each.noticed.audience,
            chat_id=each.chat_id,
            kind=each.noticed.kind,
            order_id=None if each.order is None else each.order[0],
        )
        for outbox_id, each in numbered
    ]


def _new_row(outbox_id: int, new: NewNotice) -> Row:
    noticed = new.noticed
    order_id, coin = new.order if new.order is not None else (None, None)
    amount: tuple[int | None, int | None] = (None, None)
    if noticed.amount_base_units is not None and coin is not None:
        amount = split_amount(noticed.amount_base_units, coin)
    return (
        outbox_id, noticed.audience, new.chat_id, noticed.kind, order_id, *amount, noticed.detail,
        new.at,
    )  # fmt: skip


def load_pending(
    connection: sqlite3.Connection, audience: Audience, after_outbox_id: int, limit: int
) -> tuple[Notice, ...]:
    """Unsent rows, oldest first."""
    rows = connection.execute(
        f"{_NOTICE} WHERE audience = ? AND state = 'pending' AND id > ? ORDER BY id LIMIT ?",
        (audience, after_outbox_id, limit),
    )
    return tuple(_notice(row) for row in rows)


def load_written_before(
    connection: sqlite3.Connection, audience: Audience, before: str, limit: int
) -> tuple[Notice, ...]:
    """Unsent rows that are older, oldest first."""
    rows = connection.execute(
        f"""
        {_NOTICE} WHERE audience = ? AND state = 'pending' AND created_at < ?
        ORDER BY id LIMIT ?
        """,
        (audience, before, limit),
    )
    return tuple(_notice(row) for row in rows)


def load_goods_delivery(connection: sqlite3.Connection, order_id: int) -> datetime | None:
    """When Telegram took the goods of an order; None where it has not."""
    (delivered_at,) = connection.execute(
        "SELECT min(delivered_at) FROM outbox WHERE order_id = ? AND kind = ?",
        (order_id, NoticeKind.GOODS),
    ).fetchone()
    return optional_time(delivered_at)


def requeue_goods(connection: sqlite3.Connection, chat_id: int) -> tuple[Notice, ...]:
    """Goods that could not be delivered to this chat are to be sent again."""
    rows = connection.execute(
        """
        UPDATE outbox SET state = 'pending', why = NULL
        WHERE chat_id = ? AND state = 'undeliverable' AND kind = ?
        RETURNING id, audience, chat_id, kind, order_id
        """,
        (chat_id, NoticeKind.GOODS),
    ).fetchall()
    return tuple(_notice(row) for row in sorted(rows))


def mark_delivered(connection: sqlite3.Connection, outbox_id: int, delivered_at: str) -> None:
    """Telegram has taken it; nothing where that was known."""
    connection.execute(
        """
        UPDATE outbox SET state = 'delivered', delivered_at = ? WHERE id = ? AND state = 'pending'
        """,
        (delivered_at, outbox_id),
    )


def mark_undeliverable(connection: sqlite3.Connection, outbox_id: int, why: str) -> Notice | None:
    """It will never be taken as things are. The row, or None where that was known."""
    row = connection.execute(
        """
        UPDATE outbox SET state = 'undeliverable', why = ? WHERE id = ? AND state = 'pending'
        RETURNING id, audience, chat_id, kind, order_id
        """,
        (why, outbox_id),
    ).fetchone()
    return None if row is None else _notice(row)
