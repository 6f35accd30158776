"""What must hold of a whole store, at each crash and at the end."""

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from store.codec import time_text
from store.invariants import violations
from tests.simulation.chain import SimulatedChain
from tests.simulation.truth import Truth
from tests.simulation.views import QUOTE_UNIT

if TYPE_CHECKING:
    from tests.simulation.world import World

_SENT_WITHIN = timedelta(minutes=5)
_PENDING = "SELECT id, kind FROM outbox WHERE state = 'pending'"
_DELIVERED = "SELECT chat_id, id, kind FROM outbox WHERE state = 'delivered'"
_UNDELIVERABLE_UNTOLD = """
    SELECT lost.id, lost.kind FROM outbox AS lost
    WHERE lost.state = 'undeliverable' AND lost.kind <> 'admin_undeliverable' AND NOT EXISTS (
        SELECT 1 FROM outbox AS told
        WHERE told.kind = 'admin_undeliverable' AND told.id > lost.id
            AND told.detail LIKE lost.kind || ' to ' || lost.chat_id || ':%')
"""
_MONEY = """
    SELECT currency, address, transaction_id, output_index, amount_quote_units,
        amount_rest_base_units, state
    FROM payments
    WHERE state IN ('seen', 'confirmed')
"""


def unsound(connection: sqlite3.Connection) -> Iterator[str]:
    """Where the store contradicts itself."""
    for violation in violations(connection):
        yield f"{violation.name}: {violation.subject}"


def broken_promises(connection: sqlite3.Connection, truth: Truth) -> Iterator[str]:
    """What somebody was answered since the last look and is not there."""
    query = "SELECT version FROM orders WHERE id = ?"
    for order_id, version in sorted(truth.unproved.items()):
        row = connection.execute(query, (order_id,)).fetchone()
        if row is None or row[0] < version:
            yield f"order {order_id} was answered in version {version} and is {row} in the store"
    truth.unproved.clear()


def wrong_items(connection: sqlite3.Connection, truth: Truth) -> Iterator[str]:
    """Units that came from nowhere, or went there."""
    there = [row[0] for row in connection.execute("SELECT private_data FROM items")]
    if len(there) != len(set(there)):
        yield "a good is there twice"
    lost, new = truth.imported.difference(there), set(there) - truth.offered.keys()
    if lost:
        yield f"{len(lost)} imported units are lost, such as {min(lost)}"
    if new:
        yield f"{len(new)} units came from nowhere, such as {min(new)}"


def unaccounted_money(
    connection: sqlite3.Connection, chains: dict[str, SimulatedChain]
) -> Iterator[str]:
    """Where the store and the chains differ about what was received, when all is quiet."""
    orders = connection.execute(
        "SELECT payment_address, currency, confirmations_required FROM orders"
    ).fetchall()
    wanted = {}
    for address, coin, required in orders:
        chain = chains[coin]
        for transaction, index in chain.received.get(address, ()):
            if transaction.is_visible:
                state = "confirmed" if chain.was_confirmed(transaction, required) else "seen"
                name = (coin, address, transaction.name, chain.output_index(index))
                wanted[name] = (transaction.outputs[index][1], state)
    known = {
        row[:4]: (row[4] * QUOTE_UNIT[row[0]] + row[5], row[6])
        for row in connection.execute(_MONEY)
    }
    for receipt in sorted(wanted.keys() | known.keys(), key=repr):
        if wanted.get(receipt) != known.get(receipt):
            yield (
                f"receipt {receipt}: {wanted.get(receipt)} on the chain,"
                f" {known.get(receipt)} in the store"
            )


def untold(connection: sqlite3.Connection, taken: dict[tuple[int, int], int]) -> Iterator[str]:
    """Outbox rows that went nowhere, when all is quiet."""
    for outbox_id, kind in connection.execute(_PENDING).fetchall():
        yield f"outbox row {outbox_id} ({kind}) still waits"
    for chat_id, outbox_id, kind in connection.execute(_DELIVERED).fetchall():
        if not taken.get((chat_id, outbox_id)):
            yield f"outbox row {outbox_id} ({kind}) is delivered and {chat_id} never got it"
    for outbox_id, kind in connection.execute(_UNDELIVERABLE_UNTOLD).fetchall():
        yield f"no admin was told that outbox row {outbox_id} ({kind}) is undeliverable"


def stuck_notices(connection: sqlite3.Connection, world: "World") -> Iterator[str]:
    """Outbox rows that should have been sent by now, for nothing was in their way."""
    if world.clock.true_now() - world.calm.since_all() < _SENT_WITHIN:
        return
    before = time_text(world.clock.now() - _SENT_WITHIN)
    query = "SELECT id, kind, chat_id FROM outbox WHERE state = 'pending' AND created_at < ?"
    for outbox_id, kind, chat_id in connection.execute(query, (before,)).fetchall():
        if chat_id not in world.telegram.ever_blocked:
            yield f"outbox row {outbox_id} ({kind}) is not sent to {chat_id}"


def open_orders(connection: sqlite3.Connection) -> Iterator[str]:
    """Orders that have not ended, when their time is over and all is quiet."""
    query = "SELECT id, status FROM orders WHERE status IN ('created', 'paid')"
    for order_id, status in connection.execute(query).fetchall():
        yield f"order {order_id} is {status} at the end"


def unbalanced_books(
    connection: sqlite3.Connection, chains: dict[str, SimulatedChain]
) -> Iterator[str]:
    """Where what came in for good is not what orders have kept and what was set aside, at the end.

    What an order keeps is its price at the most, and the tolerance: the rest has another place.
    """
    for coin, chain in chains.items():
        received = orders_kept = 0
        rows = connection.execute(_ORDERS_OF_COIN, (coin,)).fetchall()
        unit = QUOTE_UNIT[coin]
        for order_id, address, required, status, amount, tolerance in rows:
            came_in = sum(
                transaction.outputs[index][1]
                for transaction, index in chain.received.get(address, ())
                if transaction.is_visible and chain.was_confirmed(transaction, required)
            )
            aside = _aside(connection, order_id, unit)
            received += came_in
            kept = came_in - aside
            orders_kept += kept
            # Late money may have lost much of its worth, so more of it goes for the same price.
            most = 2 * (amount + tolerance) * unit if status in ("paid", "shipped") else 0
            if not 0 <= kept <= most and aside:
                yield f"order {order_id} is {status} and keeps {kept} of {came_in} base units"
        aside_rows = _aside(connection, None, unit, coin)
        if received != orders_kept + aside_rows:
            yield f"of {received} {coin} {orders_kept} are on orders and {aside_rows} set aside"


def _aside(connection: sqlite3.Connection, order_id: int | None, unit: int, coin: str = "") -> int:
    rows = connection.execute(_ASIDE, (order_id, order_id, coin)).fetchall()
    return sum(quote_units * unit + rest for quote_units, rest in rows)


_ORDERS_OF_COIN = """
    SELECT id, payment_address, confirmations_required, status, amount_quote_units,
        tolerance_quote_units
    FROM orders WHERE currency = ?
"""
_ASIDE = """
    SELECT set_asides.amount_quote_units, set_asides.amount_rest_base_units
    FROM set_asides JOIN orders ON orders.id = order_id
    WHERE set_asides.state <> 'withdrawn' AND (order_id = ? OR ? IS NULL AND currency = ?)
        AND EXISTS (
            SELECT 1 FROM payments WHERE payments.id = payment_id AND payments.state = 'confirmed')
"""
