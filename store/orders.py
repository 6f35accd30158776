"""The queries that bring whole orders out of the store."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from domain.order import By, Order, OrderLine, OrderStatus, PaymentState, Unit
from domain.payment import Receipt, ReceiptState, receipt_id
from domain.set_aside import Purpose, SetAside, SetAsideState
from store.codec import join_amount, optional_time, text_time, time_text
from store.contract import AddressToWatch, GetAddressesToWatch, GetOpenOrders

_ORDER = """
    SELECT orders.id, request_id, users.telegram_id, users.telegram_username, currency,
        fiat_currency, total_minor, rate, amount_quote_units, tolerance_quote_units,
        confirmations_required, payment_address, address_index, created_at, expires_at, status,
        payment_state, version, covered_at, paid_at, shipped_at, closed_at, cancelled_by,
        counted_as_timeout, extended_at, warned_of, revived_at, confirmed_by_telegram_id,
        private_key
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


def load_order_of_request(
    connection: sqlite3.Connection, telegram_id: int, request_id: str
) -> Order | None:
    """The order that a shopper's wish has made."""
    where = "WHERE request_id = ? AND users.telegram_id = ?"
    return next(iter(_whole(connection, where, (request_id, telegram_id))), None)


def load_open_orders(connection: sqlite3.Connection, asked: GetOpenOrders) -> list[Order]:
    """Orders that have not ended, whole, by id."""
    where = """
        WHERE status IN ('created', 'paid') AND orders.id > ? AND orders.id < ?
        ORDER BY orders.id LIMIT ?
    """
    return _whole(connection, where, (asked.after_order_id, asked.before_order_id, asked.limit))


def load_orders_made(
    connection: sqlite3.Connection,
    coin: str,
    *,
    made_from: datetime | None,
    made_before: datetime | None,
    after_order_id: int,
    limit: int,
) -> list[Order]:
    """Orders in a coin, whatever became of them, that were made between two times; by id."""
    where = """
        WHERE currency = ? AND orders.id > ? AND created_at >= ? AND created_at < ?
        ORDER BY orders.id LIMIT ?
    """
    # Times are texts that sort as times.
    first = "" if made_from is None else time_text(made_from)
    last = "~" if made_before is None else time_text(made_before)
    return _whole(connection, where, (coin, after_order_id, first, last, limit))


def load_orders_by_id(connection: sqlite3.Connection, order_ids: Sequence[int]) -> list[Order]:
    """These orders, whole, by id."""
    found: list[Order] = []
    for start in range(0, len(order_ids), _PAGE):
        page = order_ids[start : start + _PAGE]
        where = f"WHERE orders.id IN ({_marks(page)}) ORDER BY orders.id"
        found += _whole(connection, where, page)
    return found


def load_addresses_to_watch(
    connection: sqlite3.Connection, asked: GetAddressesToWatch
) -> list[AddressToWatch]:
    """Addresses that still matter, by the order's id, without the rest of the order.

    Their orders have not ended, ended after a time, or have a payment that is neither confirmed nor
    gone, however long that takes.
    """
    rows = connection.execute(
        """
        SELECT id, payment_address, confirmations_required, CASE
            WHEN status IN ('created', 'paid') THEN NULL
            WHEN status = 'shipped' THEN shipped_at
            ELSE closed_at
        END AS ended_at
        FROM orders
        WHERE id > ? AND currency = ? AND (ended_at IS NULL OR ended_at > ?
            OR EXISTS (SELECT 1 FROM payments WHERE order_id = orders.id AND state = 'seen'))
        ORDER BY id LIMIT ?
        """,
        (asked.after_order_id, asked.coin, time_text(asked.ended_after), asked.limit),
    ).fetchall()
    if not rows:
        return []
    receipts = _receipts(connection, "order_id BETWEEN ? AND ?", (rows[0][0], rows[-1][0]))
    return [
        AddressToWatch(
            order_id, address, confirmations, optional_time(ended_at), receipts.get(order_id, ())
        )
        for order_id, address, confirmations, ended_at in rows
    ]


def _whole(connection: sqlite3.Connection, where: str, parameters: Sequence[object]) -> list[Order]:
    rows = connection.execute(_ORDER + where, parameters).fetchall()
    orders: list[Order] = []
    for start in range(0, len(rows), _PAGE):
        page = rows[start : start + _PAGE]
        ids = [row[0] for row in page]
        lines = _lines(connection, ids)
        receipts = _receipts(connection, f"order_id IN ({_marks(ids)})", ids)
        set_asides = _set_asides(connection, ids)
        orders += [
            _order(
                row,
                lines=lines.get(row[0], ()),
                receipts=receipts.get(row[0], ()),
                set_asides=set_asides.get(row[0], ()),
            )
            for row in page
        ]
    return orders


