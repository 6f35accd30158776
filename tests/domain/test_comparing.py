"""What differs between an order's receipts and what its address received."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from domain.comparing import compare, in_order, record_of, stray, summed
from domain.order import Order, OrderStatus
from domain.payment import Receipt, ReceiptState, Sighting
from domain.reconciliation import Entry, Finding, OrderRecord, Placed, Shown
from domain.set_aside import Purpose, SetAside, SetAsideState
from tests.domain.examples import (
    AMOUNT,
    NOON,
    REFUNDING,
    minutes,
    new_order,
)

SEEN, CONFIRMED = ReceiptState.SEEN, ReceiptState.CONFIRMED
ENOUGH = new_order().confirmations_required


def receipt(
    state: ReceiptState = CONFIRMED, amount: int = AMOUNT, name: str = "t", height: int = 100
) -> Receipt:
    return Receipt(
        transaction_id=name,
        output_index=0,
        amount_base_units=amount,
        state=state,
        in_time=True,
        rate=new_order().rate,
        block_height=height,
        block_hash=f"h{height}",
        chain_time=NOON,
        seen_at=NOON,
    )


def shown(amount: int = AMOUNT, confirmations: int = ENOUGH, name: str = "t") -> Sighting:
    return Sighting(
        transaction_id=name,
        output_index=0,
        amount_base_units=amount,
        confirmations=confirmations,
        block_height=100 if confirmations else None,
        block_hash="h100" if confirmations else None,
        chain_time=NOON,
        seen_at=NOON,
    )


def findings(record: OrderRecord, *sightings: Sighting) -> list[Finding]:
    return [each.finding for each in compare(record, Shown(sightings=sightings))]


def test_money_without_a_transaction_is_the_same_in_however_many_parts_it_is_told() -> None:
    lump = receipt(amount=14, name="internal-1-14")
    record = record_of(replace(new_order(), receipts=(lump,)), REFUNDING)
    parts = (shown(5, name="internal-1-5"), shown(9, name="internal-2-9"))
    assert findings(record, *parts) == [Finding.SAME]
    assert findings(record, shown(14, name="internal-1-14")) == [Finding.SAME]
    named = shown(3, name="0xt")
    assert findings(record, *parts, named) == [Finding.SAME, Finding.MISSED]
    of_two = replace(record, receipts=(receipt(amount=5, name="internal-1-5"),
                                       receipt(amount=9, name="internal-2-9")))  # fmt: skip
    assert findings(of_two, shown(14, name="internal-1-14")) == [Finding.SAME, Finding.SAME]


def test_money_without_a_transaction_differs_where_its_sum_does() -> None:
    lump = receipt(amount=14, name="internal-1-14")
    record = record_of(replace(new_order(), receipts=(lump,)), REFUNDING)
    parts = (shown(5, name="internal-1-5"), shown(10, name="internal-2-10"))
    assert findings(record, *parts) == [Finding.GONE, Finding.MISSED, Finding.MISSED]
    assert findings(record) == [Finding.GONE]


def aside(
    amount: int = AMOUNT,
    state: SetAsideState = SetAsideState.OPEN,
    purpose: Purpose = Purpose.REFUND,
    number: int = 1,
) -> SetAside:
    return SetAside(
        number=number,
        receipt_id="t:0",
        purpose=purpose,
        amount_base_units=amount,
        credited_minor=100 if purpose is Purpose.BALANCE else 0,
        state=state,
        refund_transaction_id="r" if state is SetAsideState.REFUNDED else None,
    )


def awaiting(*receipts: Receipt) -> Order:
    return replace(new_order(), receipts=receipts)


def ended(*receipts: Receipt, set_asides: tuple[SetAside, ...] = ()) -> Order:
    return replace(
        awaiting(*receipts),
        status=OrderStatus.EXPIRED,
        closed_at=minutes(31),
        set_asides=set_asides,
    )


def paid(*receipts: Receipt, set_asides: tuple[SetAside, ...] = ()) -> Order:
    return replace(
        awaiting(*receipts),
        status=OrderStatus.PAID,
        paid_at=minutes(9),
        set_asides=set_asides,
    )


def compared(order: Order, *sightings: Sighting, **more: object) -> list[Entry]:
    on_chain = Shown(sightings=sightings, **more)  # type: ignore[arg-type] # fields of Shown
    return compare(record_of(order, REFUNDING), on_chain)


def kinds(entries: Iterable[Entry]) -> list[Finding]:
    return [each.finding for each in entries]


@pytest.mark.parametrize(
    ("receipts", "sightings", "expected"),
    [
        ((), (), Finding.SAME),
        ((receipt(),), (shown(),), Finding.SAME),
        ((receipt(SEEN),), (shown(confirmations=0),), Finding.SAME),
        ((receipt(SEEN),), (shown(confirmations=ENOUGH - 1),), Finding.SAME),
        ((receipt(ReceiptState.GONE),), (), Finding.SAME),
        ((receipt(ReceiptState.REVERSED),), (), Finding.SAME),
        ((), (shown(),), Finding.MISSED),
        ((), (shown(confirmations=0),), Finding.MISSED),
        ((receipt(ReceiptState.GONE),), (shown(),), Finding.MISSED),
        ((receipt(ReceiptState.REVERSED),), (shown(),), Finding.MISSED),
        ((receipt(),), (), Finding.GONE),
        ((receipt(SEEN),), (), Finding.GONE),
        ((receipt(),), (shown(amount=AMOUNT - 1),), Finding.AMOUNT),
        ((receipt(),), (shown(confirmations=ENOUGH - 1),), Finding.UNCONFIRMED),
        ((receipt(),), (shown(confirmations=0),), Finding.UNCONFIRMED),
        ((receipt(SEEN),), (shown(),), Finding.BEHIND),
    ],
)
def test_each_receipt_is_found_alike_or_different(
    receipts: tuple[Receipt, ...], sightings: tuple[Sighting, ...], expected: Finding
) -> None:
    (entry,) = compared(awaiting(*receipts), *sightings)
    assert entry.finding is expected
    assert entry.order is not None
    assert entry.recorded_base_units == (AMOUNT if receipts and receipts[0].on_chain else None)
    assert entry.shown_base_units == (sightings[0].amount_base_units if sightings else None)


def test_order_is_compared_as_it_stands_in_the_store() -> None:
    order = replace(paid(receipt()), address_index=7)
    record = record_of(order, REFUNDING)
    assert record == OrderRecord(
        order_id=1,
        coin="LTC",
        address="rltc1qone",
        address_index=7,
        status=OrderStatus.PAID,
        payment_state=order.payment_state,
        created_at=NOON,
        confirmations_required=ENOUGH,
        receipts=(receipt(),),
        placed=Placed(for_goods=AMOUNT),
    )


def test_entry_names_both_sides_of_a_receipt() -> None:
    order = awaiting(receipt())
    less = shown(amount=AMOUNT - 1)
    (entry,) = compared(order, less)
    assert entry == Entry(
        finding=Finding.AMOUNT,
        coin="LTC",
        address="rltc1qone",
        order=record_of(order, REFUNDING),
        receipt=receipt(),
        shown=less,
        recorded_base_units=AMOUNT,
        shown_base_units=AMOUNT - 1,
    )


def test_receipt_before_the_blocks_that_were_read_says_so() -> None:
    order = awaiting(receipt(height=50))
    assert compared(order, begins_height=50) == [
        Entry(
            finding=Finding.UNCHECKED,
            coin="LTC",
            address="rltc1qone",
            order=record_of(order, REFUNDING),
            receipt=receipt(height=50),
            recorded_base_units=AMOUNT,
            why="in a block before those that could be read",
        )
    ]


def test_receipt_in_no_block_is_gone_wherever_the_reading_began() -> None:
    waiting = replace(receipt(SEEN), block_height=None, block_hash=None)
    assert kinds(compared(awaiting(waiting), begins_height=50)) == [Finding.GONE]


def test_receipt_of_height_0_can_lie_before_what_was_read() -> None:
    assert kinds(compared(awaiting(receipt(height=0)), begins_height=0)) == [Finding.UNCHECKED]


def test_what_a_sum_proves_says_so() -> None:
    order = awaiting(receipt())
    assert compared(order, sum_base_units=AMOUNT) == [
        Entry(
            finding=Finding.SAME,
            coin="LTC",
            address="rltc1qone",
            order=record_of(order, REFUNDING),
            receipt=receipt(),
            recorded_base_units=AMOUNT,
            shown_base_units=AMOUNT,
            why="by what the address holds",
        )
    ]


def test_sum_that_differs_is_shown_beside_what_the_store_has_in_blocks() -> None:
    order = awaiting(receipt(name="one"), receipt(name="two"), receipt(ReceiptState.GONE, 5, "x"))
    entries = compared(order, sum_base_units=AMOUNT)
    assert kinds(entries) == [Finding.SAME, Finding.GONE]
    assert entries[1] == Entry(
        finding=Finding.GONE,
        coin="LTC",
        address="rltc1qone",
        order=record_of(order, REFUNDING),
        recorded_base_units=2 * AMOUNT,
        shown_base_units=AMOUNT,
        why="in all: the node keeps too little to tell the receipts apart",
    )


def test_money_on_an_address_without_an_order_is_stray() -> None:
    assert stray("LTC", "rltc1qtwo", 4, shown()) == Entry(
        finding=Finding.STRAY,
        coin="LTC",
        address="rltc1qtwo",
        address_index=4,
        shown=shown(),
        shown_base_units=AMOUNT,
    )


def test_two_outputs_of_one_transaction_are_two_receipts() -> None:
    other = replace(shown(), output_index=1)
    assert kinds(compared(awaiting(receipt()), shown(), other)) == [Finding.SAME, Finding.MISSED]


def test_what_lies_before_the_blocks_that_were_read_is_not_taken_for_gone() -> None:
    early, late = receipt(name="early", height=50), receipt(name="late", height=51)
    entries = compared(awaiting(early, late), begins_height=50)
    assert kinds(entries) == [Finding.UNCHECKED, Finding.GONE]


def test_address_that_cannot_be_told_of_is_unchecked() -> None:
    (entry,) = compared(awaiting(receipt()), why_not="no states")
    assert (entry.finding, entry.why) == (Finding.UNCHECKED, "no states")


@pytest.mark.parametrize(
    ("sum_base_units", "expected"),
    [
        (2 * AMOUNT, [Finding.SAME, Finding.SAME]),
        (3 * AMOUNT, [Finding.MISSED]),
        (AMOUNT, [Finding.GONE]),
    ],
)
def test_sum_of_what_came_proves_all_receipts_or_shows_that_one_is_wrong(
    sum_base_units: int, expected: list[Finding]
) -> None:
    order = awaiting(receipt(name="one"), receipt(name="two"))
    entries = compared(order, sum_base_units=sum_base_units)
    assert kinds(entries) == expected


def test_receipt_in_the_mempool_is_compared_beside_the_sum() -> None:
    waiting = replace(receipt(SEEN, name="two"), block_height=None, block_hash=None)
    order = awaiting(receipt(name="one"), waiting)
    seen = shown(confirmations=0, name="two")
    assert kinds(compared(order, seen, sum_base_units=AMOUNT)) == [Finding.SAME, Finding.SAME]
    assert kinds(compared(order, sum_base_units=AMOUNT)) == [Finding.GONE, Finding.SAME]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (awaiting(receipt()), Placed(awaiting=AMOUNT)),
        (awaiting(receipt(SEEN)), Placed()),
        (paid(receipt()), Placed(for_goods=AMOUNT)),
        (paid(receipt(amount=3 * AMOUNT)), Placed(for_goods=AMOUNT, unplaced=2 * AMOUNT)),
        (
            paid(receipt(amount=3 * AMOUNT), set_asides=(aside(2 * AMOUNT),)),
            Placed(for_goods=AMOUNT, to_refund=2 * AMOUNT),
        ),
        (ended(receipt()), Placed(unplaced=AMOUNT)),
        (ended(receipt(), set_asides=(aside(),)), Placed(to_refund=AMOUNT)),
        (
            ended(receipt(), set_asides=(aside(state=SetAsideState.REFUNDED),)),
            Placed(refunded=AMOUNT),
        ),
        (
            ended(receipt(), set_asides=(aside(purpose=Purpose.BALANCE),)),
            Placed(credited=AMOUNT),
        ),
        (
            ended(
                receipt(),
                set_asides=(aside(state=SetAsideState.WITHDRAWN), aside(number=2)),
            ),
            Placed(to_refund=AMOUNT),
        ),
        (
            ended(
                receipt(),
                set_asides=(
                    aside(300, SetAsideState.REFUNDED),
                    aside(500, SetAsideState.REFUNDED, number=2),
                    aside(70, number=3),
                    aside(AMOUNT - 870, number=4),
                ),
            ),
            Placed(refunded=800, to_refund=AMOUNT - 800),
        ),
    ],
)
def test_all_confirmed_money_is_somewhere(order: Order, expected: Placed) -> None:
    assert record_of(order, REFUNDING).placed == expected


def test_money_without_a_place_is_a_difference() -> None:
    entries = compared(ended(receipt()), shown())
    assert kinds(entries) == [Finding.SAME, Finding.UNPLACED]
    assert entries[1].recorded_base_units == AMOUNT


def test_differences_come_first_in_the_order_of_what_they_are() -> None:
    entries = [
        *compared(awaiting(receipt()), shown()),
        stray("LTC", "address", 4, shown()),
        *compared(awaiting(receipt())),
        *compared(awaiting(), shown()),
    ]
    expected = [Finding.MISSED, Finding.GONE, Finding.STRAY, Finding.SAME]
    assert kinds(in_order(entries)) == expected


def test_differences_of_one_kind_come_by_coin_then_by_order_then_by_receipt() -> None:
    def missed(coin: str, order_id: int, name: str) -> Entry:
        order = replace(new_order(), coin=coin, order_id=order_id)
        (entry,) = compared(order, shown(name=name))
        return entry

    expected = (
        missed("BTC", 9, "a"),
        missed("LTC", 2, "b"),
        missed("LTC", 2, "c"),
        missed("LTC", 10, "a"),
    )
    assert in_order(reversed(expected)) == expected


def test_stray_money_comes_by_receipt() -> None:
    expected = tuple(stray("LTC", "address", 4, shown(name=name)) for name in "ab")
    assert in_order(reversed(expected)) == expected


def test_the_same_difference_has_the_same_key_whatever_the_confirmations() -> None:
    (few,) = compared(awaiting(receipt()), shown(confirmations=0))
    (more,) = compared(awaiting(receipt()), shown(confirmations=1))
    assert few.key == more.key
    (other,) = compared(awaiting(receipt()), shown(amount=5))
    assert other.key != few.key


def test_sums_add_up_field_by_field() -> None:
    one, other = Placed(for_goods=1, refunded=2), Placed(for_goods=10, unplaced=5)
    assert summed((one, other)) == Placed(for_goods=11, refunded=2, unplaced=5)
