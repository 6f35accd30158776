"""The shop with the pool's own check taken out: it hands out units that others hold.

What then keeps a unit from being sold twice is the store alone. Run as a program by a test.
"""

import sys
from unittest.mock import patch

from domain.order import Unit
from domain.stock import Pool, Reserved, Short
from run import main

_decide_reserve = Pool.decide_reserve
_reserve = Pool.reserve


def _decide_carelessly(pool: Pool, order_id: int, quantity: int) -> Reserved | Short:
    decided = _decide_reserve(pool, order_id, quantity)
    held: list[Unit] = [unit for units in pool.holds.values() for unit in units]
    if isinstance(decided, Short) and len(held) >= quantity:
        return Reserved(units=tuple(held[:quantity]))
    return decided


def _reserve_carelessly(pool: Pool, order_id: int, reserved: Reserved) -> None:
    held = {unit for units in pool.holds.values() for unit in units}
    if held.isdisjoint(reserved.units):
        _reserve(pool, order_id, reserved)
    else:
        pool.holds.setdefault(order_id, reserved.units)


if __name__ == "__main__":
    patch.object(Pool, "decide_reserve", _decide_carelessly).start()
    patch.object(Pool, "reserve", _reserve_carelessly).start()
    sys.exit(main())
