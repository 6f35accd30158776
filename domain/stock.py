"""The stock of one subcategory: which units are free, which are held for whom.

A pool lives in memory and can be large, so it is changed in place, but only by `reserve`,
`release`, `commit`, `add` and `reload` of what was decided or recorded before: `decide_reserve`
changes nothing.
"""

import heapq
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from domain.order import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """These units would be, or are, held; oldest first."""

    units: tuple[Unit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Short:
    """There are only so many."""

    available: int


@dataclass(slots=True)
class Pool:
    """Free units oldest first, and holds by order id.

    `newest_unit_id` is the highest unit id that the pool ever had, so that news of units which were
    added before, and may be sold by now, is recognised.
    """

    newest_unit_id: int = 0
    holds: dict[int, tuple[Unit, ...]] = field(default_factory=dict)
    _waiting: deque[Unit] = field(default_factory=deque)
    _returned: list[tuple[int, Unit]] = field(default_factory=list)
    """A heap of units that came back, by unit id; they go first."""

    @property
    def available(self) -> int:
        """How many units nobody holds."""
        return len(self._waiting) + len(self._returned)

    def decide_reserve(self, order_id: int, quantity: int) -> Reserved | Short:
        """What a wish for `quantity` units gets. An order that holds units gets the same again."""
        held = self.holds.get(order_id)
        if held is not None:
            return Reserved(units=held)
        if quantity < 1 or quantity > self.available:
            return Short(available=self.available)
        oldest = [unit for _, unit in heapq.nsmallest(quantity, self._returned)]
        oldest.extend(islice(self._waiting, quantity - len(oldest)))
        return Reserved(units=tuple(oldest))

    def reserve(self, order_id: int, reserved: Reserved) -> None:
        """Take units that `decide_reserve` just named out of the free ones."""
        if order_id in self.holds:
            return
        self.holds[order_id] = reserved.units
        for _ in reserved.units:
            if self._returned:
                heapq.heappop(self._returned)
            else:
                self._waiting.popleft()

    def release(self, order_id: int) -> None:
        """Units of an ended order are free again; nothing where it holds none."""
        for unit in self.holds.pop(order_id, ()):
            heapq.heappush(self._returned, (unit.unit_id, unit))

    def commit(self, order_id: int) -> None:
        """Units of a paid order are gone for good; nothing where it holds none."""
        self.holds.pop(order_id, None)

    def add(self, units: Iterable[Unit]) -> None:
        """New units, younger than all others; known ones are passed over."""
        for unit in sorted(units, key=lambda unit: unit.unit_id):
            if unit.unit_id > self.newest_unit_id:
                self._waiting.append(unit)
                self.newest_unit_id = unit.unit_id

    def reload(
        self,
        free: Iterable[Unit],
        holds: Iterable[tuple[int, tuple[Unit, ...]]],
        newest_unit_id: int,
    ) -> None:
        """The truth from the store (`free` oldest first), less what is held here beyond it.

        Those are holds for orders that are not yet recorded, or whose end has not been heard here.
        Free units that are younger than that truth are kept.
        """
        recorded = dict(holds)
        in_flight = {
            order_id: units for order_id, units in self.holds.items() if order_id not in recorded
        }
        taken = {unit.unit_id for units in in_flight.values() for unit in units}
        self.holds = recorded | in_flight
        self.newest_unit_id = max(self.newest_unit_id, newest_unit_id)
        known_free = (*self._waiting, *(unit for _, unit in self._returned))
        younger = [unit for unit in known_free if unit.unit_id > newest_unit_id]
        self._returned = []
        self._waiting = deque(unit for unit in free if unit.unit_id not in taken)
        self._waiting.extend(sorted(younger, key=lambda unit: unit.unit_id))
