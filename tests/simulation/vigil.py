"""Looking on: what is overdue, unnoticed or forgotten, by somebody who knows that all was calm."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta

from actors.messages import GetShopHealth, ShopHealth
from tests.simulation.chain import SimulatedChain, Transaction
from tests.simulation.disk import open_quietly
from tests.simulation.ending_checks import settled_in_time
from tests.simulation.limits import CLOCK_ERROR
from tests.simulation.memory_checks import failed_handlers, forgotten, unrest
from tests.simulation.reading_checks import wrongly_shown
from tests.simulation.reckoning import is_unsettled
from tests.simulation.store_checks import stuck_notices
from tests.simulation.views import OrderView
from tests.simulation.world import World

_LONGEST_DELAY = timedelta(minutes=12)
_LOOK_SECONDS = 40.0
_SLACK = timedelta(seconds=100)
_A_MOMENT = timedelta(seconds=60)
_WHILE = timedelta(seconds=25)
_DELIVERED_WITHIN = timedelta(minutes=4)
_SETTLED_WITHIN = timedelta(minutes=2)
_READ_EVERY = 3


def noticed_within(world: World) -> timedelta:
    """How long it may take until the shop knows what has happened on a chain."""
    return _SLACK + timedelta(seconds=2 * world.scenario.poll_seconds)


class Vigil:
    """Looks on, and says what must not be."""

    def __init__(self, world: World) -> None:
        self._world, self._rules = world, world.scenario.rules
        self._chance = world.scenario.random("vigil")
        self._slack = noticed_within(world)
        self._suspicious: set[str] = set()
        self._unsettled_since: dict[int, datetime] = {}
        self._settled: set[str] = set()
        self._quiet_looks = 0
        self._troubled_at: datetime | None = None
        self._troubled_in_life = world.up_since

    async def keep(self) -> None:
        """Look on until the end."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            world = self._world
            world.check(self._overdue())
            world.check(self._unnoticed())
            world.check(self._unsettled())
            await self._ask_for_health()
            for _ in range(20):
                if self.look_into_memory():
                    break
                await asyncio.sleep(0.11)

    def _calm_for(self, order_id: int | None, coin: str) -> timedelta:
        """For how long nothing has gone wrong that could hold up news of a chain."""
        return self._world.clock.true_now() - self._world.calm.since_in(coin, order_id)

    def _order_calm_for(self, order_id: int) -> timedelta:
        """The same for what an order does without its chain."""
        return self._world.clock.true_now() - self._world.calm.since(order_id)

    def _all_calm_for(self) -> timedelta:
        """The same for everything."""
        return self._world.clock.true_now() - self._world.calm.since_all()

    # --- orders -----------------------------------------------------------------------------------

    def _overdue(self) -> Iterator[str]:
        world = self._world
        now = world.clock.now()
        for view in world.observer.waiting.values():
            due = view.expires_at
            if view.covered_at is not None:
                due = max(due, view.covered_at + self._rules.confirmation_timeout)
            late = now - due
            calm_for = self._calm_for(view.order_id, view.coin)
            slack = self._slack + self._late_timers(view)
            if late > slack and calm_for > late + _A_MOMENT:
                yield f"order {view.order_id} was due at {due} and nothing is decided"
            # A shop that was not there to look gives the chain its grace from then on.
            woken_at = world.orders_woken_at.get(view.order_id, due)
            longest = self._rules.expiry_grace + _LONGEST_DELAY + CLOCK_ERROR
            if now > max(due, world.woken_at, woken_at) + longest:
                yield f"order {view.order_id} is stuck: it was due at {due}"
            yield from self._unwarned(view, now)
            yield from self._paid_unnoticed(view, calm_for)
        yield from self._undelivered(now)

    def _unwarned(self, view: OrderView, now: datetime) -> Iterator[str]:
        if not self._rules.warning or view.covered_at is not None or view.warned_of is not None:
            return
        due = view.expires_at - self._rules.warning
        since = now - due
        allowed = _WHILE + self._late_timers(view)
        if due <= (view.extended_at or view.created_at) or since < allowed:
            return
        # While its payment covered it there was nothing to warn of.
        uncovered_at = self._world.observer.uncovered_at.get(view.order_id)
        if uncovered_at and self._world.clock.true_now() - uncovered_at < allowed:
            return
        calm_for = self._order_calm_for(view.order_id)
        if now < view.expires_at and calm_for > since + _WHILE:
            yield f"order {view.order_id} runs out at {view.expires_at}, and nobody is warned"

    def _late_timers(self, view: OrderView) -> timedelta:
        """How late its timers may ring: they follow the loop, whatever the clock is set to."""
        world = self._world
        armed_at = max(world.observer.armed_at.get(view.order_id, world.up_since), world.up_since)
        return world.clock.gained_since(armed_at)

    def _paid_unnoticed(self, view: OrderView, calm_for: timedelta) -> Iterator[str]:
        chain = self._world.chains[view.coin]
        if calm_for < self._slack:
            return
        paid = settled_in_time(view, chain, self._world.clock.true_now() - self._slack)
        if paid >= view.sufficient:
            yield f"order {view.order_id} is paid, and that has not been noticed for long"

    def _undelivered(self, now: datetime) -> Iterator[str]:
        world = self._world
        for view in world.observer.views.values():
            if view.status != "paid" or view.paid_at is None:
                continue
            if view.telegram_id in world.telegram.ever_blocked:
                continue
            if min(now - view.paid_at, self._all_calm_for()) > _DELIVERED_WITHIN:
                yield f"order {view.order_id} is paid since {view.paid_at} and not shipped"

    def _unsettled(self) -> Iterator[str]:
        """Money of ended orders that stays without a place."""
        now, since = self._world.clock.true_now(), self._unsettled_since
        for order_id, view in self._world.observer.views.items():
            if not is_unsettled(view):
                since.pop(order_id, None)
                continue
            first = since.setdefault(order_id, now)
            if min(now - first, self._all_calm_for()) > _SETTLED_WITHIN:
                yield f"order {order_id} has ended, and its money has no place since {first}"

    # --- the chain --------------------------------------------------------------------------------

    def _unnoticed(self) -> Iterator[str]:
        """Payments that the shop should know by now, as they are."""
        for coin, chain in self._world.chains.items():
            if self._calm_for(None, coin) < self._slack:
                continue
            for transaction in chain.transactions.values():
                if transaction.name not in self._settled:
                    yield from self._unnoticed_of(chain, transaction)

    def _unnoticed_of(self, chain: SimulatedChain, transaction: Transaction) -> Iterator[str]:
        world = self._world
        long_ago = world.clock.true_now() - self._slack
        is_settled = True
        for index, (address, _) in enumerate(transaction.outputs):
            view = world.observer.at_address(address)
            if view is None or not self._is_watched(view):
                continue
            name = chain.receipt_name(transaction, index)
            receipt = next((each for each in view.receipts if each.name == name), None)
            state = None if receipt is None else receipt.state
            since = chain.confirmed_since(transaction, view.confirmations)
            is_settled = is_settled and state == "confirmed" and since is not None
            for what in _unnoticed_states(transaction, state, since, long_ago):
                yield f"{name} of order {view.order_id} is {what}, and for the shop {state}"
        if is_settled:
            self._settled.add(transaction.name)

    def _is_watched(self, view: OrderView) -> bool:
        ended_at = view.closed_at or view.shipped_at
        if view.is_live or ended_at is None:
            return True
        until = ended_at + self._rules.monitor_after_expiry
        return self._world.clock.now() < until - CLOCK_ERROR

    # --- the shop as a whole ----------------------------------------------------------------------

    async def _ask_for_health(self) -> None:
        world = self._world
        is_calm = self._all_calm_for() > self._slack and not world.calm.is_in_doubt()
        in_trouble_for = world.calm.in_trouble_for()
        health = await world.post.ask(GetShopHealth())
        if not isinstance(health, ShopHealth):
            return
        why_not = [why for why in health.coins.values() if why]
        if is_calm and (not health.ready or why_not or health.store_trouble):
            world.found(f"all is calm, and the shop takes no orders: {health}")
        self._note_trouble(health)
        if in_trouble_for > _A_MOMENT and world.calm.in_trouble_for() and health.ready:
            world.found("the store cannot be written, and the shop is ready")

    def _note_trouble(self, health: ShopHealth) -> None:
        """A trouble that the shop tells of has to be told to the admins when it is over."""
        world = self._world
        if health.store_trouble:
            self._troubled_at = self._troubled_at or world.clock.now()
            self._troubled_in_life = world.up_since
        elif self._troubled_at is not None and health.ready:
            if self._troubled_in_life == world.up_since:
                text = "for a while nothing could be written"
                world.alerts.lasted(text, self._troubled_at, world.clock.now())
            self._troubled_at = None

    def look_into_memory(self) -> bool:
        """Compare memory and store, if all is quiet; what differs twice running is wrong."""
        world = self._world
        if world.base is None or unrest(world.base):
            return False
        world.check(failed_handlers(world.base))
        world.check(world.post.unanswered())
        connection = open_quietly(world.disk.store_path)
        try:
            differing = dict(forgotten(world.base, connection, world))
            world.check(stuck_notices(connection, world))
        finally:
            connection.close()
        world.check(differing[each] for each in sorted(differing.keys() & self._suspicious))
        self._suspicious = set(differing)
        self._quiet_looks += 1
        if self._quiet_looks % _READ_EVERY == 0:
            reader = world.reader()
            world.check(wrongly_shown(reader, world.observer, world.truth, self._chance))
        return True


def _unnoticed_states(
    transaction: Transaction, state: str | None, final_since: datetime | None, long_ago: datetime
) -> Iterator[str]:
    """What has been so for long and the shop does not know."""
    is_counted = state in ("seen", "confirmed")
    if transaction.is_visible and transaction.visible_since < long_ago and not is_counted:
        yield "there"
    if final_since is not None and final_since < long_ago and state != "confirmed":
        yield "confirmed"
    if not transaction.is_visible and transaction.away_since < long_ago and is_counted:
        yield "gone"
