"""Orders that are written together: the same rows and answers as each would have alone."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from domain.catalog import ImportEntry
from domain.events import ShopperSeen
from domain.order import By, NoticeKind
from store.contract import (
    GetOrder,
    GetStanding,
    Job,
    OrderLoaded,
    Record,
    Recorded,
    RecordRefusalReason,
    RecordRefused,
    SettleOrder,
    Standing,
)
from tests.store.opened_store import (
    ADMINS,
    BLIND_EXPIRED,
    CANCELLED,
    EXPIRED,
    NOON,
    SETTINGS,
    OpenedStore,
    creation,
    entry,
    order_of,
    refused,
)

UNITS = 300
# What the shop wrote, without the numbers of rows that depend on the order of writing.
CONTENTS = (
    "SELECT telegram_id, telegram_username, language, timeout_count, registered_at FROM users",
    """
    SELECT orders.id, telegram_id, request_id, status, payment_state, version, currency,
        fiat_currency, total_minor, rate, amount_quote_units, tolerance_quote_units,
        confirmations_required, payment_address, address_index, active_slot, created_at, expires_at
    FROM orders JOIN users ON users.id = user_id
    """,
    "SELECT order_id, item_id, price_at_purchase_minor, holds_unit, created_at FROM order_items",
    """
    SELECT order_id, category_id, subcategory_id, quantity, reserved_at, expires_at
    FROM reserved_stock
    """,
    "SELECT audience, chat_id, kind, order_id, detail, state, created_at FROM outbox",
    "SELECT at, by, by_telegram_id, order_id, what, why, detail FROM audit_log",
    "SELECT id, result, recorded_at FROM commands",
)


def large(folder: Path, max_active: int = 2) -> OpenedStore:
    folder.mkdir()
    store = OpenedStore(folder, replace(SETTINGS, max_active_orders=max_active))
    entries: tuple[ImportEntry, ...] = tuple(entry(f"MORE-{number}") for number in range(UNITS))
    store.add_items(*entries)
    return store


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[tuple[OpenedStore, OpenedStore]]:
    pair = large(tmp_path / "together"), large(tmp_path / "alone")
    yield pair
    for store in pair:
        store.close()


def new_order(number: int, *, shopper: int | None = None) -> Record:
    """An order of the unit of this number, by a shopper of its own."""
    return creation(order_of(number, order_id=number, shopper=shopper or 1_000 + number))


def contents(store: OpenedStore) -> list[list[tuple[object, ...]]]:
    return [sorted(store.rows(query), key=repr) for query in CONTENTS]


def before(store: OpenedStore) -> None:
    """Shoppers with a past: an open order, orders that ended, timeouts, a refused id."""
    for number in (201, 202, 203, 204, 205):
        store.run(new_order(number, shopper=500 + number % 3))
        store.change(number, 1, CANCELLED if number % 2 else BLIND_EXPIRED)
    store.run(new_order(206, shopper=600))
    for number in (210, 211, 212):
        store.run(new_order(number, shopper=601))
        store.change(number, 1, EXPIRED)
    store.run(SettleOrder(order_id=30))
    store.record(ShopperSeen(telegram_id=1_040, telegram_username="old", language="de"))


def batch() -> list[Job]:
    again = new_order(206, shopper=600)
    return [
        *(new_order(number) for number in range(1, 25)),
        new_order(40),  # of somebody who is known under another name
        new_order(30),  # under an id that is refused
        new_order(25, shopper=600),  # a second active order, which is allowed
        new_order(26, shopper=600),  # a third, which is not
        new_order(27, shopper=601),  # too many timeouts
        new_order(28, shopper=501),
        new_order(29, shopper=501),
        again,
        replace(again, command_id="another command for the same wish"),
        *(new_order(number) for number in range(60, 120)),
        new_order(60),
    ]


def test_a_batch_leaves_and_answers_what_its_orders_would_alone(
    stores: tuple[OpenedStore, OpenedStore],
) -> None:
    together, alone = stores
    for store in stores:
        before(store)
    done = together.run(*batch())
    assert list(done.answers) == [alone.ask(job) for job in batch()]
    assert contents(together) == contents(alone)
    reasons = [each.reason for each in done.answers if isinstance(each, RecordRefused)]
    assert reasons == [
        RecordRefusalReason.ORDER_REFUSED,
        RecordRefusalReason.ACTIVE_ORDER,
        RecordRefusalReason.TOO_MANY_TIMEOUTS,
    ]
    made = done.answers[24:31]
    assert [isinstance(each, Recorded) for each in made] == [
        True, False, True, False, False, True, True,
    ]  # fmt: skip


@pytest.mark.parametrize("count", [1, 2, 3, 63, 127, 128, 129, 299])
def test_as_many_as_wait_are_written_each_with_its_notices(tmp_path: Path, count: int) -> None:
    store = large(tmp_path / "shop")
    done = store.run(*(new_order(number) for number in range(1, count + 1)))
    assert [each.order_id for each in done.answers if isinstance(each, Recorded)] == [
        *range(1, count + 1)
    ]
    assert store.number("SELECT count(DISTINCT item_id) FROM order_items") == count
    rows = store.rows("SELECT id, audience, chat_id, kind, order_id FROM outbox ORDER BY id")
    assert rows == [
        (each.outbox_id, each.audience, each.chat_id, each.kind, each.order_id)
        for each in done.notices
    ]
    assert [(each.chat_id, each.kind) for each in done.notices[:3]] == [
        (1_001, NoticeKind.ORDER_CREATED),
        (ADMINS[0], NoticeKind.ADMIN_ORDER_CREATED),
        (ADMINS[1], NoticeKind.ADMIN_ORDER_CREATED),
    ]
    store.close()


def test_one_unit_for_two_orders_of_a_batch_is_given_to_the_first(store: OpenedStore) -> None:
    batch = [new_order(1), new_order(2), creation(order_of(1, order_id=3, shopper=7)), new_order(3)]
    batch[3] = creation(order_of(3, order_id=4, shopper=8))
    answers = store.run(*batch).answers
    assert [isinstance(each, Recorded) for each in answers] == [True, True, False, True]
    assert refused(answers[2]).reason is RecordRefusalReason.UNIT_TAKEN
    assert store.rows("SELECT item_id, order_id FROM order_items ORDER BY 1") == [
        (1, 1), (2, 2), (3, 4),
    ]  # fmt: skip


def test_what_stands_between_two_orders_is_done_between_them(store: OpenedStore) -> None:
    answers = store.run(
        new_order(1),
        SettleOrder(order_id=2),
        GetOrder(order_id=2),
        new_order(2),
        new_order(3),
        GetOrder(order_id=3),
    ).answers
    assert answers[2] == OrderLoaded(order_id=2, order=None)
    assert refused(answers[3]).reason is RecordRefusalReason.ORDER_REFUSED
    assert isinstance(answers[5], OrderLoaded)
    assert answers[5].order is not None


def test_how_shoppers_stand_is_told_as_it_is_when_all_of_the_batch_is_done(
    store: OpenedStore,
) -> None:
    store.create(order_of(1, order_id=1, shopper=71))
    questions = [
        GetStanding(telegram_id=71, request_id="wish-1"),
        GetStanding(telegram_id=1_002, request_id="wish-2"),
        GetStanding(telegram_id=99),
        GetStanding(telegram_id=71, request_id="wish-9"),
    ]
    first, second, third, fourth = standings(store, [*questions[:2], new_order(2), *questions[2:]])
    assert first.active_orders == (1,)
    assert first.earlier_order == order_of(1, order_id=1, shopper=71)
    assert second.active_orders == (2,)
    assert second.earlier_order == order_of(2, order_id=2, shopper=1_002)
    assert third.active_orders == ()
    assert third.earlier_order is None
    assert fourth.active_orders == (1,)
    assert fourth.earlier_order is None


def standings(store: OpenedStore, jobs: Sequence[Job]) -> list[Standing]:
    return [each for each in store.run(*jobs).answers if isinstance(each, Standing)]


def test_an_order_with_something_else_in_its_command_is_written_too(store: OpenedStore) -> None:
    seen = ShopperSeen(telegram_id=70, telegram_username="new", language="fr")
    record = replace(creation(order_of(1)), events=(*creation(order_of(1)).events, seen))
    assert isinstance(store.ask(record), Recorded)
    assert store.rows("SELECT telegram_username, language FROM users") == [("new", "fr")]
    only_a_notice = Record(command_id="n", events=(), at=NOON, by=By.SHOP)
    assert store.ask(only_a_notice) == Recorded(command_id="n")
