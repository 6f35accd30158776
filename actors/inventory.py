"""A stock pool: all units of one subcategory, and who holds them.

Owns: the free units and the holds on them, in memory, one message at a time.
In: `StartPool`, `ReserveStock`, `ReleaseStock`, `CommitStock`, `StockAdded`, `ReloadPool`,
`SettleHold`, `ReportHolds`; from the ledger `PoolLoaded`, `OrderSettled`.
Out: `StockReserved` or `StockShort` to the order; `HoldsReported` to the root; `GetPool`,
`SettleOrder` to the ledger.
States: loading (wishes wait), open.
Failure: its memory is only a faster copy of the store, and a new actor loads it. A hold never
lapses by the clock alone: one left in doubt is settled by asking the ledger. Should memory name
a unit that the store knows as taken, the store refuses the order, and the pool loads itself again.
"""

from thespian.actors import ActorAddress

from actors.base import ShopActor
from actors.messages import (
    CommitStock,
    HoldsReported,
    ReleaseStock,
    ReloadPool,
    ReportHolds,
    ReserveStock,
    SettleHold,
    StartPool,
    StockAdded,
    StockReserved,
    StockShort,
)
from domain.order import OrderLine
from domain.stock import Pool, Reserved, Short
from store.contract import GetPool, OrderSettled, PoolLoaded, SettleOrder


class PoolActor(ShopActor):
    """One subcategory's stock. Everything is idempotent by order id."""

    kind = "inventory"

    def __init__(self) -> None:
        super().__init__()
        self._subcategory_id = 0
        self._ledger: ActorAddress | None = None
        self._pool = Pool()
        self._wishes: list[tuple[ReserveStock, ActorAddress]] = []
        self._young: set[int] = set()
        """Orders whose holds were made since the last report."""
        self._in_doubt: set[int] = set()
        """Orders of which the ledger is asked whether their hold is to be kept."""

    def inspection(self) -> dict[str, object]:
        """With how much there is and how much of it is held."""
        counts = {"available": self._pool.available, "holds": len(self._pool.holds)}
        return super().inspection() | counts

    # --- loading ----------------------------------------------------------------------------------

    def receiveMsg_StartPool(self, message: StartPool, sender: ActorAddress) -> None:
        """Ask for the units."""
        self.alert_to = sender
        self._subcategory_id, self._ledger = message.subcategory_id, message.ledger
        self.name = str(message.subcategory_id)
        if self.state == "new":
            self.state = "loading"
        self._load()

    def receiveMsg_ReloadPool(self, _message: ReloadPool, _sender: ActorAddress) -> None:
        """The store knew better about a unit: nothing is held out until the truth is here."""
        if self.state == "open":
            self.state = "loading"
        self._load()

    def _load(self) -> None:
        if self._ledger is not None:
            self.send(self._ledger, GetPool(subcategory_id=self._subcategory_id))

    def receiveMsg_PoolLoaded(self, message: PoolLoaded, _sender: ActorAddress) -> None:
        """Take the truth over, and then the wishes that waited for it."""
        self._pool.reload(message.free, message.holds, message.newest_unit_id)
        self.state = "open"
        wishes, self._wishes = self._wishes, []
        for wish, sender in wishes:
            self.receiveMsg_ReserveStock(wish, sender)

    # --- holds ------------------------------------------------------------------------------------

    def receiveMsg_ReserveStock(self, message: ReserveStock, sender: ActorAddress) -> None:
        """Hold the oldest units, or say how many there are."""
        if self.state != "open":
            self._wishes.append((message, sender))
            return
        # Somebody has the order: its hold is not in doubt, whatever was asked about it before.
        self._in_doubt.discard(message.order_id)
        decided = self._pool.decide_reserve(message.order_id, message.quantity)
        match decided:
            case Reserved():
                self._pool.reserve(message.order_id, decided)
                self._young.add(message.order_id)
                line = OrderLine(subcategory_id=self._subcategory_id, units=decided.units)
                self.send(sender, StockReserved(order_id=message.order_id, line=line))
            case Short():
                short = StockShort(
                    order_id=message.order_id,
                    subcategory_id=self._subcategory_id,
                    available=decided.available,
                )
                self.send(sender, short)

    def receiveMsg_ReleaseStock(self, message: ReleaseStock, _sender: ActorAddress) -> None:
        """The units of an ended order are free."""
        self._forget_wish(message.order_id)
        self._pool.release(message.order_id)

    def receiveMsg_CommitStock(self, message: CommitStock, _sender: ActorAddress) -> None:
        """The units of a paid order are gone."""
        self._pool.commit(message.order_id)

    def receiveMsg_StockAdded(self, message: StockAdded, _sender: ActorAddress) -> None:
        """There are more units. The load that is on its way may have been before them."""
        if self.state == "open":
            self._pool.add(message.units)
        else:
            self._load()

    # --- holds in doubt ---------------------------------------------------------------------------

    def receiveMsg_SettleHold(self, message: SettleHold, _sender: ActorAddress) -> None:
        """The order's actor is gone: ask what became of the order; nobody waits for its wish."""
        self._forget_wish(message.order_id)
        if self._ledger is not None and message.order_id in self._pool.holds:
            self._in_doubt.add(message.order_id)
            self.send(self._ledger, SettleOrder(order_id=message.order_id))

    def receiveMsg_OrderSettled(self, message: OrderSettled, _sender: ActorAddress) -> None:
        """Keep the hold of an open order; else give its units back, or forget them as sold."""
        if message.order_id not in self._in_doubt:
            return
        self._in_doubt.remove(message.order_id)
        if message.sold:
            self._pool.commit(message.order_id)
        elif not message.holding:
            self._pool.release(message.order_id)

    def receiveMsg_ReportHolds(self, _message: ReportHolds, sender: ActorAddress) -> None:
        """Name the orders that have held units for a while."""
        reported = HoldsReported(
            subcategory_id=self._subcategory_id,
            order_ids=tuple(each for each in self._pool.holds if each not in self._young),
        )
        self._young.clear()
        self.send(sender, reported)

    def _forget_wish(self, order_id: int) -> None:
        self._wishes = [wish for wish in self._wishes if wish[0].order_id != order_id]
