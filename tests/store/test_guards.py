"""What the store refuses whatever the writer's code: tried with plain SQLite, triggers and all."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from domain.events import NoticeDelivered
from domain.order import Order, RefundRecorded
from domain.payment import ReceiptState
from tests.store.guard_cases import AGAIN, PAY_3, REFUSED, REPLACED, REVIVE, TAKEN
from tests.store.lifecycle import LATE, paid_late, set_aside
from tests.store.opened_store import (
    CANCELLED,
    EXPIRED,
    OpenedStore,
    minutes,
    order_of,
    receipt,
    receipts_changed,
)

BUYERS = {1: 70, 2: 72, 3: 73, 4: 74}


def bought_by(order_id: int, *unit_ids: int) -> Order:
    return order_of(*unit_ids, order_id=order_id, shopper=BUYERS[order_id])


@pytest.fixture
def plain(store: OpenedStore) -> Iterator[sqlite3.Connection]:
    """An order of each kind, seen by whoever has the file.

    1 is paid; 2 was cancelled; 3 waits, and a part of it is seen; 4 expired, was paid late, and of
    that 1 is on the shopper's balance, 2 was refunded, 3 is to be refunded and 4 is left.
    """
    store.sell(store.create(bought_by(1, 1)))
    store.create(bought_by(2, 2))
    store.change(2, 1, CANCELLED)
    store.create(bought_by(3, 3))
    part = replace(receipt("part", ReceiptState.SEEN), amount_base_units=4)
    store.change(3, 1, receipts_changed(part))
    store.create(bought_by(4, 2))
    store.change(4, 1, EXPIRED)
    ten = replace(LATE.receipts[0], amount_base_units=10)
    store.change(
        4,
        2,
        replace(LATE, receipts=(ten,)),
        set_aside(1, amount_base_units=1, credited_minor=500),
        set_aside(2, amount_base_units=2),
        set_aside(3, amount_base_units=3),
        RefundRecorded(number=2, transaction_id="refund-tx"),
    )
    store.record(NoticeDelivered(outbox_id=1, delivered_at=minutes(1)))
    with closing(sqlite3.connect(store.path, isolation_level=None)) as connection:
        yield connection


@pytest.mark.parametrize(("statements", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_the_store_refuses(plain: sqlite3.Connection, statements: str, why: str) -> None:
    *good, bad = statements.split("; ")
    for statement in good:
        plain.execute(statement)
    with pytest.raises(sqlite3.IntegrityError, match=why):
        plain.execute(bad)


@pytest.mark.parametrize(("statements", "why"), REPLACED.values(), ids=REPLACED.keys())
def test_the_store_refuses_to_replace(plain: sqlite3.Connection, statements: str, why: str) -> None:
    test_the_store_refuses(plain, statements, why)


@pytest.mark.parametrize("table", ["audit_log", "outbox", "reserved_stock"])
def test_the_writer_replaces_nothing_that_is_kept(store: OpenedStore, table: str) -> None:
    store.create(order_of(1))
    writer = store.writer._connection
    with pytest.raises(sqlite3.IntegrityError, match=r"kept|written once|stands until"):
        writer.execute(AGAIN.format(table=table, which="TRUE"))


@pytest.mark.parametrize("statements", TAKEN.values(), ids=TAKEN.keys())
def test_the_store_takes_what_can_be(plain: sqlite3.Connection, statements: str) -> None:
    counts = [plain.execute(statement).rowcount for statement in statements.split("; ")]
    assert counts[-1] == 1


def test_an_order_ended_with_plain_sql_lets_go_of_its_units(plain: sqlite3.Connection) -> None:
    plain.execute(
        "UPDATE orders SET status = 'expired', closed_at = 'now', active_slot = NULL WHERE id = 3"
    )
    assert held(plain, 3) == 0
    assert plain.execute("SELECT count(*) FROM reserved_stock").fetchone() == (0,)


def test_an_order_paid_with_plain_sql_sells_its_units(plain: sqlite3.Connection) -> None:
    plain.execute(f"{PAY_3}, confirmed_by_telegram_id = 1 WHERE id = 3")
    assert held(plain, 3) == 1
    assert plain.execute("SELECT is_sold FROM items WHERE id = 3").fetchone() == (1,)
    assert plain.execute("SELECT count(*) FROM reserved_stock").fetchone() == (0,)


def test_more_time_for_an_order_is_more_time_for_its_hold(plain: sqlite3.Connection) -> None:
    plain.execute("UPDATE orders SET expires_at = '2026-06-01', extended_at = 'x' WHERE id = 3")
    assert plain.execute("SELECT expires_at FROM reserved_stock").fetchone() == ("2026-06-01",)


def test_a_balance_follows_its_credits_with_plain_sql(plain: sqlite3.Connection) -> None:
    balance = "SELECT balance_minor FROM users WHERE telegram_id = 74"
    assert plain.execute(balance).fetchone() == (500,)
    plain.execute("UPDATE set_asides SET state = 'withdrawn', settled_at = 'x' WHERE number = 1")
    assert plain.execute(balance).fetchone() == (0,)


def test_what_was_refunded_does_not_pay_for_a_revival(store: OpenedStore) -> None:
    paid_late(store)
    store.change(1, 3, set_aside(1), RefundRecorded(number=1, transaction_id="tx"))
    with (
        closing(sqlite3.connect(store.path)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="not worth"),
    ):
        connection.execute(f"{REVIVE}, revived_at = 'now' WHERE id = 1")


def test_a_revival_that_was_paid_for_is_taken(store: OpenedStore) -> None:
    paid_late(store)
    store.change(1, 3, set_aside(1))
    with closing(sqlite3.connect(store.path)) as connection:
        connection.execute(f"{REVIVE}, revived_at = 'now', counted_as_timeout = 0 WHERE id = 1")
        connection.execute("UPDATE order_items SET holds_unit = 1")
        assert connection.execute("SELECT is_sold FROM items WHERE id = 1").fetchone() == (1,)


def test_the_rest_of_wei_is_counted_when_more_is_set_aside_than_was_received(
    store: OpenedStore,
) -> None:
    order = replace(order_of(1), coin="ETH", amount_base_units=10**9, tolerance_base_units=0)
    store.create(order)
    store.change(1, 1, EXPIRED)
    wei = replace(LATE.receipts[0], output_index=None, amount_base_units=2 * 10**9 + 1)
    store.change(1, 2, replace(LATE, receipts=(wei,)))
    halves = [set_aside(number, amount_base_units=10**9, receipt_id="late") for number in (1, 2)]
    store.change(1, 3, *halves)
    two_wei = set_aside(3, amount_base_units=2, receipt_id="late")
    with closing(sqlite3.connect(store.path)) as connection:
        assert connection.execute("SELECT count(*) FROM set_asides").fetchone() == (2,)
    assert "more is set aside" in str(store.change(1, 4, two_wei))
    one_wei = set_aside(3, amount_base_units=1, receipt_id="late")
    store.change(1, 4, one_wei)
    assert store.number("SELECT count(*) FROM set_asides") == 3


def held(plain: sqlite3.Connection, order_id: int) -> int:
    query = "SELECT count(*) FROM order_items WHERE order_id = ? AND holds_unit = 1"
    (count,) = plain.execute(query, (order_id,)).fetchone()
    return int(count)
