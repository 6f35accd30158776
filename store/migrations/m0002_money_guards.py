"""What no writer can do to received money and to what was written down, whatever its code.

Balances are not refused but kept: each is the sum of its open credits, always.
"""

from store.migrations.triggers import REST, WHOLE, fixed, kept, refuse, then

_COUNTED = "payment_id = NEW.payment_id AND state <> 'withdrawn'"
# CROSS JOIN and the plus signs: from the shopper's orders to what is set aside of each, never by an
# index over what is set aside of everybody.
_BALANCE = """
    SELECT coalesce(sum(credited_minor), 0)
    FROM orders CROSS JOIN set_asides ON order_id = orders.id
    WHERE user_id = {user} AND +purpose = 'balance' AND +set_asides.state = 'open'
"""
_OWNER = "(SELECT user_id FROM orders WHERE id = NEW.order_id)"
_BALANCE_FOLLOWS = (
    f"UPDATE users SET balance_minor = ({_BALANCE.format(user='users.id')}) WHERE id = {_OWNER}"  # noqa: S608 - constants
)

_MONEY: tuple[str, ...] = (
    refuse(
        "payments_are_of_their_order",
        "INSERT ON payments",
        """
        NOT EXISTS (
            SELECT 1 FROM orders WHERE id = NEW.order_id
                AND currency = NEW.currency AND payment_address = NEW.address)
        """,
        "a receipt is on the address of its order",
    ),
    fixed(
        "payments",
        "id, order_id, currency, address, transaction_id, output_index, amount_quote_units,"
        " amount_rest_base_units",
        "a receipt stays what it was",
    ),
    refuse(
        "payments_keep_their_rate",
        "UPDATE OF rate, value_minor ON payments",
        "OLD.rate IS NOT NULL AND (NEW.rate IS NOT OLD.rate"
        " OR NEW.value_minor IS NOT OLD.value_minor)",
        "a receipt keeps the rate at which it was valued",
    ),
    kept("payments", "receipts are kept"),
    refuse(
        "set_asides_are_of_confirmed_money",
        "INSERT ON set_asides",
        """
        NEW.state <> 'open' OR NOT EXISTS (
            SELECT 1 FROM payments JOIN orders ON orders.id = order_id
            WHERE payments.id = NEW.payment_id AND order_id = NEW.order_id
                AND state = 'confirmed' AND status <> 'created')
        """,
        "what is set aside is of a confirmed receipt of the order, which waits no more",
    ),
    then(
        "set_asides_are_no_more_than_was_received",
        "INSERT ON set_asides",
        f"""
        (SELECT {WHOLE.format("sum")} FROM set_asides WHERE {_COUNTED})
            > (SELECT amount_quote_units FROM payments WHERE id = NEW.payment_id)
        OR (SELECT {WHOLE.format("sum")} FROM set_asides WHERE {_COUNTED})
            = (SELECT amount_quote_units FROM payments WHERE id = NEW.payment_id)
        AND (SELECT {REST.format("sum")} FROM set_asides WHERE {_COUNTED})
            > (SELECT amount_rest_base_units FROM payments WHERE id = NEW.payment_id)
        """,  # noqa: S608 - constants
        "SELECT RAISE (ABORT, 'more is set aside than was received')",
    ),
    fixed(
        "set_asides",
        "id, order_id, number, payment_id, purpose, amount_quote_units, amount_rest_base_units,"
        " credited_minor, created_at",
        "what was set aside stands",
    ),
    refuse(
        "set_asides_are_settled_once",
        "UPDATE OF state, refund_transaction_id, settled_at ON set_asides",
        "OLD.state <> 'open'",
        "what was refunded or withdrawn stays so",
    ),
    kept("set_asides", "what was set aside is kept"),
    then(
        "balances_follow_credits",
        "INSERT ON set_asides",
        "NEW.purpose = 'balance'",
        _BALANCE_FOLLOWS,
    ),
    then(
        "balances_follow_settlements",
        "UPDATE OF state ON set_asides",
        "NEW.purpose = 'balance' AND NEW.state <> OLD.state",
        _BALANCE_FOLLOWS,
    ),
    refuse(
        "balances_are_the_sum_of_credits",
        "UPDATE OF balance_minor ON users",
        f"NEW.balance_minor <> ({_BALANCE.format(user='NEW.id')})",
        "a balance is the sum of its credits",
    ),
    refuse(
        "balances_begin_with_nothing",
        "INSERT ON users",
        "NEW.balance_minor <> 0",
        "a balance is the sum of its credits",
    ),
)

_RECORDS: tuple[str, ...] = (
    refuse(
        "audit_log_stands",
        "UPDATE ON audit_log",
        "TRUE",
        "the audit log is written once",
    ),
    kept("audit_log", "the audit log is kept"),
    fixed(
        "outbox",
        "id, audience, chat_id, kind, order_id, amount_quote_units, amount_rest_base_units,"
        " detail, created_at",
        "a notice stays what it was",
    ),
    refuse(
        "outbox_delivered_stays_delivered",
        "UPDATE OF state, delivered_at ON outbox",
        "OLD.state = 'delivered'",
        "a delivered notice stays delivered",
    ),
    kept("outbox", "notices are kept"),
)

STATEMENTS: tuple[str, ...] = (*_MONEY, *_RECORDS)
