"""A new order: all its rows in one transaction, or a refusal, or the order made before."""

from domain.order import Order, OrderCreated
from store.contract import Recorded, RecordRefusalReason
from store.order_rows import PlacedOrder, insert_orders
from store.people_events import user_id_of
from store.writing import KnownError, Subject, Writing


def write_order(writing: Writing, event: OrderCreated) -> None:
    """Write a new order with its units, holds and address.

    Raises:
        KnownError: the same wish has made an order before.
        RefusedError: the id is refused, or the shopper may have no order now.
        sqlite3.IntegrityError: a unit is in another live or sold order, or the order is not new.
    """
    order = event.order
    _look_for_hindrance(writing, order)
    slot = _free_slot(writing, order)
    user_id = user_id_of(writing, order.telegram_id, order.telegram_username)
    insert_orders(writing.connection, [PlacedOrder(order, user_id, slot)])
    writing.subject = Subject(
        order.order_id,
        order.coin,
        order.fiat_currency,
        order.address,
        user_id,
        order.telegram_id,
    )
    writing.audit(event)


def _look_for_hindrance(writing: Writing, order: Order) -> None:
    earlier, refused, timeouts = writing.connection.execute(
        """
        SELECT
            (SELECT orders.id FROM orders JOIN users ON users.id = user_id
                WHERE request_id = ?1 AND telegram_id = ?2),
            EXISTS (SELECT 1 FROM refused_orders WHERE order_id = ?3),
            (SELECT timeout_count FROM users WHERE telegram_id = ?2)
        """,
        (order.request_id, order.telegram_id, order.order_id),
    ).fetchone()
    if earlier is not None:
        # The command's id usually tells; but answers to old commands are forgotten, orders never.
        raise KnownError(Recorded(command_id=writing.record.command_id, order_id=earlier))
    if refused:
        raise writing.refusal(RecordRefusalReason.ORDER_REFUSED, order.order_id)
    if timeouts is not None and timeouts >= writing.settings.max_user_timeouts:
        why = f"{timeouts} orders were not paid in time"
        raise writing.refusal(RecordRefusalReason.TOO_MANY_TIMEOUTS, None, why)


def _free_slot(writing: Writing, order: Order) -> int:
    active = writing.connection.execute(
        """
        SELECT active_slot, orders.id FROM orders JOIN users ON users.id = user_id
        WHERE telegram_id = ? AND active_slot >= 0
        """,
        (order.telegram_id,),
    ).fetchall()
    taken = {slot for slot, _ in active}
    free = [slot for slot in range(writing.settings.max_active_orders) if slot not in taken]
    if not free:
        raise writing.refusal(
            RecordRefusalReason.ACTIVE_ORDER, min(order_id for _, order_id in active)
        )
    return free[0]
