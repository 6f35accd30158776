"""What becomes of money that pays for no goods: every base unit is somewhere, once."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest

from domain.coverage import spendable_base_units
from domain.order import (
    MoneySetAside,
    NoticeKind,
    Order,
    PaymentState,
    ReceiptsChanged,
    SetAsideWithdrawn,
)
from domain.payment import Receipt, ReceiptState
from domain.rules import LatePayment, OrderRules, OverPayment
from domain.set_aside import Purpose, SetAside, SetAsideState
from domain.settlement import allocation
from tests.domain.examples import (
    AMOUNT,
    CONFIRM,
    CREDITING,
    EXPIRED,
    MANY_HOURS,
    PAID,
    RATE,
    REFUND,
    REFUNDING,
    RULES,
    SHIPPED,
    TOLERANCE,
    WAITS,
    amount_told,
    confirmed,
    kinds,
    late_sighting,
    looked,
    minutes,
    new_order,
    notice,
    order_that_is,
    receipt,
    set_aside_by,
    sighting,
    step,
    told,
)


def with_receipts(order: Order, *receipts: Receipt) -> Order:
    return replace(order, receipts=receipts)


# --- how much -------------------------------------------------------------------------------------


def test_nothing_is_set_aside_while_the_order_awaits_its_payment() -> None:
    order = with_receipts(order_that_is(WAITS), confirmed(3 * AMOUNT))
    assert allocation(order, RULES) == {}


@pytest.mark.parametrize(
    ("amount", "aside"),
    [
        (AMOUNT - TOLERANCE, 0),
        (AMOUNT, 0),
        (AMOUNT + TOLERANCE, 0),
        (AMOUNT + TOLERANCE + 1, TOLERANCE + 1),
        (3 * AMOUNT, 2 * AMOUNT),
    ],
)
def test_a_paid_order_keeps_its_price_and_sets_aside_what_is_above_the_tolerance(
    amount: int, aside: int
) -> None:
    order = with_receipts(order_that_is(PAID), confirmed(amount))
    assert allocation(order, RULES) == {"aa:0": aside}


def test_receipts_serve_the_price_in_time_first_and_then_by_when_they_were_seen() -> None:
    early = replace(confirmed(6_000_000, transaction_id="z"), seen_at=minutes(1))
    later = replace(confirmed(6_000_000, transaction_id="b"), seen_at=minutes(2))
    same = replace(confirmed(6_000_000, transaction_id="c"), seen_at=minutes(2))
    late = replace(confirmed(6_000_000, transaction_id="a", in_time=False), seen_at=minutes(0))
    order = with_receipts(order_that_is(SHIPPED), late, same, later, early)
    assert allocation(order, RULES) == {
        "z:0": 0,
        "b:0": 2_000_000,
        "c:0": 6_000_000,
        "a:0": 6_000_000,
    }


def test_only_confirmed_money_is_set_aside() -> None:
    order = with_receipts(order_that_is(PAID), receipt(transaction_id="bb"), confirmed())
    assert allocation(order, RULES) == {"aa:0": 0}


@pytest.mark.parametrize(
    ("rate", "kept"),
    [(Decimal(100), 4_000_000), (Decimal(200), 2_000_000), (Decimal(300), 1_333_334)],
)
def test_late_money_serves_the_price_by_its_value_rounded_for_the_shop(
    rate: Decimal, kept: int
) -> None:
    part = confirmed(6_000_000)
    late = confirmed(9_000_000, transaction_id="bb", in_time=False, rate=rate)
    order = with_receipts(order_that_is(PAID), part, late)
    assert allocation(order, RULES) == {"aa:0": 0, "bb:0": 9_000_000 - kept}


def test_late_money_without_a_value_is_set_aside_whole() -> None:
    late = confirmed(1, transaction_id="bb", in_time=False, rate=None)
    order = with_receipts(order_that_is(PAID), confirmed(), late)
    assert allocation(order, RULES) == {"aa:0": 0, "bb:0": 1}


@pytest.mark.parametrize("state", [ReceiptState.GONE, ReceiptState.REVERSED])
def test_money_that_is_gone_from_the_chain_serves_nothing(state: ReceiptState) -> None:
    order, _ = looked(new_order(), minutes(5), sighting(confirmations=3))
    (paid,) = order.receipts
    assert spendable_base_units(paid, Counter()) == AMOUNT
    assert spendable_base_units(replace(paid, state=state), Counter()) == 0


def test_money_that_was_paid_back_serves_no_price_and_is_not_asked_for_twice() -> None:
    part = SetAside(
        number=1,
        receipt_id="aa:0",
        purpose=Purpose.REFUND,
        amount_base_units=4_000_000,
        credited_minor=0,
        state=SetAsideState.REFUNDED,
        refund_transaction_id="refund-1",
    )
    rest = confirmed(6_000_000, transaction_id="bb")
    order = replace(order_that_is(PAID), receipts=(confirmed(), rest), set_asides=(part,))
    assert allocation(order, RULES) == {"aa:0": 4_000_000, "bb:0": 2_000_000}


def test_all_money_of_an_ended_order_is_set_aside_where_it_is_not_to_be_revived() -> None:
    late = receipt(5, transaction_id="bb", in_time=False)
    order = with_receipts(order_that_is(EXPIRED), confirmed(AMOUNT // 2), late)
    assert allocation(order, RULES) == {"aa:0": AMOUNT // 2, "bb:0": 0}


def test_new_money_stays_on_an_ended_order_while_it_may_be_revived() -> None:
    order = with_receipts(order_that_is(EXPIRED), confirmed())
    assert allocation(order, RULES) == {"aa:0": 0}
    assert allocation(order, REFUNDING) == {"aa:0": AMOUNT}


# --- where to -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("late", "over", "purpose"),
    [
        (LatePayment.CREDIT, OverPayment.REFUND, Purpose.BALANCE),
        (LatePayment.REFUND, OverPayment.CREDIT, Purpose.REFUND),
        (LatePayment.REVIVE, OverPayment.CREDIT, Purpose.BALANCE),
        (LatePayment.REVIVE, OverPayment.REFUND, Purpose.REFUND),
    ],
)
def test_late_money_goes_where_the_owner_wants_it(
    late: LatePayment, over: OverPayment, purpose: Purpose
) -> None:
    rules = replace(RULES, late_payment=late, over_payment=over)
    _, decision = looked(order_that_is(EXPIRED), minutes(40), late_sighting(30_000), rules=rules)
    (part,) = set_aside_by(decision)
    assert part.purpose is purpose
    assert part.credited_minor == (3 if purpose is Purpose.BALANCE else 0)


@pytest.mark.parametrize("late", list(LatePayment))
@pytest.mark.parametrize(
    ("over", "purpose"),
    [(OverPayment.REFUND, Purpose.REFUND), (OverPayment.CREDIT, Purpose.BALANCE)],
)
def test_what_is_too_much_goes_where_the_owner_wants_it_whatever_becomes_of_late_money(
    late: LatePayment, over: OverPayment, purpose: Purpose
) -> None:
    rules = replace(RULES, late_payment=late, over_payment=over)
    shown = sighting(2 * AMOUNT, confirmations=3)
    _, decision = looked(new_order(), minutes(5), shown, rules=rules)
    (part,) = set_aside_by(decision)
    assert part.purpose is purpose
    assert part.credited_minor == (1_000 if purpose is Purpose.BALANCE else 0)


def test_a_credit_is_worth_what_the_receipt_was_valued_at_rounded_down() -> None:
    shown = late_sighting(12_345_678)
    _, decision = looked(
        order_that_is(EXPIRED), minutes(40), shown, rules=CREDITING, rate=Decimal("80.50")
    )
    (part,) = set_aside_by(decision)
    assert part == SetAside(
        number=1,
        receipt_id="late:0",
        purpose=Purpose.BALANCE,
        amount_base_units=12_345_678,
        credited_minor=993,
    )
    assert amount_told(decision, NoticeKind.MONEY_CREDITED) == 12_345_678
    assert amount_told(decision, NoticeKind.ADMIN_MONEY_CREDITED) == 12_345_678
    assert notice(decision, NoticeKind.MONEY_CREDITED).detail == "9.93 USD"
    assert notice(decision, NoticeKind.ADMIN_MONEY_CREDITED).detail == "9.93 USD"


def test_a_credit_is_in_the_currency_of_the_order() -> None:
    order = replace(order_that_is(EXPIRED), fiat_currency="JPY")
    _, decision = looked(order, minutes(40), late_sighting(), rules=CREDITING, rate=Decimal(20_000))
    assert [part.credited_minor for part in set_aside_by(decision)] == [2_000]
    assert notice(decision, NoticeKind.MONEY_CREDITED).detail == "2000 JPY"


def test_money_of_an_expired_order_that_was_paid_in_time_is_valued_at_the_locked_rate() -> None:
    part = sighting(AMOUNT // 2, confirmations=3)
    partial, _ = looked(new_order(), minutes(5), part)
    _, decision = looked(partial, minutes(30), part, rules=CREDITING, rate=RATE * 2)
    assert [each.credited_minor for each in set_aside_by(decision)] == [500]


@pytest.mark.parametrize(
    ("amount", "rate", "purpose"),
    [
        (10_000, RATE, Purpose.BALANCE),
        (9_999, RATE, Purpose.REFUND),
        (AMOUNT, None, Purpose.REFUND),
    ],
)
def test_a_credit_of_nothing_goes_on_the_refund_list(
    amount: int, rate: Decimal | None, purpose: Purpose
) -> None:
    shown = late_sighting(amount)
    _, decision = looked(order_that_is(EXPIRED), minutes(40), shown, rules=CREDITING, rate=rate)
    (part,) = set_aside_by(decision)
    assert part.purpose is purpose


def test_both_sides_are_told_of_what_goes_on_the_refund_list() -> None:
    shown = sighting(2 * AMOUNT, confirmations=3)
    _, decision = looked(new_order(), minutes(5), shown)
    assert told(decision) == [
        NoticeKind.GOODS,
        NoticeKind.ADMIN_PAYMENT_RECEIVED,
        NoticeKind.PAYMENT_OVER,
        NoticeKind.ADMIN_PAYMENT_OVER,
        NoticeKind.MONEY_TO_REFUND,
        NoticeKind.ADMIN_MONEY_TO_REFUND,
    ]
    assert amount_told(decision, NoticeKind.MONEY_TO_REFUND) == AMOUNT
    assert amount_told(decision, NoticeKind.ADMIN_MONEY_TO_REFUND) == AMOUNT


def test_several_parts_are_numbered_on_and_told_as_one_sum_of_each_kind() -> None:
    first = late_sighting(30_000)
    dust = late_sighting(5, transaction_id="dust")
    third = late_sighting(20_000, transaction_id="third")
    one, _ = looked(order_that_is(EXPIRED), minutes(40), first, rules=CREDITING)
    order, decision = looked(
        one,
        minutes(50),
        first,
        dust,
        third,
        late_sighting(40_000, transaction_id="x"),
        rules=CREDITING,
    )
    assert [part.number for part in order.set_asides] == [1, 2, 3, 4]
    assert amount_told(decision, NoticeKind.MONEY_CREDITED) == 60_000
    assert notice(decision, NoticeKind.MONEY_CREDITED).detail == "0.06 USD"
    assert amount_told(decision, NoticeKind.MONEY_TO_REFUND) == 5


# --- payments that vanish afterwards --------------------------------------------------------------


def test_money_that_is_reversed_is_no_longer_set_aside_and_both_sides_are_told() -> None:
    late, _ = looked(order_that_is(EXPIRED), minutes(40), late_sighting(5_000), rules=CREDITING)
    order, decision = looked(late, minutes(60), rules=CREDITING)
    assert kinds(decision) == [ReceiptsChanged, SetAsideWithdrawn]
    assert told(decision) == [
        NoticeKind.REFUND_WITHDRAWN,
        NoticeKind.ADMIN_REFUND_WITHDRAWN,
        NoticeKind.PAYMENT_VANISHED,
        NoticeKind.ADMIN_PAYMENT_REVERSED,
    ]
    assert amount_told(decision, NoticeKind.REFUND_WITHDRAWN) == 5_000
    assert amount_told(decision, NoticeKind.PAYMENT_VANISHED) == 5_000
    assert amount_told(decision, NoticeKind.ADMIN_PAYMENT_REVERSED) == 5_000
    assert [part.state for part in order.set_asides] == [SetAsideState.WITHDRAWN]
    assert order.payment_state is PaymentState.NONE


def test_money_that_comes_back_is_set_aside_again_under_a_new_number() -> None:
    late, _ = looked(order_that_is(EXPIRED), minutes(40), late_sighting(5_000))
    gone, _ = looked(late, minutes(60))
    order, decision = looked(gone, minutes(70), late_sighting(5_000))
    assert [part.number for part in set_aside_by(decision)] == [2]
    assert [part.state for part in order.set_asides] == [
        SetAsideState.WITHDRAWN,
        SetAsideState.OPEN,
    ]


def test_what_was_set_aside_serves_the_price_when_the_first_payment_is_reversed() -> None:
    first = sighting(confirmations=3)
    second = sighting(transaction_id="bb", confirmations=3, chain_time=minutes(6))
    over, _ = looked(new_order(), minutes(10), first, second)
    order, decision = looked(over, minutes(60), second)
    assert kinds(decision) == [ReceiptsChanged, SetAsideWithdrawn]
    assert told(decision) == [
        NoticeKind.REFUND_WITHDRAWN,
        NoticeKind.ADMIN_REFUND_WITHDRAWN,
        NoticeKind.PAYMENT_VANISHED,
        NoticeKind.ADMIN_PAYMENT_REVERSED,
    ]
    assert amount_told(decision, NoticeKind.ADMIN_REFUND_WITHDRAWN) == AMOUNT
    assert amount_told(decision, NoticeKind.PAYMENT_VANISHED) == AMOUNT
    assert (order.status, order.payment_state) == (PAID, PaymentState.PAID)


def test_a_part_of_what_was_set_aside_is_withdrawn_newest_first() -> None:
    first = sighting(AMOUNT - 400_000, confirmations=3)
    second = sighting(900_000, transaction_id="bb", confirmations=3, chain_time=minutes(6))
    over, _ = looked(new_order(), minutes(10), first, second)
    split = (
        replace(over.set_asides[0], amount_base_units=200_000),
        replace(over.set_asides[0], number=2, amount_base_units=300_000),
    )
    smaller = sighting(AMOUNT - 600_000, confirmations=3)
    order, decision = looked(replace(over, set_asides=split), minutes(60), smaller, second)
    assert kinds(decision) == [ReceiptsChanged, SetAsideWithdrawn, MoneySetAside]
    assert [(p.amount_base_units, p.state) for p in order.set_asides] == [
        (200_000, SetAsideState.OPEN),
        (300_000, SetAsideState.WITHDRAWN),
        (100_000, SetAsideState.OPEN),
    ]
    assert amount_told(decision, NoticeKind.PAYMENT_VANISHED) == 200_000
    assert amount_told(decision, NoticeKind.ADMIN_PAYMENT_REVERSED) == 200_000


def refunded_after(order: Order, rules: OrderRules = RULES) -> Order:
    return step(order, REFUND, MANY_HOURS, rules)[0]


def test_a_reversal_of_money_that_was_paid_back_alarms_the_admins() -> None:
    late, _ = looked(order_that_is(EXPIRED), minutes(40), late_sighting(5_000))
    refunded = refunded_after(late)
    order, decision = looked(refunded, MANY_HOURS)
    assert kinds(decision) == [ReceiptsChanged]
    assert told(decision) == [NoticeKind.ADMIN_PAYMENT_REVERSED]
    assert amount_told(decision, NoticeKind.ADMIN_PAYMENT_REVERSED) == 5_000
    assert order.payment_state is PaymentState.REVERSED
    assert [part.state for part in order.set_asides] == [SetAsideState.REFUNDED]
    back, _ = looked(order, MANY_HOURS, late_sighting(5_000))
    assert back.payment_state is PaymentState.LATE
    assert len(back.set_asides) == 1


def test_an_order_whose_surplus_was_paid_back_lacks_its_price_when_the_first_is_reversed() -> None:
    first = sighting(confirmations=3)
    second = sighting(transaction_id="bb", confirmations=3, chain_time=minutes(6))
    over, _ = looked(new_order(), minutes(10), first, second)
    order, decision = looked(refunded_after(over), MANY_HOURS, second)
    assert order.payment_state is PaymentState.REVERSED
    assert told(decision) == [NoticeKind.ADMIN_PAYMENT_REVERSED]
    assert amount_told(decision, NoticeKind.ADMIN_PAYMENT_REVERSED) == AMOUNT


def test_a_paid_order_whose_refunded_surplus_is_reversed_is_short_by_the_refund() -> None:
    first = sighting(confirmations=3)
    second = sighting(3_000_000, transaction_id="bb", confirmations=3, chain_time=minutes(6))
    over, _ = looked(new_order(), minutes(10), first, second)
    order, decision = looked(refunded_after(over), MANY_HOURS, first)
    assert order.payment_state is PaymentState.REVERSED
    assert amount_told(decision, NoticeKind.ADMIN_PAYMENT_REVERSED) == 3_000_000


def test_a_third_payment_is_told_by_itself_when_the_surplus_before_it_is_settled() -> None:
    first = sighting(confirmations=3)
    second = sighting(300_000, transaction_id="bb", confirmations=3, chain_time=minutes(6))
    third = sighting(200_000, transaction_id="cc", chain_time=minutes(12))
    over, _ = looked(new_order(), minutes(10), first, second)
    order, decision = looked(over, minutes(12), first, second, third)
    assert amount_told(decision, NoticeKind.PAYMENT_OVER) == 200_000
    assert order.payment_state is PaymentState.OVER


def test_payment_that_vanished_from_a_confirmed_order_and_is_back_is_not_reversed() -> None:
    order = new_order()
    part = sighting(AMOUNT // 2, transaction_id="a", chain_time=minutes(1))
    order, _ = looked(order, minutes(5), part)
    order, _ = step(order, CONFIRM, minutes(6))
    assert order.payment_state is PaymentState.PARTIAL
    order, _ = looked(order, minutes(7))
    assert order.payment_state is PaymentState.REVERSED
    back = sighting(AMOUNT // 2, transaction_id="a", confirmations=3, chain_time=minutes(1))
    order, _ = looked(order, minutes(8), back)
    assert order.payment_state is PaymentState.PARTIAL
