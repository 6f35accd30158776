"""What holds of what was written down: notices, the audit log, answers to commands."""

from store.invariant import SOLD, Invariant

INVARIANTS = (
    Invariant(
        name="paid-order-has-its-goods-told",
        sentence="The goods of every paid order are in the outbox, or were.",
        query=f"""
            SELECT 'order ' || id FROM orders WHERE status IN {SOLD} AND NOT EXISTS (
                SELECT 1 FROM outbox WHERE order_id = orders.id AND kind = 'goods')
        """,  # noqa: S608 - constants
    ),
    Invariant(
        name="notice-goes-to-its-shopper",
        sentence="What is told to a shopper goes to the chat of the order's shopper.",
        query="""
            SELECT 'notice ' || outbox.id FROM outbox
            JOIN orders ON orders.id = order_id JOIN users ON users.id = user_id
            WHERE audience = 'shopper' AND chat_id <> telegram_id
        """,
    ),
    Invariant(
        name="notice-has-its-time",
        sentence="A notice was delivered at some time, or is not delivered; a failure says why.",
        query="""
            SELECT 'notice ' || id FROM outbox
            WHERE (state = 'delivered') <> (delivered_at IS NOT NULL)
                OR state = 'undeliverable' AND why IS NULL
        """,
    ),
    Invariant(
        name="change-is-in-the-audit-log",
        sentence="Every order, and every change of its status, is in the audit log.",
        query="""
            SELECT 'order ' || id FROM orders WHERE NOT EXISTS (
                SELECT 1 FROM audit_log WHERE order_id = orders.id AND what = 'order_created')
            UNION
            SELECT 'order ' || id FROM orders WHERE status <> 'created' AND NOT EXISTS (
                SELECT 1 FROM audit_log WHERE order_id = orders.id
                    AND what IN ('order_' || status,
                        CASE WHEN revived_at IS NULL THEN '' ELSE 'order_revived' END))
        """,
    ),
    Invariant(
        name="money-is-in-the-audit-log",
        sentence="Whatever was set aside is in the audit log.",
        query="""
            SELECT 'order ' || order_id FROM set_asides GROUP BY order_id
            HAVING count(*) > (
                SELECT count(*) FROM audit_log
                WHERE audit_log.order_id = set_asides.order_id AND what = 'money_set_aside')
        """,
    ),
    Invariant(
        name="answer-is-of-an-order",
        sentence="The answer to a command is readable, and the order that it names is there.",
        query="""
            SELECT 'command ' || quote(id) FROM commands
            WHERE CASE WHEN json_valid(result) THEN
                json_extract(result, '$.order_id') IS NOT NULL AND NOT EXISTS (
                    SELECT 1 FROM orders WHERE orders.id = json_extract(result, '$.order_id'))
                ELSE TRUE END
        """,
    ),
)
