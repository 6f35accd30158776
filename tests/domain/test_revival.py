"""Ended orders that are paid after all: wanted when, and with what."""

from dataclasses import replace
from decimal import Decimal

import pytest

from domain.order import (
    By,
    MoneySetAside,
    NoticeKind,
    Order,
    OrderLine,
    OrderRevived,
    OrderStatus,
    PaymentState,
    ReceiptsChanged,
    RefusalReason,
    SetAsideWithdrawn,
    Unit,
)
from domain.order_news import RevivalStock
from domain.order_rules import decide
from domain.payment import Receipt
from domain.revival import quantities, revival_wanted, settling_due
from domain.rules import LatePayment, OverPayment
from domain.set_aside import SetAsideState
from tests.domain.examples import (
    ADMIN_ID,
    AMOUNT,
    CANCELLED,
    CONFIRM,
    CREDITING,
    EXPIRED,
    EXPIRY,
    GRACE,
    HELD,
    MANY_HOURS,
    NO_STOCK,
    OTHER_UNITS,
    PAID,
    RATE,
    REFUND,
    REFUNDING,
    RULES,
    SHIPPED,
    STATUSES,
    STOCK,
    TOLERANCE,
    WAITS,
    amount_told,
    confirmed,
    kinds,
    late_sighting,
    look,
    looked,
    minutes,
    new_order,
    notice,
    order_that_is,
    receipt,
    set_aside_by,
    sighting,
    step,
    told,
)


def late(amount: int = AMOUNT, rate: Decimal | None = RATE, name: str = "late") -> Receipt:
    return confirmed(amount, transaction_id=name, in_time=False, rate=rate)


def ended(*receipts: Receipt, status: OrderStatus = EXPIRED) -> Order:
    return replace(order_that_is(status), receipts=receipts, payment_state=PaymentState.LATE)


