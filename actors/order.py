"""An order: from the wish to buy until nothing more can become of it.

Owns: the order's state, its timers, what was paid.
In: `OpenOrder` or `ResumeOrder` from the root, then `Relayed` wishes and chain news, `RateKnown`,
`CheckDeadline`; `StockReserved`, `StockShort`, `AddressTaken`, `AddressRefused`, `PaymentSeen`,
`NothingSeen`, and the ledger's answers; wakeups.
Out: `ReserveStock`, `ReleaseStock`, `CommitStock`, `ReloadPool` to pools; `TakeAddress`; `Record`
to the ledger; `WatchAddress`, `LookAtAddress`, `PaymentSeenTaken` to the watcher; `OrderPlaced`,
`OrderShort`, `OrderChanged`, `WatchedAgain` or `OrderRefused` to whoever asked; `GetRate` and
`OrderRests` to the root.
States: opening (stock, then address), refused (no order came of it), loading, recording, awaiting a
rate, reviving (stock for an order that has ended), refused by the store (of a change), else the
order's status.
Failure: until the order is recorded a crash leaves nothing behind but holds, which the root has the
pools settle. After that, everything is in the store and a new actor takes it up, also where money
that came after the end is neither set aside nor on the order. One thing is under way at a time, and
what arrives meanwhile waits in its order. A command whose answer is missing is sent again under its
id; one decided on a version that is no longer current is refused, and the decision is made again on
what the store has. One that the store will never take is told to the admins and not sent again.
"""

from datetime import timedelta
from typing import assert_never

from thespian.actors import ActorAddress, WakeupMessage

from actors.messages import (
    CancelOrder,
    CancelOrderByAdmin,
    CheckDeadline,
    ConfirmOrder,
    CorrectRefund,
    DeskChanged,
    ExpireOrder,
    GoodsDelivered,
    LookAtAddress,
    NothingSeen,
    OrderPlaced,
    OrderRefused,
    OrderWish,
    PaymentSeen,
    PlaceOrder,
    RecordGoodsRefund,
    RecordRefund,
    Relayed,
    ResumeOrder,
    ShipOrder,
    WatchAgain,
)
from actors.order_base import ANSWER_OVERDUE, News
from actors.order_deciding import OrderDeciding
from domain.deadlines import decision_due, grace_due, warning_due
from domain.order import Order, OrderStatus, RefusalReason
from domain.order_news import (
    CancelOrdered,
    CancelWished,
    ChainNews,
    ConfirmOrdered,
    ExpireOrdered,
    GoodsRefunded,
    GoodsTaken,
    GraceOver,
    RefundMade,
    RefundMisnamed,
    ShipWished,
    WarningDue,
    Wish,
)
from store.contract import GetGoodsDelivery, GoodsDelivery, OrderLoaded

_LOOK_AGAIN = timedelta(seconds=60)


