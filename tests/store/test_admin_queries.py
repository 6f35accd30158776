"""What admins see of the store."""

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from domain.events import ShopperSeen
from domain.order import By, OrderStatus, PaymentState, RefundRecorded
from store.admin_queries import (
    AdminQueries,
    AuditRow,
    OrderRow,
    PaidBackRow,
    RefundRow,
    ShopperRow,
    StockRow,
)
from store.queries import LineRow
from tests.store.lifecycle import LATE, set_aside
from tests.store.opened_store import (
    CANCELLED,
    EXPIRED,
    NOON,
    SETTINGS,
    SHIPPED,
    SHOPPER_ID,
    OpenedStore,
    minutes,
    order_of,
)


@pytest.fixture
def admin(store: OpenedStore) -> AdminQueries:
    store.reopen(replace(SETTINGS, max_active_orders=5))
    return AdminQueries(store.reader)


def test_open_orders_are_paged_by_id(store: OpenedStore, admin: AdminQueries) -> None:
    store.create(order_of(1))
    store.create(order_of(2, order_id=2))
    store.create(order_of(3, order_id=3))
    store.change(2, 1, CANCELLED)
    assert admin.open_orders(0, 1) == [
        OrderRow(
            order_id=1,
            telegram_id=SHOPPER_ID,
            telegram_username="user70",
            status=OrderStatus.CREATED,
            payment_state=PaymentState.NONE,
            coin="LTC",
            amount_base_units=10_000_000,
            total_minor=1_000,
            fiat_currency="USD",
            created_at=NOON,
            expires_at=minutes(30),
            paid_at=None,
        )
    ]
    assert [row.order_id for row in admin.open_orders(1, 9)] == [3]


def test_only_paid_orders_with_physical_goods_are_ready_for_shipment(
    store: OpenedStore, admin: AdminQueries
) -> None:
    with closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute("UPDATE items SET item_type = 'physical' WHERE id IN (1, 2)")
    for order_id in (1, 2, 3):
        store.create(order_of(order_id, order_id=order_id))
    store.sell(order_of(1))
    store.sell(order_of(3, order_id=3))
    assert [row.order_id for row in admin.ready_for_shipment(0, 9)] == [1]
    assert admin.ready_for_shipment(1, 9) == []
    store.change(1, 2, SHIPPED)
    assert admin.ready_for_shipment(0, 9) == []


def test_the_refund_list_is_what_waits_to_be_paid_back(
    store: OpenedStore, admin: AdminQueries
) -> None:
    store.create(order_of(1))
    store.change(1, 1, EXPIRED)
    money = (
        set_aside(1, amount_base_units=1_000),
        set_aside(2, amount_base_units=2_000, credited_minor=5),
        set_aside(3, amount_base_units=3_000),
    )
    store.change(1, 2, LATE, *money)
    store.change(1, 3, RefundRecorded(number=1, transaction_id="tx"))
    assert admin.refund_list(0, 9) == [
        RefundRow(
            refund_id=3,
            order_id=1,
            number=3,
            telegram_id=SHOPPER_ID,
            telegram_username="user70",
            coin="LTC",
            amount_base_units=3_000,
            receipt_id="late:0",
            since=NOON,
        )
    ]
    assert admin.refund_list(3, 9) == []


def test_what_was_paid_back_is_listed_by_transaction(
    store: OpenedStore, admin: AdminQueries
) -> None:
    store.create(order_of(1))
    store.change(1, 1, EXPIRED)
    money = tuple(set_aside(number, amount_base_units=number * 1_000) for number in (1, 2, 3, 4))
    store.change(1, 2, LATE, *money)
    assert admin.paid_back(1) == []
    for version, number, name in ((3, 2, "b"), (4, 1, "a"), (5, 3, "b")):
        store.change(1, version, RefundRecorded(number=number, transaction_id=name))
    assert admin.paid_back(1) == [
        PaidBackRow(transaction_id="a", amount_base_units=1_000, recorded_at=NOON),
        PaidBackRow(transaction_id="b", amount_base_units=5_000, recorded_at=NOON),
    ]
    assert admin.paid_back(2) == []


def test_shoppers_are_listed_by_their_timeouts(store: OpenedStore, admin: AdminQueries) -> None:
    for order_id, shopper in ((1, 71), (2, 72), (3, 71), (4, 73)):
        store.create(order_of(1, order_id=order_id, shopper=shopper))
        store.change(order_id, 1, CANCELLED if shopper == 73 else EXPIRED)
    first = ShopperRow(
        telegram_id=71,
        telegram_username="user71",
        timeout_count=2,
        last_timeout_at=minutes(31),
        balance_minor=0,
    )
    assert admin.shoppers_with_timeouts(0, 1) == [first]
    assert [row.telegram_id for row in admin.shoppers_with_timeouts(1, 9)] == [72]
    assert admin.shopper(71) == first
    assert admin.shopper(99) is None


def test_a_shopper_is_found_by_name_in_any_case(store: OpenedStore, admin: AdminQueries) -> None:
    for telegram_id, name in ((71, "Ann"), (72, "ann"), (73, "Anna"), (74, None)):
        store.record(ShopperSeen(telegram_id=telegram_id, telegram_username=name, language="en"))
    assert [row.telegram_id for row in admin.shoppers_named("ANN")] == [71, 72]
    assert admin.shoppers_named("bob") == []


def test_stock_is_for_sale_held_or_sold(store: OpenedStore, admin: AdminQueries) -> None:
    store.create(order_of(1))
    store.sell(order_of(1))
    store.create(order_of(2, order_id=2))
    store.create(order_of(3, order_id=3))
    store.change(3, 1, EXPIRED)
    assert admin.stock() == [
        StockRow(subcategory_id=1, category="Games", name="Chess", for_sale=1, held=1, sold=1)
    ]


def test_everything_about_an_order(store: OpenedStore, admin: AdminQueries) -> None:
    order = store.create(order_of(1, 2))
    store.sell(order)
    store.change(1, 2, SHIPPED)
    details = admin.order_details(1)
    assert details is not None
    assert details.order == store.order()
    assert details.tracking_number == "TRACK-1"
    assert details.lines == (
        LineRow(category="Games", subcategory="Chess", quantity=2, total_minor=2_000),
    )
    assert [row.what for row in details.audit] == [
        "order_created",
        "receipts_changed",
        "order_paid",
        "order_shipped",
    ]
    assert details.audit[1] == AuditRow(
        at=NOON,
        by=By.CHAIN,
        by_telegram_id=None,
        what="receipts_changed",
        why="chain",
        detail="aa:0 confirmed",
    )


def test_an_order_that_is_not_there_has_no_details(admin: AdminQueries) -> None:
    assert admin.order_details(9) is None


def test_a_balance_is_shown(store: OpenedStore) -> None:
    assert store.reader.balance_minor(SHOPPER_ID) == 0
    store.create(order_of(1))
    store.change(1, 1, EXPIRED)
    store.change(1, 2, LATE, set_aside(1, credited_minor=900))
    assert store.reader.balance_minor(SHOPPER_ID) == 900
