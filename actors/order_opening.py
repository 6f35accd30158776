"""An order's actor until there is an order: stock, one address, and the record of both.

The whole is described in `actors.order`.
"""

from loguru import logger
from thespian.actors import ActorAddress

from actors.messages import (
    AddressRefused,
    AddressTaken,
    OpenOrder,
    OrderDesk,
    OrderPlaced,
    OrderRefused,
    ReloadPool,
    ReserveStock,
    StockReserved,
    StockShort,
    TakeAddress,
)
from actors.opening import Opening
from actors.order_base import ANSWER_OVERDUE, OrderBase
from domain.order import (
    Order,
    RefusalReason,
)
from domain.order_rules import (
    create,
)
from store.contract import (
    GetOrder,
    RecordRefusalReason,
    RecordRefused,
)


class OrderOpening(OrderBase):
    """The handlers of the opening, and what becomes of a wish that makes no order."""

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
        self.arm("opening_overdue", self.clock.now() + ANSWER_OVERDUE)
        self._reserve_next(opening, message.desk)

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
