"""What holds of the life of an order after any history of news."""

from fractions import Fraction

from hypothesis import given

from domain.evolution import evolve_all
from domain.order import (
    Audience,
    Noticed,
    NoticeKind,
    Order,
    OrderCancelled,
    OrderCreated,
    OrderEvent,
    OrderExpired,
    OrderPaid,
    OrderRevived,
)
from domain.order_rules import decide
from domain.payment import ReceiptState
from domain.rules import OrderRules
from domain.set_aside import SetAsideState
from tests.domain.examples import (
    AMOUNT,
    CANCELLED,
    EXPIRED,
    PAID,
    RATE,
    SHIPPED,
    TOLERANCE,
    WAITS,
    looked,
    minutes,
    new_order,
    order_that_is,
    receipt,
    sighting,
    step,
    told,
)
from tests.domain.histories import (
    ANY_RULES,
    ENDS,
    HISTORIES,
    History,
    histories,
)

_NEXT = {
    WAITS: {WAITS, PAID, CANCELLED, EXPIRED},
    PAID: {PAID, SHIPPED},
    SHIPPED: {SHIPPED},
    CANCELLED: {CANCELLED, PAID},
    EXPIRED: {EXPIRED, PAID},
}


@histories
@given(HISTORIES, ANY_RULES)
def test_replaying_the_events_gives_the_same_order(history: History, rules: OrderRules) -> None:
    order, events = new_order(), [*_created()]
    for news, now in history:
        order, decision = step(order, news, now, rules)
        events += decision.events
    assert evolve_all(order_that_is(EXPIRED), tuple(events)) == order


def _created() -> tuple[OrderEvent, ...]:
    return (OrderCreated(order=new_order()),)


@histories
@given(HISTORIES, ANY_RULES)
def test_status_moves_only_along_allowed_ways_and_what_comes_twice_counts_once(
    history: History, rules: OrderRules
) -> None:
    order = new_order()
    for news, now in history:
        before = order
        order, decision = step(order, news, now, rules)
        assert order.status in _NEXT[before.status]
        revived = before.status in ENDS and order.status is PAID
        assert revived == (OrderRevived in {type(event) for event in decision.events})
        assert decide(order, news, rules, now).events == ()
        if decision.refusal is not None:
            assert (decision.events, decision.wants_stock) == ((), False)


@histories
@given(HISTORIES, ANY_RULES)
def test_goods_go_out_once_and_only_for_money_that_covers_the_order_or_by_an_admin(
    history: History, rules: OrderRules
) -> None:
    order, deliveries = new_order(), 0
    for news, now in history:
        order, decision = step(order, news, now, rules)
        paid = {type(event) for event in decision.events} & {OrderPaid, OrderRevived}
        assert told(decision).count(NoticeKind.GOODS) == len(paid)
        deliveries += len(paid)
        if paid and order.confirmed_by_telegram_id is None:
            assert _paid_of_price(order) >= AMOUNT - TOLERANCE
    assert deliveries == (order.status in (PAID, SHIPPED))


def _paid_of_price(order: Order) -> Fraction:
    """What the confirmed receipts pay of the price, by value; refunded ones pay nothing."""
    refunded = {
        part.receipt_id for part in order.set_asides if part.state is SetAsideState.REFUNDED
    }
    worth = Fraction(0)
    for each in order.receipts:
        if each.state is ReceiptState.CONFIRMED and each.receipt_id not in refunded:
            share = Fraction(each.rate or 0) / Fraction(RATE)
            worth += each.amount_base_units * share
    return worth


@histories
@given(HISTORIES, ANY_RULES)
def test_the_end_of_a_hold_is_always_told_to_both_sides(
    history: History, rules: OrderRules
) -> None:
    order = new_order()
    for news, now in history:
        held = order.holds_units
        order, decision = step(order, news, now, rules)
        if held and not order.holds_units:
            ends = {type(e) for e in decision.events} & {OrderExpired, OrderCancelled}
            audiences = {e.audience for e in decision.events if isinstance(e, Noticed)}
            assert len(ends) == 1
            assert audiences == {Audience.SHOPPER, Audience.ADMINS}


@histories
@given(HISTORIES, ANY_RULES)
def test_time_is_given_once_and_never_taken(history: History, rules: OrderRules) -> None:
    order, extensions = new_order(), 0
    for news, now in history:
        before = order
        order, _ = step(order, news, now, rules)
        assert order.expires_at >= before.expires_at
        extensions += order.expires_at > before.expires_at
    assert extensions == (order.extended_at is not None) <= 1


def test_the_example_of_a_receipt_is_what_a_look_makes_of_the_example_of_a_sighting() -> None:
    order, _ = looked(new_order(), minutes(5), sighting())
    assert order.receipts == (receipt(),)
