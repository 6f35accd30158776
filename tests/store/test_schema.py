"""What the tables themselves refuse, with the triggers out of the way: tried with plain SQLite."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.store.opened_store import CANCELLED, OpenedStore, order_of


@pytest.fixture
def plain(store: OpenedStore) -> Iterator[sqlite3.Connection]:
    """A paid order with a receipt, a cancelled one, and one that waits."""
    store.sell(store.create(order_of(1)))
    store.create(order_of(2, order_id=2))
    store.change(2, 1, CANCELLED)
    store.create(order_of(3, order_id=3))
    with closing(sqlite3.connect(store.path, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        drop_triggers(connection)
        yield connection


def drop_triggers(connection: sqlite3.Connection) -> None:
    triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    for (name,) in triggers.fetchall():
        connection.execute(f"DROP TRIGGER {name}")


WITHOUT_OUTPUT = "UPDATE payments SET output_index = NULL"
AGAIN = """
    INSERT INTO payments SELECT NULL, order_id, currency, address, transaction_id, output_index,
        7, 0, state, in_time, block_height, block_hash, chain_time, seen_at, updated_at, rate,
        value_minor
    FROM payments
"""
SET_ASIDE = """
    INSERT INTO set_asides (order_id, number, payment_id, purpose, amount_quote_units,
        amount_rest_base_units, credited_minor, state, refund_transaction_id, created_at,
        settled_at)
    VALUES (1, 1, 1,"""
IMPOSSIBLE = {
    "a status that is none": "UPDATE orders SET status = 'lost' WHERE id = 3",
    "a payment state that is none": "UPDATE orders SET payment_state = 'maybe' WHERE id = 3",
    "paid without its time": "UPDATE orders SET paid_at = NULL WHERE id = 1",
    "paid and still active": "UPDATE orders SET active_slot = 5 WHERE id = 1",
    "waiting without a slot": "UPDATE orders SET active_slot = NULL WHERE id = 3",
    "shipped without its time": "UPDATE orders SET status = 'shipped' WHERE id = 1",
    "shipped without having been paid": (
        "UPDATE orders SET status = 'shipped', shipped_at = 'now', active_slot = NULL WHERE id = 3"
    ),
    "cancelled without its time": "UPDATE orders SET closed_at = NULL WHERE id = 2",
    "expired without its time": (
        "UPDATE orders SET status = 'expired', active_slot = NULL WHERE id = 3"
    ),
    "waiting and closed": "UPDATE orders SET closed_at = 'now' WHERE id = 3",
    "nothing to pay": "UPDATE orders SET amount_quote_units = 0 WHERE id = 3",
    "a tolerance of the whole": (
        "UPDATE orders SET tolerance_quote_units = amount_quote_units WHERE id = 3"
    ),
    "an amount as a text": "UPDATE orders SET amount_quote_units = 'ten' WHERE id = 3",
    "an amount as a float": "UPDATE orders SET amount_quote_units = 10.5 WHERE id = 3",
    "no blocks to wait for": "UPDATE orders SET confirmations_required = 0 WHERE id = 3",
    "an address of two orders": "UPDATE orders SET payment_address = 'rltc1q1' WHERE id = 3",
    "an address index of two orders": "UPDATE orders SET address_index = 1 WHERE id = 3",
    "an order of nobody": "UPDATE orders SET user_id = 999 WHERE id = 3",
    "a unit in two orders": "UPDATE order_items SET holds_unit = 1, item_id = 1 WHERE order_id = 2",
    "a sold unit in a live order": "UPDATE order_items SET item_id = 1 WHERE order_id = 3",
    "a unit that is not there": "UPDATE order_items SET item_id = 999 WHERE order_id = 3",
    "a unit that is gone from under an order": "DELETE FROM items WHERE id = 1",
    "a free unit": "UPDATE items SET price_minor = 0 WHERE id = 1",
    "a unit half sold": "UPDATE items SET is_sold = 2 WHERE id = 1",
    "a digital unit without goods": "UPDATE items SET private_data = NULL WHERE id = 1",
    "one unit twice": "UPDATE items SET private_data = 'KEY-1' WHERE id = 2",
    "a negative timeout count": "UPDATE users SET timeout_count = -1",
    "nothing reserved": "UPDATE reserved_stock SET quantity = 0",
    "a receipt of nothing": "UPDATE payments SET amount_quote_units = 0",
    "a receipt below zero": "UPDATE payments SET amount_quote_units = -1",
    "a rest of a whole quote unit": "UPDATE payments SET amount_rest_base_units = 1000000000",
    "a receipt in no state": "UPDATE payments SET state = 'lost'",
    "a receipt neither in time nor late": "UPDATE payments SET in_time = 2",
    "one receipt twice": AGAIN,
    "one receipt without outputs twice": f"{WITHOUT_OUTPUT}; {AGAIN}",
    "a balance below zero": "UPDATE users SET balance_minor = -1",
    "cancelled by the clock": "UPDATE orders SET cancelled_by = 'clock' WHERE id = 2",
    "cancelled as a timeout": "UPDATE orders SET counted_as_timeout = 1 WHERE id = 2",
    "half forgiven": "UPDATE orders SET timeout_forgiven = 2 WHERE id = 2",
    "revived and cancelled": "UPDATE orders SET revived_at = 'now' WHERE id = 2",
    "confirmed and waiting": "UPDATE orders SET confirmed_by_telegram_id = 1 WHERE id = 3",
    "a rate without a value": "UPDATE payments SET value_minor = NULL",
    "a value without a rate": "UPDATE payments SET rate = NULL",
    "a value below zero": "UPDATE payments SET value_minor = -1",
    "nothing set aside": f"{SET_ASIDE} 'refund', 0, 0, 0, 'open', NULL, 'now', NULL)",
    "set aside for a gift": f"{SET_ASIDE} 'gift', 1, 0, 0, 'open', NULL, 'now', NULL)",
    "a credit of nothing": f"{SET_ASIDE} 'balance', 1, 0, 0, 'open', NULL, 'now', NULL)",
    "a refund that is credited": f"{SET_ASIDE} 'refund', 1, 0, 5, 'open', NULL, 'now', NULL)",
    "a credit below zero": f"{SET_ASIDE} 'balance', 1, 0, -5, 'open', NULL, 'now', NULL)",
    "refunded without a transaction": (
        f"{SET_ASIDE} 'refund', 1, 0, 0, 'refunded', NULL, 'now', 'now')"
    ),
    "refunded by no transaction": f"{SET_ASIDE} 'refund', 1, 0, 0, 'refunded', '', 'now', 'now')",
    "open with a refund": f"{SET_ASIDE} 'refund', 1, 0, 0, 'open', 'tx', 'now', NULL)",
    "settled without its time": f"{SET_ASIDE} 'refund', 1, 0, 0, 'withdrawn', NULL, 'now', NULL)",
    "one number twice": (
        f"{SET_ASIDE} 'refund', 1, 0, 0, 'open', NULL, 'now', NULL);"
        f" {SET_ASIDE} 'refund', 2, 0, 0, 'open', NULL, 'now', NULL)"
    ),
    "delivered without its time": "UPDATE outbox SET state = 'delivered' WHERE id = 1",
    "a row for nobody": "UPDATE outbox SET audience = 'all' WHERE id = 1",
}


@pytest.mark.parametrize("statements", IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_the_store_refuses(plain: sqlite3.Connection, statements: str) -> None:
    *good, bad = statements.split("; ")
    for statement in good:
        plain.execute(statement)
    with pytest.raises(sqlite3.IntegrityError):
        plain.execute(bad)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payments SET amount_quote_units = 0, amount_rest_base_units = 1",
        "UPDATE payments SET state = 'reversed', in_time = 0",
        "UPDATE orders SET status = 'shipped', shipped_at = 'now' WHERE id = 1",
        "UPDATE order_items SET holds_unit = 0 WHERE order_id = 3",
    ],
)
def test_the_store_takes_what_can_be(plain: sqlite3.Connection, statement: str) -> None:
    assert plain.execute(statement).rowcount == 1


def test_times_sort_as_texts(plain: sqlite3.Connection) -> None:
    texts = [row[0] for row in plain.execute("SELECT at FROM audit_log ORDER BY id")]
    assert texts == sorted(texts)
    assert {len(text) for text in texts} == {len("2026-05-01T12:00:00.000000Z")}
