"""Money that pays for no goods: set aside, withdrawn, refunded, revived; and what balances are."""

from dataclasses import replace
from decimal import Decimal

import pytest

from domain.evolution import evolve_all
from domain.order import (
    By,
    ExpiryWarned,
    Order,
    OrderCancelled,
    OrderEvent,
    OrderStatus,
    RefundCorrected,
    RefundRecorded,
    SetAsideWithdrawn,
    TimeExtended,
)
from domain.set_aside import SetAsideState
from store.contract import (
    GetUnsettledOrders,
    Recorded,
    RecordRefusalReason,
    UnsettledOrders,
)
from tests.store.lifecycle import LATE, late_receipt, paid_late, revived, set_aside
from tests.store.opened_store import (
    ADMINS,
    CONFIRMED,
    EXPIRED,
    SHIPPED,
    OpenedStore,
    minutes,
    order_of,
    receipt,
    receipts_changed,
    refused,
)

UNSETTLED = GetUnsettledOrders(after_order_id=0, limit=9)


def lived(store: OpenedStore, *steps: tuple[OrderEvent, ...]) -> Order:
    """The order of unit 1 after each step was recorded; the store agrees with memory all along."""
    order = store.create(order_of(1))
    for events in steps:
        answer = store.change(1, order.version, *events)
        assert isinstance(answer, Recorded), answer
        order = replace(evolve_all(order, events), version=order.version + 1)
        assert store.order() == order
    return order


def balance(store: OpenedStore) -> object:
    return store.number("SELECT balance_minor FROM users")


def unsettled(store: OpenedStore) -> tuple[int, ...]:
    answer = store.ask(UNSETTLED)
    assert isinstance(answer, UnsettledOrders)
    return answer.order_ids


def test_a_warning_and_more_time_are_read_back_and_last_the_hold(store: OpenedStore) -> None:
    extended = TimeExtended(extended_at=minutes(20), expires_at=minutes(45))
    lived(store, (ExpiryWarned(expires_at=minutes(30)),), (extended,))
    until = "2026-05-01T12:45:00.000000Z"
    assert store.rows("SELECT expires_at FROM reserved_stock") == [(until,)]
    assert store.rows("SELECT what, detail FROM audit_log WHERE what = 'time_extended'") == [
        ("time_extended", f"until {until}")
    ]


def test_more_time_that_changes_nothing_is_taken(store: OpenedStore) -> None:
    lived(store, (TimeExtended(extended_at=minutes(1), expires_at=minutes(30)),))


def test_an_admin_who_confirms_is_named(store: OpenedStore) -> None:
    order = lived(store, (CONFIRMED,), (SHIPPED,))
    assert order.confirmed_by_telegram_id == ADMINS[0]
    assert store.rows("SELECT is_sold FROM items WHERE id = 1") == [(1,)]


def test_an_admin_who_cancels_is_named(store: OpenedStore) -> None:
    order = lived(store, (OrderCancelled(closed_at=minutes(2), cancelled_by=By.ADMIN),))
    assert order.cancelled_by is By.ADMIN


def test_late_money_is_credited_and_a_part_refunded(store: OpenedStore) -> None:
    credit = set_aside(1, amount_base_units=6_000_000, credited_minor=540)
    refund = set_aside(2, amount_base_units=4_000_000)
    lived(store, (EXPIRED,), (LATE, credit, refund))
    assert balance(store) == 540
    lived_on = store.change(1, 3, RefundRecorded(number=2, transaction_id="refund-tx"))
    assert isinstance(lived_on, Recorded)
    order = store.order()
    assert order is not None
    assert [each.state for each in order.set_asides] == [
        SetAsideState.OPEN,
        SetAsideState.REFUNDED,
    ]
    assert order.set_asides[1].refund_transaction_id == "refund-tx"
    assert balance(store) == 540


def test_a_credit_that_is_refunded_leaves_the_balance(store: OpenedStore) -> None:
    lived(
        store,
        (EXPIRED,),
        (LATE, set_aside(1, credited_minor=900)),
        (RefundRecorded(number=1, transaction_id="tx"),),
    )
    assert balance(store) == 0
    assert store.rows("SELECT state, settled_at FROM set_asides") == [
        ("refunded", "2026-05-01T12:00:00.000000Z")
    ]


def test_credits_of_all_orders_of_a_shopper_add_up(store: OpenedStore) -> None:
    for order_id, credit in ((1, 500), (2, 43)):
        store.create(order_of(order_id, order_id=order_id))
        store.change(order_id, 1, EXPIRED)
        money = set_aside(1, credited_minor=credit)
        assert isinstance(store.change(order_id, 2, LATE, money), Recorded)
    assert balance(store) == 543
    assert store.writer.facts().balance_currencies == ("USD",)


