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
    OrderShort,
    ReloadPool,
    ReserveStock,
    StockReserved,
    StockShort,
    TakeAddress,
)
from actors.opening import Opening
from actors.order_base import ANSWER_OVERDUE, OrderBase
from actors.staff import wish_key
from domain.money import format_coin
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

MOST_ATTEMPTS = 3


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
            for reply_to in message.reply_tos:
                self.send(reply_to, refused)
            self._end_without_order(refused)
            return
        self._opening = opening
        self._open(opening, message.desk)

    # --- stock, then an address -------------------------------------------------------------------

    def _open(self, opening: Opening, desk: OrderDesk) -> None:
        self.state = "opening"
        self.arm_after("opening_overdue", ANSWER_OVERDUE)
        self._open_next(opening, desk)

    def _open_next(self, opening: Opening, desk: OrderDesk) -> None:
        """Ask for whatever is not there yet."""
        if not opening.missing and opening.short:
            outcome = opening.settle_short(desk.rules.partial_stock)
            if outcome is not None:
                self._give_up(outcome)
                return
        if opening.missing:
            line = opening.missing[0]
            wish = ReserveStock(
                order_id=self._order_id,
                subcategory_id=line.subcategory_id,
                quantity=line.quantity,
            )
            self.send(desk.pools[line.subcategory_id], wish)
        elif opening.amount_base_units(desk.rules) < opening.coin_rules.smallest_order_base_units:
            least = format_coin(opening.coin_rules.smallest_order_base_units, opening.wish.coin)
            self._give_up(OrderRefused(reason=RefusalReason.TOO_SMALL, detail=least))
        else:
            self.send(desk.addresses[opening.wish.coin], TakeAddress(order_id=self._order_id))

    def receiveMsg_StockReserved(self, message: StockReserved, _sender: ActorAddress) -> None:
        """One line is held: the next, or the address."""
        opening, desk = self._opening, self._desk
        if opening is not None and desk is not None and self._pending is None:
            opening.reserved(message.line)
            self._open_next(opening, desk)
        elif self._outcome_of_wish is not None:
            # The pool answers later than the wish was given up.
            self._release((message.line.subcategory_id,))

    def receiveMsg_StockShort(self, message: StockShort, _sender: ActorAddress) -> None:
        """There is not enough of one line; what there is of the others is asked all the same."""
        opening, desk = self._opening, self._desk
        if opening is not None and desk is not None and self._pending is None:
            opening.fell_short(message)
            self._open_next(opening, desk)

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
        key = wish_key(order.telegram_id, order.request_id)
        self._record(f"create:{key}", create(order), None)

    # --- no order ---------------------------------------------------------------------------------

    def _give_up(self, outcome: OrderRefused | OrderShort) -> None:
        opening = self._opening
        if opening is None or self._pending is not None:
            return
        self._opening = None
        self._release(opening.subcategory_ids)
        self._answer_all(opening, outcome)
        self._end_without_order(outcome)

    def _end_without_order(self, outcome: OrderPlaced | OrderShort | OrderRefused) -> None:
        """This actor makes no order; who asks until it is let go gets the same answer."""
        self.state, self._outcome_of_wish = "refused", outcome
        self.disarm("opening_overdue")
        self._refuse_stash()
        self._rest()

    def _refuse_stash(self) -> None:
        refused = OrderRefused(reason=RefusalReason.NOT_FOUND, order_id=self._order_id)
        while self._stash:
            self._answer(self._stash.popleft().reply_to, refused)

    def _opening_refused(self, message: RecordRefused) -> None:
        logger.info("order {} was refused by the ledger: {}", self._order_id, message.reason)
        match message.reason:
            case RecordRefusalReason.UNIT_TAKEN:
                self._ask_again_for_stock()
            case RecordRefusalReason.ACTIVE_ORDER:
                reason = RefusalReason.ACTIVE_ORDER
                self._give_up(OrderRefused(reason=reason, order_id=message.order_id))
            case RecordRefusalReason.TOO_MANY_TIMEOUTS:
                self._give_up(OrderRefused(reason=RefusalReason.TOO_MANY_TIMEOUTS))
            case RecordRefusalReason.REQUEST_TAKEN:
                self._give_up(OrderRefused(reason=RefusalReason.REQUEST_TAKEN))
            case _:
                logger.error("order {}: {}", self._order_id, message.detail)
                self._give_up(OrderRefused(reason=RefusalReason.SHOP_UNAVAILABLE))

    def _ask_again_for_stock(self) -> None:
        """A pool held out somebody else's unit: it reads the truth, and is asked again."""
        opening, desk = self._opening, self._desk
        if opening is None or desk is None:
            return
        self._reload_pools(opening.subcategory_ids)
        if opening.attempt >= MOST_ATTEMPTS:
            self._give_up(OrderRefused(reason=RefusalReason.STOCK_SHORT, available=0))
            return
        opening.start_over()
        self._open(opening, desk)

    def _reload_pools(self, subcategory_ids: tuple[int, ...]) -> None:
        for subcategory_id in subcategory_ids:
            self._release((subcategory_id,))
            self._send_to_pool(subcategory_id, ReloadPool(subcategory_id=subcategory_id))

    # --- the same wish again ----------------------------------------------------------------------

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
        self._release(opening.subcategory_ids)
        self.send(self._desk.ledger, GetOrder(order_id=earlier_order_id))

    def _answer_with_earlier(self, earlier: Order | None) -> None:
        opening = self._opening
        if opening is None or earlier is None or self._pending is not None:
            return
        self._opening, placed = None, OrderPlaced(order=earlier)
        self._answer_all(opening, placed)
        self._end_without_order(placed)
