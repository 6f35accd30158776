"""Where an order's money is after a change, and on which grounds it counts."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from domain.rules import OrderRules
from tests.simulation.changes import Change
from tests.simulation.reckoning import (
    CONFIRMED,
    beyond_the_price,
    goes_to_balance,
    is_revival_due,
    state_when_ended,
    state_when_paid,
    state_while_waiting,
    worth_minor,
)
from tests.simulation.views import OrderView, rate_of

_SETTLING = {"receipts_changed", "order_paid", "order_revived", "order_expired", "order_cancelled"}


def wrong_money(change: Change, rules: OrderRules) -> Iterator[str]:
    """Where its money is not where it belongs."""
    yield from _wrong_state(change)
    yield from _wrong_cover(change)
    yield from _wrong_places(change, rules)
    yield from _wrong_new_places(change, rules)
    yield from _wrong_old_places(change)


def wrong_values(order: OrderView) -> Iterator[str]:
    """Receipts and credits that are worth something else."""
    for receipt in order.receipts:
        if receipt.in_time and receipt.rate != order.rate:
            yield f"values {receipt.name} at {receipt.rate}, and its rate is {order.rate}"
        worth = None
        if receipt.rate is not None:
            worth = worth_minor(receipt.amount, order.coin, rate_of(receipt.rate))
        if worth != receipt.value_minor:
            yield f"values {receipt.name} at {receipt.value_minor} instead of {worth}"


def wrong_rates(change: Change, rate_now: Decimal | None) -> Iterator[str]:
    """Late money that has just come and is not valued at what the coin costs now."""
    before = change.before
    known = {} if before is None else {each.row_id: each for each in before.receipts}
    for receipt in change.changed:
        earlier = known.get(receipt.row_id)
        if receipt.in_time or (earlier is not None and earlier.rate is not None):
            continue
        if rate_now is not None and receipt.rate is None and receipt.counts:
            yield f"does not value {receipt.name}, and the coin costs {rate_now}"
        if receipt.rate is not None and (rate_now is None or rate_of(receipt.rate) != rate_now):
            yield f"values {receipt.name}, which is late, at {receipt.rate} and not at {rate_now}"


# --- how the payment stands -----------------------------------------------------------------------


def _wrong_state(change: Change) -> Iterator[str]:
    before, after = change.before, change.after
    if before is None:
        expected = "none"
    elif after.status == "created":
        expected = state_while_waiting(after)
    elif after.has_ended_unpaid:
        expected = state_when_ended(after)
    else:
        was = before.payment_state
        expected = state_when_paid(after, was=was, vanished=change.vanished)
        if not change.changed and not change.has_become:
            expected = was
    if after.payment_state != expected:
        yield f"is {after.status}, its payment {after.payment_state} instead of {expected}"


def _wrong_cover(change: Change) -> Iterator[str]:
    before, after = change.before, change.after
    if after.status != "created" or before is None:
        return
    is_covered = after.seen_in_time() >= after.sufficient
    if is_covered != (after.covered_at is not None):
        yield f"was covered at {after.covered_at} by {after.seen_in_time()} of {after.amount}"
    elif before.covered_at is not None and after.covered_at != before.covered_at and is_covered:
        yield f"is covered since {before.covered_at}, and now since {after.covered_at}"


# --- where it is ----------------------------------------------------------------------------------


def _wrong_places(change: Change, rules: OrderRules) -> Iterator[str]:
    before, after = change.before, change.after
    wanted = _wanted_aside(change, rules)
    for receipt in after.receipts:
        aside = after.aside(receipt)
        if receipt.state != "confirmed":
            if any(e.payment_id == receipt.row_id and e.state == "open" for e in after.asides):
                yield f"has set aside {receipt.name}, which is {receipt.state}"
        elif wanted is not None and aside != wanted.get(receipt.row_id, 0):
            yield (
                f"is {after.status} and has set aside {aside} of {receipt.amount} of"
                f" {receipt.name} instead of {wanted.get(receipt.row_id, 0)}"
            )
        elif wanted is None and before is not None and aside != before.aside(receipt):
            yield f"sets aside {aside} of {receipt.name} for no reason"


def _wanted_aside(change: Change, rules: OrderRules) -> dict[int, int] | None:
    """By row id of receipts; None: as it was."""
    after = change.after
    if after.status == "created":
        return {}
    if after.is_sold:
        settles = _SETTLING.intersection(change.whats)
        return beyond_the_price(after, CONFIRMED) if settles else None
    if "receipts_changed" in change.whats or change.has_become:
        if is_revival_due(_before_new_places(change), rules):
            return None
    elif "money_set_aside" not in change.whats:
        return None
    return {each.row_id: each.amount for each in after.receipts if each.state == "confirmed"}


def _before_new_places(change: Change) -> OrderView:
    """The order as it is, with nothing set aside by this change."""
    asides = () if change.before is None else change.before.asides
    values = {name: getattr(change.after, name) for name in OrderView.__dataclass_fields__}
    return OrderView(**values | {"asides": asides})


def _wrong_new_places(change: Change, rules: OrderRules) -> Iterator[str]:
    before, after = change.before, change.after
    count = 0 if before is None else len(before.asides)
    if [each.number for each in after.asides] != list(range(1, len(after.asides) + 1)):
        yield f"counts what it sets aside as {[each.number for each in after.asides]}"
    receipts = {each.row_id: each for each in after.receipts}
    for each in after.asides[count:]:
        receipt = receipts[each.payment_id]
        worth = 0
        if receipt.rate is not None and goes_to_balance(after, rules):
            worth = worth_minor(each.amount, after.coin, rate_of(receipt.rate))
        purpose = "balance" if worth else "refund"
        if (each.purpose, each.credited_minor, each.state) != (purpose, worth, "open"):
            yield (
                f"sets {each.amount} of {receipt.name} aside as {each.purpose} of"
                f" {each.credited_minor}, {each.state}, instead of {purpose} of {worth}"
            )


def _wrong_old_places(change: Change) -> Iterator[str]:
    if change.before is None:
        return
    for was, now in zip(change.before.asides, change.after.asides, strict=False):
        if was.state == now.state:
            continue
        if was.state != "open":
            yield f"has {now.state} what was {was.state}"
        if now.state == "refunded" and change.whats.count("refund_recorded") == 0:
            yield f"counts number {now.number} as paid back, and nobody said so"


def money_is_unsettled_since(order: OrderView) -> datetime | None:
    """Since when the shop could know of money of an ended order that has no place."""
    times = [each.seen_at for each in order.receipts if each.state == "confirmed"]
    return max(times, default=None)
