"""What becomes of an order: every decision about it, as a function of order, news and time.

A decision is a list of events that are recorded together, or a refusal, or nothing. News may come
twice: what is already so leads to no event.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from domain.money import COINS
from domain.order import (
    Audience,
    By,
    Decision,
    Noticed,
    NoticeKind,
    Order,
    OrderCancelled,
    OrderCreated,
    OrderEvent,
    OrderExpired,
    OrderPaid,
    OrderShipped,
    OrderStatus,
    PaymentState,
    ReceiptsChanged,
    RefusalReason,
)
from domain.payment import Receipt, Sighting, Totals, changed_receipts, totals
from domain.rules import OrderRules

_NOTHING_FROM_CHAIN = Decision(by=By.CHAIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainNews:
    """All that the chain shows of the order's address, from a look begun at `began_at`."""

    began_at: datetime
    sightings: tuple[Sighting, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GraceOver:
    """The chain could not be looked at for as long as an order may wait for it.

    `woken_at` is since when the shop has been there to look.
    """

    woken_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelWished:
    """The shopper wants no more of it."""

    telegram_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipWished:
    """An admin says that the goods are on their way, or handed over by other means."""

    admin_telegram_id: int
    tracking_number: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsTaken:
    """Telegram has taken the digital goods."""


OrderNews = ChainNews | GraceOver | CancelWished | ShipWished | GoodsTaken


def decide(order: Order, news: OrderNews, rules: OrderRules, now: datetime) -> Decision:
    """What follows from `news` at `now`; recording is up to the caller."""
    match news:
        case ChainNews():
            return _on_chain_news(order, news, rules, now)
        case GraceOver():
            return _on_grace_over(order, news, rules, now)
        case CancelWished():
            return _on_cancel(order, news, now)
        case ShipWished():
            return _on_ship(order, news, now)
        case GoodsTaken():
            return _on_goods_taken(order, now)
        case _:
            assert_never(news)


def create(order: Order) -> Decision:
    """The first decision of an order: it exists, and both sides are told."""
    return Decision(
        by=By.SHOPPER,
        by_telegram_id=order.telegram_id,
        why="order placed",
        events=(
            OrderCreated(order=order),
            _tell_shopper(NoticeKind.ORDER_CREATED),
            _tell_admins(NoticeKind.ADMIN_ORDER_CREATED),
        ),
    )


def tolerance_base_units(amount_base_units: int, coin: str, rules: OrderRules) -> int:
    """The shortfall that still counts as paid: the tolerance in percent, or the coin's dust.

    Rounded down to the coin's quote unit, as the store keeps it.
    """
    percent = rules.under_payment_tolerance_percent
    numerator, denominator = percent.as_integer_ratio()
    share = amount_base_units * numerator // (denominator * 100)
    coin_rules = rules.coin(coin)
    dust = coin_rules.dust_base_units if coin_rules is not None else 0
    shortfall = min(max(share, dust), amount_base_units - 1)
    return shortfall - shortfall % COINS[coin].base_units_per_quote_unit


def decision_due(order: Order, rules: OrderRules) -> datetime | None:
    """When the hold is to be given up unless a look begun then shows otherwise.

    None where nothing is held that a deadline could free.
    """
    if order.status is not OrderStatus.CREATED:
        return None
    if order.covered_at is not None:
        return max(order.expires_at, order.covered_at + rules.confirmation_timeout)
    return order.expires_at


def grace_due(order: Order, rules: OrderRules, woken_at: datetime) -> datetime | None:
    """When to give the hold up although the chain cannot be looked at.

    Counted from the moment at which the shop was there to look: a payment made while it was down is
    found by the first look, and that look comes first.
    """
    due = decision_due(order, rules)
    return None if due is None else max(due, woken_at) + rules.expiry_grace


def watch_until(order: Order, rules: OrderRules) -> datetime | None:
    """Until when the address is watched; None while the order has not ended."""
    match order.status:
        case OrderStatus.CREATED | OrderStatus.PAID:
            return None
        case OrderStatus.SHIPPED:
            ended_at = order.shipped_at
        case OrderStatus.CANCELLED | OrderStatus.EXPIRED:
            ended_at = order.closed_at
        case _:
            assert_never(order.status)
    return None if ended_at is None else ended_at + rules.monitor_after_expiry


# --- the chain ------------------------------------------------------------------------------------


def _on_chain_news(order: Order, news: ChainNews, rules: OrderRules, now: datetime) -> Decision:
    changed = changed_receipts(
        order.receipts,
        news.sightings,
        deadline=order.expires_at,
        confirmations_required=order.confirmations_required,
    )
    match order.status:
        case OrderStatus.CREATED:
            events = _while_awaiting(order, changed, news.began_at, rules, now)
        case OrderStatus.PAID | OrderStatus.SHIPPED:
            events = _after_payment(order, changed)
        case OrderStatus.CANCELLED | OrderStatus.EXPIRED:
            events = _after_the_end(order, changed)
        case _:
            assert_never(order.status)
    return Decision(by=By.CHAIN, events=events, why="chain") if events else _NOTHING_FROM_CHAIN


def _with(order: Order, changed: tuple[Receipt, ...]) -> tuple[Receipt, ...]:
    merged = {receipt.receipt_id: receipt for receipt in order.receipts}
    merged |= {receipt.receipt_id: receipt for receipt in changed}
    return tuple(merged.values())


def _while_awaiting(
    order: Order,
    changed: tuple[Receipt, ...],
    began_at: datetime,
    rules: OrderRules,
    now: datetime,
) -> tuple[OrderEvent, ...]:
    sums = totals(_with(order, changed))
    if sums.confirmed_in_time >= order.sufficient_base_units:
        return _paid(order, changed, sums, now)
    covered = sums.seen_in_time >= order.sufficient_base_units
    covered_at = (order.covered_at or began_at) if covered else None
    state = _awaiting_state(sums, covered=covered)
    ahead = replace(order, covered_at=covered_at, payment_state=state)
    due = decision_due(ahead, rules)
    expires = due is not None and began_at >= due
    events: tuple[OrderEvent, ...] = ()
    if changed:
        events = (ReceiptsChanged(receipts=changed, payment_state=state, covered_at=covered_at),)
    if expires:
        return (*events, *_expired(sums, now, counts_as_timeout=not covered))
    return (*events, *_news_while_awaiting(order, changed, sums, state))


def _awaiting_state(sums: Totals, *, covered: bool) -> PaymentState:
    if covered:
        return PaymentState.SEEN
    return PaymentState.PARTIAL if sums.seen_in_time or sums.late else PaymentState.NONE


def _news_while_awaiting(
    order: Order, changed: tuple[Receipt, ...], sums: Totals, state: PaymentState
) -> tuple[OrderEvent, ...]:
    told: list[OrderEvent] = []
    vanished = any(not receipt.on_chain for receipt in changed)
    # Where the rest still covers the order nobody is asked to pay again: a wallet that raises its
    # fee replaces one transaction with another.
    if vanished and state is not PaymentState.SEEN:
        told.append(_tell_shopper(NoticeKind.PAYMENT_VANISHED))
    arrived = _arrived(order, changed)
    if state is PaymentState.SEEN and order.payment_state is not PaymentState.SEEN:
        told.append(_tell_shopper(NoticeKind.PAYMENT_SEEN, sums.seen_in_time))
        told.append(_tell_admins(NoticeKind.ADMIN_PAYMENT_SEEN, sums.seen_in_time))
    elif state is PaymentState.PARTIAL and arrived:
        missing = order.amount_base_units - sums.seen_in_time
        told.append(_tell_shopper(NoticeKind.PAYMENT_PARTIAL, missing))
        told.append(_tell_admins(NoticeKind.ADMIN_PAYMENT_SEEN, sums.seen_in_time))
    return tuple(told)


def _arrived(order: Order, changed: tuple[Receipt, ...]) -> tuple[Receipt, ...]:
    counted = {receipt.receipt_id for receipt in order.receipts if receipt.on_chain}
    return tuple(r for r in changed if r.on_chain and r.receipt_id not in counted)


def _paid(
    order: Order, changed: tuple[Receipt, ...], sums: Totals, now: datetime
) -> tuple[OrderEvent, ...]:
    received = sums.seen_in_time + sums.late
    surplus = received - order.amount_base_units
    over = surplus > order.tolerance_base_units
    state = PaymentState.OVER if over else PaymentState.PAID
    told: tuple[OrderEvent, ...] = (
        _tell_shopper(NoticeKind.GOODS),
        _tell_admins(NoticeKind.ADMIN_PAYMENT_RECEIVED, sums.confirmed_in_time),
    )
    if over:
        told = (*told, _tell_admins(NoticeKind.ADMIN_PAYMENT_OVER, surplus))
    covered_at = order.covered_at or now
    return (
        ReceiptsChanged(receipts=changed, payment_state=state, covered_at=covered_at),
        OrderPaid(paid_at=now),
        *told,
    )


def _expired(sums: Totals, now: datetime, *, counts_as_timeout: bool) -> tuple[OrderEvent, ...]:
    received = sums.seen_in_time + sums.late
    state = PaymentState.LATE if received else PaymentState.NONE
    told: tuple[OrderEvent, ...] = (
        _tell_shopper(NoticeKind.ORDER_EXPIRED),
        _tell_admins(NoticeKind.ADMIN_ORDER_EXPIRED),
    )
    if received:
        told = (
            *told,
            _tell_shopper(NoticeKind.PAYMENT_LATE, received),
            _tell_admins(NoticeKind.ADMIN_PAYMENT_LATE, received),
        )
    expired = OrderExpired(closed_at=now, counts_as_timeout=counts_as_timeout, payment_state=state)
    return (expired, *told)


def _after_payment(order: Order, changed: tuple[Receipt, ...]) -> tuple[OrderEvent, ...]:
    if not changed:
        return ()
    sums = totals(_with(order, changed))
    received = sums.seen_in_time + sums.late
    told: list[OrderEvent] = []
    if received < order.sufficient_base_units:
        state = PaymentState.REVERSED
        if order.payment_state is not PaymentState.REVERSED:
            missing = order.amount_base_units - received
            told.append(_tell_admins(NoticeKind.ADMIN_PAYMENT_REVERSED, missing))
    else:
        surplus = received - order.amount_base_units
        over = surplus > order.tolerance_base_units
        state = PaymentState.OVER if over else PaymentState.PAID
        if over and _arrived(order, changed):
            told.append(_tell_admins(NoticeKind.ADMIN_PAYMENT_OVER, surplus))
    change = ReceiptsChanged(receipts=changed, payment_state=state, covered_at=order.covered_at)
    return (change, *told)


def _after_the_end(order: Order, changed: tuple[Receipt, ...]) -> tuple[OrderEvent, ...]:
    if not changed:
        return ()
    sums = totals(_with(order, changed))
    received = sums.seen_in_time + sums.late
    state = PaymentState.LATE if received else PaymentState.NONE
    told: list[OrderEvent] = []
    arrived = sum(receipt.amount_base_units for receipt in _arrived(order, changed))
    if arrived:
        told.append(_tell_shopper(NoticeKind.PAYMENT_LATE, arrived))
        told.append(_tell_admins(NoticeKind.ADMIN_PAYMENT_LATE, arrived))
    change = ReceiptsChanged(receipts=changed, payment_state=state, covered_at=order.covered_at)
    return (change, *told)


# --- people and the clock -------------------------------------------------------------------------


def _on_grace_over(order: Order, news: GraceOver, rules: OrderRules, now: datetime) -> Decision:
    due = grace_due(order, rules, news.woken_at)
    if due is None or now < due:
        return Decision(by=By.CLOCK)
    sums = totals(order.receipts)
    events = _expired(sums, now, counts_as_timeout=False)
    return Decision(by=By.CLOCK, events=events, why="the chain could not be looked at")


def _on_cancel(order: Order, wish: CancelWished, now: datetime) -> Decision:
    if order.telegram_id != wish.telegram_id:
        return _refused(By.SHOPPER, RefusalReason.NOT_YOURS)
    if order.status is not OrderStatus.CREATED:
        return _refused(By.SHOPPER, RefusalReason.ALREADY_ENDED)
    if any(receipt.on_chain for receipt in order.receipts):
        return _refused(By.SHOPPER, RefusalReason.PAYMENT_SEEN)
    return Decision(
        by=By.SHOPPER,
        by_telegram_id=wish.telegram_id,
        why="cancelled by the shopper",
        events=(
            OrderCancelled(closed_at=now),
            _tell_shopper(NoticeKind.ORDER_CANCELLED),
            _tell_admins(NoticeKind.ADMIN_ORDER_CANCELLED),
        ),
    )


def _on_ship(order: Order, wish: ShipWished, now: datetime) -> Decision:
    match order.status:
        case OrderStatus.PAID:
            return Decision(
                by=By.ADMIN,
                by_telegram_id=wish.admin_telegram_id,
                why="marked as shipped",
                events=(
                    OrderShipped(shipped_at=now, tracking_number=wish.tracking_number),
                    _tell_shopper(NoticeKind.ORDER_SHIPPED, detail=wish.tracking_number),
                ),
            )
        case OrderStatus.SHIPPED:
            return _refused(By.ADMIN, RefusalReason.ALREADY_SHIPPED)
        case OrderStatus.CREATED:
            return _refused(By.ADMIN, RefusalReason.NOT_PAID)
        case OrderStatus.CANCELLED | OrderStatus.EXPIRED:
            return _refused(By.ADMIN, RefusalReason.ALREADY_ENDED)
        case _:
            assert_never(order.status)


def _on_goods_taken(order: Order, now: datetime) -> Decision:
    if order.status is not OrderStatus.PAID:
        return Decision(by=By.SHOP)
    shipped = OrderShipped(shipped_at=now, tracking_number=None)
    return Decision(by=By.SHOP, events=(shipped,), why="digital goods were delivered")


# --- small helpers --------------------------------------------------------------------------------


def _refused(by: By, reason: RefusalReason) -> Decision:
    return Decision(by=by, refusal=reason)


def _tell_shopper(
    kind: NoticeKind, amount_base_units: int | None = None, detail: str | None = None
) -> Noticed:
    return Noticed(
        kind=kind, audience=Audience.SHOPPER, amount_base_units=amount_base_units, detail=detail
    )


def _tell_admins(kind: NoticeKind, amount_base_units: int | None = None) -> Noticed:
    return Noticed(kind=kind, audience=Audience.ADMINS, amount_base_units=amount_base_units)
