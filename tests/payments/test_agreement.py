"""What the shop believes where several backends are asked."""

from dataclasses import replace

from payments.agreement import Agreement, View
from payments.chain import Found, confirmations_of
from tests.payments.looks import found

TIP = 105


def at_heights(*shown: tuple[tuple[Found, ...], int]) -> list[View]:
    return [
        View(backend=f"node {n}", receipts=each, tip_height=height)
        for n, (each, height) in enumerate(shown, start=1)
    ]


def views(*shown: tuple[Found, ...] | None) -> list[View]:
    return [
        View(backend=f"node {n}", receipts=each, tip_height=TIP)
        for n, each in enumerate(shown, start=1)
    ]


def believed(*shown: tuple[Found, ...] | None) -> tuple[Found, ...] | None:
    return Agreement("LTC").believed(views(*shown), TIP).receipts


IN_BLOCK = found(height=101)
WAITING = found()


def test_payment_is_in_a_block_when_all_show_it_there() -> None:
    assert believed((IN_BLOCK,), (IN_BLOCK,)) == (IN_BLOCK,)


def test_one_backend_alone_is_believed() -> None:
    assert believed((IN_BLOCK,)) == (IN_BLOCK,)


def test_payment_that_another_does_not_know_is_held_as_seen_and_told() -> None:
    agreement = Agreement("LTC")
    for shown in (((IN_BLOCK,), ()), ((), (IN_BLOCK,)), ((IN_BLOCK,), (WAITING,))):
        result = agreement.believed(views(*shown), TIP)
        assert result.receipts == (WAITING,)
        (doubt,) = result.doubts
        assert "node 1" in doubt
        assert "node 2" in doubt
        assert "0.00000005 LTC in block 101" in doubt


def test_payment_waits_for_those_who_have_not_looked_at_its_address_yet() -> None:
    assert believed((IN_BLOCK,), None) == (WAITING,)


def test_waiting_payment_that_one_has_not_heard_of_is_seen_and_no_doubt() -> None:
    result = Agreement("LTC").believed(views((WAITING,), ()), TIP)
    assert (result.receipts, result.doubts) == ((WAITING,), ())


def test_other_amount_leads_to_no_conclusion_at_all() -> None:
    other = replace(IN_BLOCK, amount_base_units=500)
    result = Agreement("LTC").believed(views((IN_BLOCK,), (other,)), TIP)
    assert result.receipts is None
    assert "0.00000500 LTC" in result.doubts[0]


def test_amount_that_nothing_proves_is_not_taken_up_before_the_others_had_time_to_see_it() -> None:
    for others in (((),), (None,), ((), (IN_BLOCK,))):
        agreement = Agreement("SOL")
        first = agreement.believed(views((IN_BLOCK,), *others), TIP)
        assert first.receipts is None
        assert "node 1" in first.doubts[0]
        assert agreement.believed(views((IN_BLOCK,), *others), TIP).receipts == (WAITING,)
    agreement = Agreement("SOL")
    agreement.believed(views((IN_BLOCK,), ()), TIP)
    assert agreement.believed(views((IN_BLOCK,), (IN_BLOCK,)), TIP).receipts == (IN_BLOCK,)


def test_amount_that_all_show_is_taken_up_at_once() -> None:
    assert Agreement("SOL").believed(views((IN_BLOCK,), (IN_BLOCK,)), TIP).receipts == (IN_BLOCK,)
    assert Agreement("SOL").believed(views((IN_BLOCK,)), TIP).receipts == (IN_BLOCK,)


def test_what_is_agreed_on_is_not_waited_for_where_one_starts_anew() -> None:
    agreement = Agreement("SOL")
    agreement.recorded([IN_BLOCK])
    assert agreement.believed(views((IN_BLOCK,), None), TIP).receipts == (IN_BLOCK,)


def test_block_that_the_serving_one_has_not_reached_does_not_count() -> None:
    ahead = found(height=TIP + 1)
    assert believed((ahead,), (ahead,)) == (WAITING,)


