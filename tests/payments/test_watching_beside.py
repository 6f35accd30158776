"""What was read on the chain beside a watcher, and what the watcher makes of it."""

from payments.chain import AddressLook
from payments.watching import (
    Beside,
    apply_address_look,
    begin_look,
    due_reports,
    place_to_record,
    taken,
    watch,
)
from tests.payments.looks import (
    HOUR,
    at,
    found,
    look,
    place,
    seen,
    shown_of,
    target,
    watching,
)

LONG_BEHIND = found(height=20)


def test_receipt_long_behind_the_place_is_reported_without_reading_its_block() -> None:
    state = watching()
    state, _ = seen(state, look(200, seconds=500))
    watch(state, target(), (), at(600), Beside(place=place(190), found=(LONG_BEHIND,)))
    assert state.place == place(190)
    state, reports = seen(state, look(201, seconds=601))
    assert shown_of(reports) == [("t", 2, 20)]
    assert place_to_record(state, at(700)) is None, "nobody has taken it yet"
    taken(state, "A", at(601))
    assert place_to_record(state, at(700)) is not None


def test_watcher_goes_back_to_where_the_reading_ended() -> None:
    state = watching()
    for height, seconds in ((300, 100), (400, 1_000), (401, 1_100)):
        state, _ = seen(state, look(height, seconds=seconds))
    watch(state, target(), (), at(1_200), Beside(place=place(350), found=(LONG_BEHIND,)))
    assert state.place == place(350)


def test_receipt_above_the_place_is_left_to_the_next_look() -> None:
    state = watching()
    above = found(height=150)
    watch(state, target(), (), at(1), Beside(place=place(150), found=(above,)))
    state, reports = seen(state, look(150, seconds=2))
    assert shown_of(reports) == []
    state, reports = seen(state, look(150, seconds=3, blocks=(above,)))
    assert shown_of(reports) == [("t", 1, 150)]


def test_address_that_is_watched_already_gets_what_it_lacks() -> None:
    state = watching(target())
    state, reports = seen(state, look(120, seconds=1))
    assert shown_of(reports) == []
    watch(state, target(), (), at(2), Beside(place=place(110), found=(LONG_BEHIND,)))
    state, reports = seen(state, look(121, seconds=3))
    assert shown_of(reports) == [("t", 2, 20)]


def test_what_is_known_already_is_not_news() -> None:
    state = watching(target())
    state, reports = seen(state, look(130, seconds=1, blocks=(found(height=110),)))
    assert shown_of(reports) == [("t", 2, 110)]
    taken(state, "A", at(1))
    beside = Beside(place=place(130), found=(found(height=110),))
    watch(state, target(), (), at(2), beside)
    state, reports = seen(state, look(131, seconds=3))
    assert shown_of(reports) == []


def test_backend_that_shows_all_of_an_address_is_believed_rather_than_the_reading() -> None:
    state = watching(target(until=at(0) + HOUR))
    shows_nothing = AddressLook(began_at=at(1), place=place(120), receipts={"A": ()})
    begin_look(state)
    apply_address_look(state, shows_nothing, at(1))
    watch(state, target(), (), at(2), Beside(place=place(110), found=(LONG_BEHIND,)))
    begin_look(state)
    apply_address_look(state, shows_nothing, at(3))
    assert due_reports(state, shows_nothing, (), at(3)) == ()
