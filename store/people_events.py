"""Shoppers' accounts: who they are, and how often they let an order run out.

`users.timeout_count` is the number of a shopper's orders that were counted (`counted_as_timeout`)
and not forgiven (`timeout_forgiven`).
"""

import sqlite3
from collections.abc import Sequence

from domain.events import ShopperSeen, TimeoutsCleared
from store.many_rows import ManyRows, Row
from store.outbox import requeue_goods
from store.writing import Writing

_USERS = ManyRows(
    "INSERT INTO users (id, telegram_id, telegram_username, registered_at) VALUES",
    "(?, ?, ?, ?)",
    "ON CONFLICT (telegram_id) DO UPDATE SET telegram_username = excluded.telegram_username",
)


def insert_users(connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
    """Accounts of (id, Telegram id, name there, time); of one that is there only the name is new.

    The id is None for those that are there.
    """
    _USERS.insert(connection, rows)


def next_user_id(connection: sqlite3.Connection) -> int:
    """An id that no account has; nor has one above it."""
    (next_id,) = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM users").fetchone()
    return int(next_id)


def user_id_of(writing: Writing, telegram_id: int, telegram_username: str | None) -> int:
    """The account of somebody, made where it is new."""
    row = writing.connection.execute(
        """
        INSERT INTO users (telegram_id, telegram_username, registered_at) VALUES (?, ?, ?)
        ON CONFLICT (telegram_id) DO UPDATE SET telegram_username = excluded.telegram_username
        RETURNING id
        """,
        (telegram_id, telegram_username, writing.at),
    ).fetchone()
    return int(row[0])


def write_shopper(writing: Writing, event: ShopperSeen) -> None:
    """Somebody used the bot: they can be written to, and goods that wait for them go out."""
    user_id = user_id_of(writing, event.telegram_id, event.telegram_username)
    writing.connection.execute(
        "UPDATE users SET can_receive_messages = 1, language = ? WHERE id = ?",
        (event.language, user_id),
    )
    writing.notices.extend(requeue_goods(writing.connection, event.telegram_id))


def count_timeout(connection: sqlite3.Connection, user_id: int, at: str) -> None:
    """One more order of this shopper ran out; it is marked as counted already."""
    connection.execute(
        "UPDATE users SET timeout_count = timeout_count + 1, last_timeout_at = ? WHERE id = ?",
        (at, user_id),
    )


def take_back_timeout(connection: sqlite3.Connection, order_id: int) -> None:
    """This order is about to be revived: if it still counts as a timeout, it no longer does."""
    connection.execute(
        """
        UPDATE users SET timeout_count = timeout_count - 1, last_timeout_at = (
            SELECT max(closed_at) FROM orders
            WHERE user_id = users.id AND counted_as_timeout = 1 AND timeout_forgiven = 0
                AND orders.id <> ?1)
        WHERE id = (
            SELECT user_id FROM orders
            WHERE id = ?1 AND counted_as_timeout = 1 AND timeout_forgiven = 0)
        """,
        (order_id,),
    )


def clear_timeouts(writing: Writing, event: TimeoutsCleared) -> None:
    """Forgive all that was counted; nothing where nobody is known under this id."""
    row = writing.connection.execute(
        "SELECT id, timeout_count FROM users WHERE telegram_id = ?", (event.telegram_id,)
    ).fetchone()
    if row is None:
        return
    user_id, count = row
    writing.connection.execute(
        "UPDATE orders SET timeout_forgiven = 1 WHERE user_id = ? AND counted_as_timeout = 1",
        (user_id,),
    )
    writing.connection.execute(
        "UPDATE users SET timeout_count = 0, last_timeout_at = NULL WHERE id = ?", (user_id,)
    )
    writing.audit(event, f"{count} of shopper {event.telegram_id}")
