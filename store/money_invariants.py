"""What holds of received money: each coin is on an order, on a balance or to be refunded, once.

Amounts are compared in quote units and the rest in base units, exactly. Values in minor units are
rounded down, receipt by receipt, so comparisons of values leave a minor unit for each.
"""

from store.invariant import ENDED, SOLD, Invariant

_BASE_UNITS_PER_QUOTE_UNIT = 1_000_000_000
# What of a receipt is set aside, as (quote units, rest).
_ASIDE = f"""
    SELECT payment_id,
        sum(amount_quote_units) + sum(amount_rest_base_units) / {_BASE_UNITS_PER_QUOTE_UNIT}
            AS quote_units,
        sum(amount_rest_base_units) % {_BASE_UNITS_PER_QUOTE_UNIT} AS rest
    FROM set_asides WHERE state <> 'withdrawn' GROUP BY payment_id
"""  # noqa: S608 - constants
# What is left to an order of its confirmed receipts, beside what is set aside of them: in quote
# units of those in time, rounded down, and in value of all.
_KEPT = f"""
    SELECT order_id, count(*) AS receipts,
        sum(in_time * (payments.amount_quote_units - coalesce(quote_units, 0)))
            + (sum(in_time * (amount_rest_base_units - coalesce(rest, 0)))
                - (sum(in_time * (amount_rest_base_units - coalesce(rest, 0))) < 0)
                    * ({_BASE_UNITS_PER_QUOTE_UNIT} - 1)) / {_BASE_UNITS_PER_QUOTE_UNIT}
            AS in_time_quote_units,
        sum(value_minor - value_minor * coalesce(quote_units, 0)
            / max(payments.amount_quote_units, 1)) AS value_minor
    FROM payments LEFT JOIN ({_ASIDE}) AS aside ON payment_id = payments.id
    WHERE state = 'confirmed' GROUP BY order_id
"""  # noqa: S608 - constants
# What an order could be revived with: what was not paid back of its confirmed receipts.
_SPENDABLE_MINOR = """
    (SELECT 1 + count(*) + coalesce(sum(value_minor - value_minor * (
            SELECT coalesce(sum(refunded.amount_quote_units), 0) FROM set_asides AS refunded
            WHERE refunded.payment_id = payments.id AND refunded.state = 'refunded'
        ) / max(payments.amount_quote_units, 1)), 0)
    FROM payments WHERE order_id = orders.id AND state = 'confirmed')
"""
_TOLERANCE_MINOR = "total_minor * tolerance_quote_units / orders.amount_quote_units"
_WORTH_REVIVING = f"""
    (status = 'expired' OR cancelled_by = 'shopper')
    AND {_SPENDABLE_MINOR} >= total_minor - {_TOLERANCE_MINOR}
"""
_WAS_REVERSED = """
    (payment_state = 'reversed' OR EXISTS (
        SELECT 1 FROM audit_log
        WHERE audit_log.order_id = orders.id AND what = 'receipts_changed'
            AND detail LIKE '% reversed%')
    -- What the first version wrote down has no details.
    OR EXISTS (SELECT 1 FROM payments
        WHERE payments.order_id = orders.id AND state = 'reversed'))
"""