def test_money_of_a_receipt_that_is_not_there_cannot_be_set_aside(store: OpenedStore) -> None:
    store.create(order_of(1))
    store.change(1, 1, EXPIRED)
    answer = refused(store.change(1, 2, LATE, set_aside(1, receipt_id="other:0")))
    assert answer.detail == "order 1 has no receipt other:0"
    assert store.number("SELECT count(*) FROM payments") == 0


def test_a_refund_of_what_was_never_set_aside_is_refused(store: OpenedStore) -> None:
    store.create(order_of(1))
    store.change(1, 1, EXPIRED)
    answer = refused(store.change(1, 2, RefundRecorded(number=7, transaction_id="tx")))
    assert answer.detail == "order 1 has set nothing aside under 7"


def test_a_second_refund_of_the_same_money_is_refused(store: OpenedStore) -> None:
    store.create(order_of(1))
    store.change(1, 1, EXPIRED)
    store.change(1, 2, LATE, set_aside(1), RefundRecorded(number=1, transaction_id="tx"))
    answer = refused(store.change(1, 3, RefundRecorded(number=1, transaction_id="tx-2")))
    assert answer.reason is RecordRefusalReason.CONSTRAINT
    assert store.rows("SELECT refund_transaction_id FROM set_asides") == [("tx",)]


def test_another_transaction_of_a_refund_is_kept_and_the_log_has_both(store: OpenedStore) -> None:
    lived(store, (EXPIRED,), (LATE, set_aside(1), RefundRecorded(number=1, transaction_id="tx")))
    correction = RefundCorrected(number=1, wrong_transaction_id="tx", transaction_id="right")
    assert isinstance(store.change(1, 3, correction), Recorded)
    query = "SELECT state, refund_transaction_id, settled_at FROM set_asides"
    assert store.rows(query) == [("refunded", "right", "2026-05-01T12:00:00.000000Z")]
    log = "SELECT detail FROM audit_log WHERE what LIKE 'refund_%' ORDER BY id"
    assert store.rows(log) == [("number 1 by tx",), ("number 1: right instead of tx",)]
    back = RefundCorrected(number=1, wrong_transaction_id="right", transaction_id="tx")
    assert isinstance(store.change(1, 4, back), Recorded)
    assert store.rows("SELECT refund_transaction_id FROM set_asides") == [("tx",)]


def test_a_refund_that_is_recorded_otherwise_cannot_be_corrected(store: OpenedStore) -> None:
    lived(store, (EXPIRED,), (LATE, set_aside(1), RefundRecorded(number=1, transaction_id="tx")))
    correction = RefundCorrected(number=1, wrong_transaction_id="other", transaction_id="right")
    answer = refused(store.change(1, 3, correction))
    assert answer.detail == "order 1 has paid nothing back under 1 by other"
    assert store.number("SELECT count(*) FROM audit_log WHERE what = 'refund_corrected'") == 0


# --- receipts and their value ---------------------------------------------------------------------


def test_the_value_of_a_receipt_is_kept_beside_its_rate(store: OpenedStore) -> None:
    lived(store, (receipts_changed(receipt()),))
    assert store.rows("SELECT rate, value_minor FROM payments") == [("100.00", 1_000)]


def test_a_rate_that_was_not_known_is_filled_in_later_and_stays(store: OpenedStore) -> None:
    unvalued = replace(late_receipt(), rate=None)
    lived(store, (EXPIRED,), (replace(LATE, receipts=(unvalued,)),), (LATE,))
    other = replace(late_receipt(), rate=Decimal("91.00"))
    answer = refused(store.change(1, 4, replace(LATE, receipts=(other,))))
    assert answer.detail == "a receipt keeps the rate at which it was valued"


def test_a_receipt_of_another_amount_than_it_is_known_with_is_refused(store: OpenedStore) -> None:
    lived(store, (receipts_changed(receipt()),))
    more = replace(receipt(), amount_base_units=20_000_000)
    answer = refused(store.change(1, 2, receipts_changed(more)))
    assert answer.detail.startswith("a receipt ")
    assert store.rows("SELECT amount_quote_units FROM payments") == [(10_000_000,)]


# --- revival --------------------------------------------------------------------------------------


