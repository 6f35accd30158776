"""New orders in the store: all of an order in one transaction, and every unit in one order only."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from domain.order import (
    OrderCancelled,
    OrderExpired,
    OrderLine,
    OrderPaid,
    OrderShipped,
    Unit,
)
from store.contract import (
    OrderSettled,
    Recorded,
    RecordRefusalReason,
    RecordRefused,
    SettleOrder,
)
from tests.store.opened_store import (
    CANCELLED,
    CONFIRMED,
    EXPIRED,
    NOON,
    SETTINGS,
    SHIPPED,
    SHOPPER_ID,
    OpenedStore,
    creation,
    entry,
    order_of,
    receipt,
    receipts_changed,
    refused,
)

# --- creation -------------------------------------------------------------------------------------


def test_an_order_is_created_with_all_its_rows(store: OpenedStore) -> None:
    store.create(order_of(1, 2))
    assert store.rows("SELECT order_id, item_id, holds_unit FROM order_items ORDER BY 2") == [
        (1, 1, 1),
        (1, 2, 1),
    ]
    assert store.rows(
        "SELECT order_id, category_id, subcategory_id, quantity, expires_at FROM reserved_stock"
    ) == [(1, 1, 1, 2, "2026-05-01T12:30:00.000000Z")]
    assert store.rows(
        "SELECT status, version, currency, amount_quote_units, payment_address FROM orders"
    ) == [("created", 1, "LTC", 20_000_000, "rltc1q1")]
    assert store.rows("SELECT telegram_id, telegram_username FROM users") == [
        (SHOPPER_ID, f"user{SHOPPER_ID}")
    ]
    assert store.rows("SELECT what, by, by_telegram_id, why FROM audit_log WHERE order_id = 1") == [
        ("order_created", "shopper", SHOPPER_ID, "order placed")
    ]
    assert store.number("SELECT count(*) FROM outbox WHERE order_id = 1") == 3


def test_an_order_is_read_back_as_it_was_written(store: OpenedStore) -> None:
    store.add_items(replace(entry("OTHER", price_minor=1), subcategory="Go"))
    order = order_of(1, 3)
    order = replace(
        order,
        lines=(
            *order.lines,
            OrderLine(subcategory_id=2, units=(Unit(unit_id=4, price_minor=1),)),
        ),
        rate=Decimal("0.00000001234567890123"),
        created_at=NOON + timedelta(microseconds=1),
        telegram_username=None,
    )
    store.create(order)
    assert store.order() == order
    assert store.reader.order(1) == order


def test_an_order_in_ether_beyond_64_bits_of_wei_is_read_back(store: OpenedStore) -> None:
    order = replace(
        order_of(1),
        coin="ETH",
        amount_base_units=25 * 10**18 + 10**9,
        tolerance_base_units=10**16,
    )
    store.create(order)
    wei = replace(receipt(), output_index=None, amount_base_units=25 * 10**18 + 1)
    store.change(1, 1, receipts_changed(wei))
    read = store.order()
    assert read is not None
    assert read.amount_base_units == order.amount_base_units
    assert read.receipts == (wei,)
    assert store.rows(
        "SELECT sum(amount_quote_units), sum(amount_rest_base_units) FROM payments"
    ) == [(25 * 10**9, 1)]


# --- each unit once -------------------------------------------------------------------------------


def test_a_unit_in_a_live_order_is_refused_to_another_and_nothing_of_it_is_written(
    store: OpenedStore,
) -> None:
    store.create(order_of(1))
    answer = refused(store.ask(creation(order_of(2, 1, order_id=2, shopper=71))))
    assert answer.reason is RecordRefusalReason.UNIT_TAKEN
    assert store.order(2) is None
    assert store.free_ids() == (2, 3)
    assert store.number("SELECT count(*) FROM users WHERE telegram_id = 71") == 0
    assert store.number("SELECT count(*) FROM outbox WHERE order_id = 2") == 0


def test_the_innocent_of_a_batch_go_through(store: OpenedStore) -> None:
    jobs = [
        creation(order_of(1, order_id=1, shopper=71)),
        creation(order_of(1, order_id=2, shopper=72)),
        creation(order_of(2, order_id=3, shopper=73)),
    ]
    done = store.run(*jobs)
    kinds = [type(answer) for answer in done.answers]
    assert kinds == [Recorded, RecordRefused, Recorded]
    assert [answer.command_id for answer in done.answers if isinstance(answer, Recorded)] == [
        "create:wish-1",
        "create:wish-3",
    ]
    assert {notice.order_id for notice in done.notices} == {1, 3}
    assert store.free_ids() == (3,)


def test_a_sold_unit_is_refused_for_ever(store: OpenedStore) -> None:
    store.sell(store.create(order_of(1)))
    answer = refused(store.ask(creation(order_of(1, order_id=2, shopper=71))))
    assert answer.reason is RecordRefusalReason.UNIT_TAKEN


@pytest.mark.parametrize("event", [EXPIRED, CANCELLED])
def test_a_unit_of_an_ended_order_can_be_ordered_again(
    store: OpenedStore, event: OrderExpired | OrderCancelled
) -> None:
    store.create(order_of(1))
    store.change(1, 1, event)
    store.create(order_of(1, order_id=2))
    assert store.rows("SELECT order_id FROM order_items WHERE holds_unit = 1") == [(2,)]


def test_a_unit_that_does_not_exist_is_refused(store: OpenedStore) -> None:
    answer = refused(store.ask(creation(order_of(99))))
    assert answer.reason is RecordRefusalReason.CONSTRAINT
    assert store.order() is None


@pytest.mark.parametrize(
    ("twin", "reason"),
    [
        ({"order_id": 1}, RecordRefusalReason.CONSTRAINT),
        ({"request_id": "wish-1"}, RecordRefusalReason.REQUEST_TAKEN),
        ({"address": "rltc1q1"}, RecordRefusalReason.CONSTRAINT),
        ({"address_index": 1}, RecordRefusalReason.CONSTRAINT),
    ],
)
def test_an_id_or_an_address_is_given_to_one_order_only(
    store: OpenedStore, twin: dict[str, object], reason: RecordRefusalReason
) -> None:
    store.create(order_of(1))
    other = order_of(2, order_id=2, shopper=71)
    record = replace(creation(replace(other, **twin)), command_id="another")  # type: ignore[arg-type] # one field by name
    assert refused(store.ask(record)).reason is reason
    assert store.free_ids() == (2, 3)


# --- slots and tombstones -------------------------------------------------------------------------


def test_a_shopper_with_an_active_order_gets_no_second_and_is_told_which(
    store: OpenedStore,
) -> None:
    store.create(order_of(1))
    answer = refused(store.ask(creation(order_of(2, order_id=2))))
    assert (answer.reason, answer.order_id) == (RecordRefusalReason.ACTIVE_ORDER, 1)
    assert store.free_ids() == (2, 3)


@pytest.mark.parametrize("event", [EXPIRED, CANCELLED, CONFIRMED])
def test_an_order_that_waits_no_more_gives_its_slot_back(
    store: OpenedStore, event: OrderExpired | OrderCancelled | OrderPaid
) -> None:
    store.create(order_of(1))
    store.change(1, 1, event)
    assert isinstance(store.ask(creation(order_of(2, order_id=2))), Recorded)


def test_a_shopper_has_as_many_slots_as_the_owner_chose(store: OpenedStore) -> None:
    store.reopen(replace(SETTINGS, admin_telegram_ids=(), max_active_orders=2))
    store.create(order_of(1))
    store.create(order_of(2, order_id=2))
    answer = refused(store.ask(creation(order_of(3, order_id=3))))
    assert answer.reason is RecordRefusalReason.ACTIVE_ORDER
    store.change(1, 1, CANCELLED)
    store.create(order_of(3, order_id=4))
    assert store.rows("SELECT id, active_slot FROM orders ORDER BY id") == [
        (1, None),
        (2, 1),
        (4, 0),
    ]


def test_two_taps_of_one_shopper_in_one_batch_make_one_order(store: OpenedStore) -> None:
    done = store.run(creation(order_of(1)), creation(order_of(2, order_id=2)))
    assert isinstance(done.answers[0], Recorded)
    assert refused(done.answers[1]).reason is RecordRefusalReason.ACTIVE_ORDER


def test_an_order_that_was_settled_before_it_was_recorded_is_refused_from_then_on(
    store: OpenedStore,
) -> None:
    assert store.ask(SettleOrder(order_id=1)) == OrderSettled(order_id=1, holding=False, sold=False)
    store.ask(SettleOrder(order_id=1))
    store.reopen()
    answer = refused(store.ask(creation(order_of(1))))
    assert answer.reason is RecordRefusalReason.ORDER_REFUSED
    assert store.free_ids() == (1, 2, 3)
    assert store.writer.facts().next_order_id == 2


@pytest.mark.parametrize(
    ("events", "holding", "sold"),
    [
        ((), True, False),
        ((CONFIRMED,), False, True),
        ((CONFIRMED, SHIPPED), False, True),
        ((CANCELLED,), False, False),
        ((EXPIRED,), False, False),
    ],
)
def test_settling_a_recorded_order_says_what_became_of_its_units(
    store: OpenedStore,
    events: tuple[OrderPaid | OrderShipped | OrderCancelled | OrderExpired, ...],
    holding: bool,
    sold: bool,
) -> None:
    store.create(order_of(1))
    if events:
        store.change(1, 1, *events)
    settled = OrderSettled(order_id=1, holding=holding, sold=sold)
    assert store.ask(SettleOrder(order_id=1)) == settled
    assert store.number("SELECT count(*) FROM refused_orders") == 0
