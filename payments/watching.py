"""What a watcher knows of its addresses, and what follows from a look: no I/O, no clock.

Of each address it knows which receipts are in blocks and which in the mempool. What it reports is
all of that, and it is due when it differs, in what decisions depend on, from what was last taken.

Two delays are allowed for. An address may be told here a little after the shopper has it: a new one
makes the watcher go back to where it was `RECENT` ago. And the place that is put on disk lies as
far behind, so that the same holds after a crash.

What is known is changed in place (`payments.watch_state` says why).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from domain.payment import Sighting
from payments.chain import AddressLook, Found, Look, Place, sighting
from payments.watch_state import Gist, Sent, Target, Track, WatchState

RECENT = timedelta(seconds=60)
RESEND_AFTER = timedelta(seconds=5)

# Shared by all addresses of which nothing is known: a hundred thousand of them have none of their
# own to be made and kept.
_NONE_FOUND: Mapping[str, Found] = {}
_NONE_SEEN: Mapping[str, datetime] = {}
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that the chain shows of an address now."""

    order_id: int
    address: str
    sightings: tuple[Sighting, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What was read on the chain beside the watcher, of one address, up to and with `place`."""

    place: Place
    found: tuple[Found, ...]


def start_state(
    place: Place | None, targets: Iterable[tuple[Target, tuple[Sighting, ...]]] = ()
) -> WatchState:
    """What a watcher knows that was at `place` when it stopped (None: it never looked).

    `targets` are the addresses with what is on disk of each.
    """
    state = WatchState(place=place, passed=() if place is None else ((_LONG_AGO, place),))
    for target, recorded in targets:
        state.put(_new_track(target, recorded, 1, place))
    return state


def watch(
    state: WatchState,
    target: Target,
    recorded: tuple[Sighting, ...],
    now: datetime,
    beside: Beside | None = None,
) -> None:
    """Watch an address, or watch it longer or shorter.

    `recorded` is what is on disk of a new one. `beside` is what else is known to be in blocks which
    looks will not show again.
    """
    known = state.tracks.get(target.address)
    if known is not None:
        track = replace(known, target=target)
        # A look that shows all of an address would have shown these too.
        has_more = beside is not None and state.reads_blocks
        state.put(_with_beside(track, beside, state.place, now) if has_more else track)
        return
    place = _lower(state.place, _place_as_of(state, now - RECENT))
    if beside is not None:
        place = _lower(place, beside.place)
    track = _new_track(target, recorded, state.looks_begun + 1, place)
    state.put(_with_beside(track, beside, place, now))
    state.place, state.went_back = place, True


def begin_look(state: WatchState) -> None:
    """A look begins now, from `place`, at all addresses that are watched now."""
    state.looking_from, state.went_back = state.place, False
    state.looks_begun += 1


def apply_look(state: WatchState, look: Look, ended_at: datetime) -> None:
    """Take in what the look showed; where it is not complete, only what it showed of blocks."""
    state.reads_blocks = True
    start = state.looking_from or look.place
    base_height = start.height if look.fork_height is None else look.fork_height
    blocks, mempool = _by_address(look.in_blocks), _by_address(look.in_mempool)
    for address in dict.fromkeys((*state.busy(), *blocks, *mempool)):
        track = state.tracks.get(address)
        if track is not None:
            shown = (blocks.get(address, ()), mempool.get(address, ()))
            state.put(_seen_again(track, look, base_height, *shown))
    _reach(state, look.place, ended_at)


def apply_address_look(state: WatchState, look: AddressLook, ended_at: datetime) -> None:
    """Take in what is shown of each address that was looked at."""
    for address, receipts in look.receipts.items():
        track = state.tracks.get(address)
        if track is not None and (receipts or not track.is_empty):
            blocks = [each for each in receipts if each.block_height is not None]
            mempool = [each for each in receipts if each.block_height is None]
            state.put(_shown(track, look, {}, blocks, mempool))
    # Blocks of which it is not certain what they pay are read again after a restart. That a look
    # says nothing of an address decides nothing.
    not_shown = state.undecided - look.receipts.keys()
    state.undecided = (not_shown | look.undecided) & state.tracks.keys()
    state.held_at = (state.held_at or state.looking_from) if state.undecided else None
    _reach(state, look.place, ended_at)


def shows(state: WatchState, look: Look | AddressLook, address: str) -> bool:
    """Whether the look, the last that was begun, has looked at this address."""
    if isinstance(look, AddressLook):
        return address in look.receipts and address in state.tracks
    return is_covered(state, address)


def due_reports(
    state: WatchState, look: Look | AddressLook, asked: Collection[str], now: datetime
) -> tuple[Report, ...]:
    """What is to be told after a complete look; addresses in `asked` are reported in any case."""
    reports: list[Report] = []
    for address in dict.fromkeys((*state.busy(), *asked)):
        track = state.tracks.get(address)
        if track is None or not shows(state, look, address):
            continue
        gist = _gist(track, look.place.height)
        if address not in asked and not _is_due(track, gist, now):
            continue
        state.put(_told(track, gist, look.began_at, now))
        reports.append(
            Report(
                order_id=track.target.order_id,
                address=address,
                sightings=_sightings(track, look.place.height),
            )
        )
    return tuple(reports)


def taken(state: WatchState, address: str, began_at: datetime) -> None:
    """The report from the look begun at `began_at` was taken; an older one than was sent is not."""
    track = state.tracks.get(address)
    if track is not None and track.sent is not None and began_at >= track.sent.first_began_at:
        state.put(replace(track, taken=track.sent.gist, sent=None))


def forget_settled(state: WatchState, look: Look | AddressLook) -> None:
    """Forget the addresses whose time is over and of which nothing is open."""
    for track in state.ended_before(look.began_at):
        if shows(state, look, track.target.address) and _is_settled(track, look.place.height):
            state.forget(track)
        else:
            state.ends_again(track)


def place_to_record(state: WatchState, now: datetime) -> Place | None:
    """The place that may be put on disk: everything found up to it was taken; None: none may."""
    if state.place is None or any(state.tracks[each].taken is None for each in state.busy()):
        return None
    return _lower(_lower(state.place, _place_as_of(state, now - RECENT)), state.held_at)


def is_covered(state: WatchState, address: str) -> bool:
    """Whether the last look that was begun looks at this address."""
    track = state.tracks.get(address)
    return track is not None and track.first_look <= state.looks_begun


def _new_track(
    target: Target, recorded: tuple[Sighting, ...], first_look: int, place: Place | None
) -> Track:
    if not recorded:
        return Track(
            target=target,
            first_look=first_look,
            in_blocks=_NONE_FOUND,
            in_mempool=_NONE_FOUND,
            first_seen=_NONE_SEEN,
        )
    # What is recorded in blocks after the place is found again, or is gone.
    found = {each.receipt_id: found_again(target.address, each) for each in recorded}
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


def _with_beside(track: Track, beside: Beside | None, place: Place | None, now: datetime) -> Track:
    """The address with what was found in blocks up to the place; the others looks will show."""
    if beside is None or place is None:
        return track
    new = {
        each.receipt_id: each
        for each in beside.found
        if each.block_height is not None
        and each.block_height <= place.height
        and each.receipt_id not in track.in_blocks
    }
    if not new:
        return track
    return replace(
        track,
        in_blocks={**track.in_blocks, **new},
        first_seen={**dict.fromkeys(new, now), **track.first_seen},
        taken=None,
    )


def found_again(address: str, recorded: Sighting) -> Found:
    """What a look once found, from what was kept of it."""
    return Found(
        address=address,
        transaction_id=recorded.transaction_id,
        output_index=recorded.output_index,
        amount_base_units=recorded.amount_base_units,
        block_height=recorded.block_height,
        block_hash=recorded.block_hash,
        chain_time=recorded.chain_time,
        recorded_confirmations=recorded.confirmations,
    )


def _reach(state: WatchState, place: Place, ended_at: datetime) -> None:
    # Blocks that were read before a new address came must be read again for it.
    if not state.went_back or state.place is None:
        state.place = place
    state.passed = _passed(state, place, ended_at)


def _seen_again(
    track: Track, look: Look, base_height: int, blocks: Iterable[Found], mempool: Iterable[Found]
) -> Track:
    in_blocks = {
        receipt: found
        for receipt, found in track.in_blocks.items()
        if (found.block_height or 0) <= base_height
    }
    return _shown(track, look, in_blocks, blocks, mempool)


def _shown(
    track: Track,
    look: Look | AddressLook,
    kept: Mapping[str, Found],
    blocks: Iterable[Found],
    mempool: Iterable[Found],
) -> Track:
    """The address with these in blocks beside those that are kept, and these in the mempool."""
    in_blocks = {**kept, **{found.receipt_id: found for found in blocks}}
    in_mempool = {found.receipt_id: found for found in mempool}
    first_seen = dict.fromkeys((*in_blocks, *in_mempool), look.began_at)
    after = replace(
        track,
        in_blocks=in_blocks,
        in_mempool=in_mempool if look.complete else track.in_mempool,
        first_seen={**first_seen, **track.first_seen},
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
    shown = {**track.in_mempool, **track.in_blocks}
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
