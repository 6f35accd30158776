"""What people may wish of an order, and what they are told instead."""

from dataclasses import replace

import pytest

from domain.order import (
    Audience,
    By,
    MoneySetAside,
    Noticed,
    NoticeKind,
    Order,
    OrderCancelled,
    OrderExpired,
    OrderPaid,
    OrderShipped,
    OrderStatus,
    PaymentState,
    ReceiptsChanged,
    RefundCorrected,
    RefundRecorded,
    RefusalReason,
)
from domain.order_news import CancelWished, GoodsRefunded, RefundMade, RefundMisnamed
from domain.order_rules import decide
from domain.set_aside import SetAsideState
from tests.domain.examples import (
    ADMIN_ID,
    AMOUNT,
    CANCEL,
    CANCEL_BY_ADMIN,
    CANCELLED,
    CONFIRM,
    CREDITING,
    EXPIRE_BY_ADMIN,
    EXPIRED,
    MANY_HOURS,
    PAID,
    REFUND,
    REFUNDING,
    RULES,
    SHIP,
    SHIPPED,
    SHOPPER_ID,
    STATUSES,
    amount_told,
    kinds,
    late_sighting,
    look,
    looked,
    minutes,
    new_order,
    notice,
    order_that_is,
    set_aside_by,
    sighting,
    step,
    told,
)

# --- calling it off -------------------------------------------------------------------------------


def test_a_cancellation_is_told_to_both_sides() -> None:
    order, decision = step(new_order(), CANCEL, minutes(3))
    assert decision.events[0] == OrderCancelled(closed_at=minutes(3), cancelled_by=By.SHOPPER)
    assert told(decision) == [NoticeKind.ORDER_CANCELLED, NoticeKind.ADMIN_ORDER_CANCELLED]
    assert (order.status, order.closed_at, order.cancelled_by) == (
        CANCELLED,
        minutes(3),
        By.SHOPPER,
    )
    assert (decision.by, decision.by_telegram_id) == (By.SHOPPER, SHOPPER_ID)
    assert decision.why == "cancelled by the shopper"


def test_an_order_with_money_on_its_way_cannot_be_cancelled_by_the_shopper() -> None:
    partial, _ = looked(new_order(), minutes(5), sighting(1))
    decision = decide(partial, CANCEL, RULES, minutes(6))
    assert (decision.refusal, decision.events) == (RefusalReason.PAYMENT_SEEN, ())
    assert (decision.by, decision.by_telegram_id) == (By.SHOPPER, SHOPPER_ID)


def test_an_order_whose_payment_vanished_can_be_cancelled() -> None:
    seen, _ = looked(new_order(), minutes(5), sighting())
    gone, _ = looked(seen, minutes(6))
    order, decision = step(gone, CANCEL, minutes(7))
    assert order.status is CANCELLED
    assert kinds(decision) == [OrderCancelled]


def test_another_shopper_learns_nothing_of_an_order() -> None:
    stranger = CancelWished(telegram_id=SHOPPER_ID + 1)
    refusals = {decide(order_that_is(s), stranger, RULES, MANY_HOURS).refusal for s in STATUSES}
    partial, _ = looked(new_order(), minutes(5), sighting(1))
    assert decide(partial, stranger, RULES, minutes(6)).refusal is RefusalReason.NOT_YOURS
    assert refusals == {RefusalReason.NOT_YOURS}


