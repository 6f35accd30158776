"""A chain without nodes: transactions, a mempool, blocks, reorganisations; and a client for it.

What was really paid is known here, whatever the shop makes of it. Times of blocks and transactions
are true times: the network's clock is not the shop's.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from statistics import median_low

from payments.chain import ChainUnavailableError, Found, Look, Place

_FIRST_HEIGHT = 1_000
_BLOCKS_OF_MEDIAN = 11  # BIP 113
_WITH_OUTPUTS = ("BTC", "LTC")

_LONG_AGO = datetime.min.replace(tzinfo=UTC)

Output = tuple[str, int]
"""An address, and how many base units go there."""


@dataclass(slots=True, eq=False)
class Transaction:
    """One transaction to addresses of the shop.

    `appeared_at` is when the network first had it, `appeared_on_shop_clock` what the shop's clock
    said then. `chain_times` are all times by which the chain could prove it. `waits` keeps it out
    of blocks.
    """

    name: str
    outputs: tuple[Output, ...]
    appeared_at: datetime
    appeared_on_shop_clock: datetime
    block: "Block | None" = None
    in_mempool: bool = False
    mempool_time: datetime | None = None
    chain_times: list[datetime] = field(default_factory=list)
    most_confirmations: int = 0
    waits: bool = False
    visible_since: datetime = _LONG_AGO
    away_since: datetime = _LONG_AGO
    was_away: bool = False
    """It was neither in a block nor in the mempool for a while."""

    @property
    def is_visible(self) -> bool:
        """Whether a look shows it."""
        return self.in_mempool or self.block is not None


@dataclass(slots=True, eq=False)
class Block:
    """One block; `connected_at` is when it became part of the chain."""

    height: int
    block_hash: str
    previous: "Block | None"
    time: datetime
    median_time: datetime
    connected_at: datetime
    transactions: list[Transaction] = field(default_factory=list)


class SimulatedChain:
    """The one truth about one coin.

    Args:
        coin: its symbol.
        chance: decides which transactions a block takes.
        now: the true time.
        shop_now: what the shop's clock says.
    """

    def __init__(
        self,
        coin: str,
        chance: Random,
        now: Callable[[], datetime],
        shop_now: Callable[[], datetime],
    ) -> None:
        self.coin = coin
        self.is_reachable, self.reachable_since = True, now()
        self.received: dict[str, list[tuple[Transaction, int]]] = {}
        """By address: the transactions that ever paid it, with the number of the output."""
        self.transactions: dict[str, Transaction] = {}
        self._chance, self._now, self._shop_now = chance, now, shop_now
        self._mempool: dict[str, Transaction] = {}
        self._blocks_made = 0
        self._by_hash: dict[str, Block] = {}
        self._chain: list[Block] = []
        for _ in range(_BLOCKS_OF_MEDIAN + 1):
            self._connect([])

    @property
    def tip(self) -> Block:
        """The last block."""
        return self._chain[-1]

    # --- what payers do ---------------------------------------------------------------------------

    def pay(self, outputs: tuple[Output, ...], *, waits: bool = False) -> Transaction:
        """Put a transaction into the mempool."""
        transaction = Transaction(
            name=f"{self.coin}-{len(self.transactions):06d}",
            outputs=outputs,
            appeared_at=self._now(),
            appeared_on_shop_clock=self._shop_now(),
            waits=waits,
        )
        self.transactions[transaction.name] = transaction
        for index, (address, _) in enumerate(outputs):
            self.received.setdefault(address, []).append((transaction, index))
        self._to_mempool(transaction)
        return transaction

    def replace(self, old: Transaction) -> Transaction:
        """Pay the same with another fee, in place of one that is in the mempool."""
        self.drop(old)
        return self.pay(old.outputs)

    def drop(self, transaction: Transaction) -> None:
        """Take it out of the mempool: forgotten, or spent elsewhere."""
        self._mempool.pop(transaction.name, None)
        transaction.in_mempool, transaction.was_away = False, True
        transaction.away_since = self._now()

    def bring_back(self, transaction: Transaction) -> None:
        """Whoever made it sends it again."""
        if not transaction.is_visible:
            self._to_mempool(transaction)

    def _to_mempool(self, transaction: Transaction) -> None:
        if not transaction.in_mempool:
            transaction.visible_since = self._now()
        transaction.in_mempool, transaction.block = True, None
        transaction.mempool_time = self._now()
        transaction.chain_times.append(transaction.mempool_time)
        self._mempool[transaction.name] = transaction

    # --- blocks -----------------------------------------------------------------------------------

    def mine(self) -> None:
        """One block more, with most of what waits."""
        ready = [each for each in self._mempool.values() if not each.waits]
        self._connect([each for each in ready if self._chance.random() < 0.9])

    def reorganise(self, depth: int, lost: Callable[[Transaction], bool]) -> None:
        """Undo the last blocks; one more than those take their place.

        What was in them returns to the mempool, unless `lost`: then it was spent elsewhere.
        """
        undone = [self._disconnect() for _ in range(depth)]
        for block in reversed(undone):
            for transaction in block.transactions:
                transaction.block = None
                if lost(transaction):
                    transaction.was_away, transaction.away_since = True, self._now()
                else:
                    self._to_mempool(transaction)
        for _ in range(depth + 1):
            ready = [each for each in self._mempool.values() if not each.waits]
            self._connect([each for each in ready if self._chance.random() < 0.2])

    def last_blocks(self, count: int) -> list[Block]:
        """The last blocks, the newest first."""
        return self._chain[: -count - 1 : -1]

    def _connect(self, taken: list[Transaction]) -> None:
        before = [block.time for block in self._chain[-_BLOCKS_OF_MEDIAN:]]
        self._blocks_made += 1
        height = _FIRST_HEIGHT + len(self._chain)
        now = self._now()
        block = Block(
            height=height,
            block_hash=f"{self.coin}-block-{height}-{self._blocks_made}",
            previous=self._chain[-1] if self._chain else None,
            time=now,
            median_time=median_low(before) if before else now,
            connected_at=now,
            transactions=taken,
        )
        for transaction in taken:
            del self._mempool[transaction.name]
            transaction.in_mempool, transaction.block = False, block
            transaction.chain_times.append(block.median_time)
        self._chain.append(block)
        self._by_hash[block.block_hash] = block

    def _disconnect(self) -> Block:
        for block in self._chain[-6:]:
            for transaction in block.transactions:
                depth = self.confirmations(transaction)
                transaction.most_confirmations = max(transaction.most_confirmations, depth)
        return self._chain.pop()

    # --- what is so -------------------------------------------------------------------------------

    @property
    def has_outputs(self) -> bool:
        """Whether receipts are outputs of transactions, or whole transactions."""
        return self.coin in _WITH_OUTPUTS

    def output_index(self, index: int) -> int | None:
        """The number under which the shop gets to know an output."""
        return index if self.has_outputs else None

    def receipt_name(self, transaction: Transaction, index: int) -> str:
        """What the shop calls it."""
        return f"{transaction.name}:{index}" if self.has_outputs else transaction.name

    def output(self, name: str, index: int | None) -> tuple[Transaction, Output] | None:
        """A transaction and one of its outputs, by what the shop knows of it."""
        transaction = self.transactions.get(name)
        if transaction is None or self.has_outputs != (index is not None):
            return None
        if not 0 <= (index or 0) < len(transaction.outputs):
            return None
        return transaction, transaction.outputs[index or 0]

    def confirmations(self, transaction: Transaction) -> int:
        """How deep it lies now."""
        block = transaction.block
        return 0 if block is None else self.tip.height - block.height + 1

    def was_confirmed(self, transaction: Transaction, required: int) -> bool:
        """Whether it lies so deep, or ever did."""
        return max(transaction.most_confirmations, self.confirmations(transaction)) >= required

    def confirmed_since(self, transaction: Transaction, required: int) -> datetime | None:
        """Since when it has been lying so deep without a break; None where it does not."""
        if transaction.block is None or self.confirmations(transaction) < required:
            return None
        index = transaction.block.height - _FIRST_HEIGHT + required - 1
        return self._chain[index].connected_at

    def view(
        self,
        place: Place | None,
        addresses: Mapping[str, object],
        began_at: datetime,
        most_blocks: Callable[[int], int],
    ) -> Look:
        """What a client finds that walks from `place`, at most so many of the blocks there are."""
        start = fork = self.tip if place is None else self._by_hash[place.block_hash]
        while self._chain[fork.height - _FIRST_HEIGHT :][:1] != [fork]:
            if fork.previous is None:
                raise AssertionError("the first block is never undone")
            fork = fork.previous
        blocks = self._chain[fork.height - _FIRST_HEIGHT + 1 :]
        walked = blocks[: most_blocks(len(blocks))]
        complete = len(walked) == len(blocks)
        end = walked[-1] if walked else fork
        found = [each for block in walked for each in block.transactions]
        waiting = list(self._mempool.values()) if complete else []
        return Look(
            began_at=began_at,
            place=Place(height=end.height, block_hash=end.block_hash),
            fork_height=None if fork is start else fork.height,
            in_blocks=self._found(found, addresses),
            in_mempool=self._found(waiting, addresses),
            complete=complete,
        )

    def _found(
        self, transactions: list[Transaction], addresses: Mapping[str, object]
    ) -> tuple[Found, ...]:
        return tuple(
            Found(
                address=address,
                transaction_id=transaction.name,
                output_index=self.output_index(index),
                amount_base_units=amount,
                block_height=None if transaction.block is None else transaction.block.height,
                block_hash=None if transaction.block is None else transaction.block.block_hash,
                chain_time=_chain_time(transaction),
            )
            for transaction in transactions
            for index, (address, amount) in enumerate(transaction.outputs)
            if address in addresses
        )


def _chain_time(transaction: Transaction) -> datetime:
    if transaction.block is not None:
        return transaction.block.median_time
    return transaction.mempool_time or transaction.appeared_at


@dataclass(frozen=True, slots=True, kw_only=True)
class LookMade:
    """A look that was answered in full; `began_at` by the shop's clock, the others truly."""

    began_at: datetime
    truly_began_at: datetime
    ended_at: datetime


