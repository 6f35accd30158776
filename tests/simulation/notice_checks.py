"""Who must be told what of a change, with which number: reckoned anew, beside the outbox."""

from collections import Counter
from collections.abc import Iterator

from domain.money import format_fiat
from tests.simulation.changes import Change
from tests.simulation.reckoning import (
    lost_refunds,
    missing,
    surplus_left,
)
from tests.simulation.views import OrderView

Told = tuple[str, int | None, str | None]
"""Kind, amount in base units, detail."""

_ADMINS = "admin_"


def wrong_notices(change: Change, admins: tuple[int, ...]) -> Iterator[str]:
    """Where those who are told, or what they are told, is not what the change calls for."""
    expected: Counter[tuple[int, Told]] = Counter()
    for told in expected_notices(change):
        chats = admins if told[0].startswith(_ADMINS) else (change.after.telegram_id,)
        expected.update((chat, told) for chat in chats)
    found = Counter((each.chat_id, (each.kind, each.amount, each.detail)) for each in change.told)
    for chat, told in sorted((expected - found).elements(), key=repr):
        yield f"{'+'.join(change.whats)}: {chat} is not told {told}"
    for chat, told in sorted((found - expected).elements(), key=repr):
        yield f"{'+'.join(change.whats)}: {chat} is told {told}"
    for each in change.told:
        audience = "admins" if each.kind.startswith(_ADMINS) else "shopper"
        if each.audience != audience:
            yield f"{each.kind} is for {each.audience}"


def expected_notices(change: Change) -> Iterator[Told]:
    """All that follows from the change."""
    yield from _of_the_status(change)
    yield from _of_the_chain(change)
    yield from _of_money_set_aside(change)
    if "refund_recorded" in change.whats and change.before is not None:
        yield from _of_a_refund(change.before, change.after)
    if "expiry_warned" in change.whats:
        yield ("payment_timeout_warning", change.after.amount - change.after.seen_in_time(), None)


def _of_the_status(change: Change) -> Iterator[Told]:
    after, by_admin = change.after, change.by == "admin"
    match change.was, change.has_become:
        case None, "created":
            yield ("order_created", None, None)
            yield ("admin_order_created", None, None)
        case "created", "paid":
            yield ("goods", None, None)
            if by_admin:
                yield ("admin_order_confirmed", None, change.audit[0].why)
            else:
                yield ("admin_payment_received", after.confirmed_in_time(), None)
        case (("cancelled" | "expired"), "paid"):
            yield ("order_revived", None, None)
            yield ("goods", None, None)
            if by_admin:
                yield ("admin_order_confirmed", None, change.audit[0].why)
            else:
                yield ("admin_order_revived", None, None)
        case _, ("expired" | "cancelled") as ended:
            yield (f"order_{ended}", None, None)
            yield (f"admin_order_{ended}", None, None)
            if after.received():
                yield ("payment_late", after.received(), None)
                yield ("admin_payment_late", after.received(), None)
        case "paid", "shipped" if by_admin:
            yield ("order_shipped", None, after.tracking_number)


# --- news of the chain ----------------------------------------------------------------------------


def _of_the_chain(change: Change) -> Iterator[Told]:
    before = change.before
    if before is None or change.by != "chain":
        return
    match before.status, change.has_become:
        case "created", "":
            yield from _while_waiting(change, before)
        case "created", "paid":
            yield from _surplus(change.after, before)
        case (("paid" | "shipped"), ""):
            if change.arrived:
                surplus = tuple(_surplus(change.after, before))
                yield from surplus or (("admin_payment_seen", change.arrived, None),)
            yield from _reversals(change, before)
        case (("cancelled" | "expired"), ""):
            if change.arrived:
                yield ("payment_late", change.arrived, None)
                yield ("admin_payment_late", change.arrived, None)
            yield from _reversals(change, before)


def _while_waiting(change: Change, before: OrderView) -> Iterator[Told]:
    after, seen = change.after, change.after.seen_in_time()
    if change.vanished and after.payment_state != "seen":
        yield ("payment_vanished", None, None)
    if after.payment_state == "seen" and before.payment_state != "seen":
        yield ("payment_seen", seen, None)
        yield ("admin_payment_seen", seen, None)
    elif after.payment_state == "partial" and change.arrived:
        yield ("payment_partial", after.amount - seen, None)
        yield ("admin_payment_seen", seen, None)


def _surplus(after: OrderView, before: OrderView) -> Iterator[Told]:
    """Of what is too much, as far as it was not set aside before this change."""
    surplus = surplus_left(_with_asides_of(after, before))
    if after.payment_state == "over" and surplus:
        yield ("payment_over", surplus, None)
        yield ("admin_payment_over", surplus, None)


def _with_asides_of(after: OrderView, before: OrderView) -> OrderView:
    values = {name: getattr(after, name) for name in OrderView.__dataclass_fields__}
    return OrderView(**values | {"asides": before.asides})


def _reversals(change: Change, before: OrderView) -> Iterator[Told]:
    after = change.after
    taken_back = sum(max(0, before.aside(each) - after.aside(each)) for each in before.receipts)
    if taken_back:
        yield ("payment_vanished", taken_back, None)
    if after.payment_state == "reversed" != before.payment_state:
        lost = missing(after) if after.is_sold else lost_refunds(after)
        yield ("admin_payment_reversed", lost, None)
    elif taken_back:
        yield ("admin_payment_reversed", taken_back, None)


# --- money that pays for nothing ------------------------------------------------------------------


def _of_money_set_aside(change: Change) -> Iterator[Told]:
    before = change.before
    known = set() if before is None else {each.number for each in before.asides}
    new = [each for each in change.after.asides if each.number not in known]
    credited = [each for each in new if each.purpose == "balance"]
    to_refund = [each for each in new if each.purpose == "refund"]
    no_longer = _refunds_withdrawn(change)
    if no_longer:
        yield ("refund_withdrawn", no_longer, None)
        yield ("admin_refund_withdrawn", no_longer, None)
    if credited:
        amount = sum(each.amount for each in credited)
        worth = format_fiat(sum(each.credited_minor for each in credited), "USD")
        yield ("money_credited", amount, worth)
        yield ("admin_money_credited", amount, worth)
    if to_refund:
        amount = sum(each.amount for each in to_refund)
        yield ("money_to_refund", amount, None)
        yield ("admin_money_to_refund", amount, None)


def _refunds_withdrawn(change: Change) -> int:
    before = () if change.before is None else change.before.asides
    after = {each.number: each.state for each in change.after.asides}
    return sum(
        each.amount
        for each in before
        if each.purpose == "refund"
        and each.state == "open"
        and after.get(each.number) == "withdrawn"
    )


def _of_a_refund(before: OrderView, after: OrderView) -> Iterator[Told]:
    was_open = {each.number for each in before.asides if each.state == "open"}
    paid_back = [e for e in after.asides if e.state == "refunded" and e.number in was_open]
    amount = sum(each.amount for each in paid_back)
    for transaction_id in sorted({each.refund_transaction_id or "" for each in paid_back}):
        yield ("money_refunded", amount, transaction_id)
