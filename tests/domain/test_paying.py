"""Payments of an order that waits for them, and what becomes of a paid one's payments."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from domain.order import (
    NoticeKind,
    Order,
    OrderExpired,
    OrderPaid,
    OrderStatus,
    PaymentState,
    ReceiptsChanged,
    TimeExtended,
)
from domain.payment import ReceiptState
from domain.receipts import needs_rate
from tests.domain.examples import (
    AMOUNT,
    EXPIRED,
    EXPIRY,
    PAID,
    RATE,
    RULES,
    SECOND,
    SHIPPED,
    TOLERANCE,
    WAITS,
    amount_told,
    kinds,
    late_sighting,
    look,
    looked,
    minutes,
    new_order,
    order_that_is,
    sighting,
    told,
)


def test_a_payment_is_seen_then_confirmed_then_the_goods_go_out_once() -> None:
    seen, first = looked(new_order(), minutes(5), sighting())
    deeper, second = looked(seen, minutes(8), sighting(confirmations=1))
    paid, third = looked(deeper, minutes(12), sighting(confirmations=3))
    _, fourth = looked(paid, minutes(13), sighting(confirmations=3))
    assert told(first) == [NoticeKind.PAYMENT_SEEN, NoticeKind.ADMIN_PAYMENT_SEEN]
    assert amount_told(first, NoticeKind.PAYMENT_SEEN) == AMOUNT
    assert amount_told(first, NoticeKind.ADMIN_PAYMENT_SEEN) == AMOUNT
    assert (seen.payment_state, seen.covered_at) == (PaymentState.SEEN, minutes(5))
    assert told(second) == []
    assert told(third) == [NoticeKind.GOODS, NoticeKind.ADMIN_PAYMENT_RECEIVED]
    assert kinds(third) == [ReceiptsChanged, OrderPaid]
    assert third.why == "confirmed payments cover the order"
    assert (paid.status, paid.payment_state) == (PAID, PaymentState.PAID)
    assert (paid.paid_at, paid.covered_at) == (minutes(12) + SECOND, minutes(5))
    assert fourth.events == ()


def test_a_payment_found_confirmed_covers_the_order_from_the_moment_of_the_decision() -> None:
    paid, _ = looked(new_order(), minutes(5), sighting(confirmations=3))
    assert paid.covered_at == minutes(5) + SECOND


@pytest.mark.parametrize(
    ("amount", "status", "state"),
    [
        (AMOUNT, PAID, PaymentState.PAID),
        (AMOUNT - TOLERANCE, PAID, PaymentState.PAID),
        (AMOUNT - TOLERANCE - 1, WAITS, PaymentState.PARTIAL),
        (AMOUNT + TOLERANCE, PAID, PaymentState.PAID),
        (AMOUNT + TOLERANCE + 1, PAID, PaymentState.OVER),
    ],
)
def test_the_tolerance_holds_to_the_last_base_unit(
    amount: int, status: OrderStatus, state: PaymentState
) -> None:
    order, _ = looked(new_order(), minutes(5), sighting(amount, confirmations=3))
    assert (order.status, order.payment_state) == (status, state)


@pytest.mark.parametrize(
    ("amount", "state"),
    [
        (AMOUNT - TOLERANCE, PaymentState.SEEN),
        (AMOUNT - TOLERANCE - 1, PaymentState.PARTIAL),
        (1, PaymentState.PARTIAL),
    ],
)
def test_the_tolerance_holds_for_what_is_only_seen(amount: int, state: PaymentState) -> None:
    order, _ = looked(new_order(), minutes(5), sighting(amount))
    assert order.payment_state is state
    assert (order.covered_at is not None) == (state is PaymentState.SEEN)


def test_several_payments_add_up_and_each_shortfall_is_told() -> None:
    part = sighting(AMOUNT - 3_000_000, confirmations=3)
    rest = sighting(3_000_000, transaction_id="bb", confirmations=3)
    partial, first = looked(new_order(), minutes(5), part)
    paid, second = looked(partial, minutes(9), part, rest)
    assert told(first) == [NoticeKind.PAYMENT_PARTIAL, NoticeKind.ADMIN_PAYMENT_SEEN]
    assert amount_told(first, NoticeKind.PAYMENT_PARTIAL) == 3_000_000
    assert amount_told(first, NoticeKind.ADMIN_PAYMENT_SEEN) == AMOUNT - 3_000_000
    assert partial.payment_state is PaymentState.PARTIAL
    assert first.why == "payments on the chain"
    assert paid.status is PAID
    assert amount_told(second, NoticeKind.ADMIN_PAYMENT_RECEIVED) == AMOUNT


def test_an_order_is_not_paid_while_only_a_part_is_confirmed() -> None:
    part = sighting(AMOUNT // 2, confirmations=3)
    rest = sighting(AMOUNT // 2, transaction_id="bb", confirmations=2)
    order, _ = looked(new_order(), minutes(5), part, rest)
    assert (order.status, order.payment_state) == (WAITS, PaymentState.SEEN)


def test_a_second_payment_of_a_covered_order_is_recorded_without_a_word() -> None:
    seen, _ = looked(new_order(), minutes(5), sighting())
    order, decision = looked(seen, minutes(6), sighting(), sighting(1, transaction_id="bb"))
    assert kinds(decision) == [ReceiptsChanged]
    assert told(decision) == []
    assert len(order.receipts) == 2


def test_an_overpayment_is_told_with_its_surplus() -> None:
    order, decision = looked(new_order(), minutes(5), sighting(3 * AMOUNT, confirmations=3))
    assert order.payment_state is PaymentState.OVER
    assert amount_told(decision, NoticeKind.PAYMENT_OVER) == 2 * AMOUNT
    assert amount_told(decision, NoticeKind.ADMIN_PAYMENT_OVER) == 2 * AMOUNT


def test_a_second_payment_after_the_first_makes_the_order_overpaid_once() -> None:
    shown = (sighting(confirmations=3), sighting(transaction_id="bb"))
    over, first = looked(order_that_is(SHIPPED), minutes(25), *shown)
    deeper = replace(shown[1], confirmations=1, block_height=100, block_hash="h100")
    _, second = looked(over, minutes(27), shown[0], deeper)
    assert (over.status, over.payment_state) == (SHIPPED, PaymentState.OVER)
    assert told(first) == [NoticeKind.PAYMENT_OVER, NoticeKind.ADMIN_PAYMENT_OVER]
    assert amount_told(first, NoticeKind.ADMIN_PAYMENT_OVER) == AMOUNT
    assert told(second) == []
    assert kinds(second) == [ReceiptsChanged]


def test_late_money_for_a_paid_order_is_told_as_it_is_whatever_it_is_worth() -> None:
    shown = (sighting(confirmations=3), late_sighting(confirmations=0))
    order, decision = looked(order_that_is(PAID), minutes(41), *shown, rate=Decimal(50))
    assert order.payment_state is PaymentState.OVER
    assert amount_told(decision, NoticeKind.PAYMENT_OVER) == AMOUNT


# --- more time, once ------------------------------------------------------------------------------


def partly_paid(at: float, amount: int = AMOUNT // 2, order: Order | None = None) -> Order:
    paid = sighting(amount, transaction_id=f"at {at}", chain_time=minutes(at))
    before = order or new_order()
    known = [
        sighting(each.amount_base_units, transaction_id=each.transaction_id)
        for each in before.receipts
    ]
    return looked(before, minutes(at), *known, paid)[0]


def test_a_part_paid_near_the_end_gives_more_time_for_the_rest() -> None:
    shown = sighting(AMOUNT // 2, chain_time=minutes(29))
    order, decision = looked(new_order(), minutes(29), shown)
    more = minutes(29) + SECOND + RULES.extension
    assert kinds(decision) == [ReceiptsChanged, TimeExtended]
    assert told(decision) == [NoticeKind.PAYMENT_PARTIAL, NoticeKind.ADMIN_PAYMENT_SEEN]
    assert (order.expires_at, order.extended_at) == (more, minutes(29) + SECOND)


def test_a_part_paid_early_leaves_the_time_as_it_is_and_the_extension_unused() -> None:
    early = partly_paid(14)
    assert (early.expires_at, early.extended_at) == (EXPIRY, None)
    later = partly_paid(20, 1_000, early)
    assert later.expires_at == minutes(20) + SECOND + RULES.extension


def test_time_is_given_only_once() -> None:
    once = partly_paid(20)
    twice = partly_paid(34, 1_000, once)
    assert twice.expires_at == once.expires_at
    assert twice.extended_at == once.extended_at


def test_a_payment_within_the_time_given_is_in_time() -> None:
    part = sighting(AMOUNT // 2, transaction_id="at 29")
    rest = sighting(AMOUNT // 2, transaction_id="rest", chain_time=minutes(43), confirmations=3)
    order, _ = looked(partly_paid(29), minutes(43), replace(part, confirmations=3), rest)
    assert order.status is PAID


def test_without_the_rest_the_order_expires_at_the_end_of_the_time_given() -> None:
    part = sighting(AMOUNT // 2, transaction_id="at 29")
    extended = partly_paid(29)
    kept, _ = looked(extended, extended.expires_at - SECOND, part)
    order, decision = looked(kept, extended.expires_at, part)
    assert kept.status is WAITS
    assert order.status is EXPIRED
    assert [e.counts_as_timeout for e in decision.events if isinstance(e, OrderExpired)] == [True]


def test_no_time_is_given_where_the_payment_is_covered_or_nothing_was_paid() -> None:
    covered, _ = looked(new_order(), minutes(29), sighting(chain_time=minutes(29)))
    unpaid, _ = looked(new_order(), minutes(29))
    assert (covered.expires_at, unpaid.expires_at) == (EXPIRY, EXPIRY)


def test_no_time_is_given_by_a_look_begun_after_the_end() -> None:
    shown = sighting(AMOUNT // 2, chain_time=minutes(29))
    order, decision = looked(new_order(), EXPIRY, shown)
    assert order.status is EXPIRED
    assert TimeExtended not in kinds(decision)


def test_a_look_begun_in_time_gives_time_however_late_it_ends() -> None:
    shown = look(EXPIRY - SECOND, sighting(AMOUNT // 2))
    order, _ = looked(new_order(), EXPIRY - SECOND, *shown.sightings)
    assert order.expires_at == EXPIRY + RULES.extension


def test_no_time_is_given_where_the_owner_gives_none() -> None:
    rules = replace(RULES, extension=timedelta(0))
    late = look(EXPIRY - SECOND, sighting(AMOUNT // 2))
    order, decision = looked(new_order(), EXPIRY - SECOND, *late.sightings, rules=rules)
    assert (order.expires_at, order.extended_at) == (EXPIRY, None)
    assert kinds(decision) == [ReceiptsChanged]


def test_a_part_that_is_only_mined_gives_no_time() -> None:
    part = sighting(AMOUNT // 2, transaction_id="at 10")
    order, decision = looked(partly_paid(10), minutes(29), replace(part, confirmations=1))
    assert order.expires_at == EXPIRY
    assert kinds(decision) == [ReceiptsChanged]


def test_a_payment_that_vanishes_and_leaves_a_part_gives_time_to_pay_it_again() -> None:
    part, rest = sighting(AMOUNT // 2), sighting(AMOUNT // 2, transaction_id="bb")
    covered, _ = looked(new_order(), minutes(5), part, rest)
    order, decision = looked(covered, minutes(29), part)
    assert order.expires_at == minutes(29) + SECOND + RULES.extension
    assert told(decision) == [NoticeKind.PAYMENT_VANISHED]


# --- payments that vanish -------------------------------------------------------------------------


def test_a_payment_that_vanishes_is_told_and_covers_nothing() -> None:
    seen, _ = looked(new_order(), minutes(5), sighting())
    order, decision = looked(seen, minutes(6))
    assert told(decision) == [NoticeKind.PAYMENT_VANISHED]
    assert (order.payment_state, order.covered_at) == (PaymentState.NONE, None)
    assert order.receipts[0].state is ReceiptState.GONE


def test_nobody_is_asked_to_pay_again_when_a_replacement_covers_the_order() -> None:
    seen, _ = looked(new_order(), minutes(5), sighting())
    bumped = sighting(transaction_id="bb", chain_time=minutes(6))
    order, decision = looked(seen, minutes(6), bumped)
    assert told(decision) == []
    assert (order.payment_state, order.covered_at) == (PaymentState.SEEN, minutes(5))
    paid, _ = looked(order, minutes(9), replace(bumped, confirmations=3))
    assert paid.status is PAID


def test_a_replacement_that_pays_less_is_told_with_what_is_missing() -> None:
    seen, _ = looked(new_order(), minutes(5), sighting())
    order, decision = looked(seen, minutes(6), sighting(AMOUNT - 60_000, transaction_id="bb"))
    assert told(decision) == [
        NoticeKind.PAYMENT_VANISHED,
        NoticeKind.PAYMENT_PARTIAL,
        NoticeKind.ADMIN_PAYMENT_SEEN,
    ]
    assert amount_told(decision, NoticeKind.PAYMENT_PARTIAL) == 60_000
    assert order.covered_at is None


@pytest.mark.parametrize("status", [PAID, SHIPPED])
def test_a_reorganisation_after_payment_alarms_the_admins_once_and_takes_nothing_back(
    status: OrderStatus,
) -> None:
    order, decision = looked(order_that_is(status), minutes(60))
    assert told(decision) == [NoticeKind.ADMIN_PAYMENT_REVERSED]
    assert amount_told(decision, NoticeKind.ADMIN_PAYMENT_REVERSED) == AMOUNT
    assert (order.status, order.payment_state) == (status, PaymentState.REVERSED)
    again, quiet = looked(order, minutes(61))
    assert quiet.events == ()
    back, _ = looked(again, minutes(70), sighting(confirmations=3))
    assert (back.status, back.payment_state) == (status, PaymentState.PAID)


def test_a_reversal_of_a_part_names_what_is_missing_then() -> None:
    parts = (
        sighting(AMOUNT - 3_000_000, confirmations=3),
        sighting(3_000_000, transaction_id="bb", confirmations=3),
    )
    paid, _ = looked(new_order(), minutes(5), *parts)
    order, decision = looked(paid, minutes(60), parts[0])
    assert order.payment_state is PaymentState.REVERSED
    assert amount_told(decision, NoticeKind.ADMIN_PAYMENT_REVERSED) == 3_000_000


def test_the_same_payment_mined_again_delivers_nothing_twice_and_calms_the_admins() -> None:
    order, _ = looked(order_that_is(SHIPPED), minutes(60))
    back, decision = looked(order, minutes(70), sighting(confirmations=3))
    assert told(decision) == [NoticeKind.ADMIN_PAYMENT_SEEN]
    assert amount_told(decision, NoticeKind.ADMIN_PAYMENT_SEEN) == AMOUNT
    assert len(back.receipts) == 1


def test_a_late_payment_makes_up_for_a_reversed_one_by_its_value() -> None:
    order, _ = looked(order_that_is(SHIPPED), minutes(38))
    half, _ = looked(order, minutes(41), late_sighting(), rate=RATE / 2)
    whole, _ = looked(order, minutes(41), late_sighting(), rate=RATE)
    assert half.payment_state is PaymentState.REVERSED
    assert whole.payment_state is PaymentState.PAID


# --- rates ----------------------------------------------------------------------------------------


def test_a_rate_is_needed_for_late_money_only() -> None:
    assert not needs_rate(new_order(), look(minutes(5), sighting(), rate=None))
    assert needs_rate(order_that_is(EXPIRED), look(minutes(40), late_sighting(), rate=None))
    assert not needs_rate(order_that_is(EXPIRED), look(minutes(40), late_sighting(), rate=RATE))


def test_a_rate_that_was_not_known_is_needed_until_it_is() -> None:
    shown = late_sighting(confirmations=0)
    order, _ = looked(order_that_is(EXPIRED), minutes(40), shown, rate=None)
    assert order.receipts[0].rate is None
    assert needs_rate(order, look(minutes(41), shown, rate=None))
    valued, _ = looked(order, minutes(41), shown, rate=Decimal(90))
    assert valued.receipts[0].rate == 90
    assert not needs_rate(valued, look(minutes(42), shown, rate=None))


def test_no_rate_is_needed_for_money_that_is_gone_or_has_been_set_aside() -> None:
    shown = late_sighting(confirmations=0)
    seen, _ = looked(order_that_is(EXPIRED), minutes(40), shown, rate=None)
    gone, _ = looked(seen, minutes(41), rate=None)
    aside, _ = looked(seen, minutes(41), late_sighting(), rate=None)
    assert not needs_rate(gone, look(minutes(42), rate=None))
    assert not needs_rate(aside, look(minutes(42), late_sighting(), rate=None))
    unchanged, _ = looked(aside, minutes(42), late_sighting(), rate=Decimal(90))
    assert unchanged == aside


def test_the_smallest_part_gives_more_time_and_none_at_the_very_end() -> None:
    part = sighting(1, chain_time=minutes(29))
    _, decision = looked(new_order(), minutes(29), part)
    assert TimeExtended in kinds(decision)
    _, at_the_end = looked(new_order(), EXPIRY, part)
    assert TimeExtended not in kinds(at_the_end)
