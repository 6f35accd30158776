"""What holds after every scene, whatever happened in it."""

import sqlite3
from contextlib import closing

from store.invariants import violations
from tests.actors.world import World

# Each query finds what must not be, beyond what the store knows of itself.
_UNSOUND = {
    "goods that were told twice": """
        SELECT order_id FROM outbox WHERE kind = 'goods' GROUP BY order_id HAVING count(*) > 1""",
    "a paid order without its goods told": """
        SELECT id FROM orders WHERE status IN ('paid', 'shipped') AND NOT EXISTS (
            SELECT 1 FROM outbox WHERE order_id = orders.id AND kind = 'goods')""",
}


def assert_sound(world: World) -> None:
    """The store contradicts itself nowhere."""
    if not world.store_path.exists():
        return
    with closing(sqlite3.connect(world.store_path)) as connection:
        assert violations(connection) == []
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
    under_way = {"opening", "loading", "recording", "reviving", "awaiting a rate", "refused"}
    resting = {"shipped", "cancelled", "expired"} | under_way
    orders = [each for each in actors if each.kind == "order"]
    assert [each.details["state"] for each in orders if each.details["state"] in resting] == []