def test_an_admin_may_cancel_whatever_was_paid_and_the_money_is_set_aside() -> None:
    partial, _ = looked(new_order(), minutes(5), sighting(AMOUNT // 2, confirmations=3))
    order, decision = step(partial, CANCEL_BY_ADMIN, minutes(6))
    assert (order.status, order.cancelled_by) == (CANCELLED, By.ADMIN)
    assert order.payment_state is PaymentState.LATE
    assert [part.amount_base_units for part in set_aside_by(decision)] == [AMOUNT // 2]
    assert told(decision) == [
        NoticeKind.ORDER_CANCELLED,
        NoticeKind.ADMIN_ORDER_CANCELLED,
        NoticeKind.PAYMENT_LATE,
        NoticeKind.ADMIN_PAYMENT_LATE,
        NoticeKind.MONEY_TO_REFUND,
        NoticeKind.ADMIN_MONEY_TO_REFUND,
    ]
    assert amount_told(decision, NoticeKind.PAYMENT_LATE) == AMOUNT // 2
    assert (decision.by, decision.by_telegram_id) == (By.ADMIN, ADMIN_ID)
    assert decision.why == "the goods are faulty"


def test_an_admins_cancellation_of_an_unpaid_order_says_nothing_of_money() -> None:
    order, decision = step(new_order(), CANCEL_BY_ADMIN, minutes(6))
    assert kinds(decision) == [OrderCancelled]
    assert told(decision) == [NoticeKind.ORDER_CANCELLED, NoticeKind.ADMIN_ORDER_CANCELLED]
    assert order.payment_state is PaymentState.NONE


def test_a_seen_payment_of_an_order_that_an_admin_cancels_is_set_aside_once_it_confirms() -> None:
    seen, _ = looked(new_order(), minutes(5), sighting())
    order, first = step(seen, CANCEL_BY_ADMIN, minutes(6))
    settled, second = looked(order, minutes(15), sighting(confirmations=3))
    assert set_aside_by(first) == []
    assert [part.amount_base_units for part in set_aside_by(second)] == [AMOUNT]
    assert second.wants_stock is False
    assert settled.status is CANCELLED


def test_an_admin_may_expire_an_order_and_the_shopper_is_not_to_blame() -> None:
    order, decision = step(new_order(), EXPIRE_BY_ADMIN, minutes(3))
    assert decision.events[0] == OrderExpired(
        closed_at=minutes(3), counts_as_timeout=False, payment_state=PaymentState.NONE
    )
    assert told(decision) == [NoticeKind.ORDER_EXPIRED, NoticeKind.ADMIN_ORDER_EXPIRED]
    assert (decision.by, decision.by_telegram_id) == (By.ADMIN, ADMIN_ID)
    assert decision.why == "expired by an admin"
    assert (order.status, order.counted_as_timeout) == (EXPIRED, False)
    assert decision.wants_stock is False


def test_an_order_that_an_admin_expires_may_be_revived_by_late_money_that_is_there() -> None:
    seen, _ = looked(new_order(), minutes(5), sighting())
    both, _ = looked(seen, minutes(41), sighting(), late_sighting())
    decision = decide(both, EXPIRE_BY_ADMIN, RULES, minutes(42))
    assert kinds(decision) == [OrderExpired]
    assert decision.wants_stock is True


# --- declaring it paid ----------------------------------------------------------------------------


def test_an_admin_may_declare_an_unpaid_order_paid_for_a_reason() -> None:
    order, decision = step(new_order(), CONFIRM, minutes(7))
    assert decision.events == (
        OrderPaid(paid_at=minutes(7), confirmed_by_telegram_id=ADMIN_ID),
        Noticed(kind=NoticeKind.GOODS, audience=Audience.SHOPPER),
        Noticed(
            kind=NoticeKind.ADMIN_ORDER_CONFIRMED,
            audience=Audience.ADMINS,
            detail="paid in cash",
        ),
    )
    assert (order.status, order.confirmed_by_telegram_id) == (PAID, ADMIN_ID)
    assert order.payment_state is PaymentState.NONE
    assert (decision.by, decision.by_telegram_id) == (By.ADMIN, ADMIN_ID)
    assert decision.why == "paid in cash"


@pytest.mark.parametrize(
    ("amount", "state"),
    [
        (AMOUNT // 2, PaymentState.PARTIAL),
        (AMOUNT, PaymentState.PAID),
        (2 * AMOUNT, PaymentState.OVER),
    ],
)
def test_the_state_of_the_payment_stays_true_where_an_admin_declares_the_order_paid(
    amount: int, state: PaymentState
) -> None:
    seen, _ = looked(new_order(), minutes(5), sighting(amount))
    order, decision = step(seen, CONFIRM, minutes(7))
    assert (order.status, order.payment_state) == (PAID, state)
    changed = [] if state is seen.payment_state else [ReceiptsChanged]
    assert kinds(decision) == [*changed, OrderPaid]


def test_money_below_the_price_stays_on_an_order_that_an_admin_declared_paid_and_is_told() -> None:
    partial, _ = looked(new_order(), minutes(5), sighting(AMOUNT // 2, confirmations=3))
    order, _ = step(partial, CONFIRM, minutes(7))
    more = sighting(3_000_000, transaction_id="bb", confirmations=3)
    later, decision = looked(order, minutes(20), sighting(AMOUNT // 2, confirmations=3), more)
    assert later.set_asides == ()
    assert told(decision) == [NoticeKind.ADMIN_PAYMENT_SEEN]
    assert amount_told(decision, NoticeKind.ADMIN_PAYMENT_SEEN) == 3_000_000


def test_money_beyond_the_price_of_an_order_that_an_admin_declared_paid_is_set_aside() -> None:
    confirmed, _ = step(new_order(), CONFIRM, minutes(7))
    shown = sighting(AMOUNT + 1_000_000, confirmations=3)
    _, decision = looked(confirmed, minutes(20), shown)
    assert [part.amount_base_units for part in set_aside_by(decision)] == [1_000_000]


def test_late_money_beside_what_an_admin_confirms_goes_where_the_owner_wants_it() -> None:
    seen, _ = looked(new_order(), minutes(5), sighting(confirmations=1))
    late = late_sighting(2 * AMOUNT)
    both, _ = looked(seen, minutes(41), sighting(confirmations=1), late)
    _, decision = step(both, CONFIRM, minutes(42), CREDITING)
    assert [part.credited_minor for part in set_aside_by(decision)] == [1_000]


def test_late_money_without_a_rate_stays_on_an_order_that_an_admin_declared_paid() -> None:
    confirmed, _ = step(new_order(), CONFIRM, minutes(7))
    order, _ = looked(confirmed, minutes(41), late_sighting(), rate=None)
    assert (order.set_asides, order.payment_state) == ((), PaymentState.PAID)


def test_admins_are_told_when_the_payment_that_an_admin_relied_on_vanishes() -> None:
    seen, _ = looked(new_order(), minutes(5), sighting())
    confirmed, _ = step(seen, CONFIRM, minutes(7))
    order, decision = looked(confirmed, minutes(9))
    assert told(decision) == [NoticeKind.ADMIN_PAYMENT_REVERSED]
    assert (order.status, order.payment_state) == (PAID, PaymentState.REVERSED)
    _, quiet = looked(order, minutes(10))
    assert quiet.events == ()


def test_a_payment_that_vanished_before_an_admin_declared_the_order_paid_alarms_nobody() -> None:
    seen, _ = looked(new_order(), minutes(5), sighting())
    gone, _ = looked(seen, minutes(6))
    confirmed, _ = step(gone, CONFIRM, minutes(7))
    order, decision = looked(confirmed, minutes(9))
    assert order.payment_state is PaymentState.NONE
    assert decision.events == ()


@pytest.mark.parametrize("status", [CANCELLED, EXPIRED])
def test_an_ended_order_is_declared_paid_only_when_the_pools_have_its_goods(
    status: OrderStatus,
) -> None:
    decision = decide(order_that_is(status), CONFIRM, RULES, MANY_HOURS)
    assert (decision.events, decision.refusal) == ((), None)
    assert decision.wants_stock is True
    assert (decision.by, decision.by_telegram_id) == (By.ADMIN, ADMIN_ID)


# --- paying back ----------------------------------------------------------------------------------


def overpaid() -> Order:
    shown = (sighting(confirmations=3), sighting(300_000, transaction_id="bb", confirmations=3))
    credited, _ = looked(new_order(), minutes(5), *shown, rules=CREDITING)
    more = sighting(200_000, transaction_id="cc", confirmations=3)
    order, _ = looked(credited, minutes(6), *shown, more, rules=REFUNDING)
    return order


def test_a_refund_pays_back_what_is_on_the_list_and_leaves_the_balance_alone() -> None:
    order, decision = step(overpaid(), REFUND, minutes(60))
    assert decision.events == (
        RefundRecorded(number=2, transaction_id="refund-1"),
        Noticed(
            kind=NoticeKind.MONEY_REFUNDED,
            audience=Audience.SHOPPER,
            amount_base_units=200_000,
            detail="refund-1",
        ),
    )
    assert [each.state for each in order.set_asides] == [
        SetAsideState.OPEN,
        SetAsideState.REFUNDED,
    ]
    assert order.set_asides[1].refund_transaction_id == "refund-1"
    assert (decision.by, decision.by_telegram_id) == (By.ADMIN, ADMIN_ID)
    assert decision.why == "paid back"


def test_where_nothing_is_on_the_list_a_refund_pays_back_what_was_credited() -> None:
    order, _ = step(overpaid(), REFUND, minutes(60))
    order, decision = step(order, replace_transaction("refund-2"), minutes(61))
    assert decision.events[0] == RefundRecorded(number=1, transaction_id="refund-2")
    assert {each.state for each in order.set_asides} == {SetAsideState.REFUNDED}


@pytest.mark.parametrize(("amount", "numbers"), [(200_000, [2]), (300_000, [1]), (500_000, [1, 2])])
def test_a_refund_of_an_amount_is_of_parts_that_make_it_up(amount: int, numbers: list[int]) -> None:
    _, decision = step(overpaid(), paid_back(amount), minutes(60))
    recorded = [each.number for each in decision.events if isinstance(each, RefundRecorded)]
    assert recorded == numbers
    assert notice(decision, NoticeKind.MONEY_REFUNDED).amount_base_units == amount


@pytest.mark.parametrize("amount", [1, 199_999, 500_001])
def test_a_refund_of_an_amount_that_nothing_makes_up_is_refused(amount: int) -> None:
    decision = decide(overpaid(), paid_back(amount), RULES, minutes(60))
    assert (decision.events, decision.refusal) == ((), RefusalReason.OTHER_AMOUNT_TO_REFUND)


def test_the_oldest_parts_on_the_list_are_paid_back_first() -> None:
    order = overpaid()
    parts = tuple(
        replace(order.set_asides[1], number=number, amount_base_units=amount)
        for number, amount in enumerate((100, 200, 300, 200), start=1)
    )
    several = replace(order, set_asides=parts)
    _, two = step(several, paid_back(300), minutes(60))
    assert [e.number for e in two.events if isinstance(e, RefundRecorded)] == [1, 2]
    _, one = step(several, paid_back(200), minutes(60))
    assert [e.number for e in one.events if isinstance(e, RefundRecorded)] == [2]


def test_the_same_refund_again_changes_nothing_and_another_finds_nothing_to_pay_back() -> None:
    order, _ = step(overpaid(), paid_back(500_000), minutes(60))
    again = decide(order, REFUND, RULES, minutes(61))
    other = decide(order, replace_transaction("refund-2"), RULES, minutes(61))
    assert (again.events, again.refusal, again.why) == ((), None, "")
    assert (other.events, other.refusal) == ((), RefusalReason.NOTHING_TO_REFUND)
    assert (again.by_telegram_id, other.by_telegram_id) == (ADMIN_ID, ADMIN_ID)


def test_what_paid_for_the_goods_can_have_been_paid_back_the_latest_receipt_first() -> None:
    shown = (
        sighting(AMOUNT - 400_000, confirmations=3, seen_at=minutes(4)),
        sighting(400_000, transaction_id="bb", confirmations=3),
    )
    order, _ = looked(new_order(), minutes(5), *shown)
    order, decision = step(order, goods_paid_back(500_000), minutes(60))
    assert kinds(decision) == [
        MoneySetAside, MoneySetAside, RefundRecorded, RefundRecorded, ReceiptsChanged,
    ]  # fmt: skip
    assert [(e.receipt_id, e.amount_base_units, e.state) for e in order.set_asides] == [
        ("bb:0", 400_000, SetAsideState.REFUNDED),
        ("aa:0", 100_000, SetAsideState.REFUNDED),
    ]
    assert order.payment_state is PaymentState.REVERSED
    assert told(decision) == [NoticeKind.MONEY_REFUNDED]
    assert decide(order, look(minutes(61), *shown), RULES, minutes(61)).events == ()


@pytest.mark.parametrize("amount", [0, AMOUNT + 1])
def test_no_more_is_paid_back_than_paid_for_the_goods(amount: int) -> None:
    order, _ = looked(new_order(), minutes(5), sighting(confirmations=3))
    decision = decide(order, goods_paid_back(amount), RULES, minutes(60))
    assert (decision.events, decision.refusal) == ((), RefusalReason.OTHER_AMOUNT_TO_REFUND)


@pytest.mark.parametrize("status", [OrderStatus.CREATED, CANCELLED, EXPIRED])
def test_an_order_without_goods_and_money_has_nothing_to_pay_back(status: OrderStatus) -> None:
    decision = decide(order_that_is(status), goods_paid_back(1), RULES, MANY_HOURS)
    assert decision.refusal is RefusalReason.NOTHING_TO_REFUND


def test_what_was_withdrawn_or_paid_back_is_not_paid_back_again() -> None:
    states = (SetAsideState.WITHDRAWN, SetAsideState.REFUNDED)
    order = overpaid()
    parts = tuple(
        replace(part, state=state) for part, state in zip(order.set_asides, states, strict=True)
    )
    settled = replace(order, set_asides=parts)
    decision = decide(settled, REFUND, RULES, minutes(60))
    assert decision.refusal is RefusalReason.NOTHING_TO_REFUND


def test_a_wrong_transaction_of_a_refund_is_corrected_and_the_shopper_told() -> None:
    before, _ = step(overpaid(), paid_back(500_000), minutes(60))
    order, decision = step(before, misnamed("refund-1", "right"), minutes(61))
    assert decision.events == (
        RefundCorrected(number=1, wrong_transaction_id="refund-1", transaction_id="right"),
        RefundCorrected(number=2, wrong_transaction_id="refund-1", transaction_id="right"),
        Noticed(
            kind=NoticeKind.REFUND_CORRECTED,
            audience=Audience.SHOPPER,
            amount_base_units=500_000,
            detail="right",
        ),
    )
    assert order.set_asides == tuple(
        replace(each, refund_transaction_id="right") for each in before.set_asides
    )
    assert (decision.by, decision.by_telegram_id) == (By.ADMIN, ADMIN_ID)
    assert decision.why == "its transaction was another"


def test_only_the_refund_that_is_named_is_corrected() -> None:
    order, _ = step(overpaid(), REFUND, minutes(60))
    order, _ = step(order, replace_transaction("refund-2"), minutes(61))
    order, decision = step(order, misnamed("refund-2", "refund-1"), minutes(62))
    assert notice(decision, NoticeKind.REFUND_CORRECTED).amount_base_units == 300_000
    assert [each.refund_transaction_id for each in order.set_asides] == ["refund-1", "refund-1"]


@pytest.mark.parametrize("wrong", ["refund-1", "right", "never recorded"])
def test_the_same_correction_again_changes_nothing(wrong: str) -> None:
    order, _ = step(overpaid(), REFUND, minutes(60))
    order, _ = step(order, misnamed("refund-1", "right"), minutes(61))
    decision = decide(order, misnamed(wrong, "right"), RULES, minutes(62))
    assert (decision.events, decision.refusal, decision.why) == ((), None, "")
    assert (decision.by, decision.by_telegram_id) == (By.ADMIN, ADMIN_ID)


def test_a_refund_that_nobody_recorded_is_not_corrected() -> None:
    order, _ = step(overpaid(), REFUND, minutes(60))
    decision = decide(order, misnamed("refund-9", "right"), RULES, minutes(61))
    assert (decision.events, decision.refusal) == ((), RefusalReason.UNKNOWN_REFUND)
    assert (decision.by, decision.by_telegram_id) == (By.ADMIN, ADMIN_ID)


def misnamed(wrong: str, right: str) -> RefundMisnamed:
    return RefundMisnamed(
        admin_telegram_id=ADMIN_ID, wrong_transaction_id=wrong, transaction_id=right
    )


def goods_paid_back(amount_base_units: int) -> GoodsRefunded:
    return GoodsRefunded(
        admin_telegram_id=ADMIN_ID, transaction_id="refund-1", amount_base_units=amount_base_units
    )


def paid_back(amount_base_units: int) -> RefundMade:
    return replace(REFUND, amount_base_units=amount_base_units)


def replace_transaction(transaction_id: str) -> RefundMade:
    return RefundMade(admin_telegram_id=ADMIN_ID, transaction_id=transaction_id)


# --- sending it -----------------------------------------------------------------------------------


def test_a_shipment_by_an_admin_carries_its_tracking_number_to_the_shopper() -> None:
    order, decision = step(order_that_is(PAID), SHIP, minutes(20))
    shipped = OrderShipped(shipped_at=minutes(20), tracking_number="TRACK-1")
    assert kinds(decision) == [OrderShipped]
    assert decision.events[0] == shipped
    assert notice(decision, NoticeKind.ORDER_SHIPPED).audience is Audience.SHOPPER
    assert notice(decision, NoticeKind.ORDER_SHIPPED).detail == "TRACK-1"
    assert (order.status, order.shipped_at) == (SHIPPED, minutes(20))
    assert (decision.by, decision.why) == (By.ADMIN, "marked as shipped")


def test_a_look_that_shows_no_change_leaves_a_refunded_order_as_it_is() -> None:
    order, _ = step(overpaid(), paid_back(500_000), minutes(60))
    shown = (
        sighting(confirmations=3),
        sighting(300_000, transaction_id="bb", confirmations=3),
        sighting(200_000, transaction_id="cc", confirmations=3),
    )
    assert decide(order, look(minutes(61), *shown), RULES, minutes(61)).events == ()
