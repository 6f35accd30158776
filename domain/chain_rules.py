"""What a look at the chain makes of an order, and what the clock does where there is none."""

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from domain.coverage import (
    lost_refunds_base_units,
    missing_base_units,
    state_when_ended,
    state_when_paid,
)
from domain.deadlines import decision_due, grace_due, warning_due
from domain.endings import expired, late_notices, state_change
from domain.evolution import evolve_all
from domain.notices import tell_admins, tell_shopper
from domain.order import (
    By,
    Decision,
    ExpiryWarned,
    Noticed,
    NoticeKind,
    Order,
    OrderEvent,
    OrderExpired,
    OrderPaid,
    OrderStatus,
    PaymentState,
    ReceiptsChanged,
    TimeExtended,
)
from domain.order_news import ChainNews, GraceOver
from domain.payment import Receipt, Totals, totals
from domain.receipts import arrived, look_at, with_receipts
from domain.revival import revival_wanted
from domain.rules import OrderRules
from domain.settlement import allocation, settle, surplus_base_units, taken_back_base_units


def on_chain_news(order: Order, news: ChainNews, rules: OrderRules, now: datetime) -> Decision:
    """What all that the chain shows of the address leads to."""
    changed = look_at(order, news)
    match order.status:
        case OrderStatus.CREATED:
            events = _while_awaiting(order, changed, news.began_at, rules, now)
        case OrderStatus.PAID | OrderStatus.SHIPPED:
            events = _after_payment(order, changed, rules)
        case OrderStatus.CANCELLED | OrderStatus.EXPIRED:
            events = _after_the_end(order, changed, rules)
        case _:
            assert_never(order.status)
    return Decision(
        by=By.CHAIN,
        events=events,
        why=_why(events),
        # Without money there is nothing to revive for, and most looks show none.
        wants_stock=bool(order.receipts or changed)
        and revival_wanted(evolve_all(order, events), rules),
    )


def on_grace_over(order: Order, news: GraceOver, rules: OrderRules, now: datetime) -> Decision:
    """The hold is given up without a look; the shopper is not to blame for that."""
    due = grace_due(order, rules, news.woken_at)
    if due is None or now < due:
        return Decision(by=By.CLOCK)
    events = expired(order, rules, now, counts_as_timeout=False)
    return Decision(
        by=By.CLOCK,
        events=events,
        why="the chain could not be looked at",
        wants_stock=revival_wanted(evolve_all(order, events), rules),
    )


def on_warning_due(order: Order, rules: OrderRules, now: datetime) -> Decision:
    """The shopper is told once of each end that comes near, and not when it has come."""
    due = warning_due(order, rules)
    if due is None or not due <= now < order.expires_at:
        return Decision(by=By.CLOCK)
    missing = order.amount_base_units - totals(order.receipts).seen_in_time
    return Decision(
        by=By.CLOCK,
        events=(
            ExpiryWarned(expires_at=order.expires_at),
            tell_shopper(NoticeKind.EXPIRY_WARNING, missing),
        ),
        why="the time to pay is nearly over",
    )


def _why(events: tuple[OrderEvent, ...]) -> str:
    kinds = {type(event) for event in events}
    if OrderPaid in kinds:
        return "confirmed payments cover the order"
    if OrderExpired in kinds:
        return "no payment covered the order in time"
    return "payments on the chain" if events else ""


# --- awaiting the payment -------------------------------------------------------------------------


def _while_awaiting(
    order: Order,
    changed: tuple[Receipt, ...],
    began_at: datetime,
    rules: OrderRules,
    now: datetime,
) -> tuple[OrderEvent, ...]:
    sums = totals(with_receipts(order, changed).receipts)
    if sums.confirmed_in_time >= order.sufficient_base_units:
        return _paid(order, changed, rules, now)
    covered = sums.seen_in_time >= order.sufficient_base_units
    covered_at = (order.covered_at or began_at) if covered else None
    state = _awaiting_state(sums, covered=covered)
    seen = order if covered_at == order.covered_at else replace(order, covered_at=covered_at)
    change = state_change(seen, changed, state)
    ahead = evolve_all(order, change)
    due = decision_due(ahead, rules)
    if due is not None and began_at >= due:
        return (*change, *expired(ahead, rules, now, counts_as_timeout=not covered))
    extension = _extension(order, ahead, changed, began_at, rules, now)
    return (*change, *extension, *_news_while_awaiting(order, changed, sums, state))


def _awaiting_state(sums: Totals, *, covered: bool) -> PaymentState:
    if covered:
        return PaymentState.SEEN
    return PaymentState.PARTIAL if sums.seen_in_time or sums.late else PaymentState.NONE


def _extension(
    order: Order,
    ahead: Order,
    changed: tuple[Receipt, ...],
    began_at: datetime,
    rules: OrderRules,
    now: datetime,
) -> tuple[OrderEvent, ...]:
    """More time for the rest: when money has come or gone, and little time is left."""
    moved = arrived(order, changed) or _vanished(changed)
    part = ahead.covered_at is None and totals(ahead.receipts).seen_in_time > 0
    if not moved or not part or order.extended_at is not None or began_at >= order.expires_at:
        return ()
    expires_at = max(order.expires_at, now + rules.extension)
    if not rules.extension or expires_at == order.expires_at:
        return ()
    return (TimeExtended(extended_at=now, expires_at=expires_at),)


