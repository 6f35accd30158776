"""What becomes of received money that pays for no goods: every base unit is somewhere, once.

`allocation` says how much of each receipt is to be set aside as things are, and `settle` which
events lead there from what is set aside already. Money that was paid back is never taken back.
"""

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from math import ceil
from typing import assert_never

from domain.coverage import (
    CONFIRMED,
    ON_CHAIN,
    confirmed_base_units,
    of_price,
    price_share,
    refunded_by_receipt,
    set_aside_by_receipt,
    spendable_base_units,
)
from domain.evolution import evolve_all
from domain.money import format_fiat, value_minor
from domain.notices import tell_admins, tell_shopper
from domain.order import (
    MoneySetAside,
    Noticed,
    NoticeKind,
    Order,
    OrderEvent,
    OrderStatus,
    SetAsideWithdrawn,
)
from domain.payment import Receipt, ReceiptState
from domain.revival import revival_wanted
from domain.rules import LatePayment, OrderRules, OverPayment
from domain.set_aside import Purpose, SetAside, SetAsideState

Allocation = Mapping[str, int]
"""Base units to be set aside, by receipt id; a receipt that is not named: nothing of it."""


def allocation(order: Order, rules: OrderRules) -> Allocation:
    """How much of each confirmed receipt is to be set aside, what was paid back included.

    Nothing while the order awaits its payment; what is beyond the price once it is paid; all of it
    once it has ended, but for new money while it is open whether the order is revived.
    """
    match order.status:
        case OrderStatus.CREATED:
            return {}
        case OrderStatus.PAID | OrderStatus.SHIPPED:
            return _beyond_the_price(order, CONFIRMED)
        case OrderStatus.CANCELLED | OrderStatus.EXPIRED:
            return _set_aside_now(order) if revival_wanted(order, rules) else everything(order)
        case _:
            assert_never(order.status)


def everything(order: Order) -> Allocation:
    """All confirmed money is to be set aside."""
    return {each.receipt_id: confirmed_base_units(each) for each in order.receipts}


def settle(order: Order, rules: OrderRules, wanted: Allocation) -> tuple[OrderEvent, ...]:
    """The events that lead from what is set aside to what is wanted, and the notices of them."""
    events: list[MoneySetAside | SetAsideWithdrawn] = []
    next_number = len(order.set_asides) + 1
    aside, parts = set_aside_by_receipt(order), _open_by_receipt(order)
    for receipt in _in_order(order):
        name = receipt.receipt_id
        withdrawn, lacking = _change(wanted.get(name, 0) - aside[name], parts.get(name, []))
        events += withdrawn
        if lacking:
            events.append(
                MoneySetAside(set_aside=_part(order, receipt, lacking, next_number, rules))
            )
            next_number += 1
    return (*events, *_notices(order, events))


def taken_back_base_units(order: Order, settlement: tuple[OrderEvent, ...]) -> int:
    """What was set aside of the order and is so no more after the settlement."""
    before = set_aside_by_receipt(order)
    after = set_aside_by_receipt(evolve_all(order, settlement))
    names = (receipt.receipt_id for receipt in order.receipts)
    return sum(max(0, before[name] - after[name]) for name in names)


def surplus_base_units(order: Order) -> int:
    """What a paid order has got beyond its price, confirmed or not, and is not set aside yet."""
    beyond, aside = _beyond_the_price(order, ON_CHAIN), set_aside_by_receipt(order)
    return sum(beyond.values()) - sum(aside[name] for name in beyond)


# --- how much -------------------------------------------------------------------------------------


def _in_order(order: Order) -> list[Receipt]:
    """In the order in which receipts serve the price."""
    return sorted(order.receipts, key=lambda r: (not r.in_time, r.seen_at, r.receipt_id))


def _beyond_the_price(order: Order, states: Collection[ReceiptState]) -> Allocation:
    surplus = of_price(order, states) - order.amount_base_units
    left = Fraction(order.amount_base_units)
    refunded = refunded_by_receipt(order)
    wanted: dict[str, int] = {}
    for receipt in _in_order(order):
        if receipt.state not in states:
            continue
        spendable, share = spendable_base_units(receipt, refunded), price_share(order, receipt)
        if not share:
            used = 0
        elif surplus <= order.tolerance_base_units:
            used = spendable
        else:
            used = min(spendable, ceil(left / share))
        left = max(Fraction(0), left - used * share)
        wanted[receipt.receipt_id] = refunded[receipt.receipt_id] + spendable - used
    return wanted


