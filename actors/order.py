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

from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b

from loguru import logger
from thespian.actors import ActorAddress, WakeupMessage

from actors.base import ShopActor
from actors.messages import (
    ActorFailed,
    AddressRefused,
    AddressTaken,
    CancelOrder,
    CommitStock,
    DeskChanged,
    GoodsDelivered,
    LookAtAddress,
    OpenOrder,
    OrderChanged,
    OrderDesk,
    OrderPlaced,
    OrderRefused,
    OrderRests,
    PaymentSeen,
    PaymentSeenTaken,
    PlaceOrder,
    Relayed,
    ReleaseStock,
    ReloadPool,
    ReserveStock,
    ResumeOrder,
    ShipOrder,
    StockReserved,
    StockShort,
    TakeAddress,
    WatchAddress,
    Watched,
)
from actors.opening import Opening
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
    OrderNews,
    ShipWished,
    create,
    decide,
    decision_due,
    grace_due,
    watch_until,
)
from domain.payment import Receipt, Sighting
from store.contract import (
    GetGoodsDelivery,
    GetOrder,
    GoodsDelivery,
    OrderLoaded,
    Record,
    Recorded,
    RecordRefusalReason,
    RecordRefused,
)

_ANSWER_OVERDUE = timedelta(seconds=15)
_LOOK_AGAIN = timedelta(seconds=60)
_ENDED = (OrderStatus.SHIPPED, OrderStatus.CANCELLED, OrderStatus.EXPIRED)


@dataclass(frozen=True, slots=True, kw_only=True)
class _News:
    """Something to decide on, with who awaits the answer, if anybody does."""

    news: OrderNews
    reply_to: ActorAddress | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pending:
    """The command that is with the ledger, and what it was decided on."""

    record: Record
    decision: Decision
    cause: _News | None


