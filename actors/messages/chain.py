"""Between watchers, orders and the root."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from thespian.actors import ActorAddress

from domain.payment import Sighting

if TYPE_CHECKING:
    from actors.environment import Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One address to watch until `watch_until` (None: until told otherwise).

    `receipts` are those already recorded, as sightings; their confirmations are as many as are
    required where the order took them for confirmed, else 0.
    """

    order_id: int
    address: str
    confirmations_required: int
    watch_until: datetime | None
    receipts: tuple[Sighting, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StartWatcher:
    """The watcher's first message: its coin, its last place in the chain, and what to watch."""

    coin: str
    shop: ActorAddress
    ledger: ActorAddress
    place_height: int | None
    place_hash: str | None
    watched: tuple[Watched, ...]
    environment: "Environment"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBeside:
    """What was read on the chain beside the watcher: an address's receipts up to a block.

    `sightings` with the blocks that they are in.
    """

    height: int
    block_hash: str
    sightings: tuple[Sighting, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchAddress:
    """Watch this, or watch it longer or shorter than was said before.

    `read` is given where receipts may lie in blocks that the watcher has long left behind.
    """

    watched: Watched
    read: ReadBeside | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAtAddress:
    """Report on this address after the first look that begins at or after `not_before`.

    Answered by `PaymentSeen` to the root, or, where nothing was ever seen, by `NothingSeen` to
    whoever asked.
    """

    order_id: int
    address: str
    not_before: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingSeen:
    """To whoever asked for a look: the one begun at `began_at` shows nothing on this address.

    So did every look before it. It is said once, and not waited for to be taken.
    """

    order_id: int
    address: str
    began_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSeen:
    """All that the chain shows of an order's address, from a look begun at `began_at`.

    Sent again until `PaymentSeenTaken`, because the watcher's place in the chain moves on only
    when everything before it is on disk.
    """

    order_id: int
    coin: str
    address: str
    began_at: datetime
    sightings: tuple[Sighting, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSeenTaken:
    """What the report said is on disk, or was known."""

    order_id: int
    address: str
    began_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainHealth:
    """From watcher to root at every change: `why` is "" where the chain can be looked at."""

    coin: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokensArrived:
    """From watcher to root: tokens are on an order's address, which pay nothing.

    `amount` is for people. The same may be told again after a restart.
    """

    coin: str
    order_id: int
    contract: str
    amount: str
    transaction_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendsDisagree:
    """From watcher to root when backends of a coin have not agreed for a while, or one is away.

    `doubts` are texts for people, those alone of which the root has not heard.
    """

    coin: str
    doubts: tuple[str, ...]
