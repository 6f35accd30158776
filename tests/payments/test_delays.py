"""How long payments took to be noticed."""

from payments.delays import NoticeDelays
from tests.payments.looks import at, found, look, seen, target, watching


def noticed(since_seconds: float | None, taken_seconds: float) -> dict[str, int]:
    _, (report,) = seen(watching(target()), look(100, found(), seconds=10))
    delays = NoticeDelays()
    since = None if since_seconds is None else at(since_seconds)
    delays.reported(report, at(10), since)
    delays.reported(report, at(10), at(9.9))
    delays.taken("A", at(taken_seconds))
    delays.taken("A", at(taken_seconds + 100))
    return {bound: count for bound, count in delays.counts().items() if count}


def test_delay_counts_from_when_the_payment_may_have_come_until_it_was_taken() -> None:
    assert noticed(8.5, 10.4) == {"2": 1}
    assert noticed(0, 10) == {"10": 1}
    assert noticed(-1000, 10) == {"more": 1}


def test_clock_that_was_set_back_makes_no_delay_negative() -> None:
    assert noticed(8.5, 3) == {"0.5": 1}


def test_payment_that_was_known_before_is_not_counted_again() -> None:
    _, (report,) = seen(watching(target()), look(100, found(), seconds=10))
    delays = NoticeDelays()
    delays.reported(report, at(20), at(10))
    delays.taken("A", at(21))
    assert set(delays.counts().values()) == {0}


def test_payment_that_came_while_nobody_looked_is_not_counted() -> None:
    _, (report,) = seen(watching(target()), look(100, found(), seconds=10))
    delays = NoticeDelays()
    delays.reported(report, at(10), None)
    delays.taken("A", at(11))
    assert set(delays.counts().values()) == {0}
