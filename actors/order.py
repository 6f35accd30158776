"""An order: from the wish to buy until nothing more can become of it.

Owns: the order's state, its timers, what was paid.
In: `OpenOrder` or `ResumeOrder` from the root, then `Relayed` wishes and chain news;
`StockReserved`, `StockShort`, `AddressTaken`, `AddressRefused`, `PaymentSeen`, and the ledger's
answers; wakeups.
Out: `ReserveStock`, `ReleaseStock`, `CommitStock` to pools; `TakeAddress`; `Record` to the ledger;
`WatchAddress`, `LookAtAddress`, `PaymentSeenTaken` to the watcher; `OrderPlaced`, `OrderChanged` or
`OrderRefused` to whoever asked; `OrderRests` to the root.
States: opening (stock, then address), refused (no order came of it), loading, recording, then the
order's status.
Failure: until the order is recorded a crash leaves nothing behind but holds, which the root has the
pools settle. After that, everything is in the store and a new actor takes it up. At most one
command is with the ledger at a time, and what arrives meanwhile waits in its order. A command whose
answer is missing is sent again under its id; one decided on a version that is no longer current is
refused, and the decision is made again on what the store has.
"""

from dataclasses import replace
from datetime import timedelta
from hashlib import blake2b

from loguru import logger
from thespian.actors import ActorAddress, WakeupMessage

from actors.messages import (
    ActorFailed,
    CancelOrder,
    CommitStock,
    DeskChanged,
    GoodsDelivered,
    LookAtAddress,
    OrderChanged,
    OrderPlaced,
    OrderRefused,
    PaymentSeen,
    PaymentSeenTaken,
    PlaceOrder,
    Relayed,
    ResumeOrder,
    ShipOrder,
)
from actors.order_base import ANSWER_OVERDUE, News
from actors.order_opening import OrderOpening
from domain.order import (
    Decision,
    Order,
    OrderCancelled,
    OrderCreated,
    OrderEvent,
    OrderExpired,
    OrderPaid,
    OrderStatus,
    RefusalReason,
    evolve,
)
from domain.order_rules import (
    CancelWished,
    ChainNews,
    GoodsTaken,
    GraceOver,
    ShipWished,
    decide,
    decision_due,
    grace_due,
)
from store.contract import (
    GetGoodsDelivery,
    GetOrder,
    GoodsDelivery,
    OrderLoaded,
    Recorded,
    RecordRefusalReason,
    RecordRefused,
)

_LOOK_AGAIN = timedelta(seconds=60)
_ENDED = (OrderStatus.SHIPPED, OrderStatus.CANCELLED, OrderStatus.EXPIRED)


