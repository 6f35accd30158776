"""What no writer can do to an order, whatever its code.

Two things are not refused but done, because no order of statements could avoid a moment at which
they are wrong: an order that ends lets go of its units, and one that is paid sells them.
"""

from store.migrations.triggers import WHOLE, fixed, kept, refuse, then

_STATUS_CHANGES = "UPDATE OF status ON orders"
_HELD = "SELECT item_id FROM order_items WHERE order_id = NEW.id AND holds_unit = 1"

STATEMENTS: tuple[str, ...] = (
    refuse(
        "orders_begin_as_created",
        "INSERT ON orders",
        """
        NEW.status <> 'created' OR NEW.payment_state <> 'none' OR NEW.version <> 1
        OR NEW.counted_as_timeout <> 0 OR NEW.covered_at IS NOT NULL OR NEW.paid_at IS NOT NULL
        """,
        "an order begins as created and unpaid",
    ),
    refuse(
        "orders_refused_stay_refused",
        "INSERT ON orders",
        "EXISTS (SELECT 1 FROM refused_orders WHERE order_id = NEW.id)",
        "this order id is refused",
    ),
    refuse(
        "refused_orders_have_no_order",
        "INSERT ON refused_orders",
        "EXISTS (SELECT 1 FROM orders WHERE id = NEW.order_id)",
        "an order that exists cannot be refused",
    ),
    fixed(
        "orders",
        "id, user_id, request_id, currency, fiat_currency, total_minor, rate, amount_quote_units,"
        " tolerance_quote_units, confirmations_required, payment_address, address_index,"
        " created_at",
        "the terms of an order stand",
    ),
    refuse(
        "orders_count_versions",
        "UPDATE OF version ON orders",
        "NEW.version <> OLD.version + 1",
        "a change of an order makes its next version",
    ),
    refuse(
        "orders_get_more_time_once",
        "UPDATE OF expires_at, extended_at ON orders",
        """
        (NEW.expires_at <> OLD.expires_at OR NEW.extended_at IS NOT OLD.extended_at)
        AND (OLD.extended_at IS NOT NULL OR NEW.extended_at IS NULL
            OR OLD.status <> 'created' OR NEW.expires_at < OLD.expires_at)
        """,
        "an order gets more time once, while it is created",
    ),
    then(
        "orders_extend_their_reserved_stock",
        "UPDATE OF expires_at ON orders",
        "NEW.expires_at <> OLD.expires_at",
        "UPDATE reserved_stock SET expires_at = NEW.expires_at WHERE order_id = NEW.id",
    ),
    refuse(
        "orders_move_along_their_life",
        _STATUS_CHANGES,
        """
        NEW.status <> OLD.status AND NOT (
            OLD.status = 'created' AND NEW.status IN ('paid', 'cancelled', 'expired')
            OR OLD.status = 'paid' AND NEW.status = 'shipped'
            OR OLD.status IN ('cancelled', 'expired') AND NEW.status = 'paid'
                AND NEW.revived_at IS NOT NULL)
        """,
        "an order does not go from this status to that one",
    ),
    refuse(
        "orders_are_cancelled_by_somebody",
        _STATUS_CHANGES,
        "NEW.status = 'cancelled' AND NEW.cancelled_by IS NULL",
        "a cancelled order says who cancelled it",
    ),
    refuse(
        "orders_are_revived_and_confirmed_only_when_paid",
        "UPDATE OF revived_at, confirmed_by_telegram_id ON orders",
        """
        (NEW.revived_at IS NOT OLD.revived_at
            OR NEW.confirmed_by_telegram_id IS NOT OLD.confirmed_by_telegram_id)
        AND NOT (NEW.status = 'paid' AND OLD.status <> 'paid')
        OR NEW.revived_at IS NOT NULL AND OLD.status = 'created'
        """,
        "an order is revived or confirmed by hand when it becomes paid",
    ),
    refuse(
        "orders_are_paid_for_goods",
        _STATUS_CHANGES,
        f"NEW.status = 'paid' AND OLD.status = 'created' AND NOT EXISTS ({_HELD})",
        "an order without units cannot be paid",
    ),
    refuse(
        "orders_are_paid_by_payments",
        _STATUS_CHANGES,
        f"""
        NEW.status = 'paid' AND OLD.status = 'created' AND NEW.confirmed_by_telegram_id IS NULL
        AND NEW.amount_quote_units - NEW.tolerance_quote_units > (
            SELECT coalesce({WHOLE.format("sum")}, 0) FROM payments
            WHERE order_id = NEW.id AND state = 'confirmed' AND in_time = 1)
        """,  # noqa: S608 - constants
        "no confirmed payments cover this order and no admin is named",
    ),
    # Values are rounded down, one by one: a minor unit a receipt, and one, may be missing.
    refuse(
        "orders_are_revived_by_payments",
        _STATUS_CHANGES,
        """
        NEW.status = 'paid' AND OLD.status IN ('cancelled', 'expired')
        AND NEW.confirmed_by_telegram_id IS NULL
        AND NEW.total_minor - NEW.total_minor * NEW.tolerance_quote_units / NEW.amount_quote_units
            > (SELECT 1 + count(*) + coalesce(sum(value_minor - value_minor * (
                    SELECT coalesce(sum(refunded.amount_quote_units), 0)
                    FROM set_asides AS refunded
                    WHERE refunded.payment_id = payments.id AND refunded.state = 'refunded'
                ) / max(payments.amount_quote_units, 1)), 0)
                FROM payments WHERE order_id = NEW.id AND state = 'confirmed')
        """,
        "confirmed payments are not worth this order and no admin is named",
    ),
    then(
        "orders_that_end_let_go",
        _STATUS_CHANGES,
        "NEW.status <> OLD.status AND NEW.status IN ('cancelled', 'expired')",
        "UPDATE order_items SET holds_unit = 0 WHERE order_id = NEW.id AND holds_unit = 1",
        "DELETE FROM reserved_stock WHERE order_id = NEW.id",
    ),
    then(
        "orders_that_are_paid_sell",
        _STATUS_CHANGES,
        "NEW.status = 'paid' AND OLD.status = 'created'",
        f"UPDATE items SET is_sold = 1 WHERE id IN ({_HELD})",  # noqa: S608 - constants
        "DELETE FROM reserved_stock WHERE order_id = NEW.id",
    ),
    kept("orders", "orders are kept"),
)
