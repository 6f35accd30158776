"""Expiries that are written together: the same rows and answers as each would have alone."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from domain.catalog import ImportEntry
from domain.notices import tell_admins, tell_shopper
from domain.order import NoticeKind
from store.contract import Answer, Job, Record, Recorded, RecordRefusalReason, RecordRefused
from tests.store.opened_store import (
    CANCELLED,
    EXPIRED,
    SETTINGS,
    OpenedStore,
    creation,
    entry,
    minutes,
    order_of,
    receipt,
    receipts_changed,
    refused,
)

ORDERS = 120
TOLD = (tell_shopper(NoticeKind.ORDER_EXPIRED), tell_admins(NoticeKind.ADMIN_ORDER_EXPIRED))
# What the shop wrote, without the numbers of rows that depend on the order of writing.
CONTENTS = (
    "SELECT telegram_id, timeout_count, last_timeout_at FROM users",
    """
    SELECT id, status, payment_state, version, active_slot, closed_at, counted_as_timeout
    FROM orders
    """,
    "SELECT order_id, item_id, holds_unit FROM order_items",
    "SELECT order_id, quantity FROM reserved_stock",
    "SELECT audience, chat_id, kind, order_id, detail, state, created_at FROM outbox",
    "SELECT at, by, by_telegram_id, order_id, what, why, detail FROM audit_log",
    "SELECT id, result, recorded_at FROM commands",
)


def with_open_orders(folder: Path) -> OpenedStore:
    """Orders 1 to ORDERS of a unit each, two of each shopper."""
    folder.mkdir()
    store = OpenedStore(folder, replace(SETTINGS, max_active_orders=2))
    entries: tuple[ImportEntry, ...] = tuple(entry(f"MORE-{number}") for number in range(ORDERS))
    store.add_items(*entries)
    store.run(
        *(
            creation(order_of(number, order_id=number, shopper=1_000 + number // 2))
            for number in range(1, ORDERS + 1)
        )
    )
    return store


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[tuple[OpenedStore, OpenedStore]]:
    pair = with_open_orders(tmp_path / "together"), with_open_orders(tmp_path / "alone")
    yield pair
    for store in pair:
        store.close()


@pytest.fixture
def together(stores: tuple[OpenedStore, OpenedStore]) -> OpenedStore:
    return stores[0]


def expiry(store: OpenedStore, order_id: int, version: int = 1, *, minute: float = 31) -> Record:
    event = replace(EXPIRED, closed_at=minutes(minute), counts_as_timeout=order_id % 5 > 0)
    changing = store.changing(order_id, version, event, *TOLD, at=minutes(minute))
    return replace(changing, command_id=f"order:{order_id}:{version}:{minute}")


def contents(store: OpenedStore) -> list[list[tuple[object, ...]]]:
    return [sorted(store.rows(query), key=repr) for query in CONTENTS]


def batch(store: OpenedStore) -> list[Job]:
    paid = receipts_changed(receipt())
    return [
        *(expiry(store, number, minute=31 + number / 100) for number in range(1, 80)),
        expiry(store, 5),  # once more, decided anew on what is no longer so
        expiry(store, 7, minute=31.07),  # the very same command
        expiry(store, 90, version=2),  # on a version that is not there
        expiry(store, 999),  # of an order that is not there
        replace(store.changing(91, 1, paid, *TOLD), command_id="a payment"),
        expiry(store, 91),
        replace(store.changing(92, 1, CANCELLED), command_id="a cancellation"),
        *(expiry(store, number) for number in range(92, 100)),
    ]


def test_a_batch_leaves_and_answers_what_its_expiries_would_alone(
    stores: tuple[OpenedStore, OpenedStore],
) -> None:
    together, alone = stores
    answers = together.run(*batch(together)).answers
    one_by_one: list[Answer] = [alone.ask(job) for job in batch(alone)]
    assert list(answers) == one_by_one
    assert contents(together) == contents(alone)
    stale = [each for each in answers if isinstance(each, RecordRefused)]
    assert {each.reason for each in stale} == {RecordRefusalReason.STALE_VERSION}
    assert [each.order_id for each in stale] == [5, 90, 999, 91, 92]


def test_a_shopper_whose_two_orders_expire_together_has_two_timeouts(together: OpenedStore) -> None:
    together.run(*(expiry(together, number, minute=30 + number) for number in (2, 3)))
    rows = together.rows(
        "SELECT timeout_count, last_timeout_at FROM users WHERE telegram_id = ?", (1_001,)
    )
    assert rows == [(2, "2026-05-01T12:33:00.000000Z")]


def test_expiries_tell_of_the_rows_that_they_wrote(together: OpenedStore) -> None:
    done = together.run(*(expiry(together, number) for number in (1, 2, 3)))
    rows = together.rows(
        "SELECT id, chat_id, kind, order_id FROM outbox WHERE kind LIKE '%expired'"
    )
    told = [(each.outbox_id, each.chat_id, each.kind, each.order_id) for each in done.notices]
    assert sorted(told) == sorted(rows)
    assert len(told) == 3 * 3, "the shopper and two admins each"


def test_units_of_expiries_are_free_and_a_repeat_gets_the_first_answer(
    together: OpenedStore,
) -> None:
    commands = [expiry(together, number) for number in range(1, ORDERS + 1)]
    first = together.run(*commands)
    assert all(isinstance(answer, Recorded) for answer in first.answers)
    assert together.pool().holds == ()
    before = contents(together)
    again = together.run(*commands)
    assert (again.answers, again.notices) == (first.answers, ())
    assert contents(together) == before


def test_one_that_cannot_be_does_not_keep_the_others_from_expiring(together: OpenedStore) -> None:
    broken = expiry(together, 50)
    wrong = replace(EXPIRED, payment_state="what?")  # type: ignore[arg-type] # the store refuses it
    broken = replace(broken, events=(wrong, *TOLD))
    *fine, answer = together.run(
        *(expiry(together, number) for number in range(1, 20)), broken
    ).answers
    assert all(isinstance(each, Recorded) for each in fine)
    assert refused(answer).reason is RecordRefusalReason.CONSTRAINT
    assert together.number("SELECT count(*) FROM orders WHERE status = 'expired'") == 19
