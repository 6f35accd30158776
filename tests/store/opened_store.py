"""A real store on disk with goods to sell, and short ways to write to it and to look inside."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path

from domain.catalog import ImportEntry
from domain.events import Event, ItemsAdded
from domain.order import (
    Audience,
    By,
    Noticed,
    NoticeKind,
    Order,
    OrderCancelled,
    OrderExpired,
    OrderLine,
    OrderPaid,
    OrderShipped,
    PaymentState,
    ReceiptsChanged,
    Unit,
)
from domain.order_rules import create
from domain.payment import Receipt, ReceiptState
from store.contract import (
    Answer,
    BatchDone,
    GetOrder,
    GetPool,
    Job,
    OrderLoaded,
    PoolLoaded,
    Record,
    Recorded,
    RecordRefused,
    WriterSettings,
)
from store.queries import StoreReader
from store.writer import StoreWriter

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
ADMINS = (1, 2)
SHOPPER_ID = 70
SETTINGS = WriterSettings(admin_telegram_ids=ADMINS, max_active_orders=1, max_user_timeouts=3)
TELL_ADMINS = Noticed(kind=NoticeKind.ADMIN_ALERT, audience=Audience.ADMINS, detail="careful")


def minutes(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


EXPIRED = OrderExpired(
    closed_at=minutes(31), counts_as_timeout=True, payment_state=PaymentState.NONE
)
BLIND_EXPIRED = replace(EXPIRED, counts_as_timeout=False)
CANCELLED = OrderCancelled(closed_at=minutes(3), cancelled_by=By.SHOPPER)
CONFIRMED = OrderPaid(paid_at=minutes(9), confirmed_by_telegram_id=ADMINS[0])
SHIPPED = OrderShipped(shipped_at=minutes(12), tracking_number="TRACK-1")


def refused(answer: object) -> RecordRefused:
    """The refusal that an answer must be."""
    assert isinstance(answer, RecordRefused), answer
    return answer


def entry(private_data: str, *, place: int = 1, price_minor: int = 1_000) -> ImportEntry:
    return ImportEntry(
        place=place,
        category="Games",
        subcategory="Chess",
        description=f"Licence {private_data}",
        price_minor=price_minor,
        private_data=private_data,
    )


def order_of(*unit_ids: int, order_id: int = 1, shopper: int = SHOPPER_ID) -> Order:
    """An order of units of the first subcategory, at 10.00 USD a unit and 100.00 a litecoin."""
    units = tuple(Unit(unit_id=unit_id, price_minor=1_000) for unit_id in unit_ids)
    return Order(
        order_id=order_id,
        request_id=f"wish-{order_id}",
        telegram_id=shopper,
        telegram_username=f"user{shopper}",
        coin="LTC",
        lines=(OrderLine(subcategory_id=1, units=units),),
        fiat_currency="USD",
        total_minor=1_000 * len(units),
        rate=Decimal("100.00"),
        amount_base_units=10_000_000 * len(units),
        tolerance_base_units=50_000,
        confirmations_required=3,
        address=f"rltc1q{order_id}",
        address_index=order_id,
        created_at=NOON,
        expires_at=minutes(30),
    )


def receipt(transaction_id: str = "aa", state: ReceiptState = ReceiptState.CONFIRMED) -> Receipt:
    confirmed = state is ReceiptState.CONFIRMED
    return Receipt(
        transaction_id=transaction_id,
        output_index=0,
        amount_base_units=10_000_000,
        state=state,
        in_time=True,
        rate=Decimal("100.00"),
        block_height=100 if confirmed else None,
        block_hash="h100" if confirmed else None,
        chain_time=minutes(5),
        seen_at=minutes(4) + timedelta(microseconds=1),
    )


def receipts_changed(*receipts: Receipt) -> ReceiptsChanged:
    return ReceiptsChanged(
        receipts=receipts, payment_state=PaymentState.PAID, covered_at=minutes(4)
    )


def creation(order: Order) -> Record:
    """The command that makes an order."""
    return Record(
        command_id=f"create:{order.request_id}",
        events=create(order).events,
        at=NOON,
        by=By.SHOPPER,
        by_telegram_id=order.telegram_id,
        why="order placed",
    )


class OpenedStore:
    """A store with three units of Games/Chess, whose ids are 1, 2 and 3."""

    def __init__(self, folder: Path, settings: WriterSettings = SETTINGS) -> None:
        self.path = str(folder / "shop.db")
        self._settings = settings
        self._numbers = count(1)
        self.writer = StoreWriter(self.path, settings)
        self.reader = StoreReader(self.path)
        self.add_items(*(entry(f"KEY-{number}", place=number) for number in (1, 2, 3)))

    def close(self) -> None:
        self.reader.close()
        self.writer.close()

    def reopen(self, settings: WriterSettings | None = None) -> None:
        self.writer.close()
        self.writer = StoreWriter(self.path, settings or self._settings)

    def run(self, *jobs: Job) -> BatchDone:
        return self.writer.run(jobs, NOON)

    def ask(self, job: Job) -> Answer:
        (answer,) = self.run(job).answers
        return answer

    def record(self, *events: Event, at: datetime = NOON) -> BatchDone:
        """Events that are of no order."""
        command_id = f"other:{next(self._numbers)}"
        record = Record(command_id=command_id, events=events, at=at, by=By.SHOP)
        done = self.run(record)
        assert isinstance(done.answers[0], Recorded), done.answers[0]
        return done

    def add_items(self, *entries: ImportEntry) -> Recorded:
        done = self.record(ItemsAdded(entries=entries, fiat_currency="USD"))
        assert isinstance(done.answers[0], Recorded)
        return done.answers[0]

    def create(self, order: Order) -> Order:
        answer = self.ask(creation(order))
        assert isinstance(answer, Recorded), answer
        return order

    def change(self, order_id: int, version: int, *events: Event, at: datetime = NOON) -> Answer:
        """The answer to a command that changes an order."""
        return self.ask(self.changing(order_id, version, *events, at=at))

    def changing(self, order_id: int, version: int, *events: Event, at: datetime = NOON) -> Record:
        return Record(
            command_id=f"order:{order_id}:{version}:{next(self._numbers)}",
            events=events,
            at=at,
            by=By.CHAIN,
            why="chain",
            order_id=order_id,
            expected_version=version,
        )

    def sell(self, order: Order) -> None:
        """Pay an order that was just created."""
        whole = replace(receipt(), amount_base_units=order.amount_base_units)
        paid = (receipts_changed(whole), OrderPaid(paid_at=minutes(10)))
        goods = Noticed(kind=NoticeKind.GOODS, audience=Audience.SHOPPER)
        answer = self.change(order.order_id, 1, *paid, goods)
        assert isinstance(answer, Recorded), answer

    def order(self, order_id: int = 1) -> Order | None:
        loaded = self.ask(GetOrder(order_id=order_id))
        assert isinstance(loaded, OrderLoaded)
        return loaded.order

    def pool(self) -> PoolLoaded:
        loaded = self.ask(GetPool(subcategory_id=1))
        assert isinstance(loaded, PoolLoaded)
        return loaded

    def free_ids(self) -> tuple[int, ...]:
        return tuple(unit.unit_id for unit in self.pool().free)

    def rows(self, query: str, parameters: Sequence[object] = ()) -> list[tuple[object, ...]]:
        """What anybody sees who opens the file with plain SQLite."""
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(query, parameters).fetchall()

    def number(self, query: str) -> object:
        """The one figure that a query gives."""
        ((figure,),) = self.rows(query)
        return figure
