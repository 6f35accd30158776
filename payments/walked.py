"""A client that reads blocks, made to answer address by address as others do.

It keeps a place of its own, so that it may lag behind others that are asked beside it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from payments.chain import AddressLook, ChainClient, Found, Known, Look, Place


class AddressByAddress:
    """A client whose looks are all of the one kind."""

    def __init__(self, client: ChainClient) -> None:
        self._client = client
        self._place: Place | None = None
        self._in_blocks: dict[str, tuple[Found, ...]] = {}

    async def look(
        self, place: Place | None, addresses: Mapping[str, Known], *, began_at: datetime
    ) -> AddressLook:
        """See `ChainClient`; a place below the own one is gone back to."""
        start = lower(self._place, place)
        look = await self._client.look(start, addresses, began_at=began_at)
        if isinstance(look, AddressLook):
            self._place = look.place
            return look
        return self._taken_in(start or look.place, addresses, look)

    async def changed(self) -> None:
        """See `ChainClient`."""
        await self._client.changed()

    async def close(self) -> None:
        """See `ChainClient`."""
        await self._client.close()

    def _taken_in(self, start: Place, addresses: Mapping[str, Known], look: Look) -> AddressLook:
        base = start.height if look.fork_height is None else look.fork_height
        kept = {
            address: _up_to(base, self._in_blocks.get(address, known.receipts))
            for address, known in addresses.items()
        }
        self._in_blocks = _with(kept, look.in_blocks)
        self._place = look.place
        receipts = _with(self._in_blocks, look.in_mempool) if look.complete else {}
        return AddressLook(
            began_at=look.began_at, place=look.place, receipts=receipts, complete=look.complete
        )


def lower(own: Place | None, given: Place | None) -> Place | None:
    """The lower of two places; None: there is none."""
    if own is None or given is None:
        return own or given
    return own if own.height <= given.height else given


def _up_to(height: int, receipts: Iterable[Found]) -> tuple[Found, ...]:
    return tuple(
        each for each in receipts if each.block_height is not None and each.block_height <= height
    )


def _with(
    known: Mapping[str, tuple[Found, ...]], more: Iterable[Found]
) -> dict[str, tuple[Found, ...]]:
    """Both; what is found again stands as it was found last."""
    grown = dict(known)
    for found in more:
        others = (
            each for each in grown.get(found.address, ()) if each.receipt_id != found.receipt_id
        )
        grown[found.address] = (*others, found)
    return grown
