"""What a watcher concludes from looks, one after the other."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from domain.payment import Sighting
from payments.chain import Found, Look, Place
from payments.watching import (
    Report,
    Target,
    WatchState,
    apply_look,
    begin_look,
    due_reports,
    forget_settled,
    is_covered,
    place_to_record,
    start_state,
    taken,
    watch,
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
    state = apply_look(begin_look(state), shown, shown.began_at)
    if not shown.complete:
        return state, ()
    return due_reports(state, shown, asked, shown.began_at)


def watching(*targets: Target) -> WatchState:
    return start_state(place(100), ((each, ()) for each in targets))


def shown_of(reports: tuple[Report, ...]) -> list[tuple[str, int, int | None]]:
    return [
        (each.transaction_id, each.confirmations, each.block_height)
        for report in reports
        for each in report.sightings
    ]


def test_nothing_seen_is_not_reported() -> None:
    _, reports = seen(watching(target()), look(100))
    assert reports == ()


def test_payment_in_mempool_is_reported_with_the_time_of_the_look() -> None:
    _, (report,) = seen(watching(target()), look(100, found(), seconds=9))
    (sighting,) = report.sightings
    assert (report.order_id, report.address) == (7, "A")
    assert sighting == Sighting(
        transaction_id="t",
        output_index=0,
        amount_base_units=5,
        confirmations=0,
        block_height=None,
        block_hash=None,
        chain_time=START,
        seen_at=at(9),
    )


def test_payment_keeps_the_time_at_which_it_was_first_seen() -> None:
    state, _ = seen(watching(target()), look(100, found(), seconds=1))
    _, (report,) = seen(state, look(101, blocks=(found(height=101),), seconds=50))
    assert report.sightings[0].seen_at == at(1)


def test_report_that_was_taken_is_not_repeated() -> None:
    state, reports = seen(watching(target()), look(100, found(), seconds=1))
    assert len(reports) == 1
    state = taken(state, "A", at(1))
    for seconds in (2, 20, 200):
        state, reports = seen(state, look(100, found(), seconds=seconds))
        assert reports == ()


def test_report_is_repeated_with_a_gap_until_it_is_taken() -> None:
    state, _ = seen(watching(target()), look(100, found(), seconds=1))
    told_at = []
    for seconds in range(2, 14):
        state, reports = seen(state, look(100, found(), seconds=seconds))
        told_at += [seconds] * len(reports)
    assert told_at == [6, 11]
    state = taken(state, "A", at(1))
    _, reports = seen(state, look(100, found(), seconds=30))
    assert reports == ()


def test_clock_that_was_set_back_does_not_hold_up_a_repetition() -> None:
    state, _ = seen(watching(target()), look(100, found(), seconds=7200))
    _, reports = seen(state, look(100, found(), seconds=0))
    assert len(reports) == 1


def test_taking_an_older_report_does_not_take_the_newer() -> None:
    state, _ = seen(watching(target()), look(100, found(), seconds=1))
    more = (found(), found(transaction="u"))
    state, reports = seen(state, look(100, *more, seconds=2))
    assert len(reports) == 1
    state = taken(state, "A", at(1))
    _, reports = seen(state, look(100, *more, seconds=10))
    assert shown_of(reports) == [("t", 0, None), ("u", 0, None)]


def test_change_back_to_what_was_taken_is_told_where_another_was_sent_between() -> None:
    state, _ = seen(watching(target()), look(100, found(), seconds=1))
    state = taken(state, "A", at(1))
    state, (gone,) = seen(state, look(100, seconds=2))
    assert gone.sightings == ()
    _, reports = seen(state, look(100, found(), seconds=3))
    assert shown_of(reports) == [("t", 0, None)]


def test_confirmations_are_told_at_the_first_block_and_when_there_are_enough() -> None:
    state = watching(target(confirmations=3))
    told = []
    for height in range(101, 108):
        blocks = (found(height=101),) if height == 101 else ()
        state, reports = seen(state, look(height, blocks=blocks, seconds=height))
        state = taken(state, "A", at(height))
        told += shown_of(reports)
    assert told == [("t", 1, 101), ("t", 3, 101)]


def test_reorganisation_takes_receipts_back_until_they_are_found_again() -> None:
    state, _ = seen(watching(target()), look(102, blocks=(found(height=101),), seconds=1))
    state = taken(state, "A", at(1))
    state, (report,) = seen(state, look(101, fork=100, branch="b", seconds=2))
    assert report.sightings == ()
    again = found(height=102, branch="b")
    state, reports = seen(state, look(103, blocks=(again,), branch="b", seconds=3))
    assert shown_of(reports) == [("t", 2, 102)]


def test_receipt_below_the_fork_stays() -> None:
    state, _ = seen(watching(target()), look(103, blocks=(found(height=101),), seconds=1))
    state = taken(state, "A", at(1))
    _, reports = seen(state, look(103, fork=102, branch="b", seconds=2))
    assert reports == ()


def test_incomplete_look_tells_nothing_and_loses_nothing() -> None:
    state, _ = seen(watching(target()), look(100, found(), seconds=1))
    state = taken(state, "A", at(1))
    state, reports = seen(state, look(150, complete=False, seconds=2))
    assert reports == ()
    state, reports = seen(state, look(190, blocks=(found(height=160),), complete=False, seconds=3))
    assert reports == ()
    _, reports = seen(state, look(200, seconds=4))
    assert shown_of(reports) == [("t", 2, 160)]


def test_asked_address_is_reported_though_nothing_was_seen() -> None:
    state, (report,) = seen(watching(target()), look(100, seconds=1), asked=("A",))
    assert report.sightings == ()
    _, reports = seen(state, look(100, seconds=60))
    assert reports == ()


def test_asked_address_of_which_all_is_known_is_not_repeated_though_nobody_takes_it() -> None:
    state, _ = seen(watching(target()), look(100, found(), seconds=1))
    state = taken(state, "A", at(1))
    state, reports = seen(state, look(100, found(), seconds=2), asked=("A",))
    assert len(reports) == 1
    _, reports = seen(state, look(100, found(), seconds=60))
    assert reports == ()


def test_address_that_came_during_a_look_is_not_covered_by_it() -> None:
    state = begin_look(watching(target("A")))
    state = watch(state, target("B"), (), at(1))
    state = apply_look(state, look(100), at(2))
    assert is_covered(state, "A")
    assert not is_covered(state, "B")
    _, reports = due_reports(state, look(100), ("A", "B"), at(2))
    assert [report.address for report in reports] == ["A"]
    assert is_covered(begin_look(state), "B")


def test_blocks_read_before_a_new_address_came_are_read_again() -> None:
    state = begin_look(watching(target("A")))
    state = watch(state, target("B"), (), at(1))
    state = apply_look(state, look(101, blocks=(found("A", height=101),), seconds=0), at(2))
    assert state.place == place(100)
    both = (found("A", height=101), found("B", height=101))
    state, reports = seen(state, look(101, blocks=both, seconds=3))
    assert {report.address for report in reports} == {"A", "B"}
    assert state.place == place(101)


def test_new_address_makes_the_watcher_go_back_one_minute() -> None:
    state = watching()
    for height in range(101, 111):
        state, _ = seen(state, look(height, seconds=10 * height))
    state = watch(state, target("B"), (), at(10 * 110))
    assert state.place == place(104)
    _, (report,) = seen(state, look(110, blocks=(found("B", height=108),), seconds=1101))
    assert report.sightings[0].confirmations == 2


def test_second_new_address_does_not_undo_the_way_back_of_the_first() -> None:
    state = watching()
    for height in range(101, 111):
        state, _ = seen(state, look(height, seconds=10 * height))
    state = watch(state, target("B"), (), at(1100))
    state = watch(state, target("C"), (), at(1120))
    assert state.place == place(104)


def test_known_address_moves_nothing() -> None:
    state, _ = seen(watching(target()), look(101, blocks=(found(height=101),), seconds=1))
    state = watch(state, target(until=at(9)), (), at(2))
    assert state.place == place(101)
    assert state.tracks["A"].target.watch_until == at(9)
    assert state.tracks["A"].in_blocks


def test_place_is_recorded_a_minute_late() -> None:
    state = watching()
    assert place_to_record(state, at(0)) == place(100)
    state, _ = seen(state, look(101, seconds=0))
    assert place_to_record(state, at(59)) == place(100)
    assert place_to_record(state, at(60)) == place(101)


def test_first_place_is_recorded_at_once() -> None:
    state = start_state(None)
    assert place_to_record(state, at(0)) is None
    state, _ = seen(state, look(500))
    assert place_to_record(state, at(0)) == place(500)


def test_place_waits_for_every_report_that_is_not_taken() -> None:
    state = watching(target("A"), target("B"))
    blocks = (found("A", height=101), found("B", height=101))
    state, _ = seen(state, look(101, blocks=blocks, seconds=1))
    late = at(1000)
    assert place_to_record(state, late) is None
    state = taken(state, "A", at(1))
    assert place_to_record(state, late) is None
    state = taken(state, "B", at(1))
    assert place_to_record(state, late) == place(101)


def test_place_waits_also_for_what_an_incomplete_look_found() -> None:
    state = watching(target())
    state, _ = seen(state, look(150, complete=False, seconds=1))
    assert place_to_record(state, at(1000)) == place(150)
    state, _ = seen(state, look(190, blocks=(found(height=160),), complete=False, seconds=2))
    assert place_to_record(state, at(1000)) is None


def recorded(height: int | None) -> Sighting:
    return Sighting(
        transaction_id="t",
        output_index=0,
        amount_base_units=5,
        confirmations=0,
        block_height=height,
        block_hash=None if height is None else f"a{height}",
        chain_time=START,
        seen_at=START - HOUR,
    )


def resumed(height: int | None) -> WatchState:
    return start_state(place(100), [(target(), (recorded(height),))])


def test_recorded_receipt_below_the_place_stays_after_a_restart() -> None:
    _, (report,) = seen(resumed(99), look(100))
    assert shown_of((report,)) == [("t", 2, 99)]
    assert report.sightings[0].seen_at == START - HOUR


def test_recorded_receipt_above_the_place_has_to_be_found_again() -> None:
    _, (report,) = seen(resumed(105), look(110))
    assert report.sightings == ()
    _, (report,) = seen(resumed(105), look(110, blocks=(found(height=105),)))
    assert shown_of((report,)) == [("t", 2, 105)]
    assert report.sightings[0].seen_at == START - HOUR


def test_recorded_receipt_of_the_mempool_has_to_be_there_still() -> None:
    _, (report,) = seen(resumed(None), look(100))
    assert report.sightings == ()


def test_address_is_forgotten_when_its_time_is_over_and_all_is_taken() -> None:
    state = watching(target("A", until=at(10)), target("B", until=at(10)), target("C"))
    shown = look(103, blocks=(found("A", height=101),), seconds=11)
    state, _ = seen(state, shown)
    assert set(forget_settled(state, shown).tracks) == {"A", "C"}
    state = taken(state, "A", at(11))
    assert set(forget_settled(state, shown).tracks) == {"C"}


def test_address_is_watched_on_while_a_payment_is_not_confirmed() -> None:
    state = watching(target("A", until=at(10)))
    shown = look(101, blocks=(found("A", height=101),), seconds=11)
    state, _ = seen(state, shown)
    state = taken(state, "A", at(11))
    assert set(forget_settled(state, shown).tracks) == {"A"}


def test_address_is_watched_until_its_time() -> None:
    shown = look(101, seconds=10)
    state, _ = seen(watching(target("A", until=at(10))), shown)
    assert set(forget_settled(state, shown).tracks) == {"A"}


def test_same_look_twice_changes_nothing() -> None:
    state, _ = seen(watching(target()), look(101, blocks=(found(height=101),), seconds=1))
    again, reports = seen(state, look(101, seconds=2))
    assert reports == ()
    assert again.tracks == state.tracks
    assert replace(again, looks_begun=1, looking_from=state.looking_from) == state