# --- whether --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("receipts", "wanted"),
    [
        ((late(),), True),
        ((late(AMOUNT - TOLERANCE),), True),
        ((late(AMOUNT - TOLERANCE - 1),), False),
        ((late(AMOUNT // 2, RATE * 2),), True),
        ((late(AMOUNT, RATE / 2),), False),
        ((late(AMOUNT, None),), False),
        ((late(AMOUNT // 2), confirmed(AMOUNT // 2)), True),
        ((late(AMOUNT // 2), late(AMOUNT // 4, RATE * 2, "second")), True),
        ((confirmed(),), True),
        ((receipt(in_time=False),), False),
        ((), False),
    ],
)
def test_a_revival_is_wanted_where_confirmed_money_is_worth_the_price(
    receipts: tuple[Receipt, ...], wanted: bool
) -> None:
    assert revival_wanted(ended(*receipts), RULES) is wanted


@pytest.mark.parametrize("status", STATUSES)
def test_only_an_ended_order_can_be_revived(status: OrderStatus) -> None:
    order = ended(late(), status=status)
    is_ended = status in (CANCELLED, EXPIRED)
    assert revival_wanted(order, RULES) is is_ended
    assert settling_due(order) is is_ended


@pytest.mark.parametrize("policy", list(LatePayment))
def test_only_an_owner_who_wants_revivals_gets_them(policy: LatePayment) -> None:
    rules = replace(RULES, late_payment=policy)
    assert revival_wanted(ended(late()), rules) is (policy is LatePayment.REVIVE)


@pytest.mark.parametrize(("by", "wanted"), [(By.SHOPPER, True), (By.ADMIN, False)])
def test_what_an_admin_has_cancelled_stays_cancelled(by: By, wanted: bool) -> None:
    order = replace(ended(late(), status=CANCELLED), cancelled_by=by)
    assert revival_wanted(order, RULES) is wanted
    assert settling_due(order)


def test_money_that_is_set_aside_already_asks_for_no_revival() -> None:
    order, _ = step(ended(late()), NO_STOCK, MANY_HOURS)
    assert not revival_wanted(order, RULES)
    assert not settling_due(order)


def test_new_money_asks_for_a_revival_together_with_what_is_set_aside() -> None:
    half = late_sighting(AMOUNT // 2)
    other = late_sighting(AMOUNT // 2, transaction_id="second")
    short, first = looked(order_that_is(EXPIRED), minutes(40), half)
    order, second = looked(short, minutes(50), half, other)
    assert first.wants_stock is False
    assert second.wants_stock is True
    assert kinds(second) == [ReceiptsChanged]
    assert revival_wanted(order, RULES)


def test_money_that_was_paid_back_asks_for_no_revival() -> None:
    half = late_sighting(AMOUNT // 2)
    other = late_sighting(AMOUNT // 2, transaction_id="second")
    short, _ = looked(order_that_is(EXPIRED), minutes(40), half)
    refunded, _ = step(short, REFUND, minutes(45))
    order, decision = looked(refunded, minutes(50), half, other)
    assert decision.wants_stock is False
    assert [part.amount_base_units for part in set_aside_by(decision)] == [AMOUNT // 2]
    assert not settling_due(order)


def test_a_look_that_ends_an_order_with_enough_late_money_asks_for_stock_at_once() -> None:
    order, decision = looked(new_order(), minutes(41), late_sighting())
    assert order.status is EXPIRED
    assert decision.wants_stock is True
    assert set_aside_by(decision) == []
    again = decide(order, look(minutes(41), late_sighting()), RULES, minutes(42))
    assert (again.events, again.wants_stock) == ((), True)


def test_a_blind_expiry_with_enough_late_money_asks_for_stock() -> None:
    seen, _ = looked(new_order(), minutes(5), sighting())
    both, _ = looked(seen, minutes(41), sighting(), late_sighting())
    _, decision = step(both, GRACE, MANY_HOURS)
    assert decision.wants_stock is True


# --- with what ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [CANCELLED, EXPIRED])
def test_an_order_whose_goods_are_there_is_paid_with_the_units_that_the_pools_hold(
    status: OrderStatus,
) -> None:
    order, decision = step(ended(late(), status=status), STOCK, minutes(42))
    assert kinds(decision) == [OrderRevived, ReceiptsChanged]
    assert decision.events[0] == OrderRevived(revived_at=minutes(42), lines=OTHER_UNITS)
    assert told(decision) == [
        NoticeKind.ORDER_REVIVED,
        NoticeKind.GOODS,
        NoticeKind.ADMIN_ORDER_REVIVED,
    ]
    assert (order.status, order.payment_state) == (PAID, PaymentState.PAID)
    assert (order.lines, order.total_minor) == (OTHER_UNITS, 1_000)
    assert (order.revived_at, order.paid_at, order.closed_at) == (minutes(42), minutes(42), None)
    assert (order.counted_as_timeout, order.confirmed_by_telegram_id) == (False, None)
    assert order.set_asides == ()
    assert (decision.by, decision.wants_stock) == (By.SHOP, False)
    assert decision.why == "late payments are worth the price, and the goods are there"


def test_what_was_set_aside_is_withdrawn_for_a_revival() -> None:
    half = late_sighting(AMOUNT // 2)
    other = late_sighting(AMOUNT // 2, transaction_id="second")
    rules = replace(RULES, over_payment=OverPayment.CREDIT)
    short, _ = looked(order_that_is(EXPIRED), minutes(40), half, rules=rules)
    asked, _ = looked(short, minutes(50), half, other, rules=rules)
    order, decision = step(asked, STOCK, minutes(51), rules)
    assert kinds(decision) == [OrderRevived, ReceiptsChanged, SetAsideWithdrawn]
    assert order.status is PAID
    assert [part.state for part in order.set_asides] == [SetAsideState.WITHDRAWN]


def test_a_surplus_in_a_revival_is_set_aside() -> None:
    order, decision = step(ended(late(3 * AMOUNT, RATE / 2)), STOCK, minutes(42))
    assert kinds(decision) == [OrderRevived, ReceiptsChanged, MoneySetAside]
    assert [part.amount_base_units for part in order.set_asides] == [AMOUNT]
    assert order.payment_state is PaymentState.OVER
    assert amount_told(decision, NoticeKind.MONEY_TO_REFUND) == AMOUNT


def test_without_stock_the_money_is_set_aside_as_too_much() -> None:
    order, decision = step(ended(late()), NO_STOCK, minutes(42))
    assert kinds(decision) == [MoneySetAside]
    assert (order.status, order.payment_state) == (EXPIRED, PaymentState.LATE)
    assert [part.amount_base_units for part in order.set_asides] == [AMOUNT]
    assert told(decision) == [NoticeKind.MONEY_TO_REFUND, NoticeKind.ADMIN_MONEY_TO_REFUND]
    assert (decision.by, decision.why) == (By.SHOP, "the order is not revived")


@pytest.mark.parametrize(
    "lines",
    [
        (),
        (OrderLine(subcategory_id=2, units=(Unit(unit_id=8, price_minor=1_000),)),),
        (*OTHER_UNITS, OrderLine(subcategory_id=2, units=(Unit(unit_id=9, price_minor=1),))),
    ],
)
def test_units_that_are_not_what_the_order_had_revive_nothing(
    lines: tuple[OrderLine, ...],
) -> None:
    news = RevivalStock(lines=lines, wish=None)
    order, decision = step(ended(late()), news, minutes(42))
    assert order.status is EXPIRED
    assert kinds(decision) == [MoneySetAside]
    refused = decide(ended(late()), replace(news, wish=CONFIRM), RULES, minutes(42))
    assert refused.refusal is RefusalReason.STOCK_SHORT


def test_stock_for_money_that_has_vanished_meanwhile_revives_nothing() -> None:
    asked, _ = looked(order_that_is(EXPIRED), minutes(40), late_sighting())
    gone, _ = looked(asked, minutes(41))
    decision = decide(gone, STOCK, RULES, minutes(42))
    assert (decision.events, decision.refusal) == ((), None)


def test_stock_for_an_order_that_the_owner_no_longer_wants_revived_settles_its_money() -> None:
    decision = decide(ended(late()), STOCK, REFUNDING, minutes(42))
    assert kinds(decision) == [MoneySetAside]


def test_an_order_that_was_revived_follows_the_rules_of_a_paid_one() -> None:
    asked, _ = looked(order_that_is(EXPIRED), minutes(40), late_sighting())
    revived, _ = step(asked, STOCK, minutes(42))
    order, decision = looked(revived, minutes(60))
    assert (order.status, order.payment_state) == (PAID, PaymentState.REVERSED)
    assert amount_told(decision, NoticeKind.ADMIN_PAYMENT_REVERSED) == AMOUNT
    more = late_sighting(AMOUNT, transaction_id="more")
    _, over = looked(revived, minutes(60), late_sighting(), more)
    assert [part.receipt_id for part in set_aside_by(over)] == ["more:0"]


def test_reversed_money_is_withdrawn_while_a_revival_is_open() -> None:
    half = late_sighting(AMOUNT // 2)
    whole = late_sighting(transaction_id="whole")
    short, _ = looked(order_that_is(EXPIRED), minutes(40), half)
    order, decision = looked(short, minutes(50), whole)
    assert kinds(decision) == [ReceiptsChanged, SetAsideWithdrawn]
    assert decision.wants_stock is True
    assert settling_due(order)


# --- by an admin ----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [CANCELLED, EXPIRED])
def test_an_ended_order_that_an_admin_declares_paid_is_revived_with_units_that_are_there(
    status: OrderStatus,
) -> None:
    news = RevivalStock(lines=OTHER_UNITS, wish=CONFIRM)
    order, decision = step(order_that_is(status), news, minutes(42))
    assert kinds(decision) == [OrderRevived]
    assert told(decision) == [
        NoticeKind.ORDER_REVIVED,
        NoticeKind.GOODS,
        NoticeKind.ADMIN_ORDER_CONFIRMED,
    ]
    assert notice(decision, NoticeKind.ADMIN_ORDER_CONFIRMED).detail == "paid in cash"
    assert (order.status, order.confirmed_by_telegram_id) == (PAID, ADMIN_ID)
    assert (order.lines, order.payment_state) == (OTHER_UNITS, PaymentState.NONE)
    assert (order.revived_at, order.paid_at) == (minutes(42), minutes(42))
    assert (decision.by, decision.by_telegram_id) == (By.ADMIN, ADMIN_ID)
    assert decision.why == "paid in cash"


def test_what_was_set_aside_of_too_little_goes_to_the_order_that_an_admin_declares_paid() -> None:
    short, _ = looked(order_that_is(EXPIRED), minutes(40), late_sighting(AMOUNT // 2))
    order, decision = step(short, RevivalStock(lines=OTHER_UNITS, wish=CONFIRM), minutes(42))
    assert kinds(decision) == [OrderRevived, ReceiptsChanged, SetAsideWithdrawn]
    assert order.payment_state is PaymentState.PARTIAL


def test_a_surplus_in_a_revival_by_an_admin_goes_where_the_owner_wants_it() -> None:
    news = RevivalStock(lines=OTHER_UNITS, wish=CONFIRM)
    order, decision = step(ended(late(2 * AMOUNT)), news, minutes(42), CREDITING)
    assert order.status is PAID
    assert [part.credited_minor for part in set_aside_by(decision)] == [1_000]


def test_an_admin_may_declare_paid_what_an_admin_has_cancelled() -> None:
    order = replace(order_that_is(CANCELLED), cancelled_by=By.ADMIN)
    revived, _ = step(order, RevivalStock(lines=OTHER_UNITS, wish=CONFIRM), minutes(42))
    assert revived.status is PAID


def test_an_admin_is_told_that_the_goods_are_gone() -> None:
    news = RevivalStock(lines=None, wish=CONFIRM)
    decision = decide(order_that_is(EXPIRED), news, RULES, minutes(42))
    assert (decision.refusal, decision.events) == (RefusalReason.STOCK_SHORT, ())
    assert (decision.by, decision.by_telegram_id) == (By.ADMIN, ADMIN_ID)


@pytest.mark.parametrize(
    ("status", "refusal"),
    [
        (PAID, RefusalReason.ALREADY_PAID),
        (SHIPPED, RefusalReason.ALREADY_SHIPPED),
        (WAITS, None),
    ],
)
def test_an_order_that_has_not_ended_needs_no_stock(
    status: OrderStatus, refusal: RefusalReason | None
) -> None:
    order = order_that_is(status)
    for_money = decide(order, STOCK, RULES, minutes(12))
    for_wish = decide(order, replace(STOCK, wish=CONFIRM), RULES, minutes(12))
    assert (for_money.events, for_money.refusal) == ((), None)
    assert (for_wish.events, for_wish.refusal) == ((), refusal)
    assert for_wish.by_telegram_id == (None if refusal is None else ADMIN_ID)


# --- small things ---------------------------------------------------------------------------------


def test_quantities_are_counted_by_subcategory() -> None:
    units = (Unit(unit_id=2, price_minor=1), Unit(unit_id=3, price_minor=1))
    lines = (*HELD, OrderLine(subcategory_id=4, units=units))
    assert quantities(lines) == {1: 1, 4: 2}


def test_an_owner_who_credits_late_money_asks_for_no_stock() -> None:
    _, decision = looked(new_order(), EXPIRY, late_sighting(), rules=CREDITING)
    assert decision.wants_stock is False
    assert [part.credited_minor for part in set_aside_by(decision)] == [1_000]
