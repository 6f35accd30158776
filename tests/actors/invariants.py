"""What holds after every scene, whatever happened in it."""

from tests.actors.world import World

# Each query finds what must not be.
_UNSOUND = {
    "a unit in two live orders": """
        SELECT item_id FROM order_items WHERE holds_unit = 1
        GROUP BY item_id HAVING count(*) > 1""",
    "a sold unit without a paid order": """
        SELECT items.id FROM items WHERE is_sold = 1 AND NOT EXISTS (
            SELECT 1 FROM order_items JOIN orders ON orders.id = order_id
            WHERE item_id = items.id AND holds_unit = 1 AND status IN ('paid', 'shipped'))""",
    "a paid order with a unit that is not sold": """
        SELECT orders.id FROM orders JOIN order_items ON order_id = orders.id
            JOIN items ON items.id = item_id
        WHERE status IN ('paid', 'shipped') AND (is_sold = 0 OR holds_unit = 0)""",
    "an ended order that holds units": """
        SELECT orders.id FROM orders JOIN order_items ON order_id = orders.id
        WHERE status IN ('cancelled', 'expired') AND holds_unit = 1""",
    "reserved stock of another size than its order": """
        SELECT orders.id FROM orders
        WHERE (SELECT coalesce(sum(quantity), 0) FROM reserved_stock WHERE order_id = orders.id)
            <> (SELECT count(*) FROM order_items
                WHERE order_id = orders.id AND status = 'created')""",
    "goods that were told twice": """
        SELECT order_id FROM outbox WHERE kind = 'goods' GROUP BY order_id HAVING count(*) > 1""",
    "a paid order without its goods told": """
        SELECT id FROM orders WHERE status IN ('paid', 'shipped') AND NOT EXISTS (
            SELECT 1 FROM outbox WHERE order_id = orders.id AND kind = 'goods')""",
    "a refused order that exists": """
        SELECT order_id FROM refused_orders WHERE order_id IN (SELECT id FROM orders)""",
}


def assert_sound(world: World) -> None:
    """The store contradicts itself nowhere."""
    if world.store_path.exists():
        found = {what: world.rows(query) for what, query in _UNSOUND.items()}
        assert {what: rows for what, rows in found.items() if rows} == {}


def assert_healthy(world: World) -> None:
    """No handler raised, nobody got a message that he does not know, no order's actor was left."""
    if world.base is None:
        return
    actors = world.base.inspect(limit=10_000).actors
    failed = [(each.kind, each.failures, each.last_message) for each in actors if each.failures]
    assert sum(each.failures for each in actors) == world.forgiven_failures, failed
    assert [each.kind for each in actors if each.details.get("unrecognized")] == []
    resting = {"shipped", "cancelled", "expired", "opening", "given up", "loading", "recording"}
    orders = [each for each in actors if each.kind == "order"]
    assert [each.details["state"] for each in orders if each.details["state"] in resting] == []
