"""What becomes of an order: every status met by every kind of news."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.order import (
    Audience,
    By,
    Noticed,
    NoticeKind,
    OrderCreated,
    OrderShipped,
    OrderStatus,
    PaymentState,
    RefusalReason,
)
from domain.order_rules import (
    CancelWished,
    GoodsTaken,
    GraceOver,
    OrderNews,
    ShipWished,
    create,
    decide,
    tolerance_base_units,
)
from domain.payment import ReceiptState
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
