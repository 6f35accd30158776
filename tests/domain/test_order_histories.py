"""What holds of an order after any history of news."""

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from domain.order import (
    Audience,
    Noticed,
    NoticeKind,
    OrderCancelled,
    OrderCreated,
    OrderEvent,
    OrderExpired,
    OrderPaid,
    OrderStatus,
    PaymentState,
    ReceiptsChanged,
)
from domain.order_rules import (
    CancelWished,
    ChainNews,
    GoodsTaken,
    GraceOver,
    OrderNews,
    ShipWished,
    decide,
)
from domain.payment import ReceiptState, Sighting
from tests.domain.examples import (
    AMOUNT,
    NOON,
    RULES,
    SHOPPER_ID,
    TOLERANCE,
    after,
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

CANCEL = CancelWished(telegram_id=SHOPPER_ID)
SHIP = ShipWished(admin_telegram_id=1, tracking_number="TRACK-1")
GRACE = GraceOver(woken_at=NOON)
WAITS, PAID, SHIPPED = OrderStatus.CREATED, OrderStatus.PAID, OrderStatus.SHIPPED
CANCELLED, EXPIRED = OrderStatus.CANCELLED, OrderStatus.EXPIRED


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
_ENDS = {CANCELLED, EXPIRED}
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
    if order.status in _ENDS:
        assert (order.payment_state is PaymentState.LATE) == bool(shown)


def test_the_example_of_a_receipt_is_what_a_look_makes_of_the_example_of_a_sighting() -> None:
    order, _ = looked(new_order(), minutes(5), sighting())
    assert order.receipts == (receipt(),)
