"""What a chain client offers to a watcher, whatever the coin and whoever answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.payment import Sighting, receipt_id
from payments.tokens import TokenTransfer


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
    """One receipt on a watched address. `block_height` None: it is in the mempool.

    `confirmations` is given by a chain that counts them in another way than by blocks on top.
    `recorded_confirmations` is for what comes from the disk: so many had counted when it was kept.
    """

    address: str
    transaction_id: str
    output_index: int | None
    amount_base_units: int
    block_height: int | None
    block_hash: str | None
    chain_time: datetime
    confirmations: int | None = None
    recorded_confirmations: int = 0

    @property
    def receipt_id(self) -> str:
        """Unique for one address."""
        return receipt_id(self.transaction_id, self.output_index)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the shop knows of a watched address.

    `urgent`: somebody waits for this address, or it is new: it is looked at in every round,
    where a backend cannot look at all of them in each. `receipts` as they were last found.
    """

    receipts: tuple[Found, ...] = ()
    urgent: bool = True


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


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressLook:
    """What one look showed where a backend is asked address by address.

    `receipts` has each address that was looked at, with everything that the chain and, where there
    is one, the mempool show of it now; what is missing there is gone. An address that is not in
    it was not looked at, and nothing may be concluded of it. `place` is the tip that all of this
    belongs to: heights of receipts are never above it. Not `complete`: the backend is still on its
    way to the tip, and shows no address yet. `doubts` say for people where several backends do not
    agree, or an address cannot be read; `undecided` are the addresses that they are about. `tokens`
    pay nothing; each comes in one look at the least.
    """

    began_at: datetime
    place: Place
    receipts: Mapping[str, tuple[Found, ...]]
    complete: bool = True
    doubts: tuple[str, ...] = ()
    undecided: frozenset[str] = frozenset()
    tokens: tuple[TokenTransfer, ...] = ()


class ChainClient(Protocol):
    """One view of one chain. Not shared between actors; used in the loop of one thread."""

    async def look(
        self, place: Place | None, addresses: Mapping[str, Known], *, began_at: datetime
    ) -> Look | AddressLook:
        """See what the watched addresses have received, up to the tip.

        A client that reads blocks walks from `place` and answers with a `Look`; one that asks
        for addresses answers with an `AddressLook`. `addresses` are what is watched, with what is
        known of each. `place` None: the shop has never looked; start at the tip, for no
        address is older.

        Raises:
            ChainUnavailableError: not now.
            ChainRefusedError: never, as configured.
        """
        ...

    async def changed(self) -> None:
        """Return when the backend says that a look may show something new.

        Called again after each return; may be called while a look is under way. Where the
        backend does not push, it never returns; it may be cancelled at any time.

        Raises:
            ChainUnavailableError: the backend pushes, and cannot be reached now.
        """
        ...

    async def close(self) -> None:
        """Let go of what the client holds."""
        ...


class ChainConnector(Protocol):
    """A picklable recipe for a client."""

    @property
    def name(self) -> str:
        """The backend for people, without credentials."""
        ...

    @property
    def pushes(self) -> bool:
        """Whether the backend tells of news unasked, so that `changed` is worth a call."""
        ...

    def connect(self) -> ChainClient:
        """A new client; nothing is sent yet."""
        ...


async def check(connector: ChainConnector, now: datetime) -> None:
    """Look once at nothing, to learn whether the backend can serve the shop.

    Raises:
        ChainRefusedError: never, as configured: wrong credentials, wrong network.
        ChainUnavailableError: not now.
    """
    client = connector.connect()
    try:
        await client.look(None, {}, began_at=now)
    finally:
        await client.close()


def confirmations_of(found: Found, tip_height: int) -> int:
    """How many a find has at this height of the chain, unless its chain counts otherwise."""
    if found.confirmations is not None:
        return found.confirmations
    return 0 if found.block_height is None else tip_height - found.block_height + 1


def sighting(found: Found, tip_height: int, seen_at: datetime) -> Sighting:
    """What a find means at this height of the chain."""
    return Sighting(
        transaction_id=found.transaction_id,
        output_index=found.output_index,
        amount_base_units=found.amount_base_units,
        confirmations=confirmations_of(found, tip_height),
        block_height=found.block_height,
        block_hash=found.block_hash,
        chain_time=found.chain_time,
        seen_at=seen_at,
    )
