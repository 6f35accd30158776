"""The load: shoppers who order, pay, pay wrongly, call off and let orders expire, endlessly."""

import asyncio
import itertools
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from actors.messages import (
    CancelOrder,
    CartLine,
    ImportItems,
    ItemsImported,
    OrderChanged,
    OrderPlaced,
    OrderRefused,
    PlaceOrder,
)
from domain.catalog import ImportEntry
from domain.order import Order
from tests.durability.surroundings import COIN, ChainFile, say

ADMIN = 900
FIRST_SHOPPER = 10_000
SHOPPERS = 30
POOLS = 4
PRICE_MINOR = 1250
MOST_UNITS = 2
LONGEST_WAIT_SECONDS = 0.12
CALLED_OFF_LATER = 0.2
IMPORT_UNITS = 120
SECONDS_BETWEEN_IMPORTS = 0.1
SECONDS_BETWEEN_BLOCKS = 0.02

Ask = Callable[[object], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """All that goes on in one life of the shop; `life` makes its wishes unlike those of others."""

    ask: Ask
    chain: ChainFile
    life: int
    random: random.Random

    async def run(self) -> None:
        """Go on until the process is killed."""
        await self._import(itertools.count())
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_in_stock())
            group.create_task(self.mine())
            for number in range(SHOPPERS):
                group.create_task(self._shop(FIRST_SHOPPER + number))

    # --- the admin and the miners -----------------------------------------------------------------

    async def _keep_in_stock(self) -> None:
        numbers = itertools.count(IMPORT_UNITS)
        while True:
            await asyncio.sleep(SECONDS_BETWEEN_IMPORTS)
            await self._import(numbers)

    async def _import(self, numbers: "itertools.count[int]") -> None:
        names = [f"{self.life}-{number}" for number in itertools.islice(numbers, IMPORT_UNITS)]
        entries = tuple(
            ImportEntry(
                place=place,
                category="Games",
                subcategory=f"Pool {place % POOLS}",
                description="a key",
                price_minor=PRICE_MINOR,
                private_data=name,
            )
            for place, name in enumerate(names, start=1)
        )
        wish = ImportItems(request_id=names[0], admin_telegram_id=ADMIN, entries=entries)
        answer = await self.ask(wish)
        if isinstance(answer, ItemsImported):
            say("imported", answer.added)

    async def mine(self) -> None:
        """A block now and then, until the process is killed."""
        while True:
            await asyncio.sleep(SECONDS_BETWEEN_BLOCKS)
            self.chain.mine()

    # --- shoppers ---------------------------------------------------------------------------------

    async def _shop(self, telegram_id: int) -> None:
        for number in itertools.count():
            answer = await self.ask(self._wish(telegram_id, number))
            match answer:
                case OrderPlaced(order=order):
                    say("placed", order.order_id, order.address)
                    await self._live_with(order)
                case OrderRefused(order_id=int(order_id)) if not number and self._is_sometimes:
                    # One of an earlier life. What was paid for it then has been seen by now.
                    await self._cancel(order_id, telegram_id)
                case _:
                    await self._wait()

    def _wish(self, telegram_id: int, number: int) -> PlaceOrder:
        pools = self.random.sample(range(1, POOLS + 1), self.random.randint(1, 2))
        return PlaceOrder(
            request_id=f"{telegram_id}-{self.life}-{number}",
            telegram_id=telegram_id,
            telegram_username=None,
            coin=COIN,
            lines=tuple(
                CartLine(subcategory_id=pool, quantity=self.random.randint(1, MOST_UNITS))
                for pool in sorted(pools)
            ),
        )

    async def _live_with(self, order: Order) -> None:
        await self._wait()
        price = order.amount_base_units
        match self.random.choice(("pay", "pay", "pay", "over", "short", "cancel", "forget")):
            case "pay":
                self.chain.pay(order.address, price)
            case "over":
                self.chain.pay(order.address, 2 * price)
            case "short":
                self.chain.pay(order.address, price // 2)
            case "cancel":
                await self._cancel(order.order_id, order.telegram_id)
            case _:
                await asyncio.sleep(LONGEST_WAIT_SECONDS)

    async def _cancel(self, order_id: int, telegram_id: int) -> None:
        answer = await self.ask(CancelOrder(order_id=order_id, telegram_id=telegram_id))
        if isinstance(answer, OrderChanged):
            say("cancelled", order_id)

    @property
    def _is_sometimes(self) -> bool:
        return self.random.random() < CALLED_OFF_LATER

    async def _wait(self) -> None:
        await asyncio.sleep(self.random.uniform(0, LONGEST_WAIT_SECONDS))