def _vanished(changed: tuple[Receipt, ...]) -> bool:
    return any(not receipt.on_chain for receipt in changed)


def _news_while_awaiting(
    order: Order, changed: tuple[Receipt, ...], sums: Totals, state: PaymentState
) -> tuple[OrderEvent, ...]:
    told: list[OrderEvent] = []
    # Where the rest still covers the order nobody is asked to pay again: a wallet that raises its
    # fee replaces one transaction with another.
    if _vanished(changed) and state is not PaymentState.SEEN:
        told.append(tell_shopper(NoticeKind.PAYMENT_VANISHED))
    if state is PaymentState.SEEN and order.payment_state is not PaymentState.SEEN:
        told.append(tell_shopper(NoticeKind.PAYMENT_SEEN, sums.seen_in_time))
        told.append(tell_admins(NoticeKind.ADMIN_PAYMENT_SEEN, sums.seen_in_time))
    elif state is PaymentState.PARTIAL and arrived(order, changed):
        missing = order.amount_base_units - sums.seen_in_time
        told.append(tell_shopper(NoticeKind.PAYMENT_PARTIAL, missing))
        told.append(tell_admins(NoticeKind.ADMIN_PAYMENT_SEEN, sums.seen_in_time))
    return tuple(told)


def _paid(
    order: Order, changed: tuple[Receipt, ...], rules: OrderRules, now: datetime
) -> tuple[OrderEvent, ...]:
    ahead = with_receipts(order, changed)
    state = state_when_paid(ahead)
    changes: tuple[OrderEvent, ...] = (
        ReceiptsChanged(receipts=changed, payment_state=state, covered_at=order.covered_at or now),
        OrderPaid(paid_at=now),
    )
    paid = evolve_all(order, changes)
    confirmed = totals(paid.receipts).confirmed_in_time
    return (
        *changes,
        tell_shopper(NoticeKind.GOODS),
        tell_admins(NoticeKind.ADMIN_PAYMENT_RECEIVED, confirmed),
        *_over_notices(paid),
        *settle(paid, rules, allocation(paid, rules)),
    )


# --- afterwards -----------------------------------------------------------------------------------


def _after_payment(
    order: Order, changed: tuple[Receipt, ...], rules: OrderRules
) -> tuple[OrderEvent, ...]:
    state = state_when_paid(with_receipts(order, changed), changed)
    change = state_change(order, changed, state)
    ahead = evolve_all(order, change)
    settlement = settle(ahead, rules, allocation(ahead, rules))
    more = sum(receipt.amount_base_units for receipt in arrived(order, changed))
    return (
        *change,
        *_more_money_notices(ahead, more),
        *settlement,
        *_reversal_notices(order, ahead, settlement),
    )


def _after_the_end(
    order: Order, changed: tuple[Receipt, ...], rules: OrderRules
) -> tuple[OrderEvent, ...]:
    state = state_when_ended(with_receipts(order, changed))
    change = state_change(order, changed, state)
    ahead = evolve_all(order, change)
    settlement = settle(ahead, rules, allocation(ahead, rules))
    late = sum(receipt.amount_base_units for receipt in arrived(order, changed))
    return (
        *change,
        *late_notices(late),
        *settlement,
        *_reversal_notices(order, ahead, settlement),
    )


def _more_money_notices(paid: Order, amount_base_units: int) -> tuple[Noticed, ...]:
    """Of money that comes for a paid order: a surplus, or what the admins miss or do not expect."""
    if not amount_base_units:
        return ()
    return _over_notices(paid) or (tell_admins(NoticeKind.ADMIN_PAYMENT_SEEN, amount_base_units),)


def _over_notices(paid: Order) -> tuple[Noticed, ...]:
    surplus = surplus_base_units(paid)
    if paid.payment_state is not PaymentState.OVER or not surplus:
        return ()
    return (
        tell_shopper(NoticeKind.PAYMENT_OVER, surplus),
        tell_admins(NoticeKind.ADMIN_PAYMENT_OVER, surplus),
    )


def _reversal_notices(
    order: Order, ahead: Order, settlement: tuple[OrderEvent, ...]
) -> tuple[Noticed, ...]:
    """Admins are told of goods or refunds that went out for nothing; both of what is taken back."""
    told: list[Noticed] = []
    taken_back = taken_back_base_units(ahead, settlement)
    if taken_back:
        told.append(tell_shopper(NoticeKind.PAYMENT_VANISHED, taken_back))
    newly = (
        ahead.payment_state is PaymentState.REVERSED
        and order.payment_state is not PaymentState.REVERSED
    )
    if newly:
        told.append(tell_admins(NoticeKind.ADMIN_PAYMENT_REVERSED, _lost(ahead)))
    elif taken_back:
        told.append(tell_admins(NoticeKind.ADMIN_PAYMENT_REVERSED, taken_back))
    return tuple(told)


def _lost(order: Order) -> int:
    if order.status in (OrderStatus.PAID, OrderStatus.SHIPPED):
        return missing_base_units(order)
    return lost_refunds_base_units(order)
