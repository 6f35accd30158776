"""What no writer can put in the place of what is there, whatever its code.

`INSERT OR REPLACE` deletes the rows that are in its way, and no trigger hears of that unless the
connection has `PRAGMA recursive_triggers = ON` (https://sqlite.org/lang_conflict.html). The shop's
own connection has it; for whoever else writes to the file, these look before a row is inserted.
They let those statements pass that the shop itself writes a known receipt or line with
(`ON CONFLICT ... DO UPDATE`), because for SQLite those, too, begin with an insertion.
"""

from store.migrations.triggers import refuse

_SAME_RECEIPT = """
    SELECT 1 FROM payments
    WHERE currency = NEW.currency AND address = NEW.address
        AND transaction_id = NEW.transaction_id
        AND ifnull(output_index, -1) = ifnull(NEW.output_index, -1)
"""

STATEMENTS: tuple[str, ...] = (
    # Of all keys of an order and of its lines only these, for each look costs every new order.
    refuse(
        "orders_are_written_once",
        "INSERT ON orders",
        """
        EXISTS (SELECT 1 FROM orders WHERE id = NEW.id)
        OR EXISTS (SELECT 1 FROM orders WHERE payment_address = NEW.payment_address)
        """,
        "an order is written once, and so is its address",
    ),
    # The text names the column as the message of the unique index does (`store.writer`).
    refuse(
        "order_items_replace_no_holder",
        "INSERT ON order_items",
        "EXISTS (SELECT 1 FROM order_items WHERE item_id = NEW.item_id AND holds_unit = 1)",
        "a unit is in one order at a time (order_items.item_id)",
    ),
    refuse(
        "items_are_added_once",
        "INSERT ON items",
        """
        EXISTS (SELECT 1 FROM items WHERE id = NEW.id)
        OR EXISTS (
            SELECT 1 FROM items
            WHERE subcategory_id = NEW.subcategory_id AND private_data = NEW.private_data)
        """,
        "a unit is added once",
    ),
    refuse(
        "payments_replace_no_other_amount",
        "INSERT ON payments",
        f"""
        EXISTS (SELECT 1 FROM payments WHERE id = NEW.id)
        OR EXISTS (
            {_SAME_RECEIPT}
                AND (amount_quote_units <> NEW.amount_quote_units
                    OR amount_rest_base_units <> NEW.amount_rest_base_units))
        """,  # noqa: S608 - constants
        "a receipt stays what it was",
    ),
    refuse(
        "payments_replace_no_other_value",
        "INSERT ON payments",
        f"""
        EXISTS (
            {_SAME_RECEIPT}
                AND rate IS NOT NULL
                AND (rate IS NOT NEW.rate OR value_minor IS NOT NEW.value_minor))
        """,
        "a receipt keeps the rate at which it was valued",
    ),
    refuse(
        "set_asides_are_written_once",
        "INSERT ON set_asides",
        """
        EXISTS (SELECT 1 FROM set_asides WHERE id = NEW.id)
        OR EXISTS (
            SELECT 1 FROM set_asides WHERE order_id = NEW.order_id AND number = NEW.number)
        """,
        "money is set aside once under a number",
    ),
)
