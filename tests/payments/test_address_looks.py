"""What a watcher concludes from looks that show address by address."""

from dataclasses import replace

from payments.chain import AddressLook, Found, Known
from payments.watch_state import WatchState
from payments.watching import (
    Report,
    apply_address_look,
    begin_look,
    due_reports,
    forget_settled,
    place_to_record,
    start_state,
    taken,
    watch,
)
from tests.payments.looks import HOUR, at, found, look, place, seen, shown_of, target, watching


def shown(
    height: int, *receipts: Found, seconds: float = 0, of: tuple[str, ...] = ("A",)
) -> AddressLook:
    by_address = {
        address: tuple(each for each in receipts if each.address == address) for address in of
    }
    return AddressLook(began_at=at(seconds), place=place(height), receipts=by_address)


def took_in(
    state: WatchState, shown_now: AddressLook, *, asked: tuple[str, ...] = ()
) -> tuple[Report, ...]:
    begin_look(state)
    apply_address_look(state, shown_now, shown_now.began_at)
    return due_reports(state, shown_now, asked, shown_now.began_at)


def test_payment_is_reported_from_the_mempool_on_until_it_is_confirmed() -> None:
    state = watching(target())
    assert shown_of(took_in(state, shown(100, found()))) == [("t", 0, None)]
    taken(state, "A", at(0))
    assert shown_of(took_in(state, shown(101, found(height=101), seconds=1))) == [("t", 1, 101)]
    taken(state, "A", at(1))
    (report,) = took_in(state, shown(102, found(height=101), seconds=2))
    assert [each.confirmations for each in report.sightings] == [2]
    assert report.sightings[0].seen_at == at(0)


def test_payment_that_is_not_shown_any_more_is_gone() -> None:
    state = watching(target())
    took_in(state, shown(101, found(height=101)))
    taken(state, "A", at(0))
    (report,) = took_in(state, shown(101, seconds=1))
    assert report.sightings == ()


def test_of_an_address_that_was_not_looked_at_nothing_is_concluded() -> None:
    state = watching(target(confirmations=2), target("B"))
    took_in(state, shown(101, found(height=101), of=("A", "B")))
    taken(state, "A", at(0))
    assert took_in(state, shown(150, seconds=1, of=("B",)), asked=("A",)) == ()
    assert shown_of(took_in(state, shown(150, found(height=101), seconds=2))) == [("t", 2, 101)]


def test_address_whose_time_is_over_is_forgotten_only_when_it_was_looked_at() -> None:
    state = watching(target("A", until=at(10)), target("B"))
    for seconds, of, remaining in ((11, ("B",), {"A", "B"}), (12, ("A", "B"), {"B"})):
        shown_now = shown(100, seconds=seconds, of=of)
        took_in(state, shown_now)
        forget_settled(state, shown_now)
        assert set(state.tracks) == remaining


def test_place_waits_for_reports_to_be_taken() -> None:
    state = watching(target())
    took_in(state, shown(101, found(height=101), seconds=100))
    assert place_to_record(state, at(300)) is None
    taken(state, "A", at(100))
    assert place_to_record(state, at(300)) == place(101)


def test_recorded_payment_is_gone_where_the_first_look_does_not_show_it() -> None:
    state = watching(target())
    (report,) = took_in(state, shown(101, found(height=101)))
    again = start_state(place(101), [(target(), report.sightings)])
    recorded = replace(found(height=101), recorded_confirmations=1)
    assert again.addresses()["A"].receipts == (recorded,)
    (report,) = took_in(again, shown(101, seconds=5))
    assert report.sightings == ()


def test_client_is_told_what_is_known_and_for_what_somebody_waits() -> None:
    state = watching(target("A"), target("B", until=at(0) + HOUR))
    assert state.addresses() == {"A": Known(), "B": Known(urgent=False)}
    assert state.addresses(["B"]) == {"A": Known(), "B": Known()}
    took_in(state, shown(101, found("B", height=101), of=("A", "B")))
    assert state.addresses() == {
        "A": Known(),
        "B": Known(receipts=(found("B", height=101),), urgent=False),
    }


def test_what_a_client_was_told_does_not_change_under_its_hands() -> None:
    state = watching(target())
    told = state.addresses()
    watch(state, target("B"), (), at(0))
    took_in(state, shown(101, found(height=101)))
    assert told == {"A": Known()}


def test_looks_of_both_kinds_may_follow_each_other() -> None:
    state = watching(target())
    took_in(state, shown(101, found(height=101)))
    taken(state, "A", at(0))
    _, (report,) = seen(state, look(102, seconds=1))
    assert shown_of((report,)) == [("t", 2, 101)]
