"""What is told of addresses that a backend cannot be brought to show."""

from datetime import UTC, datetime

from payments.unread import MOST_TOLD, TELL_AFTER, Unread

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LATER = NOW + TELL_AFTER
A, B = "A", "B"
OF_A = ("the node does not show A: nothing is concluded of its order until it does",)


def test_one_that_cannot_be_read_for_a_while_is_told_until_it_is_shown() -> None:
    unread = Unread("the node")
    assert unread.told([A], {A}, NOW) == ()
    assert unread.told([A], {A}, LATER) == OF_A
    assert unread.told([], {}, LATER) == ()
    assert unread.told([A], {A}, LATER) == (), "it begins anew"


def test_one_that_a_look_does_not_try_stays_told_and_one_that_just_waits_is_not() -> None:
    unread = Unread("the node")
    unread.told([A], {A, B}, NOW)
    assert unread.told([], {A, B}, LATER) == OF_A


def test_many_are_told_in_few_words_that_stay_the_same() -> None:
    unread = Unread("the node")
    names = [f"{n:03}" for n in range(100)]
    unread.told(names, names, NOW)
    told = unread.told(names, names, LATER)
    assert len(told) == MOST_TOLD + 1
    assert told[-1] == "the node does not show other addresses either"
    assert unread.told(reversed(names), names, LATER) == told
