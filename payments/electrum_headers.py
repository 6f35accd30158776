"""The chain of headers as an Electrum server shows it, followed from look to look."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from payments.block_headers import MEDIAN_OF_BLOCKS, BrokenHeaderError
from payments.chain import ChainUnavailableError, Place
from payments.electrum_server import ElectrumServer
from payments.header_chain import LONGEST_BLOCKS, HeaderChain
from payments.tip_check import Tip, require_in_step

HEADERS_A_CALL = 2016  # the most that servers give
BLOCKS_BELOW = 100
DEEPEST_FORK_BLOCKS = 1000  # as for other backends
_MOST_STEPS = 2000


class HeaderFollower:
    """Keeps a `HeaderChain` in step with a server; the chain outlives connections."""

    def __init__(self, coin: str, network: str) -> None:
        self._coin = coin
        self._network = network
        self._highest = -1
        self.chain = HeaderChain(coin, network)

    async def sync(self, server: ElectrumServer, place: Place | None, now: datetime) -> None:
        """Come to the tip that the server has announced, by way of a fork where there was one.

        `place` is where the shop was before, for the beginning.

        Raises:
            ChainUnavailableError: the server is behind, or shows headers that are no chain.
        """
        try:
            height = await server.announced_height()
            if self.chain.is_empty:
                await self._begin(server, height, place)
            await self._follow(server, height)
        except BrokenHeaderError as error:
            raise ChainUnavailableError(
                f"{server.name} shows a chain that is none: {error}"
            ) from None
        self._require_in_step(server, now)

    async def reach(self, server: ElectrumServer, height: int) -> bool:
        """Have the headers that the median time of a block needs; false where it is too old.

        Raises:
            ChainUnavailableError: the server shows headers that are no chain.
        """
        wanted = max(0, height - MEDIAN_OF_BLOCKS + 1)
        if wanted <= self.chain.tip_height - LONGEST_BLOCKS:
            return False
        while self.chain.lowest_height > wanted:
            lowest = self.chain.lowest_height
            begins = max(0, min(wanted, lowest - BLOCKS_BELOW), lowest - HEADERS_A_CALL)
            raws = await server.headers(begins, lowest - begins)
            try:
                await self._checked(partial(self.chain.reach_down, raws))
            except BrokenHeaderError as error:
                raise ChainUnavailableError(
                    f"{server.name} shows a chain that is none: {error}"
                ) from None
        return True

    async def _begin(self, server: ElectrumServer, height: int, place: Place | None) -> None:
        begins = max(0, (height if place is None else place.height) - BLOCKS_BELOW)
        if height < begins:
            raise ChainUnavailableError(
                f"{server.name} is at block {height} and the shop had seen block"
                f" {begins + BLOCKS_BELOW}: wait until it has caught up, or use the server that"
                " the shop had before"
            )
        raws = await server.headers(begins, min(HEADERS_A_CALL, height - begins + 1))
        await self._checked(partial(self.chain.begin, begins, raws))
        if place is not None:
            self._highest = max(self._highest, place.height)

    async def _follow(self, server: ElectrumServer, height: int) -> None:
        if height < self.chain.tip_height:
            self.chain.cut_above(max(height, self.chain.lowest_height))
        for _ in range(_MOST_STEPS):
            if not await self._step(server, height):
                return
        raise BrokenHeaderError("it never comes to an end")

    async def _step(self, server: ElectrumServer, height: int) -> bool:
        """Go on from our tip; false where it is the one announced."""
        tip = self.chain.tip_height
        raws = await server.headers(tip, min(HEADERS_A_CALL, height - tip + 1))
        if not raws or not self._is_tip(raws[0]):
            self.chain.cut_above(await self._fork_height(server))
            return True
        if len(raws) == 1:
            return False
        await self._checked(partial(self.chain.extend, raws[1:]))
        return True

    async def _fork_height(self, server: ElectrumServer) -> int:
        """The height of the last block that is both in our chain and in the server's."""
        tip = self.chain.tip_height
        for blocks in (BLOCKS_BELOW, DEEPEST_FORK_BLOCKS):
            begins = max(self.chain.lowest_height, tip - blocks + 1)
            raws = await server.headers(begins, tip - begins + 1)
            for height in range(begins + len(raws) - 1, begins - 1, -1):
                if self.chain.is_at(height, raws[height - begins]):
                    return height
        raise ChainUnavailableError(
            f"{server.name} left the chain that the shop followed more than"
            f" {BLOCKS_BELOW} blocks below block {tip}: is it the right server?"
        )

    def _is_tip(self, raw: bytes) -> bool:
        return self.chain.is_at(self.chain.tip_height, raw)

    def _require_in_step(self, server: ElectrumServer, now: datetime) -> None:
        tip = Tip(
            height=self.chain.tip_height,
            mined_at=datetime.fromtimestamp(self.chain.tip.unix_time, UTC),
        )
        require_in_step(
            tip, highest=self._highest, network=self._network, now=now, server_name=server.name
        )
        self._highest = tip.height

    async def _checked(self, take_in: Callable[[], None]) -> None:
        if self._network == "main":
            # Proofs of work take time, those of LTC a millisecond each.
            await asyncio.to_thread(take_in)
        else:
            take_in()
