"""Comparing orders and their receipts with what the chain shows of their addresses.

What is compared is one order and all that its address has received, so that nothing depends on how
long ago the order ended. Whether a difference lasts is for the caller to see: the shop records what
it has seen a little later than a chain shows it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import assert_never

from domain.order import Order, OrderStatus
from domain.payment import Receipt, ReceiptState, Sighting
from domain.reconciliation import Entry, Finding, OrderRecord, Placed, Shown
from domain.rules import OrderRules
from domain.set_aside import Purpose, SetAsideState
from domain.settlement import allocation
from domain.transaction_ids import is_unnamed


def record_of(order: Order, rules: OrderRules) -> OrderRecord:
    """An order as far as its money goes."""
    return OrderRecord(
        order_id=order.order_id,
        coin=order.coin,
        address=order.address,
        address_index=order.address_index,
        status=order.status,
        payment_state=order.payment_state,
        created_at=order.created_at,
        confirmations_required=order.confirmations_required,
        receipts=order.receipts,
        placed=_placed(order, rules),
    )


def compare(record: OrderRecord, shown: Shown) -> list[Entry]:
    """What differs between an order and its address, and what does not; one entry at the least."""
    if shown.why_not:
        entries = [_entry(Finding.UNCHECKED, record, why=shown.why_not)]
    elif shown.sum_base_units is not None:
        entries = _compared_sums(record, shown, shown.sum_base_units)
    else:
        entries = list(_compared_receipts(record, shown))
    if record.placed.unplaced:
        unplaced = _entry(Finding.UNPLACED, record)
        entries.append(replace(unplaced, recorded_base_units=record.placed.unplaced))
    return entries or [_entry(Finding.SAME, record)]


def stray(coin: str, address: str, address_index: int, sighting: Sighting) -> Entry:
    """Money on an address of the shop that no order has."""
    return Entry(
        finding=Finding.STRAY,
        coin=coin,
        address=address,
        address_index=address_index,
        shown=sighting,
        shown_base_units=sighting.amount_base_units,
    )


def in_order(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Differences first, by what they are, and then by order."""
    rank = {finding: place for place, finding in enumerate(Finding)}
    return tuple(
        sorted(
            entries,
            key=lambda each: (
                rank[each.finding],
                each.coin,
                0 if each.order is None else each.order.order_id,
                each.receipt_id or "",
            ),
        )
    )


def summed(several: Iterable[Placed]) -> Placed:
    """The money of several orders."""
    sums = dict.fromkeys(Placed.__slots__, 0)
    for each in several:
        for name in sums:
            sums[name] += getattr(each, name)
    return Placed(**sums)


# --- one order ------------------------------------------------------------------------------------


def _compared_receipts(record: OrderRecord, shown: Shown) -> Iterator[Entry]:
    recorded = {each.receipt_id: each for each in record.receipts}
    on_chain = {each.receipt_id: each for each in shown.sightings}
    unnamed = _unnamed(recorded, shown)
    if unnamed and _is_told_in_other_parts(unnamed, on_chain):
        yield from (_proved_by_sum(record, each) for each in unnamed.values())
        recorded = {name: each for name, each in recorded.items() if name not in unnamed}
        on_chain = {n: each for n, each in on_chain.items() if not is_unnamed(each.transaction_id)}
    for name in dict.fromkeys((*recorded, *on_chain)):
        yield _compared_receipt(record, shown, recorded.get(name), on_chain.get(name))


def _unnamed(recorded: Mapping[str, Receipt], shown: Shown) -> dict[str, Receipt]:
    """Receipts that came by no transaction of their own, of which the chain can tell."""
    return {
        name: each
        for name, each in recorded.items()
        if each.on_chain
        and is_unnamed(each.transaction_id)
        and not _is_before(each, shown.begins_height)
    }


def _is_told_in_other_parts(
    unnamed: Mapping[str, Receipt], on_chain: Mapping[str, Sighting]
) -> bool:
    """Whether it is the same money, of which another node knows better when it came."""
    told = {n: each for n, each in on_chain.items() if is_unnamed(each.transaction_id)}
    recorded_sum = sum(each.amount_base_units for each in unnamed.values())
    shown_sum = sum(each.amount_base_units for each in told.values())
    return told.keys() != unnamed.keys() and recorded_sum == shown_sum


