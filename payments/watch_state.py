"""What a watcher keeps of its addresses (`payments.watching` has what follows from looks).

A shop may watch hundreds of thousands of addresses, at most of which nothing was ever seen. What is
known is therefore changed in place, and is kept so that neither a look nor a report costs more for
addresses that it does not concern.
"""

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from payments.chain import Found, Known, Place

Gist = tuple[tuple[str, int, str | None, bool], ...]
"""What decisions depend on: of each receipt its id, base units, block, and whether confirmed."""

# Shared by all addresses of which nothing is known.
_EMPTY_AND_URGENT = Known(urgent=True)
_EMPTY = Known(urgent=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An address to watch until `watch_until` (None: until told otherwise)."""

    order_id: int
    address: str
    confirmations_required: int
    watch_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A report that is on its way, sent first from the look begun at `first_began_at`."""

    gist: Gist
    first_began_at: datetime
    last_sent_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """What is known of one address. `first_look` is the number of the first look that covers it.

    `taken` is what was last taken, None while that is not certain.
    """

    target: Target
    first_look: int
    in_blocks: Mapping[str, Found] = field(default_factory=dict)
    in_mempool: Mapping[str, Found] = field(default_factory=dict)
    first_seen: Mapping[str, datetime] = field(default_factory=dict)
    taken: Gist | None = ()
    sent: Sent | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to see and nobody was told otherwise."""
        return not self.in_blocks and not self.in_mempool and self.taken == ()

    def known(self) -> Known:
        """What a client is told of it. Somebody waits for it as long as its time has no end."""
        is_urgent = self.target.watch_until is None
        if not self.in_blocks and not self.in_mempool:
            return _EMPTY_AND_URGENT if is_urgent else _EMPTY
        receipts = {**self.in_mempool, **self.in_blocks}
        return Known(receipts=tuple(receipts.values()), urgent=is_urgent)


@dataclass(slots=True, kw_only=True)
class WatchState:
    """All of it. `passed` are times and the places reached by then, oldest first.

    `looking_from` is where the look that is under way, number `looks_begun`, began. `undecided` are
    the addresses that a look left so and none has shown since; `held_at`, where the first of those
    looks began.
    """

    place: Place | None
    passed: tuple[tuple[datetime, Place], ...] = ()
    tracks: dict[str, Track] = field(default_factory=dict)
    looks_begun: int = 0
    reads_blocks: bool = False
    """Whether looks show what is new in blocks, and not all that addresses ever received."""
    looking_from: Place | None = None
    went_back: bool = False
    undecided: frozenset[str] = frozenset()
    held_at: Place | None = None
    _busy: dict[str, None] = field(default_factory=dict)
    """Addresses whose tracks are not empty; every look concerns them."""
    _ends: list[tuple[datetime, str]] = field(default_factory=list)
    """A heap of the times at which addresses need no watching any more; some were changed since."""
    _known: dict[str, Known] = field(default_factory=dict)
    """What clients are told of each address."""
    _addresses: Mapping[str, Known] | None = None
    """A copy of it that `addresses` gave last, where it still holds."""

    def addresses(self, asked: Iterable[str] = ()) -> Mapping[str, Known]:
        """All that are watched now, as a copy that stays as it is; those `asked` for are urgent."""
        if self._addresses is None:
            self._addresses = dict(self._known)
        hurried = {
            each: replace(self._known[each], urgent=True)
            for each in asked
            if each in self._known and not self._known[each].urgent
        }
        return {**self._addresses, **hurried} if hurried else self._addresses

    def put(self, track: Track) -> None:
        """Keep what is known of an address now."""
        target = track.target
        before = self.tracks.get(target.address)
        if target.watch_until is not None and (
            before is None or before.target.watch_until != target.watch_until
        ):
            heapq.heappush(self._ends, (target.watch_until, target.address))
        self.tracks[target.address] = track
        known = track.known()
        if self._known.get(target.address) != known:
            self._known[target.address], self._addresses = known, None
        if track.is_empty:
            self._busy.pop(target.address, None)
        else:
            self._busy[target.address] = None

    def busy(self) -> tuple[str, ...]:
        """The addresses of which something is known."""
        return tuple(self._busy)

    def ended_before(self, moment: datetime) -> list[Track]:
        """Those whose time is over; each once, unless `ends_again` says otherwise."""
        ended: list[Track] = []
        while self._ends and self._ends[0][0] < moment:
            until, address = heapq.heappop(self._ends)
            track = self.tracks.get(address)
            if track is not None and track.target.watch_until == until:
                ended.append(track)
        return ended

    def ends_again(self, track: Track) -> None:
        """It cannot be forgotten yet: name it the next time too."""
        if track.target.watch_until is not None:
            heapq.heappush(self._ends, (track.target.watch_until, track.target.address))

    def forget(self, track: Track) -> None:
        """Watch this address no more."""
        self.tracks.pop(track.target.address, None)
        self._busy.pop(track.target.address, None)
        self._known.pop(track.target.address, None)
        self._addresses = None
