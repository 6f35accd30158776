"""An order's actor while an order that has ended would be paid after all: are its goods there?

The pools are asked one by one, by subcategory id, for as many units as the order had, and their
answer is news like any other (`RevivalStock`). Nothing else is decided meanwhile. A hold that is
taken here and never recorded is found by the root's sweep, and settled. The whole is described in
`actors.order`.
"""

from loguru import logger
from thespian.actors import ActorAddress

from actors.messages import ReserveStock, StockReserved, StockShort
from actors.order_base import ANSWER_OVERDUE, News, Revival, subcategories_of
from actors.order_opening import MOST_ATTEMPTS, OrderOpening
from domain.order import Decision, Order, OrderLine, OrderRevived
from domain.order_news import ConfirmOrdered, RevivalStock
from domain.revival import quantities, revival_wanted, settling_due
from store.contract import RecordRefusalReason, RecordRefused


class OrderRevival(OrderOpening):
    """The conversation with the pools, and what becomes of what they hold."""

    def _settle_left_over(self, order: Order) -> None:
        """Its confirmed money is nowhere: whoever had the order before came no further."""
        desk = self._desk
        if desk is None or not settling_due(order):
            return
        logger.warning("order {}: money that came after its end is settled now", order.order_id)
        if revival_wanted(order, desk.rules):
            self._ask_pools(order, None)
        else:
            self._stash.append(News(news=RevivalStock(lines=None, wish=None)))

    # --- the conversation -------------------------------------------------------------------------

    def _ask_pools(
        self,
        order: Order,
        wish: ConfirmOrdered | None,
        reply_to: ActorAddress | None = None,
        attempt: int = 1,
    ) -> None:
        self._revival_attempt = attempt
        self._revival = Revival(
            wish=wish,
            reply_to=reply_to,
            missing=sorted(quantities(order.lines).items()),
            lines=[],
        )
        self.state = "reviving"
        self._ask_next_pool()

    def _ask_next_pool(self) -> None:
        revival, desk = self._revival, self._desk
        if revival is None or desk is None:
            return
        if not revival.missing:
            self._pools_have_answered(revival, tuple(revival.lines))
            return
        subcategory_id, quantity = revival.missing[0]
        wish = ReserveStock(
            order_id=self._order_id, subcategory_id=subcategory_id, quantity=quantity
        )
        self._send_to_pool(subcategory_id, wish)
        # Asked again for as long as it takes: a pool that is away comes back, and its answer
        # decides what becomes of somebody's money.
        self.arm_after("stock_overdue", ANSWER_OVERDUE)

    def receiveMsg_StockReserved(self, message: StockReserved, sender: ActorAddress) -> None:
        """Units are held: for the revival, or for the opening."""
        revival = self._revival
        if revival is None:
            super().receiveMsg_StockReserved(message, sender)
        elif revival.missing and revival.missing[0][0] == message.line.subcategory_id:
            del revival.missing[0]
            revival.lines.append(message.line)
            self._ask_next_pool()

    def receiveMsg_StockShort(self, message: StockShort, sender: ActorAddress) -> None:
        """There is not enough: no revival, or no opening as it was wished for."""
        revival = self._revival
        if revival is None:
            super().receiveMsg_StockShort(message, sender)
        elif revival.missing and revival.missing[0][0] == message.subcategory_id:
            self._release(subcategories_of(tuple(revival.lines)))
            self._pools_have_answered(revival, None)

    def _pools_have_answered(self, revival: Revival, lines: tuple[OrderLine, ...] | None) -> None:
        self._revival = None
        self.disarm("stock_overdue")
        self._decide_first(RevivalStock(lines=lines, wish=revival.wish), revival.reply_to)

    def _decide_first(self, news: RevivalStock, reply_to: ActorAddress | None) -> None:
        if self._order is not None:
            self.state = self._order.status
        self._stash.appendleft(News(news=news, reply_to=reply_to))
        self._next()

    # --- what becomes of it -----------------------------------------------------------------------

    def _release_unless_revived(self, news: RevivalStock, decision: Decision) -> None:
        """What is held for a revival that does not come is for sale again."""
        is_revived = any(isinstance(event, OrderRevived) for event in decision.events)
        if news.lines is not None and not is_revived:
            self._release(subcategories_of(news.lines))

    def _revival_refused(self, message: RecordRefused, news: RevivalStock, cause: News) -> None:
        """The store takes no revival with these units: with others, or none."""
        order = self._order
        if order is None or news.lines is None:
            return
        taken = subcategories_of(news.lines)
        if message.reason is not RecordRefusalReason.UNIT_TAKEN:
            self._alert_refused(message)
            self._release(taken)
        else:
            self._reload_pools(taken)
            if self._revival_attempt < MOST_ATTEMPTS:
                self._ask_pools(order, news.wish, cause.reply_to, self._revival_attempt + 1)
                return
        self._decide_first(RevivalStock(lines=None, wish=news.wish), cause.reply_to)
