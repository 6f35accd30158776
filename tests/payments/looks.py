"""Looks made by hand, for the tests of what a watcher concludes from them."""

from datetime import UTC, datetime, timedelta

from payments.chain import Found, Look, Place
from payments.watch_state import Target, WatchState
from payments.watching import (
    Report,
    apply_look,
    begin_look,
    due_reports,
    start_state,
)

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def place(height: int, branch: str = "a") -> Place:
    return Place(height=height, block_hash=f"{branch}{height}")


def target(address: str = "A", *, confirmations: int = 2, until: datetime | None = None) -> Target:
    return Target(
        order_id=7, address=address, confirmations_required=confirmations, watch_until=until
    )


def found(
    address: str = "A", *, height: int | None = None, branch: str = "a", transaction: str = "t"
) -> Found:
    return Found(
        address=address,
        transaction_id=transaction,
        output_index=0,
        amount_base_units=5,
        block_height=height,
        block_hash=None if height is None else f"{branch}{height}",
        chain_time=START,
    )


def look(
    height: int,
    *mempool: Found,
    seconds: float = 0,
    blocks: tuple[Found, ...] = (),
    fork: int | None = None,
    branch: str = "a",
    complete: bool = True,
) -> Look:
    return Look(
        began_at=at(seconds),
        place=place(height, branch),
        fork_height=fork,
        in_blocks=blocks,
        in_mempool=mempool,
        complete=complete,
    )


def seen(
    state: WatchState, shown: Look, *, asked: tuple[str, ...] = ()
) -> tuple[WatchState, tuple[Report, ...]]:
    """A whole look: begun, taken in, and, where it is complete, told."""
    begin_look(state)
    apply_look(state, shown, shown.began_at)
    return state, due_reports(state, shown, asked, shown.began_at) if shown.complete else ()


def watching(*targets: Target) -> WatchState:
    return start_state(place(100), ((each, ()) for each in targets))


def shown_of(reports: tuple[Report, ...]) -> list[tuple[str, int, int | None]]:
    return [
        (each.transaction_id, each.confirmations, each.block_height)
        for report in reports
        for each in report.sightings
    ]
