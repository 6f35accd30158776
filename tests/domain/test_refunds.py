"""What is recorded of money that an admin has paid back after it had paid for the goods."""

from dataclasses import replace

import pytest

from domain.coverage import missing_base_units, refunded_by_receipt
from domain.order import Order, RefusalReason
from domain.order_news import GoodsRefunded
from domain.order_rules import decide
from domain.refunds import goods_paid_base_units, open_base_units
from domain.set_aside import Purpose, SetAside, SetAsideState
from tests.domain.examples import (
    ADMIN_ID,
    AMOUNT,
    REFUND,
    RULES,
    looked,
    minutes,
    new_order,
    sighting,
    step,
)


def paid_back(amount_base_units: int, transaction_id: str = "refund-1") -> GoodsRefunded:
    return GoodsRefunded(
        admin_telegram_id=ADMIN_ID,
        transaction_id=transaction_id,
        amount_base_units=amount_base_units,
    )


def refunded(number: int, receipt_id: str, amount: int, transaction_id: str) -> SetAside:
    return SetAside(
        number=number,
        receipt_id=receipt_id,
        purpose=Purpose.REFUND,
        amount_base_units=amount,
        credited_minor=0,
        state=SetAsideState.REFUNDED,
        refund_transaction_id=transaction_id,
    )


def paid_in_two() -> Order:
    """Most of the price came first, 400,000 base units of it later."""
    shown = (
        sighting(AMOUNT - 400_000, confirmations=3, seen_at=minutes(4)),
        sighting(400_000, transaction_id="bb", confirmations=3),
    )
    order, _ = looked(new_order(), minutes(5), *shown)
    return order


def test_the_price_is_paid_back_step_by_step_and_each_step_is_numbered_on() -> None:
    order, _ = step(paid_in_two(), paid_back(300_000, "first"), minutes(60))
    assert order.set_asides == (refunded(1, "bb:0", 300_000, "first"),)
    order, _ = step(order, paid_back(250_000, "second"), minutes(70))
    assert order.set_asides[1:] == (
        refunded(2, "bb:0", 100_000, "second"),
        refunded(3, "aa:0", 150_000, "second"),
    )
    left = AMOUNT - 550_000
    too_much = decide(order, paid_back(left + 1, "third"), RULES, minutes(80))
    assert too_much.refusal is RefusalReason.OTHER_AMOUNT_TO_REFUND
    order, _ = step(order, paid_back(left, "third"), minutes(80))
    assert order.set_asides[3:] == (refunded(4, "aa:0", left, "third"),)


@pytest.mark.parametrize("amount", [1, 399_999, 400_000, 400_001, AMOUNT])
def test_any_part_of_the_price_can_have_been_paid_back(amount: int) -> None:
    order, decision = step(paid_in_two(), paid_back(amount), minutes(60))
    assert decision.refusal is None
    assert sum(each.amount_base_units for each in order.set_asides) == amount
    assert all(each.amount_base_units for each in order.set_asides)


def test_money_waits_until_it_is_paid_back_or_withdrawn() -> None:
    waiting = replace(
        refunded(1, "aa:0", 7, "refund-1"), state=SetAsideState.OPEN, refund_transaction_id=None
    )
    parts = (
        waiting,
        replace(waiting, number=2, amount_base_units=20, purpose=Purpose.BALANCE),
        replace(waiting, number=3, amount_base_units=300, state=SetAsideState.WITHDRAWN),
        refunded(4, "aa:0", 4_000, "refund-1"),
    )
    assert open_base_units(replace(new_order(), set_asides=parts)) == 27


def test_nothing_is_paid_back_of_what_was_reversed_after_it_had_been_paid_back() -> None:
    price = sighting(AMOUNT, confirmations=3, seen_at=minutes(1))
    surplus = sighting(1_000_000, transaction_id="bb", confirmations=3, seen_at=minutes(2))
    order, _ = looked(new_order(), minutes(5), price, surplus)
    order, _ = step(order, REFUND, minutes(6))
    order, _ = looked(order, minutes(7), price)
    order, _ = step(order, paid_back(AMOUNT // 2, "refund-2"), minutes(11))
    assert order.set_asides[1:] == (refunded(2, "aa:0", AMOUNT // 2, "refund-2"),)


def test_what_waits_goes_first_where_goods_are_paid_back() -> None:
    shown = (sighting(AMOUNT + 500_000, confirmations=3),)
    over, _ = looked(new_order(), minutes(5), *shown)
    less = decide(over, paid_back(499_999), RULES, minutes(60))
    more = decide(over, paid_back(AMOUNT + 500_001), RULES, minutes(60))
    assert less.refusal is more.refusal is RefusalReason.OTHER_AMOUNT_TO_REFUND
    order, _ = step(over, paid_back(700_000), minutes(60))
    assert order.set_asides == (
        refunded(1, "aa:0", 500_000, "refund-1"),
        refunded(2, "aa:0", 200_000, "refund-1"),
    )
    assert (open_base_units(order), goods_paid_base_units(order)) == (0, AMOUNT - 200_000)
    again = decide(order, paid_back(700_000), RULES, minutes(61))
    assert (again.events, again.refusal) == ((), None)


@pytest.mark.parametrize("amount", [0, -1])
def test_nothing_is_no_amount_of_what_goods_were_paid_with(amount: int) -> None:
    decision = decide(paid_in_two(), paid_back(amount), RULES, minutes(60))
    assert decision.refusal is RefusalReason.OTHER_AMOUNT_TO_REFUND


def test_an_amount_of_a_paid_order_of_which_nothing_waits_is_no_refund_without_a_word() -> None:
    wish = replace(REFUND, amount_base_units=400_000)
    decision = decide(paid_in_two(), wish, RULES, minutes(60))
    assert decision.refusal is RefusalReason.NOTHING_TO_REFUND


def test_what_waits_alone_can_be_the_whole_amount_where_goods_are_named() -> None:
    over, _ = looked(new_order(), minutes(5), sighting(AMOUNT + 500_000, confirmations=3))
    order, _ = step(over, paid_back(500_000), minutes(60))
    assert order.set_asides == (refunded(1, "aa:0", 500_000, "refund-1"),)
    assert goods_paid_base_units(order) == AMOUNT


def test_refunds_of_one_receipt_add_up() -> None:
    order, _ = step(paid_in_two(), paid_back(500_000, "first"), minutes(60))
    order, _ = step(order, paid_back(250_000, "second"), minutes(61))
    assert refunded_by_receipt(order) == {"bb:0": 400_000, "aa:0": 350_000}
    assert missing_base_units(order) == 750_000
