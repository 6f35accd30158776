"""Events become rows: one function an event, called inside the writer's transaction.

Whatever could be refused is looked at before anything is written, so that a refusal needs no
rollback.
"""

import sqlite3
from typing import assert_never

from domain.events import (
    Event,
    ItemsAdded,
    KeyExported,
    NoticeDelivered,
    NoticeUndeliverable,
    PlaceMoved,
    ShopperSeen,
    TimeoutsCleared,
)
from domain.order import (
    ExpiryWarned,
    MoneySetAside,
    Noticed,
    OrderCancelled,
    OrderCreated,
    OrderExpired,
    OrderPaid,
    OrderRevived,
    OrderShipped,
    ReceiptsChanged,
    RefundCorrected,
    RefundRecorded,
    SetAsideWithdrawn,
    TimeExtended,
)
from store.codec import time_text
from store.commands import find_answer, keep_answers
from store.contract import (
    Notice,
    Record,
    Recorded,
    RecordRefusalReason,
    RecordRefused,
    WriterSettings,
)
from store.money_events import write_money
from store.new_orders import write_order
from store.notice_events import write_delivered, write_notice, write_undeliverable
from store.order_events import write_order_event
from store.people_events import clear_timeouts, write_shopper
from store.stock import insert_items
from store.writing import KnownError, RefusedError, Subject, Writing


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
    writing = Writing(connection, settings, record, time_text(record.at))
    try:
        writing.subject = _take_version(writing)
        for event in record.events:
            _write_event(writing, event)
    except RefusedError as refusal:
        return refusal.refused, []
    except KnownError as known_before:
        return known_before.recorded, []
    recorded = _recorded(writing)
    keep_answers(connection, [(recorded, writing.at)])
    return recorded, writing.notices


def _recorded(writing: Writing) -> Recorded:
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


def _take_version(writing: Writing) -> Subject | None:
    record = writing.record
    if record.order_id is None or record.expected_version is None:
        return None
    row = writing.connection.execute(
        """
        UPDATE orders SET version = version + 1 WHERE id = ? AND version = ?
        RETURNING currency, fiat_currency, payment_address, user_id
        """,
        (record.order_id, record.expected_version),
    ).fetchone()
    if row is None:
        raise writing.refusal(RecordRefusalReason.STALE_VERSION, record.order_id)
    coin, fiat_currency, address, user_id = row
    (chat_id,) = writing.connection.execute(
        "SELECT telegram_id FROM users WHERE id = ?", (user_id,)
    ).fetchone()
    return Subject(record.order_id, coin, fiat_currency, address, user_id, chat_id)


def _write_event(writing: Writing, event: Event) -> None:
    match event:
        case Noticed():
            write_notice(writing, event)
        case OrderCreated():
            write_order(writing, event)
        case (
            ReceiptsChanged()
            | OrderPaid()
            | OrderRevived()
            | OrderExpired()
            | OrderCancelled()
            | OrderShipped()
            | TimeExtended()
            | ExpiryWarned()
        ):
            write_order_event(writing, event)
        case MoneySetAside() | SetAsideWithdrawn() | RefundRecorded() | RefundCorrected():
            write_money(writing, event)
        case _:
            _write_shop_event(writing, event)


def _write_shop_event(
    writing: Writing,
    event: ItemsAdded
    | ShopperSeen
    | TimeoutsCleared
    | NoticeDelivered
    | NoticeUndeliverable
    | PlaceMoved
    | KeyExported,
) -> None:
    match event:
        case ItemsAdded():
            added = insert_items(writing.connection, event.entries, event.fiat_currency, writing.at)
            writing.added = added
            writing.audit(event, f"{added.count} new")
        case ShopperSeen():
            write_shopper(writing, event)
        case TimeoutsCleared():
            clear_timeouts(writing, event)
        case NoticeDelivered():
            write_delivered(writing, event)
        case NoticeUndeliverable():
            write_undeliverable(writing, event)
        case PlaceMoved():
            _write_place(writing, event)
        case KeyExported():
            detail = f"{event.coin} address {event.address_index}"
            writing.audit(event, detail, order_id=event.order_id)
        case _:
            assert_never(event)


def _write_place(writing: Writing, event: PlaceMoved) -> None:
    writing.connection.execute(
        """
        INSERT INTO chain_places (currency, height, block_hash, updated_at) VALUES (?, ?, ?, ?)
        ON CONFLICT (currency) DO UPDATE SET height = excluded.height,
            block_hash = excluded.block_hash, updated_at = excluded.updated_at
        """,
        (event.coin, event.height, event.block_hash, writing.at),
    )
