"""An order's actor between news and the record of what follows from them.

One thing is under way at a time: a command with the ledger, a question for a rate, or for stock.
What arrives meanwhile waits in its order. The whole is described in `actors.order`.
"""

from collections import deque
from collections.abc import Hashable
from dataclasses import replace
from hashlib import blake2b

from loguru import logger
from thespian.actors import ActorAddress

from actors.messages import (
    CommitStock,
    GetRate,
    OrderChanged,
    OrderPlaced,
    OrderRefused,
    PaymentSeenTaken,
    RateKnown,
)
from actors.order_base import ANSWER_OVERDUE, News, subcategories_of
from actors.order_revival import OrderRevival
from domain.evolution import evolve
from domain.order import (
    Decision,
    Order,
    OrderCancelled,
    OrderCreated,
    OrderEvent,
    OrderExpired,
    OrderPaid,
    OrderRevived,
    OrderStatus,
    ReceiptsChanged,
    RefusalReason,
)
from domain.order_news import ChainNews, ConfirmOrdered, GraceOver, RevivalStock
from domain.order_rules import decide
from domain.receipts import needs_rate
from store.contract import GetOrder, Recorded, RecordRefusalReason, RecordRefused

_ENDED = (OrderStatus.SHIPPED, OrderStatus.CANCELLED, OrderStatus.EXPIRED)


