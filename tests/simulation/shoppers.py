"""Shoppers: what they want, when they lose patience, what they do with what there is."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from random import Random

from actors.messages import (
    CancelOrder,
    CartLine,
    OrderChanged,
    OrderPlaced,
    OrderRefused,
    OrderShort,
    PlaceOrder,
    RegisterShopper,
)
from domain.order import Order, OrderStatus, RefusalReason
from domain.rules import PartialStock
from tests.simulation.disk import open_quietly
from tests.simulation.payers import Payers
from tests.simulation.refusals import Watched, wrong_refusal
from tests.simulation.standing import wrong_refusal_of_wish
from tests.simulation.world import World

_TRIES = 12
_MOST_UNITS = 3
_RETURNS = 2
_GOODS_THAT_WAIT = """
    SELECT order_id FROM outbox WHERE chat_id = ? AND kind = 'goods' AND state = 'undeliverable'
"""


class Shoppers:
    """All shoppers of an episode."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._scenario = world.scenario
        self._chance = world.scenario.random("shoppers")
        self._under_way: dict[asyncio.Task[None], None] = {}
        self.opening = 0
        """So many are waiting for the answer to a wish to buy."""
        self._arrived = 0
        self._payers = Payers(world, self.begin, self._cancel)

    async def arrive(self) -> None:
        """Let shoppers come until there are as many orders as wanted."""
        world, wanted = self._world, self._scenario.orders
        while len(world.truth.promised) < wanted:
            await asyncio.sleep(self._chance.expovariate(1.0 / self._scenario.gap_seconds))
            if len(world.truth.promised) + self.opening < wanted:
                self._arrived += 1
                self.begin(self._buy(self._arrived))
        while self._under_way:  # noqa: ASYNC110 - virtual time
            await asyncio.sleep(5.0)

    def go_home(self) -> None:
        """Let nobody do anything more."""
        for task in tuple(self._under_way):
            task.cancel()

    def begin(self, deed: Coroutine[object, object, None]) -> None:
        """Let somebody do something on his own."""
        task = asyncio.create_task(deed)
        self._under_way[task] = None
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._under_way[task]
        if not task.cancelled() and task.exception() is not None:
            self._world.broke(task.exception())

    # --- wanting ----------------------------------------------------------------------------------

    async def _buy(self, number: int) -> None:
        chance = self._scenario.random(f"buyer/{number}")
        wish = self._wish(number, chance)
        self.opening += 1
        try:
            order = await self._insist(wish, chance)
        finally:
            self.opening -= 1
        if order is None:
            return
        self._world.faults.placed = len(self._world.truth.promised)
        if chance.random() < 0.1:
            self.begin(self._ask_again(wish, chance.uniform(0.0, 600.0)))
        if chance.random() < 0.03:
            self.begin(self._cancel(order, chance.uniform(0.0, 300.0), by_other=True))
        is_left = await self._payers.carry_out(order, chance)
        if is_left and chance.random() < 0.8:
            await self._come_back(wish, order, chance)

    async def _come_back(self, wish: PlaceOrder, order: Order, chance: Random) -> None:
        """Want another soon after an order has run out, and let that run out too."""
        for time in range(1, _RETURNS + 1):
            await self._payers.until_it_has_ended(order)
            await asyncio.sleep(chance.uniform(1.0, 60.0))
            again = replace(wish, request_id=f"{wish.request_id}~{time}", lines=wish.lines[:1])
            placed = await self._insist(again, chance)
            if placed is None:
                return
            order = placed

    def _wish(self, number: int, chance: Random) -> PlaceOrder:
        pools = self._scenario.subcategories
        # The first are the hot ones.
        wanted = {
            min(int(chance.expovariate(0.6)) + 1, pools) for _ in range(chance.choice((1, 1, 2, 3)))
        }
        lines = [
            CartLine(subcategory_id=pool, quantity=chance.choice((1, 1, 1, 2, 3)))
            for pool in sorted(wanted, reverse=chance.random() < 0.5)
        ]
        if chance.random() < 0.1:
            lines.append(lines[0])
        return PlaceOrder(
            request_id=f"request-{number}",
            telegram_id=chance.randint(1, self._scenario.people),
            telegram_username=None,
            coin=chance.choice(sorted(self._scenario.rates)),
            lines=tuple(lines),
        )

    async def _insist(self, wish: PlaceOrder, chance: Random) -> Order | None:
        """Ask until there is an answer, as a person does who taps again; maybe twice at once."""
        self._world.truth.wishes[wish.request_id] = wish
        if chance.random() < 0.1:
            self.begin(self._ask_again(wish, chance.uniform(0.0, 1.0)))
        for _ in range(_TRIES):
            asked_at = self._world.loop.time()
            answer = await self._world.post.ask(wish)
            match answer:
                case OrderPlaced(order=order):
                    self._placed(wish, order)
                    return order
                case OrderShort():
                    return await self._take_less(wish, answer, chance)
                case OrderRefused(reason=reason):
                    self._refused(wish, answer, asked_at)
                    if reason is RefusalReason.COIN_UNAVAILABLE and "*" not in wish.request_id:
                        return await self._insist(self._in_other_coin(wish), chance)
                    if reason is not RefusalReason.SHOP_UNAVAILABLE:
                        return None
                case _:
                    pass
            await asyncio.sleep(chance.uniform(1.0, 30.0))
        return None

    def _in_other_coin(self, wish: PlaceOrder) -> PlaceOrder:
        other = next(coin for coin in self._scenario.rates if coin != wish.coin)
        return replace(wish, request_id=f"{wish.request_id}*", coin=other)

    def _placed(self, wish: PlaceOrder, order: Order) -> None:
        self._world.truth.order_placed(wish.request_id, wish.telegram_id, order)
        self._world.shown(order)
        self._world.journal.note("placed", wish.request_id, order.order_id)

    def _refused(self, wish: PlaceOrder, answer: OrderRefused, asked_at: float) -> None:
        world, rules = self._world, self._scenario.rules
        world.journal.note("refused", wish.request_id, str(answer.reason))
        world.lifecycle.counts[f"wish_{answer.reason}"] += 1
        standings = world.observer.standings
        world.check(wrong_refusal_of_wish(wish, answer, asked_at, standings, rules))
        if answer.reason is RefusalReason.STOCK_SHORT and answer.subcategory_id is not None:
            self._compare_stock(wish, answer.subcategory_id, answer.available or 0)
        if answer.reason is RefusalReason.NO_RATE and wish.coin in world.rates:
            world.found(f"{wish.request_id} is refused for want of a rate")

    def _compare_stock(self, wish: PlaceOrder, pool_id: int, available: int) -> None:
        """What there is said to be, with what there is, but for what others are about to get."""
        row = self._world.reader().subcategory(pool_id)
        under_way = _MOST_UNITS * (self.opening + 4)
        if row is None or abs(row.available - available) > under_way:
            self._world.found(
                f"{wish.request_id} is told of {available} units, and there are {row}"
            )

    async def _take_less(self, wish: PlaceOrder, short: OrderShort, chance: Random) -> Order | None:
        """Be content with what there is, or not."""
        world = self._world
        world.check(world.truth.wrong_short(wish, short))
        for line in [each for each in short.lines if each.available < each.wanted]:
            self._compare_stock(wish, line.subcategory_id, line.available)
        if self._scenario.rules.partial_stock is not PartialStock.ASK:
            world.found(f"{wish.request_id} is asked whether less will do")
        world.lifecycle.counts["wish_asked_for_less"] += 1
        lines = tuple(
            CartLine(subcategory_id=line.subcategory_id, quantity=min(line.wanted, line.available))
            for line in short.lines
            if line.available
        )
        if not lines or chance.random() < 0.2 or wish.request_id.count("+") > 1:
            return None
        less = replace(wish, request_id=f"{wish.request_id}+", lines=lines)
        return await self._insist(less, chance)

    async def _ask_again(self, wish: PlaceOrder, after_seconds: float) -> None:
        await asyncio.sleep(after_seconds)
        answer = await self._world.post.ask(wish)
        if isinstance(answer, OrderPlaced):
            self._placed(wish, answer.order)

    # --- calling off ------------------------------------------------------------------------------

    async def _cancel(self, order: Order, after_seconds: float, *, by_other: bool = False) -> None:
        await asyncio.sleep(max(0.0, after_seconds))
        world, order_id = self._world, order.order_id
        person = order.telegram_id + 1 if by_other else order.telegram_id
        wish = CancelOrder(order_id=order_id, telegram_id=person)
        if not by_other:
            world.truth.cancels_wished.add(order_id)
        for _ in range(_TRIES):
            watched = Watched(world.observer, order_id)
            answer = await world.post.ask(wish, order_id=order_id)
            match answer:
                case OrderChanged(order=changed):
                    if by_other or changed.status is not OrderStatus.CANCELLED:
                        world.found(f"order {order_id} became {changed.status}")
                    world.shown(changed)
                    return
                case OrderRefused(reason=reason):
                    deed = "cancel by another" if by_other else "cancel"
                    for wrong in wrong_refusal(deed, reason, watched):
                        world.found(wrong)
                    return
            await asyncio.sleep(10.0)

    # --- coming back ------------------------------------------------------------------------------

    async def unblock(self, telegram_id: int) -> None:
        """Somebody who blocked the bot writes /start again."""
        self._world.telegram.blocked.discard(telegram_id)
        wish = RegisterShopper(telegram_id=telegram_id, telegram_username=None, language="en")
        for _ in range(_TRIES):
            waited = self._goods_that_wait(telegram_id)
            if await self._world.post.ask(wish) is not None:
                for order_id in waited & self._goods_that_wait(telegram_id):
                    self._world.found(f"{telegram_id} is back, and goods of {order_id} still wait")
                return
            await asyncio.sleep(10.0)

    def _goods_that_wait(self, telegram_id: int) -> set[int]:
        """Orders whose goods could not be delivered to somebody."""
        connection = open_quietly(self._world.disk.store_path)
        try:
            return {row[0] for row in connection.execute(_GOODS_THAT_WAIT, (telegram_id,))}
        finally:
            connection.close()
