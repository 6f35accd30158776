"""Changes of orders in the store: whole, once, and on the version they were decided on."""

from dataclasses import replace

import pytest

from domain.evolution import evolve
from domain.order import (
    Order,
    OrderCancelled,
    OrderExpired,
    OrderPaid,
    OrderStatus,
    PaymentState,
    ReceiptsChanged,
)
from domain.payment import ReceiptState
from store.contract import (
    AddressesToWatch,
    AddressToWatch,
    GetAddressesToWatch,
    GetOpenOrders,
    GetPlace,
    OpenOrders,
    PlaceLoaded,
    Recorded,
    RecordRefusalReason,
)
from tests.store.opened_store import (
    BLIND_EXPIRED,
    CANCELLED,
    CONFIRMED,
    EXPIRED,
    SETTINGS,
    SHIPPED,
    OpenedStore,
    minutes,
    order_of,
    receipt,
    receipts_changed,
    refused,
)


def test_every_change_is_read_back_as_it_is_in_memory(store: OpenedStore) -> None:
    order: Order = store.create(order_of(1))
    steps = (
        (
            ReceiptsChanged(
                receipts=(receipt("bb", ReceiptState.SEEN), receipt("aa", ReceiptState.SEEN)),
                payment_state=PaymentState.SEEN,
                covered_at=minutes(4),
            ),
        ),
        (receipts_changed(receipt("aa"), receipt("cc")), OrderPaid(paid_at=minutes(10))),
        (SHIPPED,),
        (
            ReceiptsChanged(
                receipts=(receipt("aa", ReceiptState.REVERSED),),
                payment_state=PaymentState.REVERSED,
                covered_at=minutes(4),
            ),
        ),
    )
    for events in steps:
        assert isinstance(store.change(1, order.version, *events), Recorded)
        for event in events:
            order = evolve(order, event)
        order = replace(order, version=order.version + 1)
        assert store.order() == order


@pytest.mark.parametrize("event", [EXPIRED, CANCELLED])
def test_an_ended_order_is_read_back_as_it_is_in_memory(
    store: OpenedStore, event: OrderExpired | OrderCancelled
) -> None:
    order = store.create(order_of(1))
    store.change(1, 1, event)
    assert store.order() == replace(evolve(order, event), version=2)


def test_a_change_decided_on_a_stale_version_is_refused_and_writes_nothing(
    store: OpenedStore,
) -> None:
    store.create(order_of(1))
    store.change(1, 1, receipts_changed(receipt(state=ReceiptState.SEEN)))
    before = store.order()
    answer = refused(store.change(1, 1, EXPIRED))
    assert (answer.reason, answer.order_id) == (RecordRefusalReason.STALE_VERSION, 1)
    assert store.order() == before
    assert store.number("SELECT timeout_count FROM users") == 0
    assert store.number("SELECT count(*) FROM audit_log WHERE what = 'order_expired'") == 0


def test_of_two_decisions_on_one_version_the_first_stands(store: OpenedStore) -> None:
    store.create(order_of(1))
    done = store.run(store.changing(1, 1, CONFIRMED), store.changing(1, 1, CANCELLED))
    assert isinstance(done.answers[0], Recorded)
    assert refused(done.answers[1]).reason is RecordRefusalReason.STALE_VERSION
    order = store.order()
    assert order is not None
    assert order.status is OrderStatus.PAID


def test_an_order_that_does_not_exist_cannot_be_changed(store: OpenedStore) -> None:
    answer = refused(store.change(5, 1, CANCELLED))
    assert answer.reason is RecordRefusalReason.STALE_VERSION


def test_a_change_without_its_order_is_refused(store: OpenedStore) -> None:
    record = replace(store.changing(1, 1, CANCELLED), order_id=None, expected_version=None)
    assert refused(store.ask(record)).reason is RecordRefusalReason.CONSTRAINT


@pytest.mark.parametrize(
    ("event", "status"),
    [(EXPIRED, "expired"), (BLIND_EXPIRED, "expired"), (CANCELLED, "cancelled")],
)
def test_the_end_of_an_order_frees_its_units_and_its_reserved_stock(
    store: OpenedStore, event: OrderExpired | OrderCancelled, status: str
) -> None:
    store.create(order_of(1, 2))
    store.change(1, 1, event)
    assert store.free_ids() == (1, 2, 3)
    assert store.pool().holds == ()
    assert store.number("SELECT count(*) FROM reserved_stock") == 0
    assert store.number("SELECT count(*) FROM order_items WHERE order_id = 1") == 2
    assert store.number("SELECT status FROM orders") == status


@pytest.mark.parametrize(("event", "timeouts"), [(EXPIRED, 1), (BLIND_EXPIRED, 0), (CANCELLED, 0)])
def test_only_an_expiry_that_the_shop_saw_counts_as_a_timeout(
    store: OpenedStore, event: OrderExpired | OrderCancelled, timeouts: int
) -> None:
    store.create(order_of(1))
    store.change(1, 1, event)
    at = "2026-05-01T12:31:00.000000Z" if timeouts else None
    assert store.rows("SELECT timeout_count, last_timeout_at FROM users") == [(timeouts, at)]


