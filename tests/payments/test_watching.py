"""What a watcher tells after looks, one after the other."""

from domain.payment import Sighting
from payments.watching import (
    taken,
)
from tests.payments.looks import START, at, found, look, seen, shown_of, target, watching


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
    taken(state, "A", at(1))
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
    taken(state, "A", at(1))
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
    taken(state, "A", at(1))
    _, reports = seen(state, look(100, *more, seconds=10))
    assert shown_of(reports) == [("t", 0, None), ("u", 0, None)]


def test_change_back_to_what_was_taken_is_told_where_another_was_sent_between() -> None:
    state, _ = seen(watching(target()), look(100, found(), seconds=1))
    taken(state, "A", at(1))
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
        taken(state, "A", at(height))
        told += shown_of(reports)
    assert told == [("t", 1, 101), ("t", 3, 101)]


def test_reorganisation_takes_receipts_back_until_they_are_found_again() -> None:
    state, _ = seen(watching(target()), look(102, blocks=(found(height=101),), seconds=1))
    taken(state, "A", at(1))
    state, (report,) = seen(state, look(101, fork=100, branch="b", seconds=2))
    assert report.sightings == ()
    again = found(height=102, branch="b")
    state, reports = seen(state, look(103, blocks=(again,), branch="b", seconds=3))
    assert shown_of(reports) == [("t", 2, 102)]


def test_receipt_below_the_fork_stays() -> None:
    state, _ = seen(watching(target()), look(103, blocks=(found(height=101),), seconds=1))
    taken(state, "A", at(1))
    _, reports = seen(state, look(103, fork=102, branch="b", seconds=2))
    assert reports == ()


def test_incomplete_look_tells_nothing_and_loses_nothing() -> None:
    state, _ = seen(watching(target()), look(100, found(), seconds=1))
    taken(state, "A", at(1))
    state, reports = seen(state, look(150, complete=False, seconds=2))
    assert reports == ()
    state, reports = seen(state, look(190, blocks=(found(height=160),), complete=False, seconds=3))
    assert reports == ()
    _, reports = seen(state, look(200, seconds=4))
    assert shown_of(reports) == [("t", 2, 160)]


def test_payment_that_stays_in_mempool_past_an_incomplete_look_is_no_news() -> None:
    state, _ = seen(watching(target()), look(100, found(), seconds=1))
    taken(state, "A", at(1))
    state, _ = seen(state, look(150, complete=False, seconds=2))
    _, reports = seen(state, look(200, found(), seconds=3))
    assert reports == ()


def test_asked_address_is_reported_though_nothing_was_seen() -> None:
    state, (report,) = seen(watching(target()), look(100, seconds=1), asked=("A",))
    assert report.sightings == ()
    _, reports = seen(state, look(100, seconds=60))
    assert reports == ()


def test_asked_address_of_which_all_is_known_is_not_repeated_though_nobody_takes_it() -> None:
    state, _ = seen(watching(target()), look(100, found(), seconds=1))
    taken(state, "A", at(1))
    state, reports = seen(state, look(100, found(), seconds=2), asked=("A",))
    assert len(reports) == 1
    _, reports = seen(state, look(100, found(), seconds=60))
    assert reports == ()