def test_a_revived_order_has_new_units_and_its_old_ones_stay_in_its_history(
    store: OpenedStore,
) -> None:
    paid_late(store)
    store.create(order_of(1, order_id=2, shopper=71))
    before = store.order()
    assert before is not None
    events = (revived(2),)
    assert isinstance(store.change(1, 3, *events), Recorded)
    assert store.order() == replace(evolve_all(before, events), version=4)
    assert store.rows("SELECT item_id, holds_unit FROM order_items WHERE order_id = 1") == [
        (1, 0),
        (2, 1),
    ]
    assert store.rows("SELECT id FROM items WHERE is_sold = 1") == [(2,)]
    assert [line.total_minor for line in store.reader.order_lines(1)] == [1_200]
    assert [goods.private_data for goods in store.reader.goods(1)] == ["KEY-2"]


def test_a_revived_order_may_get_the_units_that_it_had(store: OpenedStore) -> None:
    paid_late(store)
    assert isinstance(store.change(1, 3, revived(1)), Recorded)
    assert store.rows("SELECT item_id, holds_unit, price_at_purchase_minor FROM order_items") == [
        (1, 1, 1_200)
    ]
    assert store.rows("SELECT id FROM items WHERE is_sold = 1") == [(1,)]


def test_a_revival_takes_its_timeout_back(store: OpenedStore) -> None:
    paid_late(store)
    assert store.number("SELECT timeout_count FROM users") == 1
    store.change(1, 3, revived(1))
    assert store.rows("SELECT timeout_count, last_timeout_at FROM users") == [(0, None)]


def test_a_revival_withdraws_what_was_set_aside(store: OpenedStore) -> None:
    paid_late(store)
    store.change(1, 3, set_aside(1, credited_minor=900))
    assert balance(store) == 900
    surplus = set_aside(2, amount_base_units=1_000)
    answer = store.change(1, 4, revived(1), SetAsideWithdrawn(number=1), surplus)
    assert isinstance(answer, Recorded), answer
    assert balance(store) == 0
    assert store.rows("SELECT number, state FROM set_asides") == [(1, "withdrawn"), (2, "open")]


@pytest.mark.parametrize("status", ["expired", "cancelled"])
def test_an_admin_revives_what_was_never_paid(store: OpenedStore, status: str) -> None:
    cancelled = OrderCancelled(closed_at=minutes(2), cancelled_by=By.ADMIN)
    order = lived(
        store,
        (EXPIRED if status == "expired" else cancelled,),
        (revived(1, by_admin=ADMINS[1]),),
    )
    assert order.status is OrderStatus.PAID
    assert order.confirmed_by_telegram_id == ADMINS[1]


def test_a_revival_that_is_not_paid_for_is_refused_whole(store: OpenedStore) -> None:
    store.create(order_of(1))
    store.change(1, 1, EXPIRED)
    half = replace(LATE, receipts=(late_receipt(5_000_000),))
    answer = refused(store.change(1, 2, half, revived(1)))
    assert answer.reason is RecordRefusalReason.CONSTRAINT
    assert store.free_ids() == (1, 2, 3)
    assert store.number("SELECT timeout_count FROM users") == 1
    assert store.number("SELECT count(*) FROM payments") == 0


def test_a_revival_with_a_unit_that_is_taken_is_refused_as_that(store: OpenedStore) -> None:
    paid_late(store)
    store.create(order_of(1, order_id=2, shopper=71))
    answer = refused(store.change(1, 3, revived(1)))
    assert answer.reason is RecordRefusalReason.UNIT_TAKEN


def test_a_revival_without_units_is_refused(store: OpenedStore) -> None:
    paid_late(store)
    answer = refused(store.change(1, 3, revived()))
    assert answer.detail == "order 1 was revived with 0 units and got 0"


# --- what was cut off -----------------------------------------------------------------------------


def test_an_ended_order_with_money_that_is_nowhere_is_found_until_it_is_settled(
    store: OpenedStore,
) -> None:
    paid_late(store)
    assert unsettled(store) == (1,)
    store.change(1, 3, set_aside(1, amount_base_units=9_999_999))
    assert unsettled(store) == (1,)
    store.change(1, 4, set_aside(2, amount_base_units=1))
    assert unsettled(store) == ()
    store.change(1, 5, SetAsideWithdrawn(number=2))
    assert unsettled(store) == (1,)
    after = store.ask(replace(UNSETTLED, after_order_id=1))
    assert after == UnsettledOrders(order_ids=())


def test_an_order_without_money_or_that_was_paid_is_settled(store: OpenedStore) -> None:
    store.sell(store.create(order_of(1)))
    store.create(order_of(2, order_id=2))
    store.change(2, 1, EXPIRED)
    assert unsettled(store) == ()