def _set_aside_now(order: Order) -> Allocation:
    aside = set_aside_by_receipt(order)
    return {
        each.receipt_id: aside[each.receipt_id]
        for each in order.receipts
        if each.state is ReceiptState.CONFIRMED
    }


def _open_by_receipt(order: Order) -> Mapping[str, Sequence[SetAside]]:
    """What could be withdrawn of each receipt, in the order in which it was set aside."""
    parts: dict[str, list[SetAside]] = {}
    for each in order.set_asides:
        if each.state is SetAsideState.OPEN:
            parts.setdefault(each.receipt_id, []).append(each)
    return parts


def _change(lacking: int, parts: Sequence[SetAside]) -> tuple[tuple[SetAsideWithdrawn, ...], int]:
    """What to withdraw of a receipt, newest first, and how much to set aside anew."""
    withdrawn: list[SetAsideWithdrawn] = []
    for each in reversed(parts):
        if lacking < 0:
            withdrawn.append(SetAsideWithdrawn(number=each.number))
            lacking += each.amount_base_units
    return tuple(withdrawn), max(0, lacking)


# --- where to -------------------------------------------------------------------------------------


def _part(order: Order, receipt: Receipt, amount: int, number: int, rules: OrderRules) -> SetAside:
    credited = _credited_minor(order, receipt, amount, rules)
    return SetAside(
        number=number,
        receipt_id=receipt.receipt_id,
        purpose=Purpose.BALANCE if credited else Purpose.REFUND,
        amount_base_units=amount,
        credited_minor=credited,
    )


def _credited_minor(order: Order, receipt: Receipt, amount: int, rules: OrderRules) -> int:
    """What the balance gets; 0 where the money is for the refund list, or worth no minor unit."""
    if receipt.rate is None or not _credits(order, rules):
        return 0
    return value_minor(amount, order.coin, receipt.rate, order.fiat_currency)


def _credits(order: Order, rules: OrderRules) -> bool:
    over_credits = rules.over_payment is OverPayment.CREDIT
    if order.status not in (OrderStatus.CANCELLED, OrderStatus.EXPIRED):
        return over_credits
    match rules.late_payment:
        case LatePayment.CREDIT:
            return True
        case LatePayment.REFUND:
            return False
        case LatePayment.REVIVE:
            return over_credits
        case _:
            assert_never(rules.late_payment)


def _refunds_withdrawn_base_units(
    order: Order, events: list[MoneySetAside | SetAsideWithdrawn]
) -> int:
    """What was on the refund list and is so no more: the order needs it, or the chain took it."""
    numbers = {event.number for event in events if isinstance(event, SetAsideWithdrawn)}
    return sum(
        each.amount_base_units
        for each in order.set_asides
        if each.number in numbers and each.purpose is Purpose.REFUND
    )


def _notices(order: Order, events: list[MoneySetAside | SetAsideWithdrawn]) -> tuple[Noticed, ...]:
    parts = [event.set_aside for event in events if isinstance(event, MoneySetAside)]
    credited = [each for each in parts if each.purpose is Purpose.BALANCE]
    to_refund = [each for each in parts if each.purpose is Purpose.REFUND]
    told: list[Noticed] = []
    no_longer = _refunds_withdrawn_base_units(order, events)
    if no_longer:
        # First of all, for the earlier notice asks an admin to pay it back.
        told.append(tell_shopper(NoticeKind.REFUND_WITHDRAWN, no_longer))
        told.append(tell_admins(NoticeKind.ADMIN_REFUND_WITHDRAWN, no_longer))
    if credited:
        amount = sum(each.amount_base_units for each in credited)
        worth = format_fiat(sum(each.credited_minor for each in credited), order.fiat_currency)
        told.append(tell_shopper(NoticeKind.MONEY_CREDITED, amount, worth))
        told.append(tell_admins(NoticeKind.ADMIN_MONEY_CREDITED, amount, worth))
    if to_refund:
        amount = sum(each.amount_base_units for each in to_refund)
        told.append(tell_shopper(NoticeKind.MONEY_TO_REFUND, amount))
        told.append(tell_admins(NoticeKind.ADMIN_MONEY_TO_REFUND, amount))
    return tuple(told)
