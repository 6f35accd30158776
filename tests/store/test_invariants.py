"""A sound store breaks no invariant, and whatever is planted in one is found."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from domain.order import (
    Audience,
    By,
    ExpiryWarned,
    Noticed,
    NoticeKind,
    OrderCancelled,
    PaymentState,
    RefundRecorded,
    SetAsideWithdrawn,
    TimeExtended,
)
from domain.payment import ReceiptState
from store.contract import Recorded
from store.invariants import INVARIANTS, violations
from tests.store.first_version import first_version
from tests.store.lifecycle import LATE, paid_late, revived, set_aside
from tests.store.opened_store import (
    BLIND_EXPIRED,
    CONFIRMED,
    EXPIRED,
    SETTINGS,
    SHIPPED,
    OpenedStore,
    creation,
    entry,
    minutes,
    order_of,
    receipt,
    receipts_changed,
)
from tests.store.planted import PLANTED
from tests.store.test_migrations import opened_and_closed
from tests.store.test_trouble import PAGE_BYTES, page_of, swap_page

GOODS = Noticed(kind=NoticeKind.GOODS, audience=Audience.SHOPPER)


def change(store: OpenedStore, order_id: int, *steps: tuple[object, ...]) -> None:
    for version, events in enumerate(steps, start=1):
        answer = store.change(order_id, version, *events)  # type: ignore[arg-type] # events of any kind
        assert isinstance(answer, Recorded), answer


@pytest.fixture
def lived_in(store: OpenedStore) -> OpenedStore:
    """A store in which everything has happened once.

    Orders: 1 shipped, 2 cancelled, 3 extended and waiting, 4 expired with money on the balance,
    refunded and to be refunded, 5 revived, 6 confirmed by an admin, 7 reversed, 8 late and worth
    reviving, 9 over-paid, 10 expired and cleared.
    """
    store.add_items(*(entry(f"MORE-{number}", place=number) for number in range(4, 11)))
    store.reopen(replace(SETTINGS, max_active_orders=9, max_user_timeouts=9))
    store.sell(store.create(order_of(1)))
    store.change(1, 2, SHIPPED)
    store.create(order_of(2, order_id=2))
    change(store, 2, (OrderCancelled(closed_at=minutes(3), cancelled_by=By.ADMIN),))
    store.create(order_of(3, order_id=3))
    part = replace(receipt("part", ReceiptState.SEEN), amount_base_units=4_000_000)
    extended = TimeExtended(extended_at=minutes(20), expires_at=minutes(45))
    change(store, 3, (receipts_changed(part), extended), (ExpiryWarned(expires_at=minutes(45)),))
    store.create(order_of(2, order_id=4, shopper=71))
    credit = set_aside(1, amount_base_units=5_000_000, credited_minor=450)
    refunds = [set_aside(number, amount_base_units=2_500_000) for number in (2, 3)]
    refunded = RefundRecorded(number=2, transaction_id="refund-tx")
    change(store, 4, (EXPIRED,), (LATE, credit, *refunds), (refunded,))
    paid_late(store, order_of(2, order_id=5))
    aside = set_aside(1)
    store.change(5, 3, aside)
    store.change(5, 4, revived(4), SetAsideWithdrawn(number=1), GOODS)
    store.create(order_of(5, order_id=6))
    change(store, 6, (CONFIRMED, GOODS))
    store.sell(store.create(order_of(6, order_id=7)))
    gone = replace(receipt(state=ReceiptState.REVERSED), amount_base_units=10_000_000)
    store.change(7, 2, replace(receipts_changed(gone), payment_state=PaymentState.REVERSED))
    paid_late(store, order_of(7, order_id=8))
    store.create(order_of(8, order_id=9))
    over = replace(receipt("over"), amount_base_units=12_000_000)
    surplus = set_aside(1, amount_base_units=2_000_000, receipt_id="over:0")
    change(store, 9, (receipts_changed(over), CONFIRMED, GOODS, surplus))
    store.create(order_of(9, order_id=10, shopper=72))
    change(store, 10, (BLIND_EXPIRED,))
    return store


@pytest.fixture
def plain(lived_in: OpenedStore) -> Iterator[sqlite3.Connection]:
    """The file, with nothing in the way of what is planted in it."""
    with closing(sqlite3.connect(lived_in.path, isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        yield connection


def found(connection: sqlite3.Connection) -> set[str]:
    return {violation.name for violation in violations(connection)}


def planted(connection: sqlite3.Connection, statements: str) -> None:
    """Run statements past the triggers, and put those back."""
    triggers = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    ).fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements.split("; "):
        assert connection.execute(statement).rowcount != 0, statement
    for _, sql in triggers:
        connection.execute(sql)


def test_a_store_in_which_everything_has_happened_is_sound(
    lived_in: OpenedStore, plain: sqlite3.Connection
) -> None:
    assert violations(plain) == []
    assert lived_in.number("SELECT count(DISTINCT status) FROM orders") == 5


def test_a_migrated_store_of_the_first_version_is_sound_but_for_what_that_did_not_write(
    tmp_path: Path,
) -> None:
    path = tmp_path / "shop.db"
    first_version(path)
    opened_and_closed(path)
    with closing(sqlite3.connect(path)) as connection:
        left = violations(connection)
    # The sample has no audit log of its orders, and no goods told for one of them.
    assert {each.name for each in left} <= {
        "change-is-in-the-audit-log",
        "paid-order-has-its-goods-told",
    }


def test_an_empty_store_is_sound(store: OpenedStore) -> None:
    with closing(sqlite3.connect(store.path)) as connection:
        assert violations(connection) == []


@pytest.mark.parametrize(("statements", "name"), PLANTED.values(), ids=PLANTED.keys())
def test_what_is_planted_is_found(
    lived_in: OpenedStore, plain: sqlite3.Connection, statements: str, name: str
) -> None:
    planted(plain, statements)
    # As `check` sees it: without what this connection closes its eyes to.
    with closing(sqlite3.connect(lived_in.path)) as connection:
        assert name in found(connection)


TWINS = {
    "order-has-its-own-address": "payment_address = 'rltc1q1'",
    "wish-makes-one-order": "request_id = 'wish-1'",
    "slot-has-one-order": "active_slot = 0, user_id = 1",
}


@pytest.mark.parametrize(("name", "same"), TWINS.items())
def test_twins_behind_a_lost_unique_constraint_are_found(
    plain: sqlite3.Connection, name: str, same: str
) -> None:
    (sql,) = plain.execute("SELECT sql FROM sqlite_master WHERE name = 'orders'").fetchone()
    without = re.sub(r"UNIQUE \(.*\),|UNIQUE(?=,)", "", sql)
    plain.execute("PRAGMA writable_schema = ON")
    plain.execute("UPDATE sqlite_master SET sql = ? WHERE name = 'orders'", (without,))
    plain.execute("DELETE FROM sqlite_master WHERE name LIKE 'sqlite_autoindex_orders%'")
    plain.execute("PRAGMA writable_schema = RESET")
    planted(plain, f"UPDATE orders SET {same} WHERE id IN (2, 3)")  # noqa: S608 - our own words
    assert name in found(plain)


def test_a_trigger_that_was_dropped_is_found(plain: sqlite3.Connection) -> None:
    plain.execute("DROP TRIGGER orders_are_paid_by_payments")
    (violation,) = violations(plain)
    assert violation.subject == "trigger orders_are_paid_by_payments is missing"


def test_a_trigger_that_was_weakened_is_found(plain: sqlite3.Connection) -> None:
    plain.execute("DROP TRIGGER items_stay_sold")
    plain.execute("CREATE TRIGGER items_stay_sold AFTER DELETE ON items BEGIN SELECT 1; END")
    (violation,) = violations(plain)
    assert violation.subject == "trigger items_stay_sold is not of this version"


def test_a_damaged_page_is_found_and_the_rest_is_looked_at_all_the_same(
    lived_in: OpenedStore, plain: sqlite3.Connection
) -> None:
    planted(plain, "UPDATE users SET timeout_count = 7")
    plain.execute("PRAGMA wal_checkpoint (TRUNCATE)")
    plain.close()
    lived_in.close()
    number = page_of(lived_in.path, "audit_log")
    swap_page(lived_in.path, number, b"\xff" * PAGE_BYTES)
    with closing(sqlite3.connect(lived_in.path)) as connection:
        names = found(connection)
    assert names >= {"file-is-readable", "timeouts-are-counted"}


def test_every_invariant_has_something_planted_against_it() -> None:
    wanted = {invariant.name for invariant in INVARIANTS}
    assert wanted <= {name for _, name in PLANTED.values()} | set(TWINS)


def test_names_are_of_one_invariant_each() -> None:
    names = [invariant.name for invariant in INVARIANTS]
    assert len(names) == len(set(names))


def test_looking_changes_nothing_and_may_be_done_within_a_transaction(
    lived_in: OpenedStore, plain: sqlite3.Connection
) -> None:
    plain.execute("BEGIN IMMEDIATE")
    plain.execute("UPDATE users SET language = 'de'")
    assert violations(plain) == []
    assert plain.in_transaction
    plain.execute("ROLLBACK")
    lived_in.run(creation(order_of(10, order_id=11, shopper=75)))
    assert violations(plain) == []
