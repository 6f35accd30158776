"""Orders on their way through the whole of their life, for tests that need one somewhere on it."""

from dataclasses import replace
from decimal import Decimal

from domain.order import (
    MoneySetAside,
    Order,
    OrderLine,
    OrderRevived,
    PaymentState,
    ReceiptsChanged,
    Unit,
)
from domain.payment import Receipt
from domain.set_aside import Purpose, SetAside
from store.contract import Recorded
from tests.store.opened_store import (
    EXPIRED,
    OpenedStore,
    minutes,
    order_of,
    receipt,
)

LATE = ReceiptsChanged(
    receipts=(replace(receipt("late"), in_time=False, rate=Decimal("90.00")),),
    payment_state=PaymentState.LATE,
    covered_at=None,
)
"""0.1 LTC, worth 9.00 USD when it came, confirmed."""


def late_receipt(amount_base_units: int = 10_000_000) -> Receipt:
    """The receipt of `LATE`, of another amount."""
    return replace(LATE.receipts[0], amount_base_units=amount_base_units)


def set_aside(
    number: int = 1,
    *,
    amount_base_units: int = 10_000_000,
    credited_minor: int = 0,
    receipt_id: str = "late:0",
) -> MoneySetAside:
    """A credit where there is one, a refund to be made otherwise."""
    return MoneySetAside(
        set_aside=SetAside(
            number=number,
            receipt_id=receipt_id,
            purpose=Purpose.BALANCE if credited_minor else Purpose.REFUND,
            amount_base_units=amount_base_units,
            credited_minor=credited_minor,
        )
    )


def revived(*unit_ids: int, by_admin: int | None = None) -> OrderRevived:
    """Paid after all, with units of the first subcategory at 12.00 USD."""
    units = tuple(Unit(unit_id=unit_id, price_minor=1_200) for unit_id in unit_ids)
    return OrderRevived(
        revived_at=minutes(50),
        lines=(OrderLine(subcategory_id=1, units=units),),
        confirmed_by_telegram_id=by_admin,
    )


def paid_late(store: OpenedStore, order: Order | None = None) -> Order:
    """An order that expired and was paid in full afterwards; nothing is set aside. Version 3."""
    placed = store.create(order or order_of(1))
    worth = replace(LATE.receipts[0], rate=Decimal("100.00"))
    for version, event in ((1, EXPIRED), (2, replace(LATE, receipts=(worth,)))):
        answer = store.change(placed.order_id, version, event)
        assert isinstance(answer, Recorded), answer
    return placed