def test_a_paid_order_sells_its_units_in_the_same_transaction(store: OpenedStore) -> None:
    store.sell(store.create(order_of(1, 2)))
    assert store.rows("SELECT id FROM items WHERE is_sold = 1 ORDER BY id") == [(1,), (2,)]
    assert store.number("SELECT count(*) FROM reserved_stock") == 0
    assert store.rows("SELECT status, paid_at, active_slot FROM orders") == [
        ("paid", "2026-05-01T12:10:00.000000Z", None)
    ]
    assert store.pool().holds == ()
    assert store.free_ids() == (3,)


def test_an_order_that_lost_its_units_cannot_be_paid(store: OpenedStore) -> None:
    store.create(order_of(1))
    store.change(1, 1, CANCELLED)
    answer = refused(store.change(1, 2, OrderPaid(paid_at=minutes(40))))
    assert answer.reason is RecordRefusalReason.CONSTRAINT
    assert store.number("SELECT sum(is_sold) FROM items") == 0
    assert store.rows("SELECT status, version FROM orders") == [("cancelled", 2)]


def test_a_shipment_keeps_its_tracking_number(store: OpenedStore) -> None:
    store.sell(store.create(order_of(1)))
    store.change(1, 2, SHIPPED)
    assert store.rows("SELECT status, tracking_number FROM orders") == [("shipped", "TRACK-1")]


def test_a_receipt_is_one_row_however_often_it_comes_and_whatever_becomes_of_it(
    store: OpenedStore,
) -> None:
    store.create(order_of(1))
    states = (ReceiptState.SEEN, ReceiptState.CONFIRMED, ReceiptState.REVERSED, ReceiptState.SEEN)
    for version, state in enumerate(states, start=1):
        store.change(1, version, receipts_changed(receipt(state=state)), at=minutes(version))
        assert store.rows("SELECT state, amount_quote_units, updated_at FROM payments") == [
            (state, 10_000_000, f"2026-05-01T12:0{version}:00.000000Z")
        ]


def test_outputs_of_one_transaction_are_rows_of_their_own(store: OpenedStore) -> None:
    store.create(order_of(1))
    other = replace(receipt(), output_index=1)
    without = replace(receipt(), output_index=None)
    store.change(1, 1, receipts_changed(receipt(), other, without))
    assert store.number("SELECT count(*) FROM payments") == 3


# --- what is watched ------------------------------------------------------------------------------


def test_orders_to_watch_are_those_that_live_or_ended_lately_page_by_page(
    store: OpenedStore,
) -> None:
    store.reopen(replace(SETTINGS, admin_telegram_ids=(), max_active_orders=9))
    for order_id, ending in ((1, CANCELLED), (2, EXPIRED), (3, None)):
        store.create(order_of(order_id, order_id=order_id))
        if ending is not None:
            store.change(order_id, 1, ending)
    first = GetAddressesToWatch(coin="LTC", ended_after=minutes(10), after_order_id=0, limit=1)
    page = store.ask(first)
    rest = store.ask(replace(first, after_order_id=2, limit=5))
    others = store.ask(replace(first, coin="BTC", limit=5))
    assert isinstance(page, AddressesToWatch)
    assert isinstance(rest, AddressesToWatch)
    assert isinstance(others, AddressesToWatch)
    assert [(each.order_id, each.ended_at) for each in page.addresses] == [(2, EXPIRED.closed_at)]
    assert [(each.order_id, each.ended_at) for each in rest.addresses] == [(3, None)]
    assert (page.complete, rest.complete) == (False, True)
    assert others.addresses == ()


def test_address_to_watch_comes_with_the_receipts_of_its_order(store: OpenedStore) -> None:
    store.sell(store.create(order_of(1, order_id=1)))
    page = store.ask(
        GetAddressesToWatch(coin="LTC", ended_after=minutes(0), after_order_id=0, limit=5)
    )
    assert isinstance(page, AddressesToWatch)
    order = store.order(1)
    assert order is not None
    assert page.addresses == (
        AddressToWatch(
            order_id=1,
            address=order.address,
            confirmations_required=order.confirmations_required,
            ended_at=None,
            receipts=order.receipts,
        ),
    )
    assert order.receipts


def test_open_orders_are_those_that_have_not_ended_page_by_page(store: OpenedStore) -> None:
    store.reopen(replace(SETTINGS, admin_telegram_ids=(), max_active_orders=9))
    for order_id in (1, 2, 3):
        store.create(order_of(order_id, order_id=order_id))
    store.change(2, 1, EXPIRED)
    first = GetOpenOrders(after_order_id=0, before_order_id=9, limit=1)
    assert store.ask(first) == OpenOrders(orders=(open_order(store, 1),), complete=False)
    rest = replace(first, after_order_id=1, limit=5)
    assert store.ask(rest) == OpenOrders(orders=(open_order(store, 3),), complete=True)
    assert store.ask(replace(rest, before_order_id=3)) == OpenOrders(orders=(), complete=True)


def open_order(store: OpenedStore, order_id: int) -> Order:
    order = store.order(order_id)
    assert order is not None
    return order


def test_the_next_address_is_above_all_that_orders_have(store: OpenedStore) -> None:
    empty = PlaceLoaded(coin="LTC", height=None, block_hash=None, next_address_index=0)
    assert store.ask(GetPlace(coin="LTC")) == empty
    store.create(replace(order_of(1), address_index=41))
    assert store.ask(GetPlace(coin="LTC")) == replace(empty, next_address_index=42)
    assert store.ask(GetPlace(coin="BTC")) == replace(empty, coin="BTC")
