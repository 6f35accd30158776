"""Mistakes that the shop can be given, one at a time, to see that the simulation finds each.

Each is a change that somebody could make and that the shop's other tests might not notice. They are
in the `planted_` modules, by what they are about.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.simulation import (
    planted_ledger,
    planted_money,
    planted_notices,
    planted_orders,
    planted_payments,
    planted_stock,
)
from tests.simulation.planting import PLANTS

__all__ = [
    "PLANTS",
    "plant",
    "planted_ledger",
    "planted_money",
    "planted_notices",
    "planted_orders",
    "planted_payments",
    "planted_stock",
]


@contextmanager
def plant(name: str) -> Iterator[None]:
    """Have the shop make a mistake; "" for none."""
    with ExitStack() as stack:
        for patch in PLANTS[name]() if name else ():
            stack.enter_context(patch)
        yield
