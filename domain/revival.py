"""Whether an order that has ended is to be paid after all."""

from collections.abc import Iterable

from domain.coverage import CONFIRMED, confirmed_base_units, of_price, set_aside_by_receipt
from domain.order import By, Order, OrderLine, OrderStatus
from domain.rules import LatePayment, OrderRules

_ENDED = (OrderStatus.CANCELLED, OrderStatus.EXPIRED)


def settling_due(order: Order) -> bool:
    """Whether an ended order has confirmed money of which nothing has become yet.

    So it is between the record of the money and the answer of the pools, and after a crash there.
    """
    if order.status not in _ENDED:
        return False
    aside = set_aside_by_receipt(order)
    return any(
        confirmed_base_units(receipt) > aside[receipt.receipt_id] for receipt in order.receipts
    )


def revival_wanted(order: Order, rules: OrderRules) -> bool:
    """Whether the pools are to be asked for what the order had.

    The owner wants revivals, no admin has called the order off, its confirmed money is worth enough
    (also what is set aside, unless it was paid back), and some of it has just come in.
    """
    return (
        rules.late_payment is LatePayment.REVIVE
        and order.cancelled_by is not By.ADMIN
        and settling_due(order)
        and of_price(order, CONFIRMED) >= order.sufficient_base_units
    )


def quantities(lines: Iterable[OrderLine]) -> dict[int, int]:
    """How many units there are of each subcategory."""
    return {line.subcategory_id: len(line.units) for line in lines}
