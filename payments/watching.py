"""What a watcher knows of its addresses, and what follows from a look. Pure: no I/O, no clock.

Of each address it knows which receipts are in blocks and which in the mempool. What it reports is
all of that, and it is due when it differs, in what decisions depend on, from what was last taken.

Two delays are allowed for. An address may be told here a little after the shopper has it: a new one
makes the watcher go back to where it was `RECENT` ago. And the place that is put on disk lies as
far behind, so that the same holds after a crash.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from domain.payment import Sighting
from payments.chain import Found, Look, Place, sighting

RECENT = timedelta(seconds=60)
RESEND_AFTER = timedelta(seconds=5)

_LONG_AGO = datetime.min.replace(tzinfo=UTC)

Gist = tuple[tuple[str, int, str | None, bool], ...]
"""What decisions depend on: of each receipt its id, base units, block, and whether confirmed."""


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
    in_blocks: dict[str, Found] = field(default_factory=dict)
    in_mempool: dict[str, Found] = field(default_factory=dict)
    first_seen: dict[str, datetime] = field(default_factory=dict)
    taken: Gist | None = ()
    sent: Sent | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to see and nobody was told otherwise."""
        return not self.in_blocks and not self.in_mempool and self.taken == ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchState:
    """All of it. `passed` are times and the places reached by then, oldest first.

    `looking_from` is where the look that is under way, number `looks_begun`, began.
    """

    place: Place | None
    passed: tuple[tuple[datetime, Place], ...] = ()
    tracks: dict[str, Track] = field(default_factory=dict)
    looks_begun: int = 0
    looking_from: Place | None = None
    went_back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that the chain shows of an address now."""

    order_id: int
    address: str
    sightings: tuple[Sighting, ...]


def start_state(
    place: Place | None, targets: Iterable[tuple[Target, tuple[Sighting, ...]]] = ()
) -> WatchState:
    """What a watcher knows that was at `place` when it stopped (None: it never looked).

    `targets` are the addresses with what is on disk of each.
    """
    return WatchState(
        place=place,
        passed=() if place is None else ((_LONG_AGO, place),),
        tracks={
            target.address: _new_track(target, recorded, 1, place) for target, recorded in targets
        },
    )


def watch(
    state: WatchState, target: Target, recorded: tuple[Sighting, ...], now: datetime
) -> WatchState:
    """Watch an address, or watch it longer or shorter.

    `recorded` is what is on disk of a new one.
    """
    known = state.tracks.get(target.address)
    if known is not None:
        changed = replace(known, target=target)
        return replace(state, tracks={**state.tracks, target.address: changed})
    place = _lower(state.place, _place_as_of(state, now - RECENT))
    track = _new_track(target, recorded, state.looks_begun + 1, place)
    tracks = {**state.tracks, target.address: track}
    return replace(state, place=place, went_back=True, tracks=tracks)


def begin_look(state: WatchState) -> WatchState:
    """A look begins now, from `place`, at all addresses that are watched now."""
    return replace(
        state, looking_from=state.place, looks_begun=state.looks_begun + 1, went_back=False
    )


def apply_look(state: WatchState, look: Look, ended_at: datetime) -> WatchState:
    """Take in what the look showed; where it is not complete, only what it showed of blocks."""
    start = state.looking_from or look.place
    base_height = start.height if look.fork_height is None else look.fork_height
    blocks, mempool = _by_address(look.in_blocks), _by_address(look.in_mempool)
    tracks = dict(state.tracks)
    for address, track in state.tracks.items():
        if track.is_empty and address not in blocks and address not in mempool:
            continue
        tracks[address] = _seen_again(
            track, look, base_height, blocks.get(address, ()), mempool.get(address, ())
        )
    # Blocks that were read before a new address came must be read again for it.
    place = state.place if state.went_back and state.place is not None else look.place
    return replace(state, tracks=tracks, place=place, passed=_passed(state, look.place, ended_at))


def due_reports(
    state: WatchState, look: Look, asked: Collection[str], now: datetime
) -> tuple[WatchState, tuple[Report, ...]]:
    """What is to be told after a complete look; addresses in `asked` are reported in any case."""
    tracks, reports = dict(state.tracks), []
    for address, track in state.tracks.items():
        if not is_covered(state, address) or (track.is_empty and address not in asked):
            continue
        gist = _gist(track, look.place.height)
        if address not in asked and not _is_due(track, gist, now):
            continue
        tracks[address] = _told(track, gist, look.began_at, now)
        reports.append(
            Report(
                order_id=track.target.order_id,
                address=address,
                sightings=_sightings(track, look.place.height),
            )
        )
    return replace(state, tracks=tracks), tuple(reports)


def taken(state: WatchState, address: str, began_at: datetime) -> WatchState:
    """The report from the look begun at `began_at` was taken; an older one than was sent is not."""
    track = state.tracks.get(address)
    if track is None or track.sent is None or began_at < track.sent.first_began_at:
        return state
    settled = replace(track, taken=track.sent.gist, sent=None)
    return replace(state, tracks={**state.tracks, address: settled})


def forget_settled(state: WatchState, look: Look) -> WatchState:
    """Without the addresses whose time is over and of which nothing is open."""
    over = [
        address
        for address, track in state.tracks.items()
        if track.target.watch_until is not None
        and track.target.watch_until < look.began_at
        and is_covered(state, address)
        and _is_settled(track, look.place.height)
    ]
    if not over:
        return state
    return replace(state, tracks={a: t for a, t in state.tracks.items() if a not in set(over)})


def place_to_record(state: WatchState, now: datetime) -> Place | None:
    """The place that may be put on disk: everything found up to it was taken; None: none may."""
    if state.place is None or any(track.taken is None for track in state.tracks.values()):
        return None
    return _lower(state.place, _place_as_of(state, now - RECENT))


def is_covered(state: WatchState, address: str) -> bool:
    """Whether the last look that was begun looks at this address."""
    track = state.tracks.get(address)
    return track is not None and track.first_look <= state.looks_begun


def _new_track(
    target: Target, recorded: tuple[Sighting, ...], first_look: int, place: Place | None
) -> Track:
    # What is recorded in blocks after the place is found again, or is gone.
    found = {each.receipt_id: _found(target.address, each) for each in recorded}
    height = -1 if place is None else place.height
    return Track(
        target=target,
        first_look=first_look,
        in_blocks={
            receipt: each
            for receipt, each in found.items()
            if each.block_height is not None and each.block_height <= height
        },
        first_seen={each.receipt_id: each.seen_at for each in recorded},
        # Whether the order took them for confirmed is not known here, so they are told again.
        taken=None if recorded else (),
    )


def _found(address: str, recorded: Sighting) -> Found:
    return Found(
        address=address,
        transaction_id=recorded.transaction_id,
        output_index=recorded.output_index,
        amount_base_units=recorded.amount_base_units,
        block_height=recorded.block_height,
        block_hash=recorded.block_hash,
        chain_time=recorded.chain_time,
    )


def _seen_again(
    track: Track, look: Look, base_height: int, blocks: Iterable[Found], mempool: Iterable[Found]
) -> Track:
    in_blocks = {
        receipt: found
        for receipt, found in track.in_blocks.items()
        if (found.block_height or 0) <= base_height
    }
    in_blocks |= {found.receipt_id: found for found in blocks}
    in_mempool = {found.receipt_id: found for found in mempool}
    first_seen = dict.fromkeys((*in_blocks, *in_mempool), look.began_at)
    after = replace(
        track,
        in_blocks=in_blocks,
        in_mempool=in_mempool if look.complete else track.in_mempool,
        first_seen=first_seen | track.first_seen,
    )
    changed = _gist(after, look.place.height) != track.taken
    # Uncertain from the moment that there is news, so that the place on disk waits for it.
    return replace(after, taken=None) if changed else after


def _gist(track: Track, tip_height: int) -> Gist:
    return tuple(
        (
            each.receipt_id,
            each.amount_base_units,
            each.block_hash,
            each.confirmations >= track.target.confirmations_required,
        )
        for each in _sightings(track, tip_height)
    )


def _sightings(track: Track, tip_height: int) -> tuple[Sighting, ...]:
    # A receipt is in both for the time of an incomplete look; its block then counts.
    shown = track.in_mempool | track.in_blocks
    several = (
        sighting(found, tip_height, track.first_seen[receipt])
        for receipt, found in sorted(shown.items())
    )
    most = track.target.confirmations_required
    return tuple(replace(each, confirmations=min(each.confirmations, most)) for each in several)


def _is_due(track: Track, gist: Gist, now: datetime) -> bool:
    if track.taken == gist:
        return False
    if track.sent is None or track.sent.gist != gist:
        return True
    # The distance, for a clock may be set back.
    return abs(now - track.sent.last_sent_at) >= RESEND_AFTER


def _told(track: Track, gist: Gist, began_at: datetime, now: datetime) -> Track:
    if track.sent is not None and track.sent.gist == gist:
        return replace(track, sent=replace(track.sent, last_sent_at=now))
    known = track.taken if track.taken == gist else None
    sent = Sent(gist=gist, first_began_at=began_at, last_sent_at=now)
    return replace(track, sent=sent, taken=known)


def _is_settled(track: Track, tip_height: int) -> bool:
    gist = _gist(track, tip_height)
    return track.taken == gist and all(confirmed for _, _, _, confirmed in gist)


def _by_address(several: tuple[Found, ...]) -> dict[str, list[Found]]:
    grouped: dict[str, list[Found]] = {}
    for found in several:
        grouped.setdefault(found.address, []).append(found)
    return grouped


def _place_as_of(state: WatchState, moment: datetime) -> Place | None:
    """The last place that was reached by then, or the oldest that is known."""
    by_then = [place for reached_at, place in state.passed if reached_at <= moment]
    if by_then:
        return by_then[-1]
    return state.passed[0][1] if state.passed else state.place


def _lower(one: Place | None, other: Place | None) -> Place | None:
    if one is None or other is None:
        return one or other
    return other if other.height < one.height else one


def _passed(state: WatchState, place: Place, now: datetime) -> tuple[tuple[datetime, Place], ...]:
    # Where the clock was set back, what was reached "later" was reached by now.
    passed = [(min(reached_at, now), each) for reached_at, each in state.passed]
    if not passed or passed[-1][1] != place:
        passed.append((now, place))
    old = sum(reached_at <= now - RECENT for reached_at, _ in passed)
    return tuple(passed[max(0, old - 1) :])
