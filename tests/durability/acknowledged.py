"""What shops have acknowledged before they were killed, held against the store."""

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from domain.order import NoticeKind, OrderStatus
from tests.durability.surroundings import payments_in

_ANY = frozenset(OrderStatus)
_SOLD = frozenset({OrderStatus.PAID, OrderStatus.SHIPPED})
_CANCELLED = frozenset({OrderStatus.CANCELLED})
_EXPIRED = frozenset({OrderStatus.EXPIRED})
_ENDED_UNPAID = _CANCELLED | _EXPIRED
# What an order may be from then on. Ended orders stay so, for these shops revive none.
_AFTER: dict[str, frozenset[OrderStatus]] = {
    "placed": _ANY,
    "cancelled": _CANCELLED,
    NoticeKind.ORDER_CREATED: _ANY,
    NoticeKind.ORDER_CANCELLED: _CANCELLED,
    NoticeKind.ORDER_EXPIRED: _EXPIRED,
    NoticeKind.ADMIN_PAYMENT_RECEIVED: _SOLD,
    NoticeKind.GOODS: _SOLD,
    NoticeKind.MONEY_CREDITED: _ENDED_UNPAID,
}
# What must have been received before these are told.
_TELL_OF_MONEY = frozenset(
    {
        NoticeKind.PAYMENT_SEEN,
        NoticeKind.PAYMENT_PARTIAL,
        NoticeKind.PAYMENT_LATE,
        NoticeKind.PAYMENT_OVER,
        NoticeKind.GOODS,
    }
)
_ORDERS = """
    SELECT id, status, payment_address, EXISTS (SELECT 1 FROM payments WHERE order_id = orders.id)
    FROM orders
"""
_LIVE = "SELECT count(*) FROM orders WHERE status IN ('created', 'paid')"
_PAYMENTS = """
    SELECT address, transaction_id, amount_quote_units FROM payments WHERE state = 'confirmed'
"""


@dataclass(slots=True)
class Acknowledged:
    """Everything that was acknowledged in any life of the shop."""

    addresses: dict[int, str] = field(default_factory=dict)
    claims: dict[int, set[str]] = field(default_factory=dict)
    imported: int = 0

    def note(self, words: list[str]) -> None:
        """Take in one line of a shop."""
        match words:
            case ["placed", order_id, address]:
                self.addresses[int(order_id)] = address
                self._claim(order_id, "placed")
            case ["cancelled", order_id]:
                self._claim(order_id, "cancelled")
            case ["told", order_id, kind]:
                self._claim(order_id, kind)
            case ["imported", units]:
                self.imported += int(units)
            case ["begun" | "open" | "ended", _]:
                pass
            case _:
                raise AssertionError(f"a shop said what nobody understands: {words}")

    def missing(self, store: Path) -> list[str]:
        """What was acknowledged and is not in the store; empty where nothing was lost."""
        with closing(_reading(store)) as connection:
            (units,) = connection.execute("SELECT count(*) FROM items").fetchone()
            orders = {row[0]: row[1:] for row in connection.execute(_ORDERS)}
        lost = [f"{self.imported} units were imported, {units} are there"]
        if units >= self.imported:
            lost.clear()
        for order_id, claims in self.claims.items():
            status, address, has_receipt = orders.get(order_id, ("", "", 0))
            wrong = [each for each in claims if status not in _AFTER.get(each, _ANY)]
            if not has_receipt:
                wrong += sorted(claims & _TELL_OF_MONEY)
            if address != self.addresses.get(order_id, address):
                wrong.append("its address")
            if wrong:
                lost.append(f"order {order_id} is {status or 'not there'}, after {wrong}")
        return lost

    def counts(self) -> Counter[str]:
        """How many orders each thing was said of."""
        counted = Counter(claim for claims in self.claims.values() for claim in claims)
        return Counter({name: counted[name] for name in _AFTER if counted[name]})

    def _claim(self, order_id: str, what: str) -> None:
        self.claims.setdefault(int(order_id), set()).add(what)


def live_orders(store: Path) -> int:
    """How many orders await payment or delivery."""
    with closing(_reading(store)) as connection:
        (count,) = connection.execute(_LIVE).fetchone()
    return int(count)


def unfinished(store: Path, chain: Path) -> list[str]:
    """Orders that are live, and payments on the chain that are no confirmed receipts."""
    with closing(_reading(store)) as connection:
        receipts = set(connection.execute(_PAYMENTS).fetchall())
    live = live_orders(store)
    return [f"{live} live orders"] * bool(live) + [
        f"{paid.transaction_id} of {paid.amount_base_units} on {paid.address}"
        for paid in payments_in(chain)
        if (paid.address, paid.transaction_id, paid.amount_base_units) not in receipts
    ]


def _reading(store: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{store.as_uri()}?mode=ro", uri=True, timeout=10)
