"""Orders as rows, and back: the queries that bring whole orders out of the store."""

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from domain.order import Order, OrderLine, OrderStatus, PaymentState, Unit
from domain.payment import Receipt, ReceiptState
from store.codec import join_amount, optional_time, split_amount, text_time, time_text

_ORDER = """
    SELECT orders.id, request_id, users.telegram_id, users.telegram_username, currency,
        fiat_currency, total_minor, rate, amount_quote_units, tolerance_quote_units,
        confirmations_required, payment_address, address_index, created_at, expires_at, status,
        payment_state, version, covered_at, paid_at, shipped_at, closed_at
    FROM orders JOIN users ON users.id = orders.user_id
"""
# A page of ids is written into the statement as so many parameters; SQLite takes 32,766.
_PAGE = 500


def load_order(connection: sqlite3.Connection, order_id: int) -> Order | None:
    """One order, whole."""
    return next(iter(_whole(connection, "WHERE orders.id = ?", (order_id,))), None)


def load_orders_of(connection: sqlite3.Connection, telegram_id: int, limit: int) -> list[Order]:
    """The orders of one shopper, newest first."""
    where = "WHERE users.telegram_id = ? ORDER BY orders.id DESC LIMIT ?"
    return _whole(connection, where, (telegram_id, limit))


def load_orders_to_watch(
    connection: sqlite3.Connection,
    coin: str | None,
    ended_after: datetime,
    after_order_id: int,
    limit: int,
) -> list[Order]:
    """Orders whose addresses still matter, by id: not ended, or ended after a time."""
    where = """
        WHERE orders.id > ? AND (? IS NULL OR currency = ?)
            AND (status IN ('created', 'paid') OR coalesce(shipped_at, closed_at) > ?)
        ORDER BY orders.id LIMIT ?
    """
    return _whole(connection, where, (after_order_id, coin, coin, time_text(ended_after), limit))


def _whole(connection: sqlite3.Connection, where: str, parameters: Sequence[object]) -> list[Order]:
    rows = connection.execute(_ORDER + where, parameters).fetchall()
    orders: list[Order] = []
    for start in range(0, len(rows), _PAGE):
        page = rows[start : start + _PAGE]
        ids = [row[0] for row in page]
        lines = _lines(connection, ids)
        receipts = _receipts(connection, ids)
        orders += [_order(row, lines.get(row[0], ()), receipts.get(row[0], ())) for row in page]
    return orders


def _order(
    row: tuple[Any, ...], lines: tuple[OrderLine, ...], receipts: tuple[Receipt, ...]
) -> Order:
    (
        order_id, request_id, telegram_id, telegram_username, coin,
        fiat_currency, total_minor, rate, amount, tolerance,
        confirmations, address, address_index, created_at, expires_at, status,
        payment_state, version, covered_at, paid_at, shipped_at, closed_at,
    ) = row  # fmt: skip
    return Order(
        order_id=order_id,
        request_id=request_id,
        telegram_id=telegram_id,
        telegram_username=telegram_username,
        coin=coin,
        lines=lines,
        fiat_currency=fiat_currency,
        total_minor=total_minor,
        rate=Decimal(rate),
        amount_base_units=join_amount(amount, 0, coin),
        tolerance_base_units=join_amount(tolerance, 0, coin),
        confirmations_required=confirmations,
        address=address,
        address_index=address_index,
        created_at=text_time(created_at),
        expires_at=text_time(expires_at),
        status=OrderStatus(status),
        payment_state=PaymentState(payment_state),
        version=version,
        receipts=receipts,
        covered_at=optional_time(covered_at),
        paid_at=optional_time(paid_at),
        shipped_at=optional_time(shipped_at),
        closed_at=optional_time(closed_at),
    )


def _marks(ids: Sequence[int]) -> str:
    return ",".join("?" * len(ids))


def _lines(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, tuple[OrderLine, ...]]:
    rows = connection.execute(
        f"""
        SELECT order_id, subcategory_id, item_id, price_at_purchase_minor
        FROM order_items JOIN items ON items.id = order_items.item_id
        WHERE order_id IN ({_marks(ids)})
        ORDER BY order_id, subcategory_id, item_id
        """,  # noqa: S608 - question marks only
        ids,
    )
    return {
        order_id: tuple(
            OrderLine(
                subcategory_id=subcategory_id,
                units=tuple(Unit(unit_id=row[2], price_minor=row[3]) for row in of_line),
            )
            for subcategory_id, of_line in groupby(of_order, key=lambda row: row[1])
        )
        for order_id, of_order in groupby(rows, key=lambda row: row[0])
    }


