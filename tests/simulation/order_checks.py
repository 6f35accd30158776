"""What must hold of an order at every commit that touches it, by the rules of its life.

Every function yields what is wrong, in words. The truth is the chain's, never the shop's. Limits
leave room for what is nobody's fault: a look takes a while, and the shop's clock may be wrong.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tests.simulation.audit_checks import wrong_audit
from tests.simulation.chain import SimulatedChain, SimulatedClient
from tests.simulation.changes import Change
from tests.simulation.ending_checks import wrongly_expired
from tests.simulation.limits import CLOCK_ERROR, LONGEST_LOOK
from tests.simulation.money_checks import wrong_money, wrong_rates, wrong_values
from tests.simulation.notice_checks import wrong_notices
from tests.simulation.reckoning import CONFIRMED, paid_of_price, price_in_coin
from tests.simulation.scenario import Scenario
from tests.simulation.time_checks import wrong_times
from tests.simulation.truth import Truth
from tests.simulation.views import OrderView, ReceiptView, rate_of

_STEPS = {
    None: {"created"},
    "created": {"created", "paid", "cancelled", "expired"},
    "paid": {"paid", "shipped"},
    "shipped": {"shipped"},
    "cancelled": {"cancelled", "paid"},
    "expired": {"expired", "paid"},
}
_FIXED = (
    "telegram_id", "coin", "address", "amount", "tolerance", "confirmations", "total_minor",
    "rate", "created_at", "request_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What changes are compared with."""

    scenario: Scenario
    chains: dict[str, SimulatedChain]
    clients: dict[str, SimulatedClient]
    truth: Truth
    now: Callable[[], datetime]
    """The true time."""
    up_since: Callable[[], datetime]
    """Since when the shop has been there without a break, truly."""
    goods_were_taken: Callable[[int], bool]
    rate: Callable[[str], Decimal | None]
    """What one coin costs now."""


def wrongs(change: Change, world: World) -> Iterator[str]:
    """Everything that is wrong with a change of an order."""
    before, after, rules = change.before, change.after, world.scenario.rules
    if after.status not in _STEPS[change.was]:
        yield f"went from {change.was} to {after.status}"
        return
    if after.version != (1 if before is None else before.version + 1):
        yield f"has become version {after.version}"
    yield from _wrong_units(change, world.truth)
    yield from _wrong_terms(change, world)
    yield from wrong_notices(change, world.scenario.admins)
    yield from wrong_audit(change, world.truth)
    yield from wrong_times(change, rules)
    if after.receipts:
        yield from wrong_money(change, rules)
        yield from wrong_values(after)
        yield from wrong_rates(change, world.rate(after.coin))
        yield from _wrong_receipts(change, world.chains[after.coin])
    yield from _wrongly_become(change, world)


def _wrongly_become(change: Change, world: World) -> Iterator[str]:
    match change.was, change.has_become:
        case "created", "paid":
            yield from _wrongly_paid(change)
        case _, "paid":
            yield from _wrongly_revived(change, world)
        case _, "expired":
            yield from wrongly_expired(change, world)
        case _, "shipped" if change.by != "admin":
            if not world.goods_were_taken(change.after.order_id):
                yield "is shipped though its goods went nowhere"
    if change.was == change.after.status == "created" and change.by == "chain":
        after = change.after
        if after.confirmed_in_time() >= after.sufficient:
            yield "is not paid though confirmed payments cover it"


# --- units, price and terms -----------------------------------------------------------------------


def _wrong_units(change: Change, truth: Truth) -> Iterator[str]:
    order = change.after
    sold = sum(1 for unit in order.units if unit.holds and unit.sold)
    match order.status:
        case "created" if len(order.holds) != len(order.units) or sold:
            yield f"holds {len(order.holds)} of {len(order.units)} units, {sold} sold"
        case "paid" | "shipped" if not len(order.holds) == sold > 0:
            yield f"is {order.status} with {sold} sold of {len(order.holds)} units"
        case "cancelled" | "expired" if order.holds:
            yield f"is {order.status} and holds {len(order.holds)} units"
    if order.is_sold and order.held_by_pool != truth.ordered.get(order.order_id):
        yield f"has {order.held_by_pool} and was for {truth.ordered.get(order.order_id)}"
    before = change.before
    was_waiting = before is not None and before.status == "created"
    if was_waiting and order.is_sold and before is not None and order.holds != before.holds:
        yield "was sold other units than it held"


def _wrong_terms(change: Change, world: World) -> Iterator[str]:
    before, after = change.before, change.after
    if before is not None:
        for name in _FIXED:
            if getattr(before, name) != getattr(after, name):
                yield f"has another {name} than before"
        return
    rate = world.rate(after.coin)
    if rate is None or rate_of(after.rate) != rate:
        yield f"has the rate {after.rate} when the coin costs {rate}"
    prices = sum(unit.price_minor for unit in after.units)
    if after.total_minor != prices:
        yield f"costs {after.total_minor} and its units {prices}"
    amount = price_in_coin(after.total_minor, after.coin, rate_of(after.rate))
    if after.amount != amount:
        yield f"asks for {after.amount} instead of {amount} base units"
    yield from _wrong_rules(after, world)


