"""What holds of units and of the holds on them."""

from store.invariant import ENDED, LIVE_OR_SOLD, SOLD, Invariant

INVARIANTS = (
    Invariant(
        name="unit-in-one-order",
        sentence="A unit is in one live or sold order at the most.",
        query="""
            SELECT 'unit ' || item_id FROM order_items WHERE holds_unit = 1
            GROUP BY item_id HAVING count(*) > 1
        """,
    ),
    Invariant(
        name="sold-unit-has-order",
        sentence="A unit is sold only where a paid order has it.",
        query=f"""
            SELECT 'unit ' || id FROM items WHERE is_sold <> 0 AND NOT EXISTS (
                SELECT 1 FROM order_items JOIN orders ON orders.id = order_id
                WHERE item_id = items.id AND holds_unit = 1 AND status IN {SOLD})
        """,  # noqa: S608 - constants
    ),
    Invariant(
        name="paid-order-sold-its-units",
        sentence="Every unit of a paid order is sold.",
        query=f"""
            SELECT 'order ' || orders.id || ', unit ' || items.id
            FROM orders JOIN order_items ON order_id = orders.id JOIN items ON items.id = item_id
            WHERE status IN {SOLD} AND holds_unit = 1 AND is_sold <> 1
        """,  # noqa: S608 - constants
    ),
    Invariant(
        name="ended-order-holds-nothing",
        sentence="An order that was cancelled or expired holds no unit.",
        query=f"""
            SELECT DISTINCT 'order ' || orders.id
            FROM orders JOIN order_items ON order_id = orders.id
            WHERE status IN {ENDED} AND holds_unit <> 0
        """,  # noqa: S608 - constants
    ),
    Invariant(
        name="live-order-holds-its-units",
        sentence="An order holds its units until it ends, and as many again when it is revived.",
        query=f"""
            SELECT 'order ' || orders.id FROM orders JOIN order_items ON order_id = orders.id
            WHERE status IN {LIVE_OR_SOLD} GROUP BY orders.id
            HAVING CASE WHEN revived_at IS NULL THEN sum(holds_unit) <> count(*)
                ELSE 2 * sum(holds_unit) < count(*) END
        """,  # noqa: S608 - constants
    ),
    Invariant(
        name="order-has-units",
        sentence="Every order is for at least one unit.",
        query="""
            SELECT 'order ' || id FROM orders
            WHERE NOT EXISTS (SELECT 1 FROM order_items WHERE order_id = orders.id)
        """,
    ),
    Invariant(
        name="reserved-stock-is-held",
        sentence="Stock is reserved for orders that await payment, exactly as much as they hold.",
        query="""
            SELECT DISTINCT 'order ' || order_id FROM (
                SELECT order_id, subcategory_id, quantity FROM reserved_stock
                UNION ALL
                SELECT order_id, subcategory_id, -count(*)
                FROM order_items
                JOIN items ON items.id = item_id
                JOIN orders ON orders.id = order_id
                WHERE status = 'created' AND holds_unit = 1
                GROUP BY order_id, subcategory_id)
            GROUP BY order_id, subcategory_id HAVING sum(quantity) <> 0
        """,
    ),
    Invariant(
        name="reserved-stock-is-of-its-order",
        sentence="Reserved stock expires with its order and is in its subcategory's category.",
        query="""
            SELECT 'order ' || order_id FROM reserved_stock
            JOIN orders ON orders.id = order_id
            JOIN subcategories ON subcategories.id = subcategory_id
            WHERE reserved_stock.expires_at <> orders.expires_at
                OR reserved_stock.category_id <> subcategories.category_id
        """,
    ),
    Invariant(
        name="one-currency-in-an-order",
        sentence="The units of an order are priced in the order's currency.",
        query="""
            SELECT DISTINCT 'order ' || orders.id FROM orders
            JOIN order_items ON order_id = orders.id JOIN items ON items.id = item_id
            WHERE items.fiat_currency <> orders.fiat_currency
        """,
    ),
)
