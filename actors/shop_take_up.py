"""The root taking up the open orders of the store, a few at a time while the shop is open already.

A shop with very many open orders sells again before each of them has its actor: pools and watchers
know of all of them from the start, and an order that is asked for gets its actor at once. The
orders are read page by page, the next page while one is taken up, so that nobody who wants
something of the ledger waits for more than a page. The whole is described in `actors.shop`.
"""

from dataclasses import dataclass, field

from loguru import logger
from thespian.actors import ActorAddress

from actors.messages import TakeUpOrders
from actors.shop_base import ShopBase
from actors.staff import wish_key
from domain.order import Order
from store.contract import GetOpenOrders, OpenOrders

ORDERS_A_PAGE = 1_000
PROGRESS_EVERY = 10_000

_AT_ONCE = 100


@dataclass(slots=True, kw_only=True)
class TakingUp:
    """How far it is. `before` is above the id of every order that was there at the start.

    `met` are orders that got their actor out of turn: what a page says of them may be old.
    """

    before: int
    total: int
    taken: int = 0
    is_reading: bool = False
    is_all_read: bool = False
    read: list[Order] = field(default_factory=list)
    met: set[int] = field(default_factory=set)

    @property
    def text(self) -> str:
        """How far it is, for people."""
        return f"{self.taken:,} of {self.total:,} open orders taken up"


class ShopTakeUp(ShopBase):
    """The handlers of pages and of its own message, until no order is left."""

    def __init__(self) -> None:
        super().__init__()
        self._taking_up: TakingUp | None = None
        """None before the start, and when every open order has its actor."""

    @property
    def _how_it_is(self) -> str:
        taking_up = self._taking_up
        how_it_is = super()._how_it_is
        return how_it_is if taking_up is None else f"{how_it_is}, {taking_up.text}"

    def _take_up_orders(self) -> None:
        taking_up = self._taking_up
        if taking_up is None:
            return
        if taking_up.total:
            logger.info("{}", taking_up.text)
        self._read_open_orders(taking_up, after_order_id=0)

    def _read_open_orders(self, taking_up: TakingUp, after_order_id: int) -> None:
        taking_up.is_reading = True
        page = GetOpenOrders(
            after_order_id=after_order_id, before_order_id=taking_up.before, limit=ORDERS_A_PAGE
        )
        self._tell_ledger(page)

    def receiveMsg_OpenOrders(self, message: OpenOrders, _sender: ActorAddress) -> None:
        """A page of orders: they are taken up, and the next is read meanwhile."""
        taking_up = self._taking_up
        if taking_up is None or not taking_up.is_reading or self.state == "starting":
            return
        taking_up.is_reading, taking_up.is_all_read = False, message.complete
        if not taking_up.read:
            self.send(self.myAddress, TakeUpOrders())
        # The last one first, so that the next is the last of the list.
        taking_up.read[:0] = reversed(message.orders)

    def receiveMsg_TakeUpOrders(self, _message: TakeUpOrders, _sender: ActorAddress) -> None:
        """Some of them, and the rest after whatever else has arrived."""
        taking_up = self._taking_up
        if taking_up is None or self.state == "starting":
            return
        if not taking_up.is_reading and not taking_up.is_all_read and taking_up.read:
            self._read_open_orders(taking_up, after_order_id=taking_up.read[0].order_id)
        for _ in range(min(_AT_ONCE, len(taking_up.read))):
            self._take_up(taking_up, taking_up.read.pop())
        if taking_up.read:
            self.send(self.myAddress, TakeUpOrders())
        elif taking_up.is_all_read:
            self._all_taken_up(taking_up)

    def _take_up(self, taking_up: TakingUp, order: Order) -> None:
        if order.order_id not in taking_up.met:
            key = wish_key(order.telegram_id, order.request_id)
            self._resume(order.order_id, order, key)
        taking_up.taken += 1
        if taking_up.taken % PROGRESS_EVERY == 0:
            logger.info("{}", taking_up.text)

    def _all_taken_up(self, taking_up: TakingUp) -> None:
        self._taking_up = None
        if taking_up.total:
            logger.info("all {:,} open orders are taken up", taking_up.total)

    def _resume(self, order_id: int, order: Order | None, request_id: str | None) -> None:
        if self._taking_up is not None:
            self._taking_up.met.add(order_id)
        super()._resume(order_id, order, request_id)
