"""What holds of the money of an order after any history of news."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import given

from domain.money import value_minor
from domain.order import (
    MoneySetAside,
    Noticed,
    Order,
    OrderEvent,
    PaymentState,
)
from domain.order_news import GoodsRefunded, OrderNews, RefundMade, RefundMisnamed
from domain.payment import ReceiptState, Sighting
from domain.refunds import goods_paid_base_units, open_base_units
from domain.revival import revival_wanted, settling_due
from domain.rules import LatePayment, OrderRules, OverPayment
from domain.set_aside import Purpose, SetAside, SetAsideState
from tests.domain.examples import (
    AMOUNT,
    NO_STOCK,
    PAID,
    RATE,
    SHIPPED,
    TOLERANCE,
    WAITS,
    looked,
    minutes,
    new_order,
    step,
)
from tests.domain.histories import (
    ANY_RULES,
    ENDS,
    HISTORIES,
    SIGHTINGS,
    History,
    histories,
)


def set_aside(order: Order, receipt_id: str) -> int:
    return sum(
        part.amount_base_units
        for part in order.set_asides
        if part.receipt_id == receipt_id and part.state is not SetAsideState.WITHDRAWN
    )


def check_books(order: Order, rules: OrderRules) -> None:
    """Every base unit that was confirmed is on the order, a balance or the refund list, once."""
    for each in order.receipts:
        aside = set_aside(order, each.receipt_id)
        is_confirmed = each.state is ReceiptState.CONFIRMED
        amount = each.amount_base_units if is_confirmed else 0
        if order.payment_state is not PaymentState.REVERSED:
            assert 0 <= aside <= amount
        if order.status is WAITS:
            assert aside == 0
        if order.status in ENDS and is_confirmed:
            assert aside == amount or revival_wanted(order, rules)
    if order.status in ENDS:
        assert settling_due(order) == revival_wanted(order, rules)
    if order.status in (PAID, SHIPPED) and order.payment_state is not PaymentState.REVERSED:
        check_what_is_on(order)


def check_what_is_on(order: Order) -> None:
    """A paid order keeps its price, and no more than the tolerance and a rounding beyond it."""
    kept = Fraction(0)
    for each in order.receipts:
        if each.state is ReceiptState.CONFIRMED:
            unknown = 0 if order.confirmed_by_telegram_id is None else RATE
            share = Fraction(unknown if each.rate is None else each.rate) / Fraction(RATE)
            kept += (each.amount_base_units - set_aside(order, each.receipt_id)) * share
            assert share or set_aside(order, each.receipt_id) == each.amount_base_units
    assert kept <= AMOUNT + TOLERANCE
    if any(part.state is SetAsideState.OPEN for part in order.set_asides):
        # Nothing is set aside that the price needs, but what has no value.
        assert kept >= AMOUNT or all(
            _is_worthless(order, part.receipt_id) for part in order.set_asides if part.counts
        )


def _is_worthless(order: Order, receipt_id: str) -> bool:
    (found,) = (each for each in order.receipts if each.receipt_id == receipt_id)
    return found.rate is None


def check_parts(order: Order, rules: OrderRules, events: tuple[OrderEvent, ...]) -> None:
    """What was just set aside goes where the owner wants it, at the value of its receipt."""
    ended = order.status in ENDS
    over_credits = rules.over_payment is OverPayment.CREDIT
    late_credits = {
        LatePayment.CREDIT: True,
        LatePayment.REFUND: False,
        LatePayment.REVIVE: over_credits,
    }
    wanted = late_credits[rules.late_payment] if ended else over_credits
    rates = {each.receipt_id: each.rate for each in order.receipts}
    for event in events:
        if isinstance(event, MoneySetAside):
            part = event.set_aside
            rate = rates[part.receipt_id]
            worth = 0 if rate is None else value_minor(part.amount_base_units, "LTC", rate, "USD")
            credited = worth if wanted else 0
            assert part.amount_base_units > 0
            assert part.credited_minor == credited
            assert part.purpose is (Purpose.BALANCE if credited else Purpose.REFUND)


@histories
@given(HISTORIES, ANY_RULES)
def test_the_books_balance_after_every_step_of_any_history(
    history: History, rules: OrderRules
) -> None:
    order = new_order()
    for news, now in history:
        order, decision = step(order, news, now, rules)
        check_books(order, rules)
        if not isinstance(news, GoodsRefunded):
            check_parts(order, rules, decision.events)


def _as_corrected(part: SetAside, news: OrderNews) -> SetAside:
    """Only an admin's correction changes what is final, and only the transaction of it."""
    if isinstance(news, RefundMisnamed) and part.refund_transaction_id == news.wrong_transaction_id:
        return replace(part, refund_transaction_id=news.transaction_id)
    return part