def test_fewest_confirmations_count_where_blocks_differ() -> None:
    later = found(height=103, branch="b")
    assert believed((IN_BLOCK,), (later,)) == (later,)


def test_what_was_agreed_on_stays_though_a_checker_starts_anew() -> None:
    agreement = Agreement("LTC")
    agreement.believed(views((IN_BLOCK,), (IN_BLOCK,)), TIP)
    result = agreement.believed(views((IN_BLOCK,), ()), TIP)
    assert (result.receipts, result.doubts) == ((IN_BLOCK,), ())


def test_what_was_recorded_before_a_restart_counts_as_agreed() -> None:
    agreement = Agreement("LTC")
    agreement.recorded([IN_BLOCK])
    assert agreement.believed(views((IN_BLOCK,), ()), TIP).receipts == (IN_BLOCK,)


def test_payment_in_another_block_than_agreed_has_to_be_agreed_on_again() -> None:
    agreement = Agreement("LTC")
    agreement.believed(views((IN_BLOCK,), (IN_BLOCK,)), TIP)
    moved = found(height=102, branch="b")
    assert agreement.believed(views((moved,), (IN_BLOCK,)), TIP).receipts == (moved,)
    assert agreement.believed(views((moved,), ()), TIP).receipts == (moved,)


def test_what_the_serving_one_loses_is_held_by_the_word_of_the_other() -> None:
    agreement = Agreement("LTC")
    agreement.believed(views((IN_BLOCK,), (IN_BLOCK,)), TIP)
    assert agreement.believed(views((), (IN_BLOCK,)), TIP).receipts == (WAITING,)
    assert agreement.believed(views((), ()), TIP).receipts == ()


def test_confirmations_of_a_held_payment_are_those_of_one_that_waits() -> None:
    final = replace(IN_BLOCK, confirmations=32)
    assert believed((final,), ()) == (WAITING,)


def test_a_payment_has_the_fewest_confirmations_that_any_backend_counts() -> None:
    seen = at_heights(((IN_BLOCK,), 1_000), ((IN_BLOCK,), 102), ((IN_BLOCK,), 500))
    (counted,) = Agreement("LTC").believed(seen, 1_000).receipts or ()
    assert confirmations_of(counted, 1_000) == 103 - (IN_BLOCK.block_height or 0)
    ahead = at_heights(((IN_BLOCK,), 102), ((IN_BLOCK,), 1_000))
    assert Agreement("LTC").believed(ahead, 102).receipts == (IN_BLOCK,)


def test_a_payment_agreed_on_keeps_one_confirmation_where_a_backend_begins_anew() -> None:
    agreement = Agreement("LTC")
    agreement.believed(views((IN_BLOCK,), (IN_BLOCK,)), TIP)
    (counted,) = agreement.believed(at_heights(((IN_BLOCK,), 300), ((), 3)), 300).receipts or ()
    assert (counted.block_height, counted.confirmations) == (IN_BLOCK.block_height, 1)


def test_finality_is_counted_by_the_one_that_has_it_least() -> None:
    final, merely_confirmed = (
        replace(IN_BLOCK, confirmations=32),
        replace(IN_BLOCK, confirmations=1),
    )
    (counted,) = Agreement("SOL").believed(views((final,), (merely_confirmed,)), TIP).receipts or ()
    assert counted.confirmations == 1


def test_what_was_agreed_on_of_an_address_that_is_watched_no_more_is_forgotten() -> None:
    agreement = Agreement("LTC")
    agreement.believed(views((IN_BLOCK,), (IN_BLOCK,)), TIP)
    agreement.keep({IN_BLOCK.address})
    assert agreement.believed(views((IN_BLOCK,), ()), TIP).receipts == (IN_BLOCK,)
    agreement.keep({"another"})
    assert agreement.believed(views((IN_BLOCK,), ()), TIP).receipts == (WAITING,)
