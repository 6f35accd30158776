"""Expiry against payment: who waits how long, and what a deadline does to whom."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from domain.deadlines import decision_due, grace_due, warning_due, watch_until
from domain.order import (
    By,
    ExpiryWarned,
    NoticeKind,
    Order,
    OrderExpired,
    OrderPaid,
    OrderStatus,
    PaymentState,
)
from domain.order_news import GraceOver, WarningDue
from domain.order_rules import decide
from domain.payment import ReceiptState
from tests.domain.examples import (
    AMOUNT,
    CANCELLED,
    EXPIRED,
    EXPIRY,
    GRACE,
    MANY_HOURS,
    NOON,
    PAID,
    REFUNDING,
    RULES,
    SECOND,
    SHIPPED,
    STATUSES,
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
    step,
    told,
)

WARNING = WarningDue()


def test_a_look_begun_before_the_deadline_expires_nothing_however_late_it_ends() -> None:
    decision = decide(new_order(), look(EXPIRY - SECOND), RULES, MANY_HOURS)
    assert decision.events == ()


def test_the_first_look_begun_at_the_deadline_expires_the_order_and_counts_a_timeout() -> None:
    order, decision = looked(new_order(), EXPIRY)
    expired = OrderExpired(
        closed_at=EXPIRY + SECOND, counts_as_timeout=True, payment_state=PaymentState.NONE
    )
    assert decision.events[0] == expired
    assert told(decision) == [NoticeKind.ORDER_EXPIRED, NoticeKind.ADMIN_ORDER_EXPIRED]
    assert (decision.by, decision.why) == (By.CHAIN, "no payment covered the order in time")
    assert (order.status, order.counted_as_timeout) == (EXPIRED, True)


def test_a_payment_made_in_time_and_confirmed_while_the_shop_was_down_is_paid() -> None:
    shown = sighting(confirmations=3, chain_time=EXPIRY - SECOND, seen_at=MANY_HOURS)
    order, _ = looked(new_order(), MANY_HOURS, shown)
    assert order.status is PAID


def test_a_payment_made_in_time_and_found_unconfirmed_after_downtime_keeps_the_hold() -> None:
    shown = sighting(chain_time=EXPIRY - SECOND, seen_at=MANY_HOURS)
    order, _ = looked(new_order(), MANY_HOURS, shown)
    assert (order.status, order.covered_at) == (WAITS, MANY_HOURS)
    assert decision_due(order, RULES) == MANY_HOURS + RULES.confirmation_timeout


def test_a_payment_after_expiry_is_recorded_as_late_and_told() -> None:
    expired, _ = looked(new_order(), EXPIRY)
    shown = sighting(chain_time=minutes(40), seen_at=minutes(40))
    order, decision = looked(expired, minutes(40), shown)
    assert (order.status, order.payment_state) == (EXPIRED, PaymentState.LATE)
    assert told(decision) == [NoticeKind.PAYMENT_LATE, NoticeKind.ADMIN_PAYMENT_LATE]
    assert amount_told(decision, NoticeKind.PAYMENT_LATE) == AMOUNT
    assert amount_told(decision, NoticeKind.ADMIN_PAYMENT_LATE) == AMOUNT
    assert not order.receipts[0].in_time


def test_a_payment_mined_after_a_look_ended_the_order_is_late_though_its_block_says_otherwise() -> (
    None
):
    expired, _ = looked(new_order(), EXPIRY)
    shown = sighting(confirmations=3, chain_time=EXPIRY - SECOND, seen_at=minutes(40))
    order, _ = looked(expired, minutes(40), shown)
    assert (order.payment_state, order.receipts[0].in_time) == (PaymentState.LATE, False)


def test_a_payment_found_after_a_blind_end_is_in_time_by_the_time_that_the_chain_proves() -> None:
    blind = replace(order_that_is(EXPIRED), counted_as_timeout=False)
    shown = sighting(confirmations=3, chain_time=EXPIRY - SECOND, seen_at=MANY_HOURS)
    order, _ = looked(blind, MANY_HOURS, shown)
    assert order.receipts[0].in_time


def test_a_late_payment_that_is_mined_is_not_told_as_late_again() -> None:
    expired, _ = looked(new_order(), EXPIRY)
    shown = late_sighting(confirmations=0)
    late, _ = looked(expired, minutes(40), shown)
    order, decision = looked(late, minutes(60), replace(shown, confirmations=3, block_height=98))
    assert NoticeKind.PAYMENT_LATE not in told(decision)
    assert order.receipts[0].state is ReceiptState.CONFIRMED


def test_late_money_does_not_pay_an_order_that_the_shop_has_not_yet_expired() -> None:
    shown = sighting(confirmations=3, chain_time=minutes(32), seen_at=minutes(33))
    order, decision = looked(new_order(), minutes(33), shown)
    assert (order.status, order.payment_state) == (EXPIRED, PaymentState.LATE)
    assert amount_told(decision, NoticeKind.ADMIN_PAYMENT_LATE) == AMOUNT
    assert OrderPaid not in kinds(decision)


def test_a_partial_payment_does_not_keep_the_hold_and_is_told_as_late() -> None:
    partial, _ = looked(new_order(), minutes(5), sighting(AMOUNT // 2))
    order, decision = looked(partial, EXPIRY, sighting(AMOUNT // 2))
    assert (order.status, order.payment_state) == (EXPIRED, PaymentState.LATE)
    assert amount_told(decision, NoticeKind.PAYMENT_LATE) == AMOUNT // 2
    assert [e.counts_as_timeout for e in decision.events if isinstance(e, OrderExpired)] == [True]


def test_a_seen_payment_keeps_the_hold_until_the_confirmation_timeout_and_no_longer() -> None:
    seen, _ = looked(new_order(), minutes(5), sighting())
    last = minutes(5) + RULES.confirmation_timeout
    kept, quiet = looked(seen, last - SECOND, sighting())
    order, decision = looked(kept, last, sighting())
    assert quiet.events == ()
    assert (order.status, order.payment_state) == (EXPIRED, PaymentState.LATE)
    assert [e.counts_as_timeout for e in decision.events if isinstance(e, OrderExpired)] == [False]


def test_late_money_beside_a_seen_payment_waits_for_it_with_the_order() -> None:
    seen, _ = looked(new_order(), minutes(5), sighting())
    order, decision = looked(seen, minutes(41), sighting(), late_sighting())
    assert (order.status, order.payment_state) == (WAITS, PaymentState.SEEN)
    assert told(decision) == []


def test_a_confirmation_at_the_very_last_look_still_pays() -> None:
    seen, _ = looked(new_order(), minutes(5), sighting())
    last = minutes(5) + RULES.confirmation_timeout
    order, _ = looked(seen, last, sighting(confirmations=3))
    assert order.status is PAID


def test_a_covering_payment_that_vanishes_after_the_deadline_ends_the_hold() -> None:
    seen, _ = looked(new_order(), minutes(29), sighting())
    order, _ = looked(seen, minutes(35))
    assert (order.status, order.payment_state) == (EXPIRED, PaymentState.NONE)


def test_a_payment_of_a_cancelled_order_is_never_unaccounted_for() -> None:
    order, decision = looked(
        order_that_is(CANCELLED), minutes(40), sighting(confirmations=3), rules=REFUNDING
    )
    assert (order.status, order.payment_state) == (CANCELLED, PaymentState.LATE)
    assert amount_told(decision, NoticeKind.ADMIN_PAYMENT_LATE) == AMOUNT
    assert amount_told(decision, NoticeKind.ADMIN_MONEY_TO_REFUND) == AMOUNT


# --- a blind shop ---------------------------------------------------------------------------------


def test_a_blind_shop_expires_after_the_grace_and_counts_no_timeout() -> None:
    due = EXPIRY + RULES.expiry_grace
    assert decide(new_order(), GRACE, RULES, due - SECOND).events == ()
    decision = decide(new_order(), GRACE, RULES, due)
    assert isinstance(decision.events[0], OrderExpired)
    assert not decision.events[0].counts_as_timeout
    assert (decision.by, decision.why) == (By.CLOCK, "the chain could not be looked at")
    assert decision.wants_stock is False


def test_the_grace_is_counted_from_when_the_shop_was_there_to_look() -> None:
    news = GraceOver(woken_at=MANY_HOURS)
    assert grace_due(new_order(), RULES, MANY_HOURS) == MANY_HOURS + RULES.expiry_grace
    assert decide(new_order(), news, RULES, MANY_HOURS + SECOND).events == ()
    assert decide(new_order(), news, RULES, MANY_HOURS + RULES.expiry_grace).events != ()


def test_the_grace_of_a_covered_order_begins_after_its_confirmation_timeout() -> None:
    seen, _ = looked(new_order(), minutes(5), sighting())
    due = minutes(5) + RULES.confirmation_timeout + RULES.expiry_grace
    assert decide(seen, GRACE, RULES, due - SECOND).events == ()
    order, decision = step(seen, GRACE, due)
    assert (order.status, order.payment_state) == (EXPIRED, PaymentState.LATE)
    assert amount_told(decision, NoticeKind.ADMIN_PAYMENT_LATE) == AMOUNT


# --- the warning ----------------------------------------------------------------------------------


def test_the_shopper_is_warned_once_before_the_end() -> None:
    due = EXPIRY - RULES.warning
    assert warning_due(new_order(), RULES) == due
    assert decide(new_order(), WARNING, RULES, due - SECOND).events == ()
    order, decision = step(new_order(), WARNING, due)
    assert decision.events[0] == ExpiryWarned(expires_at=EXPIRY)
    assert told(decision) == [NoticeKind.EXPIRY_WARNING]
    assert amount_told(decision, NoticeKind.EXPIRY_WARNING) == AMOUNT
    assert (decision.by, decision.why) == (By.CLOCK, "the time to pay is nearly over")
    assert order.warned_of == EXPIRY
    assert warning_due(order, RULES) is None
    assert decide(order, WARNING, RULES, due + SECOND).events == ()


def test_a_warning_names_what_is_still_missing() -> None:
    partial, _ = looked(new_order(), minutes(5), sighting(AMOUNT - 60_000))
    decision = decide(partial, WARNING, RULES, minutes(26))
    assert amount_told(decision, NoticeKind.EXPIRY_WARNING) == 60_000


def test_nobody_is_warned_when_the_time_is_over() -> None:
    assert decide(new_order(), WARNING, RULES, EXPIRY - SECOND).events != ()
    assert decide(new_order(), WARNING, RULES, EXPIRY).events == ()


def test_a_new_end_is_warned_of_anew() -> None:
    warned, _ = step(new_order(), WARNING, minutes(26))
    extended, _ = looked(warned, minutes(28), sighting(AMOUNT // 2, chain_time=minutes(28)))
    due = extended.expires_at - RULES.warning
    assert warning_due(extended, RULES) == due
    assert decide(extended, WARNING, RULES, due).events != ()


@pytest.mark.parametrize(
    "order",
    [
        replace(new_order(), covered_at=minutes(5)),
        replace(new_order(), expires_at=NOON + RULES.warning),
        replace(new_order(), extended_at=EXPIRY - RULES.warning),
        *(order_that_is(status) for status in STATUSES if status is not WAITS),
    ],
    ids=["covered", "short", "just extended", "paid", "shipped", "cancelled", "expired"],
)
def test_there_is_nothing_to_warn_of(order: Order) -> None:
    assert warning_due(order, RULES) is None
    assert decide(order, WARNING, RULES, order.expires_at - SECOND).events == ()


def test_a_warning_that_falls_just_after_the_order_was_placed_is_given() -> None:
    order = replace(new_order(), expires_at=NOON + RULES.warning + SECOND)
    assert warning_due(order, RULES) == NOON + SECOND


def test_an_owner_who_wants_no_warnings_gets_none() -> None:
    rules = replace(RULES, warning=timedelta(0))
    assert warning_due(new_order(), rules) is None
    assert decide(new_order(), WARNING, rules, EXPIRY - SECOND).events == ()


# --- deadlines ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "due"),
    [
        (new_order(), EXPIRY),
        (replace(new_order(), covered_at=minutes(5)), minutes(185)),
        (order_that_is(PAID), None),
        (order_that_is(SHIPPED), None),
        (order_that_is(CANCELLED), None),
        (order_that_is(EXPIRED), None),
    ],
)
def test_only_an_order_that_waits_for_payment_has_a_deadline(
    order: Order, due: datetime | None
) -> None:
    assert decision_due(order, RULES) == due
    assert (grace_due(order, RULES, NOON) is None) == (due is None)


def test_a_short_confirmation_timeout_never_shortens_the_time_to_pay() -> None:
    rules = replace(RULES, confirmation_timeout=timedelta(minutes=1))
    assert decision_due(replace(new_order(), covered_at=minutes(5)), rules) == EXPIRY


@pytest.mark.parametrize(
    ("status", "until"),
    [
        (WAITS, None),
        (PAID, None),
        (SHIPPED, minutes(11) + RULES.monitor_after_expiry),
        (CANCELLED, minutes(31) + RULES.monitor_after_expiry),
        (EXPIRED, minutes(31) + RULES.monitor_after_expiry),
    ],
)
def test_an_address_is_watched_until_long_after_the_order_ended(
    status: OrderStatus, until: datetime | None
) -> None:
    assert watch_until(order_that_is(status), RULES) == until
