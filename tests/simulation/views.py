"""An order as its rows say, read with plain SQL and none of the shop's own code."""

import sqlite3
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property, lru_cache

from tests.simulation.disk import run_quietly

QUOTE_UNIT = {"BTC": 1, "LTC": 1, "ETH": 10**9}
"""Base units in the finest amount that a coin is quoted in."""

_ORDER = """
    SELECT orders.version, status, payment_state, telegram_id, currency, payment_address,
        amount_quote_units, tolerance_quote_units, confirmations_required, total_minor, rate,
        created_at, expires_at, covered_at, paid_at, shipped_at, closed_at, extended_at, warned_of,
        revived_at, confirmed_by_telegram_id, cancelled_by, counted_as_timeout, timeout_forgiven,
        active_slot, request_id, tracking_number, timeout_count, balance_minor
    FROM orders JOIN users ON users.id = user_id WHERE orders.id = ?
"""
_UNITS = """
    SELECT item_id, subcategory_id, holds_unit, is_sold, price_at_purchase_minor
    FROM order_items JOIN items ON items.id = item_id WHERE order_id = ? ORDER BY item_id
"""
_RECEIPTS = """
    SELECT id, transaction_id, output_index, amount_quote_units, amount_rest_base_units, state,
        in_time, rate, value_minor, seen_at
    FROM payments WHERE order_id = ? ORDER BY id
"""
_SET_ASIDES = """
    SELECT number, payment_id, purpose, amount_quote_units, amount_rest_base_units, credited_minor,
        state, refund_transaction_id
    FROM set_asides WHERE order_id = ? ORDER BY number
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptView:
    """One row of `payments`; the amount in base units."""

    row_id: int
    transaction_id: str
    output_index: int | None
    amount: int
    state: str
    in_time: bool
    rate: str | None
    value_minor: int | None
    seen_at: datetime

    @property
    def name(self) -> str:
        """As people see it."""
        if self.output_index is None:
            return self.transaction_id
        return f"{self.transaction_id}:{self.output_index}"

    @property
    def counts(self) -> bool:
        """Whether it is money that is there."""
        return self.state in ("seen", "confirmed")


@dataclass(frozen=True, slots=True, kw_only=True)
class AsideView:
    """One row of `set_asides`; the amount in base units."""

    number: int
    payment_id: int
    purpose: str
    amount: int
    credited_minor: int
    state: str
    refund_transaction_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitView:
    """One unit of an order."""

    unit_id: int
    pool_id: int
    holds: bool
    sold: bool
    price_minor: int


@dataclass(frozen=True, kw_only=True)
class OrderView:
    """An order with its units, receipts and money set aside; amounts in base units."""

    order_id: int
    version: int
    status: str
    payment_state: str
    telegram_id: int
    coin: str
    address: str
    amount: int
    tolerance: int
    confirmations: int
    total_minor: int
    rate: str
    created_at: datetime
    expires_at: datetime
    covered_at: datetime | None
    paid_at: datetime | None
    shipped_at: datetime | None
    closed_at: datetime | None
    extended_at: datetime | None
    warned_of: datetime | None
    revived_at: datetime | None
    confirmed_by: int | None
    cancelled_by: str | None
    counted_as_timeout: bool
    timeout_forgiven: bool
    active_slot: int | None
    request_id: str
    tracking_number: str | None
    timeout_count: int
    """Of its shopper, at that moment; so is the balance."""
    balance_minor: int
    units: tuple[UnitView, ...]
    receipts: tuple[ReceiptView, ...]
    asides: tuple[AsideView, ...]

    @cached_property
    def is_live(self) -> bool:
        """Whether it has not ended."""
        return self.status in ("created", "paid")

    @property
    def is_sold(self) -> bool:
        """Whether its units are sold."""
        return self.status in ("paid", "shipped")

    @property
    def has_ended_unpaid(self) -> bool:
        """Whether it was cancelled or ran out."""
        return self.status in ("cancelled", "expired")

    @property
    def sufficient(self) -> int:
        """The least that counts as paid."""
        return self.amount - self.tolerance

    @cached_property
    def holds(self) -> frozenset[int]:
        """The units that it has."""
        return frozenset(unit.unit_id for unit in self.units if unit.holds)

    @cached_property
    def held_by_pool(self) -> Counter[int]:
        """How many it has of each pool."""
        return Counter(unit.pool_id for unit in self.units if unit.holds)

    def seen_in_time(self) -> int:
        """What is there of money that came in time."""
        return sum(each.amount for each in self.receipts if each.counts and each.in_time)

    def confirmed_in_time(self) -> int:
        """The same, confirmed."""
        return sum(r.amount for r in self.receipts if r.in_time and r.state == "confirmed")

    def received(self) -> int:
        """All that is there."""
        return sum(each.amount for each in self.receipts if each.counts)

    def aside(self, receipt: ReceiptView) -> int:
        """What of a receipt is credited, to be refunded, or refunded."""
        return sum(
            each.amount
            for each in self.asides
            if each.payment_id == receipt.row_id and each.state != "withdrawn"
        )

    def refunded(self, receipt: ReceiptView) -> int:
        """What of a receipt was paid back."""
        return sum(
            each.amount
            for each in self.asides
            if each.payment_id == receipt.row_id and each.state == "refunded"
        )


def read_order(connection: sqlite3.Connection, order_id: int) -> OrderView | None:
    """The order as this connection sees it, in its open transaction too."""
    row = run_quietly(connection, _ORDER, (order_id,)).fetchone()
    if row is None:
        return None
    factor = QUOTE_UNIT[row[4]]
    receipts = _receipts(connection, order_id, factor)
    times = [_time(text) for text in row[11:20]]
    created_at, expires_at = times[:2]
    if created_at is None or expires_at is None:
        raise AssertionError("the schema has these for every order")
    return OrderView(
        order_id=order_id,
        version=row[0],
        status=row[1],
        payment_state=row[2],
        telegram_id=row[3],
        coin=row[4],
        address=row[5],
        amount=row[6] * factor,
        tolerance=row[7] * factor,
        confirmations=row[8],
        total_minor=row[9],
        rate=row[10],
        created_at=created_at,
        expires_at=expires_at,
        covered_at=times[2],
        paid_at=times[3],
        shipped_at=times[4],
        closed_at=times[5],
        extended_at=times[6],
        warned_of=times[7],
        revived_at=times[8],
        confirmed_by=row[20],
        cancelled_by=row[21],
        counted_as_timeout=bool(row[22]),
        timeout_forgiven=bool(row[23]),
        active_slot=row[24],
        request_id=row[25],
        tracking_number=row[26],
        timeout_count=row[27],
        balance_minor=row[28],
        units=_units(connection, order_id),
        receipts=receipts,
        asides=_asides(connection, order_id, factor) if receipts else (),
    )


def _units(connection: sqlite3.Connection, order_id: int) -> tuple[UnitView, ...]:
    return tuple(
        UnitView(
            unit_id=each[0],
            pool_id=each[1],
            holds=bool(each[2]),
            sold=bool(each[3]),
            price_minor=each[4],
        )
        for each in run_quietly(connection, _UNITS, (order_id,))
    )


def _receipts(
    connection: sqlite3.Connection, order_id: int, factor: int
) -> tuple[ReceiptView, ...]:
    return tuple(
        ReceiptView(
            row_id=each[0],
            transaction_id=each[1],
            output_index=each[2],
            amount=each[3] * factor + each[4],
            state=each[5],
            in_time=bool(each[6]),
            rate=each[7],
            value_minor=each[8],
            seen_at=datetime.fromisoformat(each[9]),
        )
        for each in run_quietly(connection, _RECEIPTS, (order_id,))
    )


def _asides(connection: sqlite3.Connection, order_id: int, factor: int) -> tuple[AsideView, ...]:
    return tuple(
        AsideView(
            number=each[0],
            payment_id=each[1],
            purpose=each[2],
            amount=each[3] * factor + each[4],
            credited_minor=each[5],
            state=each[6],
            refund_transaction_id=each[7],
        )
        for each in run_quietly(connection, _SET_ASIDES, (order_id,))
    )


@lru_cache(maxsize=4096)
def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


@lru_cache(maxsize=256)
def rate_of(text: str) -> Decimal:
    """A rate as the store has it."""
    return Decimal(text)
