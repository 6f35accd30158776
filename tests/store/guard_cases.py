"""Statements that the store refuses, with the words that it refuses them with, and some it takes.

They are about the orders of `test_guards`; several statements are parted by a semicolon, and only
the last is refused.
"""

PAY_3 = "UPDATE orders SET status = 'paid', paid_at = 'now', active_slot = NULL"
REVIVE = "UPDATE orders SET status = 'paid', paid_at = 'now', closed_at = NULL"
NEW_ORDER = """
    INSERT INTO orders (id, user_id, request_id, status, payment_state, version, currency,
        fiat_currency, total_minor, rate, amount_quote_units, tolerance_quote_units,
        confirmations_required, payment_address, address_index, active_slot, created_at,
        expires_at, paid_at)
    SELECT {id}, user_id, 'other', '{status}', 'none', {version}, currency, fiat_currency,
        total_minor, rate, amount_quote_units, tolerance_quote_units, confirmations_required,
        'other', 99, {slot}, created_at, expires_at, {paid_at} FROM orders WHERE id = 1
"""
TAKE = """
    INSERT INTO order_items (order_id, item_id, price_at_purchase_minor, holds_unit, created_at)
    VALUES ({order}, {item}, 5, {holds}, 'now')
"""
RESERVE = """
    INSERT INTO reserved_stock (order_id, category_id, subcategory_id, quantity, reserved_at,
        expires_at)
    VALUES ({order}, 1, {subcategory}, {quantity}, 'now', 'later')
"""
ASIDE = """
    INSERT INTO set_asides (order_id, number, payment_id, purpose, amount_quote_units,
        credited_minor, state, created_at)
    SELECT order_id, 9, id, 'refund', {amount}, 0, 'open', 'now' FROM payments
    WHERE order_id = {order}
"""
RECEIVED = """
    INSERT INTO payments (order_id, currency, address, transaction_id, amount_quote_units, state,
        in_time, chain_time, seen_at, updated_at)
    VALUES (3, '{coin}', '{address}', 'new', 5, 'seen', 1, 'now', 'now', 'now')
"""
AGAIN = "INSERT OR REPLACE INTO {table} SELECT * FROM {table} WHERE {which}"
REPLACE_ORDER = """
    INSERT OR REPLACE INTO orders (id, user_id, request_id, status, payment_state, version,
        currency, fiat_currency, total_minor, rate, amount_quote_units, tolerance_quote_units,
        confirmations_required, payment_address, address_index, active_slot, created_at,
        expires_at)
    SELECT {id}, {user}, {request}, 'created', 'none', 1, currency, fiat_currency, total_minor,
        rate, amount_quote_units, tolerance_quote_units, confirmations_required, {address},
        {index}, {slot}, created_at, expires_at FROM orders WHERE id = 3
"""
FREE = {"id": 9, "user": 1, "request": "'r'", "address": "'a'", "index": 99, "slot": 7}
REPLACE_PAYMENT = """
    INSERT OR REPLACE INTO payments (order_id, currency, address, transaction_id, output_index,
        amount_quote_units, state, in_time, rate, value_minor, chain_time, seen_at, updated_at)
    SELECT order_id, currency, address, transaction_id, output_index, amount_quote_units + {more},
        state, in_time, {rate}, {value}, chain_time, seen_at, updated_at
    FROM payments WHERE order_id = 4
"""
# What is refused although REPLACE deletes what is in its way without asking a trigger.
REPLACED = {
    "an order in the place of itself": (
        REPLACE_ORDER.format(**FREE | {"id": 3}),
        "an order is written once",
    ),
    "an order by the address of another": (
        REPLACE_ORDER.format(**FREE | {"address": "payment_address"}),
        "an order is written once",
    ),
    "a unit out of another order": (
        REPLACE_ORDER.format(**FREE)
        + "; "
        + TAKE.format(order=9, item=3, holds=1).replace("INSERT", "INSERT OR REPLACE", 1),
        "is in one order",
    ),
    "a unit by its number": (AGAIN.format(table="items", which="id = 3"), "a unit is added once"),
    "a unit by its goods": (
        (
            "INSERT OR REPLACE INTO items (subcategory_id, description, price_minor,"
            " fiat_currency, private_data, added_at) SELECT subcategory_id, '', 1, fiat_currency,"
            " private_data, added_at FROM items WHERE id = 3"
        ),
        "a unit is added once",
    ),
    "a receipt by its number": (
        AGAIN.format(table="payments", which="order_id = 4"),
        "a receipt stays",
    ),
    "a receipt of another amount": (
        REPLACE_PAYMENT.format(more=1, rate="rate", value="value_minor"),
        "a receipt stays",
    ),
    "a receipt of another value": (
        REPLACE_PAYMENT.format(more=0, rate="rate", value="value_minor + 1"),
        "keeps the rate",
    ),
    "a receipt of no value": (
        REPLACE_PAYMENT.format(more=0, rate="NULL", value="NULL"),
        "keeps the rate",
    ),
    "what is set aside": (AGAIN.format(table="set_asides", which="number = 3"), "set aside"),
    "what is set aside, by its place": (
        (
            "INSERT OR REPLACE INTO set_asides (order_id, number, payment_id, purpose,"
            " amount_quote_units, credited_minor, state, created_at) SELECT order_id, number,"
            " payment_id, purpose, 1, 0, 'open', 'now' FROM set_asides WHERE number = 3"
        ),
        "set aside once",
    ),
}
REFUSED = {
    # orders
    "an order that begins as paid": (
        NEW_ORDER.format(id=9, status="paid", version=1, slot="NULL", paid_at="'now'"),
        "begins as created",
    ),
    "an order that begins with a later version": (
        NEW_ORDER.format(id=9, status="created", version=2, slot=0, paid_at="NULL"),
        "begins as created",
    ),
    "an order under a refused id": (
        "INSERT INTO refused_orders VALUES (9, 'now'); "  # noqa: S608 - our own words
        + NEW_ORDER.format(id=9, status="created", version=1, slot=0, paid_at="NULL"),
        "id is refused",
    ),
    "refusing an order that exists": (
        "INSERT INTO refused_orders VALUES (3, 'now')",
        "exists cannot be refused",
    ),
    "another address": ("UPDATE orders SET payment_address = 'x' WHERE id = 3", "terms"),
    "another price": ("UPDATE orders SET amount_quote_units = 9 WHERE id = 3", "terms"),
    "more tolerance": ("UPDATE orders SET tolerance_quote_units = 99 WHERE id = 3", "terms"),
    "another rate": ("UPDATE orders SET rate = '1' WHERE id = 3", "terms"),
    "another shopper": ("UPDATE orders SET user_id = 1 WHERE id = 3", "terms"),
    "a version that is skipped": ("UPDATE orders SET version = version + 2", "next version"),
    "a version that goes back": ("UPDATE orders SET version = 1", "next version"),
    "less time": (
        "UPDATE orders SET expires_at = '2026-05-01', extended_at = 'now' WHERE id = 3",
        "more time once",
    ),
    "more time unmarked": (
        "UPDATE orders SET expires_at = '2026-06-01' WHERE id = 3",
        "more time once",
    ),
    "more time twice": (
        (
            "UPDATE orders SET expires_at = '2026-06-01', extended_at = 'now' WHERE id = 3;"
            " UPDATE orders SET expires_at = '2026-07-01', extended_at = 'later' WHERE id = 3"
        ),
        "more time once",
    ),
    "more time for a paid order": (
        "UPDATE orders SET expires_at = '2026-06-01', extended_at = 'now' WHERE id = 1",
        "more time once",
    ),
    "a created order shipped": (
        (
            "UPDATE orders SET status = 'shipped', shipped_at = 'now', paid_at = 'now',"
            " active_slot = NULL WHERE id = 3"
        ),
        "from this status",
    ),
    "a paid order created again": (
        "UPDATE orders SET status = 'created', active_slot = 0 WHERE id = 1",
        "from this status",
    ),
    "a paid order expired": (
        "UPDATE orders SET status = 'expired', closed_at = 'now' WHERE id = 1",
        "from this status",
    ),
    "an expired order cancelled": (
        "UPDATE orders SET status = 'cancelled', cancelled_by = 'admin' WHERE id = 4",
        "from this status",
    ),
    "a cancelled order created again": (
        "UPDATE orders SET status = 'created', closed_at = NULL, active_slot = 0 WHERE id = 2",
        "from this status",
    ),
    "a cancelled order shipped": (
        (
            "UPDATE orders SET status = 'shipped', closed_at = NULL, paid_at = 'now',"
            " shipped_at = 'now' WHERE id = 2"
        ),
        "from this status",
    ),
    "an ended order paid without being revived": (
        f"{REVIVE}, confirmed_by_telegram_id = 1 WHERE id = 4",
        "from this status",
    ),
    "cancelled by nobody": (
        (
            "UPDATE orders SET status = 'cancelled', closed_at = 'now', active_slot = NULL"
            " WHERE id = 3"
        ),
        "who cancelled it",
    ),
    "paid without payments": (f"{PAY_3} WHERE id = 3", "no confirmed payments"),
    "paid by what is only seen": (
        RECEIVED.format(coin="LTC", address="rltc1q3").replace(" 5,", " 10000000,")
        + f"; {PAY_3} WHERE id = 3",
        "no confirmed payments",
    ),
    "paid by what came late": (
        RECEIVED.format(coin="LTC", address="rltc1q3")
        .replace(" 5, 'seen'", " 10000000, 'confirmed'")
        .replace(" 1, 'now'", " 0, 'now'")
        + f"; {PAY_3} WHERE id = 3",
        "no confirmed payments",
    ),
    "revived for too little": (f"{REVIVE}, revived_at = 'now' WHERE id = 4", "not worth"),
    "revived without payments": (f"{REVIVE}, revived_at = 'now' WHERE id = 2", "not worth"),
    "a created order that was revived": (
        f"{PAY_3}, revived_at = 'now', confirmed_by_telegram_id = 1 WHERE id = 3",
        "when it becomes paid",
    ),
    "an admin named afterwards": (
        "UPDATE orders SET confirmed_by_telegram_id = 1 WHERE id = 1",
        "when it becomes paid",
    ),
    "revived afterwards": (
        "UPDATE orders SET revived_at = 'now' WHERE id = 1",
        "when it becomes paid",
    ),
    "a deleted order": ("DELETE FROM orders WHERE id = 2", "orders are kept"),
    # units
    "a unit in two orders": (TAKE.format(order=3, item=1, holds=1), "is in one order"),
    "a sold unit for sale again": ("UPDATE items SET is_sold = 0 WHERE id = 1", "stays sold"),
    "a unit sold in no order": ("UPDATE items SET is_sold = 1 WHERE id = 2", "in a paid order"),
    "a unit sold in an order that waits": (
        "UPDATE items SET is_sold = 1 WHERE id = 3",
        "in a paid order",
    ),
    "a unit that begins sold": (
        (
            "INSERT INTO items (subcategory_id, description, price_minor, fiat_currency,"
            " private_data, is_sold, added_at) VALUES (1, '', 5, 'USD', 'X', 1, 'now')"
        ),
        "begins unsold",
    ),
    "an ordered unit elsewhere": (
        (
            "INSERT INTO subcategories VALUES (9, 1, 'Go');"
            " UPDATE items SET subcategory_id = 9 WHERE id = 3"
        ),
        "stays where it is",
    ),
    "an ordered unit deleted": ("DELETE FROM items WHERE id = 3", "is kept"),
    "one more unit for an order": (TAKE.format(order=3, item=2, holds=1), "takes units when"),
    "a unit for a paid order": (TAKE.format(order=1, item=2, holds=1), "takes units when"),
    "a unit for an ended order": (TAKE.format(order=4, item=2, holds=1), "takes units when"),
    "a unit for no order": (TAKE.format(order=99, item=2, holds=1), "takes units when"),
    "a live order that lets go": (
        "UPDATE order_items SET holds_unit = 0 WHERE order_id = 3",
        "until it ends",
    ),
    "a paid order that lets go": (
        "UPDATE order_items SET holds_unit = 0 WHERE order_id = 1",
        "until it ends",
    ),
    "an ended order that takes again": (
        "UPDATE order_items SET holds_unit = 1 WHERE order_id = 4",
        "only when it is revived",
    ),
    "another unit in an order": (
        "UPDATE order_items SET item_id = 2 WHERE order_id = 3",
        "what was ordered stands",
    ),
    "another price of a unit": (
        "UPDATE order_items SET price_at_purchase_minor = 1 WHERE order_id = 3",
        "what was ordered stands",
    ),
    "a line deleted": ("DELETE FROM order_items WHERE order_id = 3", "is kept"),
    "more reserved than held": (
        "UPDATE reserved_stock SET quantity = 2 WHERE order_id = 3",
        "stands until",
    ),
    "reserved for an order that ended": (
        RESERVE.format(order=4, subcategory=1, quantity=1),
        "as much as its order holds",
    ),
    "reserved without units": (
        "INSERT INTO subcategories VALUES (9, 1, 'Go'); "  # noqa: S608 - our own words
        + RESERVE.format(order=3, subcategory=9, quantity=1),
        "as much as its order holds",
    ),
    "reserved for longer": ("UPDATE reserved_stock SET expires_at = 'x'", "expires with"),
    "a reservation deleted": ("DELETE FROM reserved_stock", "stands until"),
    # money
    "a receipt on another address": (
        RECEIVED.format(coin="LTC", address="elsewhere"),
        "address of its order",
    ),
    "a receipt in another coin": (
        RECEIVED.format(coin="BTC", address="rltc1q3"),
        "address of its order",
    ),
    "another amount received": (
        "UPDATE payments SET amount_quote_units = 99 WHERE order_id = 3",
        "stays what it was",
    ),
    "a receipt of another order": (
        "UPDATE payments SET order_id = 3 WHERE order_id = 4",
        "stays what it was",
    ),
    "a receipt on another address later": (
        "UPDATE payments SET address = 'x' WHERE order_id = 4",
        "stays what it was",
    ),
    "another rate of a receipt": (
        "UPDATE payments SET rate = '1' WHERE order_id = 4",
        "keeps the rate",
    ),
    "another value of a receipt": (
        "UPDATE payments SET value_minor = 1 WHERE order_id = 4",
        "keeps the rate",
    ),
    "a receipt deleted": ("DELETE FROM payments WHERE order_id = 4", "receipts are kept"),
    "more set aside than received": (ASIDE.format(order=4, amount=5), "more is set aside"),
    "set aside of what is only seen": (ASIDE.format(order=3, amount=1), "confirmed receipt"),
    "set aside of another order's receipt": (
        ASIDE.format(order=4, amount=1).replace("SELECT order_id", "SELECT 1"),
        "confirmed receipt",
    ),
    "more set aside afterwards": (
        "UPDATE set_asides SET amount_quote_units = 9 WHERE number = 3",
        "set aside stands",
    ),
    "more credited afterwards": (
        "UPDATE set_asides SET credited_minor = 9 WHERE number = 1",
        "set aside stands",
    ),
    "a refund taken back": (
        (
            "UPDATE set_asides SET state = 'open', refund_transaction_id = NULL, settled_at = NULL"
            " WHERE number = 2"
        ),
        "stays so",
    ),
    "a refund withdrawn": (
        "UPDATE set_asides SET state = 'withdrawn', refund_transaction_id = NULL WHERE number = 2",
        "stays so",
    ),
    "a refund by another transaction": (
        "UPDATE set_asides SET refund_transaction_id = 'other' WHERE number = 2",
        "stays so",
    ),
    "a refund by another transaction, the log telling of a third": (
        (
            "INSERT INTO audit_log (at, by, order_id, what, why, detail) SELECT 'now', 'admin',"
            " order_id, 'refund_corrected', '', 'number 2: third instead of refund-tx'"
            " FROM set_asides WHERE number = 2;"
            " UPDATE set_asides SET refund_transaction_id = 'other' WHERE number = 2"
        ),
        "stays so",
    ),
    "a refund at another time, the log telling of another transaction": (
        (
            "INSERT INTO audit_log (at, by, order_id, what, why, detail) SELECT 'now', 'admin',"
            " order_id, 'refund_corrected', '', 'number 2: other instead of refund-tx'"
            " FROM set_asides WHERE number = 2;"
            " UPDATE set_asides SET refund_transaction_id = 'other', settled_at = 'now'"
            " WHERE number = 2"
        ),
        "stays so",
    ),
    "a refund by no transaction": (
        "UPDATE set_asides SET state = 'refunded', settled_at = 'now' WHERE number = 3",
        "CHECK constraint",
    ),
    "a set-aside deleted": ("DELETE FROM set_asides", "set aside is kept"),
    "a balance raised": ("UPDATE users SET balance_minor = balance_minor + 1", "sum of its"),
    "a balance spent": (
        "UPDATE users SET balance_minor = 0 WHERE telegram_id = 74",
        "sum of its credits",
    ),
    "somebody who begins with money": (
        "INSERT INTO users (telegram_id, registered_at, balance_minor) VALUES (99, 'now', 5)",
        "sum of its credits",
    ),
    # what was written down
    "history changed": ("UPDATE audit_log SET by = 'clock'", "written once"),
    "history deleted": ("DELETE FROM audit_log", "audit log is kept"),
    "a notice sent again": (
        "UPDATE outbox SET state = 'pending', delivered_at = NULL WHERE id = 1",
        "stays delivered",
    ),
    "a delivered notice given up": (
        "UPDATE outbox SET state = 'undeliverable', delivered_at = NULL WHERE id = 1",
        "stays delivered",
    ),
    "a notice to somebody else": ("UPDATE outbox SET chat_id = 9 WHERE id = 2", "what it was"),
    "a notice deleted": ("DELETE FROM outbox WHERE id = 1", "notices are kept"),
}

