"""Corruptions to be planted in the store of `test_invariants`, and the invariant that each breaks.

Several statements are parted by a semicolon.
"""

HOLD = (
    "INSERT INTO order_items VALUES (NULL, {order}, {item}, 1000, 1, '2026-05-01T12:00:00.000000Z')"
)
PLANTED = {
    "a unit in two orders": (
        "DROP INDEX order_items_one_holder; " + HOLD.format(order=3, item=1),
        "unit-in-one-order",
    ),
    "a unit marked as sold": ("UPDATE items SET is_sold = 1 WHERE id = 10", "sold-unit-has-order"),
    "a sold unit for sale again": (
        "UPDATE items SET is_sold = 0 WHERE id = 1",
        "paid-order-sold-its-units",
    ),
    "an expired order that holds": (
        "UPDATE order_items SET holds_unit = 1 WHERE order_id = 10",
        "ended-order-holds-nothing",
    ),
    "a live order that lost its unit": (
        "UPDATE order_items SET holds_unit = 0 WHERE order_id = 3",
        "live-order-holds-its-units",
    ),
    "a revived order without units": (
        "UPDATE order_items SET holds_unit = 0 WHERE order_id = 5",
        "live-order-holds-its-units",
    ),
    "an order without lines": (
        "DELETE FROM order_items WHERE order_id = 2",
        "order-has-units",
    ),
    "less reserved than held": ("DELETE FROM reserved_stock", "reserved-stock-is-held"),
    "more reserved than held": (
        "UPDATE reserved_stock SET quantity = 2",
        "reserved-stock-is-held",
    ),
    "reserved for another time": (
        "UPDATE reserved_stock SET expires_at = '2026-05-01T13:00:00.000000Z'",
        "reserved-stock-is-of-its-order",
    ),
    "a unit in another currency": (
        "UPDATE items SET fiat_currency = 'EUR' WHERE id = 3",
        "one-currency-in-an-order",
    ),
    "another total": (
        "UPDATE orders SET total_minor = 999 WHERE id = 2",
        "total-is-the-sum-of-prices",
    ),
    "paid at no time": ("UPDATE orders SET paid_at = NULL WHERE id = 1", "status-has-its-times"),
    "cancelled by nobody": (
        "UPDATE orders SET cancelled_by = NULL WHERE id = 2",
        "status-has-its-times",
    ),
    "a refused order that is there": (
        "INSERT INTO refused_orders VALUES (3, '2026-05-01T12:00:00.000000Z')",
        "refused-order-is-none",
    ),
    "a timeout too many": ("UPDATE users SET timeout_count = 7", "timeouts-are-counted"),
    "a time in another form": (
        "UPDATE orders SET created_at = '2026-05-01 12:00:00' WHERE id = 3",
        "times-have-one-form",
    ),
    "a payment that was never received": (
        "DELETE FROM payments WHERE order_id = 1",
        "paid-order-is-covered",
    ),
    "a payment that is not confirmed": (
        "UPDATE payments SET state = 'seen' WHERE order_id = 1",
        "paid-order-is-covered",
    ),
    "a revival worth too little": (
        "UPDATE payments SET state = 'gone' WHERE order_id = 5",
        "paid-order-is-covered",
    ),
    "an admin's word taken back": (
        "UPDATE orders SET confirmed_by_telegram_id = NULL WHERE id = 6",
        "paid-order-is-covered",
    ),
    "late money that is nowhere": (
        (
            "UPDATE set_asides SET state = 'withdrawn', settled_at = created_at"
            " WHERE order_id = 4 AND number = 3"
        ),
        "money-of-ended-orders-is-somewhere",
    ),
    "a surplus that is nowhere": (
        "DELETE FROM set_asides WHERE order_id = 9",
        "surplus-is-somewhere",
    ),
    "a receipt of another address": (
        "UPDATE payments SET address = 'elsewhere' WHERE order_id = 9",
        "receipt-is-of-its-order",
    ),
    "one receipt twice": (
        (
            "DROP INDEX payments_one_receipt; INSERT INTO payments SELECT NULL, order_id,"
            " currency, address, transaction_id, output_index, amount_quote_units, 0, state,"
            " in_time, NULL, NULL, chain_time, seen_at, updated_at, rate, value_minor"
            " FROM payments WHERE order_id = 1"
        ),
        "receipt-is-one-row",
    ),
    "a receipt in time at another rate": (
        "UPDATE payments SET rate = '99' WHERE order_id = 1",
        "receipt-in-time-keeps-the-rate",
    ),
    "a receipt of another value": (
        "UPDATE payments SET value_minor = value_minor + 1 WHERE order_id = 1",
        "value-is-of-amount-and-rate",
    ),
    "a rate that is no number": (
        "UPDATE payments SET rate = 'much' WHERE order_id = 4",
        "value-is-of-amount-and-rate",
    ),
    "more set aside than received": (
        "UPDATE set_asides SET amount_quote_units = 9000000 WHERE order_id = 4 AND number = 3",
        "no-more-set-aside-than-received",
    ),
    "set aside of another order": (
        "UPDATE set_asides SET order_id = 1 WHERE order_id = 9",
        "set-aside-is-of-confirmed-money",
    ),
    "set aside of what was reversed": (
        "UPDATE payments SET state = 'reversed' WHERE order_id = 4",
        "set-aside-is-of-confirmed-money",
    ),
    "a balance from nowhere": (
        "UPDATE users SET balance_minor = balance_minor + 1 WHERE telegram_id = 71",
        "balance-is-the-sum-of-credits",
    ),
    "a credit of another value": (
        (
            "UPDATE set_asides SET credited_minor = 451 WHERE purpose = 'balance';"
            " UPDATE users SET balance_minor = 451 WHERE telegram_id = 71"
        ),
        "credit-is-of-amount-and-rate",
    ),
    "a refund by nobody": (
        "UPDATE set_asides SET refund_transaction_id = NULL WHERE state = 'refunded'",
        "refund-has-a-transaction",
    ),
    "goods that nobody was told": (
        "DELETE FROM outbox WHERE kind = 'goods' AND order_id = 6",
        "paid-order-has-its-goods-told",
    ),
    "goods for another chat": (
        "UPDATE outbox SET chat_id = 71 WHERE kind = 'goods' AND order_id = 6",
        "notice-goes-to-its-shopper",
    ),
    "delivered at no time": (
        "UPDATE outbox SET state = 'delivered' WHERE id = 1",
        "notice-has-its-time",
    ),
    "an end that nobody wrote down": (
        "DELETE FROM audit_log WHERE what = 'order_expired' AND order_id = 10",
        "change-is-in-the-audit-log",
    ),
    "a revival that nobody wrote down": (
        "DELETE FROM audit_log WHERE what = 'order_revived'",
        "change-is-in-the-audit-log",
    ),
    "money that nobody wrote down": (
        "DELETE FROM audit_log WHERE what = 'money_set_aside' AND order_id = 9",
        "money-is-in-the-audit-log",
    ),
    "an answer of no order": (
        "INSERT INTO commands VALUES ('x', '{\"order_id\": 99}', '2026-05-01T12:00:00.000000Z')",
        "answer-is-of-an-order",
    ),
    "an answer that cannot be read": (
        "UPDATE commands SET result = '{' WHERE id = 'create:wish-1'",
        "answer-is-of-an-order",
    ),
    "an order of nobody": (
        "UPDATE orders SET user_id = 99 WHERE id = 2",
        "references-lead-somewhere",
    ),
    "a status that is none": (
        "UPDATE orders SET status = 'lost' WHERE id = 2",
        "file-is-readable",
    ),
    "a balance below zero": (
        "UPDATE users SET balance_minor = -1 WHERE telegram_id = 72",
        "file-is-readable",
    ),
}
