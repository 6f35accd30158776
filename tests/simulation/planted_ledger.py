"""Mistakes about the ledger, the disk and what outlives a crash. See `planted`."""

from dataclasses import replace
from typing import Any

import payments.address_book
import store.projection
import store.writer
from actors.ledger import LedgerActor
from actors.messages import OrderPlaced
from actors.order import OrderActor
from actors.order_base import OrderBase
from actors.order_opening import OrderOpening
from store.contract import BatchDone, Record, Recorded, RecordRefusalReason, RecordRefused
from tests.simulation.planting import Patches, planted, replaced


@planted
def answer_comes_before_the_commit() -> Patches:
    """The shopper has the invoice before the order is on disk."""

    def record(self: OrderOpening, command_id: str, decision: Any, cause: Any) -> None:  # noqa: ANN401 - passed on
        inner(self, command_id, decision, cause)
        if self._opening is not None and cause is None:
            self._answer_all(self._opening, OrderPlaced(order=decision.events[0].order))

    inner = OrderBase._record
    return [replaced(OrderBase, "_record", record)]


@planted
def ledger_answers_what_it_could_not_write() -> Patches:
    """A commit whose outcome is unknown is answered as refused."""

    def not_written(self: LedgerActor, trouble: Any) -> None:  # noqa: ANN401 - passed on
        writing, self._writing, self.state = self._writing, [], "idle"
        for job, asker in writing:
            if isinstance(job, Record):
                refused = RecordRefused(
                    command_id=job.command_id,
                    reason=RecordRefusalReason.CONSTRAINT,
                    detail=str(trouble),
                )
                self.send(asker, refused)
            else:
                self._take(job, asker)
        self._write_next()

    return [replaced(LedgerActor, "_not_written", not_written)]


@planted
def ledger_answers_done_what_it_could_not_write() -> Patches:
    """A commit that failed is answered as done."""

    def not_written(self: LedgerActor, trouble: Any) -> None:  # noqa: ANN401 - passed on
        del trouble
        writing, self._writing, self.state = self._writing, [], "idle"
        for job, asker in writing:
            if isinstance(job, Record):
                order_id = job.order_id
                self.send(asker, Recorded(command_id=job.command_id, order_id=order_id))
            else:
                self._take(job, asker)
        self._write_next()

    return [replaced(LedgerActor, "_not_written", not_written)]


@planted
def one_bad_command_takes_its_batch_along() -> Patches:
    """When one of a batch cannot be, all of it is refused."""
    inner = store.writer.StoreWriter._run_in_one_commit_or_more

    def run(self: Any, jobs: Any, at: Any) -> Any:  # noqa: ANN401 - passed on
        try:
            return self._run_together(jobs, at)
        except store.writer._CANNOT_BE as error:
            records = [job for job in jobs if isinstance(job, Record)]
            if len(records) == 1 or len(records) < len(jobs):
                return inner(self, jobs, at)
            answers = tuple(store.writer._refusal(job, error) for job in jobs)
            return BatchDone(answers=answers, notices=())

    return [replaced(store.writer.StoreWriter, "_run_in_one_commit_or_more", run)]


@planted
def commands_are_not_remembered() -> Patches:
    """A command that comes again is written again, or refused."""
    return [replaced(store.projection, "find_answer", lambda _connection, _command_id: None)]


@planted
def wish_is_not_recognised_when_it_comes_again() -> Patches:
    """Each repeat of a wish makes an order."""
    inner = OrderActor._record
    count = iter(range(1_000_000))

    def record(self: OrderActor, command_id: str, decision: Any, cause: Any) -> None:  # noqa: ANN401 - passed on
        if cause is None:
            number = next(count)
            created = decision.events[0]
            order = replace(created.order, request_id=f"{created.order.request_id}#{number}")
            events = (replace(created, order=order), *decision.events[1:])
            decision, command_id = replace(decision, events=events), f"{command_id}#{number}"
        inner(self, command_id, decision, cause)

    return [replaced(OrderBase, "_record", record)]


@planted
def commits_are_not_synced() -> Patches:
    """The log is not on disk when the commit is answered."""
    inner = store.writer._connect

    def connect(path: str) -> Any:  # noqa: ANN401 - passed on
        connection = inner(path)
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    return [replaced(store.writer, "_connect", connect)]


@planted
def address_is_reused_after_a_restart() -> Patches:
    """The mark beside the mnemonic is ignored."""
    return [replaced(payments.address_book, "first_index", lambda _mark, first_free: first_free)]
