"""What all of the root works with: its register, its desk, its questions to the ledger.

The root is in nine files: this one, `actors.shop_take_up` (orders that were open before),
`actors.shop_rates` (what coins cost),
`actors.shop_start` (starting everyone from the store),
`actors.shop_failures` (whoever exits, a store that fails, and the orderly stop),
`actors.shop_upkeep` (the sweep), `actors.shop_placing` (wishes to buy), `actors.shop_reports`
(what processors report) and `actors.shop`, which describes it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from loguru import logger
from thespian.actors import ActorAddress

from actors.address_notes import AddressNotes
from actors.base import ShopActor
from actors.inspection import GetStaff, StaffListed
from actors.messages import (
    DeskChanged,
    ForOrder,
    OrderDesk,
    PlaceOrder,
    Relayed,
    ResumeOrder,
    ShopUnavailable,
    StartShop,
)
from actors.order import OrderActor
from actors.staff import Staff
from domain.events import Event
from domain.order import Audience, By, Noticed, NoticeKind, Order
from store.contract import (
    Record,
    Recorded,
    RecordRefused,
)

ALERTS_APART = timedelta(minutes=10)
ENDING = ("stopping", "stopped")
NO_STORE = "without a store that can be written"

Answering = Callable[[Recorded], object]


@dataclass(slots=True, kw_only=True)
class Asked:
    """A wish to buy, while the ledger is asked how the shopper stands."""

    wish: PlaceOrder
    reply_tos: list[ActorAddress]


class ShopBase(ShopActor):
    """State and helpers; the handlers are in the classes below this one."""

    kind = "shop"

    def __init__(self) -> None:
        super().__init__()
        self.name = "shop"
        self._start: StartShop | None = None
        self._starter: ActorAddress | None = None
        self._stoppers: list[ActorAddress] = []
        self._staff = Staff()
        self._desk: OrderDesk | None = None
        self._next_order_id = 1
        self._asked: dict[str, list[tuple[ActorAddress, Answering]]] = {}
        self._leaving: AddressNotes[str] = AddressNotes()
        self._gone: AddressNotes[str] = AddressNotes()
        """Services that have exited and are not started again yet."""
        self._let_go: AddressNotes[int] = AddressNotes()
        """Orders that were told to exit because nothing more can become of them."""
        self._pauses: dict[str, tuple[timedelta, datetime]] = {}
        """How long each service waited for its last new start, and when it exited."""
        self._opened_once = False
        self._lost_ledgers = 0
        """How many have exited that were not told to."""
        self._failed_openings = 0
        self._wishes: dict[str, Asked] = {}
        """Wishes to buy that have no actor yet, by `wish_key`."""
        self._store_trouble = ""
        """Why nothing can be written now; "" where all can."""

    def inspection(self) -> dict[str, object]:
        """With the number of live orders and what keeps coins from being taken."""
        coins = {symbol: coin.refusal for symbol, coin in self._staff.coins.items()}
        details = {"state": self._how_it_is, "orders": len(self._staff.orders), "coins": coins}
        return super().inspection() | details

    @property
    def _how_it_is(self) -> str:
        return self.state

    @property
    def _why_unavailable(self) -> str:
        return self._store_trouble or f"the shop is {self._how_it_is}"

    def _turn_wishes_away(self) -> None:
        """Nobody knows when the ledger will answer: who wishes to buy is told so."""
        wishes, self._wishes = self._wishes, {}
        for asked in wishes.values():
            for reply_to in asked.reply_tos:
                self.send(reply_to, ShopUnavailable(why=self._why_unavailable))

    def receiveMsg_GetStaff(self, _message: GetStaff, sender: ActorAddress) -> None:
        """For the operator, on a base that cannot look into its actors."""
        self.send(sender, StaffListed(members=self._staff.members()))

    def _tell_ledger(self, message: object) -> None:
        if self._staff.ledger is not None:
            self.send(self._staff.ledger, message)

    def _ask_ledger(
        self,
        command_id: str,
        event: Event,
        *,
        by: By,
        by_telegram_id: int | None = None,
        asked: tuple[ActorAddress, Answering] | None = None,
    ) -> None:
        if asked is not None:
            self._asked.setdefault(command_id, []).append(asked)
        record = Record(
            command_id=command_id,
            events=(event,),
            at=self.clock.now(),
            by=by,
            by_telegram_id=by_telegram_id,
        )
        self._tell_ledger(record)

    def receiveMsg_Recorded(self, message: Recorded, _sender: ActorAddress) -> None:
        """It is on disk: answer all who asked for it."""
        for asker, answering in self._asked.get(message.command_id, ()):
            self.send(asker, answering(message))
        self._asked.pop(message.command_id, None)

    def receiveMsg_RecordRefused(self, message: RecordRefused, _sender: ActorAddress) -> None:
        """It cannot be."""
        logger.error("the ledger refused {}: {}", message.command_id, message.detail)
        for asker, _ in self._asked.pop(message.command_id, ()):
            self.send(asker, ShopUnavailable(why="the store refused it"))

    def _resume(self, order_id: int, order: Order | None, request_id: str | None) -> None:
        desk = self._desk
        if desk is None or order_id in self._staff.orders or self.state in ENDING:
            return
        address = self.createActor(OrderActor)
        self._staff.add_order(order_id, address, request_id)
        self.send(address, ResumeOrder(order_id=order_id, order=order, desk=desk))

    def _relay(self, order_id: int, message: ForOrder, reply_to: ActorAddress | None) -> None:
        if order_id not in self._staff.orders:
            self._resume(order_id, None, None)
        order = self._staff.orders.get(order_id)
        if order is not None:
            self._staff.relayed[order_id] += 1
            number = self._staff.relayed[order_id]
            self.send(order, Relayed(number=number, message=message, reply_to=reply_to))

    def _alert(self, text: str) -> None:
        logger.warning("alert: {}", text)
        period = int(self.clock.now().timestamp() // ALERTS_APART.total_seconds())
        noticed = Noticed(kind=NoticeKind.ADMIN_ALERT, audience=Audience.ADMINS, detail=text)
        self._ask_ledger(f"alert:{period}:{text}", noticed, by=By.SHOP)

    def _store_works(self) -> None:
        trouble, self._store_trouble = self._store_trouble, ""
        if trouble:
            self._alert(f"for a while nothing could be written: {trouble}; it works again")

    def _draw_desk(self) -> None:
        """Note who is who now, and tell the orders."""
        start, ledger = self._start, self._staff.ledger
        if start is None or ledger is None:
            return
        self._desk = self._staff.desk(self.myAddress, ledger, self.clock, start.rules)
        for order in self._staff.orders.values():
            self.send(order, DeskChanged(desk=self._desk))

    def _everyone(self) -> list[ActorAddress]:
        ledger = [] if self._staff.ledger is None else [self._staff.ledger]
        return [*self._staff.orders.values(), *self._staff.services(), *ledger]
