"""Receipts: what the chain shows, when it counts, and what it adds up to."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.payment import (
    Receipt,
    ReceiptState,
    Sighting,
    Terms,
    Totals,
    changed_receipts,
    receipt_id,
    totals,
)
from tests.domain.examples import EXPIRY, RATE, SECOND, confirmed, minutes, receipt, sighting

LATE = EXPIRY + timedelta(minutes=10)
NEW_RATE = Decimal(80)
TERMS = Terms(
    absent_at_deadline=False,
    deadline=EXPIRY,
    confirmations_required=3,
    locked_rate=RATE,
    current_rate=NEW_RATE,
    settled=frozenset(),
)


def change(known: tuple[Receipt, ...], *sightings: Sighting) -> tuple[Receipt, ...]:
    return changed_receipts(known, sightings, TERMS)


def only(receipts: tuple[Receipt, ...]) -> Receipt:
    (found,) = receipts
    return found


@pytest.mark.parametrize(
    ("confirmations", "state"),
    [(0, ReceiptState.SEEN), (2, ReceiptState.SEEN), (3, ReceiptState.CONFIRMED)],
)
def test_a_receipt_is_confirmed_from_the_required_block_on(
    confirmations: int, state: ReceiptState
) -> None:
    assert only(change((), sighting(confirmations=confirmations))).state is state


@pytest.mark.parametrize(
    ("before", "now_shown", "then"),
    [
        (ReceiptState.SEEN, None, ReceiptState.GONE),
        (ReceiptState.SEEN, 3, ReceiptState.CONFIRMED),
        (ReceiptState.CONFIRMED, None, ReceiptState.REVERSED),
        (ReceiptState.GONE, 0, ReceiptState.SEEN),
        (ReceiptState.GONE, 3, ReceiptState.CONFIRMED),
        (ReceiptState.REVERSED, 0, ReceiptState.SEEN),
        (ReceiptState.REVERSED, 3, ReceiptState.CONFIRMED),
    ],
)
def test_what_a_look_makes_of_a_known_receipt(
    before: ReceiptState, now_shown: int | None, then: ReceiptState
) -> None:
    shown = () if now_shown is None else (sighting(confirmations=now_shown),)
    assert only(change((receipt(state=before),), *shown)).state is then


@pytest.mark.parametrize("state", [ReceiptState.GONE, ReceiptState.REVERSED])
def test_a_receipt_that_is_gone_already_is_no_news(state: ReceiptState) -> None:
    assert change((receipt(state=state),)) == ()


def test_a_confirmed_receipt_that_is_back_in_the_mempool_stays_confirmed() -> None:
    after = only(change((receipt(state=ReceiptState.CONFIRMED),), sighting()))
    assert after.state is ReceiptState.CONFIRMED
    assert after.block_height is None


def test_a_vanished_receipt_is_in_no_block_and_keeps_its_amount_and_its_times() -> None:
    before = receipt(state=ReceiptState.CONFIRMED)
    after = only(change((before,)))
    expected = replace(before, state=ReceiptState.REVERSED, block_height=None, block_hash=None)
    assert after == expected


def test_two_outputs_of_one_transaction_are_two_receipts() -> None:
    first = sighting(40)
    both = change((), first, replace(first, output_index=1, amount_base_units=60))
    assert [each.receipt_id for each in both] == ["aa:0", "aa:1"]
    assert totals(both).seen_in_time == 100


def test_a_coin_without_outputs_names_a_receipt_by_its_transaction() -> None:
    assert receipt_id("aa", None) == "aa"
    assert receipt_id("aa", 0) == "aa:0"


# --- in time or late ------------------------------------------------------------------------------


def test_a_payment_seen_before_the_deadline_is_in_time_whatever_its_block_says() -> None:
    shown = sighting(chain_time=LATE, seen_at=EXPIRY - SECOND)
    assert only(change((), shown)).in_time


def test_a_payment_first_seen_after_downtime_is_in_time_by_the_time_that_the_chain_proves() -> None:
    shown = sighting(chain_time=EXPIRY - SECOND, seen_at=LATE)
    assert only(change((), shown)).in_time


def test_a_payment_that_a_look_after_the_deadline_did_not_show_is_late() -> None:
    shown = sighting(confirmations=3, chain_time=EXPIRY - timedelta(minutes=20), seen_at=LATE)
    looked_for = replace(TERMS, absent_at_deadline=True)
    assert not only(changed_receipts((), (shown,), looked_for)).in_time


def test_a_payment_seen_in_time_and_told_after_a_look_without_it_is_in_time() -> None:
    shown = sighting(chain_time=LATE, seen_at=EXPIRY - SECOND)
    looked_for = replace(TERMS, absent_at_deadline=True)
    assert only(changed_receipts((), (shown,), looked_for)).in_time


def test_a_payment_at_the_very_deadline_is_late() -> None:
    assert not only(change((), sighting(chain_time=EXPIRY, seen_at=EXPIRY))).in_time


def test_a_payment_seen_late_does_not_become_timely_by_a_block_with_an_earlier_time() -> None:
    late = change((), sighting(chain_time=LATE, seen_at=LATE))
    mined = sighting(confirmations=3, chain_time=EXPIRY - timedelta(minutes=20), seen_at=LATE)
    after = only(change(late, mined))
    assert after.state is ReceiptState.CONFIRMED
    assert not after.in_time


def test_a_timely_payment_stays_timely_when_it_comes_back_late() -> None:
    seen = change((), sighting())
    gone = change(seen)
    back = change(gone, sighting(confirmations=3, chain_time=LATE, seen_at=LATE))
    assert only(back).in_time
    assert only(back).seen_at == minutes(5)


# --- what it is worth -----------------------------------------------------------------------------


def late(seen_minutes: float = 40, confirmations: int = 0) -> Sighting:
    return sighting(confirmations=confirmations, chain_time=minutes(seen_minutes))


def test_a_payment_in_time_keeps_the_locked_rate() -> None:
    assert only(change((), sighting())).rate == RATE


def test_a_late_payment_is_valued_at_the_rate_when_it_was_first_seen() -> None:
    first = change((), late())
    dearer = replace(TERMS, current_rate=Decimal(200))
    again = only(changed_receipts(first, (late(confirmations=1),), dearer))
    assert only(first).rate == NEW_RATE
    assert again.rate == NEW_RATE


def test_a_late_payment_that_vanished_and_came_back_keeps_its_rate() -> None:
    first = change((), late())
    dearer = replace(TERMS, current_rate=Decimal(200))
    back = only(changed_receipts(change(first), (late(50),), dearer))
    assert (back.rate, back.state) == (NEW_RATE, ReceiptState.SEEN)


def test_a_rate_that_was_not_known_at_first_is_filled_in_and_kept() -> None:
    unknown = changed_receipts((), (late(),), replace(TERMS, current_rate=None))
    filled = change(unknown, late())
    dearer = replace(TERMS, current_rate=Decimal(200))
    assert only(unknown).rate is None
    assert only(filled).rate == NEW_RATE
    assert changed_receipts(filled, (late(),), dearer) == ()


def test_the_rate_of_money_that_was_set_aside_without_one_is_not_filled_in() -> None:
    unknown = confirmed(in_time=False, rate=None)
    settled = replace(TERMS, settled=frozenset({"aa:0"}))
    others = replace(TERMS, settled=frozenset({"bb:0"}))
    assert only(changed_receipts((unknown,), (late(31, 3),), others)).rate == NEW_RATE
    after = changed_receipts((unknown,), (late(31),), settled)
    assert only(after).rate is None


# --- properties -----------------------------------------------------------------------------------

SIGHTINGS = st.lists(
    st.builds(
        sighting,
        st.integers(1, 10**9),
        transaction_id=st.sampled_from("abcde"),
        confirmations=st.integers(0, 4),
        chain_time=st.sampled_from([minutes(1), EXPIRY, LATE]),
        seen_at=st.sampled_from([minutes(1), EXPIRY, LATE]),
    ),
    max_size=5,
    unique_by=lambda each: each.transaction_id,
).map(tuple)
LOOKS = st.lists(SIGHTINGS, min_size=1, max_size=6)


def merged(known: tuple[Receipt, ...], changed: tuple[Receipt, ...]) -> tuple[Receipt, ...]:
    by_id = {each.receipt_id: each for each in known} | {each.receipt_id: each for each in changed}
    return tuple(by_id.values())


@given(LOOKS)
def test_the_same_look_twice_changes_nothing_the_second_time(
    looks: list[tuple[Sighting, ...]],
) -> None:
    known: tuple[Receipt, ...] = ()
    for shown in looks:
        known = merged(known, change(known, *shown))
        assert change(known, *shown) == ()
        assert change(known, *reversed(shown)) == ()


@given(LOOKS)
def test_receipts_that_count_are_exactly_those_that_the_last_look_shows(
    looks: list[tuple[Sighting, ...]],
) -> None:
    known: tuple[Receipt, ...] = ()
    for shown in looks:
        known = merged(known, change(known, *shown))
    counted = totals(known)
    assert {each.receipt_id for each in known if each.on_chain} == {
        each.receipt_id for each in looks[-1]
    }
    assert counted.seen_in_time + counted.late == sum(e.amount_base_units for e in looks[-1])
    assert 0 <= counted.confirmed_in_time <= counted.seen_in_time


@given(LOOKS)
def test_whether_a_receipt_was_in_time_is_judged_once(looks: list[tuple[Sighting, ...]]) -> None:
    known: tuple[Receipt, ...] = ()
    judged: dict[str, bool] = {}
    for shown in looks:
        known = merged(known, change(known, *shown))
        for each in known:
            assert judged.setdefault(each.receipt_id, each.in_time) is each.in_time


def test_sums_leave_out_what_is_gone_and_keep_late_money_apart() -> None:
    receipts = (
        receipt(1, transaction_id="a"),
        receipt(20, transaction_id="b", state=ReceiptState.CONFIRMED),
        receipt(300, transaction_id="c", state=ReceiptState.GONE),
        receipt(4_000, transaction_id="d", state=ReceiptState.REVERSED),
        receipt(50_000, transaction_id="e", in_time=False),
        receipt(600_000, transaction_id="f", state=ReceiptState.CONFIRMED, in_time=False),
    )
    assert totals(receipts) == Totals(seen_in_time=21, confirmed_in_time=20, late=650_000)


def test_a_receipt_says_in_which_block_it_is() -> None:
    shown = sighting(confirmations=2)
    seen = only(change((), shown))
    assert (seen.block_height, seen.block_hash) == (shown.block_height, shown.block_hash)
    assert shown.block_height is not None
