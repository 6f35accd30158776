"""Every job of the writer and what answers it, inside the transaction that is open."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import assert_never

from store.codec import optional_time
from store.contract import (
    AddressesToWatch,
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
    GoodsDelivery,
    Job,
    Notice,
    NoticesWritten,
    OpenOrders,
    OrderLoaded,
    OrderSettled,
    PlaceLoaded,
    PruneCommands,
    Record,
    Recorded,
    SettleOrder,
    WriterSettings,
)
from store.expiry_batch import expires_order, write_expiries
from store.order_batch import makes_order, write_new_orders
from store.orders import load_addresses_to_watch, load_open_orders, load_order
from store.outbox import load_goods_delivery, load_pending
from store.projection import write
from store.report_contract import GetReported, WriteReport
from store.reports import load_reported, write_report
from store.standing import (
    load_overdue,
    load_standings,
    load_stuck,
    load_unsettled,
    prune_commands,
    settle,
)
from store.stock import load_pool

_Question = (
    GetOrder
    | GetAddressesToWatch
    | GetOpenOrders
    | GetPool
    | GetPlace
    | GetGoodsDelivery
    | GetPendingNotices
    | GetOverdueOrders
    | GetUnsettledOrders
    | GetStuckNotices
    | GetReported
)
_InOrder = Record | SettleOrder | PruneCommands | WriteReport | _Question
_WritesTogether = Callable[
    [sqlite3.Connection, WriterSettings, Mapping[int, Job]],
    tuple[dict[int, Recorded], list[Notice]],
]


def answer_jobs(
    connection: sqlite3.Connection, settings: WriterSettings, jobs: Sequence[Job], at: datetime
) -> BatchDone:
    """Do all jobs of a batch, in their order, inside the transaction that is open.

    But how shoppers stand is asked for all of them together, at the end: nobody is answered before
    all of the batch is on disk, and what is true then is the better answer. And of new orders in a
    row, and of expiries in a row, those that nothing hinders are written together, before the
    others of that row.

    Raises:
        sqlite3.IntegrityError, StoreInvariantError, and whatever a value raises that the store
            cannot hold: one of the jobs cannot be; roll back.
    """
    answers: dict[int, Answer] = {}
    notices: list[Notice] = []
    standings = {place: job for place, job in enumerate(jobs) if isinstance(job, GetStanding)}
    others = [(place, job) for place, job in enumerate(jobs) if not isinstance(job, GetStanding)]
    for together, row in groupby(others, key=lambda placed: _together(placed[1])):
        in_a_row = dict(row)
        if together is not None:
            made, told = together(connection, settings, in_a_row)
            answers |= made
            notices += told
        for place, job in in_a_row.items():
            if place not in answers:
                answers[place] = _answer_job(connection, settings, job, notices, at)
    answers |= load_standings(connection, standings)
    return BatchDone(
        answers=tuple(answers[place] for place in range(len(jobs))), notices=tuple(notices)
    )


def _together(job: Job) -> _WritesTogether | None:
    """What writes several jobs like this one together, if anything does."""
    if makes_order(job):
        return write_new_orders
    return write_expiries if expires_order(job) else None


def _answer_job(
    connection: sqlite3.Connection,
    settings: WriterSettings,
    job: _InOrder,
    notices: list[Notice],
    at: datetime,
) -> Answer:
    match job:
        case Record():
            answer, written = write(connection, settings, job)
            notices.extend(written)
            return answer
        case SettleOrder():
            holding, sold = settle(connection, job.order_id, at)
            return OrderSettled(order_id=job.order_id, holding=holding, sold=sold)
        case PruneCommands():
            return prune_commands(connection, job)
        case WriteReport():
            return write_report(connection, job, at)
        case _:
            return _answer_question(connection, job)


def _answer_question(connection: sqlite3.Connection, job: _Question) -> Answer:  # noqa: PLR0911 - one return a question
    match job:
        case GetOrder():
            return OrderLoaded(order_id=job.order_id, order=load_order(connection, job.order_id))
        case GetAddressesToWatch():
            return _to_watch(connection, job)
        case GetOpenOrders():
            return _open(connection, job)
        case GetPool():
            return load_pool(connection, job.subcategory_id)
        case GetPlace():
            return _place(connection, job.coin)
        case GetGoodsDelivery():
            delivered_at = load_goods_delivery(connection, job.order_id)
            return GoodsDelivery(order_id=job.order_id, delivered_at=delivered_at)
        case GetPendingNotices():
            pending = load_pending(connection, job.audience, job.after_outbox_id, job.limit)
            return NoticesWritten(audience=job.audience, notices=pending)
        case _:
            return _answer_sweep(connection, job)


def _answer_sweep(
    connection: sqlite3.Connection,
    job: GetOverdueOrders | GetUnsettledOrders | GetStuckNotices | GetReported,
) -> Answer:
    match job:
        case GetOverdueOrders():
            return load_overdue(connection, job)
        case GetUnsettledOrders():
            return load_unsettled(connection, job)
        case GetStuckNotices():
            return load_stuck(connection, job)
        case GetReported():
            return load_reported(connection, job)
        case _:
            assert_never(job)


def _to_watch(connection: sqlite3.Connection, job: GetAddressesToWatch) -> AddressesToWatch:
    addresses = load_addresses_to_watch(connection, job)
    complete = len(addresses) < job.limit
    return AddressesToWatch(coin=job.coin, addresses=tuple(addresses), complete=complete)


def _open(connection: sqlite3.Connection, job: GetOpenOrders) -> OpenOrders:
    orders = load_open_orders(connection, job)
    return OpenOrders(orders=tuple(orders), complete=len(orders) < job.limit)


def _place(connection: sqlite3.Connection, coin: str) -> PlaceLoaded:
    row = connection.execute(
        "SELECT height, block_hash, updated_at FROM chain_places WHERE currency = ?", (coin,)
    ).fetchone()
    height, block_hash, recorded_at = row if row is not None else (None, None, None)
    (next_index,) = connection.execute(
        "SELECT coalesce(max(address_index), -1) + 1 FROM orders WHERE currency = ?", (coin,)
    ).fetchone()
    return PlaceLoaded(
        coin=coin,
        height=height,
        block_hash=block_hash,
        next_address_index=next_index,
        recorded_at=optional_time(recorded_at),
    )
