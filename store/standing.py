"""What is asked of the store around an order: may a shopper order, and what was left undone."""

import sqlite3
from collections.abc import Mapping
from datetime import datetime

from domain.order import Audience
from store.codec import time_text
from store.contract import (
    CommandsPruned,
    GetOverdueOrders,
    GetStanding,
    GetStuckNotices,
    GetUnsettledOrders,
    OverdueOrders,
    PruneCommands,
    Standing,
    StuckNotices,
    UnsettledOrders,
)
from store.many_rows import ManyRows
from store.orders import load_order_of_request
from store.outbox import load_written_before

# Those of the shoppers asked about whom the store knows.
_KNOWN = ManyRows(
    "WITH asked (number, telegram_id, request_id) AS (VALUES",
    "(?, ?, ?)",
    """
    )
    SELECT number, timeout_count, balance_minor, language,
        (SELECT group_concat(id) FROM orders WHERE user_id = users.id AND active_slot >= 0),
        EXISTS (SELECT 1 FROM orders
            WHERE user_id = users.id AND orders.request_id = asked.request_id)
    FROM asked JOIN users ON users.telegram_id = asked.telegram_id
    """,
)


def load_standings(
    connection: sqlite3.Connection, asked: Mapping[int, GetStanding]
) -> dict[int, Standing]:
    """How shoppers stand now, under the keys of the questions."""
    rows = [(key, each.telegram_id, each.request_id) for key, each in asked.items()]
    standings = {key: nobody(each) for key, each in asked.items()}
    for key, timeout_count, balance_minor, language, active, has_ordered in _KNOWN.select(
        connection, rows
    ):
        question = asked[int(key)]
        earlier = None
        if has_ordered and question.request_id is not None:
            earlier = load_order_of_request(connection, question.telegram_id, question.request_id)
        standings[int(key)] = Standing(
            telegram_id=question.telegram_id,
            request_id=question.request_id,
            timeout_count=timeout_count,
            active_orders=tuple(sorted(map(int, filter(None, (active or "").split(","))))),
            balance_minor=balance_minor,
            language=language,
            earlier_order=earlier,
        )
    return standings


def nobody(asked: GetStanding) -> Standing:
    """The standing of somebody whom the store does not know."""
    return Standing(
        telegram_id=asked.telegram_id,
        request_id=asked.request_id,
        timeout_count=0,
        active_orders=(),
        balance_minor=0,
        language=None,
        earlier_order=None,
    )


def load_overdue(connection: sqlite3.Connection, asked: GetOverdueOrders) -> OverdueOrders:
    """Orders that await payment although their time is over.

    All that are open are looked at, once a sweep: an index by time would cost every order more.
    """
    rows = connection.execute(
        """
        SELECT id FROM orders
        WHERE status IN ('created', 'paid') AND status = 'created' AND expires_at < ?
            AND (covered_at IS NULL OR covered_at < ?)
        ORDER BY expires_at, id LIMIT ?
        """,
        (time_text(asked.expires_before), time_text(asked.covered_before), asked.limit),
    )
    return OverdueOrders(order_ids=tuple(order_id for (order_id,) in rows))


def load_unsettled(connection: sqlite3.Connection, asked: GetUnsettledOrders) -> UnsettledOrders:
    """Ended orders with confirmed money that is set aside nowhere."""
    rows = connection.execute(
        """
        SELECT id FROM orders
        WHERE status IN ('cancelled', 'expired') AND payment_state <> 'none' AND id > ?
            AND EXISTS (
                SELECT 1 FROM payments WHERE order_id = orders.id AND state = 'confirmed'
                    AND (amount_quote_units, amount_rest_base_units) <> (
                        SELECT coalesce(sum(amount_quote_units), 0)
                                + coalesce(sum(amount_rest_base_units), 0) / 1000000000,
                            coalesce(sum(amount_rest_base_units), 0) % 1000000000
                        FROM set_asides WHERE payment_id = payments.id AND state <> 'withdrawn'))
        ORDER BY id LIMIT ?
        """,
        (asked.after_order_id, asked.limit),
    )
    return UnsettledOrders(order_ids=tuple(order_id for (order_id,) in rows))


def load_stuck(connection: sqlite3.Connection, asked: GetStuckNotices) -> StuckNotices:
    """Notices that should have been sent by now."""
    before = time_text(asked.before)
    notices = [
        notice
        for audience in Audience
        for notice in load_written_before(connection, audience, before, asked.limit)
    ]
    notices.sort(key=lambda notice: notice.outbox_id)
    return StuckNotices(notices=tuple(notices[: asked.limit]))


def prune_commands(connection: sqlite3.Connection, asked: PruneCommands) -> CommandsPruned:
    """Forget old answers (`store.commands` says why that is safe)."""
    count = connection.execute(
        """
        DELETE FROM commands WHERE id IN (
            SELECT id FROM commands WHERE recorded_at < ? ORDER BY recorded_at LIMIT ?)
        """,
        (time_text(asked.before), asked.limit),
    ).rowcount
    return CommandsPruned(count=count)


def settle(connection: sqlite3.Connection, order_id: int, at: datetime) -> tuple[bool, bool]:
    """Whether an order holds units unpaid, and whether it sold them; an unknown id is refused."""
    row = connection.execute("SELECT status FROM orders WHERE id = ?", (order_id,)).fetchone()
    if row is None:
        connection.execute(
            "INSERT OR IGNORE INTO refused_orders (order_id, refused_at) VALUES (?, ?)",
            (order_id, time_text(at)),
        )
        return False, False
    return row[0] == "created", row[0] in ("paid", "shipped")
