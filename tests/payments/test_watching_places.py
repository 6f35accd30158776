"""How far a watcher has come: new addresses, the place on disk, restarts, forgetting."""

from copy import deepcopy
from dataclasses import replace

import pytest

from domain.payment import Sighting
from payments.chain import AddressLook, Found
from payments.watch_state import WatchState
from payments.watching import (
    apply_address_look,
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
from tests.payments.looks import (
    HOUR,
    START,
    at,
    found,
    look,
    place,
    seen,
    shown_of,
    target,
    watching,
)


def test_place_on_disk_waits_for_what_is_undecided() -> None:
    state = watching(target("A"))
    for seconds, height in ((0, 101), (200, 110)):
        begin_look(state)
        undecided = AddressLook(
            began_at=at(seconds),
            place=place(height),
            receipts={},
            undecided=frozenset({"A"}),
        )
        apply_address_look(state, undecided, at(seconds))
    assert place_to_record(state, at(300)) == place(100)
    assert state.place == place(110)
    begin_look(state)
    decided = AddressLook(began_at=at(300), place=place(110), receipts={"A": ()})
    apply_address_look(state, decided, at(300))
    assert place_to_record(state, at(400)) == place(110)


@pytest.mark.parametrize("shown", [{"B": ()}, {}])
def test_place_on_disk_waits_also_where_a_look_says_nothing_of_what_is_undecided(
    shown: dict[str, tuple[Found, ...]],
) -> None:
    state = watching(target("A"), target("B"))
    undecided = AddressLook(
        began_at=at(0), place=place(101), receipts={"B": ()}, undecided=frozenset({"A"})
    )
    silent = AddressLook(began_at=at(100), place=place(110), receipts=shown, complete=bool(shown))
    again = replace(undecided, began_at=at(200), place=place(110))
    for each in (undecided, silent, again):
        begin_look(state)
        apply_address_look(state, each, each.began_at)
    assert place_to_record(state, at(300)) == place(100)
    begin_look(state)
    decided = AddressLook(began_at=at(300), place=place(110), receipts={"A": ()})
    apply_address_look(state, decided, at(300))
    assert place_to_record(state, at(400)) == place(110)


def test_place_on_disk_does_not_wait_for_what_is_watched_no_more() -> None:
    state = watching(target("A"), target("B"))
    undecided = AddressLook(
        began_at=at(0), place=place(110), receipts={}, undecided=frozenset({"A"})
    )
    for seconds in (0, 100):
        begin_look(state)
        apply_address_look(state, undecided, at(seconds))
    assert place_to_record(state, at(200)) == place(100)
    state.forget(state.tracks["A"])
    begin_look(state)
    apply_address_look(state, undecided, at(200))
    assert place_to_record(state, at(300)) == place(110)


def test_address_that_came_during_a_look_is_not_covered_by_it() -> None:
    state = watching(target("A"))
    begin_look(state)
    watch(state, target("B"), (), at(1))
    apply_look(state, look(100), at(2))
    assert is_covered(state, "A")
    assert not is_covered(state, "B")
    reports = due_reports(state, look(100), ("A", "B"), at(2))
    assert [report.address for report in reports] == ["A"]
    begin_look(state)
    assert is_covered(state, "B")


def test_blocks_read_before_a_new_address_came_are_read_again() -> None:
    state = watching(target("A"))
    begin_look(state)
    watch(state, target("B"), (), at(1))
    apply_look(state, look(101, blocks=(found("A", height=101),), seconds=0), at(2))
    assert state.place == place(100)
    both = (found("A", height=101), found("B", height=101))
    state, reports = seen(state, look(101, blocks=both, seconds=3))
    assert {report.address for report in reports} == {"A", "B"}
    assert state.place == place(101)


def test_new_address_makes_the_watcher_go_back_one_minute() -> None:
    state = watching()
    for height in range(101, 111):
        state, _ = seen(state, look(height, seconds=10 * height))
    watch(state, target("B"), (), at(10 * 110))
    assert state.place == place(104)
    _, (report,) = seen(state, look(110, blocks=(found("B", height=108),), seconds=1101))
    assert report.sightings[0].confirmations == 2


def test_second_new_address_does_not_undo_the_way_back_of_the_first() -> None:
    state = watching()
    for height in range(101, 111):
        state, _ = seen(state, look(height, seconds=10 * height))
    watch(state, target("B"), (), at(1100))
    watch(state, target("C"), (), at(1120))
    assert state.place == place(104)


def test_known_address_moves_nothing() -> None:
    state, _ = seen(watching(target()), look(101, blocks=(found(height=101),), seconds=1))
    watch(state, target(until=at(9)), (), at(2))
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
    taken(state, "A", at(1))
    assert place_to_record(state, late) is None
    taken(state, "B", at(1))
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
    forget_settled(state, shown)
    assert set(state.tracks) == {"A", "C"}
    taken(state, "A", at(11))
    forget_settled(state, shown)
    assert set(state.tracks) == {"C"}


def test_address_is_watched_on_while_a_payment_is_not_confirmed() -> None:
    state = watching(target("A", until=at(10)))
    shown = look(101, blocks=(found("A", height=101),), seconds=11)
    state, _ = seen(state, shown)
    taken(state, "A", at(11))
    forget_settled(state, shown)
    assert set(state.tracks) == {"A"}


def test_address_is_watched_until_its_time() -> None:
    shown = look(101, seconds=10)
    state, _ = seen(watching(target("A", until=at(10))), shown)
    forget_settled(state, shown)
    assert set(state.tracks) == {"A"}


def test_same_look_twice_changes_nothing() -> None:
    state, _ = seen(watching(target()), look(101, blocks=(found(height=101),), seconds=1))
    before = deepcopy(state)
    _, reports = seen(state, look(101, seconds=2))
    assert reports == ()
    assert state == replace(before, looks_begun=2, looking_from=place(101))
