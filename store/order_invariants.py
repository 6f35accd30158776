"""What holds of orders, their addresses and their shoppers."""

from store.invariant import Invariant

_TIME = "'[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9].[0-9]*Z'"
_TIMES = {
    "orders": (
        "created_at, expires_at, covered_at, paid_at, shipped_at, closed_at, extended_at,"
        " warned_of, revived_at"
    ),
    "payments": "chain_time, seen_at, updated_at",
    "set_asides": "created_at, settled_at",
    "reserved_stock": "reserved_at, expires_at",
    "outbox": "created_at, delivered_at",
    "audit_log": "at",
    "commands": "recorded_at",
    "users": "registered_at, last_timeout_at",
}
# Times are compared as texts, which is right only where all have one form and one length.
_ODD_TIMES = " UNION ALL ".join(
    f"SELECT '{table}, row ' || {'id' if table != 'commands' else 'recorded_at'} FROM {table}"  # noqa: S608 - constants
    f" WHERE {column} NOT GLOB {_TIME} OR length({column}) <> 27"
    for table, columns in _TIMES.items()
    for column in columns.split(", ")
)

INVARIANTS = (
    Invariant(
        name="total-is-the-sum-of-prices",
        sentence="The total of an order is the sum of the prices of its units at its purchase.",
        query="""
            SELECT 'order ' || orders.id FROM orders JOIN order_items ON order_id = orders.id
            WHERE revived_at IS NULL
            GROUP BY orders.id HAVING total_minor <> sum(price_at_purchase_minor)
        """,
    ),
    Invariant(
        name="status-has-its-times",
        sentence="The status of an order and the times of its changes agree.",
        query="""
            SELECT 'order ' || id FROM orders
            WHERE (status = 'created') <> (active_slot IS NOT NULL)
                OR (status IN ('paid', 'shipped')) <> (paid_at IS NOT NULL)
                OR (status = 'shipped') <> (shipped_at IS NOT NULL)
                OR (status IN ('cancelled', 'expired')) <> (closed_at IS NOT NULL)
                OR status = 'cancelled' AND cancelled_by IS NULL
                OR revived_at IS NOT NULL AND status NOT IN ('paid', 'shipped')
                OR extended_at IS NULL AND expires_at < created_at
        """,
    ),
    Invariant(
        name="order-has-its-own-address",
        sentence="No two orders have one address, or one address index of a coin.",
        query="""
            SELECT 'order ' || max(id) FROM orders GROUP BY payment_address HAVING count(*) > 1
            UNION
            SELECT 'order ' || max(id) FROM orders
            GROUP BY currency, address_index HAVING count(*) > 1
        """,
    ),
    Invariant(
        name="wish-makes-one-order",
        sentence="A wish makes one order.",
        query="SELECT 'order ' || max(id) FROM orders GROUP BY request_id HAVING count(*) > 1",
    ),
    Invariant(
        name="slot-has-one-order",
        sentence="A slot of a shopper has one order that awaits payment.",
        query="""
            SELECT 'order ' || max(id) FROM orders WHERE active_slot IS NOT NULL
            GROUP BY user_id, active_slot HAVING count(*) > 1
        """,
    ),
    Invariant(
        name="refused-order-is-none",
        sentence="An order id that was refused is no order.",
        query="SELECT 'order ' || order_id FROM refused_orders JOIN orders ON id = order_id",
    ),
    Invariant(
        name="timeouts-are-counted",
        sentence="A shopper's timeouts are the orders that count as such and are not forgiven.",
        query="""
            SELECT 'shopper ' || telegram_id FROM users
            WHERE timeout_count <> (
                SELECT count(*) FROM orders
                WHERE user_id = users.id AND counted_as_timeout = 1 AND timeout_forgiven = 0)
        """,
    ),
    Invariant(
        name="times-have-one-form",
        sentence="Every time is RFC 3339 in UTC with microseconds.",
        query=_ODD_TIMES,
    ),
)
