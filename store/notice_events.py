"""Notices as events: written for each chat that they are for, and what became of them."""

from typing import assert_never

from domain.events import NoticeDelivered, NoticeUndeliverable
from domain.order import Audience, Noticed, NoticeKind
from store.codec import time_text
from store.outbox import insert_notice, mark_delivered, mark_undeliverable
from store.writing import Writing


def write_notice(writing: Writing, event: Noticed) -> None:
    """A row for the shopper, or one for every admin."""
    subject = writing.subject
    order = None if subject is None else (subject.order_id, subject.coin)
    match event.audience:
        case Audience.ADMINS:
            chats: tuple[int, ...] = writing.settings.admin_telegram_ids
        case Audience.SHOPPER:
            chats = (writing.order().chat_id,)
        case _:
            assert_never(event.audience)
    writing.notices.extend(
        insert_notice(writing.connection, event, chat_id=chat, order=order, at=writing.at)
        for chat in chats
    )


def write_delivered(writing: Writing, event: NoticeDelivered) -> None:
    """Telegram has taken it."""
    mark_delivered(writing.connection, event.outbox_id, time_text(event.delivered_at))


def write_undeliverable(writing: Writing, event: NoticeUndeliverable) -> None:
    """Telegram will never take it as things are: the admins are told."""
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
