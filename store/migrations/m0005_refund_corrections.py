"""The transaction that is recorded for a refund may be corrected, and the audit log says by whom.

An admin copies it by hand. That the money was paid back stays as final as it was, and so does when
it was recorded; of the id the log keeps what was said first.
"""

from store.migrations.triggers import refuse

STATEMENTS: tuple[str, ...] = (
    "DROP TRIGGER set_asides_are_settled_once",
    refuse(
        "set_asides_are_settled_once",
        "UPDATE OF state, refund_transaction_id, settled_at ON set_asides",
        """
        OLD.state <> 'open' AND (
            NEW.state IS NOT OLD.state OR NEW.settled_at IS NOT OLD.settled_at
            OR NOT EXISTS (
                SELECT 1 FROM audit_log
                WHERE order_id = NEW.order_id AND what = 'refund_corrected'
                    AND detail = 'number ' || NEW.number || ': ' || NEW.refund_transaction_id
                        || ' instead of ' || OLD.refund_transaction_id))
        """,
        "what was refunded or withdrawn stays so",
    ),
)
