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

from collections.abc import Callable
from datetime import datetime, timedelta

from loguru import logger
from thespian.actors import ActorAddress, ActorExitRequest, ChildActorExited, WakeupMessage

from actors.address import AddressActor
from actors.admin_notifier import AdminNotifierActor
from actors.base import ShopActor
from actors.chain_watcher import FIRST_PLACE_NOT_ON_DISK, ChainWatcherActor
from actors.inventory import PoolActor
from actors.ledger import LedgerActor
from actors.messages import (
    ActorFailed,
    CancelOrder,
    ChainHealth,
    DeskChanged,
    GetShopHealth,
    GoodsDelivered,
    ImportItems,
    ItemsImported,
    LedgerFailed,
    LedgerReady,
    OpenOrder,
    OrderDesk,
    OrderRefused,
    OrderRests,
    PaymentSeen,
    PlaceOrder,
    RegisterShopper,
    Relayed,
    ResumeOrder,
    SettleHold,
    ShipOrder,
    ShopHealth,
    ShopperRegistered,
    ShopStarted,
    ShopStopped,
    ShopUnavailable,
    StartAddresses,
    StartFailed,
    StartLedger,
    StartNotifier,
    StartPool,
    StartShop,
    StartWatcher,
    StockAdded,
    StopShop,
)
from actors.order import OrderActor, watched_of
from actors.shopper_notifier import ShopperNotifierActor
from actors.staff import CoinStaff, Staff
from domain.events import Event, ItemsAdded, ShopperSeen
from domain.order import Audience, By, Noticed, NoticeKind, Order, OrderStatus, RefusalReason
from domain.order_rules import watch_until
from store.contract import (
    GetOrdersToWatch,
    GetPlace,
    OrdersToWatch,
    PlaceLoaded,
    Record,
    Recorded,
    RecordRefused,
    StoreFacts,
)

_PAGE = 1_000
_PAUSE = timedelta(seconds=1)
_LONGEST_PAUSE = timedelta(seconds=60)
# Whoever has worked for so long since the last exit is started again after the shortest pause.
_CALM = timedelta(minutes=10)
# A chain that is back within this time is nobody's business.
_BEFORE_ALERT = timedelta(seconds=20)
_ALERTS_APART = timedelta(minutes=10)
_NOTIFIERS: dict[Audience, type[ShopActor]] = {
    Audience.SHOPPER: ShopperNotifierActor,
    Audience.ADMINS: AdminNotifierActor,
}

_ENDING = ("stopping", "stopped")

Answering = Callable[[Recorded], object]


