"""What becomes of an order: every status met by every kind of news."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.order import (
    Audience,
    By,
    Noticed,
    NoticeKind,
    Order,
    OrderCancelled,
    OrderCreated,
    OrderEvent,
    OrderExpired,
    OrderPaid,
    OrderShipped,
    OrderStatus,
    PaymentState,
    ReceiptsChanged,
    RefusalReason,
)
from domain.order_rules import (
    CancelWished,
    ChainNews,
    GoodsTaken,
    GraceOver,
    OrderNews,
    ShipWished,
    create,
    decide,
    decision_due,
    grace_due,
    tolerance_base_units,
    watch_until,
)
from domain.payment import ReceiptState, Sighting
from tests.domain.examples import (
    AMOUNT,
    EXPIRY,
    NOON,
    RULES,
    SHOPPER_ID,
    TOLERANCE,
    after,
    amount_told,
    look,
    looked,
    minutes,
    new_order,
    order_that_is,
    receipt,
    sighting,
    step,
    told,
)

SECOND = timedelta(seconds=1)
MANY_HOURS = minutes(600)
CANCEL = CancelWished(telegram_id=SHOPPER_ID)
SHIP = ShipWished(admin_telegram_id=1, tracking_number="TRACK-1")
GRACE = GraceOver(woken_at=NOON)
NEWS: dict[str, OrderNews] = {
    "confirmed": look(minutes(10), sighting(confirmations=3)),
    "seen": look(minutes(10), sighting()),
    "nothing, in time": look(minutes(10)),
    "nothing, after": look(EXPIRY),
    "grace over": GRACE,
    "cancel": CANCEL,
    "cancel by another": CancelWished(telegram_id=SHOPPER_ID + 1),
    "ship": SHIP,
    "goods taken": GoodsTaken(),
}
WAITS, PAID, SHIPPED = OrderStatus.CREATED, OrderStatus.PAID, OrderStatus.SHIPPED
CANCELLED, EXPIRED = OrderStatus.CANCELLED, OrderStatus.EXPIRED
# Columns as in STATUSES: the status after the news, or why it was refused.
STATUSES = (WAITS, PAID, SHIPPED, CANCELLED, EXPIRED)
_NOT_YOURS, _ENDED = RefusalReason.NOT_YOURS, RefusalReason.ALREADY_ENDED
OUTCOMES: dict[str, tuple[OrderStatus | RefusalReason, ...]] = {
    "confirmed": (PAID, PAID, SHIPPED, CANCELLED, EXPIRED),
    "seen": (WAITS, PAID, SHIPPED, CANCELLED, EXPIRED),
    "nothing, in time": (WAITS, PAID, SHIPPED, CANCELLED, EXPIRED),
    "nothing, after": (EXPIRED, PAID, SHIPPED, CANCELLED, EXPIRED),
    "grace over": (EXPIRED, PAID, SHIPPED, CANCELLED, EXPIRED),
    "cancel": (CANCELLED, _ENDED, _ENDED, _ENDED, _ENDED),
    "cancel by another": (_NOT_YOURS,) * 5,
    "ship": (RefusalReason.NOT_PAID, SHIPPED, RefusalReason.ALREADY_SHIPPED, _ENDED, _ENDED),
    "goods taken": (WAITS, SHIPPED, SHIPPED, CANCELLED, EXPIRED),
}
CELLS = [
    pytest.param(status, NEWS[name], outcome, id=f"{status}-{name}")
    for name, row in OUTCOMES.items()
    for status, outcome in zip(STATUSES, row, strict=True)
]


@pytest.mark.parametrize(("status", "news", "outcome"), CELLS)
def test_every_status_meets_every_news_as_decided(
    status: OrderStatus, news: OrderNews, outcome: OrderStatus | RefusalReason
) -> None:
    order, decision = step(order_that_is(status), news, MANY_HOURS)
    if isinstance(outcome, RefusalReason):
        assert decision.refusal is outcome
        assert decision.events == ()
    else:
        assert decision.refusal is None
        assert order.status is outcome


@pytest.mark.parametrize("news", NEWS.values(), ids=NEWS.keys())
@pytest.mark.parametrize("status", STATUSES)
def test_news_that_comes_twice_leads_to_no_second_event(
    status: OrderStatus, news: OrderNews
) -> None:
    order, _ = step(order_that_is(status), news, MANY_HOURS)
    assert decide(order, news, RULES, MANY_HOURS + SECOND).events == ()


def test_a_new_order_is_told_to_both_sides_and_is_what_its_first_event_says() -> None:
    order = new_order()
    decision = create(order)
    assert decision.events[0] == OrderCreated(order=order)
    assert told(decision) == [NoticeKind.ORDER_CREATED, NoticeKind.ADMIN_ORDER_CREATED]
    assert after(order_that_is(EXPIRED), decision.events) == order
    assert (decision.by, decision.by_telegram_id) == (By.SHOPPER, SHOPPER_ID)


# --- paying ---------------------------------------------------------------------------------------


def test_a_payment_is_seen_then_confirmed_then_the_goods_go_out_once() -> None:
    seen, first = looked(new_order(), minutes(5), sighting())
    deeper, second = looked(seen, minutes(8), sighting(confirmations=1))
    paid, third = looked(deeper, minutes(12), sighting(confirmations=3))
    _, fourth = looked(paid, minutes(13), sighting(confirmations=3))
    assert told(first) == [NoticeKind.PAYMENT_SEEN, NoticeKind.ADMIN_PAYMENT_SEEN]
    assert (seen.payment_state, seen.covered_at) == (PaymentState.SEEN, minutes(5))
    assert told(second) == []
    assert told(third) == [NoticeKind.GOODS, NoticeKind.ADMIN_PAYMENT_RECEIVED]
    assert (paid.status, paid.payment_state) == (PAID, PaymentState.PAID)
    assert paid.paid_at == minutes(12) + SECOND
    assert fourth.events == ()


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


def test_several_payments_add_up_and_each_shortfall_is_told() -> None:
    part = sighting(AMOUNT - 3_000_000, confirmations=3)
    rest = sighting(3_000_000, transaction_id="bb", confirmations=3)
    partial, first = looked(new_order(), minutes(5), part)
    paid, second = looked(partial, minutes(9), part, rest)
    assert amount_told(first, NoticeKind.PAYMENT_PARTIAL) == 3_000_000
    assert partial.payment_state is PaymentState.PARTIAL
    assert paid.status is PAID
    assert amount_told(second, NoticeKind.ADMIN_PAYMENT_RECEIVED) == AMOUNT


def test_an_order_is_not_paid_while_only_a_part_is_confirmed() -> None:
    part = sighting(AMOUNT // 2, confirmations=3)
    rest = sighting(AMOUNT // 2, transaction_id="bb", confirmations=2)
    order, _ = looked(new_order(), minutes(5), part, rest)
    assert (order.status, order.payment_state) == (WAITS, PaymentState.SEEN)


def test_an_overpayment_is_told_with_its_surplus() -> None:
    order, decision = looked(new_order(), minutes(5), sighting(3 * AMOUNT, confirmations=3))
    assert order.payment_state is PaymentState.OVER
    assert amount_told(decision, NoticeKind.ADMIN_PAYMENT_OVER) == 2 * AMOUNT


def test_a_second_payment_after_the_first_makes_the_order_overpaid_once() -> None:
    shown = (sighting(confirmations=3), sighting(transaction_id="bb"))
    over, first = looked(order_that_is(SHIPPED), minutes(60), *shown)
    confirmed = (shown[0], replace(shown[1], confirmations=3, block_height=98, block_hash="h98"))
    _, second = looked(over, minutes(90), *confirmed)
    assert (over.status, over.payment_state) == (SHIPPED, PaymentState.OVER)
    assert amount_told(first, NoticeKind.ADMIN_PAYMENT_OVER) == AMOUNT
    assert told(second) == []
    assert len(second.events) == 1


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
    assert told(decision) == [NoticeKind.PAYMENT_VANISHED, NoticeKind.PAYMENT_PARTIAL]
    assert amount_told(decision, NoticeKind.PAYMENT_PARTIAL) == 60_000
    assert order.covered_at is None


@pytest.mark.parametrize("status", [PAID, SHIPPED])
def test_a_reorganisation_after_payment_alarms_the_admins_once_and_takes_nothing_back(
    status: OrderStatus,
) -> None:
    order, decision = looked(order_that_is(status), minutes(60))
    assert amount_told(decision, NoticeKind.ADMIN_PAYMENT_REVERSED) == AMOUNT
    assert (order.status, order.payment_state) == (status, PaymentState.REVERSED)
    again, quiet = looked(order, minutes(61))
    assert quiet.events == ()
    back, _ = looked(again, minutes(70), sighting(confirmations=3))
    assert (back.status, back.payment_state) == (status, PaymentState.PAID)


def test_the_same_payment_mined_again_delivers_nothing_twice() -> None:
    order, _ = looked(order_that_is(SHIPPED), minutes(60))
    back, decision = looked(order, minutes(70), sighting(confirmations=3))
    assert told(decision) == []
    assert len(back.receipts) == 1


# --- expiry against payment -----------------------------------------------------------------------


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
    assert order.status is EXPIRED


def test_a_payment_made_in_time_and_confirmed_while_the_shop_was_down_is_paid() -> None:
    shown = sighting(confirmations=3, chain_time=EXPIRY - SECOND, seen_at=MANY_HOURS)
    order, _ = looked(new_order(), MANY_HOURS, shown)
    assert order.status is PAID


def test_a_payment_made_in_time_and_found_unconfirmed_after_downtime_keeps_the_hold() -> None:
    shown = sighting(chain_time=EXPIRY - SECOND, seen_at=MANY_HOURS)
    order, _ = looked(new_order(), MANY_HOURS, shown)
    assert (order.status, order.covered_at) == (WAITS, MANY_HOURS)
    assert decision_due(order, RULES) == MANY_HOURS + RULES.confirmation_timeout


def test_a_payment_after_expiry_is_recorded_as_late_and_told_but_revives_nothing_yet() -> None:
    expired, _ = looked(new_order(), EXPIRY)
    shown = sighting(chain_time=minutes(40), seen_at=minutes(40))
    order, decision = looked(expired, minutes(40), shown)
    assert (order.status, order.payment_state) == (EXPIRED, PaymentState.LATE)
    assert told(decision) == [NoticeKind.PAYMENT_LATE, NoticeKind.ADMIN_PAYMENT_LATE]
    assert amount_told(decision, NoticeKind.PAYMENT_LATE) == AMOUNT
    assert not order.receipts[0].in_time


def test_a_late_payment_that_is_mined_is_recorded_without_telling_it_again() -> None:
    expired, _ = looked(new_order(), EXPIRY)
    shown = sighting(chain_time=minutes(40), seen_at=minutes(40))
    late, _ = looked(expired, minutes(40), shown)
    order, decision = looked(late, minutes(60), replace(shown, confirmations=3, block_height=98))
    assert told(decision) == []
    assert order.receipts[0].state is ReceiptState.CONFIRMED


def test_late_money_does_not_pay_an_order_that_the_shop_has_not_yet_expired() -> None:
    shown = sighting(confirmations=3, chain_time=minutes(32), seen_at=minutes(33))
    order, decision = looked(new_order(), minutes(33), shown)
    assert (order.status, order.payment_state) == (EXPIRED, PaymentState.LATE)
    assert amount_told(decision, NoticeKind.ADMIN_PAYMENT_LATE) == AMOUNT
    assert OrderPaid not in {type(event) for event in decision.events}


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
    order, decision = looked(order_that_is(CANCELLED), minutes(40), sighting(confirmations=3))
    assert (order.status, order.payment_state) == (CANCELLED, PaymentState.LATE)
    assert amount_told(decision, NoticeKind.ADMIN_PAYMENT_LATE) == AMOUNT


# --- a blind shop ---------------------------------------------------------------------------------


def test_a_blind_shop_expires_after_the_grace_and_counts_no_timeout() -> None:
    due = EXPIRY + RULES.expiry_grace
    assert decide(new_order(), GRACE, RULES, due - SECOND).events == ()
    decision = decide(new_order(), GRACE, RULES, due)
    assert isinstance(decision.events[0], OrderExpired)
    assert not decision.events[0].counts_as_timeout
    assert decision.by is By.CLOCK


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


# --- people ---------------------------------------------------------------------------------------


def test_a_cancellation_is_told_to_both_sides() -> None:
    order, decision = step(new_order(), CANCEL, minutes(3))
    assert order.closed_at == minutes(3)
    assert told(decision) == [NoticeKind.ORDER_CANCELLED, NoticeKind.ADMIN_ORDER_CANCELLED]


def test_an_order_with_money_on_its_way_cannot_be_cancelled() -> None:
    partial, _ = looked(new_order(), minutes(5), sighting(1))
    decision = decide(partial, CANCEL, RULES, minutes(6))
    assert (decision.refusal, decision.events) == (RefusalReason.PAYMENT_SEEN, ())


def test_an_order_whose_payment_vanished_can_be_cancelled() -> None:
    seen, _ = looked(new_order(), minutes(5), sighting())
    gone, _ = looked(seen, minutes(6))
    order, _ = step(gone, CANCEL, minutes(7))
    assert order.status is CANCELLED


def test_another_shopper_learns_nothing_of_an_order() -> None:
    stranger = CancelWished(telegram_id=SHOPPER_ID + 1)
    refusals = {decide(order_that_is(s), stranger, RULES, MANY_HOURS).refusal for s in STATUSES}
    assert refusals == {RefusalReason.NOT_YOURS}


def test_a_shipment_by_an_admin_carries_its_tracking_number_to_the_shopper() -> None:
    order, decision = step(order_that_is(PAID), SHIP, minutes(20))
    shipped = OrderShipped(shipped_at=minutes(20), tracking_number="TRACK-1")
    notice = Noticed(kind=NoticeKind.ORDER_SHIPPED, audience=Audience.SHOPPER, detail="TRACK-1")
    assert decision.events == (shipped, notice)
    assert (order.status, order.shipped_at) == (SHIPPED, minutes(20))


def test_delivered_goods_ship_the_order_without_telling_the_shopper_what_is_in_the_chat() -> None:
    order, decision = step(order_that_is(PAID), GoodsTaken(), minutes(20))
    assert decision.events == (OrderShipped(shipped_at=minutes(20), tracking_number=None),)
    assert order.status is SHIPPED


# --- tolerance ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "coin", "tolerance"),
    [
        (10_000_000, "LTC", 50_000),
        (199, "LTC", 198),
        (100_000, "LTC", 1_000),
        (1, "LTC", 0),
        (333_333_333, "LTC", 1_666_666),
        (3_333_333 * 10**9, "ETH", 16_666 * 10**9),
        (10**9, "ETH", 0),
        (10_000_000, "SOL", 50_000),
    ],
)
def test_the_tolerance_is_a_share_or_dust_in_whole_quote_units_and_never_the_whole(
    amount: int, coin: str, tolerance: int
) -> None:
    assert tolerance_base_units(amount, coin, RULES) == tolerance


# --- properties -----------------------------------------------------------------------------------


def _sighting(receipt_number: int, amount: int, confirmations: int, paid_at: int) -> Sighting:
    return sighting(
        amount,
        transaction_id=f"t{receipt_number}",
        confirmations=confirmations,
        chain_time=minutes(paid_at),
    )


SIGHTINGS = st.lists(
    st.builds(
        _sighting,
        st.integers(1, 3),
        st.sampled_from([1, AMOUNT // 2, AMOUNT - TOLERANCE, AMOUNT, 2 * AMOUNT]),
        st.integers(0, 3),
        st.sampled_from([1, 29, 30, 45]),
    ),
    max_size=3,
    unique_by=lambda each: each.transaction_id,
).map(tuple)
ANY_NEWS = st.one_of(
    st.builds(
        ChainNews,
        began_at=st.integers(0, 300).map(minutes),
        sightings=SIGHTINGS,
    ),
    st.sampled_from([CANCEL, SHIP, GoodsTaken(), GRACE]),
)
HISTORIES = st.lists(st.tuples(ANY_NEWS, st.integers(0, 400).map(minutes)), max_size=8)
_ENDS = {CANCELLED, EXPIRED, SHIPPED}
_NEXT = {
    WAITS: {WAITS, PAID, CANCELLED, EXPIRED},
    PAID: {PAID, SHIPPED},
    SHIPPED: {SHIPPED},
    CANCELLED: {CANCELLED},
    EXPIRED: {EXPIRED},
}


@given(HISTORIES)
def test_replaying_the_events_gives_the_same_order(
    history: list[tuple[OrderNews, datetime]],
) -> None:
    order, events = new_order(), list[OrderEvent]([OrderCreated(order=new_order())])
    for news, now in history:
        order, decision = step(order, news, now)
        events += decision.events
    assert after(order_that_is(EXPIRED), events) == order


@given(HISTORIES)
def test_whatever_happens_an_order_moves_only_forwards_and_what_comes_twice_counts_once(
    history: list[tuple[OrderNews, datetime]],
) -> None:
    order = new_order()
    for news, now in history:
        before = order
        order, decision = step(order, news, now)
        assert order.status in _NEXT[before.status]
        assert decide(order, news, RULES, now).events == ()
        if decision.refusal is not None:
            assert decision.events == ()


@given(HISTORIES)
def test_goods_go_out_once_and_only_for_confirmed_money_in_time(
    history: list[tuple[OrderNews, datetime]],
) -> None:
    order, deliveries = new_order(), 0
    for news, now in history:
        order, decision = step(order, news, now)
        kinds = [type(event) for event in decision.events]
        if NoticeKind.GOODS in told(decision):
            deliveries += 1
            assert kinds[:2] == [ReceiptsChanged, OrderPaid]
            confirmed = [
                each.amount_base_units
                for each in order.receipts
                if each.state is ReceiptState.CONFIRMED and each.in_time
            ]
            assert sum(confirmed) >= AMOUNT - TOLERANCE
        else:
            assert OrderPaid not in kinds
    assert deliveries == (order.status in (PAID, SHIPPED))


@given(HISTORIES)
def test_the_end_of_a_hold_is_always_told_to_both_sides(
    history: list[tuple[OrderNews, datetime]],
) -> None:
    order = new_order()
    for news, now in history:
        held = order.holds_units
        order, decision = step(order, news, now)
        if held and not order.holds_units:
            ends = {type(e) for e in decision.events} & {OrderExpired, OrderCancelled}
            audiences = {e.audience for e in decision.events if isinstance(e, Noticed)}
            assert len(ends) == 1
            assert audiences == {Audience.SHOPPER, Audience.ADMINS}


@given(HISTORIES, SIGHTINGS)
def test_no_coin_is_unaccounted_for_after_any_history(
    history: list[tuple[OrderNews, datetime]], shown: tuple[Sighting, ...]
) -> None:
    order = new_order()
    for news, now in history:
        order, _ = step(order, news, now)
    order, _ = step(order, look(minutes(500), *shown), minutes(500))
    recorded = {each.receipt_id: each.amount_base_units for each in order.receipts if each.on_chain}
    assert recorded.keys() == {each.receipt_id for each in shown}
    if order.status in _ENDS - {SHIPPED}:
        assert (order.payment_state is PaymentState.LATE) == bool(shown)


def test_the_example_of_a_receipt_is_what_a_look_makes_of_the_example_of_a_sighting() -> None:
    order, _ = looked(new_order(), minutes(5), sighting())
    assert order.receipts == (receipt(),)