@dataclass(slots=True)
class SimulatedClient:
    """The shop's view of a chain, as slow and as incomplete as chance makes it.

    Also its own recipe: `connect` gives it away. `delay` and `most_blocks` draw how slow a look is
    and how far it comes.
    """

    chain: SimulatedChain
    chance: Random
    now: Callable[[], datetime]
    delay_seconds: Callable[[], float]
    most_blocks: Callable[[int], int]
    looks: deque[LookMade] = field(default_factory=lambda: deque(maxlen=200))
    disturbed_at: datetime = _LONG_AGO
    """When a look was last made slow or incomplete."""

    name = "the chain"
    pushes = False

    def connect(self) -> "SimulatedClient":
        """A client."""
        return self

    async def look(
        self, place: Place | None, addresses: Mapping[str, object], *, began_at: datetime
    ) -> Look:
        """All of it is of one moment between the beginning and the end.

        Raises:
            ChainUnavailableError: the chain is out of reach.
        """
        truly_began_at = self.now()
        before = self.delay_seconds()
        after = self.chance.uniform(0.01, 0.5)
        if self.chance.random() < 0.5:
            before, after = after, before
        await asyncio.sleep(before)
        if not self.chain.is_reachable:
            raise ChainUnavailableError("the node does not answer")
        look = self.chain.view(place, addresses, began_at, self.most_blocks)
        await asyncio.sleep(after)
        if look.complete:
            made = LookMade(began_at=began_at, truly_began_at=truly_began_at, ended_at=self.now())
            self.looks.append(made)
        return look

    async def changed(self) -> None:
        """Never."""
        await asyncio.Event().wait()

    async def close(self) -> None:
        """Nothing is held."""
