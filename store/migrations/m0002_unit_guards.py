"""What no writer can do to units and to the holds on them, whatever its code."""

from store.migrations.triggers import fixed, kept, refuse, then

_STATUS = "(SELECT status FROM orders WHERE id = {0}.order_id)"
_MAY_TAKE = f"coalesce({_STATUS.format('NEW')}, '') IN ('created', 'paid')"
_RESERVED = "EXISTS (SELECT 1 FROM reserved_stock WHERE order_id = NEW.order_id)"
_REVIVED = "(SELECT revived_at FROM orders WHERE id = NEW.order_id AND status = 'paid')"
_SELL = "UPDATE items SET is_sold = 1 WHERE id = NEW.item_id"
_IS_PAID = f"{_STATUS.format('NEW')} = 'paid'"

STATEMENTS: tuple[str, ...] = (
    refuse(
        "items_are_sold_in_orders",
        "UPDATE OF is_sold ON items",
        """
        NEW.is_sold = 1 AND OLD.is_sold = 0 AND NOT EXISTS (
            SELECT 1 FROM order_items JOIN orders ON orders.id = order_id
            WHERE item_id = NEW.id AND holds_unit = 1 AND status IN ('paid', 'shipped'))
        """,
        "a unit is sold only in a paid order",
    ),
    refuse(
        "items_begin_unsold",
        "INSERT ON items",
        "NEW.is_sold <> 0",
        "a unit begins unsold",
    ),
    refuse(
        "items_stay_sold",
        "UPDATE OF is_sold ON items",
        "NEW.is_sold <> 1 AND OLD.is_sold = 1",
        "a sold unit stays sold",
    ),
    refuse(
        "items_in_orders_stay_what_they_are",
        "UPDATE OF id, subcategory_id, fiat_currency ON items",
        "EXISTS (SELECT 1 FROM order_items WHERE item_id = OLD.id)",
        "a unit that was ordered stays where it is",
    ),
    refuse(
        "items_in_orders_are_kept",
        "DELETE ON items",
        "EXISTS (SELECT 1 FROM order_items WHERE item_id = OLD.id)",
        "a unit that was ordered is kept",
    ),
    refuse(
        "order_items_come_with_their_order",
        "INSERT ON order_items",
        f"NOT {_MAY_TAKE} OR {_RESERVED} OR {_IS_PAID} AND {_REVIVED} IS NULL",
        "an order takes units when it is made or revived",
    ),
    refuse(
        "order_items_begin_with_their_unit",
        "INSERT ON order_items",
        "NEW.holds_unit <> 1",
        "an order holds the units that it takes",
    ),
    refuse(
        "order_items_terms_stand",
        "UPDATE OF id, order_id, item_id, price_at_purchase_minor ON order_items",
        """
        NEW.id <> OLD.id OR NEW.order_id <> OLD.order_id OR NEW.item_id <> OLD.item_id
        OR NEW.price_at_purchase_minor <> OLD.price_at_purchase_minor
            AND NOT (OLD.holds_unit = 0 AND NEW.holds_unit = 1)
        """,
        "what was ordered stands",
    ),
    refuse(
        "order_items_hold_while_the_order_lives",
        "UPDATE OF holds_unit ON order_items",
        f"""
        NEW.holds_unit <> OLD.holds_unit AND NEW.holds_unit <> 1
        AND {_STATUS.format("OLD")} NOT IN ('cancelled', 'expired')
        """,
        "an order holds its units until it ends",
    ),
    refuse(
        "order_items_are_taken_again_when_revived",
        "UPDATE OF holds_unit ON order_items",
        f"NEW.holds_unit = 1 AND OLD.holds_unit = 0 AND {_REVIVED} IS NULL",
        "an order takes units again only when it is revived",
    ),
    then(
        "order_items_of_revived_orders_are_sold",
        "INSERT ON order_items",
        f"NEW.holds_unit = 1 AND {_IS_PAID}",
        _SELL,
    ),
    then(
        "order_items_taken_again_are_sold",
        "UPDATE OF holds_unit ON order_items",
        "NEW.holds_unit = 1 AND OLD.holds_unit = 0",
        _SELL,
    ),
    kept("order_items", "what was ordered is kept"),
    refuse(
        "reserved_stock_is_what_the_order_holds",
        "INSERT ON reserved_stock",
        f"""
        NEW.quantity <> (
            SELECT count(*) FROM order_items
            WHERE order_id = NEW.order_id AND holds_unit = 1 AND NEW.subcategory_id = (
                SELECT subcategory_id FROM items WHERE items.id = item_id))
        OR coalesce({_STATUS.format("NEW")}, '') <> 'created'
        """,  # noqa: S608 - constants
        "reserved stock is as much as its order holds",
    ),
    fixed(
        "reserved_stock",
        "id, order_id, category_id, subcategory_id, quantity",
        "reserved stock stands until its order ends",
    ),
    refuse(
        "reserved_stock_lasts_as_long_as_its_order",
        "UPDATE OF expires_at ON reserved_stock",
        "NEW.expires_at <> (SELECT expires_at FROM orders WHERE id = NEW.order_id)",
        "reserved stock expires with its order",
    ),
    refuse(
        "reserved_stock_is_kept_while_the_order_waits",
        "DELETE ON reserved_stock",
        f"{_STATUS.format('OLD')} = 'created'",
        "reserved stock stands until its order ends",
    ),
)
