"""An order to which somebody has sent thousands of receipts, which costs a few cents."""

import time
from dataclasses import replace

import pytest

from domain.order import Order
from domain.order_rules import decide
from domain.payment import Sighting
from domain.rules import OrderRules
from tests.domain.examples import (
    AMOUNT,
    CREDITING,
    EXPIRED,
    REFUND,
    REFUNDING,
    WAITS,
    look,
    looked,
    minutes,
    order_that_is,
    sighting,
    step,
)

MANY = 2_000


def shown() -> tuple[Sighting, ...]:
    first = sighting(AMOUNT, confirmations=3)
    others = (replace(first, output_index=index, amount_base_units=3_000) for index in range(MANY))
    return (first, *(replace(each, transaction_id="bb") for each in others))


def in_seconds(order: Order, rules: OrderRules) -> float:
    """How long it takes to find out that nothing is new."""
    began = time.process_time()
    decision = decide(order, look(minutes(50), *shown()), rules, minutes(50))
    assert decision.events == ()
    return time.process_time() - began


# Where each receipt was compared with what is set aside of each, this took 10 to 15 seconds.
@pytest.mark.parametrize("rules", [CREDITING, REFUNDING])
def test_thousands_of_receipts_do_not_keep_a_paid_order_busy(rules: OrderRules) -> None:
    order, _ = looked(order_that_is(WAITS), minutes(5), *shown(), rules=rules)
    assert len(order.set_asides) == MANY
    assert in_seconds(order, rules) < 2


@pytest.mark.parametrize("rules", [CREDITING, REFUNDING])
def test_thousands_of_receipts_do_not_keep_an_ended_order_busy(rules: OrderRules) -> None:
    order, _ = looked(order_that_is(EXPIRED), minutes(40), *shown(), rules=rules)
    assert len(order.set_asides) == MANY + 1
    assert in_seconds(order, rules) < 2


def test_thousands_of_receipts_are_paid_back_at_once() -> None:
    order, _ = looked(order_that_is(EXPIRED), minutes(40), *shown(), rules=REFUNDING)
    began = time.process_time()
    order, _ = step(order, REFUND, minutes(60), REFUNDING)
    assert time.process_time() - began < 5
    assert {each.refund_transaction_id for each in order.set_asides} == {REFUND.transaction_id}
