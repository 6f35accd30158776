"""What an order's money comes to, reckoned anew by the rules in words, without the shop's code.

The price is the order's amount at its locked rate. Money that came in time pays as it is; late
money by its worth at the rate when it was first seen. What was paid back pays nothing any more.
"""

from collections.abc import Collection
from decimal import Decimal
from fractions import Fraction

from domain.rules import LatePayment, OrderRules, OverPayment
from tests.simulation.views import QUOTE_UNIT, OrderView, ReceiptView, rate_of

PER_COIN = {"BTC": 10**8, "LTC": 10**8, "ETH": 10**18}
"""Base units in one coin."""
CONFIRMED = ("confirmed",)
THERE = ("seen", "confirmed")
_MINOR_PER_MAJOR = 100


def price_in_coin(total_minor: int, coin: str, rate: Decimal) -> int:
    """What a sum in dollars is in a coin, in base units, rounded up to what is quoted."""
    numerator, denominator = rate.as_integer_ratio()
    unit = QUOTE_UNIT[coin]
    above = total_minor * PER_COIN[coin] * denominator
    below = _MINOR_PER_MAJOR * numerator * unit
    return -(-above // below) * unit


def worth_minor(amount: int, coin: str, rate: Decimal) -> int:
    """What an amount is worth in cents, rounded down."""
    numerator, denominator = rate.as_integer_ratio()
    return amount * numerator * _MINOR_PER_MAJOR // (PER_COIN[coin] * denominator)


def share(order: OrderView, receipt: ReceiptView) -> Fraction:
    """How much of the price one base unit pays."""
    if receipt.in_time:
        return Fraction(1)
    if receipt.rate is None:
        return Fraction(0 if order.confirmed_by is None else 1)
    return Fraction(rate_of(receipt.rate)) / Fraction(rate_of(order.rate))


def spendable(order: OrderView, receipt: ReceiptView) -> int:
    """What of a receipt was not paid back."""
    return max(0, receipt.amount - order.refunded(receipt)) if receipt.counts else 0


def paid_of_price(order: OrderView, states: Collection[str]) -> Fraction:
    """What receipts in these states pay of the price."""
    there = (each for each in order.receipts if each.state in states)
    return sum((spendable(order, each) * share(order, each) for each in there), Fraction(0))


def lost_refunds(order: OrderView) -> int:
    """What was paid back of money that was taken back by the chain."""
    return sum(
        max(0, order.refunded(each) - (each.amount if each.state == "confirmed" else 0))
        for each in order.receipts
    )


def missing(order: OrderView) -> int:
    """What a paid order lacks, with what was paid back for nothing."""
    return max(0, order.amount - int(paid_of_price(order, THERE))) + lost_refunds(order)


def beyond_the_price(order: OrderView, states: Collection[str]) -> dict[int, int]:
    """What of each receipt a paid order does not need, what was paid back included, by row id."""
    surplus = paid_of_price(order, states) - order.amount
    left = Fraction(order.amount)
    beyond = {}
    for receipt in sorted(order.receipts, key=lambda r: (not r.in_time, r.seen_at, r.name)):
        if receipt.state not in states:
            continue
        there, worth = spendable(order, receipt), share(order, receipt)
        if not worth:
            needed = 0
        elif surplus <= order.tolerance:
            needed = there
        else:
            needed = min(there, -(-left // worth))
        left = max(Fraction(0), left - needed * worth)
        beyond[receipt.row_id] = order.refunded(receipt) + there - needed
    return beyond


def surplus_left(order: OrderView) -> int:
    """What a paid order has beyond its price that is not set aside."""
    beyond = beyond_the_price(order, THERE)
    aside = sum(order.aside(each) for each in order.receipts if each.row_id in beyond)
    return sum(beyond.values()) - aside


# --- ended orders ---------------------------------------------------------------------------------


def is_unsettled(order: OrderView) -> bool:
    """Whether confirmed money of an ended order has no place."""
    return order.has_ended_unpaid and any(
        each.amount > order.aside(each) for each in order.receipts if each.state == "confirmed"
    )


def is_revival_due(order: OrderView, rules: OrderRules) -> bool:
    """Whether the pools are to be asked for its goods."""
    return (
        rules.late_payment is LatePayment.REVIVE
        and order.cancelled_by != "admin"
        and is_unsettled(order)
        and paid_of_price(order, CONFIRMED) >= order.sufficient
    )


def goes_to_balance(order: OrderView, rules: OrderRules) -> bool:
    """Whether what an order in this status does not need is credited."""
    if not order.has_ended_unpaid or rules.late_payment is LatePayment.REVIVE:
        return rules.over_payment is OverPayment.CREDIT
    return rules.late_payment is LatePayment.CREDIT


# --- how the payment stands -----------------------------------------------------------------------


def state_while_waiting(order: OrderView) -> str:
    """Of an order that awaits its payment."""
    seen = order.seen_in_time()
    if seen >= order.sufficient:
        return "seen"
    return "partial" if order.received() else "none"


def state_when_ended(order: OrderView) -> str:
    """Of a cancelled or expired order."""
    if lost_refunds(order):
        return "reversed"
    return "late" if order.received() else "none"


def state_when_paid(order: OrderView, *, was: str, vanished: bool) -> str:
    """Of a paid or shipped order; `vanished`: one of its receipts has just gone."""
    if lost_refunds(order):
        return "reversed"
    paid = paid_of_price(order, THERE)
    if paid >= order.sufficient:
        there = (each for each in order.receipts if each.counts)
        gross = sum((each.amount * share(order, each) for each in there), Fraction(0))
        return "over" if gross - order.amount > order.tolerance else "paid"
    if order.confirmed_by is None or vanished or was == "reversed":
        return "reversed"
    return "partial" if paid else "none"
