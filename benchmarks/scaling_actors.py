"""Actors for the comparison of system bases: an office with orders, which asks the shop's pool."""

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from thespian.actors import ActorAddress

from actors.base import ShopActor
from actors.messages import ReserveStock, StockReserved

SUBCATEGORY_ID = 1
_LIFETIME = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """To an order: arm the timer of an order's life. Answered by `Opened`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The order is there, in this process."""

    process_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateOrders:
    """To the office: so many, one after another. Answered by `OrdersCreated`."""

    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersCreated:
    """From the first creation to the last answer."""

    seconds: float
    process_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPool:
    """To the office: ask the pool for so long, with so many wishes in flight.

    Answered by `PoolAsked`.
    """

    pool: ActorAddress
    seconds: float
    in_flight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolAsked:
    """So many answers came in that time."""

    answers: int
    seconds: float


class TimedOrder(ShopActor):
    """An actor of the shop with one armed timer."""

    kind = "order"

    def receiveMsg_Open(self, _message: Open, sender: ActorAddress) -> None:
        """Arm the timer and say so."""
        self.arm("expiry", datetime.now(UTC) + _LIFETIME)
        self.send(sender, Opened(process_id=os.getpid()))


class Office(ShopActor):
    """The parent of the orders; measures from inside."""

    kind = "shop"

    def __init__(self) -> None:
        super().__init__()
        self._asker: ActorAddress | None = None
        self._began_at = 0.0
        self._missing = 0
        self._process_ids: list[int] = []
        self._asking: AskPool | None = None
        self._answers = 0

    def receiveMsg_CreateOrders(self, message: CreateOrders, sender: ActorAddress) -> None:
        """The first; each that is there is followed by the next."""
        self._asker, self._began_at = sender, time.perf_counter()
        self._missing, self._process_ids = message.count, []
        self._create_next()

    def _create_next(self) -> None:
        self.send(self.createActor(TimedOrder), Open())

    def receiveMsg_Opened(self, message: Opened, _sender: ActorAddress) -> None:
        """One more is there."""
        self._process_ids.append(message.process_id)
        self._missing -= 1
        if self._missing:
            self._create_next()
        elif self._asker is not None:
            seconds = time.perf_counter() - self._began_at
            created = OrdersCreated(seconds=seconds, process_ids=tuple(self._process_ids))
            self.send(self._asker, created)

    def receiveMsg_AskPool(self, message: AskPool, sender: ActorAddress) -> None:
        """Put the first wishes."""
        self._asker, self._asking = sender, message
        self._began_at, self._answers = time.perf_counter(), 0
        for order_id in range(1, message.in_flight + 1):
            self._wish(message, order_id)

    def _wish(self, asking: AskPool, order_id: int) -> None:
        wish = ReserveStock(order_id=order_id, subcategory_id=SUBCATEGORY_ID, quantity=1)
        self.send(asking.pool, wish)

    def receiveMsg_StockReserved(self, message: StockReserved, _sender: ActorAddress) -> None:
        """An answer: the same wish again, until the time is over."""
        asking, seconds = self._asking, time.perf_counter() - self._began_at
        if asking is None or self._asker is None:
            return
        self._answers += 1
        if seconds < asking.seconds:
            self._wish(asking, message.order_id)
        else:
            # What is still in flight counts for nothing.
            self._asking = None
            self.send(self._asker, PoolAsked(answers=self._answers, seconds=seconds))
