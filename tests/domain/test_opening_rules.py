"""Whether there is an order at all, and of how much."""

from dataclasses import replace

import pytest

from domain.opening_rules import refuse_new_order
from domain.order import RefusalReason
from domain.partial_stock import ShortAsked, ShortReduced, ShortRefused, decide_short
from domain.rules import PartialStock
from tests.domain.examples import RULES

MANY, ACTIVE = RefusalReason.TOO_MANY_TIMEOUTS, RefusalReason.ACTIVE_ORDER


@pytest.mark.parametrize(
    ("timeouts", "active", "refusal"),
    [
        (0, 0, None),
        (2, 0, None),
        (3, 0, MANY),
        (4, 0, MANY),
        (2, 1, ACTIVE),
        (2, 2, ACTIVE),
        (3, 1, MANY),
    ],
)
def test_a_shopper_is_refused_for_timeouts_first_and_then_for_open_orders(
    timeouts: int, active: int, refusal: RefusalReason | None
) -> None:
    assert refuse_new_order(timeouts, active, RULES) is refusal


def test_an_owner_may_allow_several_orders_at_once() -> None:
    rules = replace(RULES, max_active=3)
    assert refuse_new_order(0, 2, rules) is None
    assert refuse_new_order(0, 3, rules) is ACTIVE


def test_a_wish_for_too_much_is_refused_with_what_there_is() -> None:
    decided = decide_short(PartialStock.REJECT, {1: 5, 2: 1}, {1: 3, 2: 9})
    assert decided == ShortRefused(quantities={1: 3, 2: 1})


def test_a_wish_for_too_much_is_reduced_to_what_there_is() -> None:
    decided = decide_short(PartialStock.REDUCE, {1: 5, 2: 1, 3: 2}, {1: 3, 2: 9})
    assert decided == ShortReduced(quantities={1: 3, 2: 1})


def test_a_shopper_is_asked_to_take_what_there_is() -> None:
    decided = decide_short(PartialStock.ASK, {1: 5, 2: 1}, {1: 3, 2: 0})
    assert decided == ShortAsked(quantities={1: 3})


@pytest.mark.parametrize("policy", list(PartialStock))
def test_where_all_is_sold_out_there_is_nothing_to_ask_about(policy: PartialStock) -> None:
    assert decide_short(policy, {1: 5, 2: 1}, {1: 0}) == ShortRefused(quantities={})