def _receipts(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, tuple[Receipt, ...]]:
    rows = connection.execute(
        f"""
        SELECT order_id, transaction_id, output_index, amount_quote_units, amount_rest_base_units,
            currency, state, in_time, block_height, block_hash, chain_time, seen_at
        FROM payments WHERE order_id IN ({_marks(ids)}) ORDER BY order_id, id
        """,  # noqa: S608 - question marks only
        ids,
    )
    return {
        order_id: tuple(
            Receipt(
                transaction_id=row[1],
                output_index=row[2],
                amount_base_units=join_amount(row[3], row[4], row[5]),
                state=ReceiptState(row[6]),
                in_time=bool(row[7]),
                block_height=row[8],
                block_hash=row[9],
                chain_time=text_time(row[10]),
                seen_at=text_time(row[11]),
            )
            for row in of_order
        )
        for order_id, of_order in groupby(rows, key=lambda row: row[0])
    }


def insert_order(
    connection: sqlite3.Connection, order: Order, *, user_id: int, active_slot: int
) -> None:
    """Write a new order with its units and holds.

    Raises:
        sqlite3.IntegrityError: a unit is in another live or sold order, or the order is not new.
    """
    created_at = time_text(order.created_at)
    expires_at = time_text(order.expires_at)
    connection.execute(
        """
        INSERT INTO orders (id, user_id, request_id, status, payment_state, version, currency,
            fiat_currency, total_minor, rate, amount_quote_units, tolerance_quote_units,
            confirmations_required, payment_address, address_index, active_slot, created_at,
            expires_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            order.order_id, user_id, order.request_id, order.status, order.payment_state,
            order.version, order.coin, order.fiat_currency, order.total_minor, str(order.rate),
            split_amount(order.amount_base_units, order.coin)[0],
            split_amount(order.tolerance_base_units, order.coin)[0],
            order.confirmations_required, order.address, order.address_index, active_slot,
            created_at, expires_at,
        ),
    )  # fmt: skip
    connection.executemany(
        """
        INSERT INTO order_items (order_id, item_id, price_at_purchase_minor, holds_unit, created_at)
        VALUES (?, ?, ?, 1, ?)
        """,
        [
            (order.order_id, unit.unit_id, unit.price_minor, created_at)
            for line in order.lines
            for unit in line.units
        ],
    )
    connection.executemany(
        """
        INSERT INTO reserved_stock (order_id, category_id, subcategory_id, quantity, reserved_at,
            expires_at)
        SELECT ?, category_id, id, ?, ?, ? FROM subcategories WHERE id = ?
        """,
        [
            (order.order_id, len(line.units), created_at, expires_at, line.subcategory_id)
            for line in order.lines
        ],
    )


def upsert_receipts(
    connection: sqlite3.Connection,
    order: tuple[int, str, str],
    receipts: Iterable[Receipt],
    at: str,
) -> None:
    """Write receipts of an order, given as (id, coin, address): each one row, however repeated."""
    order_id, coin, address = order
    connection.executemany(
        """
        INSERT INTO payments (order_id, currency, address, transaction_id, output_index,
            amount_quote_units, amount_rest_base_units, state, in_time, block_height, block_hash,
            chain_time, seen_at, updated_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (currency, address, transaction_id, ifnull(output_index, -1)) DO UPDATE SET
            state = excluded.state, in_time = excluded.in_time,
            block_height = excluded.block_height, block_hash = excluded.block_hash,
            chain_time = excluded.chain_time, seen_at = excluded.seen_at,
            updated_at = excluded.updated_at
        """,
        [
            (
                order_id, coin, address, receipt.transaction_id, receipt.output_index,
                *split_amount(receipt.amount_base_units, coin), receipt.state,
                int(receipt.in_time), receipt.block_height, receipt.block_hash,
                time_text(receipt.chain_time), time_text(receipt.seen_at), at,
            )
            for receipt in receipts
        ],
    )  # fmt: skip
