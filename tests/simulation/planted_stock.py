"""Mistakes about stock. See `planted`."""

from dataclasses import replace
from typing import Any

import store.jobs
from actors.order import OrderActor
from actors.order_base import OrderBase
from domain.order import OrderCancelled
from domain.stock import Pool, Reserved
from store.stock import load_pool
from tests.simulation.planting import Patches, planted, replaced, without_index


@planted
def stock_is_released_twice() -> Patches:
    """A unit that comes back is for sale twice."""

    def release(self: Pool, order_id: int) -> None:
        units = self.holds.get(order_id, ())
        inner(self, order_id)
        self.holds[order_id] = units
        inner(self, order_id)

    inner = Pool.release
    return [replaced(Pool, "release", release)]


@planted
def unit_is_taken_for_two_orders() -> Patches:
    """The pool forgets what it holds, and no index stands in the way."""

    def decide(self: Pool, order_id: int, quantity: int) -> Any:  # noqa: ANN401 - passed on
        held = [units for units in self.holds.values() if len(units) >= quantity]
        if order_id not in self.holds and held and order_id % 7 == 0:
            return Reserved(units=held[0][:quantity])
        return inner(self, order_id, quantity)

    def reserve(self: Pool, order_id: int, reserved: Reserved) -> None:
        known = {unit for units in self.holds.values() for unit in units}
        if known & set(reserved.units):
            self.holds[order_id] = reserved.units
        else:
            inner_reserve(self, order_id, reserved)

    inner, inner_reserve = Pool.decide_reserve, Pool.reserve
    return [
        replaced(Pool, "decide_reserve", decide),
        replaced(Pool, "reserve", reserve),
        *without_index("order_items_one_holder"),
    ]


@planted
def hold_is_not_released_on_cancel() -> Patches:
    """A cancelled order's units stay held in memory."""

    def tell(self: OrderActor, order: Any, events: Any) -> None:  # noqa: ANN401 - passed on
        inner(self, order, tuple(each for each in events if not isinstance(each, OrderCancelled)))

    inner = OrderActor._tell
    return [replaced(OrderActor, "_tell", tell)]


@planted
def sold_units_go_back_on_sale() -> Patches:
    """A paid order's units are released instead of committed."""
    return [replaced(Pool, "commit", Pool.release)]


@planted
def refused_wish_keeps_its_hold() -> Patches:
    """A wish that the store refuses leaves its units held."""

    def release(self: OrderActor, subcategory_ids: tuple[int, ...]) -> None:
        if self._order is not None:
            inner(self, subcategory_ids)

    inner = OrderActor._release
    return [replaced(OrderBase, "_release", release)]


@planted
def new_pool_forgets_what_is_held() -> Patches:
    """After a restart of the pool, units of open orders are for sale."""
    inner = load_pool

    def load(connection: Any, subcategory_id: int) -> Any:  # noqa: ANN401 - passed on
        loaded = inner(connection, subcategory_id)
        held = tuple(unit for _, units in loaded.holds for unit in units)
        return replace(loaded, free=tuple(sorted((*loaded.free, *held), key=lambda u: u.unit_id)))

    return [replaced(store.jobs, "load_pool", load)]
