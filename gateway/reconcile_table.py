"""A reconciliation for people and for spreadsheets: sentences, sums, and a table as CSV (RFC 4180).

The sentence of a difference is the same whenever it is found, for admins are told of each once.
"""

import csv
import io
from collections.abc import Iterator

from domain.money import format_coin, format_fiat
from domain.reconciliation import Balances, CoinTotals, Entry, Finding, Reconciliation

COLUMNS = (
    "finding",
    "coin",
    "order_id",
    "status",
    "payment_state",
    "order_created_at",
    "address",
    "address_index",
    "receipt_id",
    "recorded_state",
    "recorded_amount",
    "recorded_base_units",
    "chain_amount",
    "chain_base_units",
    "confirmations_required",
    "chain_confirmations",
    "block_height",
    "chain_time",
    "explanation",
)

_SENTENCES = {
    Finding.MISSED: "the chain shows {shown}{receipt} on {address}, and the store has {recorded}:"
    " /look {order_id} in the bot has the shop take it up",
    Finding.GONE: "the store has {recorded}{receipt} on {address}, and the chain shows {shown}:"
    " compare with another explorer before goods or refunds go out",
    Finding.AMOUNT: "the store has {recorded}{receipt} on {address}, and the chain shows {shown}:"
    " compare with another explorer",
    Finding.UNCONFIRMED: "the store has {recorded}{receipt} on {address} as confirmed, and the"
    " chain does not yet: look again after some blocks",
    Finding.BEHIND: "the chain has confirmed {shown}{receipt} on {address}, and the store has it"
    " as seen: is the shop running, and its node in step?",
    Finding.UNPLACED: "{recorded} that is confirmed pays for nothing, and is neither credited nor"
    " to be refunded: the shop mends that at its next sweep; if not, see /order {order_id}",
    Finding.STRAY: "the chain shows {shown}{receipt} on {address} (index {index}), which no order"
    " has: its key is given by `run.py custody export --index {coin} {index}`",
}


def sentence(entry: Entry) -> str:
    """What differs, and what to do about it; "" where nothing does."""
    template = _SENTENCES.get(entry.finding)
    if template is None:
        return ""
    order_id = 0 if entry.order is None else entry.order.order_id
    about = f"{entry.coin} order {order_id}" if order_id else entry.coin
    text = template.format(
        order_id=order_id,
        coin=entry.coin,
        address=entry.address,
        index=entry.address_index,
        receipt="" if entry.receipt_id is None else f" in {entry.receipt_id}",
        recorded=_amount(entry.recorded_base_units, entry.coin),
        shown=_amount(entry.shown_base_units, entry.coin),
    )
    doubt = f" ({entry.doubt}: compare with an explorer)" if entry.doubt else ""
    return f"{about}, {entry.finding}: {text}{doubt}"


def balance_sentence(balances: Balances) -> str:
    """Balances that are not the sum of their credits."""
    balance = format_fiat(balances.balance_minor, balances.currency)
    credits_ = format_fiat(balances.credits_minor, balances.currency)
    return (
        f"balances: shoppers have {balance}, and their credits add up to {credits_}: run"
        " `run.py check`"
    )


def difference_sentences(result: Reconciliation) -> list[str]:
    """All that differs."""
    entries = [sentence(each) for each in result.differences]
    return [*entries, *(balance_sentence(each) for each in result.wrong_balances)]


def totals_lines(totals: CoinTotals) -> Iterator[str]:
    """One coin summed up."""
    coin, placed = totals.coin, totals.placed
    if totals.why_not:
        yield f"{coin}: orders {totals.orders}, which cannot be checked: {totals.why_not}"
        return
    tip = "" if totals.tip_height is None else f", at block {totals.tip_height}"
    yield f"{coin}: orders {totals.orders}, addresses {totals.addresses}{tip}"
    sums = (
        ("came in on the chain", totals.came_in),
        ("  of it not in a block yet", totals.waiting),
        ("recorded as confirmed", totals.confirmed),
        ("  for goods", placed.for_goods),
        ("  of orders that are not paid yet", placed.awaiting),
        ("  credited to balances", placed.credited),
        ("  to be refunded", placed.to_refund),
        ("  refunded", placed.refunded),
        ("  without a place", placed.unplaced),
        ("recorded as seen", totals.seen),
    )
    for name, base_units in sums:
        # What is said in any case are the sides that are compared.
        if base_units or not name.startswith(" "):
            yield f"  {name}: {_amount(base_units, coin)}"
    if totals.unchecked:
        yield f"  orders that could not be compared wholly: {totals.unchecked}"
    for note in totals.notes:
        yield f"  {note}"


def table(result: Reconciliation) -> bytes:
    """All of it as CSV with a header, in UTF-8: a line for each receipt, or an order without."""
    text = io.StringIO(newline="")
    # The dialect ends lines as RFC 4180 has it, with CR and LF.
    writer = csv.writer(text, dialect="excel")
    writer.writerow(COLUMNS)
    for entry in result.entries:
        writer.writerow(_row(entry).values())
    return text.getvalue().encode()


def plain_entry(entry: Entry) -> dict[str, object]:
    """One line as plain values; the names are those of the columns."""
    return dict(_row(entry))


def _row(entry: Entry) -> dict[str, object]:
    order, receipt, shown = entry.order, entry.receipt, entry.shown
    each = shown or receipt
    values = (
        entry.finding.value,
        entry.coin,
        None if order is None else order.order_id,
        None if order is None else order.status.value,
        None if order is None else order.payment_state.value,
        None if order is None else order.created_at.isoformat(),
        entry.address,
        entry.address_index if order is None else order.address_index,
        entry.receipt_id,
        None if receipt is None else receipt.state.value,
        _number(entry.recorded_base_units, entry.coin),
        entry.recorded_base_units,
        _number(entry.shown_base_units, entry.coin),
        entry.shown_base_units,
        None if order is None else order.confirmations_required,
        None if shown is None else shown.confirmations,
        None if each is None else each.block_height,
        None if each is None else each.chain_time.isoformat(),
        entry.why or sentence(entry),
    )
    return dict(zip(COLUMNS, values, strict=True))


def _number(base_units: int | None, coin: str) -> str | None:
    return None if base_units is None else format_coin(base_units, coin)


def _amount(base_units: int | None, coin: str) -> str:
    """For people; below zero for an order whose refund was made for nothing."""
    return "nothing" if base_units is None else f"{format_coin(base_units, coin)} {coin}"
