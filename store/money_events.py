"""Money that pays for no goods: set aside, withdrawn, refunded.

Balances follow by themselves: the store keeps `users.balance_minor` (`m0002_money_guards`) as the
sum of the credits that are open.
"""

from typing import assert_never

from domain.money import format_coin
from domain.order import MoneySetAside, RefundCorrected, RefundRecorded, SetAsideWithdrawn
from domain.set_aside import SetAside
from store.codec import split_amount
from store.writing import StoreInvariantError, Writing


def write_money(
    writing: Writing,
    event: MoneySetAside | SetAsideWithdrawn | RefundRecorded | RefundCorrected,
) -> None:
    """Write one movement of an order's money.

    Raises:
        sqlite3.IntegrityError, StoreInvariantError: there is no such money; roll back.
    """
    match event:
        case MoneySetAside():
            _set_aside(writing, event.set_aside)
            detail = _words(writing, event.set_aside)
        case SetAsideWithdrawn():
            _settle(writing, event.number, "withdrawn", None)
            detail = f"number {event.number}"
        case RefundRecorded():
            _settle(writing, event.number, "refunded", event.transaction_id)
            detail = f"number {event.number} by {event.transaction_id}"
        case RefundCorrected():
            _correct(writing, event)
            return
        case _:
            assert_never(event)
    writing.audit(event, detail)


def _words(writing: Writing, money: SetAside) -> str:
    order = writing.order()
    amount = format_coin(money.amount_base_units, order.coin)
    return f"number {money.number}: {amount} {order.coin} of {money.receipt_id}, {money.purpose}"


def _set_aside(writing: Writing, money: SetAside) -> None:
    order = writing.order()
    writing.connection.execute(
        """
        INSERT INTO set_asides (order_id, number, payment_id, purpose, amount_quote_units,
            amount_rest_base_units, credited_minor, state, refund_transaction_id, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            order.order_id, money.number, _payment_id(writing, money.receipt_id), money.purpose,
            *split_amount(money.amount_base_units, order.coin), money.credited_minor, money.state,
            money.refund_transaction_id, writing.at,
        ),
    )  # fmt: skip


def _payment_id(writing: Writing, name: str) -> int:
    """The row of a receipt, found by an index: one order may have thousands."""
    order = writing.order()
    transaction_id, _, output = name.rpartition(":")
    row = writing.connection.execute(
        """
        SELECT id FROM payments
        WHERE order_id = ? AND currency = ? AND address = ? AND transaction_id = ?
            AND ifnull(output_index, -1) = ?
        """,
        (
            order.order_id, order.coin, order.address,
            transaction_id or name, int(output) if transaction_id else -1,
        ),
    ).fetchone()  # fmt: skip
    if row is None:
        raise StoreInvariantError(f"order {order.order_id} has no receipt {name}")
    return int(row[0])


def _settle(writing: Writing, number: int, state: str, transaction_id: str | None) -> None:
    order_id = writing.order().order_id
    settled = writing.connection.execute(
        """
        UPDATE set_asides SET state = ?, refund_transaction_id = ?, settled_at = ?
        WHERE order_id = ? AND number = ?
        """,
        (state, transaction_id, writing.at, order_id, number),
    ).rowcount
    if not settled:
        raise StoreInvariantError(f"order {order_id} has set nothing aside under {number}")


def _correct(writing: Writing, event: RefundCorrected) -> None:
    """The audit log comes first: without its line no refund gets another transaction.

    `m0005_refund_corrections` compares these very words.
    """
    order_id = writing.order().order_id
    right, wrong = event.transaction_id, event.wrong_transaction_id
    writing.audit(event, f"number {event.number}: {right} instead of {wrong}")
    corrected = writing.connection.execute(
        """
        UPDATE set_asides SET refund_transaction_id = ?
        WHERE order_id = ? AND number = ? AND refund_transaction_id = ?
        """,
        (right, order_id, event.number, wrong),
    ).rowcount
    if not corrected:
        raise StoreInvariantError(
            f"order {order_id} has paid nothing back under {event.number} by {wrong}"
        )