TAKEN = {
    "a payment that is mined": "UPDATE payments SET state = 'reversed' WHERE order_id = 4",
    "a shipment": "UPDATE orders SET status = 'shipped', shipped_at = 'now' WHERE id = 1",
    "more time": ("UPDATE orders SET expires_at = '2026-06-01', extended_at = 'now' WHERE id = 3"),
    "a refund": (
        "UPDATE set_asides SET state = 'refunded', refund_transaction_id = 'x', settled_at = 'now'"
        " WHERE number = 3"
    ),
    "a refund by another transaction that the log tells of": (
        "INSERT INTO audit_log (at, by, order_id, what, why, detail) SELECT 'now', 'admin',"
        " order_id, 'refund_corrected', '', 'number 2: other instead of refund-tx'"
        " FROM set_asides WHERE number = 2;"
        " UPDATE set_asides SET refund_transaction_id = 'other' WHERE number = 2"
    ),
    "the rest set aside": ASIDE.format(order=4, amount=4),
    "a unit nobody ordered, deleted": (
        "INSERT INTO items (subcategory_id, description, price_minor, fiat_currency, private_data,"
        " added_at) VALUES (1, '', 5, 'USD', 'X', 'now'); DELETE FROM items WHERE id = 4"
    ),
    "a notice that arrives": (
        "UPDATE outbox SET state = 'delivered', delivered_at = 'now' WHERE id = 2"
    ),
    "answers that are forgotten": "DELETE FROM commands WHERE id = 'other:1'",
}
