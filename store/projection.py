"""Events become rows: one function an event, called inside the writer's transaction.

Whatever could be refused is looked at before anything is written, so that a refusal needs no
rollback.
"""

import re
import sqlite3
from dataclasses import dataclass, field
from typing import assert_never

from domain.events import (
    Event,
    ItemsAdded,
    NoticeDelivered,
    NoticeUndeliverable,
    PlaceMoved,
    ShopperSeen,
)
from domain.order import (
    Audience,
    Noticed,
    NoticeKind,
    Order,
    OrderCancelled,
    OrderCreated,
    OrderExpired,
    OrderPaid,
    OrderShipped,
    ReceiptsChanged,
)
from store.codec import time_text
from store.commands import find_answer, keep_answer
from store.contract import Notice, Record, Recorded, RecordRefusalReason, RecordRefused
from store.orders import insert_order, upsert_receipts
from store.outbox import (
    insert_notice,
    mark_delivered,
    mark_undeliverable,
    requeue_goods,
)
from store.stock import Added, insert_items

_WORD = re.compile(r"(?<!^)(?=[A-Z])")


class StoreInvariantError(Exception):
    """What the events say cannot be true of the store; nothing of the command is written."""


class _RefusedError(Exception):
    def __init__(self, refused: RecordRefused) -> None:
        super().__init__(refused.reason)
        self.refused = refused


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterSettings:
    """What the writer has to know of the shop: who the admins are, how many slots a shopper has."""

    admin_telegram_ids: tuple[int, ...]
    max_active_orders: int


@dataclass(slots=True)
class _Subject:
    """The order that a command is about, as far as its events have to know it."""

    order_id: int
    coin: str
    address: str
    user_id: int
    chat_id: int


@dataclass(slots=True)
class _Writing:
    connection: sqlite3.Connection
    settings: WriterSettings
    record: Record
    at: str
    subject: _Subject | None = None
    added: Added | None = None
    notices: list[Notice] = field(default_factory=list)


def write(
    connection: sqlite3.Connection, settings: WriterSettings, record: Record
) -> tuple[Recorded | RecordRefused, list[Notice]]:
    """Write a command's events inside the transaction that is open; returns the outbox rows too.

    Raises:
        sqlite3.IntegrityError, StoreInvariantError: it cannot be so; roll back.
    """
    known = find_answer(connection, record.command_id)
    if known is not None:
        return known, []
    writing = _Writing(connection, settings, record, time_text(record.at))
    try:
        writing.subject = _take_version(connection, record)
        for event in record.events:
            _write_event(writing, event)
    except _RefusedError as refusal:
        return refusal.refused, []
    recorded = _recorded(writing)
    keep_answer(connection, recorded, writing.at)
    return recorded, writing.notices


def _recorded(writing: _Writing) -> Recorded:
    added = writing.added
    return Recorded(
        command_id=writing.record.command_id,
        order_id=writing.subject.order_id if writing.subject is not None else None,
        added=0 if added is None else added.count,
        added_units=()
        if added is None
        else tuple((key, tuple(units)) for key, units in sorted(added.units.items())),
        known_places=() if added is None else tuple(added.known_places),
    )


def _take_version(connection: sqlite3.Connection, record: Record) -> _Subject | None:
    if record.order_id is None or record.expected_version is None:
        return None
    row = connection.execute(
        """
        UPDATE orders SET version = version + 1 WHERE id = ? AND version = ?
        RETURNING currency, payment_address, user_id
        """,
        (record.order_id, record.expected_version),
    ).fetchone()
    if row is None:
        raise _RefusedError(
            RecordRefused(
                command_id=record.command_id,
                reason=RecordRefusalReason.STALE_VERSION,
                order_id=record.order_id,
            )
        )
    coin, address, user_id = row
    (chat_id,) = connection.execute(
        "SELECT telegram_id FROM users WHERE id = ?", (user_id,)
    ).fetchone()
    return _Subject(record.order_id, coin, address, user_id, chat_id)


