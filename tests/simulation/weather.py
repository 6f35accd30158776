"""What goes on around the shop by itself: blocks, outages, a wrong clock, and its admins."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta

from tests.simulation.admins import Admins
from tests.simulation.chain import SimulatedChain
from tests.simulation.shoppers import Shoppers
from tests.simulation.world import World

_ALERTED_AFTER_SECONDS = 60.0
_A_START = timedelta(seconds=60)
_DEEPEST_REORGANISATION = 6
_BLOCKS_ABOVE = 8


class Weather:
    """Everything that happens by itself."""

    def __init__(self, world: World, shoppers: Shoppers) -> None:
        self._world, self._shoppers = world, shoppers
        self._scenario, self._faults = world.scenario, world.faults
        self._chance = world.scenario.random("weather")
        self.admins = Admins(world)
        self.is_calm = False
        self._is_buried = False

    def deeds(self) -> list[Coroutine[object, object, None]]:
        """All of it; each goes on until it is cancelled."""
        blocks = [self._mine(chain) for chain in self._world.chains.values()]
        return [*blocks, self._set_clock(), self._cut_off(), self._administer(), self._decide()]

    # --- chains and clocks ------------------------------------------------------------------------

    async def _mine(self, chain: SimulatedChain) -> None:
        chance = self._scenario.random(f"blocks/{chain.coin}")
        while True:
            await asyncio.sleep(chance.expovariate(1.0 / self._scenario.block_seconds))
            if self._is_buried:
                continue
            due = self._faults.is_due("chain_reorganised")
            depth = self._depth_that_hits(chain) if due else 0
            if depth and self._faults.strikes("chain_reorganised"):
                self._world.journal.note("reorganised", chain.coin, depth)
                chain.reorganise(depth, lambda _: chance.random() < 0.25)
            else:
                chain.mine()
            self._world.journal.note("block", chain.tip.block_hash)

    def bury(self) -> None:
        """Mine the last blocks: all that was received lies deep under them.

        Chance alone may leave a chain without a block for very long, or find one at the last
        moment, of which nobody could know yet.
        """
        self._is_buried = True
        for chain in self._world.chains.values():
            for _ in range(_BLOCKS_ABOVE):
                chain.mine()
                self._world.journal.note("block", chain.tip.block_hash)

    def _depth_that_hits(self, chain: SimulatedChain) -> int:
        """How many blocks to undo so that one with a live order's payment is among them."""
        live = self._world.observer.live_addresses(chain.coin)
        for depth, block in enumerate(chain.last_blocks(_DEEPEST_REORGANISATION), start=1):
            paid = {address for each in block.transactions for address, _ in each.outputs}
            if paid & live:
                return self._chance.randint(depth, _DEEPEST_REORGANISATION)
        return 0

    async def _set_clock(self) -> None:
        while True:
            await asyncio.sleep(self._chance.uniform(5.0, 15.0))
            if self._world.observer.live and self._faults.strikes("clock_step"):
                seconds = self._faults.chance("clock_step").uniform(-120.0, 120.0)
                self._world.journal.note("clock", seconds)
                self._world.clock.step(seconds)

    async def _cut_off(self) -> None:
        while True:
            await asyncio.sleep(self._chance.uniform(5.0, 15.0))
            for coin, chain in self._world.chains.items():
                if not self._world.observer.live_by_coin[coin] or not chain.is_reachable:
                    continue
                if self._faults.strikes("chain_unreachable"):
                    self._shoppers.begin(self._unreachable(chain))

    async def _unreachable(self, chain: SimulatedChain) -> None:
        chance = self._faults.chance("chain_unreachable")
        grace = self._scenario.rules.expiry_grace.total_seconds()
        seconds = chance.uniform(20.0, 150.0) if chance.random() < 0.4 else grace * 2.5 + 90.0
        world = self._world
        began_at, truly_began_at = world.clock.now(), world.clock.true_now()
        chain.is_reachable = False
        await asyncio.sleep(seconds)
        chain.is_reachable, chain.reachable_since = True, world.clock.true_now()
        was_there = world.base is not None and world.up_since < truly_began_at - _A_START
        if was_there and seconds > _ALERTED_AFTER_SECONDS + 2 * self._scenario.poll_seconds:
            world.alerts.lasted(f"{chain.coin} takes no orders", began_at, world.clock.now())

    # --- admins -----------------------------------------------------------------------------------

    async def _administer(self) -> None:
        while True:
            await asyncio.sleep(self._chance.uniform(20.0, 60.0))
            if not self.is_calm:
                await self.admins.stock(count=self._scenario.orders // 6 + 2)
            await self._let_people_back()

    async def _decide(self) -> None:
        while True:
            await asyncio.sleep(self._chance.uniform(5.0, 15.0) * self._scenario.gap_seconds)
            if not self.is_calm:
                self._shoppers.begin(self.admins.do_something())

    async def _let_people_back(self) -> None:
        for telegram_id in sorted(self._world.telegram.blocked):
            if self.is_calm or self._chance.random() < 0.1:
                await self._shoppers.unblock(telegram_id)
