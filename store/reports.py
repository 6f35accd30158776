"""Reports of payment processors as rows, and what they and the orders' receipts say together."""

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from domain.payment import Sighting
from domain.reports import PaymentReport, ReportRefusal
from store.codec import join_amount, split_amount, text_time, time_text
from store.contract import AddressToWatch, GetAddressesToWatch
from store.orders import load_addresses_to_watch
from store.report_contract import (
    GetReported,
    ReportedAddress,
    ReportedLoaded,
    ReportNotWritten,
    ReportWritten,
    WriteReport,
)

_EVER = datetime.min.replace(tzinfo=UTC)
_SAME_RECEIPT = """
    payments.currency = payment_reports.currency AND payments.address = payment_reports.address
    AND payments.transaction_id = payment_reports.transaction_id
    AND payments.output_index IS payment_reports.output_index
"""
# What is reported, in the block and from the time that the order has recorded, where it has; and
# what the order has that nobody reported. The processor is the shop's eye here: what it has signed,
# it had seen by then.
_SHOWN = f"""
    SELECT payment_reports.order_id, payment_reports.address, payment_reports.transaction_id,
        payment_reports.output_index, payment_reports.amount_quote_units,
        payment_reports.amount_rest_base_units, confirmations, block_height, block_hash,
        coalesce(chain_time, signed_at),
        coalesce(payments.seen_at, min(signed_at, payment_reports.seen_at))
    FROM payment_reports LEFT JOIN payments ON {_SAME_RECEIPT}
    WHERE payment_reports.currency = :coin AND payment_reports.address = :address
    UNION ALL
    SELECT order_id, address, transaction_id, output_index, amount_quote_units,
        amount_rest_base_units, 0, block_height, block_hash, chain_time, seen_at
    FROM payments
    WHERE currency = :coin AND address = :address AND state IN ('seen', 'confirmed')
        AND NOT EXISTS (SELECT 1 FROM payment_reports WHERE {_SAME_RECEIPT})
    ORDER BY 3, 4
"""  # noqa: S608 - constants
_UNSETTLED = f"""
    SELECT DISTINCT payment_reports.address
    FROM payment_reports LEFT JOIN payments ON {_SAME_RECEIPT}
    WHERE payment_reports.currency = ? AND payments.state IS NOT 'confirmed'
"""  # noqa: S608 - constants


def write_report(
    connection: sqlite3.Connection, job: WriteReport, at: datetime
) -> ReportWritten | ReportNotWritten:
    """Keep a report inside the transaction that is open; nothing is written of one refused.

    Raises:
        sqlite3.IntegrityError, OverflowError: it cannot be so; roll back.
    """
    report = job.report
    reported_on = _address(connection, report)
    if reported_on is None:
        return ReportNotWritten(report=report, reason=ReportRefusal.NO_SUCH_ADDRESS)
    if _is_other(connection, report):
        return ReportNotWritten(report=report, reason=ReportRefusal.OTHER_PAYMENT)
    is_news = _upsert(connection, report, reported_on.order_id, time_text(at))
    return ReportWritten(report=report, reported_on=reported_on, is_news=is_news)


def load_reported(connection: sqlite3.Connection, asked: GetReported) -> ReportedLoaded:
    """What is known of one address, or of all whose reports are not settled."""
    addresses = [asked.address] if asked.address is not None else _unsettled(connection, asked.coin)
    reported = [each for address in addresses for each in _shown(connection, asked.coin, address)]
    return ReportedLoaded(
        coin=asked.coin, address=asked.address, asked_at=asked.asked_at, reported=tuple(reported)
    )


def _address(connection: sqlite3.Connection, report: PaymentReport) -> AddressToWatch | None:
    row = connection.execute(
        "SELECT id FROM orders WHERE payment_address = ? AND currency = ?",
        (report.address, report.coin),
    ).fetchone()
    if row is None:
        return None
    only_this = GetAddressesToWatch(
        coin=report.coin, ended_after=_EVER, after_order_id=row[0] - 1, limit=1
    )
    return load_addresses_to_watch(connection, only_this)[0]


def _is_other(connection: sqlite3.Connection, report: PaymentReport) -> bool:
    """Whether this receipt is known with another amount, or on another address alone."""
    receipt = (report.coin, report.transaction_id, report.output_index)
    known = [
        row
        for table in ("payment_reports", "payments")
        for row in connection.execute(
            f"""
            SELECT address, amount_quote_units, amount_rest_base_units FROM {table}
            WHERE currency = ? AND transaction_id = ? AND output_index IS ?
            """,  # noqa: S608 - two names from here
            receipt,
        )
    ]
    said = split_amount(report.amount_base_units, report.coin)
    here = [(whole, rest) for address, whole, rest in known if address == report.address]
    return any(amount != said for amount in here) or bool(known and not here)


def _upsert(connection: sqlite3.Connection, report: PaymentReport, order_id: int, at: str) -> bool:
    written = connection.execute(
        """
        INSERT INTO payment_reports (order_id, currency, address, transaction_id, output_index,
            amount_quote_units, amount_rest_base_units, confirmations, signed_at, seen_at,
            updated_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (currency, address, transaction_id, ifnull(output_index, -1)) DO UPDATE
            SET confirmations = excluded.confirmations, updated_at = excluded.updated_at
            WHERE excluded.confirmations > confirmations
        """,
        (
            order_id, report.coin, report.address, report.transaction_id, report.output_index,
            *split_amount(report.amount_base_units, report.coin), report.confirmations,
            time_text(report.signed_at), at, at,
        ),
    )  # fmt: skip
    return bool(written.rowcount)


def _unsettled(connection: sqlite3.Connection, coin: str) -> list[str]:
    return [address for (address,) in connection.execute(_UNSETTLED, (coin,))]


def _shown(connection: sqlite3.Connection, coin: str, address: str) -> list[ReportedAddress]:
    rows = connection.execute(_SHOWN, {"coin": coin, "address": address}).fetchall()
    return [
        ReportedAddress(
            order_id=order_id,
            address=address,
            sightings=tuple(_sighting(row, coin) for row in of_order),
        )
        for order_id, of_order in groupby(rows, key=lambda row: int(row[0]))
    ]


def _sighting(row: Sequence[Any], coin: str) -> Sighting:
    (
        _order_id, _address, transaction_id, output_index, quote_units, rest, confirmations,
        block_height, block_hash, chain_time, seen_at,
    ) = row  # fmt: skip
    return Sighting(
        transaction_id=transaction_id,
        output_index=output_index,
        amount_base_units=join_amount(quote_units, rest, coin),
        confirmations=confirmations,
        block_height=block_height,
        block_hash=block_hash,
        chain_time=text_time(chain_time),
        seen_at=text_time(seen_at),
    )
