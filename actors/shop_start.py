"""The root's start: the ledger, then everyone from what the store says.

The whole is described in `actors.shop`.
"""

from loguru import logger
from thespian.actors import ActorAddress

from actors.address import AddressActor
from actors.admin_notifier import AdminNotifierActor
from actors.base import ShopActor
from actors.chain_watcher import ChainWatcherActor
from actors.inventory import PoolActor
from actors.ledger import LedgerActor
from actors.messages import (
    LedgerReady,
    ShopStarted,
    StartAddresses,
    StartFailed,
    StartLedger,
    StartNotifier,
    StartPool,
    StartShop,
    StartWatcher,
)
from actors.order_base import watched_from_store
from actors.report_watcher import ReportWatcherActor
from actors.shop_rates import ShopRates
from actors.shop_take_up import TakingUp
from actors.shopper_notifier import ShopperNotifierActor
from actors.staff import CoinStaff, Staff
from domain.deadlines import watched_after
from domain.order import Audience
from store.contract import (
    AddressesToWatch,
    GetAddressesToWatch,
    GetPlace,
    GetUnsettledOrders,
    PlaceLoaded,
    StoreFacts,
    UnsettledOrders,
    WriterSettings,
)

PAGE = 1_000
ADDRESSES_A_PAGE = 10_000

_NOTIFIERS: dict[Audience, type[ShopActor]] = {
    Audience.SHOPPER: ShopperNotifierActor,
    Audience.ADMINS: AdminNotifierActor,
}


class ShopStart(ShopRates):
    """The handlers of the start, in their order."""

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
        self._taking_up = None
        self._staff = Staff(ledger=self.createActor(LedgerActor))
        opening = StartLedger(
            store_path=start.store_path,
            settings=WriterSettings(
                admin_telegram_ids=start.admin_telegram_ids,
                max_active_orders=start.rules.max_active,
                max_user_timeouts=start.rules.max_user_timeouts,
            ),
            environment=start.environment,
        )
        self._tell_ledger(opening)

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
        self._opened_once = True
        self._store_works()
        facts = message.facts
        self._taking_up = TakingUp(before=facts.next_order_id, total=facts.live_orders)
        self._next_order_id = max(self._next_order_id, facts.next_order_id)
        for subcategory_id in facts.subcategory_ids:
            self._start_pool(subcategory_id)
        for coin in start.rules.coins:
            self._start_coin(start, coin.coin)
        self._begin_rates(start)
        self._draw_desk()

    def _start_pool(self, subcategory_id: int) -> None:
        pool = self.createActor(PoolActor)
        self._staff.pools[subcategory_id] = pool
        if self._staff.ledger is not None:
            first = StartPool(subcategory_id=subcategory_id, ledger=self._staff.ledger)
            self.send(pool, first)

    def _start_coin(self, start: StartShop, symbol: str) -> None:
        has_chain = symbol in start.environment.chains
        watcher = ChainWatcherActor if has_chain else ReportWatcherActor
        self._staff.coins[symbol] = CoinStaff(
            addresses=self.createActor(AddressActor), watcher=self.createActor(watcher)
        )
        self._tell_ledger(GetPlace(coin=symbol))

    def receiveMsg_PlaceLoaded(self, message: PlaceLoaded, _sender: ActorAddress) -> None:
        """A coin's addresses can begin; its watcher needs to know first what to watch."""
        coin, start = self._staff.coins.get(message.coin), self._start
        if coin is None or start is None:
            return
        coin.place = (message.height, message.block_hash)
        coin.looked_until = message.recorded_at
        addresses = StartAddresses(
            coin=message.coin,
            first_free_index=message.next_address_index,
            shop=self.myAddress,
            environment=start.environment,
        )
        self.send(coin.addresses, addresses)
        self._ask_for_addresses(start, message.coin, after_order_id=0)

    def _ask_for_addresses(self, start: StartShop, symbol: str, after_order_id: int) -> None:
        # What was paid in time to be watched may lie in blocks that nobody has looked at since.
        now, looked_until = self.clock.now(), self._staff.coins[symbol].looked_until
        page = GetAddressesToWatch(
            coin=symbol,
            ended_after=min(now, looked_until or now) - start.rules.monitor_after_expiry,
            after_order_id=after_order_id,
            limit=ADDRESSES_A_PAGE,
        )
        self._tell_ledger(page)

    def receiveMsg_AddressesToWatch(self, message: AddressesToWatch, _sender: ActorAddress) -> None:
        """One page of what the coin's watcher is to watch; it is started behind the last."""
        start, coin = self._start, self._staff.coins.get(message.coin)
        if start is None or coin is None or coin.is_started:
            return
        if coin.place is None:
            # Asked for by a start that was cut short: a watcher without its place would begin at
            # the tip of the chain, and take what lies in blocks before that for gone.
            return
        coin.watched += [
            watched_from_store(each, watched_after(each.ended_at, start.rules))
            for each in message.addresses
        ]
        if not message.complete:
            logger.info("{}: {:,} addresses read so far", message.coin, len(coin.watched))
            self._ask_for_addresses(start, message.coin, message.addresses[-1].order_id)
            return
        self._start_watcher(start, message.coin, coin)
        self._open_if_complete(start)

    def _start_watcher(self, start: StartShop, symbol: str, coin: CoinStaff) -> None:
        if self._staff.ledger is None or coin.place is None:
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
        self.state = "open"
        # Who died during the start has a successor that the first desk does not name.
        self._draw_desk()
        for audience in _NOTIFIERS:
            self._start_notifier(start, audience)
        self._tell_ledger(GetUnsettledOrders(after_order_id=0, limit=PAGE))
        self._begin_upkeep(start)
        if self._starter is not None:
            live_orders = 0 if self._taking_up is None else self._taking_up.total
            self.send(self._starter, ShopStarted(live_orders=live_orders))
            self._starter = None
        self._take_up_orders()

    def _begin_upkeep(self, start: StartShop) -> None:
        """The shop is open: from now on it is looked after (`actors.shop_upkeep`)."""
        raise NotImplementedError

    def receiveMsg_UnsettledOrders(self, message: UnsettledOrders, _sender: ActorAddress) -> None:
        """Ended orders whose late money has no place yet: each gets an actor, which finds one."""
        for order_id in message.order_ids:
            if order_id not in self._staff.orders:
                logger.warning("order {} has money without a place and is taken up", order_id)
                self._resume(order_id, None, None)
        if len(message.order_ids) == PAGE:
            last = message.order_ids[-1]
            self._tell_ledger(GetUnsettledOrders(after_order_id=last, limit=PAGE))

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


def _why_not(facts: StoreFacts, start: StartShop) -> str:
    """Why the settings do not fit the store; "" where they do."""
    currency = start.rules.fiat_currency
    others = sorted(set(facts.unsold_currencies) - {currency})
    if others:
        return (
            f"shop.currency is {currency}, and the store has unsold goods priced in"
            f" {', '.join(others)}: set shop.currency to that"
        )
    others = sorted(set(facts.balance_currencies) - {currency})
    if others:
        return (
            f"shop.currency is {currency}, and shoppers have balances in {', '.join(others)}:"
            " set shop.currency to that"
        )
    coins = {coin.coin for coin in start.rules.coins}
    missing = sorted(set(facts.open_coins) - coins)
    if missing:
        return (
            f"there are open orders in {', '.join(missing)}: enable that coin until they have ended"
        )
    return ""
