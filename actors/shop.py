"""The shop: the root of all actors.

Owns: who is who. It starts everyone from the store, in this order: ledger; pools; address actors
and watchers of each coin; who asks for rates, where there is a market; orders; notifiers.
In: `StartShop`, `StopShop`; from the gateway `PlaceOrder`, wishes about orders (`CancelOrder` and
those of admins), `WatchAgain`, `TellDifferences`, `ImportItems`, `ClearTimeouts`,
`RegisterShopper`, `ReportPayment`, `GetShopHealth`; `PaymentSeen`, `NothingSeen`, `ChainHealth` and
`BackendsDisagree` and `TokensArrived` from watchers; `QuotesTold` from the rates; `GoodsDelivered`
from a notifier; `OrderRests`, `GetRate` from orders; `HoldsReported` from pools; `StoreFailing`,
`StoreMended` and answers of the ledger.
Out: `ShopStarted`, `StartFailed` or `ShopStopped` to whoever started or stopped it; first messages
to everyone; `Relayed` and `RateKnown` to orders; `LookAtAddress` to watchers; `SettleHold`,
`ReportHolds` to pools; `CheckNotices` to notifiers; `CheckDeadline` to orders; answers to the
gateway.
States: new, starting, open, without a store that can be written, failed, stopping, stopped.
Failure: whoever exits is started again after a pause, and orders are told the new address. A new
ledger means a new start of all, because all of them wait for its answers. An order's actor that
died is taken up again from the store, and its holds are settled. While the store cannot be written
the shop takes nothing on, and what was begun waits. A sweep finds what was left undone all the
same.
"""

from hashlib import blake2b

from loguru import logger
from thespian.actors import ActorAddress, ActorExitRequest

from actors.messages import (
    CancelOrder,
    CancelOrderByAdmin,
    ClearTimeouts,
    ConfirmOrder,
    CorrectRefund,
    DifferencesTold,
    ExpireOrder,
    GetShopHealth,
    GoodsDelivered,
    ImportItems,
    ItemsImported,
    OrderRefused,
    OrderRests,
    OrderWish,
    PaymentSeen,
    RecordGoodsRefund,
    RecordRefund,
    RegisterShopper,
    ShipOrder,
    ShopHealth,
    ShopperRegistered,
    ShopUnavailable,
    StockAdded,
    TellDifferences,
    TimeoutsWereCleared,
    WatchAgain,
)
from actors.shop_reports import ShopReports
from domain.events import ItemsAdded, ShopperSeen, TimeoutsCleared
from domain.order import Audience, By, Noticed, NoticeKind, RefusalReason
from store.contract import (
    Recorded,
)


class Shop(ShopReports):
    """The parent of all."""

    # --- wishes about orders ----------------------------------------------------------------------

    def receiveMsg_CancelOrder(self, message: CancelOrder, sender: ActorAddress) -> None:
        """To the order."""
        self._relay_wish(message, sender)

    def receiveMsg_ShipOrder(self, message: ShipOrder, sender: ActorAddress) -> None:
        """To the order."""
        self._relay_wish(message, sender)

    def receiveMsg_CancelOrderByAdmin(
        self, message: CancelOrderByAdmin, sender: ActorAddress
    ) -> None:
        """To the order."""
        self._relay_wish(message, sender)

    def receiveMsg_ExpireOrder(self, message: ExpireOrder, sender: ActorAddress) -> None:
        """To the order."""
        self._relay_wish(message, sender)

    def receiveMsg_ConfirmOrder(self, message: ConfirmOrder, sender: ActorAddress) -> None:
        """To the order."""
        self._relay_wish(message, sender)

    def receiveMsg_RecordRefund(self, message: RecordRefund, sender: ActorAddress) -> None:
        """To the order."""
        self._relay_wish(message, sender)

    def receiveMsg_RecordGoodsRefund(
        self, message: RecordGoodsRefund, sender: ActorAddress
    ) -> None:
        """To the order."""
        self._relay_wish(message, sender)

    def receiveMsg_CorrectRefund(self, message: CorrectRefund, sender: ActorAddress) -> None:
        """To the order."""
        self._relay_wish(message, sender)

    def receiveMsg_WatchAgain(self, message: WatchAgain, sender: ActorAddress) -> None:
        """To the order, woken from the store if need be."""
        self._relay_wish(message, sender)

    def _relay_wish(self, message: OrderWish | WatchAgain, sender: ActorAddress) -> None:
        if self.state != "open":
            self._unavailable(sender)
        elif 0 < message.order_id < self._next_order_id:
            self._relay(message.order_id, message, sender)
        else:
            reason = RefusalReason.NOT_FOUND
            self.send(sender, OrderRefused(reason=reason, order_id=message.order_id))

    # --- wishes about the shop --------------------------------------------------------------------

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

    def receiveMsg_TellDifferences(self, message: TellDifferences, sender: ActorAddress) -> None:
        """One alert with a line for each; the same lines again are the same alert."""
        if self.state != "open":
            self._unavailable(sender)
            return
        text = "\n".join(message.lines)
        for line in message.lines:
            logger.warning("{}", line)
        digest = blake2b(text.encode(), digest_size=16).hexdigest()
        self._ask_ledger(
            f"differences:{digest}",
            Noticed(kind=NoticeKind.ADMIN_ALERT, audience=Audience.ADMINS, detail=text),
            by=By.SHOP,
            asked=(sender, lambda _: DifferencesTold()),
        )

    def receiveMsg_ClearTimeouts(self, message: ClearTimeouts, sender: ActorAddress) -> None:
        """Let a shopper order again."""
        if self.state != "open":
            self._unavailable(sender)
            return
        cleared = TimeoutsWereCleared(telegram_id=message.telegram_id)
        self._ask_ledger(
            f"clear:{message.telegram_id}:{self.clock.now().isoformat()}",
            TimeoutsCleared(telegram_id=message.telegram_id),
            by=By.ADMIN,
            by_telegram_id=message.admin_telegram_id,
            asked=(sender, lambda _: cleared),
        )

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
        why_not = "" if self.state == "open" else self._why_unavailable
        if not why_not and not all(coin.was_looked_at for coin in self._staff.coins.values()):
            why_not = "not every chain has been looked at"
        health = ShopHealth(
            ready=not why_not,
            coins={
                symbol: coin.refusal or self._why_no_rate(symbol)
                for symbol, coin in self._staff.coins.items()
            },
            why_not_ready=why_not,
            store_trouble=self._store_trouble,
            progress="" if self._taking_up is None else self._taking_up.text,
        )
        self.send(sender, health)

    def _unavailable(self, sender: ActorAddress) -> None:
        self.send(sender, ShopUnavailable(why=self._why_unavailable))

    # --- news of orders ---------------------------------------------------------------------------

    def receiveMsg_PaymentSeen(self, message: PaymentSeen, _sender: ActorAddress) -> None:
        """To the order, woken from the store if need be."""
        self._relay(message.order_id, message, None)

    def receiveMsg_GoodsDelivered(self, message: GoodsDelivered, _sender: ActorAddress) -> None:
        """To the order."""
        self._relay(message.order_id, message, None)

    def receiveMsg_OrderRests(self, message: OrderRests, sender: ActorAddress) -> None:
        """Let it go, unless more is on its way to it."""
        if self._staff.orders.get(message.order_id) == sender:
            if message.heard < self._staff.relayed[message.order_id]:
                return
            self._staff.remove_order(message.order_id)
        self._let_go.note(sender, message.order_id)
        self.send(sender, ActorExitRequest())
