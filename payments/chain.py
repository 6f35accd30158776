"""What a chain client offers to a watcher, whatever the coin and whoever answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.payment import Sighting, receipt_id


class ChainUnavailableError(Exception):
    """The chain cannot be looked at now; the text says why, without credentials."""


class ChainRefusedError(Exception):
    """The node answers, and will never serve us as configured: wrong password, wrong network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place in the chain: everything up to and with this block has been taken in."""

    height: int
    block_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One receipt on a watched address. `block_height` None: it is in the mempool."""

    address: str
    transaction_id: str
    output_index: int | None
    amount_base_units: int
    block_height: int | None
    block_hash: str | None
    chain_time: datetime

    @property
    def receipt_id(self) -> str:
        """Unique for one address."""
        return receipt_id(self.transaction_id, self.output_index)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look at the chain showed.

    `fork_height`: blocks above it that were taken in before are no longer of the chain, and what
    was found in them counts no more unless it is found again; None where nothing was undone.
    `in_blocks`: receipts in blocks after the place (after the fork, where there was one).

    A complete look reached the tip, and all of it is of one moment: `in_mempool` is then every
    receipt on watched addresses in the mempool. An incomplete one stopped on the way, so that a
    long way is walked in several looks: its `place` is how far it came, `in_mempool` is empty, and
    nothing may be concluded from what it does not show.
    """

    began_at: datetime
    place: Place
    fork_height: int | None
    in_blocks: tuple[Found, ...]
    in_mempool: tuple[Found, ...]
    complete: bool = True


class ChainClient(Protocol):
    """One view of one chain. Not shared between actors."""

    async def look(
        self, place: Place | None, addresses: Mapping[str, object], *, began_at: datetime
    ) -> Look:
        """Walk from `place` towards the tip and read the mempool.

        The keys of `addresses` are what is watched. `place` None: the shop has never looked; start
        at the tip, for no address is older.

        Raises:
            ChainUnavailableError: not now.
            ChainRefusedError: never, as configured.
        """
        ...

    async def close(self) -> None:
        """Let go of what the client holds."""
        ...


class ChainConnector(Protocol):
    """A picklable recipe for a client."""

    def connect(self) -> ChainClient:
        """A new client; nothing is sent yet."""
        ...


def sighting(found: Found, tip_height: int, seen_at: datetime) -> Sighting:
    """What a find means at this height of the chain."""
    confirmations = 0 if found.block_height is None else tip_height - found.block_height + 1
    return Sighting(
        transaction_id=found.transaction_id,
        output_index=found.output_index,
        amount_base_units=found.amount_base_units,
        confirmations=confirmations,
        block_height=found.block_height,
        block_hash=found.block_hash,
        chain_time=found.chain_time,
        seen_at=seen_at,
    )
