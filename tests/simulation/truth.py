"""What people know, wish and hold, whatever the shop makes of it: answers, goods, addresses."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from actors.messages import AddressTaken, OrderShort, PlaceOrder
from domain.catalog import ImportEntry
from domain.order import Order
from domain.rules import PartialStock
from store.contract import Notice
from store.queries import GoodsRow
from tests.simulation.views import OrderView

Found = Callable[[str], None]
Deed = tuple[str, int | None, str | None]
"""What an admin wished of an order: the deed, the admin, the reason or transaction or number."""


@dataclass(slots=True)
class Truth:
    """Kept beside the shop through all its crashes. `found` is told of what must not be."""

    found: Found
    promised: dict[int, Order] = field(default_factory=dict)
    """Orders that a shopper was answered, by id."""
    unproved: dict[int, int] = field(default_factory=dict)
    """Versions of orders that somebody was answered since the store was last looked into."""
    cancels_wished: set[int] = field(default_factory=set)
    clears_wished: set[int] = field(default_factory=set)
    """Shoppers whose timeouts an admin wished to clear."""
    offered: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Goods that were sent to the shop as imports, with their pool's name and price."""
    imported: set[str] = field(default_factory=set)
    """Goods of imports that it answered."""
    units: dict[int, str] = field(default_factory=dict)
    """Goods by the id that the store gave them."""
    pools: dict[int, str] = field(default_factory=dict)
    """Names of pools by their id."""
    ordered: dict[int, Counter[int]] = field(default_factory=dict)
    """How many units of each pool an order was made for."""
    wishes: dict[str, PlaceOrder] = field(default_factory=dict)
    """By request."""
    _deeds: dict[int, set[Deed]] = field(default_factory=dict)
    _by_request: dict[str, int] = field(default_factory=dict)
    _holders: dict[str, tuple[int, int]] = field(default_factory=dict)
    _addresses: dict[str, tuple[int, int]] = field(default_factory=dict)

    # --- wishes -----------------------------------------------------------------------------------

    def deed_wished(self, order_id: int, *deed: object) -> None:
        """An admin wishes something of an order."""
        self._deeds.setdefault(order_id, set()).add(deed)  # type: ignore[arg-type] # as `Deed`

    def deeds_of(self, order_id: int) -> set[Deed]:
        """All that admins wished of an order."""
        return self._deeds.get(order_id, set())

    def wrong_wish(self, order: OrderView, policy: PartialStock) -> Iterator[str]:
        """Where a new order is not what was wished for."""
        wish = self.wishes.get(order.request_id)
        if wish is None:
            yield f"is of the request {order.request_id}, which nobody made"
            return
        if (wish.telegram_id, wish.coin) != (order.telegram_id, order.coin):
            yield f"is for {order.telegram_id} in {order.coin}, as nobody wished"
        wanted = wanted_of(wish)
        if policy is PartialStock.REDUCE:
            if order.held_by_pool - wanted:
                yield f"has {order.held_by_pool} of {wanted}"
        elif order.held_by_pool != wanted:
            yield f"has {order.held_by_pool} instead of {wanted}"

    def wrong_short(self, wish: PlaceOrder, answer: OrderShort) -> Iterator[str]:
        """Where the question whether less will do is not about the wish."""
        asked = {line.subcategory_id: line.wanted for line in answer.lines}
        if asked != wanted_of(wish):
            yield f"{wish.request_id} is asked about {asked}"
        there = [min(line.wanted, line.available) for line in answer.lines]
        if not 0 < sum(there) < sum(asked.values()):
            yield f"{wish.request_id} is told that there are {there} of {asked}"

    # --- answers ----------------------------------------------------------------------------------

    def order_placed(self, request_id: str, telegram_id: int, order: Order) -> None:
        """A shopper was answered."""
        known = self._by_request.setdefault(request_id, order.order_id)
        if known != order.order_id:
            self.found(f"request {request_id} made the orders {known} and {order.order_id}")
        if (order.request_id, order.telegram_id) != (request_id, telegram_id):
            self.found(f"request {request_id} of {telegram_id} was answered with another's order")
        self.promised.setdefault(order.order_id, order)

    def answered(self, order: Order) -> None:
        """Somebody knows that an order is as far as that."""
        known = self.unproved.get(order.order_id, 0)
        self.unproved[order.order_id] = max(known, order.version)

    # --- goods ------------------------------------------------------------------------------------

    def goods_taken(self, notice: Notice, order: OrderView | None, goods: list[GoodsRow]) -> None:
        """A chat has the goods of an order in front of it."""
        if notice.order_id is None or order is None:
            self.found(f"goods of no order went to {notice.chat_id}")
            return
        if notice.chat_id != order.telegram_id:
            self.found(f"goods of order {notice.order_id} went to {notice.chat_id}")
        got = [row.private_data for row in goods]
        paid = sorted(self.units.get(unit_id, "nothing") for unit_id in order.holds)
        if sorted(got) != paid:
            self.found(f"order {notice.order_id} was delivered {sorted(got)} instead of {paid}")
        for private_data in got:
            holder = (notice.order_id, notice.chat_id)
            if self._holders.setdefault(private_data, holder) != holder:
                first = self._holders[private_data]
                self.found(f"{private_data} went to (order, chat) {first} and to {holder}")

    def address_taken(self, taken: AddressTaken, life: int) -> None:
        """An address was handed out; ids of orders that were never recorded are given again."""
        holder = (life, taken.order_id)
        if self._addresses.setdefault(taken.address, holder) != holder:
            self.found(f"address {taken.address} was handed out twice")

    def items_offered(self, entries: tuple[ImportEntry, ...]) -> None:
        """An import was sent."""
        for entry in entries:
            known = (entry.subcategory, entry.price_minor)
            self.offered.setdefault(entry.private_data, known)

    def items_imported(self, entries: tuple[ImportEntry, ...]) -> None:
        """It was answered."""
        self.imported.update(entry.private_data for entry in entries)

    def item_found(self, unit_id: int, pool_id: int, pool: str, good: str, price: int) -> None:
        """The store has a unit."""
        self.units[unit_id] = good
        self.pools[pool_id] = pool
        if self.offered.get(good) != (pool, price):
            self.found(f"{good} is in {pool} for {price}, and was {self.offered.get(good)}")

    def wrong_prices(self, order: OrderView) -> Iterator[str]:
        """Units that cost an order something else than was asked for them."""
        for unit in order.units:
            offered = self.offered.get(self.units.get(unit.unit_id, ""))
            if offered != (self.pools.get(unit.pool_id), unit.price_minor):
                yield f"has the unit {unit.unit_id} for {unit.price_minor}, offered as {offered}"


def wanted_of(wish: PlaceOrder) -> Counter[int]:
    """How many of each pool."""
    wanted: Counter[int] = Counter()
    for line in wish.lines:
        wanted[line.subcategory_id] += line.quantity
    return wanted
