"""What people are answered, compared with what is on disk at that moment."""

from collections.abc import Iterator
from typing import Protocol

from domain.order import Order
from tests.simulation.views import OrderView

_SAME = {
    "status": "status",
    "payment_state": "payment_state",
    "expires_at": "expires_at",
    "covered_at": "covered_at",
    "paid_at": "paid_at",
    "shipped_at": "shipped_at",
    "closed_at": "closed_at",
    "extended_at": "extended_at",
    "warned_of": "warned_of",
    "revived_at": "revived_at",
    "confirmed_by_telegram_id": "confirmed_by",
    "cancelled_by": "cancelled_by",
    "counted_as_timeout": "counted_as_timeout",
}
"""What changes: the shop's name of it and ours."""
_TERMS = {
    "request_id": "request_id",
    "telegram_id": "telegram_id",
    "coin": "coin",
    "address": "address",
    "amount_base_units": "amount",
    "tolerance_base_units": "tolerance",
    "confirmations_required": "confirmations",
    "total_minor": "total_minor",
    "created_at": "created_at",
}


class _Unit(Protocol):
    @property
    def unit_id(self) -> int: ...
    @property
    def price_minor(self) -> int: ...


def wrong_answer(order: Order, view: OrderView | None) -> Iterator[str]:
    """Where an order that somebody was shown is not the one on disk."""
    what = f"order {order.order_id} was shown to somebody and"
    if view is None:
        yield f"{what} is not on disk"
        return
    if order.version > view.version:
        yield f"{what} is at version {view.version} on disk, not {order.version}"
    for name, ours in _TERMS.items():
        if getattr(order, name) != getattr(view, ours):
            yield f"{what} has another {name} on disk: {getattr(view, ours)}"
    if str(order.rate) != view.rate:
        yield f"{what} has another rate on disk: {view.rate}"
    if order.version == view.version:
        yield from _wrong_state(order, view, what)


def _wrong_state(order: Order, view: OrderView, what: str) -> Iterator[str]:
    for name, ours in _SAME.items():
        if getattr(order, name) != getattr(view, ours):
            yield (
                f"{what} is {order.status} with {name} {getattr(order, name)}, on disk"
                f" {getattr(view, ours)}"
            )
    if _units(unit for line in order.lines for unit in line.units) != _units(
        unit for unit in view.units if unit.holds or view.has_ended_unpaid
    ):
        yield f"{what} has other units on disk"
    receipts = {(r.receipt_id, r.amount_base_units, str(r.state)) for r in order.receipts}
    if receipts != {(r.name, r.amount, r.state) for r in view.receipts}:
        yield f"{what} has other receipts on disk"
    asides = [(a.number, a.amount_base_units, str(a.state)) for a in order.set_asides]
    if asides != [(a.number, a.amount, a.state) for a in view.asides]:
        yield f"{what} has set aside something else on disk"


def _units(units: "Iterator[_Unit]") -> list[tuple[int, int]]:
    return sorted((unit.unit_id, unit.price_minor) for unit in units)
