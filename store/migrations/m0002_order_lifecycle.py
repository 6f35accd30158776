"""The whole life of an order: extension, warning, revival, money set aside, balances.

Columns are added with their CHECKs, so no table has to be rebuilt. What the first schema did not
keep is filled in from what it did. The guards (`m0002_*_guards`) come behind that.
"""

import sqlite3
from collections.abc import Iterable
from decimal import Decimal
from itertools import groupby

from domain.money import value_minor
from store.codec import join_amount, split_amount

STATEMENTS: tuple[str, ...] = (
    """
    ALTER TABLE users ADD COLUMN balance_minor INTEGER NOT NULL DEFAULT 0
        CHECK (balance_minor >= 0)
    """,
    """
    ALTER TABLE orders ADD COLUMN cancelled_by TEXT CHECK (cancelled_by IN ('shopper', 'admin'))
    """,
    """
    ALTER TABLE orders ADD COLUMN counted_as_timeout INTEGER NOT NULL DEFAULT 0
        CHECK (counted_as_timeout = 0 OR counted_as_timeout = 1 AND status = 'expired')
    """,
    # An admin has cleared the shopper's timeouts: this one no longer counts.
    """
    ALTER TABLE orders ADD COLUMN timeout_forgiven INTEGER NOT NULL DEFAULT 0
        CHECK (timeout_forgiven IN (0, 1))
    """,
    "ALTER TABLE orders ADD COLUMN extended_at TEXT",
    "ALTER TABLE orders ADD COLUMN warned_of TEXT",
    """
    ALTER TABLE orders ADD COLUMN revived_at TEXT
        CHECK (revived_at IS NULL OR status IN ('paid', 'shipped'))
    """,
    """
    ALTER TABLE orders ADD COLUMN confirmed_by_telegram_id INTEGER
        CHECK (confirmed_by_telegram_id IS NULL OR status IN ('paid', 'shipped'))
    """,
    """
    CREATE INDEX orders_ended_with_money ON orders (id)
        WHERE status IN ('cancelled', 'expired') AND payment_state <> 'none'
    """,
    "CREATE INDEX users_with_timeouts ON users (timeout_count) WHERE timeout_count > 0",
    # The price of one coin in the order's currency, and what the receipt is worth at it.
    "ALTER TABLE payments ADD COLUMN rate TEXT",
    """
    ALTER TABLE payments ADD COLUMN value_minor INTEGER
        CHECK (value_minor >= 0) CHECK ((value_minor IS NULL) = (rate IS NULL))
    """,
    """
    CREATE TABLE set_asides (
        id INTEGER PRIMARY KEY,
        order_id INTEGER NOT NULL REFERENCES orders (id),
        number INTEGER NOT NULL CHECK (number > 0),
        payment_id INTEGER NOT NULL REFERENCES payments (id),
        purpose TEXT NOT NULL CHECK (purpose IN ('balance', 'refund')),
        amount_quote_units INTEGER NOT NULL CHECK (amount_quote_units >= 0),
        amount_rest_base_units INTEGER NOT NULL DEFAULT 0
            CHECK (amount_rest_base_units BETWEEN 0 AND 999999999),
        credited_minor INTEGER NOT NULL CHECK (credited_minor >= 0),
        state TEXT NOT NULL CHECK (state IN ('open', 'refunded', 'withdrawn')),
        refund_transaction_id TEXT CHECK (refund_transaction_id <> ''),
        created_at TEXT NOT NULL,
        settled_at TEXT,
        UNIQUE (order_id, number),
        CHECK (amount_quote_units > 0 OR amount_rest_base_units > 0),
        CHECK ((purpose = 'balance') = (credited_minor > 0)),
        CHECK ((state = 'refunded') = (refund_transaction_id IS NOT NULL)),
        CHECK ((state = 'open') = (settled_at IS NULL))
    ) STRICT
    """,
    "CREATE INDEX set_asides_of_payment ON set_asides (payment_id)",
    "CREATE INDEX set_asides_open ON set_asides (purpose, id) WHERE state = 'open'",
    "ALTER TABLE audit_log ADD COLUMN detail TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX commands_by_age ON commands (recorded_at)",
)

