"""One coin reconciled: its orders of the store against what a backend shows of their addresses.

The shop may be at work meanwhile, and records what it sees a little later than the chain shows it.
What differs is therefore looked at again after a while, and counts if it is still the same.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from composition.reconcile_others import Others, held_to_others
from domain.comparing import compare, stray, summed
from domain.payment import ReceiptState
from domain.reconciliation import CoinTotals, Entry, Finding, OrderRecord, Shown
from payments.chain import (
    ChainConnector,
    ChainRefusedError,
    ChainUnavailableError,
    Place,
)
from payments.received import ChainReading

_NO_STATES = (
    "the node keeps no states back to block {height}: addresses that have sent nothing are compared"
    " by what they hold, and the others cannot be"
)
_NO_BLOCKS = "the node keeps nothing up to block {height}{since}: what came before is not compared"
_NOT_SHOWN = Shown(why_not="the order was made while the chain was being read")


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinTask:
    """What is to be compared.

    `load` gives the orders as they are in the store now, `load_some` those of some ids, and
    `used_indexes` those of the addresses that any order has now. `spare` are addresses that no
    order had, with their indexes, and `notes` what is to be said besides.
    `start`: where blocks are read, those up to this one need no reading. `settle_seconds`: how long
    a shop at work may take to record what its chain shows.
    """

    coin: str
    connectors: tuple[ChainConnector, ...]
    load: Callable[[], Iterable[OrderRecord]]
    used_indexes: Callable[[], Collection[int]]
    load_some: Callable[[Sequence[int]], list[OrderRecord]]
    settle_seconds: float
    spare: Mapping[str, int]
    notes: tuple[str, ...] = ()
    start: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinResult:
    """What came of it. `place`: up to it everything was compared for certain; None: nothing was.

    It is where the chain ended when it was first asked: orders made later were not looked for.
    """

    entries: tuple[Entry, ...]
    totals: CoinTotals
    place: Place | None = None


async def reconcile_coin(task: CoinTask, progress: Callable[[str], None]) -> CoinResult:
    """Compare all of it; a coin whose chain cannot be read comes with the reason."""
    records = list(task.load())
    addresses = [each.address for each in records] + list(task.spare)
    if not records:
        return CoinResult(entries=(), totals=_totals(task, (), ()))
    why_not = "no backend is set for it"
    for connector in task.connectors:
        client = connector.connect()
        reading = ChainReading(client, now=_now, progress=lambda text: progress(_told(task, text)))
        try:
            since = min(each.created_at for each in records)
            shown = await reading.read(addresses, since, task.start)
            result = await _compared(task, reading, shown, progress)
            others = Others(
                connectors=tuple(each for each in task.connectors if each is not connector),
                since=since,
                start=task.start,
                now=_now,
            )
            return replace(result, entries=tuple(await held_to_others(result.entries, others)))
        except (ChainUnavailableError, ChainRefusedError) as error:
            why_not = str(error)
        finally:
            await client.close()
    return _not_compared(task, records, why_not)


def _not_compared(task: CoinTask, records: list[OrderRecord], why_not: str) -> CoinResult:
    cannot = Shown(why_not=why_not)
    entries = tuple(entry for each in records for entry in compare(each, cannot))
    totals = replace(_totals(task, records, entries), why_not=why_not)
    return CoinResult(entries=entries, totals=totals)


async def _compared(
    task: CoinTask,
    reading: ChainReading,
    shown: Mapping[str, Shown],
    progress: Callable[[str], None],
) -> CoinResult:
    # The store is read after the chain, for what was on its way to it.
    records = list(task.load())
    entries = [e for each in records for e in compare(each, shown.get(each.address, _NOT_SHOWN))]
    differing = [entry for entry in entries if entry.finding.differs]
    if differing:
        progress(_told(task, f"{len(differing)} differences; looking at them again"))
        entries = await _looked_at_again(task, reading, entries)
    entries += _strays(task, shown)
    totals = _totals(task, records, entries, reading)
    return CoinResult(entries=tuple(entries), totals=totals, place=reading.reach.tip)


async def _looked_at_again(
    task: CoinTask, reading: ChainReading, entries: list[Entry]
) -> list[Entry]:
    first = {each.key for each in entries if each.finding.differs}
    order_ids = sorted({e.order.order_id for e in entries if e.finding.differs and e.order})
    await asyncio.sleep(task.settle_seconds)
    doubted = {each.address for each in entries if each.finding.differs}
    shown = await reading.read_again(sorted(doubted))
    again = [e for each in task.load_some(order_ids) for e in compare(each, shown[each.address])]
    # What differs in another way than before is on its way: the next reconciliation sees it.
    lasting = [
        each
        if each.key in first or not each.finding.differs
        else replace(each, finding=Finding.UNCHECKED, why="it was changing")
        for each in again
    ]
    return [*(each for each in entries if each.address not in doubted), *lasting]


def _strays(task: CoinTask, shown: Mapping[str, Shown]) -> list[Entry]:
    # An order may have been given one meanwhile.
    used = task.used_indexes() if task.spare else ()
    return [
        stray(task.coin, address, index, each)
        for address, index in task.spare.items()
        if address in shown and index not in used
        for each in shown[address].sightings
    ]


def _totals(
    task: CoinTask,
    records: Sequence[OrderRecord],
    entries: Sequence[Entry],
    reading: ChainReading | None = None,
) -> CoinTotals:
    ours = [each for each in entries if each.order is not None]
    unchecked = {e.order.order_id for e in ours if e.order and e.finding is Finding.UNCHECKED}
    notes = list(task.notes)
    if reading is not None and task.start is None:
        too_old = _too_old(reading, records)
        unchecked |= too_old
        if too_old or not reading.reach.keeps_states or reading.reach.begins_at is None:
            notes += _limits(reading)
    tip = None if reading is None else reading.place
    return CoinTotals(
        coin=task.coin,
        orders=len(records),
        addresses=len(records) + len(task.spare),
        tip_height=None if tip is None else tip.height,
        tip_hash=None if tip is None else tip.block_hash,
        came_in=sum(each.shown_base_units or 0 for each in ours),
        waiting=sum(
            each.shown.amount_base_units
            for each in ours
            if each.shown is not None and each.shown.block_height is None
        ),
        seen=_recorded(records, ReceiptState.SEEN),
        confirmed=_recorded(records, ReceiptState.CONFIRMED),
        placed=summed(each.placed for each in records),
        unchecked=len(unchecked),
        notes=tuple(notes),
    )


def _recorded(records: Iterable[OrderRecord], state: ReceiptState) -> int:
    return sum(
        receipt.amount_base_units
        for each in records
        for receipt in each.receipts
        if receipt.state is state
    )


def _too_old(reading: ChainReading, records: Iterable[OrderRecord]) -> set[int]:
    begins_at = reading.reach.begins_at
    if begins_at is None:
        return set()
    return {each.order_id for each in records if each.created_at < begins_at}


def _limits(reading: ChainReading) -> list[str]:
    reach = reading.reach
    if not reach.keeps_states and reach.place is not None:
        height = reach.place.height
        return [_NO_STATES.format(height=height)]
    if reach.begins_height is None:
        return []
    since = "" if reach.begins_at is None else f" ({reach.begins_at:%Y-%m-%d %H:%M} UTC)"
    return [_NO_BLOCKS.format(height=reach.begins_height, since=since)]


def _told(task: CoinTask, text: str) -> str:
    return f"{task.coin}: {text}"


def _now() -> datetime:
    return datetime.now(UTC)
