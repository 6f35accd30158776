"""Orders and their receipts as rows: the statements that write them."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.money import value_minor
from domain.order import Order, OrderLine
from domain.payment import Receipt
from store.codec import split_amount, time_text
from store.many_rows import ManyRows, Row
from store.writing import Subject

_ORDERS = ManyRows(
    """
    INSERT INTO orders (id, user_id, request_id, status, payment_state, version, currency,
        fiat_currency, total_minor, rate, amount_quote_units, tolerance_quote_units,
        confirmations_required, payment_address, address_index, active_slot, created_at,
        expires_at, private_key)
    VALUES
    """,
    "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
)
_ITEMS = ManyRows(
    """
    INSERT INTO order_items (order_id, item_id, price_at_purchase_minor, created_at, holds_unit)
    VALUES
    """,
    "(?, ?, ?, ?, 1)",
)
_RESERVED = ManyRows(
    """
    INSERT INTO reserved_stock (order_id, category_id, subcategory_id, quantity, reserved_at,
        expires_at)
    VALUES
    """,
    "(?, (SELECT category_id FROM subcategories WHERE id = ?), ?, ?, ?, ?)",
)


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """A new order, whose it is, and which of the shopper's places for active orders it takes."""

    order: Order
    user_id: int
    active_slot: int


def insert_orders(connection: sqlite3.Connection, placed: Sequence[PlacedOrder]) -> None:
    """Write new orders with their units and holds.

    Raises:
        sqlite3.IntegrityError: a unit is in another live or sold order, an order is not new, or a
            subcategory is not there.
    """
    order_rows: list[Row] = []
    item_rows: list[Row] = []
    stock_rows: list[Row] = []
    for each in placed:
        order = each.order
        created_at, expires_at = time_text(order.created_at), time_text(order.expires_at)
        order_rows.append(_order_row(each, created_at, expires_at))
        for line in order.lines:
            item_rows += [
                (order.order_id, unit.unit_id, unit.price_minor, created_at) for unit in line.units
            ]
            name, quantity = line.subcategory_id, len(line.units)
            stock_rows.append((order.order_id, name, name, quantity, created_at, expires_at))
    _ORDERS.insert(connection, order_rows)
    _ITEMS.insert(connection, item_rows)
    _RESERVED.insert(connection, stock_rows)


def _order_row(placed: PlacedOrder, created_at: str, expires_at: str) -> Row:
    order = placed.order
    return (
        order.order_id, placed.user_id, order.request_id, order.status, order.payment_state,
        order.version, order.coin, order.fiat_currency, order.total_minor, str(order.rate),
        split_amount(order.amount_base_units, order.coin)[0],
        split_amount(order.tolerance_base_units, order.coin)[0],
        order.confirmations_required, order.address, order.address_index, placed.active_slot,
        created_at, expires_at, order.sealed_key,
    )  # fmt: skip


def take_units(
    connection: sqlite3.Connection, order_id: int, lines: Iterable[OrderLine], at: str
) -> int:
    """Give units to an order that is revived, some of which it may have had; how many it took.

    Raises:
        sqlite3.IntegrityError: a unit is in another live or sold order.
    """
    units = [unit for line in lines for unit in line.units]
    return connection.executemany(
        """
        INSERT INTO order_items (order_id, item_id, price_at_purchase_minor, holds_unit, created_at)
        VALUES (?, ?, ?, 1, ?)
        ON CONFLICT (order_id, item_id) DO UPDATE SET
            holds_unit = 1, price_at_purchase_minor = excluded.price_at_purchase_minor
        WHERE holds_unit = 0
        """,
        [(order_id, unit.unit_id, unit.price_minor, at) for unit in units],
    ).rowcount


def upsert_receipts(
    connection: sqlite3.Connection, order: Subject, receipts: Iterable[Receipt], at: str
) -> None:
    """Write receipts of an order: each one row, however repeated.

    Raises:
        sqlite3.IntegrityError: one is known with another amount, or was valued otherwise.
    """
    coin = order.coin
    connection.executemany(
        """
        INSERT INTO payments (order_id, currency, address, transaction_id, output_index,
            amount_quote_units, amount_rest_base_units, state, in_time, rate, value_minor,
            block_height, block_hash, chain_time, seen_at, updated_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (currency, address, transaction_id, ifnull(output_index, -1)) DO UPDATE SET
            amount_quote_units = excluded.amount_quote_units,
            amount_rest_base_units = excluded.amount_rest_base_units,
            state = excluded.state, in_time = excluded.in_time,
            rate = excluded.rate, value_minor = excluded.value_minor,
            block_height = excluded.block_height, block_hash = excluded.block_hash,
            chain_time = excluded.chain_time, seen_at = excluded.seen_at,
            updated_at = excluded.updated_at
        """,
        [
            (
                order.order_id, coin, order.address, receipt.transaction_id,
                receipt.output_index, *split_amount(receipt.amount_base_units, coin),
                receipt.state, int(receipt.in_time), *_value(receipt, order),
                receipt.block_height, receipt.block_hash,
                time_text(receipt.chain_time), time_text(receipt.seen_at), at,
            )
            for receipt in receipts
        ],
    )  # fmt: skip


def _value(receipt: Receipt, order: Subject) -> tuple[str | None, int | None]:
    if receipt.rate is None:
        return None, None
    worth = value_minor(receipt.amount_base_units, order.coin, receipt.rate, order.fiat_currency)
    return str(receipt.rate), worth