# Nobody but a shopper could cancel.
_WHO_CANCELLED = "UPDATE orders SET cancelled_by = 'shopper' WHERE status = 'cancelled'"

# Which expiries were counted was not kept, only how many of each shopper. An expiry was not counted
# where the shop was blind (the clock gave the order up, not the chain) or a covering payment was
# there, so those come last.
_WHICH_WERE_COUNTED = """
    UPDATE orders SET counted_as_timeout = 1 WHERE id IN (
        SELECT id FROM (
            SELECT orders.id, timeout_count, row_number() OVER (
                PARTITION BY user_id
                ORDER BY covered_at IS NOT NULL, NOT EXISTS (
                    SELECT 1 FROM audit_log
                    WHERE order_id = orders.id AND what = 'order_expired' AND by = 'chain'
                ), closed_at DESC, orders.id DESC
            ) AS place
            FROM orders JOIN users ON users.id = user_id WHERE status = 'expired'
        ) WHERE place <= timeout_count
    )
"""

_IN_TIME = """
    SELECT payments.id, payments.currency, payments.amount_quote_units, amount_rest_base_units,
        orders.rate, fiat_currency
    FROM payments JOIN orders ON orders.id = order_id WHERE in_time = 1
"""

_CONFIRMED = """
    SELECT order_id, status, orders.amount_quote_units, orders.tolerance_quote_units,
        payments.currency, payments.id, payments.amount_quote_units, amount_rest_base_units,
        updated_at
    FROM payments JOIN orders ON orders.id = order_id
    WHERE state = 'confirmed' AND status <> 'created'
    ORDER BY order_id, in_time DESC, seen_at, payments.id
"""
_WHY_SET_ASIDE = (
    "received before the shop kept a list of refunds: see whether it was paid back by hand"
)


def fill_in(connection: sqlite3.Connection) -> None:
    """Give the new columns what is known of earlier rows, and every coin received its place."""
    connection.execute(_WHO_CANCELLED)
    connection.execute(_WHICH_WERE_COUNTED)
    _value_receipts(connection)
    rows = connection.execute(_CONFIRMED).fetchall()
    for order_id, receipts in groupby(rows, key=lambda row: row[0]):
        _set_aside(connection, int(order_id), list(receipts))


def _value_receipts(connection: sqlite3.Connection) -> None:
    rows = connection.execute(_IN_TIME).fetchall()
    for payment_id, coin, quote_units, rest, rate, currency in rows:
        value = value_minor(join_amount(quote_units, rest, coin), coin, Decimal(rate), currency)
        connection.execute(
            "UPDATE payments SET rate = ?, value_minor = ? WHERE id = ?", (rate, value, payment_id)
        )


def _set_aside(
    connection: sqlite3.Connection,
    order_id: int,
    receipts: list[tuple[int, str, int, int, str, int, int, int, str]],
) -> None:
    (_, status, price_quote_units, tolerance_quote_units, coin, *_) = receipts[0]
    amounts = [join_amount(row[6], row[7], coin) for row in receipts]
    kept = 0
    if status in ("paid", "shipped"):
        kept = join_amount(price_quote_units, 0, coin)
        if sum(amounts) - kept <= join_amount(tolerance_quote_units, 0, coin):
            return
    left_over = _beyond(kept, amounts)
    number = 0
    for row, amount in zip(receipts, left_over, strict=True):
        if not amount:
            continue
        number += 1
        connection.execute(
            """
            INSERT INTO set_asides (order_id, number, payment_id, purpose, amount_quote_units,
                amount_rest_base_units, credited_minor, state, created_at)
            VALUES (?, ?, ?, 'refund', ?, ?, 0, 'open', ?)
            """,
            (order_id, number, row[5], *split_amount(amount, coin), row[8]),
        )
        connection.execute(
            """
            INSERT INTO audit_log (at, by, order_id, what, why)
            VALUES (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'), 'shop', ?, 'money_set_aside', ?)
            """,
            (order_id, _WHY_SET_ASIDE),
        )


def _beyond(kept: int, amounts: Iterable[int]) -> list[int]:
    """What of each amount is left when `kept` is taken from the first ones."""
    left_over = []
    for amount in amounts:
        taken = min(kept, amount)
        kept -= taken
        left_over.append(amount - taken)
    return left_over
