"""All that addresses have ever received, read from a chain on its own, beside the watcher.

A client that reads blocks walks from a place before the oldest order to the tip, once for all
addresses. One that is asked for addresses is asked for a part of them at a time. What a backend no
longer keeps is said to be so, and never taken for not received.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from domain.payment import Sighting
from domain.reconciliation import Shown
from payments.chain import (
    AddressLook,
    ChainClient,
    ChainUnavailableError,
    Found,
    Known,
    Look,
    Place,
    sighting,
)
from payments.pages import pages
from payments.reach import Reach, ReachesBack, TellsHoldings

ADDRESSES_AT_ONCE = 200
_LOOKS_WITHOUT_NEWS = 10
_PAUSES_SECONDS = (1.0, 2.0, 4.0, 8.0)
_NOTHING_KNOWN = Known()
_SENT_AND_FORGOTTEN = (
    "it has sent coins, and the node keeps no states back to block {height}: ask an archive node"
)

Answer = TypeVar("Answer")


async def received_on(
    client: ChainClient,
    addresses: Sequence[str],
    since: datetime,
    *,
    now: Callable[[], datetime],
) -> Mapping[str, Shown]:
    """What each address has received since then; see `ChainReading`."""
    return await ChainReading(client, now=now).read(addresses, since)


class ChainReading:
    """One reading of a chain; the client is used by nobody else meanwhile, and stays open.

    `progress` is told how far it is, for people.
    """

    def __init__(
        self,
        client: ChainClient,
        *,
        now: Callable[[], datetime],
        progress: Callable[[str], None] = lambda _text: None,
    ) -> None:
        self._client = client
        self._now = now
        self._progress = progress
        self._addresses: Mapping[str, Known] = {}
        self._in_blocks: dict[str, dict[str, Found]] = {}
        self.reach = Reach()
        self.place: Place | None = None
        """The tip that was reached last."""

    async def read(
        self, addresses: Sequence[str], since: datetime, start: Place | None = None
    ) -> dict[str, Shown]:
        """What each address has received since then.

        `start`: where blocks are read, read them from here, and say nothing of those before.

        Raises:
            ChainUnavailableError: not now, tried several times.
            ChainRefusedError: never, as configured.
        """
        if isinstance(self._client, ReachesBack):
            client = self._client
            self.reach = await self._patiently(lambda: client.reach_back(since))
        self._addresses = dict.fromkeys(addresses, _NOTHING_KNOWN)
        if not self.reach.walks_blocks:
            return await self._ask(addresses)
        self.place = self.reach.place
        if start is not None and (self.place is None or start.height > self.place.height):
            self.place = start
            self.reach = Reach(
                place=start,
                tip=self.reach.tip,
                walks_blocks=True,
                begins_height=start.height,
            )
        return await self._walk(addresses)

    async def read_again(self, addresses: Sequence[str]) -> dict[str, Shown]:
        """The same a little later, for some of the addresses that were read."""
        return await (self._walk if self.reach.walks_blocks else self._ask)(addresses)

    # --- block by block ---------------------------------------------------------------------------

    async def _walk(self, addresses: Sequence[str]) -> dict[str, Shown]:
        while True:
            look = await self._look(self.place, self._addresses)
            if not isinstance(look, Look):
                raise TypeError("a client that walks over blocks answers with a Look")
            self._take_in(look)
            self.place = look.place
            if look.complete:
                return self._shown(look, addresses)
            tip = self.reach.tip or look.place
            self._progress(f"at block {look.place.height} of {tip.height}")

    def _take_in(self, look: Look) -> None:
        if look.fork_height is not None:
            for found in self._in_blocks.values():
                for name, each in tuple(found.items()):
                    if (each.block_height or 0) > look.fork_height:
                        del found[name]
        for each in look.in_blocks:
            self._in_blocks.setdefault(each.address, {})[each.receipt_id] = each

    def _shown(self, look: Look, addresses: Sequence[str]) -> dict[str, Shown]:
        waiting: dict[str, list[Found]] = {}
        for each in look.in_mempool:
            waiting.setdefault(each.address, []).append(each)
        return {
            address: Shown(
                sightings=_sightings(
                    [*self._in_blocks.get(address, {}).values(), *waiting.get(address, ())], look
                ),
                begins_height=self.reach.begins_height,
            )
            for address in addresses
        }

    # --- address by address -----------------------------------------------------------------------

    async def _ask(self, addresses: Sequence[str]) -> dict[str, Shown]:
        shown: dict[str, Shown] = {}
        for some in pages(addresses, ADDRESSES_AT_ONCE):
            if self.reach.keeps_states:
                shown |= await self._ask_some(some)
            else:
                shown |= await self._ask_holdings(some)
            if len(addresses) > len(shown):
                self._progress(f"{len(shown)} of {len(addresses)} addresses")
        return shown

    async def _ask_some(self, addresses: Sequence[str]) -> dict[str, Shown]:
        left = dict.fromkeys(addresses, _NOTHING_KNOWN)
        shown: dict[str, Shown] = {}
        without_news = 0
        while left:
            look = await self._look(self.reach.place, left)
            if not isinstance(look, AddressLook):
                raise TypeError("a client that is asked for addresses answers with an AddressLook")
            self.place = look.place
            answered = [address for address in left if address in look.receipts]
            for address in answered:
                del left[address]
                shown[address] = Shown(
                    sightings=_sightings(look.receipts[address], look),
                    begins_height=self.reach.begins_height,
                )
            without_news = 0 if answered or not look.complete else without_news + 1
            if without_news > _LOOKS_WITHOUT_NEWS:
                raise ChainUnavailableError(f"the backend says nothing of {len(left)} addresses")
        return shown

    async def _ask_holdings(self, addresses: Sequence[str]) -> dict[str, Shown]:
        client = self._client
        if not isinstance(client, TellsHoldings):
            raise TypeError("a client without states tells what addresses hold")
        self.place, held = await self._patiently(lambda: client.holdings(addresses))
        since = 0 if self.reach.place is None else self.reach.place.height
        why_not = _SENT_AND_FORGOTTEN.format(height=since)
        return {
            address: Shown(why_not=why_not)
            if held[address].has_sent
            else Shown(sum_base_units=held[address].base_units)
            for address in addresses
        }

    # --- both -------------------------------------------------------------------------------------

    async def _look(
        self, place: Place | None, addresses: Mapping[str, Known]
    ) -> Look | AddressLook:
        return await self._patiently(
            lambda: self._client.look(place, addresses, began_at=self._now())
        )

    async def _patiently(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        for pause_seconds in _PAUSES_SECONDS:
            try:
                return await ask()
            except ChainUnavailableError as error:
                self._progress(f"{error}; asking again in {pause_seconds:g} s")
                await asyncio.sleep(pause_seconds)
        return await ask()


def _sightings(several: Sequence[Found], look: Look | AddressLook) -> tuple[Sighting, ...]:
    return tuple(sighting(each, look.place.height, look.began_at) for each in several)