def _order(
    row: tuple[Any, ...],
    *,
    lines: tuple[OrderLine, ...],
    receipts: tuple[Receipt, ...],
    set_asides: tuple[SetAside, ...],
) -> Order:
    (
        order_id, request_id, telegram_id, telegram_username, coin,
        fiat_currency, total_minor, rate, amount, tolerance,
        confirmations, address, address_index, created_at, expires_at, status,
        payment_state, version, covered_at, paid_at, shipped_at, closed_at, cancelled_by,
        counted_as_timeout, extended_at, warned_of, revived_at, confirmed_by_telegram_id,
        sealed_key,
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
        sealed_key=sealed_key,
        status=OrderStatus(status),
        payment_state=PaymentState(payment_state),
        version=version,
        receipts=receipts,
        covered_at=optional_time(covered_at),
        paid_at=optional_time(paid_at),
        shipped_at=optional_time(shipped_at),
        closed_at=optional_time(closed_at),
        cancelled_by=None if cancelled_by is None else By(cancelled_by),
        counted_as_timeout=bool(counted_as_timeout),
        extended_at=optional_time(extended_at),
        warned_of=optional_time(warned_of),
        revived_at=optional_time(revived_at),
        confirmed_by_telegram_id=confirmed_by_telegram_id,
        set_asides=set_asides,
    )


def _marks(ids: Sequence[int]) -> str:
    return ",".join("?" * len(ids))


def _lines(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, tuple[OrderLine, ...]]:
    # A revived order has what it holds now; what it let go when it ended is history. An order that
    # has ended holds nothing, and is shown with what it had.
    rows = connection.execute(
        f"""
        SELECT order_id, subcategory_id, item_id, price_at_purchase_minor
        FROM order_items
        JOIN items ON items.id = order_items.item_id
        JOIN orders ON orders.id = order_items.order_id
        WHERE order_id IN ({_marks(ids)})
            AND holds_unit = (status IN ('created', 'paid', 'shipped'))
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


def _receipts(
    connection: sqlite3.Connection, where: str, parameters: Sequence[object]
) -> dict[int, tuple[Receipt, ...]]:
    rows = connection.execute(
        f"""
        SELECT order_id, transaction_id, output_index, amount_quote_units, amount_rest_base_units,
            currency, state, in_time, rate, block_height, block_hash, chain_time, seen_at
        FROM payments WHERE {where} ORDER BY order_id, id
        """,  # noqa: S608 - texts of this module only
        parameters,
    )
    return {
        order_id: tuple(
            Receipt(
                transaction_id=row[1],
                output_index=row[2],
                amount_base_units=join_amount(row[3], row[4], row[5]),
                state=ReceiptState(row[6]),
                in_time=bool(row[7]),
                rate=None if row[8] is None else Decimal(row[8]),
                block_height=row[9],
                block_hash=row[10],
                chain_time=text_time(row[11]),
                seen_at=text_time(row[12]),
            )
            for row in of_order
        )
        for order_id, of_order in groupby(rows, key=lambda row: row[0])
    }


def _set_asides(
    connection: sqlite3.Connection, ids: Sequence[int]
) -> dict[int, tuple[SetAside, ...]]:
    rows = connection.execute(
        f"""
        SELECT set_asides.order_id, number, transaction_id, output_index, purpose,
            set_asides.amount_quote_units, set_asides.amount_rest_base_units, currency,
            credited_minor, set_asides.state, refund_transaction_id
        FROM set_asides JOIN payments ON payments.id = payment_id
        WHERE set_asides.order_id IN ({_marks(ids)}) ORDER BY set_asides.order_id, number
        """,  # noqa: S608 - question marks only
        ids,
    )
    return {
        order_id: tuple(
            SetAside(
                number=row[1],
                receipt_id=receipt_id(row[2], row[3]),
                purpose=Purpose(row[4]),
                amount_base_units=join_amount(row[5], row[6], row[7]),
                credited_minor=row[8],
                state=SetAsideState(row[9]),
                refund_transaction_id=row[10],
            )
            for row in of_order
        )
        for order_id, of_order in groupby(rows, key=lambda row: row[0])
    }