class OrderDeciding(OrderRevival):
    """Decisions, their records, and what is told of them."""

    def _arm_deadlines(self, order: Order) -> None:
        """Be woken when something about the order is due (`actors.order`)."""
        raise NotImplementedError

    # --- what waits -------------------------------------------------------------------------------

    def _take(self, cause: News) -> None:
        """Decide on news, now or when nothing else is under way."""
        if isinstance(cause.news, ChainNews):
            self._stash_look(cause)
        else:
            self._stash.append(cause)
        if self._outcome_of_wish is not None:
            self._refuse_stash()
        self._next()

    def _stash_look(self, look: News) -> None:
        """Let a look wait for its turn, which comes before that of having had none for too long.

        A look shows all that there is: what an earlier one showed is no news any more.
        """
        others = [each for each in self._stash if not isinstance(each.news, ChainNews)]
        blind = (at for at, each in enumerate(others) if isinstance(each.news, GraceOver))
        others.insert(next(blind, len(others)), look)
        self._stash = deque(others)

    def _next(self) -> None:
        """Decide on what waits, until something is under way."""
        while self._stash and self._order is not None and self._is_free:
            self._decide(self._order, self._stash.popleft())
        self._rest_if_done()

    def _rest_if_done(self) -> None:
        """Let the root know where nothing is under way and nothing is due any more."""
        order = self._order
        if self._outcome_of_wish is not None:
            self._rest()
        elif order is None or not self._is_free:
            return
        elif self._refused_decisions:
            # It stays, so that the refusal is seen, and nothing is sent again and again.
            self.state = "refused by the store"
        elif order.status in _ENDED:
            self._rest()

    @property
    def _is_free(self) -> bool:
        return self._pending is None and self._awaits_rate is None and self._revival is None

    # --- decisions --------------------------------------------------------------------------------

    def _decide(self, order: Order, cause: News) -> None:
        if isinstance(cause.news, ChainNews) and needs_rate(order, cause.news):
            self._awaits_rate, self.state = cause, "awaiting a rate"
            self._ask_for_rate(order)
        else:
            self._decide_now(order, cause)

    def _decide_now(self, order: Order, cause: News) -> None:
        if self._desk is None:
            return
        decision = decide(order, cause.news, self._desk.rules, self.clock.now())
        if isinstance(cause.news, RevivalStock):
            self._release_unless_revived(cause.news, decision)
        if decision.events:
            self._record_decision(order, decision, cause)
        elif decision.refusal is not None:
            refused = OrderRefused(reason=decision.refusal, order_id=order.order_id)
            self._answer(cause.reply_to, refused)
        else:
            self._conclude(order, decision, cause)

    def _record_decision(self, order: Order, decision: Decision, cause: News) -> None:
        refused = self._refused_decisions
        if cause.reply_to is not None or not refused or _gist(decision) not in refused:
            self._record(_command_id(order, decision), decision, cause)

    def _conclude(self, order: Order, decision: Decision, cause: News) -> None:
        """What the cause asked for is so, and on disk, or is up to the pools."""
        wish = cause.news if isinstance(cause.news, ConfirmOrdered) else None
        if not decision.wants_stock or wish is None:
            self._done(order, cause)
        if decision.wants_stock:
            self._ask_pools(order, wish, None if wish is None else cause.reply_to)

    def _done(self, order: Order, cause: News) -> None:
        if isinstance(cause.news, ChainNews) and cause.is_reported:
            taken = PaymentSeenTaken(
                order_id=order.order_id, address=order.address, began_at=cause.news.began_at
            )
            self._send_to_watcher(order, taken)
        self._answer(cause.reply_to, OrderChanged(order=order))

    # --- the rate for late money ------------------------------------------------------------------

    def _ask_for_rate(self, order: Order) -> None:
        if self._desk is not None:
            self.send(self._desk.shop, GetRate(coin=order.coin))
            self.arm_after("rate_overdue", ANSWER_OVERDUE)

    def receiveMsg_RateKnown(self, message: RateKnown, _sender: ActorAddress) -> None:
        """What a coin is worth now, or that nobody knows: then the money is not valued."""
        order, cause = self._order, self._awaits_rate
        if order is None or cause is None or not isinstance(cause.news, ChainNews):
            return
        self._awaits_rate, self.state = None, order.status
        self.disarm("rate_overdue")
        self._decide_now(order, replace(cause, news=replace(cause.news, rate=message.rate)))
        self._next()

    # --- recorded ---------------------------------------------------------------------------------

    def receiveMsg_Recorded(self, message: Recorded, _sender: ActorAddress) -> None:
        """It is on disk: adopt it, tell everyone, go on."""
        pending = self._pending
        if pending is None or message.command_id != pending.record.command_id:
            return
        self._pending = None
        self._refused_decisions.clear()
        self.disarm("record_overdue")
        if message.order_id != self._order_id:
            self._give_way(message.order_id)
            return
        order = self._adopt(pending.decision.events)
        self._tell(order, pending.decision.events)
        if pending.cause is not None:
            self._conclude(order, pending.decision, pending.cause)
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
        if order.version != version:
            order = replace(order, version=version)
        self._order, self.state = order, order.status
        return order

    def _tell(self, order: Order, events: tuple[OrderEvent, ...]) -> None:
        logger.debug("order {}: {}, payment {}", order.order_id, order.status, order.payment_state)
        opening, self._opening = self._opening, None
        for event in events:
            match event:
                case OrderCreated():
                    self.disarm("opening_overdue")
                    self._watch(order)
                    if opening is not None:
                        self._answer_all(opening, OrderPlaced(order=order))
                case OrderPaid():
                    self._commit(order)
                case OrderRevived():
                    self._commit(order)
                    self._watch(order)
                case OrderExpired() | OrderCancelled():
                    self._release(subcategories_of(order.lines))
                case _:
                    pass
        if order.status in _ENDED:
            self._watch(order)
        self._arm_deadlines(order)

    def _commit(self, order: Order) -> None:
        for subcategory_id in subcategories_of(order.lines):
            self._send_to_pool(subcategory_id, CommitStock(order_id=order.order_id))

    # --- refused ----------------------------------------------------------------------------------

    def receiveMsg_RecordRefused(self, message: RecordRefused, _sender: ActorAddress) -> None:
        """It is not on disk."""
        pending = self._pending
        if pending is None or message.command_id != pending.record.command_id:
            return
        self._pending = None
        self.disarm("record_overdue")
        cause = pending.cause
        if cause is None:
            self._opening_refused(message)
        elif message.reason is RecordRefusalReason.STALE_VERSION:
            self._stash.appendleft(cause)
            self._order, self.state = None, "loading"
            self._load()
        elif isinstance(cause.news, RevivalStock) and cause.news.lines is not None:
            self._revival_refused(message, cause.news, cause)
        else:
            self._change_refused(message, pending.decision, cause)

    def _change_refused(self, message: RecordRefused, decision: Decision, cause: News) -> None:
        self._alert_refused(message)
        if self._order is not None:
            self.state = self._order.status
        if cause.reply_to is None:
            self._refused_decisions.add(_gist(decision))
        refused = OrderRefused(reason=RefusalReason.SHOP_UNAVAILABLE, order_id=self._order_id)
        self._answer(cause.reply_to, refused)
        self._next()

    def _load(self) -> None:
        if self._desk is not None:
            self.send(self._desk.ledger, GetOrder(order_id=self._order_id))
            self.arm_after("load_overdue", ANSWER_OVERDUE)


def _gist(decision: Decision) -> Hashable:
    """What a decision is about, whenever it is made."""
    return tuple(
        (event.payment_state, event.receipts)
        if isinstance(event, ReceiptsChanged)
        else type(event).__name__
        for event in decision.events
    )


def _command_id(order: Order, decision: Decision) -> str:
    """The same decision on the same version is the same command, and no other is."""
    content = repr(decision.events).encode()
    return f"order:{order.order_id}:{order.version}:{blake2b(content, digest_size=8).hexdigest()}"
