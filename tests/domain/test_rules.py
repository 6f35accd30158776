"""How many confirmations an order is to wait for."""

from dataclasses import replace

import pytest

from domain.rules import CoinRules, ConfirmationsAbove

LTC = CoinRules(coin="LTC", confirmations=3, smallest_order_base_units=1, dust_base_units=1_000)
STEPS = (
    ConfirmationsAbove(amount_base_units=100, confirmations=6),
    ConfirmationsAbove(amount_base_units=500, confirmations=12),
)


def test_without_steps_every_amount_waits_for_the_same() -> None:
    assert {LTC.confirmations_for(amount) for amount in (1, 10**18)} == {3}


@pytest.mark.parametrize(
    ("amount", "confirmations"),
    [(1, 3), (99, 3), (100, 6), (499, 6), (500, 12), (10**12, 12)],
)
@pytest.mark.parametrize("steps", [STEPS, STEPS[::-1]])
def test_larger_amounts_wait_for_more(
    amount: int, confirmations: int, steps: tuple[ConfirmationsAbove, ...]
) -> None:
    assert replace(LTC, confirmations_above=steps).confirmations_for(amount) == confirmations


def test_a_step_never_takes_confirmations_away() -> None:
    fewer = replace(
        LTC, confirmations_above=(ConfirmationsAbove(amount_base_units=100, confirmations=1),)
    )
    assert fewer.confirmations_for(100) == 3