class Shop(ShopActor):
    """The parent of all."""

    kind = "shop"

    def __init__(self) -> None:
        super().__init__()
        self.name = "shop"
        self._start: StartShop | None = None
        self._starter: ActorAddress | None = None
        self._stoppers: list[ActorAddress] = []
        self._staff = Staff()
        self._desk: OrderDesk | None = None
        self._next_order_id = 1
        self._asked: dict[str, list[tuple[ActorAddress, Answering]]] = {}
        self._leaving: set[str] = set()
        self._gone: set[str] = set()
        """Services that have exited and are not started again yet."""
        self._pauses: dict[str, tuple[timedelta, datetime]] = {}
        """How long each service waited for its last new start, and when it exited."""
        self._opened_once = False

    def inspection(self) -> dict[str, object]:
        """With the number of live orders and what keeps coins from being taken."""
        coins = {symbol: coin.why_not for symbol, coin in self._staff.coins.items()}
        return super().inspection() | {"orders": len(self._staff.orders), "coins": coins}

    # --- start: the ledger, then everyone from what it knows --------------------------------------

    def receiveMsg_StartShop(self, message: StartShop, sender: ActorAddress) -> None:
        """Begin with the ledger."""
        if self._start is not None:
            return
        self._start, self._starter, self.alert_to = message, sender, self.myAddress
        self.clock = message.environment.clock
        self._start_ledger(message)

    def _start_ledger(self, start: StartShop) -> None:
        self.state = "starting"
        # Who asked the last ledger asks again; the ids of commands make that harmless.
        self._asked.clear()
        self._gone.clear()
        self._staff = Staff(ledger=self.createActor(LedgerActor))
        opening = StartLedger(
            store_path=start.store_path,
            admin_telegram_ids=start.admin_telegram_ids,
            max_active_orders=start.max_active_orders,
            environment=start.environment,
        )
        self._tell_ledger(opening)

    def receiveMsg_LedgerFailed(self, message: LedgerFailed, _sender: ActorAddress) -> None:
        """No store, no shop; where it was open before, it is tried again."""
        if self._opened_once:
            logger.error("the store cannot be opened again: {}", message.why)
            self._restart_later("ledger")
        else:
            self._fail(message.why)

    def _fail(self, why: str) -> None:
        self.state = "failed"
        if self._starter is not None:
            self.send(self._starter, StartFailed(why=why))

    def receiveMsg_LedgerReady(self, message: LedgerReady, _sender: ActorAddress) -> None:
        """Everyone else."""
        start = self._start
        if start is None or self.state != "starting":
            return
        why_not = _why_not(message.facts, start)
        if why_not:
            self._fail(why_not)
            return
        self._next_order_id = max(self._next_order_id, message.facts.next_order_id)
        for subcategory_id in message.facts.subcategory_ids:
            self._start_pool(subcategory_id)
        for coin in start.rules.coins:
            self._start_coin(coin.coin)
        self._draw_desk()

    def _start_pool(self, subcategory_id: int) -> None:
        pool = self.createActor(PoolActor)
        self._staff.pools[subcategory_id] = pool
        if self._staff.ledger is not None:
            first = StartPool(subcategory_id=subcategory_id, ledger=self._staff.ledger)
            self.send(pool, first)

    def _start_coin(self, symbol: str) -> None:
        self._staff.coins[symbol] = CoinStaff(
            addresses=self.createActor(AddressActor), watcher=self.createActor(ChainWatcherActor)
        )
        self._tell_ledger(GetPlace(coin=symbol))

    def receiveMsg_PlaceLoaded(self, message: PlaceLoaded, _sender: ActorAddress) -> None:
        """A coin's addresses can begin; its watcher needs the orders first."""
        coin, start = self._staff.coins.get(message.coin), self._start
        if coin is None or start is None:
            return
        coin.place = (message.height, message.block_hash)
        addresses = StartAddresses(
            coin=message.coin,
            first_free_index=message.next_address_index,
            shop=self.myAddress,
            environment=start.environment,
        )
        self.send(coin.addresses, addresses)
        self._ask_for_orders(start, message.coin, after_order_id=0)

    def _ask_for_orders(self, start: StartShop, symbol: str, after_order_id: int) -> None:
        page = GetOrdersToWatch(
            coin=symbol,
            ended_after=self.clock.now() - start.rules.monitor_after_expiry,
            after_order_id=after_order_id,
            limit=_PAGE,
        )
        self._tell_ledger(page)

    def receiveMsg_OrdersToWatch(self, message: OrdersToWatch, _sender: ActorAddress) -> None:
        """One page of orders: their addresses are watched, the live ones get their actors."""
        start, coin = self._start, self._staff.coins.get(message.coin or "")
        if start is None or coin is None or message.coin is None or coin.is_started:
            return
        for order in message.orders:
            coin.watched.append(watched_of(order, watch_until(order, start.rules)))
            if order.status in (OrderStatus.CREATED, OrderStatus.PAID):
                self._resume(order.order_id, order, order.request_id)
        if not message.complete:
            logger.info("{}: {} orders taken up", message.coin, len(coin.watched))
            self._ask_for_orders(start, message.coin, message.orders[-1].order_id)
            return
        self._start_watcher(start, message.coin, coin)
        self._open_if_complete(start)

    def _start_watcher(self, start: StartShop, symbol: str, coin: CoinStaff) -> None:
        if self._staff.ledger is None:
            return
        height, block_hash = coin.place
        first = StartWatcher(
            coin=symbol,
            shop=self.myAddress,
            ledger=self._staff.ledger,
            place_height=height,
            place_hash=block_hash,
            watched=tuple(coin.watched),
            environment=start.environment,
        )
        self.send(coin.watcher, first)
        coin.watched.clear()
        coin.is_started, coin.why_not = True, "its chain has not been looked at yet"
        if self.state == "open":
            # Only now: what orders tell a watcher before its start is lost.
            self._draw_desk()

    def _open_if_complete(self, start: StartShop) -> None:
        if self.state != "starting" or not all(c.is_started for c in self._staff.coins.values()):
            return
        self.state, self._opened_once = "open", True
        for audience in _NOTIFIERS:
            self._start_notifier(start, audience)
        if self._starter is not None:
            self.send(self._starter, ShopStarted(live_orders=len(self._staff.orders)))
            self._starter = None

    def _start_notifier(self, start: StartShop, audience: Audience) -> None:
        if self._staff.ledger is None:
            return
        notifier = self.createActor(_NOTIFIERS[audience])
        self._staff.notifiers[audience] = notifier
        first = StartNotifier(
            audience=audience,
            shop=self.myAddress,
            ledger=self._staff.ledger,
            environment=start.environment,
        )
        self.send(notifier, first)

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

    # --- the ledger -------------------------------------------------------------------------------

    def _tell_ledger(self, message: object) -> None:
        if self._staff.ledger is not None:
            self.send(self._staff.ledger, message)

    def _ask_ledger(
        self,
        command_id: str,
        event: Event,
        *,
        by: By,
        by_telegram_id: int | None = None,
        asked: tuple[ActorAddress, Answering] | None = None,
    ) -> None:
        if asked is not None:
            self._asked.setdefault(command_id, []).append(asked)
        record = Record(
            command_id=command_id,
            events=(event,),
            at=self.clock.now(),
            by=by,
            by_telegram_id=by_telegram_id,
        )
        self._tell_ledger(record)

    def receiveMsg_Recorded(self, message: Recorded, _sender: ActorAddress) -> None:
        """It is on disk: answer all who asked for it."""
        for asker, answering in self._asked.get(message.command_id, ()):
            self.send(asker, answering(message))
        self._asked.pop(message.command_id, None)

    def receiveMsg_RecordRefused(self, message: RecordRefused, _sender: ActorAddress) -> None:
        """It cannot be."""
        logger.error("the ledger refused {}: {}", message.command_id, message.detail)
        for asker, _ in self._asked.pop(message.command_id, ()):
            self.send(asker, ShopUnavailable(why="the store refused it"))

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

    def _resume(self, order_id: int, order: Order | None, request_id: str | None) -> None:
        desk = self._desk
        if desk is None or order_id in self._staff.orders or self.state in _ENDING:
            return
        address = self.createActor(OrderActor)
        self._staff.add_order(order_id, address, request_id)
        self.send(address, ResumeOrder(order_id=order_id, order=order, desk=desk))

    def receiveMsg_OrderRests(self, message: OrderRests, sender: ActorAddress) -> None:
        """Let it go; what was sent to it before comes first."""
        if self._staff.orders.get(message.order_id) == sender:
            self._staff.remove_order(message.order_id)
        self.send(sender, ActorExitRequest())

    def receiveMsg_ChainHealth(self, message: ChainHealth, _sender: ActorAddress) -> None:
        """A coin whose chain cannot be looked at takes no orders."""
        coin = self._staff.coins.get(message.coin)
        if coin is None:
            return
        coin.why_not = message.why
        coin.was_looked_at = coin.was_looked_at or message.why != FIRST_PLACE_NOT_ON_DISK
        if message.why:
            logger.warning("{} takes no orders: {}", message.coin, message.why)
            self.arm(f"alert {message.coin}", self.clock.now() + _BEFORE_ALERT)
        else:
            logger.info("{} takes orders", message.coin)
            self.disarm(f"alert {message.coin}")

    # --- failures ---------------------------------------------------------------------------------

    def receiveMsg_ActorFailed(self, message: ActorFailed, _sender: ActorAddress) -> None:
        """Somebody could not take a message: a mistake in the program that a person should know."""
        self._alert(f"{message.kind} {message.name}: {message.message} could not be handled")

    def _alert(self, text: str) -> None:
        logger.warning("alert: {}", text)
        period = int(self.clock.now().timestamp() // _ALERTS_APART.total_seconds())
        noticed = Noticed(kind=NoticeKind.ADMIN_ALERT, audience=Audience.ADMINS, detail=text)
        self._ask_ledger(f"alert:{period}:{text}", noticed, by=By.SHOP)

    def receiveMsg_ChildActorExited(self, message: ChildActorExited, _sender: ActorAddress) -> None:
        """Start again whoever was not told to go."""
        address = message.childAddress
        if self.state in _ENDING:
            self._stop_next(address)
            return
        order_id, service = self._staff.order_at(address), self._service_at(address)
        if order_id is not None:
            self._order_died(order_id)
        elif service is not None:
            logger.error("{} has exited and is started again", service)
            self._gone.add(str(address))
            self._restart_later(service)

    def _order_died(self, order_id: int) -> None:
        logger.error("the actor of order {} has exited and is started again", order_id)
        request_id = self._staff.request_of(order_id)
        self._staff.remove_order(order_id)
        for pool in self._staff.pools.values():
            self.send(pool, SettleHold(order_id=order_id))
        self._resume(order_id, None, request_id)

    def _service_at(self, address: ActorAddress) -> str | None:
        staff = self._staff
        if address == staff.ledger:
            return "ledger"
        for symbol, coin in staff.coins.items():
            if address in (coin.watcher, coin.addresses):
                return f"coin {symbol}"
        for subcategory_id, pool in staff.pools.items():
            if address == pool:
                return f"pool {subcategory_id}"
        for audience, notifier in staff.notifiers.items():
            if address == notifier:
                return f"notifier {audience}"
        return None

    def _everyone(self) -> list[ActorAddress]:
        ledger = [] if self._staff.ledger is None else [self._staff.ledger]
        return [*self._staff.orders.values(), *self._staff.services(), *ledger]

    def _restart_later(self, service: str) -> None:
        if service == "ledger":
            # Nothing can be written, so nothing is taken on.
            self.state = "starting"
        now = self.clock.now()
        last_pause, last_exit = self._pauses.get(service, (_PAUSE / 2, now))
        pause = _PAUSE if now - last_exit > _CALM else min(last_pause * 2, _LONGEST_PAUSE)
        self._pauses[service] = (pause, now)
        self.arm(f"restart {service}", now + pause)

    def receiveMsg_WakeupMessage(self, message: WakeupMessage, _sender: ActorAddress) -> None:
        """The pause before a new start is over, or a chain is still out of reach."""
        timer = self.rings(message.payload)
        if timer is None or self._start is None or self.state in _ENDING:
            return
        what, _, name = timer.kind.partition(" ")
        if what == "restart":
            self._restart(self._start, name)
        elif name in self._staff.coins and self._staff.coins[name].why_not:
            self._alert(f"{name} takes no orders: {self._staff.coins[name].why_not}")

    def _restart(self, start: StartShop, service: str) -> None:
        what, _, name = service.partition(" ")
        match what:
            case "ledger":
                for child in self._everyone():
                    self.send(child, ActorExitRequest())
                self._start_ledger(start)
                return
            case "coin":
                coin = self._staff.coins[name]
                for child in (coin.watcher, coin.addresses):
                    self.send(child, ActorExitRequest())
                self._start_coin(name)
            case "pool":
                self._start_pool(int(name))
                self._draw_desk()
            case "notifier":
                self._start_notifier(start, Audience(name))

    def _draw_desk(self) -> None:
        """Note who is who now, and tell the orders."""
        start, ledger = self._start, self._staff.ledger
        if start is None or ledger is None:
            return
        self._desk = self._staff.desk(self.myAddress, ledger, self.clock, start.rules)
        for order in self._staff.orders.values():
            self.send(order, DeskChanged(desk=self._desk))

    # --- stop: whoever writes last goes last ------------------------------------------------------

    def receiveMsg_StopShop(self, _message: StopShop, sender: ActorAddress) -> None:
        """Everyone but the ledger first."""
        self._stoppers.append(sender)
        if self.state == "stopping":
            return
        if self.state == "stopped" or self._staff.ledger is None:
            self._stopped()
            return
        self.state = "stopping"
        children = [*self._staff.orders.values(), *self._staff.services()]
        leaving = [child for child in children if str(child) not in self._gone]
        self._leaving = {str(child) for child in leaving}
        for child in leaving:
            self.send(child, ActorExitRequest())
        self._stop_ledger_if_last()

    def _stopped(self) -> None:
        self.state = "stopped"
        stoppers, self._stoppers = self._stoppers, []
        for stopper in stoppers:
            self.send(stopper, ShopStopped())

    def _stop_next(self, gone: ActorAddress) -> None:
        if gone == self._staff.ledger:
            self._stopped()
        elif str(gone) in self._leaving:
            self._leaving.remove(str(gone))
            self._stop_ledger_if_last()

    def _stop_ledger_if_last(self) -> None:
        ledger = self._staff.ledger
        if self._leaving or ledger is None:
            return
        if str(ledger) in self._gone:
            self._stopped()
        else:
            self.send(ledger, ActorExitRequest())


def _why_not(facts: StoreFacts, start: StartShop) -> str:
    """Why the settings do not fit the store; "" where they do."""
    currency = start.rules.fiat_currency
    others = sorted(set(facts.unsold_currencies) - {currency})
    if others:
        return (
            f"shop.currency is {currency}, and the store has unsold goods priced in"
            f" {', '.join(others)}: set shop.currency to that"
        )
    coins = {coin.coin for coin in start.rules.coins}
    missing = sorted(set(facts.open_coins) - coins)
    if missing:
        return (
            f"there are open orders in {', '.join(missing)}: enable that coin until they have ended"
        )
    return ""
