"""Receipts of an order: what the chain shows of them, and what they add up to."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import assert_never


class ReceiptState(StrEnum):
    """The life of one receipt."""

    SEEN = "seen"
    CONFIRMED = "confirmed"
    GONE = "gone"
    """Was seen and is neither in a block nor in the mempool: replaced or dropped."""
    REVERSED = "reversed"
    """Was confirmed and is neither in a block nor in the mempool: a reorganisation took it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One receipt as a look at the chain shows it now.

    `output_index` is None for coins without outputs. `confirmations` is 0 in the mempool.
    `chain_time` is the time that proves when it was paid: the median time past of its block
    (BIP 113) or, in the mempool, the time the node gives. `seen_at` is when the shop first saw it.
    """

    transaction_id: str
    output_index: int | None
    amount_base_units: int
    confirmations: int
    block_height: int | None
    block_hash: str | None
    chain_time: datetime
    seen_at: datetime

    @property
    def receipt_id(self) -> str:
        """Unique for one address."""
        return receipt_id(self.transaction_id, self.output_index)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """One receipt as the shop has recorded it.

    `rate` is the price of one coin in the shop's currency at which it is valued: the order's where
    it is in time, that of the first sighting where it is late; None where no rate was known then.
    """

    transaction_id: str
    output_index: int | None
    amount_base_units: int
    state: ReceiptState
    in_time: bool
    rate: Decimal | None
    block_height: int | None
    block_hash: str | None
    chain_time: datetime
    seen_at: datetime

    @property
    def receipt_id(self) -> str:
        """Unique for one address."""
        return receipt_id(self.transaction_id, self.output_index)

    @property
    def on_chain(self) -> bool:
        """Whether it counts at all."""
        return self.state in (ReceiptState.SEEN, ReceiptState.CONFIRMED)


def receipt_id(transaction_id: str, output_index: int | None) -> str:
    """The name of a receipt: the transaction, and the output where the coin has outputs."""
    return transaction_id if output_index is None else f"{transaction_id}:{output_index}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums over receipts that count, in base units. In time: those which keep the locked rate."""

    seen_in_time: int
    confirmed_in_time: int
    late: int


def totals(receipts: tuple[Receipt, ...]) -> Totals:
    """What the receipts of an order add up to; `seen_in_time` includes the confirmed."""
    return Totals(
        seen_in_time=sum(r.amount_base_units for r in receipts if r.on_chain and r.in_time),
        confirmed_in_time=sum(
            r.amount_base_units for r in receipts if r.in_time and r.state is ReceiptState.CONFIRMED
        ),
        late=sum(r.amount_base_units for r in receipts if r.on_chain and not r.in_time),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a receipt is judged by.

    Before `deadline` it is in time and valued at `locked_rate`; later at `current_rate`, if one is
    known. `absent_at_deadline`: a look begun after the deadline has shown which receipts there are,
    so that any other is later. The value of receipts in `settled` is final: money of theirs was set
    aside.
    """

    deadline: datetime
    absent_at_deadline: bool
    confirmations_required: int
    locked_rate: Decimal
    current_rate: Decimal | None
    settled: frozenset[str]


def changed_receipts(
    known: tuple[Receipt, ...], sightings: tuple[Sighting, ...], terms: Terms
) -> tuple[Receipt, ...]:
    """The receipts that differ from what is recorded, as they stand now.

    `sightings` is all that the chain shows of the address, so that a receipt which is missing there
    is gone. The same look twice therefore changes nothing the second time.
    """
    now_seen = {sighting.receipt_id: sighting for sighting in sightings}
    before = {receipt.receipt_id: receipt for receipt in known}
    current = [
        _receipt(before.get(sighting.receipt_id), sighting, terms) for sighting in now_seen.values()
    ]
    current += [_vanished(receipt) for name, receipt in before.items() if name not in now_seen]
    return tuple(receipt for receipt in current if receipt != before.get(receipt.receipt_id))


def _receipt(before: Receipt | None, sighting: Sighting, terms: Terms) -> Receipt:
    confirmed = sighting.confirmations >= terms.confirmations_required
    if before is not None and before.state is ReceiptState.CONFIRMED:
        # Once confirmed it stays so while it is anywhere on the chain or in the mempool: a
        # reorganisation usually mines it again, and only its absence is news.
        confirmed = True
    seen_at = sighting.seen_at if before is None else min(before.seen_at, sighting.seen_at)
    chain_time = sighting.chain_time
    in_time = _is_in_time(sighting, terms)
    if before is not None:
        # Judged once: a block's time may lie an hour before the moment at which its transactions
        # were first seen, and paying late must not become timely by being mined.
        in_time = before.in_time
        chain_time = min(before.chain_time, chain_time)
    return Receipt(
        transaction_id=sighting.transaction_id,
        output_index=sighting.output_index,
        amount_base_units=sighting.amount_base_units,
        state=ReceiptState.CONFIRMED if confirmed else ReceiptState.SEEN,
        in_time=in_time,
        rate=terms.locked_rate if in_time else _late_rate(before, terms),
        block_height=sighting.block_height,
        block_hash=sighting.block_hash,
        chain_time=chain_time,
        seen_at=seen_at,
    )


def _is_in_time(sighting: Sighting, terms: Terms) -> bool:
    """Whether a new receipt was paid before the deadline.

    The chain's own time speaks only where the shop was not looking: the median time past lies up to
    an hour before the moment of mining, and would make late payments timely.
    """
    if sighting.seen_at < terms.deadline:
        return True
    return sighting.chain_time < terms.deadline and not terms.absent_at_deadline


def _late_rate(before: Receipt | None, terms: Terms) -> Decimal | None:
    """That of the first sighting, or of the first at which one was known: never a better one."""
    if before is None:
        return terms.current_rate
    if before.rate is not None or before.receipt_id in terms.settled:
        return before.rate
    return terms.current_rate


def _vanished(receipt: Receipt) -> Receipt:
    match receipt.state:
        case ReceiptState.SEEN:
            state = ReceiptState.GONE
        case ReceiptState.CONFIRMED:
            state = ReceiptState.REVERSED
        case ReceiptState.GONE | ReceiptState.REVERSED:
            return receipt
        case _:
            assert_never(receipt.state)
    return replace(receipt, state=state, block_height=None, block_hash=None)
