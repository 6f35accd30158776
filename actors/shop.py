"""The shop: the root of all actors.

Owns: who is who. It starts everyone from the store, in this order: ledger; pools; address actors
and watchers of each coin; orders; notifiers.
In: `StartShop`, `StopShop`; from the gateway `PlaceOrder`, `CancelOrder`, `ShipOrder`,
`ImportItems`, `RegisterShopper`, `GetShopHealth`; `PaymentSeen` and `ChainHealth` from watchers;
`GoodsDelivered` from a notifier; `OrderRests` from orders; answers of the ledger.
Out: `ShopStarted`, `StartFailed` or `ShopStopped` to whoever started or stopped it; first messages
to everyone; `Relayed` to orders; answers to the gateway.
States: new, starting, open, failed, stopping, stopped.
Failure: whoever exits is started again after a pause, and orders are told the new address. A new
ledger means a new start of all, because all of them wait for its answers. An order's actor that
died is taken up again from the store, and its holds are settled.
"""

from thespian.actors import ActorAddress, ActorExitRequest

from actors.messages import (
    CancelOrder,
    GetShopHealth,
    GoodsDelivered,
    ImportItems,
    ItemsImported,
    OpenOrder,
    OrderRefused,
    OrderRests,
    PaymentSeen,
    PlaceOrder,
    RegisterShopper,
    Relayed,
    ShipOrder,
    ShopHealth,
    ShopperRegistered,
    ShopUnavailable,
    StartShop,
    StockAdded,
)
from actors.order import OrderActor
from actors.shop_failures import ShopFailures
from domain.events import ItemsAdded, ShopperSeen
from domain.order import By, RefusalReason
from store.contract import (
    Recorded,
)


class Shop(ShopFailures):
    """The parent of all."""

    # --- what shoppers and admins ask -------------------------------------------------------------

    def receiveMsg_PlaceOrder(self, message: PlaceOrder, sender: ActorAddress) -> None:
        """An actor for the order, unless that very wish has one."""
        start, desk = self._start, self._desk
        if start is None or desk is None or self.state != "open":
            self._unavailable(sender)
            return
        live = self._staff.requests.get(message.request_id)
        if live is not None:
            self._relay(live, message, sender)
            return
        refusal = self._refusal(message, start)
        if refusal is not None:
            self.send(sender, refusal)
            return
        order_id, self._next_order_id = self._next_order_id, self._next_order_id + 1
        order = self.createActor(OrderActor)
        self._staff.add_order(order_id, order, message.request_id)
        first = OpenOrder(
            order_id=order_id,
            wish=message,
            rate=start.fixed_rates[message.coin],
            desk=desk,
            reply_to=sender,
        )
        self.send(order, first)

    def _refusal(self, wish: PlaceOrder, start: StartShop) -> OrderRefused | None:
        coin = self._staff.coins.get(wish.coin)
        if coin is None:
            return OrderRefused(reason=RefusalReason.COIN_UNAVAILABLE)
        if coin.why_not:
            return OrderRefused(reason=RefusalReason.COIN_UNAVAILABLE, detail=coin.why_not)
        if wish.coin not in start.fixed_rates:
            return OrderRefused(reason=RefusalReason.NO_RATE)
        return None

    def receiveMsg_CancelOrder(self, message: CancelOrder, sender: ActorAddress) -> None:
        """To the order."""
        self._relay_wish(message, sender)

    def receiveMsg_ShipOrder(self, message: ShipOrder, sender: ActorAddress) -> None:
        """To the order."""
        self._relay_wish(message, sender)

    def _relay_wish(self, message: CancelOrder | ShipOrder, sender: ActorAddress) -> None:
        if self.state != "open":
            self._unavailable(sender)
        elif 0 < message.order_id < self._next_order_id:
            self._relay(message.order_id, message, sender)
        else:
            reason = RefusalReason.NOT_FOUND
            self.send(sender, OrderRefused(reason=reason, order_id=message.order_id))

    def receiveMsg_ImportItems(self, message: ImportItems, sender: ActorAddress) -> None:
        """Units to sell, in one transaction."""
        start = self._start
        if start is None or self.state != "open":
            self._unavailable(sender)
            return
        added = ItemsAdded(entries=message.entries, fiat_currency=start.rules.fiat_currency)
        self._ask_ledger(
            f"import:{message.request_id}",
            added,
            by=By.ADMIN,
            by_telegram_id=message.admin_telegram_id,
            asked=(sender, self._imported),
        )

    def _imported(self, recorded: Recorded) -> ItemsImported:
        has_new_pool = False
        for subcategory_id, units in recorded.added_units:
            if subcategory_id in self._staff.pools:
                news = StockAdded(subcategory_id=subcategory_id, units=units)
                self.send(self._staff.pools[subcategory_id], news)
            else:
                self._start_pool(subcategory_id)
                has_new_pool = True
        if has_new_pool:
            self._draw_desk()
        return ItemsImported(added=recorded.added, known_places=recorded.known_places)

    def receiveMsg_RegisterShopper(self, message: RegisterShopper, sender: ActorAddress) -> None:
        """Make the account, and have goods that could not be delivered sent again."""
        if self.state != "open":
            self._unavailable(sender)
            return
        seen = ShopperSeen(
            telegram_id=message.telegram_id,
            telegram_username=message.telegram_username,
            language=message.language,
        )
        registered = ShopperRegistered(telegram_id=message.telegram_id)
        self._ask_ledger(
            f"shopper:{message.telegram_id}:{self.clock.now().isoformat()}",
            seen,
            by=By.SHOPPER,
            by_telegram_id=message.telegram_id,
            asked=(sender, lambda _: registered),
        )

    def receiveMsg_GetShopHealth(self, _message: GetShopHealth, sender: ActorAddress) -> None:
        """How things are."""
        why_not = "" if self.state == "open" else f"the shop is {self.state}"
        if not why_not and not all(coin.was_looked_at for coin in self._staff.coins.values()):
            why_not = "not every chain has been looked at"
        health = ShopHealth(
            ready=not why_not,
            coins={symbol: coin.why_not for symbol, coin in self._staff.coins.items()},
            why_not_ready=why_not,
        )
        self.send(sender, health)

    def _unavailable(self, sender: ActorAddress) -> None:
        self.send(sender, ShopUnavailable(why=f"the shop is {self.state}"))

    # --- news of orders ---------------------------------------------------------------------------

    def receiveMsg_PaymentSeen(self, message: PaymentSeen, _sender: ActorAddress) -> None:
        """To the order, woken from the store if need be."""
        self._relay(message.order_id, message, None)

    def receiveMsg_GoodsDelivered(self, message: GoodsDelivered, _sender: ActorAddress) -> None:
        """To the order."""
        self._relay(message.order_id, message, None)

    def _relay(
        self,
        order_id: int,
        message: PlaceOrder | CancelOrder | ShipOrder | GoodsDelivered | PaymentSeen,
        reply_to: ActorAddress | None,
    ) -> None:
        if order_id not in self._staff.orders:
            self._resume(order_id, None, None)
        order = self._staff.orders.get(order_id)
        if order is not None:
            self.send(order, Relayed(message=message, reply_to=reply_to))

    def receiveMsg_OrderRests(self, message: OrderRests, sender: ActorAddress) -> None:
        """Let it go; what was sent to it before comes first."""
        if self._staff.orders.get(message.order_id) == sender:
            self._staff.remove_order(message.order_id)
        self.send(sender, ActorExitRequest())
