"""Times of an order: deadlines, more time, warnings, and when things are said to have happened."""

from collections.abc import Iterator

from domain.rules import OrderRules
from tests.simulation.changes import Change
from tests.simulation.limits import CLOCK_ERROR
from tests.simulation.views import OrderView

_WHEN = {
    "order_paid": "paid_at",
    "order_revived": "revived_at",
    "order_shipped": "shipped_at",
    "order_expired": "closed_at",
    "order_cancelled": "closed_at",
    "time_extended": "extended_at",
}


def wrong_times(change: Change, rules: OrderRules) -> Iterator[str]:
    """Where a time is not the one that the rules give."""
    before, after = change.before, change.after
    for what, name in _WHEN.items():
        if what in change.whats and getattr(after, name) != change.at:
            yield f"has {name} {getattr(after, name)}, and it was decided at {change.at}"
    if before is None:
        if after.created_at != change.at or after.expires_at != after.created_at + rules.timeout:
            yield f"was made at {change.at} and runs out at {after.expires_at}"
        return
    yield from _wrong_extension(change, before, rules)
    if after.warned_of != before.warned_of:
        yield from _wrong_warning(change, before, rules)


def _wrong_extension(change: Change, before: OrderView, rules: OrderRules) -> Iterator[str]:
    after = change.after
    longer = change.at + rules.extension
    if "time_extended" in change.whats:
        if after.expires_at != longer or longer <= before.expires_at:
            yield f"is extended from {before.expires_at} to {after.expires_at}"
        if not _calls_for_more_time(change, before) or not rules.extension:
            yield "is extended for no reason"
    elif after.expires_at != before.expires_at:
        yield f"runs out at {after.expires_at} and not at {before.expires_at} any more"
    elif (
        _calls_for_more_time(change, before)
        and rules.extension
        and longer > before.expires_at
        # A look that began after the deadline may be told of with a clock that was set back.
        and change.at < before.expires_at - CLOCK_ERROR
    ):
        yield f"is not extended beyond {before.expires_at} though a part is paid"


def _calls_for_more_time(change: Change, before: OrderView) -> bool:
    after = change.after
    return (
        before.status == after.status == "created"
        and change.by == "chain"
        and bool(change.arrived or change.vanished)
        and before.extended_at is None
        and 0 < after.seen_in_time() < after.sufficient
    )


def _wrong_warning(change: Change, before: OrderView, rules: OrderRules) -> Iterator[str]:
    after = change.after
    due = before.expires_at - rules.warning
    told_at = before.extended_at or before.created_at
    if after.warned_of != before.expires_at:
        yield f"was warned of {after.warned_of} and runs out at {before.expires_at}"
    if not rules.warning or due <= told_at:
        yield "was warned though nobody wants that"
    if not due <= change.at < before.expires_at:
        yield f"was warned at {change.at} of {before.expires_at}"
    if before.status != "created" or before.covered_at is not None:
        yield "was warned though it awaits no payment"
