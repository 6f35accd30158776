"""What payment processors have reported, a row a receipt.

A report of a receipt that is known on another address is refused when it comes (`store.reports`),
unless the chain shows both: without outputs, one transaction may pay two orders. Payments get an
index by transaction for that.
"""

from store.migrations.triggers import fixed, kept, refuse

STATEMENTS: tuple[str, ...] = (
    """
    CREATE TABLE payment_reports (
        id INTEGER PRIMARY KEY,
        order_id INTEGER NOT NULL REFERENCES orders (id),
        currency TEXT NOT NULL,
        address TEXT NOT NULL,
        transaction_id TEXT NOT NULL CHECK (transaction_id <> ''),
        output_index INTEGER CHECK (output_index >= 0),
        amount_quote_units INTEGER NOT NULL CHECK (amount_quote_units >= 0),
        amount_rest_base_units INTEGER NOT NULL DEFAULT 0
            CHECK (amount_rest_base_units BETWEEN 0 AND 999999999),
        confirmations INTEGER NOT NULL CHECK (confirmations >= 0),
        signed_at TEXT NOT NULL,
        seen_at TEXT NOT NULL,
        updated_at TEXT NOT NULL,
        CHECK (amount_quote_units > 0 OR amount_rest_base_units > 0)
    ) STRICT
    """,
    """
    CREATE UNIQUE INDEX payment_reports_one_receipt
        ON payment_reports (currency, address, transaction_id, ifnull(output_index, -1))
    """,
    """
    CREATE INDEX payment_reports_of_transaction ON payment_reports (transaction_id, currency)
    """,
    "CREATE INDEX payment_reports_of_order ON payment_reports (order_id)",
    "CREATE INDEX payments_of_transaction ON payments (transaction_id, currency)",
    refuse(
        "payment_reports_are_of_their_order",
        "INSERT ON payment_reports",
        """
        NOT EXISTS (
            SELECT 1 FROM orders WHERE id = NEW.order_id
                AND currency = NEW.currency AND payment_address = NEW.address)
        """,
        "a report is on the address of its order",
    ),
    fixed(
        "payment_reports",
        "id, order_id, currency, address, transaction_id, output_index, amount_quote_units,"
        " amount_rest_base_units, signed_at, seen_at",
        "a report stays what it was",
    ),
    refuse(
        "payment_reports_do_not_go_back",
        "UPDATE OF confirmations ON payment_reports",
        "NEW.confirmations < OLD.confirmations",
        "a report that is older than what is known changes nothing",
    ),
    kept("payment_reports", "reports are kept"),
)
