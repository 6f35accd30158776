"""Values and credits worked out again, exactly, from amounts and rates."""

import sqlite3
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from domain.money import value_minor
from store.codec import join_amount
from store.invariant import Violation

_VALUES = """
    SELECT payments.id, payments.currency, payments.amount_quote_units, amount_rest_base_units,
        payments.rate, fiat_currency, value_minor
    FROM payments JOIN orders ON orders.id = order_id WHERE payments.rate IS NOT NULL
"""
_CREDITS = """
    SELECT 'order ' || set_asides.order_id || ', number ' || number, payments.currency,
        set_asides.amount_quote_units, set_asides.amount_rest_base_units, payments.rate,
        fiat_currency, credited_minor
    FROM set_asides
    JOIN payments ON payments.id = payment_id
    JOIN orders ON orders.id = set_asides.order_id
    WHERE purpose = 'balance'
"""


def wrong_values(connection: sqlite3.Connection) -> Iterator[Violation]:
    """Receipts whose value is not that of their amount at their rate."""
    for payment_id, *terms, value in connection.execute(_VALUES):
        if _worth(*terms) != value:
            yield Violation(
                name="value-is-of-amount-and-rate",
                sentence="The value of a receipt is its amount at its rate, rounded down.",
                subject=f"receipt {payment_id}",
            )


def wrong_credits(connection: sqlite3.Connection) -> Iterator[Violation]:
    """Credits that are not the value of what was set aside for them."""
    for subject, *terms, credited in connection.execute(_CREDITS):
        if _worth(*terms) != credited:
            yield Violation(
                name="credit-is-of-amount-and-rate",
                sentence="A credit is what was set aside for it, at the rate of its receipt.",
                subject=subject,
            )


def _worth(coin: str, quote_units: int, rest: int, rate: str | None, currency: str) -> int | None:
    try:
        return value_minor(
            join_amount(quote_units, rest, coin), coin, Decimal(rate or ""), currency
        )
    except (KeyError, InvalidOperation, OverflowError, ValueError):
        return None