class OrderActor(OrderOpening):
    """One order."""

    # --- taking up what is in the store -----------------------------------------------------------

    def receiveMsg_ResumeOrder(self, message: ResumeOrder, _sender: ActorAddress) -> None:
        """Go on with an order that was recorded before."""
        if self._desk is not None:
            return
        self._begin(message.order_id, message.desk)
        if message.order is None:
            self.state = "loading"
            self._load()
        else:
            self._take_up(message.order)
            self._next()

    def _load(self) -> None:
        if self._desk is not None:
            self.send(self._desk.ledger, GetOrder(order_id=self._order_id))
            self.arm("load_overdue", self.clock.now() + ANSWER_OVERDUE)

    def receiveMsg_OrderLoaded(self, message: OrderLoaded, _sender: ActorAddress) -> None:
        """The order as it is on disk; or another one, that the same wish had made before."""
        if message.order_id != self._order_id:
            self._answer_with_earlier(message.order)
        elif self.state == "loading":
            self.disarm("load_overdue")
            self._loaded(message.order)

    def _loaded(self, order: Order | None) -> None:
        waiting, self._await_loaded = self._await_loaded, []
        if order is None:
            refused = OrderRefused(reason=RefusalReason.SHOP_UNAVAILABLE)
            answer: OrderPlaced | OrderRefused = refused
            self._end_without_order(refused)
        else:
            answer = OrderPlaced(order=order)
            self._take_up(order)
            # Whoever had the order before may have been gone before the watcher was told.
            self._watch_if_due(order)
        for reply_to in waiting:
            self.send(reply_to, answer)
        self._next()

    def _take_up(self, order: Order) -> None:
        self._order, self.state = order, order.status
        if order.status is OrderStatus.PAID and self._desk is not None:
            self.send(self._desk.ledger, GetGoodsDelivery(order_id=order.order_id))
        self._arm_deadlines(order)

    def receiveMsg_GoodsDelivery(self, message: GoodsDelivery, _sender: ActorAddress) -> None:
        """Goods may have been delivered without this order having heard of it."""
        if message.delivered_at is not None:
            self._take(News(news=GoodsTaken()))

    def receiveMsg_DeskChanged(self, message: DeskChanged, _sender: ActorAddress) -> None:
        """Somebody was started anew: ask again what they may not have heard."""
        before, self._desk = self._desk, message.desk
        order = self._order
        if self._pending is not None:
            self.send(message.desk.ledger, self._pending.record)
        elif self._opening is not None:
            self._reserve_next(self._opening, message.desk)
        elif self.state == "loading":
            self._load()
        if order is None or before is None:
            return
        if message.desk.watchers.get(order.coin) != before.watchers.get(order.coin):
            self._watch(order)
            # A deadline that has rung rings again, for nobody answers the question of then.
            self._arm_deadlines(order)

    # --- news -------------------------------------------------------------------------------------

    def receiveMsg_Relayed(self, message: Relayed, _sender: ActorAddress) -> None:
        """A wish or news that the root hands on."""
        reply_to = message.reply_to
        match message.message:
            case PlaceOrder():
                self._await_placing(reply_to)
            case CancelOrder(telegram_id=telegram_id):
                self._take(News(news=CancelWished(telegram_id=telegram_id), reply_to=reply_to))
            case ShipOrder() as ship:
                wish = ShipWished(
                    admin_telegram_id=ship.admin_telegram_id, tracking_number=ship.tracking_number
                )
                self._take(News(news=wish, reply_to=reply_to))
            case GoodsDelivered():
                self._take(News(news=GoodsTaken()))
            case PaymentSeen() as seen:
                self._take_payment(seen)

    def receiveMsg_PaymentSeen(self, message: PaymentSeen, _sender: ActorAddress) -> None:
        """The same from the watcher itself."""
        self._take_payment(message)

    def _take_payment(self, seen: PaymentSeen) -> None:
        news = ChainNews(began_at=seen.began_at, sightings=seen.sightings)
        self._take(News(news=news))

    def _take(self, cause: News) -> None:
        self._stash.append(cause)
        if self._outcome_of_wish is not None:
            self._refuse_stash()
        self._next()

    def _next(self) -> None:
        """Decide on what waits, until something is to be recorded."""
        while self._stash and self._order is not None and self._pending is None:
            self._decide(self._order, self._stash.popleft())
        if self._order is not None and self._pending is None and self._order.status in _ENDED:
            self._rest()

    def _decide(self, order: Order, cause: News) -> None:
        if self._desk is None:
            return
        decision = decide(order, cause.news, self._desk.rules, self.clock.now())
        if decision.events:
            self._record(_command_id(order, decision), decision, cause)
        elif decision.refusal is not None:
            refused = OrderRefused(reason=decision.refusal, order_id=order.order_id)
            self._answer(cause.reply_to, refused)
        else:
            self._done(order, cause)

    def _done(self, order: Order, cause: News) -> None:
        """What the cause asked for is so, and on disk."""
        if isinstance(cause.news, ChainNews) and self._desk is not None:
            taken = PaymentSeenTaken(
                order_id=order.order_id, address=order.address, began_at=cause.news.began_at
            )
            self._send_to_watcher(order, taken)
        self._answer(cause.reply_to, OrderChanged(order=order))

    # --- recorded or refused ----------------------------------------------------------------------

    def receiveMsg_Recorded(self, message: Recorded, _sender: ActorAddress) -> None:
        """It is on disk: adopt it, tell everyone, go on."""
        pending = self._pending
        if pending is None or message.command_id != pending.record.command_id:
            return
        self._pending = None
        self.disarm("record_overdue")
        if message.order_id != self._order_id:
            self._give_way(message.order_id)
            return
        order = self._adopt(pending.decision.events)
        self._tell(order, pending.decision.events)
        if pending.cause is not None:
            self._done(order, pending.cause)
        self._next()

    def _adopt(self, events: tuple[OrderEvent, ...]) -> Order:
        order = self._order
        version = 1 if order is None else order.version + 1
        for event in events:
            if isinstance(event, OrderCreated):
                order = event.order
            elif order is not None:
                order = evolve(order, event)
        if order is None:
            raise AssertionError("an order begins with OrderCreated")
        self._order = replace(order, version=version)
        self.state = order.status
        return self._order

    def _tell(self, order: Order, events: tuple[OrderEvent, ...]) -> None:
        logger.info("order {}: {}, payment {}", order.order_id, order.status, order.payment_state)
        opening, self._opening = self._opening, None
        for event in events:
            match event:
                case OrderCreated():
                    self.disarm("opening_overdue")
                    self._watch(order)
                    if opening is not None:
                        self._answer_all(opening, OrderPlaced(order=order))
                case OrderPaid():
                    for line in order.lines:
                        committed = CommitStock(order_id=order.order_id)
                        self._send_to_pool(line.subcategory_id, committed)
                case OrderExpired() | OrderCancelled():
                    self._release(tuple(line.subcategory_id for line in order.lines))
                case _:
                    pass
        if order.status in _ENDED:
            self._watch(order)
        self._arm_deadlines(order)

    def receiveMsg_RecordRefused(self, message: RecordRefused, _sender: ActorAddress) -> None:
        """It is not on disk."""
        pending = self._pending
        if pending is None or message.command_id != pending.record.command_id:
            return
        self._pending = None
        self.disarm("record_overdue")
        if pending.cause is None:
            self._opening_refused(message)
        elif message.reason is RecordRefusalReason.STALE_VERSION:
            self._stash.appendleft(pending.cause)
            self._order, self.state = None, "loading"
            self._load()
        else:
            self._change_refused(message, pending.cause)

    def _change_refused(self, message: RecordRefused, cause: News) -> None:
        logger.error("order {}: the ledger refused: {}", self._order_id, message.detail)
        if self._order is not None:
            self.state = self._order.status
        if self._desk is not None:
            failed = ActorFailed(kind=self.kind, name=self.name, message=message.reason)
            self.send(self._desk.shop, failed)
        refused = OrderRefused(reason=RefusalReason.SHOP_UNAVAILABLE, order_id=self._order_id)
        self._answer(cause.reply_to, refused)
        self._next()

    # --- timers -----------------------------------------------------------------------------------

    def _arm_deadlines(self, order: Order) -> None:
        desk, woken_at = self._desk, self._woken_at
        if desk is None or woken_at is None:
            return
        due = decision_due(order, desk.rules)
        grace = grace_due(order, desk.rules, woken_at)
        for kind, due_at in (("expiry", due), ("expiry_grace", grace)):
            if due_at is None:
                self.disarm(kind)
                self.disarm("look_again")
            else:
                self.arm(kind, due_at)

    def receiveMsg_WakeupMessage(self, message: WakeupMessage, _sender: ActorAddress) -> None:
        """A deadline, or an answer that did not come."""
        timer = self.rings(message.payload)
        match None if timer is None else timer.kind:
            case "expiry" | "look_again":
                self._ask_for_look()
            case "expiry_grace" if self._woken_at is not None:
                self._take(News(news=GraceOver(woken_at=self._woken_at)))
            case "record_overdue" if self._pending is not None and self._desk is not None:
                self.send(self._desk.ledger, self._pending.record)
                self.arm("record_overdue", self.clock.now() + ANSWER_OVERDUE)
            case "load_overdue":
                self._load()
            case "opening_overdue" if self._pending is None:
                self._give_up(OrderRefused(reason=RefusalReason.SHOP_UNAVAILABLE))
            case _:
                pass

    def _ask_for_look(self) -> None:
        order, desk = self._order, self._desk
        if order is None or desk is None:
            return
        due = decision_due(order, desk.rules)
        if due is None:
            return
        if due > self.clock.now():
            self.arm("expiry", due)
            return
        look = LookAtAddress(order_id=order.order_id, address=order.address, not_before=due)
        self._send_to_watcher(order, look)
        self.arm("look_again", self.clock.now() + _LOOK_AGAIN)


def _command_id(order: Order, decision: Decision) -> str:
    """The same decision on the same version is the same command, and no other is."""
    content = repr(decision.events).encode()
    return f"order:{order.order_id}:{order.version}:{blake2b(content, digest_size=8).hexdigest()}"
