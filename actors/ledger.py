"""The ledger: the only writer to the store.

Owns: the open store, in a thread of its own.
In: `StartLedger`, every job of `store.contract`, `AttachNotifier`.
Out: `LedgerReady` or `LedgerFailed` to whoever started it; to whoever asked, the job's answer, when
it is on disk; `NoticesWritten` to the notifiers.
States: starting, idle, writing, failing (the last batch could not be written and is tried again),
closed.
Failure: a job is answered only when its outcome is known. While the store cannot be written nobody
gets an answer, and the same jobs are run again with back-off; commands are written once whatever is
repeated, because each has an id that is stored with its result.
"""

from datetime import timedelta

from loguru import logger
from thespian.actors import ActorAddress, ActorExitRequest, WakeupMessage

from actors.base import ShopActor
from actors.environment import Environment
from actors.messages import AttachNotifier, LedgerFailed, LedgerReady, StartLedger
from domain.order import Audience
from store.contract import (
    Answer,
    BatchDone,
    GetGoodsDelivery,
    GetOrder,
    GetOrdersToWatch,
    GetPendingNotices,
    GetPlace,
    GetPool,
    Job,
    Notice,
    NoticesWritten,
    Record,
    SettleOrder,
    StoreFacts,
)
from store.projection import WriterSettings
from store.writer import StoreWriter
from thespian_asyncio import Executor, Outcome

_LARGEST_BATCH = 2_000
_FIRST_RETRY = timedelta(seconds=1)
_SLOWEST_RETRY = timedelta(seconds=30)
_ALL_PENDING = 1_000_000


def _open(path: str, settings: WriterSettings) -> tuple[StoreWriter, StoreFacts]:
    writer = StoreWriter(path, settings)
    return writer, writer.facts()