def _write_event(writing: _Writing, event: Event) -> None:
    match event:
        case Noticed():
            _write_notice(writing, event)
        case OrderCreated():
            _write_order(writing, event.order)
        case ReceiptsChanged() | OrderPaid() | OrderExpired() | OrderCancelled() | OrderShipped():
            _write_order_event(writing, _subject(writing), event)
        case ItemsAdded():
            writing.added = insert_items(
                writing.connection, event.entries, event.fiat_currency, writing.at
            )
            _audit(writing, event, None)
        case ShopperSeen():
            _write_shopper(writing, event)
        case NoticeDelivered():
            delivered_at = time_text(event.delivered_at)
            mark_delivered(writing.connection, event.outbox_id, delivered_at)
        case NoticeUndeliverable():
            _write_undeliverable(writing, event)
        case PlaceMoved():
            _write_place(writing, event)
        case _:
            assert_never(event)


def _subject(writing: _Writing) -> _Subject:
    if writing.subject is None:
        raise StoreInvariantError("an order's event was given without its order and version")
    return writing.subject


def _audit(writing: _Writing, event: Event, order_id: int | None) -> None:
    what = _WORD.sub("_", type(event).__name__).lower()
    record = writing.record
    writing.connection.execute(
        """
        INSERT INTO audit_log (at, by, by_telegram_id, order_id, what, why)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
        (writing.at, record.by, record.by_telegram_id, order_id, what, record.why),
    )


# --- orders ---------------------------------------------------------------------------------------


def _write_order(writing: _Writing, order: Order) -> None:
    slot = _free_slot(writing, order)
    user_id = _user_id(writing, order.telegram_id, order.telegram_username)
    insert_order(writing.connection, order, user_id=user_id, active_slot=slot)
    writing.subject = _Subject(
        order.order_id, order.coin, order.address, user_id, order.telegram_id
    )
    _audit(writing, OrderCreated(order=order), order.order_id)


def _free_slot(writing: _Writing, order: Order) -> int:
    refused = writing.connection.execute(
        "SELECT 1 FROM refused_orders WHERE order_id = ?", (order.order_id,)
    ).fetchone()
    if refused is not None:
        raise _RefusedError(
            RecordRefused(
                command_id=writing.record.command_id,
                reason=RecordRefusalReason.ORDER_REFUSED,
                order_id=order.order_id,
            )
        )
    active = writing.connection.execute(
        """
        SELECT active_slot, orders.id FROM orders JOIN users ON users.id = user_id
        WHERE telegram_id = ? AND active_slot IS NOT NULL ORDER BY orders.id
        """,
        (order.telegram_id,),
    ).fetchall()
    taken = {slot for slot, _ in active}
    free = [slot for slot in range(writing.settings.max_active_orders) if slot not in taken]
    if not free:
        raise _RefusedError(
            RecordRefused(
                command_id=writing.record.command_id,
                reason=RecordRefusalReason.ACTIVE_ORDER,
                order_id=active[0][1],
            )
        )
    return free[0]


def _write_order_event(
    writing: _Writing,
    subject: _Subject,
    event: ReceiptsChanged | OrderPaid | OrderExpired | OrderCancelled | OrderShipped,
) -> None:
    connection, order_id = writing.connection, subject.order_id
    match event:
        case ReceiptsChanged():
            named = (order_id, subject.coin, subject.address)
            upsert_receipts(connection, named, event.receipts, writing.at)
            connection.execute(
                "UPDATE orders SET payment_state = ?, covered_at = ? WHERE id = ?",
                (event.payment_state, time_text(event.covered_at), order_id),
            )
        case OrderPaid():
            _sell(connection, order_id, time_text(event.paid_at))
        case OrderExpired():
            _end(connection, order_id, "expired", time_text(event.closed_at))
            connection.execute(
                "UPDATE orders SET payment_state = ? WHERE id = ?", (event.payment_state, order_id)
            )
            if event.counts_as_timeout:
                _count_timeout(connection, subject.user_id, time_text(event.closed_at))
        case OrderCancelled():
            _end(connection, order_id, "cancelled", time_text(event.closed_at))
        case OrderShipped():
            connection.execute(
                """
                UPDATE orders SET status = 'shipped', shipped_at = ?, tracking_number = ?
                WHERE id = ?
                """,
                (time_text(event.shipped_at), event.tracking_number, order_id),
            )
        case _:
            assert_never(event)
    _audit(writing, event, order_id)


def _sell(connection: sqlite3.Connection, order_id: int, paid_at: str) -> None:
    connection.execute(
        "UPDATE orders SET status = 'paid', paid_at = ?, active_slot = NULL WHERE id = ?",
        (paid_at, order_id),
    )
    sold = connection.execute(
        """
        UPDATE items SET is_sold = 1 WHERE is_sold = 0 AND id IN (
            SELECT item_id FROM order_items WHERE order_id = ? AND holds_unit = 1)
        """,
        (order_id,),
    ).rowcount
    (bought,) = connection.execute(
        "SELECT count(*) FROM order_items WHERE order_id = ?", (order_id,)
    ).fetchone()
    if sold != bought:
        raise StoreInvariantError(f"order {order_id} bought {bought} units and holds {sold} unsold")
    connection.execute("DELETE FROM reserved_stock WHERE order_id = ?", (order_id,))


def _end(connection: sqlite3.Connection, order_id: int, status: str, closed_at: str) -> None:
    connection.execute(
        "UPDATE orders SET status = ?, closed_at = ?, active_slot = NULL WHERE id = ?",
        (status, closed_at, order_id),
    )
    connection.execute("UPDATE order_items SET holds_unit = 0 WHERE order_id = ?", (order_id,))
    connection.execute("DELETE FROM reserved_stock WHERE order_id = ?", (order_id,))


def _count_timeout(connection: sqlite3.Connection, user_id: int, at: str) -> None:
    connection.execute(
        "UPDATE users SET timeout_count = timeout_count + 1, last_timeout_at = ? WHERE id = ?",
        (at, user_id),
    )


# --- people and notices ---------------------------------------------------------------------------


def _user_id(writing: _Writing, telegram_id: int, telegram_username: str | None) -> int:
    row = writing.connection.execute(
        """
        INSERT INTO users (telegram_id, telegram_username, registered_at) VALUES (?, ?, ?)
        ON CONFLICT (telegram_id) DO UPDATE SET telegram_username = excluded.telegram_username
        RETURNING id
        """,
        (telegram_id, telegram_username, writing.at),
    ).fetchone()
    return int(row[0])


def _write_shopper(writing: _Writing, event: ShopperSeen) -> None:
    user_id = _user_id(writing, event.telegram_id, event.telegram_username)
    writing.connection.execute(
        "UPDATE users SET can_receive_messages = 1, language = ? WHERE id = ?",
        (event.language, user_id),
    )
    writing.notices.extend(requeue_goods(writing.connection, event.telegram_id))


def _write_notice(writing: _Writing, event: Noticed) -> None:
    subject = writing.subject
    order = None if subject is None else (subject.order_id, subject.coin)
    match event.audience:
        case Audience.ADMINS:
            chats: tuple[int, ...] = writing.settings.admin_telegram_ids
        case Audience.SHOPPER:
            chats = (_subject(writing).chat_id,)
        case _:
            assert_never(event.audience)
    writing.notices.extend(
        insert_notice(writing.connection, event, chat_id=chat, order=order, at=writing.at)
        for chat in chats
    )


def _write_undeliverable(writing: _Writing, event: NoticeUndeliverable) -> None:
    row = mark_undeliverable(writing.connection, event.outbox_id, event.why)
    if row is None:
        return
    writing.connection.execute(
        "UPDATE users SET can_receive_messages = 0 WHERE telegram_id = ?", (row.chat_id,)
    )
    # Nobody is told that the news of an undeliverable notice was undeliverable: that has no end.
    if row.kind is NoticeKind.ADMIN_UNDELIVERABLE:
        return
    told = Noticed(
        kind=NoticeKind.ADMIN_UNDELIVERABLE,
        audience=Audience.ADMINS,
        detail=f"{row.kind} to {row.chat_id}: {event.why}",
    )
    order = None if row.order_id is None else (row.order_id, "")
    writing.notices.extend(
        insert_notice(writing.connection, told, chat_id=chat, order=order, at=writing.at)
        for chat in writing.settings.admin_telegram_ids
        if chat != row.chat_id
    )


def _write_place(writing: _Writing, event: PlaceMoved) -> None:
    writing.connection.execute(
        """
        INSERT INTO chain_places (currency, height, block_hash, updated_at) VALUES (?, ?, ?, ?)
        ON CONFLICT (currency) DO UPDATE SET height = excluded.height,
            block_hash = excluded.block_hash, updated_at = excluded.updated_at
        """,
        (event.coin, event.height, event.block_hash, writing.at),
    )
