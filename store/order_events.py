"""Events of an order that exists: its status, its time, its units and its receipts.

Units are let go and sold by the store itself when the status changes (`m0002_order_guards`).
"""

from typing import assert_never

from domain.order import (
    ExpiryWarned,
    OrderCancelled,
    OrderExpired,
    OrderPaid,
    OrderRevived,
    OrderShipped,
    ReceiptsChanged,
    TimeExtended,
)
from store.codec import time_text
from store.order_rows import take_units, upsert_receipts
from store.people_events import count_timeout, take_back_timeout
from store.writing import StoreInvariantError, Writing

OrderChange = (
    ReceiptsChanged
    | OrderPaid
    | OrderRevived
    | OrderExpired
    | OrderCancelled
    | OrderShipped
    | TimeExtended
    | ExpiryWarned
)


def write_order_event(writing: Writing, event: OrderChange) -> None:
    """Write one change of the order that the command is about.

    Raises:
        sqlite3.IntegrityError, StoreInvariantError: it cannot be so; roll back.
    """
    match event:
        case ReceiptsChanged():
            _change_receipts(writing, event)
        case OrderPaid():
            _pay(writing, event)
        case OrderRevived():
            _revive(writing, event)
        case OrderExpired():
            _expire(writing, event)
        case OrderCancelled():
            _set(
                writing,
                "status = 'cancelled', closed_at = ?, cancelled_by = ?, active_slot = NULL",
                time_text(event.closed_at),
                event.cancelled_by,
            )
        case OrderShipped():
            _set(
                writing,
                "status = 'shipped', shipped_at = ?, tracking_number = ?",
                time_text(event.shipped_at),
                event.tracking_number,
            )
        case TimeExtended():
            _set(
                writing,
                "expires_at = ?, extended_at = ?",
                time_text(event.expires_at),
                time_text(event.extended_at),
            )
        case ExpiryWarned():
            _set(writing, "warned_of = ?", time_text(event.expires_at))
        case _:
            assert_never(event)
    writing.audit(event, detail_of(event))


def _set(writing: Writing, columns: str, *values: object) -> None:
    writing.connection.execute(
        f"UPDATE orders SET {columns} WHERE id = ?",  # noqa: S608 - texts of this module only
        (*values, writing.order().order_id),
    )


def detail_of(event: OrderChange) -> str:
    """What the audit log says of a change beyond its name."""
    match event:
        case ReceiptsChanged(receipts=receipts):
            return ", ".join(f"{receipt.receipt_id} {receipt.state}" for receipt in receipts)
        case TimeExtended(expires_at=expires_at):
            return f"until {time_text(expires_at)}"
        case OrderExpired(counts_as_timeout=True):
            return "counted as a timeout"
        case OrderShipped(tracking_number=str(tracking_number)):
            return tracking_number
        case _:
            return ""


def _change_receipts(writing: Writing, event: ReceiptsChanged) -> None:
    upsert_receipts(writing.connection, writing.order(), event.receipts, writing.at)
    _set(
        writing,
        "payment_state = ?, covered_at = ?",
        event.payment_state,
        time_text(event.covered_at),
    )


def _pay(writing: Writing, event: OrderPaid) -> None:
    _set(
        writing,
        "status = 'paid', paid_at = ?, confirmed_by_telegram_id = ?, active_slot = NULL",
        time_text(event.paid_at),
        event.confirmed_by_telegram_id,
    )


def _revive(writing: Writing, event: OrderRevived) -> None:
    order = writing.order()
    revived_at = time_text(event.revived_at)
    take_back_timeout(writing.connection, order.order_id)
    _set(
        writing,
        """
        status = 'paid', paid_at = ?, revived_at = ?, closed_at = NULL, counted_as_timeout = 0,
        confirmed_by_telegram_id = ?
        """,
        revived_at,
        revived_at,
        event.confirmed_by_telegram_id,
    )
    units = sum(len(line.units) for line in event.lines)
    taken = take_units(writing.connection, order.order_id, event.lines, writing.at)
    if taken != units or not units:
        raise StoreInvariantError(
            f"order {order.order_id} was revived with {units} units and got {taken}"
        )


def _expire(writing: Writing, event: OrderExpired) -> None:
    _set(
        writing,
        """
        status = 'expired', closed_at = ?, payment_state = ?, counted_as_timeout = ?,
        active_slot = NULL
        """,
        time_text(event.closed_at),
        event.payment_state,
        int(event.counts_as_timeout),
    )
    if event.counts_as_timeout:
        count_timeout(writing.connection, writing.order().user_id, time_text(event.closed_at))
