"""The ledger: the only writer to the store.

Owns: the open store, in a thread of its own.
In: `StartLedger`, every job of `store.contract`, `AttachNotifier`.
Out: `LedgerReady` or `LedgerFailed`, later `StoreFailing` and `StoreMended`, to whoever started it;
to whoever asked, the job's answer, when it is on disk; `NoticesWritten` to the notifiers.
States: starting, idle, writing, failing (the last batch could not be written and is tried again),
closed.
Failure: a job is answered only when its outcome is known. While the store cannot be written nobody
gets an answer, and the same jobs are run again with back-off, once a small write has shown that
there is something to be hoped for; commands are written once whatever is repeated, because each has
an id that is stored with its result. What is asked again while it waits waits once. An order that
could not be written for minutes is refused instead: its shopper has gone, and its price is old.
"""

from collections.abc import Hashable, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import islice

from loguru import logger
from thespian.actors import ActorAddress, ActorExitRequest, WakeupMessage

from actors.base import ShopActor
from actors.environment import Environment
from actors.messages import (
    ActorFailed,
    AttachNotifier,
    LedgerFailed,
    LedgerReady,
    StartLedger,
    StoreFailing,
    StoreMended,
)
from actors.store_trouble import trouble_text
from domain.order import Audience, OrderCreated
from store.contract import (
    Answer,
    BatchDone,
    GetAddressesToWatch,
    GetGoodsDelivery,
    GetOpenOrders,
    GetOrder,
    GetOverdueOrders,
    GetPendingNotices,
    GetPlace,
    GetPool,
    GetStanding,
    GetStuckNotices,
    GetUnsettledOrders,
    Job,
    JobBroken,
    Notice,
    NoticesWritten,
    OrderSettled,
    PruneCommands,
    Record,
    Recorded,
    RecordRefusalReason,
    RecordRefused,
    SettleOrder,
    StoreFacts,
    WriterSettings,
)
from store.report_contract import GetReported, WriteReport
from store.trouble import StoreTrouble, StoreUnavailableError, TroubleKind
from store.writer import StoreWriter
from thespian_asyncio import Executor, Outcome

_LARGEST_BATCH = 2_000
_FIRST_RETRY = timedelta(seconds=1)
_SLOWEST_RETRY = timedelta(seconds=30)
_ALL_PENDING = 1_000_000
_LATEST_OPENING = timedelta(minutes=2)


def _open(
    path: str, settings: WriterSettings, opened: list[StoreWriter]
) -> tuple[StoreWriter, StoreFacts]:
    writer = StoreWriter(path, settings)
    opened.append(writer)
    return writer, writer.facts()


def close_writers(opened: list[StoreWriter]) -> None:
    """Let go of the store, also where its opening was heard of by nobody."""
    for writer in opened:
        writer.close()


def _retry(writer: StoreWriter, jobs: Sequence[Job], at: datetime) -> BatchDone | StoreTrouble:
    return writer.probe() or writer.run(jobs, at)


def _to_run(asked: Job, at: datetime) -> Job:
    """What is run for a job: itself, unless it is an order that should have been made long ago."""
    if isinstance(asked, Record) and at - asked.at > _LATEST_OPENING:
        for event in asked.events:
            if isinstance(event, OrderCreated):
                return SettleOrder(order_id=event.order.order_id)
    return asked


def _as_asked(asked: Job, answer: Answer) -> Answer:
    """What the answer to the job that was run says to the one that was asked."""
    if not isinstance(asked, Record) or not isinstance(answer, OrderSettled):
        return answer
    if answer.holding:
        # It had been written after all, by the commit whose outcome was not known.
        return Recorded(command_id=asked.command_id, order_id=answer.order_id)
    return RecordRefused(
        command_id=asked.command_id,
        reason=RecordRefusalReason.ORDER_REFUSED,
        detail="it could not be written in time",
    )