class LedgerActor(ShopActor):
    """One writer, one commit for all that waits."""

    kind = "ledger"

    def __init__(self) -> None:
        super().__init__()
        self.name = "ledger"
        self._environment: Environment | None = None
        self._starter: ActorAddress | None = None
        self._writer: StoreWriter | None = None
        self._waiting: list[tuple[Job, ActorAddress]] = []
        self._writing: list[tuple[Job, ActorAddress]] = []
        self._notifiers: dict[Audience, ActorAddress] = {}
        self._retry_after = _FIRST_RETRY

    def new_executor(self) -> Executor:
        """The thread that alone touches the store."""
        if self._environment is None:
            return super().new_executor()
        return self._environment.new_executor("ledger")

    # --- its life ---------------------------------------------------------------------------------

    def receiveMsg_StartLedger(self, message: StartLedger, sender: ActorAddress) -> None:
        """Open the store, in the thread."""
        if self._environment is not None:
            return
        self._environment, self._starter, self.alert_to = message.environment, sender, sender
        self.clock, self.state = message.environment.clock, "starting"
        path = message.store_path
        settings = WriterSettings(
            admin_telegram_ids=message.admin_telegram_ids,
            max_active_orders=message.max_active_orders,
        )
        self.outside.submit("open", lambda: _open(path, settings))

    def receiveMsg_ActorExitRequest(self, message: ActorExitRequest, sender: ActorAddress) -> None:
        """Write what waits, for it was said before the exit, and close the store behind it."""
        super().receiveMsg_ActorExitRequest(message, sender)
        jobs = [job for job, _ in self._waiting]
        self.state, self._waiting = "closed", []
        writer, at = self._writer, self.clock.now()
        if writer is not None:
            if jobs:
                self.outside.submit("batch", lambda: writer.run(jobs, at))
            self.outside.submit("close", writer.close)

    # --- jobs -------------------------------------------------------------------------------------

    def receiveMsg_Record(self, message: Record, sender: ActorAddress) -> None:
        """Write."""
        self._take(message, sender)

    def receiveMsg_GetOrder(self, message: GetOrder, sender: ActorAddress) -> None:
        """Read behind what is being written, as all queries here."""
        self._take(message, sender)

    def receiveMsg_GetOrdersToWatch(self, message: GetOrdersToWatch, sender: ActorAddress) -> None:
        """Read."""
        self._take(message, sender)

    def receiveMsg_GetPool(self, message: GetPool, sender: ActorAddress) -> None:
        """Read."""
        self._take(message, sender)

    def receiveMsg_GetPlace(self, message: GetPlace, sender: ActorAddress) -> None:
        """Read."""
        self._take(message, sender)

    def receiveMsg_GetGoodsDelivery(self, message: GetGoodsDelivery, sender: ActorAddress) -> None:
        """Read."""
        self._take(message, sender)

    def receiveMsg_SettleOrder(self, message: SettleOrder, sender: ActorAddress) -> None:
        """Say what became of an order, for good."""
        self._take(message, sender)

    def receiveMsg_AttachNotifier(self, message: AttachNotifier, sender: ActorAddress) -> None:
        """Rows of this audience go to the sender, the unsent ones first."""
        self._notifiers[message.audience] = sender
        pending = GetPendingNotices(
            audience=message.audience, after_outbox_id=0, limit=_ALL_PENDING
        )
        self._take(pending, sender)

    def _take(self, job: Job, sender: ActorAddress) -> None:
        self._waiting.append((job, sender))
        self._write_next()

    def _write_next(self) -> None:
        if self.state != "idle" or not self._waiting or self._writer is None:
            return
        self._writing = self._waiting[:_LARGEST_BATCH]
        del self._waiting[:_LARGEST_BATCH]
        self._write()

    def _write(self) -> None:
        self.state = "writing"
        writer, at = self._writer, self.clock.now()
        jobs = [job for job, _ in self._writing]
        if writer is not None:
            self.outside.submit("batch", lambda: writer.run(jobs, at))

    # --- outcomes ---------------------------------------------------------------------------------

    def outcome(self, outcome: Outcome) -> None:
        """What came of a job in the thread."""
        match outcome.tag, outcome.value, outcome.error:
            case "open", (StoreWriter() as writer, StoreFacts() as facts), None:
                self._opened(writer, facts)
            case "open", _, error:
                self._not_opened(error)
            case "batch", BatchDone() as done, None:
                self._written(done)
            case "batch", _, error:
                self._not_written(error)
            case "close", _, error if error is not None:
                logger.error("the store could not be closed in order: {}", error)

    def _opened(self, writer: StoreWriter, facts: StoreFacts) -> None:
        self._writer, self.state = writer, "idle"
        if self._starter is not None:
            self.send(self._starter, LedgerReady(facts=facts))
        self._write_next()

    def _not_opened(self, error: BaseException | None) -> None:
        self.state = "failed"
        if self._starter is not None:
            self.send(self._starter, LedgerFailed(why=str(error)))

    def _written(self, done: BatchDone) -> None:
        answered, self._writing = self._writing, []
        if self.state != "closed":
            self.state = "idle"
        self._retry_after = _FIRST_RETRY
        for (_, asker), answer in zip(answered, done.answers, strict=True):
            self._answer(asker, answer)
        self._hand_out(done.notices)
        self._write_next()

    def _answer(self, asker: ActorAddress, answer: Answer) -> None:
        self.send(asker, answer)

    def _hand_out(self, notices: tuple[Notice, ...]) -> None:
        for audience, notifier in self._notifiers.items():
            theirs = tuple(notice for notice in notices if notice.audience is audience)
            if theirs:
                self.send(notifier, NoticesWritten(audience=audience, notices=theirs))

    def _not_written(self, error: BaseException | None) -> None:
        if self.state == "closed":
            return
        logger.error("the store cannot be written, trying again: {}", error)
        self.state = "failing"
        self.arm("retry", self.clock.now() + self._retry_after)
        self._retry_after = min(self._retry_after * 2, _SLOWEST_RETRY)

    # --- timers -----------------------------------------------------------------------------------

    def receiveMsg_WakeupMessage(self, message: WakeupMessage, _sender: ActorAddress) -> None:
        """Try the same batch again."""
        if self.rings(message.payload) is not None and self.state == "failing":
            self._write()
