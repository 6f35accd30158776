"""Whose turn it is where not every address can be asked for in every look."""

from payments.chain import Known
from payments.turns import Turns, by_urgency

URGENT, OTHER = Known(urgent=True), Known(urgent=False)


def watched(**addresses: Known) -> dict[str, Known]:
    return dict(addresses)


def taken(turns: Turns, addresses: dict[str, Known], most: int) -> list[str]:
    chosen = turns.next(addresses, most)
    turns.had_their_turn(chosen)
    return chosen


def test_urgent_come_first_and_then_the_newest() -> None:
    addresses = watched(a=OTHER, b=URGENT, c=OTHER, d=URGENT)
    assert by_urgency(addresses) == ["d", "b", "c", "a"]
    assert Turns().next(addresses, 4) == ["d", "b", "c", "a"]


def test_all_get_a_turn_where_there_is_room() -> None:
    addresses = watched(a=OTHER, b=URGENT)
    turns = Turns()
    for _ in range(3):
        assert set(taken(turns, addresses, 10)) == {"a", "b"}


def test_those_that_fit_not_come_in_later_rounds() -> None:
    addresses = {f"o{number}": OTHER for number in range(10)}
    turns = Turns()
    rounds = [taken(turns, addresses, 4) for _ in range(3)]
    assert rounds[0] == ["o9", "o8", "o7", "o6"]
    assert rounds[1] == ["o5", "o4", "o3", "o2"]
    assert set(rounds[0] + rounds[1] + rounds[2]) == set(addresses)


def test_urgent_have_every_round_and_the_others_what_is_left() -> None:
    addresses = {f"o{number}": OTHER for number in range(10)} | {"u": URGENT}
    turns = Turns()
    rounds = [taken(turns, addresses, 4) for _ in range(4)]
    assert all(each[0] == "u" for each in rounds)
    assert {address for each in rounds for address in each} == set(addresses)


def test_too_many_urgent_ones_leave_the_others_a_quarter() -> None:
    addresses = {f"u{number}": URGENT for number in range(20)} | {"o": OTHER}
    turns = Turns()
    rounds = [taken(turns, addresses, 8) for _ in range(4)]
    assert "o" in rounds[0]
    assert {address for each in rounds for address in each} == set(addresses)


def test_new_urgent_one_comes_before_those_that_had_a_turn() -> None:
    addresses = {f"u{number}": URGENT for number in range(6)}
    turns = Turns()
    taken(turns, addresses, 3)
    addresses["new"] = URGENT
    assert taken(turns, addresses, 3)[0] == "new"


def test_one_whose_turn_was_not_taken_is_next() -> None:
    addresses = {f"o{number}": OTHER for number in range(4)}
    turns = Turns()
    first = turns.next(addresses, 2)
    turns.had_their_turn(first[:1])
    assert first[1] in turns.next(addresses, 2)


def test_rounds_over_many_addresses_take_no_longer_than_there_are_parts_of_them() -> None:
    addresses = {f"u{number}": URGENT for number in range(600)}
    turns = Turns()
    rounds = [taken(turns, addresses, 60) for _ in range(20)]
    newest_first = list(addresses)[::-1]
    assert [address for each in rounds[:10] for address in each] == newest_first
    assert rounds[10:] == rounds[:10]


def test_new_one_comes_first_and_others_wait_one_place_longer() -> None:
    addresses = {f"u{number}": URGENT for number in range(600)}
    turns = Turns()
    first = taken(turns, addresses, 60)
    addresses |= {"new": URGENT, "newest": URGENT}
    second = taken(turns, addresses, 60)
    assert second[:2] == ["newest", "new"]
    assert not {*first} & {*second}
