"""The outbox: rows that are written with what they tell of, and stay until they are taken."""

from dataclasses import replace

import pytest

from domain.events import NoticeDelivered, NoticeUndeliverable, ShopperSeen
from domain.order import Audience, Noticed, NoticeKind
from store.contract import (
    GetGoodsDelivery,
    GetPendingNotices,
    GoodsDelivery,
    Notice,
    NoticesWritten,
)
from tests.store.opened_store import (
    ADMINS,
    SETTINGS,
    SHOPPER_ID,
    TELL_ADMINS,
    OpenedStore,
    creation,
    minutes,
    order_of,
)

GONE = "bot was blocked by the user"


def pending(
    store: OpenedStore, audience: Audience, after: int = 0, limit: int = 99
) -> tuple[Notice, ...]:
    written = store.ask(GetPendingNotices(audience=audience, after_outbox_id=after, limit=limit))
    assert isinstance(written, NoticesWritten)
    assert written.audience is audience
    return written.notices


def back(telegram_id: int = SHOPPER_ID) -> ShopperSeen:
    return ShopperSeen(telegram_id=telegram_id, telegram_username="ann", language="de")


def goods_row(store: OpenedStore) -> Notice:
    """The goods of a paid order."""
    store.sell(store.create(order_of(1)))
    (row,) = (n for n in pending(store, Audience.SHOPPER) if n.kind is NoticeKind.GOODS)
    return row


def test_an_order_is_told_to_its_shopper_and_to_every_admin(store: OpenedStore) -> None:
    done = store.run(creation(order_of(1)))
    assert [(n.audience, n.chat_id, n.kind, n.order_id) for n in done.notices] == [
        (Audience.SHOPPER, SHOPPER_ID, NoticeKind.ORDER_CREATED, 1),
        (Audience.ADMINS, 1, NoticeKind.ADMIN_ORDER_CREATED, 1),
        (Audience.ADMINS, 2, NoticeKind.ADMIN_ORDER_CREATED, 1),
    ]
    assert pending(store, Audience.SHOPPER) + pending(store, Audience.ADMINS) == done.notices


def test_a_shop_without_admins_writes_no_rows_for_them(store: OpenedStore) -> None:
    store.reopen(replace(SETTINGS, admin_telegram_ids=(), max_active_orders=1))
    assert store.record(TELL_ADMINS).notices == ()


def test_an_alert_of_no_order_is_a_row_with_its_detail(store: OpenedStore) -> None:
    (first, _) = store.record(TELL_ADMINS).notices
    row = store.reader.notice(first.outbox_id)
    assert row is not None
    assert (row.order_id, row.detail, row.amount_base_units) == (None, "careful", None)
    assert row.pending


@pytest.mark.parametrize(("coin", "amount"), [("LTC", 123_456_789), ("ETH", 25 * 10**18 + 1)])
def test_an_amount_in_a_row_is_read_back_to_its_base_unit(
    store: OpenedStore, coin: str, amount: int
) -> None:
    store.create(replace(order_of(1), coin=coin, amount_base_units=10**18, tolerance_base_units=0))
    partial = Noticed(
        kind=NoticeKind.PAYMENT_PARTIAL, audience=Audience.SHOPPER, amount_base_units=amount
    )
    (written,) = store.run(store.changing(1, 1, partial)).notices
    row = store.reader.notice(written.outbox_id)
    assert row is not None
    assert (row.amount_base_units, row.order_id) == (amount, 1)


def test_unsent_rows_are_paged_by_id(store: OpenedStore) -> None:
    ids = [notice.outbox_id for notice in store.record(TELL_ADMINS, TELL_ADMINS).notices]
    first = pending(store, Audience.ADMINS, limit=3)
    rest = pending(store, Audience.ADMINS, after=first[-1].outbox_id)
    assert [notice.outbox_id for notice in first + rest] == ids
    assert len(rest) == 1


def test_a_delivered_row_is_not_sent_again_and_keeps_its_first_time(store: OpenedStore) -> None:
    (first, _) = store.record(TELL_ADMINS).notices
    for minute in (1, 2):
        delivered = NoticeDelivered(outbox_id=first.outbox_id, delivered_at=minutes(minute))
        store.record(delivered)
    assert first not in pending(store, Audience.ADMINS)
    assert store.rows("SELECT state, delivered_at FROM outbox WHERE id = 1") == [
        ("delivered", "2026-05-01T12:01:00.000000Z")
    ]


def test_an_undeliverable_row_is_told_to_all_admins_once(store: OpenedStore) -> None:
    row = goods_row(store)
    undeliverable = NoticeUndeliverable(outbox_id=row.outbox_id, why=GONE)
    done = store.record(undeliverable)
    again = store.record(undeliverable)
    assert [(n.chat_id, n.kind, n.order_id) for n in done.notices] == [
        (admin, NoticeKind.ADMIN_UNDELIVERABLE, 1) for admin in ADMINS
    ]
    assert again.notices == ()
    told = store.reader.notice(done.notices[0].outbox_id)
    assert told is not None
    assert told.detail == f"goods to {SHOPPER_ID}: {GONE}"
    assert store.number("SELECT can_receive_messages FROM users") == 0


def test_a_row_that_an_admin_cannot_get_is_told_to_the_other_admins_only(
    store: OpenedStore,
) -> None:
    (first, _) = store.record(TELL_ADMINS).notices
    done = store.record(NoticeUndeliverable(outbox_id=first.outbox_id, why=GONE))
    assert [notice.chat_id for notice in done.notices] == [2]


def test_that_something_was_undeliverable_is_never_itself_told_as_undeliverable(
    store: OpenedStore,
) -> None:
    (first, _) = store.record(TELL_ADMINS).notices
    (told,) = store.record(NoticeUndeliverable(outbox_id=first.outbox_id, why=GONE)).notices
    done = store.record(NoticeUndeliverable(outbox_id=told.outbox_id, why=GONE))
    assert done.notices == ()


def test_goods_that_could_not_be_delivered_go_out_when_the_shopper_is_back(
    store: OpenedStore,
) -> None:
    row = goods_row(store)
    store.record(NoticeUndeliverable(outbox_id=row.outbox_id, why=GONE))
    assert row not in pending(store, Audience.SHOPPER)
    assert store.record(back(telegram_id=71)).notices == ()
    assert store.record(back()).notices == (row,)
    assert store.record(back()).notices == ()
    assert row in pending(store, Audience.SHOPPER)
    query = "SELECT can_receive_messages, language FROM users WHERE telegram_id = 70"
    assert store.rows(query) == [(1, "de")]


def test_only_goods_are_sent_again(store: OpenedStore) -> None:
    (created, *_) = store.run(creation(order_of(1))).notices
    store.record(NoticeUndeliverable(outbox_id=created.outbox_id, why=GONE))
    assert store.record(back()).notices == ()


def test_when_goods_were_delivered_is_known(store: OpenedStore) -> None:
    row = goods_row(store)
    asked = GetGoodsDelivery(order_id=1)
    assert store.ask(asked) == GoodsDelivery(order_id=1, delivered_at=None)
    store.record(NoticeDelivered(outbox_id=row.outbox_id, delivered_at=minutes(11)))
    assert store.ask(asked) == GoodsDelivery(order_id=1, delivered_at=minutes(11))


def test_no_row_contains_goods(store: OpenedStore) -> None:
    goods_row(store)
    texts = {str(value) for row in store.rows("SELECT * FROM outbox") for value in row}
    assert not any("KEY-" in text for text in texts)
