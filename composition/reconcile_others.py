"""What one backend alone shows of an address is held to the others, before the shop takes it up.

A reconciliation is read from the first backend that answers, and what it finds missed goes into the
books past the watcher's own look, for blocks are not read twice. So money that only one backend
shows would be believed, though the shop has several in order that none is believed alone.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from loguru import logger

from domain.payment import Sighting
from domain.reconciliation import Entry, Finding, Shown
from payments.chain import (
    ChainConnector,
    ChainRefusedError,
    ChainUnavailableError,
    Place,
)
from payments.received import ChainReading

ONE_ALONE = "another backend does not show it so"
NO_OTHER = "no other backend could be asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """The backends beside the one that was read; `since` and `start` as for a `ChainReading`."""

    connectors: tuple[ChainConnector, ...]
    since: datetime
    start: Place | None
    now: Callable[[], datetime]


async def held_to_others(entries: Iterable[Entry], others: Others) -> list[Entry]:
    """The entries, those in doubt marked as such.

    A receipt in a block that was missed is borne out where all others that can tell, and at least
    one, show it in a block with the same amount. It counts from the latest block of those.
    """
    entries = list(entries)
    missed = sorted({each.address for each in entries if _is_to_be_taken_up(each)})
    if not missed or not others.connectors:
        return entries
    views = [each for each in [await _read(c, missed, others) for c in others.connectors] if each]
    return [_judged(each, views) if _is_to_be_taken_up(each) else each for each in entries]


async def _read(
    connector: ChainConnector, addresses: Sequence[str], others: Others
) -> Mapping[str, Shown] | None:
    """What it shows of each; None where it cannot be asked."""
    try:
        client = connector.connect()
        try:
            reading = ChainReading(client, now=others.now)
            return await reading.read(addresses, others.since, others.start)
        finally:
            await client.close()
    except (ChainUnavailableError, ChainRefusedError) as error:
        logger.warning("{} is not asked what it shows: {}", connector.name, error)
    except Exception as error:  # noqa: BLE001 - one that breaks must not end what another began
        logger.opt(exception=error).error("{} broke when it was asked", connector.name)
    return None


def _is_to_be_taken_up(entry: Entry) -> bool:
    shown = entry.shown
    return entry.finding is Finding.MISSED and shown is not None and shown.block_height is not None


def _judged(entry: Entry, views: Sequence[Mapping[str, Shown]]) -> Entry:
    sighting = entry.shown
    shown = [view[entry.address] for view in views]
    witnesses = [each for each in shown if sighting is not None and _can_tell(each, sighting)]
    if sighting is None or not witnesses:
        return replace(entry, doubt=NO_OTHER)
    alike = [_alike(sighting, each) for each in witnesses]
    borne_out = [each for each in alike if each is not None]
    if len(borne_out) < len(witnesses):
        return replace(entry, doubt=ONE_ALONE)
    latest = max([sighting, *borne_out], key=lambda each: each.block_height or 0)
    return replace(entry, shown=latest)


def _can_tell(shown: Shown, sighting: Sighting) -> bool:
    """Whether it would show this receipt, if it were there, as one of its own."""
    begins, height = shown.begins_height, sighting.block_height
    is_before = begins is not None and height is not None and height <= begins
    return not shown.why_not and shown.sum_base_units is None and not is_before


def _alike(sighting: Sighting, shown: Shown) -> Sighting | None:
    """The same receipt as this one, in a block."""
    for each in shown.sightings:
        if each.receipt_id == sighting.receipt_id and each.block_height is not None:
            return each if each.amount_base_units == sighting.amount_base_units else None
    return None
