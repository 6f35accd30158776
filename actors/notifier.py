"""What both notifiers do: take outbox rows to Telegram, each chat in order and on its own.

Owns: its connection to Telegram, in a thread of its own, and the rows that are not yet taken.
In: `StartNotifier`, `CheckNotices` from the root, `NoticesWritten` and `Recorded` from the ledger,
wakeups.
Out: `AttachNotifier`, `Record` to the ledger; `GoodsDelivered` to the root.
States: new, open.
Failure: a row counts as sent when Telegram has taken it and that is recorded: at least once. A chat
that must wait holds up only itself. What can never be delivered is recorded as undeliverable.
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta

from loguru import logger
from thespian.actors import ActorAddress, ActorExitRequest, WakeupMessage

from actors.base import ShopActor
from actors.closing import close_for_good
from actors.environment import CannotDeliver, NoticeSender, RetryLater, Sent
from actors.messages import AttachNotifier, CheckNotices, GoodsDelivered, StartNotifier
from domain.events import NoticeDelivered, NoticeUndeliverable
from domain.order import By, NoticeKind
from store.contract import Notice, NoticesWritten, Record, Recorded, RecordRefused
from thespian_asyncio import Executor, Outcome

_AT_ONCE = 16
_FIRST_RETRY_SECONDS = 1.0
_SLOWEST_RETRY_SECONDS = 60.0
_ANSWER_OVERDUE = timedelta(seconds=30)


@dataclass(slots=True)
class _Chat:
    """The rows for one chat, of which the first is ready, under way or has to wait."""

    notices: deque[Notice] = field(default_factory=deque)
    retry_seconds: float = _FIRST_RETRY_SECONDS


class NotifierActor(ShopActor):
    """Sends the rows of one audience."""

    def __init__(self) -> None:
        super().__init__()
        self._start: StartNotifier | None = None
        self._sender: NoticeSender | None = None
        self._chats: dict[int, _Chat] = {}
        self._ready: deque[int] = deque()
        self._known: set[int] = set()
        self._under_way = 0
        self._recording: dict[str, tuple[Record, Notice]] = {}

    def new_executor(self) -> Executor:
        """The thread with the connection."""
        if self._start is None:
            return super().new_executor()
        return self._start.environment.new_executor(self.kind)

    def inspection(self) -> dict[str, object]:
        """With how many rows wait."""
        waiting = sum(len(chat.notices) for chat in self._chats.values())
        return super().inspection() | {"waiting": waiting, "under_way": self._under_way}

    # --- its life ---------------------------------------------------------------------------------

    def receiveMsg_StartNotifier(self, message: StartNotifier, _sender: ActorAddress) -> None:
        """Open the connection and ask for what is unsent."""
        if self._start is not None:
            return
        # First, for it may raise, and then nothing has been begun.
        self._sender = message.environment.notices.open()
        self._start, self.clock = message, message.environment.clock
        self.name, self.state, self.alert_to = message.audience, "open", message.shop
        self.send(message.ledger, AttachNotifier(audience=message.audience))

    def receiveMsg_ActorExitRequest(self, message: ActorExitRequest, sender: ActorAddress) -> None:
        """Close the connection; what is not recorded as sent goes out at the next start."""
        super().receiveMsg_ActorExitRequest(message, sender)
        self.state = "closed"
        sender_to_close = self._sender
        if sender_to_close is not None:
            self.outside.submit("close", lambda: close_for_good(sender_to_close))

    # --- sending ----------------------------------------------------------------------------------

    def receiveMsg_NoticesWritten(self, message: NoticesWritten, _sender: ActorAddress) -> None:
        """Queue each row once."""
        for notice in message.notices:
            if notice.outbox_id not in self._known:
                self._known.add(notice.outbox_id)
                self._queue(notice)
        self._send_waiting()

    def receiveMsg_CheckNotices(self, message: CheckNotices, _sender: ActorAddress) -> None:
        """Rows that have waited for long: most do so here, the others were overlooked."""
        overlooked = [each for each in message.notices if each.outbox_id not in self._known]
        for notice in overlooked:
            logger.warning("outbox row {} was overlooked and is sent now", notice.outbox_id)
            self._known.add(notice.outbox_id)
            self._queue(notice)
        self._send_waiting()

    def _queue(self, notice: Notice) -> None:
        chat = self._chats.get(notice.chat_id)
        if chat is None:
            chat = self._chats[notice.chat_id] = _Chat()
            self._ready.append(notice.chat_id)
        chat.notices.append(notice)

    def _send_waiting(self) -> None:
        while self.state == "open" and self._ready and self._under_way < _AT_ONCE:
            self._send(self._chats[self._ready.popleft()].notices[0])

    def _send(self, notice: Notice) -> None:
        sender = self._sender
        if sender is not None:
            self._under_way += 1
            self.outside.submit(notice, lambda: sender.send(notice))

    def outcome(self, outcome: Outcome) -> None:
        """What Telegram said to a row."""
        if not isinstance(outcome.tag, Notice):
            return
        self._under_way -= 1
        notice = outcome.tag
        match outcome.value:
            case Sent():
                delivered = NoticeDelivered(
                    outbox_id=notice.outbox_id, delivered_at=self.clock.now()
                )
                self._finish(notice, delivered)
            case CannotDeliver(why=why):
                logger.warning("outbox row {} is undeliverable: {}", notice.outbox_id, why)
                undeliverable = NoticeUndeliverable(outbox_id=notice.outbox_id, why=why)
                self._finish(notice, undeliverable)
            case RetryLater(after_seconds=after_seconds, why=why):
                self._retry(notice, after_seconds, why)
            case _:
                # Its text may hold what was to be sent.
                self._retry(notice, None, type(outcome.error).__name__)
        self._send_waiting()

    def _finish(self, notice: Notice, event: NoticeDelivered | NoticeUndeliverable) -> None:
        chat = self._chats[notice.chat_id]
        chat.notices.popleft()
        chat.retry_seconds = _FIRST_RETRY_SECONDS
        if chat.notices:
            self._ready.append(notice.chat_id)
        else:
            del self._chats[notice.chat_id]
        # The same row can be sent again after the shopper comes back: the time tells them apart.
        now = self.clock.now()
        record = Record(
            command_id=f"notice:{notice.outbox_id}:{now.isoformat()}",
            events=(event,),
            at=now,
            by=By.SHOP,
        )
        self._recording[record.command_id] = (record, notice)
        self._send_record(record)

    def _send_record(self, record: Record) -> None:
        if self._start is not None:
            self.send(self._start.ledger, record)
            self.arm_after("record_overdue", _ANSWER_OVERDUE)

    def _retry(self, notice: Notice, after_seconds: float | None, why: str) -> None:
        chat = self._chats[notice.chat_id]
        wait_seconds = chat.retry_seconds if after_seconds is None else after_seconds
        chat.retry_seconds = min(chat.retry_seconds * 2, _SLOWEST_RETRY_SECONDS)
        logger.warning(
            "outbox row {} waits {} s: {}", notice.outbox_id, round(wait_seconds, 1), why
        )
        self.arm_after(f"retry:{notice.chat_id}", timedelta(seconds=wait_seconds))

    # --- recorded ---------------------------------------------------------------------------------

    def receiveMsg_Recorded(self, message: Recorded, _sender: ActorAddress) -> None:
        """It is on disk that a row was taken; goods make their order shipped."""
        record, notice = self._recording.pop(message.command_id, (None, None))
        if record is None or notice is None:
            return
        self._known.discard(notice.outbox_id)
        if not self._recording:
            self.disarm("record_overdue")
        is_delivered = isinstance(record.events[0], NoticeDelivered)
        if is_delivered and notice.kind is NoticeKind.GOODS and notice.order_id is not None:
            self._tell_delivered(notice.order_id, record)

    def _tell_delivered(self, order_id: int, record: Record) -> None:
        if self._start is not None:
            delivered = GoodsDelivered(order_id=order_id, delivered_at=record.at)
            self.send(self._start.shop, delivered)

    def receiveMsg_RecordRefused(self, message: RecordRefused, _sender: ActorAddress) -> None:
        """It cannot be: the row goes out again at the next start."""
        self._recording.pop(message.command_id, None)
        logger.error("the ledger refused {}: {}", message.command_id, message.detail)

    # --- timers -----------------------------------------------------------------------------------

    def receiveMsg_WakeupMessage(self, message: WakeupMessage, _sender: ActorAddress) -> None:
        """A chat has waited, or the ledger has not answered."""
        timer = self.rings(message.payload)
        if timer is None:
            return
        if timer.kind == "record_overdue":
            for record, _ in tuple(self._recording.values()):
                self._send_record(record)
            return
        self._ready.append(int(timer.kind.removeprefix("retry:")))
        self._send_waiting()
