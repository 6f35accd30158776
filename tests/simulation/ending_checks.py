"""Why an order ran out: what the chain showed, or how long it could not be looked at."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from tests.simulation.chain import SimulatedChain
from tests.simulation.changes import Change
from tests.simulation.limits import CLOCK_ERROR, LONGEST_COMMIT, LONGEST_LOOK, MOMENT
from tests.simulation.views import OrderView

if TYPE_CHECKING:
    from tests.simulation.order_checks import World


def wrongly_expired(change: Change, world: "World") -> Iterator[str]:
    """Where it should not have run out, or not in this way."""
    after = change.after
    is_counted = change.by == "chain" and after.covered_at is None
    if after.counted_as_timeout != is_counted:
        yield f"ran out by {change.by} and counts as a timeout: {after.counted_as_timeout}"
    match change.by:
        case "chain":
            yield from _wrongly_by_chain(after, change.at, world)
        case "clock":
            yield from _wrongly_blind(after, change.at, world)


def _due(order: OrderView, world: "World") -> datetime:
    if order.covered_at is None:
        return order.expires_at
    return max(order.expires_at, order.covered_at + world.scenario.rules.confirmation_timeout)


def _wrongly_by_chain(order: OrderView, at: datetime, world: "World") -> Iterator[str]:
    due = _due(order, world)
    if not any(look.began_at >= due for look in world.clients[order.coin].looks):
        yield f"ran out at {at} without a look begun since {due}"
    long_ago = world.now() - LONGEST_LOOK
    chain = world.chains[order.coin]
    settled = settled_in_time(order, chain, long_ago)
    if settled >= order.sufficient:
        yield f"expired although {settled} base units had been confirmed in time"
        return
    keeps_until = at - world.scenario.rules.confirmation_timeout + CLOCK_ERROR + LONGEST_LOOK
    held = [
        (amount, since, shop_since)
        for amount, since, shop_since in _in_time(order, chain)[0]
        if since <= long_ago and shop_since > keeps_until
    ]
    if sum(amount for amount, _, _ in held) >= order.sufficient:
        yield "expired although a payment that was seen in time keeps it"


def settled_in_time(order: OrderView, chain: SimulatedChain, since: datetime) -> int:
    """How much was certainly paid in time, and has been final since then without a break."""
    _, confirmed = _in_time(order, chain)
    return sum(amount for amount, final_since in confirmed if final_since <= since)


def _in_time(
    order: OrderView, chain: SimulatedChain
) -> tuple[list[tuple[int, datetime, datetime]], list[tuple[int, datetime]]]:
    """Amounts certainly paid in time that are there now: all with their times, and the confirmed.

    A transaction that was away in between is passed over, and one that is known to be late.
    """
    late = {each.name for each in order.receipts if not each.in_time}
    visible: list[tuple[int, datetime, datetime]] = []
    confirmed: list[tuple[int, datetime]] = []
    for transaction, index in chain.received.get(order.address, ()):
        if not transaction.is_visible or transaction.was_away:
            continue
        if max(transaction.chain_times) >= order.expires_at:
            continue
        if chain.receipt_name(transaction, index) in late:
            continue
        amount = transaction.outputs[index][1]
        visible.append((amount, transaction.appeared_at, transaction.appeared_on_shop_clock))
        since = chain.confirmed_since(transaction, order.confirmations)
        if since is not None:
            confirmed.append((amount, since))
    return visible, confirmed


def _wrongly_blind(order: OrderView, at: datetime, world: "World") -> Iterator[str]:
    rules = world.scenario.rules
    due = _due(order, world)
    if at < due + rules.expiry_grace:
        yield "gave up waiting for the chain before the grace was over"
    # It asked for a look when it was due, and any look from then on would have answered it.
    asked_at = max(world.now() - rules.expiry_grace + MOMENT, world.up_since())
    looks = [
        look
        for look in world.clients[order.coin].looks
        if look.began_at >= due
        and look.truly_began_at > asked_at
        and look.ended_at <= world.now() - LONGEST_COMMIT
    ]
    if len(looks) > 1:
        yield f"says that the chain could not be looked at, and it was, {len(looks)} times"