INVARIANTS = (
    Invariant(
        name="paid-order-is-covered",
        sentence=(
            "A paid order has confirmed payments that cover it, or an admin who confirmed it, or a"
            " payment that was reversed since."
        ),
        query=f"""
            SELECT 'order ' || orders.id FROM orders
            LEFT JOIN ({_KEPT}) AS kept ON order_id = orders.id
            WHERE status IN {SOLD} AND confirmed_by_telegram_id IS NULL
                AND CASE WHEN revived_at IS NULL
                    THEN coalesce(in_time_quote_units, 0)
                        < orders.amount_quote_units - tolerance_quote_units
                    ELSE coalesce(value_minor, 0) + 2 * coalesce(receipts, 0) + 1
                        < total_minor - {_TOLERANCE_MINOR} END
                AND NOT {_WAS_REVERSED}
        """,  # noqa: S608 - constants
    ),
    Invariant(
        name="money-of-ended-orders-is-somewhere",
        sentence=(
            "What was received for an order that ended is on a balance or to be refunded, unless"
            " it is enough to revive the order."
        ),
        query=f"""
            SELECT 'order ' || orders.id FROM orders
            WHERE status IN {ENDED} AND EXISTS (
                    SELECT 1 FROM payments LEFT JOIN ({_ASIDE}) AS aside ON payment_id = payments.id
                    WHERE order_id = orders.id AND state = 'confirmed'
                        AND (amount_quote_units <> coalesce(quote_units, 0)
                            OR amount_rest_base_units <> coalesce(rest, 0)))
                AND NOT ({_WORTH_REVIVING})
        """,  # noqa: S608 - constants
    ),
    Invariant(
        name="surplus-is-somewhere",
        sentence="What was received beyond the price is on a balance or to be refunded.",
        query=f"""
            SELECT 'order ' || orders.id FROM orders
            JOIN ({_KEPT}) AS kept ON order_id = orders.id
            WHERE status IN {SOLD}
                AND (in_time_quote_units > orders.amount_quote_units + tolerance_quote_units
                    OR value_minor > total_minor + {_TOLERANCE_MINOR} + 2 * receipts + 2)
        """,  # noqa: S608 - constants
    ),
    Invariant(
        name="receipt-is-of-its-order",
        sentence="A receipt is on the address, and in the coin, of its order.",
        query="""
            SELECT 'receipt ' || payments.id FROM payments JOIN orders ON orders.id = order_id
            WHERE address <> payment_address OR payments.currency <> orders.currency
        """,
    ),
    Invariant(
        name="receipt-is-one-row",
        sentence="What arrived once is one receipt.",
        query="""
            SELECT 'receipt ' || max(id) FROM payments
            GROUP BY currency, address, transaction_id, ifnull(output_index, -1)
            HAVING count(*) > 1
        """,
    ),
    Invariant(
        name="receipt-in-time-keeps-the-rate",
        sentence="A receipt that was in time is valued at its order's rate.",
        query="""
            SELECT 'receipt ' || payments.id FROM payments JOIN orders ON orders.id = order_id
            WHERE in_time = 1 AND payments.rate IS NOT orders.rate
        """,
    ),
    Invariant(
        name="no-more-set-aside-than-received",
        sentence="No more of a receipt is set aside than was received.",
        query=f"""
            SELECT 'receipt ' || payments.id FROM payments
            JOIN ({_ASIDE}) AS aside ON payment_id = payments.id
            WHERE quote_units > amount_quote_units
                OR quote_units = amount_quote_units AND rest > amount_rest_base_units
        """,  # noqa: S608 - constants
    ),
    Invariant(
        name="set-aside-is-of-confirmed-money",
        sentence="What is credited or to be refunded is of a confirmed receipt of its own order.",
        query="""
            SELECT 'order ' || set_asides.order_id || ', number ' || number FROM set_asides
            JOIN payments ON payments.id = payment_id
            JOIN orders ON orders.id = set_asides.order_id
            WHERE payments.order_id <> set_asides.order_id OR status = 'created'
                OR set_asides.state = 'open' AND payments.state <> 'confirmed'
        """,
    ),
    Invariant(
        name="balance-is-the-sum-of-credits",
        sentence="A shopper's balance is the sum of the credits that are open.",
        query="""
            SELECT 'shopper ' || telegram_id FROM users
            WHERE balance_minor <> (
                SELECT coalesce(sum(credited_minor), 0) FROM set_asides
                JOIN orders ON orders.id = order_id
                WHERE user_id = users.id AND purpose = 'balance' AND set_asides.state = 'open')
        """,
    ),
    Invariant(
        name="refund-has-a-transaction",
        sentence="A refund names its transaction.",
        query="""
            SELECT 'order ' || order_id || ', number ' || number FROM set_asides
            WHERE (state = 'refunded') <> (ifnull(refund_transaction_id, '') <> '')
        """,
    ),
)
