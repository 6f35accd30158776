"""Mistakes about what is told, and goods. See `planted`."""

from typing import Any

import store.jobs
import store.people_events
import store.projection
import store.writer
from actors.chain_watcher import ChainWatcherActor
from actors.notifier import NotifierActor
from actors.order import OrderActor
from actors.order_base import OrderBase
from domain.events import NoticeDelivered
from domain.order import By, NoticeKind
from store.contract import Record
from store.notice_events import write_notice
from store.outbox import insert_notice, mark_undeliverable
from tests.simulation.planting import Patches, planted, replaced


@planted
def goods_go_to_an_admin_too() -> Patches:
    """The goods are told to the wrong chat as well."""
    inner = write_notice

    def write(writing: Any, event: Any) -> None:  # noqa: ANN401 - passed on
        inner(writing, event)
        if event.kind is NoticeKind.GOODS and writing.record.order_id % 5 == 0:
            order = (writing.subject.order_id, writing.subject.coin)
            chat = writing.settings.admin_telegram_ids[0]
            told = insert_notice(
                writing.connection, event, chat_id=chat, order=order, at=writing.at
            )
            writing.notices.append(told)

    return [replaced(store.projection, "write_notice", write)]


@planted
def outbox_rows_are_written_behind_the_transaction() -> Patches:
    """A crash between the change and the row that tells of it loses the row."""
    inner = write_notice
    waiting: list[tuple[Any, Any]] = []

    def write(writing: Any, event: Any) -> None:  # noqa: ANN401 - passed on
        while waiting and waiting[0][0].connection is not writing.connection:
            waiting.pop(0)
        earlier, waiting[:] = waiting[:], []
        for each in earlier:
            each[0].notices = writing.notices
            inner(*each)
        waiting.append((writing, event))

    return [replaced(store.projection, "write_notice", write)]


@planted
def notice_is_recorded_before_it_is_sent() -> Patches:
    """A crash between the two leaves a row that counts as delivered and nobody got."""

    def send(self: NotifierActor, notice: Any) -> None:  # noqa: ANN401 - passed on
        event = NoticeDelivered(outbox_id=notice.outbox_id, delivered_at=self.clock.now())
        record = Record(
            command_id=f"early:{notice.outbox_id}:{self.clock.now().isoformat()}",
            events=(event,),
            at=self.clock.now(),
            by=By.SHOP,
        )
        if self._start is not None:
            self.send(self._start.ledger, record)
        inner(self, notice)

    inner = NotifierActor._send
    return [replaced(NotifierActor, "_send", send)]


@planted
def refused_notice_counts_as_sent() -> Patches:
    """What Telegram could not take is not tried again."""

    def retry(self: NotifierActor, notice: Any, _after: Any, _why: str) -> None:  # noqa: ANN401 - passed on
        delivered = NoticeDelivered(outbox_id=notice.outbox_id, delivered_at=self.clock.now())
        self._finish(notice, delivered)

    return [replaced(NotifierActor, "_retry", retry)]


@planted
def nobody_hears_of_undeliverable_notices() -> Patches:
    """The admins are not told what could not be delivered."""

    def write(writing: Any, event: Any) -> None:  # noqa: ANN401 - passed on
        mark_undeliverable(writing.connection, event.outbox_id, event.why)

    return [replaced(store.projection, "write_undeliverable", write)]


@planted
def goods_do_not_wait_for_the_shopper() -> Patches:
    """Who comes back after blocking the bot never gets what he paid for."""
    return [replaced(store.people_events, "requeue_goods", lambda _connection, _chat_id: ())]


@planted
def unsent_notices_stay_behind_at_a_start() -> Patches:
    """What was not sent before a crash is not sent after it."""
    return [replaced(store.jobs, "load_pending", lambda _connection, _audience, _after, _limit: ())]


@planted
def delivery_is_not_asked_for_at_recovery() -> Patches:
    """Goods that were delivered just before a crash leave their order unshipped."""
    return [replaced(OrderActor, "_ask_for_delivery", lambda _self, _order: None)]


@planted
def watcher_is_not_told_of_new_orders() -> Patches:
    """An order is watched only after the next start."""
    inner = OrderActor._watch

    def watch(self: OrderActor, order: Any) -> None:  # noqa: ANN401 - passed on
        if order.version > 1 or order.order_id % 10:
            inner(self, order)

    return [replaced(OrderBase, "_watch", watch)]


@planted
def watcher_dies_with_its_questions() -> Patches:
    """A look that is asked for is answered with what is known."""

    def look_at(self: ChainWatcherActor, message: Any, sender: Any) -> None:  # noqa: ANN401 - passed on
        if message.order_id % 4:
            self._asked[message] = sender

    return [replaced(ChainWatcherActor, "receiveMsg_LookAtAddress", look_at)]