class OrderActor(ShopActor):
    """One order."""

    kind = "order"

    def __init__(self) -> None:
        super().__init__()
        self._order_id = 0
        self._desk: OrderDesk | None = None
        self._opening: Opening | None = None
        self._order: Order | None = None
        self._pending: _Pending | None = None
        self._stash: deque[_News] = deque()
        self._woken_at: datetime | None = None
        self._outcome_of_wish: OrderPlaced | OrderRefused | None = None
        self._await_loaded: list[ActorAddress] = []

    # --- opening: stock, address, record ----------------------------------------------------------

    def receiveMsg_OpenOrder(self, message: OpenOrder, _sender: ActorAddress) -> None:
        """Begin to make an order."""
        if self._desk is not None:
            return
        opening = Opening.of(message)
        self._begin(message.order_id, message.desk)
        if isinstance(opening, RefusalReason):
            refused = OrderRefused(reason=opening)
            self._answer(message.reply_to, refused)
            self._end_without_order(refused)
            return
        self._opening, self.state = opening, "opening"
        self.arm("opening_overdue", self.clock.now() + _ANSWER_OVERDUE)
        self._reserve_next(opening, message.desk)

    def _begin(self, order_id: int, desk: OrderDesk) -> None:
        self._order_id, self._desk, self.alert_to = order_id, desk, desk.shop
        self.name, self.clock = str(order_id), desk.clock
        self._woken_at = self.clock.now()

    def _reserve_next(self, opening: Opening, desk: OrderDesk) -> None:
        if opening.missing:
            line = opening.missing[0]
            wish = ReserveStock(
                order_id=self._order_id,
                subcategory_id=line.subcategory_id,
                quantity=line.quantity,
            )
            self.send(desk.pools[line.subcategory_id], wish)
        elif opening.amount_base_units(desk.rules) < opening.coin_rules.smallest_order_base_units:
            self._give_up(OrderRefused(reason=RefusalReason.TOO_SMALL))
        else:
            self.send(desk.addresses[opening.wish.coin], TakeAddress(order_id=self._order_id))

    def receiveMsg_StockReserved(self, message: StockReserved, _sender: ActorAddress) -> None:
        """One line is held: the next, or the address."""
        opening, desk = self._opening, self._desk
        if opening is not None and desk is not None and self._pending is None:
            opening.reserved(message.line)
            self._reserve_next(opening, desk)
        elif self._outcome_of_wish is not None:
            # The pool answers later than the wish was given up.
            self._release((message.line.subcategory_id,))

    def receiveMsg_StockShort(self, message: StockShort, _sender: ActorAddress) -> None:
        """There is not enough: no order."""
        refused = OrderRefused(
            reason=RefusalReason.STOCK_SHORT,
            subcategory_id=message.subcategory_id,
            available=message.available,
        )
        self._give_up(refused)

    def receiveMsg_AddressRefused(self, message: AddressRefused, _sender: ActorAddress) -> None:
        """No address, no order."""
        reason = RefusalReason.ADDRESSES_UNAVAILABLE
        self._give_up(OrderRefused(reason=reason, detail=message.why))

    def receiveMsg_AddressTaken(self, message: AddressTaken, _sender: ActorAddress) -> None:
        """All is there: record it."""
        opening, desk = self._opening, self._desk
        if opening is None or desk is None or self._pending is not None or opening.missing:
            return
        order = opening.order(message, desk, self.clock.now())
        decision = create(order)
        self._record(f"create:{order.request_id}", decision, None)

    def _give_up(self, refused: OrderRefused) -> None:
        opening = self._opening
        if opening is None or self._pending is not None:
            return
        self._opening = None
        self._release(tuple(line.subcategory_id for line in opening.lines + opening.missing))
        self._answer_all(opening, refused)
        self._end_without_order(refused)

    def _end_without_order(self, outcome: OrderPlaced | OrderRefused) -> None:
        """This actor makes no order; who asks until it is let go gets the same answer."""
        self.state, self._outcome_of_wish = "refused", outcome
        self.disarm("opening_overdue")
        self._refuse_stash()
        self._rest()

    def _refuse_stash(self) -> None:
        refused = OrderRefused(reason=RefusalReason.NOT_FOUND, order_id=self._order_id)
        while self._stash:
            self._answer(self._stash.popleft().reply_to, refused)

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
            self.arm("load_overdue", self.clock.now() + _ANSWER_OVERDUE)

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
            self._take(_News(news=GoodsTaken()))

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
                self._take(_News(news=CancelWished(telegram_id=telegram_id), reply_to=reply_to))
            case ShipOrder() as ship:
                wish = ShipWished(
                    admin_telegram_id=ship.admin_telegram_id, tracking_number=ship.tracking_number
                )
                self._take(_News(news=wish, reply_to=reply_to))
            case GoodsDelivered():
                self._take(_News(news=GoodsTaken()))
            case PaymentSeen() as seen:
                self._take_payment(seen)

    def _await_placing(self, reply_to: ActorAddress | None) -> None:
        """The same wish has come again while its order is being made, or after."""
        if reply_to is None:
            return
        if self._opening is not None:
            self._opening.reply_tos.append(reply_to)
        elif self._order is not None:
            self.send(reply_to, OrderPlaced(order=self._order))
        elif self._outcome_of_wish is not None:
            self.send(reply_to, self._outcome_of_wish)
        else:
            self._await_loaded.append(reply_to)

    def receiveMsg_PaymentSeen(self, message: PaymentSeen, _sender: ActorAddress) -> None:
        """The same from the watcher itself."""
        self._take_payment(message)

    def _take_payment(self, seen: PaymentSeen) -> None:
        news = ChainNews(began_at=seen.began_at, sightings=seen.sightings)
        self._take(_News(news=news))

    def _take(self, cause: _News) -> None:
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

    def _decide(self, order: Order, cause: _News) -> None:
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

    def _done(self, order: Order, cause: _News) -> None:
        """What the cause asked for is so, and on disk."""
        if isinstance(cause.news, ChainNews) and self._desk is not None:
            taken = PaymentSeenTaken(
                order_id=order.order_id, address=order.address, began_at=cause.news.began_at
            )
            self._send_to_watcher(order, taken)
        self._answer(cause.reply_to, OrderChanged(order=order))

    # --- recording --------------------------------------------------------------------------------

    def _record(self, command_id: str, decision: Decision, cause: _News | None) -> None:
        if self._desk is None:
            return
        existing = self._order
        record = Record(
            command_id=command_id,
            events=decision.events,
            at=self.clock.now(),
            by=decision.by,
            by_telegram_id=decision.by_telegram_id,
            why=decision.why,
            order_id=None if existing is None else existing.order_id,
            expected_version=None if existing is None else existing.version,
        )
        self._pending = _Pending(record=record, decision=decision, cause=cause)
        self.state = "recording"
        self.send(self._desk.ledger, record)
        self.arm("record_overdue", self.clock.now() + _ANSWER_OVERDUE)

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

    def _give_way(self, earlier_order_id: int | None) -> None:
        """The same wish had made another order before: the answer is that one."""
        opening = self._opening
        if opening is None or self._desk is None or earlier_order_id is None:
            return
        self._release(tuple(line.subcategory_id for line in opening.lines))
        self.send(self._desk.ledger, GetOrder(order_id=earlier_order_id))

    def _answer_with_earlier(self, earlier: Order | None) -> None:
        opening = self._opening
        if opening is None or earlier is None or self._pending is not None:
            return
        self._opening, placed = None, OrderPlaced(order=earlier)
        self._answer_all(opening, placed)
        self._end_without_order(placed)

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

    def _opening_refused(self, message: RecordRefused) -> None:
        logger.info("order {} was refused by the ledger: {}", self._order_id, message.reason)
        lines = () if self._opening is None else tuple(self._opening.lines)
        match message.reason:
            case RecordRefusalReason.UNIT_TAKEN:
                refused = OrderRefused(reason=RefusalReason.STOCK_SHORT, available=0)
            case RecordRefusalReason.ACTIVE_ORDER:
                refused = OrderRefused(reason=RefusalReason.ACTIVE_ORDER, order_id=message.order_id)
            case _:
                logger.error("order {}: {}", self._order_id, message.detail)
                refused = OrderRefused(reason=RefusalReason.SHOP_UNAVAILABLE)
        self._give_up(refused)
        if message.reason is RecordRefusalReason.UNIT_TAKEN:
            for line in lines:
                reload = ReloadPool(subcategory_id=line.subcategory_id)
                self._send_to_pool(line.subcategory_id, reload)

    def _change_refused(self, message: RecordRefused, cause: _News) -> None:
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
                self._take(_News(news=GraceOver(woken_at=self._woken_at)))
            case "record_overdue" if self._pending is not None and self._desk is not None:
                self.send(self._desk.ledger, self._pending.record)
                self.arm("record_overdue", self.clock.now() + _ANSWER_OVERDUE)
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

    # --- small helpers ----------------------------------------------------------------------------

    def _answer(self, reply_to: ActorAddress | None, answer: object) -> None:
        if reply_to is not None:
            self.send(reply_to, answer)

    def _answer_all(self, opening: Opening, answer: object) -> None:
        for reply_to in opening.reply_tos:
            self.send(reply_to, answer)

    def _release(self, subcategory_ids: tuple[int, ...]) -> None:
        for subcategory_id in subcategory_ids:
            self._send_to_pool(subcategory_id, ReleaseStock(order_id=self._order_id))

    def _send_to_pool(self, subcategory_id: int, message: object) -> None:
        if self._desk is not None:
            self.send(self._desk.pools[subcategory_id], message)

    def _watch(self, order: Order) -> None:
        if self._desk is not None:
            watched = watched_of(order, watch_until(order, self._desk.rules))
            self._send_to_watcher(order, WatchAddress(watched=watched))

    def _watch_if_due(self, order: Order) -> None:
        if self._desk is not None:
            until = watch_until(order, self._desk.rules)
            if until is None or until > self.clock.now():
                self._watch(order)

    def _send_to_watcher(self, order: Order, message: object) -> None:
        """To its coin's watcher; one that has ended may be of a coin that has none any more."""
        watcher = None if self._desk is None else self._desk.watchers.get(order.coin)
        if watcher is not None:
            self.send(watcher, message)

    def _rest(self) -> None:
        if self._desk is not None:
            self.send(self._desk.shop, OrderRests(order_id=self._order_id))


def watched_of(order: Order, until: datetime | None) -> Watched:
    """What a watcher has to know of an order's address."""
    return Watched(
        order_id=order.order_id,
        address=order.address,
        confirmations_required=order.confirmations_required,
        watch_until=until,
        receipts=tuple(_known_sighting(each) for each in order.receipts if each.on_chain),
    )


def _known_sighting(receipt: Receipt) -> Sighting:
    return Sighting(
        transaction_id=receipt.transaction_id,
        output_index=receipt.output_index,
        amount_base_units=receipt.amount_base_units,
        confirmations=0,
        block_height=receipt.block_height,
        block_hash=receipt.block_hash,
        chain_time=receipt.chain_time,
        seen_at=receipt.seen_at,
    )


def _command_id(order: Order, decision: Decision) -> str:
    """The same decision on the same version is the same command, and no other is."""
    content = repr(decision.events).encode()
    return f"order:{order.order_id}:{order.version}:{blake2b(content, digest_size=8).hexdigest()}"