@histories
@given(HISTORIES, ANY_RULES)
def test_parts_are_numbered_on_and_what_is_final_stays_so(
    history: History, rules: OrderRules
) -> None:
    order = new_order()
    for news, now in history:
        before = order
        order, _ = step(order, news, now, rules)
        assert [part.number for part in order.set_asides] == list(
            range(1, len(order.set_asides) + 1)
        )
        for was, part in zip(before.set_asides, order.set_asides, strict=False):
            assert was.state is SetAsideState.OPEN or part == _as_corrected(was, news)
            assert (part.refund_transaction_id is not None) == (
                part.state is SetAsideState.REFUNDED
            )


@histories
@given(HISTORIES, ANY_RULES)
def test_every_refund_pays_back_what_was_set_aside_and_never_more(
    history: History, rules: OrderRules
) -> None:
    order = new_order()
    for news, now in history:
        before = order
        order, decision = step(order, news, now, rules)
        if isinstance(news, RefundMade) and decision.events:
            listed, credited = _open(before, Purpose.REFUND), _open(before, Purpose.BALANCE)
            notices = [e for e in decision.events if isinstance(e, Noticed)]
            assert [each.amount_base_units for each in notices] == [listed or credited]
        if isinstance(news, GoodsRefunded) and decision.events:
            paid_back = _refunded(order) - _refunded(before)
            assert paid_back == news.amount_base_units
            assert open_base_units(order) == 0
            of_goods = goods_paid_base_units(before) - goods_paid_base_units(order)
            assert of_goods == paid_back - open_base_units(before)
        wishes = RefundMade | GoodsRefunded
        assert isinstance(news, wishes) or _refunded(order) == _refunded(before)


def _open(order: Order, purpose: Purpose) -> int:
    return sum(
        part.amount_base_units
        for part in order.set_asides
        if part.state is SetAsideState.OPEN and part.purpose is purpose
    )


def _refunded(order: Order) -> int:
    return sum(
        part.amount_base_units for part in order.set_asides if part.state is SetAsideState.REFUNDED
    )


@histories
@given(HISTORIES, ANY_RULES)
def test_a_value_once_given_to_a_receipt_stays(history: History, rules: OrderRules) -> None:
    order = new_order()
    valued: dict[str, Decimal] = {}
    for news, now in history:
        order, _ = step(order, news, now, rules)
        for each in order.receipts:
            if each.rate is not None:
                assert valued.setdefault(each.receipt_id, each.rate) == each.rate
            assert not each.in_time or each.rate == RATE


@histories
@given(HISTORIES, SIGHTINGS, ANY_RULES)
def test_no_coin_is_unaccounted_for_after_any_history(
    history: History, shown: tuple[Sighting, ...], rules: OrderRules
) -> None:
    order = new_order()
    for news, now in history:
        order, _ = step(order, news, now, rules)
    order, _ = looked(order, minutes(500), *shown, rules=rules)
    recorded = {each.receipt_id: each.amount_base_units for each in order.receipts if each.on_chain}
    assert recorded == {each.receipt_id: each.amount_base_units for each in shown}
    order, _ = step(order, NO_STOCK, minutes(501), rules)
    check_books(order, rules)
    assert not settling_due(order)
    if order.status in ENDS and order.payment_state is not PaymentState.REVERSED:
        assert (order.payment_state is PaymentState.LATE) == bool(shown)
