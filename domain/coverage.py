"""What the receipts of an order pay of its price, and how its payment stands with them.

The price is the order's amount in base units at the locked rate. A receipt in time pays as many
base units as it has; a late one as many as its value, at its own rate, buys at the locked rate.
What was refunded of a receipt pays nothing any more.
"""

from collections import Counter
from collections.abc import Collection
from fractions import Fraction

from domain.order import Order, PaymentState
from domain.payment import Receipt, ReceiptState
from domain.set_aside import SetAsideState

CONFIRMED = (ReceiptState.CONFIRMED,)
ON_CHAIN = (ReceiptState.SEEN, ReceiptState.CONFIRMED)

# --- amounts --------------------------------------------------------------------------------------


def confirmed_base_units(receipt: Receipt) -> int:
    """What it has brought in for good."""
    return receipt.amount_base_units if receipt.state is ReceiptState.CONFIRMED else 0


def received_base_units(order: Order) -> int:
    """All that is on the chain, confirmed or not, in time or late, set aside or not."""
    return sum(receipt.amount_base_units for receipt in order.receipts if receipt.on_chain)


def set_aside_by_receipt(order: Order) -> Counter[str]:
    """What of each receipt is on a balance, on the refund list, or refunded; 0 of the others.

    Added up once for all of them: somebody can send thousands of receipts to one order.
    """
    sums = Counter[str]()
    for each in order.set_asides:
        if each.counts:
            sums[each.receipt_id] += each.amount_base_units
    return sums


def refunded_by_receipt(order: Order) -> Counter[str]:
    """What of each receipt has been paid back; 0 of the others."""
    sums = Counter[str]()
    for each in order.set_asides:
        if each.state is SetAsideState.REFUNDED:
            sums[each.receipt_id] += each.amount_base_units
    return sums


def spendable_base_units(receipt: Receipt, refunded: Counter[str]) -> int:
    """What of a receipt has not been paid back, whether it is confirmed or not.

    `refunded` is what `refunded_by_receipt` says of its order.
    """
    if not receipt.on_chain:
        return 0
    return max(0, receipt.amount_base_units - refunded[receipt.receipt_id])


def price_share(order: Order, receipt: Receipt) -> Fraction:
    """How many base units of the price one base unit of this receipt pays.

    0 where it is late and no rate is known, unless an admin has declared the order paid: then it
    may be what the admin saw, and it counts as it is.
    """
    if receipt.in_time:
        return Fraction(1)
    if receipt.rate is None:
        return Fraction(0 if order.confirmed_by_telegram_id is None else 1)
    return Fraction(receipt.rate) / Fraction(order.rate)


def of_price(order: Order, states: Collection[ReceiptState]) -> Fraction:
    """What the receipts in these states pay of the price, in base units of it."""
    refunded = refunded_by_receipt(order)
    return sum(
        (
            spendable_base_units(receipt, refunded) * price_share(order, receipt)
            for receipt in order.receipts
            if receipt.state in states
        ),
        Fraction(0),
    )


def lost_refunds_base_units(order: Order) -> int:
    """What was paid back of payments that were reversed afterwards."""
    refunded = refunded_by_receipt(order)
    return sum(
        max(0, refunded[receipt.receipt_id] - confirmed_base_units(receipt))
        for receipt in order.receipts
    )


# --- how the payment stands -----------------------------------------------------------------------


def missing_base_units(order: Order) -> int:
    """What a paid order lacks of its price, and of what was paid back for nothing."""
    return max(0, order.amount_base_units - int(of_price(order, ON_CHAIN))) + (
        lost_refunds_base_units(order)
    )


def state_when_paid(order: Order, changed: tuple[Receipt, ...] = ()) -> PaymentState:
    """How the payment of a paid or shipped order stands with the receipts that it has now.

    An order that an admin declared paid may lack payments from the start: its payment is reversed
    where one of those that just `changed` has vanished, until it is back or others make up for
    it.
    """
    if lost_refunds_base_units(order):
        return PaymentState.REVERSED
    paid = of_price(order, ON_CHAIN)
    if paid >= order.sufficient_base_units:
        return PaymentState.OVER if _is_over(order) else PaymentState.PAID
    vanished = any(not receipt.on_chain for receipt in changed)
    reversed_before = order.payment_state is PaymentState.REVERSED and any(
        not receipt.on_chain for receipt in order.receipts
    )
    if order.confirmed_by_telegram_id is None or vanished or reversed_before:
        return PaymentState.REVERSED
    return PaymentState.PARTIAL if paid else PaymentState.NONE


def state_when_ended(order: Order) -> PaymentState:
    """How the payment of a cancelled or expired order stands."""
    if lost_refunds_base_units(order):
        return PaymentState.REVERSED
    return PaymentState.LATE if received_base_units(order) else PaymentState.NONE


def _is_over(order: Order) -> bool:
    """Whether more was paid than asked, also where it has been paid back."""
    gross = sum(
        (
            receipt.amount_base_units * price_share(order, receipt)
            for receipt in order.receipts
            if receipt.on_chain
        ),
        Fraction(0),
    )
    return gross - order.amount_base_units > order.tolerance_base_units