def _wrong_rules(after: OrderView, world: World) -> Iterator[str]:
    """Where a new order is not made by what the owner chose."""
    rules = world.scenario.rules
    coin = rules.coin(after.coin)
    if coin is None or after.confirmations != coin.confirmations:
        yield f"asks for {after.confirmations} confirmations"
    elif after.tolerance != world.scenario.tolerance(after.coin, after.amount):
        yield f"has a tolerance of {after.tolerance} base units"
    if after.timeout_count >= rules.max_user_timeouts:
        yield f"was made for somebody with {after.timeout_count} timeouts"
    if after.active_slot not in range(rules.max_active):
        yield f"is in slot {after.active_slot} of {rules.max_active}"
    yield from world.truth.wrong_wish(after, rules.partial_stock)


# --- receipts -------------------------------------------------------------------------------------


def _wrong_receipts(change: Change, chain: SimulatedChain) -> Iterator[str]:
    names = [each.name for each in change.after.receipts]
    if len(names) != len(set(names)):
        yield "has one receipt twice"
    for receipt in change.changed:
        yield from _wrong_receipt(change, receipt, chain)


def _wrong_receipt(change: Change, receipt: ReceiptView, chain: SimulatedChain) -> Iterator[str]:
    order, name = change.after, receipt.transaction_id
    paid = chain.output(name, receipt.output_index)
    if paid is None:
        yield f"has the receipt {receipt.name} that nobody made"
        return
    transaction, output = paid
    if output != (order.address, receipt.amount):
        yield f"has the receipt {receipt.name} with another amount or address than was paid"
    if receipt.state == "confirmed" and not chain.was_confirmed(transaction, order.confirmations):
        yield f"takes {receipt.name} for confirmed, which it never was"
    if not receipt.counts and not transaction.was_away:
        yield f"takes {receipt.name} for gone, which was always there"
    if receipt.seen_at < transaction.appeared_on_shop_clock - CLOCK_ERROR - LONGEST_LOOK:
        yield f"saw {receipt.name} before there was any"
    yield from _wrongly_timed(change, receipt, transaction.chain_times)


def _wrongly_timed(
    change: Change, receipt: ReceiptView, chain_times: list[datetime]
) -> Iterator[str]:
    before = change.before
    if before is None:
        yield "is paid before it is there"
        return
    known = next((each for each in before.receipts if each.row_id == receipt.row_id), None)
    if known is not None:
        if known.in_time != receipt.in_time:
            yield f"judges {receipt.name} anew"
        if receipt.seen_at > known.seen_at:
            yield f"saw {receipt.name} at {known.seen_at}, and now at {receipt.seen_at}"
        return
    deadline = before.expires_at
    # The chain's time counts where no look showed, after the deadline, that nothing had come.
    ended_by_a_look = before.status == "expired" and before.counted_as_timeout
    proofs = [receipt.seen_at] if ended_by_a_look else [*chain_times, receipt.seen_at]
    if receipt.in_time and min(proofs) >= deadline:
        yield f"takes {receipt.name} for timely, which it is not"
    if not receipt.in_time and (receipt.seen_at < deadline or max(proofs) < deadline):
        yield f"takes {receipt.name} for late, which it is not"


# --- what must be so at the moment of a change ----------------------------------------------------


def _wrongly_paid(change: Change) -> Iterator[str]:
    after = change.after
    if change.by == "admin":
        if after.confirmed_by != change.audit[0].by_telegram_id:
            yield f"was confirmed by {change.audit[0].by_telegram_id}, not {after.confirmed_by}"
    elif change.by != "chain" or after.confirmed_by is not None:
        yield f"is paid by {change.by}, confirmed by {after.confirmed_by}"
    elif after.confirmed_in_time() < after.sufficient:
        yield f"is paid with {after.confirmed_in_time()} of {after.sufficient} base units"


def _wrongly_revived(change: Change, world: World) -> Iterator[str]:
    before, after = change.before, change.after
    if before is None:
        return
    if before.held_by_pool or after.held_by_pool != world.truth.ordered.get(after.order_id):
        yield f"was revived with {after.held_by_pool}"
    if after.counted_as_timeout or after.closed_at is not None or after.revived_at is None:
        yield "was revived and still counts as ended"
    if change.by == "admin":
        if after.confirmed_by != change.audit[0].by_telegram_id:
            yield f"was confirmed by {change.audit[0].by_telegram_id}, not {after.confirmed_by}"
        return
    if world.scenario.rules.late_payment != "revive":
        yield "was revived, which the owner does not want"
    if before.cancelled_by == "admin":
        yield "was revived though an admin had cancelled it"
    if after.confirmed_by is not None:
        yield f"was revived by money and confirmed by {after.confirmed_by}"
    if paid_of_price(before, CONFIRMED) < before.sufficient:
        yield f"was revived for {int(paid_of_price(before, CONFIRMED))} of {before.sufficient}"
