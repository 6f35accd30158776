"""Admins: imports, and every wish that they can have of an order or a shopper, often twice."""

import asyncio
from random import Random

from actors.messages import (
    AdminWish,
    CancelOrderByAdmin,
    ClearTimeouts,
    ConfirmOrder,
    ExpireOrder,
    ImportItems,
    ItemsImported,
    OrderChanged,
    OrderRefused,
    RecordRefund,
    ShipOrder,
    TimeoutsWereCleared,
)
from domain.catalog import ImportEntry
from domain.order import Order, OrderStatus
from tests.simulation.refusals import Watched, wrong_refusal
from tests.simulation.views import OrderView
from tests.simulation.world import World

_BECOMES = {
    "cancel": OrderStatus.CANCELLED,
    "expire": OrderStatus.EXPIRED,
    "confirm": OrderStatus.PAID,
    "ship": OrderStatus.SHIPPED,
}
_DEEDS = ("cancel", "expire", "confirm", "ship", "refund", "refund", "clear")
_TRIES = 6


class Admins:
    """All that they do."""

    def __init__(self, world: World) -> None:
        self._world, self._scenario = world, world.scenario
        self._chance = world.scenario.random("admins")
        self._goods_made = 0
        self._imports = 0
        self._wishes = 0

    # --- goods ------------------------------------------------------------------------------------

    async def open_for_business(self) -> None:
        """Put the first goods on sale."""
        await self.stock(count=self._scenario.orders + 12)

    async def stock(self, count: int) -> None:
        """Import so many units, a few of them again."""
        pools = self._scenario.subcategories
        drawn = [min(int(self._chance.expovariate(0.6)) + 1, pools) for _ in range(count)]
        if not self._imports:
            drawn = [*range(1, pools + 1), *drawn]
        first = self._goods_made
        self._goods_made += len(drawn)
        self._imports += 1
        # A few are sent that were sent before.
        again = [*range(max(0, first - 2), first)]
        pools_of = {number: self._pool_of(number) for number in again}
        pools_of |= dict(zip(range(first, first + len(drawn)), drawn, strict=True))
        entries = tuple(
            ImportEntry(
                place=place,
                category="All",
                subcategory=f"Pool {pool}",
                description="a key",
                price_minor=500 + 250 * (number % 5),
                private_data=f"key-{number}",
            )
            for place, (number, pool) in enumerate(sorted(pools_of.items()), start=1)
        )
        await self._import(entries, known=len(again))

    def _pool_of(self, number: int) -> int:
        name, _ = self._world.truth.offered[f"key-{number}"]
        return int(name.removeprefix("Pool "))

    async def _import(self, entries: tuple[ImportEntry, ...], known: int) -> None:
        world = self._world
        world.truth.items_offered(entries)
        wish = ImportItems(
            request_id=f"import-{self._imports}",
            admin_telegram_id=self._scenario.admins[0],
            entries=entries,
        )
        for _ in range(50):
            answer = await world.post.ask(wish)
            if isinstance(answer, ItemsImported):
                skipped = len(answer.known_places)
                if answer.added + skipped != len(entries) or skipped > known:
                    world.found(f"of {len(entries)} units, {known} known, were added {answer}")
                world.truth.items_imported(entries)
                return
            await asyncio.sleep(self._chance.uniform(1.0, 10.0))

    # --- orders and shoppers ----------------------------------------------------------------------

    async def do_something(self) -> None:
        """One deed, where there is somebody to whom it can be done."""
        deed = self._chance.choice(_DEEDS)
        if deed == "clear":
            await self._clear()
            return
        order = self._order_for(deed)
        if order is not None:
            await self._wish(deed, order.order_id)

    def _order_for(self, deed: str) -> OrderView | None:
        views = self._world.observer.views
        if not views:
            return None
        if self._chance.random() < 0.15:
            # Whatever it is: most of these wishes are refused.
            return views[self._chance.choice(sorted(views))]
        found = [order_id for order_id, view in views.items() if _fits(deed, view)]
        return views[self._chance.choice(found)] if found else None

    async def _wish(self, deed: str, order_id: int) -> None:
        world, admin = self._world, self._chance.choice(self._scenario.admins)
        self._wishes += 1
        reason = f"{deed} {self._wishes}"
        wish = _wish_of(deed, order_id, admin, reason, self._chance)
        named = wish.tracking_number if isinstance(wish, ShipOrder) else reason
        world.truth.deed_wished(order_id, deed, admin, None if deed == "expire" else named)
        if self._chance.random() < 0.25:
            # Tapped twice, or sent again by the network.
            world.post.tell_later(self._chance.uniform(0.0, 3.0), wish)
        for _ in range(_TRIES):
            watched = Watched(world.observer, order_id)
            answer = await world.post.ask(wish, order_id=order_id)
            match answer:
                case OrderChanged(order=order):
                    world.shown(order)
                    self._check_done(deed, reason, order)
                    world.lifecycle.counts[f"admin_{deed}"] += 1
                    return
                case OrderRefused(reason=why):
                    world.check(wrong_refusal(deed, why, watched))
                    return
            await asyncio.sleep(self._chance.uniform(1.0, 20.0))

    def _check_done(self, deed: str, transaction_id: str, order: Order) -> None:
        if deed in _BECOMES and order.status is not _BECOMES[deed]:
            self._world.found(f"{deed} of order {order.order_id} is done, and it is {order.status}")
        paid_back = [each.refund_transaction_id for each in order.set_asides]
        if deed == "refund" and transaction_id not in paid_back:
            self._world.found(f"a refund of order {order.order_id} is recorded nowhere")

    async def _clear(self) -> None:
        world = self._world
        most = self._scenario.rules.max_user_timeouts
        blocked = sorted(world.observer.standings.blocked(most))
        if not blocked:
            return
        telegram_id = self._chance.choice(blocked)
        world.truth.clears_wished.add(telegram_id)
        wish = ClearTimeouts(
            telegram_id=telegram_id, admin_telegram_id=self._chance.choice(self._scenario.admins)
        )
        asked_at = world.loop.time()
        answer = await world.post.ask(wish)
        if isinstance(answer, TimeoutsWereCleared):
            world.lifecycle.counts["admin_clear"] += 1
            stood = world.observer.standings.since(telegram_id, asked_at)
            if min(timeouts for timeouts, _ in stood):
                world.found(f"the timeouts of {telegram_id} are cleared, and are {stood}")


def _fits(deed: str, view: OrderView) -> bool:
    match deed:
        case "ship":
            return view.status == "paid"
        case "refund":
            return any(each.state == "open" for each in view.asides)
        case "confirm":
            return view.status == "created" or view.has_ended_unpaid
        case _:
            return view.status == "created"


def _wish_of(deed: str, order_id: int, admin: int, reason: str, chance: Random) -> AdminWish:
    match deed:
        case "cancel":
            return CancelOrderByAdmin(order_id=order_id, admin_telegram_id=admin, reason=reason)
        case "expire":
            return ExpireOrder(order_id=order_id, admin_telegram_id=admin)
        case "confirm":
            return ConfirmOrder(order_id=order_id, admin_telegram_id=admin, reason=reason)
        case "refund":
            return RecordRefund(order_id=order_id, admin_telegram_id=admin, transaction_id=reason)
        case _:
            tracking_number = reason if chance.random() < 0.5 else None
            return ShipOrder(
                order_id=order_id, admin_telegram_id=admin, tracking_number=tracking_number
            )