def _write_last(writer: StoreWriter, jobs: Sequence[Job], at: datetime) -> None:
    try:
        writer.run(jobs, at)
    except StoreUnavailableError as error:
        # Nobody has been told that it is done: who asked asks again at the next start.
        logger.error("{} jobs were not written before the stop: {}", len(jobs), error)


class LedgerActor(ShopActor):
    """One writer, one commit for all that waits."""

    kind = "ledger"

    def __init__(self) -> None:
        super().__init__()
        self.name = "ledger"
        self._environment: Environment | None = None
        self._starter: ActorAddress | None = None
        self._writer: StoreWriter | None = None
        self._writers: list[StoreWriter] = []
        """Filled in the thread: an exit may come before the outcome of the opening is heard."""
        self._waiting: dict[Hashable, tuple[Job, ActorAddress]] = {}
        self._writing: list[tuple[Job, ActorAddress]] = []
        self._notifiers: dict[Audience, ActorAddress] = {}
        self._retry_after = _FIRST_RETRY
        self._trouble: StoreTrouble | None = None
        """What is wrong with the store, as far as the root was told."""

    def inspection(self) -> dict[str, object]:
        """With how many jobs wait."""
        return super().inspection() | {"waiting": len(self._waiting) + len(self._writing)}

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
        path, settings, opened = message.store_path, message.settings, self._writers
        self.outside.submit("open", lambda: _open(path, settings, opened))

    def receiveMsg_ActorExitRequest(self, message: ActorExitRequest, sender: ActorAddress) -> None:
        """Write what waits, for it was said before the exit, and close the store behind it."""
        super().receiveMsg_ActorExitRequest(message, sender)
        unwritten = self._writing if self.state == "failing" else []
        writer, at = self._writer, self.clock.now()
        jobs = [_to_run(job, at) for job, _ in (*unwritten, *self._waiting.values())]
        self.state = "closed"
        self._waiting.clear()
        if writer is not None and jobs:
            self.outside.submit("last batch", lambda: _write_last(writer, jobs, at))
        if self._environment is not None:
            # Behind the opening, which may still be under way: its lock must not outlive the actor.
            self.outside.submit("close", partial(close_writers, self._writers))

    # --- jobs -------------------------------------------------------------------------------------

    def receiveMsg_Record(self, message: Record, sender: ActorAddress) -> None:
        """Write."""
        self._take(message, sender)

    def receiveMsg_GetOrder(self, message: GetOrder, sender: ActorAddress) -> None:
        """Read behind what is being written, as all queries here."""
        self._take(message, sender)

    def receiveMsg_GetAddressesToWatch(
        self, message: GetAddressesToWatch, sender: ActorAddress
    ) -> None:
        """Read."""
        self._take(message, sender)

    def receiveMsg_GetOpenOrders(self, message: GetOpenOrders, sender: ActorAddress) -> None:
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

    def receiveMsg_GetStanding(self, message: GetStanding, sender: ActorAddress) -> None:
        """Read."""
        self._take(message, sender)

    def receiveMsg_GetOverdueOrders(self, message: GetOverdueOrders, sender: ActorAddress) -> None:
        """Read."""
        self._take(message, sender)

    def receiveMsg_GetUnsettledOrders(
        self, message: GetUnsettledOrders, sender: ActorAddress
    ) -> None:
        """Read."""
        self._take(message, sender)

    def receiveMsg_GetStuckNotices(self, message: GetStuckNotices, sender: ActorAddress) -> None:
        """Read."""
        self._take(message, sender)

    def receiveMsg_PruneCommands(self, message: PruneCommands, sender: ActorAddress) -> None:
        """Forget old answers."""
        self._take(message, sender)

    def receiveMsg_WriteReport(self, message: WriteReport, sender: ActorAddress) -> None:
        """Write."""
        self._take(message, sender)

    def receiveMsg_GetReported(self, message: GetReported, sender: ActorAddress) -> None:
        """Read."""
        self._take(message, sender)

    def receiveMsg_SettleOrder(self, message: SettleOrder, sender: ActorAddress) -> None:
        """Say what became of an order, for good."""
        self._take(message, sender)

    def receiveMsg_AttachNotifier(self, message: AttachNotifier, sender: ActorAddress) -> None:
        """Rows of this audience go to the sender, the unsent ones first."""
        pending = GetPendingNotices(
            audience=message.audience, after_outbox_id=0, limit=_ALL_PENDING
        )
        self._take(pending, sender)

    def _take(self, job: Job, sender: ActorAddress) -> None:
        # The same again, of somebody who has waited for long, keeps its place and is answered once.
        key = job.command_id if isinstance(job, Record) else (job, str(sender))
        self._waiting[key] = (job, sender)
        self._write_next()

    def _write_next(self) -> None:
        if self.state != "idle" or not self._waiting or self._writer is None:
            return
        keys = list(islice(self._waiting, _LARGEST_BATCH))
        self._writing = [self._waiting.pop(key) for key in keys]
        writer, at = self._writer, self.clock.now()
        jobs = [_to_run(job, at) for job, _ in self._writing]
        self.state = "writing"
        self.outside.submit("batch", lambda: writer.run(jobs, at))

    def _write_again(self) -> None:
        writer, at = self._writer, self.clock.now()
        jobs = [_to_run(job, at) for job, _ in self._writing]
        if writer is not None:
            self.outside.submit("batch", lambda: _retry(writer, jobs, at))

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
            case "batch", StoreTrouble() as trouble, None:
                self._not_written(trouble)
            case "batch", _, StoreUnavailableError() as error:
                self._not_written(error.trouble)
            case "batch", _, error:
                logger.opt(exception=error).error("a batch broke")
                self._not_written(StoreTrouble(kind=TroubleKind.OTHER, why=repr(error)))
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
            in_use = (
                isinstance(error, StoreUnavailableError) and error.trouble.kind is TroubleKind.BUSY
            )
            self.send(self._starter, LedgerFailed(why=str(error), in_use=in_use))

    def _written(self, done: BatchDone) -> None:
        answered, self._writing = self._writing, []
        if self.state != "closed":
            self.state = "idle"
        self._retry_after = _FIRST_RETRY
        if self._trouble is not None:
            self._trouble = None
            self._tell_root(StoreMended())
        for (asked, asker), answer in zip(answered, done.answers, strict=True):
            if isinstance(answer, JobBroken):
                self._tell_root(ActorFailed(kind=self.kind, name=self.name, message=answer.job))
            else:
                self.send(asker, _as_asked(asked, answer))
            if isinstance(asked, GetPendingNotices):
                # Only now, so that what was written before comes before what is written later.
                self._notifiers[asked.audience] = asker
        self._hand_out(done.notices)
        self._write_next()

    def _hand_out(self, notices: tuple[Notice, ...]) -> None:
        for audience, notifier in self._notifiers.items():
            theirs = tuple(notice for notice in notices if notice.audience is audience)
            if theirs:
                self.send(notifier, NoticesWritten(audience=audience, notices=theirs))

    def _not_written(self, trouble: StoreTrouble) -> None:
        if self.state == "closed":
            return
        logger.error("the store cannot be written, trying again: {}", trouble_text(trouble))
        self.state = "failing"
        self.arm_after("retry", self._retry_after)
        self._retry_after = min(self._retry_after * 2, _SLOWEST_RETRY)
        if trouble != self._trouble:
            self._trouble = trouble
            self._tell_root(StoreFailing(trouble=trouble))

    def _tell_root(self, message: object) -> None:
        if self._starter is not None:
            self.send(self._starter, message)

    # --- timers -----------------------------------------------------------------------------------

    def receiveMsg_WakeupMessage(self, message: WakeupMessage, _sender: ActorAddress) -> None:
        """Try the same batch again."""
        if self.rings(message.payload) is not None and self.state == "failing":
            self._write_again()