class OrderActor(OrderDeciding):
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
            self._hear_watch_wishes(order)
            self._next()
        for reply_to in waiting:
            self.send(reply_to, answer)

    def _take_up(self, order: Order) -> None:
        self._order, self.state = order, order.status
        self._ask_for_delivery(order)
        self._arm_deadlines(order)
        self._settle_left_over(order)

    def _ask_for_delivery(self, order: Order) -> None:
        if order.status is OrderStatus.PAID and self._desk is not None:
            self.send(self._desk.ledger, GetGoodsDelivery(order_id=order.order_id))

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
            self._open_next(self._opening, message.desk)
        elif self._revival is not None:
            self._ask_next_pool()
        elif self.state == "loading":
            self._load()
        if order is None or before is None:
            return
        # A notifier may have been gone between recording a delivery and telling of it.
        self._ask_for_delivery(order)
        if message.desk.watchers.get(order.coin) != before.watchers.get(order.coin):
            self._watch(order)
            # A deadline that has rung rings again, for nobody answers the question of then.
            self._arm_deadlines(order)

    # --- news -------------------------------------------------------------------------------------

    def receiveMsg_Relayed(self, message: Relayed, _sender: ActorAddress) -> None:
        """A wish or news that the root hands on."""
        # Counted by the root: what is run again after a failure was heard once.
        self._heard = max(self._heard, message.number)
        match message.message:
            case PlaceOrder():
                self._await_placing(message.reply_to)
                self._rest_if_done()
            case GoodsDelivered():
                self._take(News(news=GoodsTaken()))
            case PaymentSeen() as seen:
                self._take_payment(seen)
            case WatchAgain() as again:
                self._take_watch_wish(again, message.reply_to)
            case _ as wish:
                self._take(News(news=_wish(wish), reply_to=message.reply_to))

    def _take_watch_wish(self, wish: WatchAgain, reply_to: ActorAddress | None) -> None:
        """An order that is not there yet has no address that money could be on."""
        if self._order is None and self.state != "loading":
            reason = RefusalReason.NOT_FOUND
            self._answer(reply_to, OrderRefused(reason=reason, order_id=self._order_id))
            return
        self._watch_wishes.append((wish, reply_to))
        if self._order is not None:
            self._hear_watch_wishes(self._order)
            self._rest_if_done()

    def _hear_watch_wishes(self, order: Order) -> None:
        wishes, self._watch_wishes = self._watch_wishes, []
        for wish, reply_to in wishes:
            self._answer(reply_to, self._watch_again(order, wish))

    def receiveMsg_PaymentSeen(self, message: PaymentSeen, _sender: ActorAddress) -> None:
        """The same from the watcher itself."""
        self._take_payment(message)

    def _take_payment(self, seen: PaymentSeen) -> None:
        news = ChainNews(began_at=seen.began_at, sightings=seen.sightings, rate=None)
        self._latest_look = seen.began_at
        self._take(News(news=news, is_reported=True))

    def receiveMsg_NothingSeen(self, message: NothingSeen, _sender: ActorAddress) -> None:
        """The answer of a watcher that never saw anything on the order's address.

        It comes straight from the watcher, and must not overtake what it says by way of the root.
        """
        if self._latest_look is None or self._latest_look <= message.began_at:
            self._take(News(news=ChainNews(began_at=message.began_at, sightings=(), rate=None)))

    # --- timers -----------------------------------------------------------------------------------

    def _arm_deadlines(self, order: Order) -> None:
        if self._desk is None:
            return
        rules = self._desk.rules
        for kind, due_at in (
            ("warning", warning_due(order, rules)),
            ("expiry", decision_due(order, rules)),
        ):
            if due_at is None:
                self.disarm(kind)
            else:
                self.arm(kind, due_at)
        # It follows from a deadline that has rung, and that rings again where it still holds.
        self.disarm("look_again")

    def receiveMsg_WakeupMessage(self, message: WakeupMessage, _sender: ActorAddress) -> None:
        """A deadline, or an answer that did not come."""
        timer = self.rings(message.payload)
        match None if timer is None else timer.kind:
            case "warning":
                self._take(News(news=WarningDue()))
            case "expiry":
                self._ask_for_look()
            case "look_again":
                self._give_up_waiting()
                self._ask_for_look()
            case str(kind):
                self._ask_again(kind)

    def receiveMsg_CheckDeadline(self, _message: CheckDeadline, _sender: ActorAddress) -> None:
        """As if the deadline had rung."""
        self._ask_for_look()

    def _ask_again(self, kind: str) -> None:
        match kind:
            case "record_overdue" if self._pending is not None and self._desk is not None:
                self.send(self._desk.ledger, self._pending.record)
                self.arm_after("record_overdue", ANSWER_OVERDUE)
            case "load_overdue":
                self._load()
            case "rate_overdue" if self._order is not None and self._awaits_rate is not None:
                self._ask_for_rate(self._order)
            case "stock_overdue":
                self._ask_next_pool()
            case "opening_overdue" if self._pending is None:
                self._give_up(OrderRefused(reason=RefusalReason.SHOP_UNAVAILABLE))

    def _ask_for_look(self) -> None:
        order, desk, woken_at = self._order, self._desk, self._woken_at
        if order is None or desk is None or woken_at is None:
            return
        due = decision_due(order, desk.rules)
        grace = grace_due(order, desk.rules, woken_at)
        if due is None or grace is None:
            return
        now = self.clock.now()
        if due > now:
            self.arm("expiry", due)
            return
        look = LookAtAddress(order_id=order.order_id, address=order.address, not_before=due)
        self._send_to_watcher(order, look)
        # The sweep asks too, as often as it likes: what is waited for is not put off by it.
        if not self.is_armed("look_again"):
            # Where the grace is over already, this look still comes first.
            pause = min(_LOOK_AGAIN, grace - now) if now < grace else _LOOK_AGAIN
            self.arm_after("look_again", pause)

    def _give_up_waiting(self) -> None:
        """A look was asked for and there was none: the grace may be over."""
        if self._woken_at is not None:
            self._take(News(news=GraceOver(woken_at=self._woken_at)))


def _wish(message: OrderWish) -> Wish:  # noqa: PLR0911 - one return a wish
    """What somebody wants of the order, in the words of its rules."""
    match message:
        case CancelOrder(telegram_id=telegram_id):
            return CancelWished(telegram_id=telegram_id)
        case CancelOrderByAdmin(admin_telegram_id=admin, reason=reason):
            return CancelOrdered(admin_telegram_id=admin, reason=reason)
        case ExpireOrder(admin_telegram_id=admin):
            return ExpireOrdered(admin_telegram_id=admin)
        case ConfirmOrder(admin_telegram_id=admin, reason=reason):
            return ConfirmOrdered(admin_telegram_id=admin, reason=reason)
        case RecordRefund(admin_telegram_id=admin):
            return RefundMade(
                admin_telegram_id=admin,
                transaction_id=message.transaction_id,
                amount_base_units=message.amount_base_units,
            )
        case RecordGoodsRefund(admin_telegram_id=admin):
            return GoodsRefunded(
                admin_telegram_id=admin,
                transaction_id=message.transaction_id,
                amount_base_units=message.amount_base_units,
            )
        case CorrectRefund(admin_telegram_id=admin):
            return RefundMisnamed(
                admin_telegram_id=admin,
                wrong_transaction_id=message.wrong_transaction_id,
                transaction_id=message.transaction_id,
            )
        case ShipOrder(admin_telegram_id=admin, tracking_number=tracking_number):
            return ShipWished(admin_telegram_id=admin, tracking_number=tracking_number)
        case _:
            assert_never(message)
