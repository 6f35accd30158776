"""What the audit log must say of a change: what happened, who did it, why, and nothing else."""

from collections import Counter
from collections.abc import Iterator

from tests.simulation.changes import Change
from tests.simulation.truth import Truth
from tests.simulation.views import OrderView

_STATUS = {
    ("created", "paid"): "order_paid",
    ("cancelled", "paid"): "order_revived",
    ("expired", "paid"): "order_revived",
    ("created", "cancelled"): "order_cancelled",
    ("created", "expired"): "order_expired",
    ("paid", "shipped"): "order_shipped",
}
_WHYS = {
    ("shopper", "order_created"): "order placed",
    ("shopper", "order_cancelled"): "cancelled by the shopper",
    ("chain", "order_paid"): "confirmed payments cover the order",
    ("chain", "order_expired"): "no payment covered the order in time",
    ("clock", "order_expired"): "the chain could not be looked at",
    ("clock", "expiry_warned"): "the time to pay is nearly over",
    ("shop", "order_shipped"): "digital goods were delivered",
    ("shop", "order_revived"): "late payments are worth the price, and the goods are there",
    ("shop", "money_set_aside"): "the order is not revived",
    ("admin", "order_expired"): "expired by an admin",
    ("admin", "order_shipped"): "marked as shipped",
    ("admin", "refund_recorded"): "paid back",
    ("chain", "receipts_changed"): "payments on the chain",
}
_HEADS = (
    "order_created", "order_cancelled", "order_paid", "order_expired", "order_revived",
    "order_shipped", "expiry_warned", "refund_recorded", "receipts_changed", "money_set_aside",
)  # fmt: skip
_ADMIN_DEEDS = {
    "order_cancelled": "cancel",
    "order_expired": "expire",
    "order_paid": "confirm",
    "order_revived": "confirm",
    "order_shipped": "ship",
    "refund_recorded": "refund",
}


def wrong_audit(change: Change, truth: Truth) -> Iterator[str]:
    """Where the log is not what happened."""
    expected, found = Counter(_expected(change)), Counter(change.whats)
    if expected["receipts_changed"] < found["receipts_changed"] == 1 and change.by == "chain":
        # A receipt's block may have changed, which is no part of what is compared here.
        expected["receipts_changed"] = 1
    if expected != found:
        yield f"the audit log says {sorted(found.elements())} of {sorted(expected.elements())}"
    if len({(each.at, each.by, each.by_telegram_id, each.why) for each in change.audit}) > 1:
        yield f"the audit log has several causes of one change: {change.audit}"
    yield from _wrong_details(change)
    yield from _wrong_cause(change, truth)


def _expected(change: Change) -> Iterator[str]:
    before, after = change.before, change.after
    if before is None:
        yield "order_created"
        return
    if change.has_become:
        yield _STATUS.get((before.status, after.status), "an impossible change")
    if _receipts_changed(change, before):
        yield "receipts_changed"
    if after.extended_at != before.extended_at or after.expires_at != before.expires_at:
        yield "time_extended"
    if after.warned_of != before.warned_of:
        yield "expiry_warned"
    yield from _of_money(before, after)


def _receipts_changed(change: Change, before: OrderView) -> bool:
    if change.changed:
        return True
    # An expiry brings its own payment state along.
    is_expiry = change.has_become == "expired"
    return before.payment_state != change.after.payment_state and not is_expiry


def _of_money(before: OrderView, after: OrderView) -> Iterator[str]:
    known = {each.number: each.state for each in before.asides}
    for each in after.asides:
        was = known.get(each.number)
        if was is None:
            yield "money_set_aside"
        elif was != each.state:
            yield "set_aside_withdrawn" if each.state == "withdrawn" else "refund_recorded"


def _wrong_details(change: Change) -> Iterator[str]:
    for row in change.audit:
        match row.what:
            case "receipts_changed":
                named = set(row.detail.split(", ")) if row.detail else set()
                changed = {f"{each.name} {each.state}" for each in change.changed}
                if not changed <= named:
                    yield f"the audit log names {row.detail!r}, and {sorted(changed)} changed"
                there = {f"{each.name} {each.state}" for each in change.after.receipts}
                if not named <= there:
                    yield f"the audit log names {row.detail!r}, which is not there"
            case "order_expired":
                counted = row.detail == "counted as a timeout"
                if counted != change.after.counted_as_timeout:
                    yield f"the audit log says {row.detail!r} of its end"
            case "time_extended" if (
                f"{change.after.expires_at:%Y-%m-%dT%H:%M:%S}" not in row.detail
            ):
                yield f"the audit log says it was extended {row.detail!r}"


# --- who, and why ---------------------------------------------------------------------------------


def _wrong_cause(change: Change, truth: Truth) -> Iterator[str]:
    head = next((name for name in _HEADS if name in change.whats), change.whats[0])
    first, order_id = change.audit[0], change.after.order_id
    why = _WHYS.get((first.by, head))
    if first.by == "admin":
        reason = change.after.tracking_number if head == "order_shipped" else first.why
        reason = _refund_of(change) if head == "refund_recorded" else reason
        deed = (_ADMIN_DEEDS.get(head, head), first.by_telegram_id, reason)
        if head == "order_expired":
            deed = ("expire", first.by_telegram_id, None)
        if deed not in truth.deeds_of(order_id):
            yield f"{head} by admin {first.by_telegram_id}, who never wished it: {reason!r}"
    elif first.by == "shopper":
        if first.by_telegram_id != change.after.telegram_id:
            yield f"{head} by {first.by_telegram_id}, whose order it is not"
        if head == "order_cancelled" and order_id not in truth.cancels_wished:
            yield "was cancelled though nobody asked for it"
    elif first.by_telegram_id is not None:
        yield f"{head} by {first.by} {first.by_telegram_id}"
    if why is not None and first.why != why:
        yield f"the audit log gives {first.why!r} as the reason of {head}"
    if why is None and first.by != "admin":
        yield f"{head} by {first.by} is nothing that happens"


def _refund_of(change: Change) -> str | None:
    before = change.before
    was_open = {each.number for each in before.asides if each.state == "open"} if before else set()
    paid_back = [e for e in change.after.asides if e.number in was_open and e.state == "refunded"]
    return paid_back[0].refund_transaction_id if paid_back else None
