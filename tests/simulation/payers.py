"""How shoppers pay, or do not: exactly, in parts, too little or much, too late, twice, together."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from domain.order import Order
from tests.simulation.chain import Transaction
from tests.simulation.faults import IN_PAYMENTS
from tests.simulation.limits import CLOCK_ERROR, LONGEST_LOOK
from tests.simulation.world import World

_FATES = ("payment_replaced", "payment_dropped", "payment_double_spent")
_ODD = ("payment_split", "payment_short", "payment_over", "payment_tolerated", "payment_twice")


class Cancel(Protocol):
    """Calls off an order after a while."""

    def __call__(self, order: Order, after_seconds: float) -> Coroutine[object, object, None]: ...


@dataclass(slots=True)
class Shared:
    """Orders of one coin whose shoppers wait to pay them in one transaction."""

    orders: list[Order] = field(default_factory=list)


class Payers:
    """What shoppers do who have an order."""

    def __init__(
        self,
        world: World,
        begin: Callable[[Coroutine[object, object, None]], None],
        cancel: Cancel,
    ) -> None:
        self._world, self._begin, self._cancel = world, begin, cancel
        self._scenario, self._faults = world.scenario, world.faults
        self._watched_seconds = world.scenario.rules.monitor_after_expiry.total_seconds()
        self._shared = {coin: Shared() for coin in world.scenario.rates}

    async def carry_out(self, order: Order, chance: Random) -> bool:
        """Do with an order what chance has in mind; whether it is left to run out."""
        timeout = self._scenario.rules.timeout.total_seconds()
        plans = chance.sample(sorted(IN_PAYMENTS), len(IN_PAYMENTS))
        plan = next((name for name in plans if self._faults.take(name)), "")
        if plan == "payment_shared" and not self._world.chains[order.coin].has_outputs:
            self._faults.missed(plan)
            plan = ""
        before_payment = 1.0 + min(chance.expovariate(6.0 / timeout), timeout * 0.8)
        match plan or _usual_plan(chance):
            case "leave" if chance.random() < 0.5:
                return True
            case "leave":
                await self._pay_long_after(order, chance)
            case "cancel":
                await self._call_off(order, before_payment, chance)
            case "payment_at_cancel":
                self._begin(self._cancel(order, before_payment + chance.uniform(-8.0, 8.0)))
                await asyncio.sleep(before_payment)
                self._pay(order, order.amount_base_units, plan)
            case "payment_late":
                await self._pay_late(order)
            case "payment_at_deadline":
                await self._pay_at_deadline(order, chance)
            case "payment_shared":
                await asyncio.sleep(before_payment / 2)
                self._pay_together(order)
            case _:
                await asyncio.sleep(before_payment)
                await self._pay_in_time(order, plan, chance)
        return False

    async def _pay_in_time(self, order: Order, plan: str, chance: Random) -> None:
        if plan in _ODD:
            await self._pay_odd_amounts(order, plan, chance)
        elif plan in _FATES:
            paid = self._pay(order, order.amount_base_units, "", waits=True)
            await self._meet_fate(order, paid, plan, chance)
        else:
            self._pay(order, order.amount_base_units, "")
            if chance.random() < 0.06:
                # Some pay again, long after they have their goods.
                await asyncio.sleep(chance.uniform(60.0, self._watched_seconds / 3))
                self._pay(order, self._some_amount(order, chance), "")

    # --- paying -----------------------------------------------------------------------------------

    def _pay(
        self, order: Order, amount: int, fault: str, *, waits: bool = False
    ) -> Transaction | None:
        """Pay, unless nobody looks at the address any more: that is beyond what is promised."""
        if fault:
            self._count(fault, order)
        if not self._is_watched(order):
            return None
        self._world.journal.note("pays", order.order_id, amount)
        return self._world.chains[order.coin].pay(((order.address, amount),), waits=waits)

    def _is_watched(self, order: Order) -> bool:
        view = self._world.observer.views.get(order.order_id)
        ended_at = None if view is None else view.closed_at or view.shipped_at
        if view is None or view.is_live or ended_at is None:
            return True
        until = ended_at + self._scenario.rules.monitor_after_expiry
        return self._world.clock.now() < until - CLOCK_ERROR - LONGEST_LOOK / 2

    def _count(self, fault: str, *orders: Order) -> None:
        if all(self._world.observer.is_live(each.order_id) for each in orders):
            self._faults.struck(fault)
        else:
            self._faults.missed(fault)

    def _some_amount(self, order: Order, chance: Random) -> int:
        """All of it, more, less, or next to nothing."""
        amount = order.amount_base_units
        share = chance.choice((1.0, 1.0, 1.0, 1.4, 0.5, 0.98, 0.999))
        return amount if share == 1.0 else int(amount * share) or 1

    async def _pay_odd_amounts(self, order: Order, plan: str, chance: Random) -> None:
        amount = order.amount_base_units
        part = int(amount * chance.uniform(0.2, 0.9))
        match plan:
            case "payment_split":
                self._pay(order, part, plan)
                await asyncio.sleep(chance.uniform(0.0, 90.0))
                self._pay(order, amount - part, "")
            case "payment_over":
                self._pay(order, amount + max(part // 4, 10_000), plan)
            case "payment_tolerated":
                off_by = int(order.tolerance_base_units * chance.choice((1.0, 0.5, -1.0, -0.5)))
                self._pay(order, amount - off_by, plan)
            case "payment_twice":
                self._pay(order, amount, plan)
                await asyncio.sleep(chance.uniform(0.0, 60.0))
                self._pay(order, self._some_amount(order, chance), "")
            case _:
                await self._pay_too_little(order, part, plan, chance)

    async def _pay_too_little(self, order: Order, part: int, plan: str, chance: Random) -> None:
        rest = order.amount_base_units - part
        # Late enough, for many, that they get more time for the rest.
        timeout = self._scenario.rules.timeout.total_seconds()
        await asyncio.sleep(chance.uniform(0.0, timeout * 0.6))
        self._pay(order, part, plan)
        if chance.random() < 0.3:
            await asyncio.sleep(chance.uniform(20.0, 200.0))
            self._pay(order, rest // 2, "")
            rest -= rest // 2
        if chance.random() < 0.6:
            await asyncio.sleep(chance.uniform(30.0, 400.0))
            self._pay(order, rest, "")

    def _pay_together(self, order: Order) -> None:
        waiting = self._shared[order.coin]
        if not waiting.orders:
            waiting.orders.append(order)
            self._begin(self._pay_alone_at_last(order))
            return
        other = waiting.orders.pop()
        if not (self._is_watched(order) and self._is_watched(other)):
            self._faults.missed("payment_shared")
            return
        self._count("payment_shared", order, other)
        self._world.journal.note("pays together", order.order_id, other.order_id)
        outputs = tuple((each.address, each.amount_base_units) for each in (order, other))
        self._world.chains[order.coin].pay(outputs)

    async def _pay_alone_at_last(self, order: Order) -> None:
        await asyncio.sleep(240.0)
        waiting = self._shared[order.coin]
        if any(each is order for each in waiting.orders):
            waiting.orders.clear()
            self._pay(order, order.amount_base_units, "")
            self._faults.missed("payment_shared")

    # --- too late ---------------------------------------------------------------------------------

    async def _until_the_end(self, order: Order, before_seconds: float) -> None:
        """Wait for the deadline that the order has, by the shop's clock, less so many seconds."""
        for _ in range(2_000):
            view = self._world.observer.views.get(order.order_id)
            expires_at = order.expires_at if view is None else view.expires_at
            left = (expires_at - self._world.clock.now()).total_seconds() - before_seconds
            if left <= 0 or view is None or view.status != "created":
                return
            await asyncio.sleep(min(max(left, 0.5), 60.0))

    async def _pay_late(self, order: Order) -> None:
        await self._until_the_end(order, 0.0)
        self._pay(order, order.amount_base_units, "payment_late")

    async def _pay_at_deadline(self, order: Order, chance: Random) -> None:
        await self._until_the_end(order, chance.uniform(0.0, 20.0))
        self._pay(order, order.amount_base_units, "payment_at_deadline")

    async def until_it_has_ended(self, order: Order) -> None:
        """Wait until it does not await its payment any more, as far as the store says."""
        await self._until_the_end(order, 0.0)
        for _ in range(2_000):
            view = self._world.observer.views.get(order.order_id)
            if view is None or view.status != "created":
                return
            await asyncio.sleep(5.0)

    async def _pay_long_after(self, order: Order, chance: Random) -> None:
        """Pay after the end, while the address is still watched."""
        await self._until_the_end(order, 0.0)
        await asyncio.sleep(chance.uniform(60.0, self._watched_seconds / 3))
        await self._pay_in_parts(order, chance)

    async def _call_off(self, order: Order, after_seconds: float, chance: Random) -> None:
        for _ in range(chance.choice((0, 0, 1))):
            # Tapped twice.
            self._begin(self._cancel(order, after_seconds + chance.uniform(0.0, 0.02)))
        await self._cancel(order, after_seconds)
        if chance.random() < 0.35:
            await asyncio.sleep(chance.uniform(5.0, self._watched_seconds / 3))
            await self._pay_in_parts(order, chance)

    async def _pay_in_parts(self, order: Order, chance: Random) -> None:
        amount = self._some_amount(order, chance)
        part = int(amount * chance.uniform(0.3, 0.7)) if chance.random() < 0.3 else amount
        self._pay(order, part, "")
        if part < amount:
            await asyncio.sleep(chance.uniform(30.0, self._watched_seconds / 4))
            self._pay(order, amount - part, "")

    # --- what becomes of a payment that waits in the mempool --------------------------------------

    async def _meet_fate(
        self, order: Order, paid: Transaction | None, fate: str, chance: Random
    ) -> None:
        if paid is None:
            self._faults.missed(fate)
            return
        await asyncio.sleep(chance.uniform(1.0, 90.0))
        chain = self._world.chains[order.coin]
        self._count(fate, order)
        self._world.journal.note(fate, order.order_id)
        paid.waits = False
        match fate:
            case "payment_replaced":
                chain.replace(paid)
            case "payment_dropped":
                chain.drop(paid)
                await asyncio.sleep(chance.uniform(30.0, 400.0))
                if chance.random() < 0.5 and self._is_watched(order):
                    chain.bring_back(paid)
                elif chance.random() < 0.5:
                    self._pay(order, order.amount_base_units, "")
            case _:
                chain.drop(paid)


def _usual_plan(chance: Random) -> str:
    drawn = chance.random()
    return "pay" if drawn < 0.66 else "cancel" if drawn < 0.79 else "leave"