def _compared_receipt(
    record: OrderRecord, shown: Shown, receipt: Receipt | None, sighting: Sighting | None
) -> Entry:
    counted = receipt if receipt is not None and receipt.on_chain else None
    finding = Finding.SAME
    if sighting is None:
        if counted is not None:
            before = _is_before(counted, shown.begins_height)
            finding = Finding.UNCHECKED if before else Finding.GONE
    elif counted is None:
        finding = Finding.MISSED
    elif counted.amount_base_units != sighting.amount_base_units:
        finding = Finding.AMOUNT
    else:
        finding = _compared_confirmations(record, counted, sighting)
    why = "in a block before those that could be read" if finding is Finding.UNCHECKED else ""
    return _entry(finding, record, receipt, sighting, why)


def _compared_confirmations(record: OrderRecord, receipt: Receipt, sighting: Sighting) -> Finding:
    is_enough = sighting.confirmations >= record.confirmations_required
    is_confirmed = receipt.state is ReceiptState.CONFIRMED
    if is_enough == is_confirmed:
        return Finding.SAME
    return Finding.BEHIND if is_enough else Finding.UNCONFIRMED


def _compared_sums(record: OrderRecord, shown: Shown, sum_base_units: int) -> list[Entry]:
    """By what came in altogether: the receipts in blocks are all there, or one cannot say which."""
    in_blocks = [e for e in record.receipts if e.on_chain and e.block_height is not None]
    recorded = sum(each.amount_base_units for each in in_blocks)
    others = tuple(each for each in record.receipts if each not in in_blocks)
    entries = list(_compared_receipts(replace(record, receipts=others), shown))
    if recorded == sum_base_units:
        entries += [_proved_by_sum(record, each) for each in in_blocks]
        return entries
    finding = Finding.MISSED if sum_base_units > recorded else Finding.GONE
    why = "in all: the node keeps too little to tell the receipts apart"
    differing = replace(
        _entry(finding, record, why=why),
        recorded_base_units=recorded,
        shown_base_units=sum_base_units,
    )
    return [*entries, differing]


def _proved_by_sum(record: OrderRecord, receipt: Receipt) -> Entry:
    proved = _entry(Finding.SAME, record, receipt, why="by what the address holds")
    return replace(proved, shown_base_units=receipt.amount_base_units)


def _is_before(receipt: Receipt, begins_height: int | None) -> bool:
    height = receipt.block_height
    return begins_height is not None and height is not None and height <= begins_height


def _entry(
    finding: Finding,
    record: OrderRecord,
    receipt: Receipt | None = None,
    shown: Sighting | None = None,
    why: str = "",
) -> Entry:
    is_counted = receipt is not None and receipt.on_chain
    return Entry(
        finding=finding,
        coin=record.coin,
        address=record.address,
        order=record,
        receipt=receipt,
        shown=shown,
        recorded_base_units=receipt.amount_base_units if receipt and is_counted else None,
        shown_base_units=None if shown is None else shown.amount_base_units,
        why=why,
    )


# --- where the money is ---------------------------------------------------------------------------


def _placed(order: Order, rules: OrderRules) -> Placed:
    confirmed = sum(
        each.amount_base_units for each in order.receipts if each.state is ReceiptState.CONFIRMED
    )
    aside = _aside(order)
    rest = confirmed - sum(aside.values())
    match order.status:
        case OrderStatus.CREATED:
            return Placed(awaiting=rest, **aside)
        case OrderStatus.PAID | OrderStatus.SHIPPED:
            unplaced = min(max(0, rest), _lacking(order, rules))
            # Below zero where a payment was reversed after a part of it had been paid back.
            return Placed(for_goods=rest - unplaced, unplaced=unplaced, **aside)
        case OrderStatus.CANCELLED | OrderStatus.EXPIRED:
            return Placed(unplaced=max(0, rest), **aside)
        case _:
            assert_never(order.status)


def _aside(order: Order) -> dict[str, int]:
    sums = {"credited": 0, "to_refund": 0, "refunded": 0}
    for each in order.set_asides:
        if each.state is SetAsideState.REFUNDED:
            sums["refunded"] += each.amount_base_units
        elif each.counts:
            name = "credited" if each.purpose is Purpose.BALANCE else "to_refund"
            sums[name] += each.amount_base_units
    return sums


def _lacking(order: Order, rules: OrderRules) -> int:
    """What should be set aside by the rules and is not."""
    wanted = sum(allocation(order, rules).values())
    aside = sum(each.amount_base_units for each in order.set_asides if each.counts)
    return max(0, wanted - aside)
