"""What accounts have received, read block by block, where the node keeps no states of so long ago.

After a stop most public nodes can only be asked for the blocks since then. They are read once for
all accounts that changed meanwhile, in several looks if need be: what was read is kept until the
next one goes on with it, also where the node refuses to give more for now. What transactions do not
explain of an account that has sent nothing meanwhile is taken for received at the end.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from loguru import logger

from payments.chain import ChainUnavailableError, Found, Place
from payments.ethereum_inflow import Stretch, internal_receipt, paid_in
from payments.ethereum_node import AccountState, Block, EthereumNode
from payments.patience import Patience

BLOCKS_READ_AT_ONCE = 20
# About a fortnight of blocks; more than the shop watches an address would take hours to read.
MOST_BLOCKS_READ = 100_000
REMEMBERED_BLOCKS = 200
READING_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An account whose stretch is to be read; `known` are its receipts of before."""

    stretch: Stretch
    known: tuple[Found, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """Of what an account got after a height, to be as it is now, something is not known yet."""

    after: int
    end_state: AccountState


@dataclass(slots=True)
class _Reading:
    """One way through the blocks above the height `after`, for the accounts that began together.

    `passed` are the latest blocks that were read; `found` has what each address got up to the last.
    """

    wanted: dict[str, Wanted]
    after: int
    passed: deque[Place] = field(default_factory=lambda: deque(maxlen=REMEMBERED_BLOCKS))
    found: dict[str, list[Found]] = field(default_factory=dict)

    @property
    def reached(self) -> Place | None:
        return self.passed[-1] if self.passed else None

    @property
    def height(self) -> int:
        return self.passed[-1].height if self.passed else self.after

    def undo_last(self) -> None:
        """The last block is no longer of the chain; beyond what is remembered, all begins anew."""
        self.passed.pop()
        for address, found in self.found.items():
            self.found[address] = [
                each for each in found if self.passed and (each.block_height or 0) <= self.height
            ]


class CatchUp:
    """The readings of one client that are under way."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._readings: list[_Reading] = []

    @property
    def addresses(self) -> frozenset[str]:
        """Those of which something is being read."""
        return frozenset(address for reading in self._readings for address in reading.wanted)

    def keep(self, owed: Mapping[str, Owed]) -> None:
        """Forget what is being read of all others, and of those that are known less far now.

        The latter a reorganisation has taken back: they begin again.
        """
        for reading in self._readings:
            reading.wanted = {
                address: began
                for address, began in reading.wanted.items()
                if address in owed and began.stretch.after <= owed[address].after
            }
        self._readings = [each for each in self._readings if each.wanted]

    async def read(
        self, node: EthereumNode, new: Mapping[str, Wanted], owed: Mapping[str, Owed], head: Block
    ) -> dict[str, tuple[Found, ...]]:
        """The receipts of those accounts that were read up to the head; others need more looks.

        `new` ones begin, those of which something is being read go on. All of them are `owed`, as
        they are at the head. `done` forgets those that were taken.
        """
        if new:
            lowest = min(each.stretch.after for each in new.values())
            after = max(lowest, head.place.height - MOST_BLOCKS_READ)
            self._readings.append(_Reading(wanted=dict(new), after=after))
        patience = Patience(READING_SECONDS)
        # The shortest way first: one that is long, or refused for good, holds no other up.
        for reading in sorted(self._readings, key=lambda each: each.height, reverse=True):
            try:
                await self._go_on(node, reading, head, patience)
            except ChainUnavailableError as error:
                logger.warning(
                    "{}: reading blocks stopped at {}, to be gone on with: {}",
                    self._name,
                    reading.height,
                    error,
                )
        return {
            address: _received(each, reading.found.get(address, []), head, owed[address].end_state)
            for reading in self._readings
            if reading.reached == head.place
            for address, each in reading.wanted.items()
        }

    def done(self, addresses: Iterable[str]) -> None:
        """What was read of these has been taken."""
        for reading in self._readings:
            for address in addresses:
                reading.wanted.pop(address, None)
        self._readings = [each for each in self._readings if each.wanted]

    async def _go_on(
        self, node: EthereumNode, reading: _Reading, head: Block, patience: Patience
    ) -> None:
        while reading.reached is not None and not await _is_of_chain(node, reading.reached, head):
            reading.undo_last()
        while reading.height < head.place.height and not patience.is_over():
            first = reading.height + 1
            last = min(head.place.height, reading.height + BLOCKS_READ_AT_ONCE)
            for block in await node.blocks(range(first, last + 1)):
                if reading.reached not in (None, _parent_of(block)):
                    raise ChainUnavailableError(f"{self._name} has exchanged blocks meanwhile")
                for address, found in await paid_in(node, block, reading.wanted):
                    reading.found.setdefault(address, []).append(found)
                reading.passed.append(block.place)


async def _is_of_chain(node: EthereumNode, place: Place, head: Block) -> bool:
    if place.height > head.place.height:
        return False
    return place == head.place or await node.block_hash(place.height) == place.block_hash


def _parent_of(block: Block) -> Place:
    return Place(height=block.place.height - 1, block_hash=block.parent_hash)


def _received(
    began: Wanted, read: Iterable[Found], head: Block, end_state: AccountState
) -> tuple[Found, ...]:
    """From where the account was known to the head, at which it is in `end_state`."""
    after = began.stretch.after
    found = [each for each in read if (each.block_height or 0) > after]
    unexplained = (
        end_state.balance_wei
        - began.stretch.before_state.balance_wei
        - sum(each.amount_base_units for each in found)
    )
    # Where something was sent, nobody can tell how much came without a transaction. What was sent
    # before the shop was started counts as sent meanwhile, for nobody knows the state of then.
    has_sent = end_state.nonce != began.stretch.before_state.nonce
    if not has_sent and unexplained > 0:
        known = [*began.known, *found]
        found.append(internal_receipt(head, began.stretch.address, unexplained, known))
    return tuple(found)
