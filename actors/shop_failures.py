"""The root when somebody exits or fails, and the orderly stop: whoever writes last goes last.

The whole is described in `actors.shop`.
"""

from datetime import timedelta

from loguru import logger
from thespian.actors import ActorAddress, ActorExitRequest, ChildActorExited, WakeupMessage

from actors.chain_watcher import FIRST_PLACE_NOT_ON_DISK
from actors.messages import (
    ActorFailed,
    AddressSupply,
    BackendsDisagree,
    ChainHealth,
    LedgerFailed,
    SettleHold,
    ShopStopped,
    StartShop,
    StopShop,
    StoreFailing,
    StoreMended,
    TokensArrived,
)
from actors.shop_base import ENDING, NO_STORE
from actors.shop_start import ShopStart
from actors.store_trouble import trouble_text
from domain.order import Audience, By, Noticed, NoticeKind

_PAUSE = timedelta(seconds=1)
_LONGEST_PAUSE = timedelta(seconds=60)
# Whoever has worked for so long since the last exit is started again after the shortest pause.
_CALM = timedelta(minutes=10)
# A ledger that dies while it opens the store lets go of it when its thread is through with that:
# with the pauses between them, these tries take about five minutes.
_TRIES_BEHIND_A_LOST_LEDGER = 10
# A chain that is back within this time is nobody's business.
_BEFORE_ALERT = timedelta(seconds=20)


class ShopFailures(ShopStart):
    """The handlers of failures and of the stop."""

    def receiveMsg_LedgerFailed(self, message: LedgerFailed, _sender: ActorAddress) -> None:
        """No store, no shop; where it was open before, it is tried again."""
        self._failed_openings += 1
        if self._opened_once or self._is_free_soon(message):
            logger.error("the store cannot be opened again: {}", message.why)
            self._store_trouble = message.why
            self._restart_later("ledger")
        else:
            self._fail(message.why)

    def _is_free_soon(self, message: LedgerFailed) -> bool:
        """Whether it may be a ledger of this very shop that still has the store open."""
        tries_left = _TRIES_BEHIND_A_LOST_LEDGER - self._failed_openings
        return message.in_use and self._lost_ledgers > 0 and tries_left > 0

    def receiveMsg_StoreFailing(self, message: StoreFailing, sender: ActorAddress) -> None:
        """Nothing can be written: nothing new is taken on, and what was begun waits."""
        if sender != self._staff.ledger:
            return
        self._store_trouble = trouble_text(message.trouble)
        if self.state == "open":
            self.state = NO_STORE
        self._turn_wishes_away()

    def receiveMsg_StoreMended(self, _message: StoreMended, sender: ActorAddress) -> None:
        """All that waited is being written; admins are told only now, for that is written too."""
        if sender != self._staff.ledger:
            return
        if self.state == NO_STORE:
            self.state = "open"
        self._store_works()

    def receiveMsg_ChainHealth(self, message: ChainHealth, _sender: ActorAddress) -> None:
        """A coin whose chain cannot be looked at takes no orders."""
        coin = self._staff.coins.get(message.coin)
        if coin is None:
            return
        coin.why_not = message.why
        coin.was_looked_at = coin.was_looked_at or message.why != FIRST_PLACE_NOT_ON_DISK
        if message.why:
            logger.info("{} takes no orders: {}", message.coin, message.why)
            self.arm_after(f"alert {message.coin}", _BEFORE_ALERT)
        else:
            logger.info("{} takes orders", message.coin)
            self.disarm(f"alert {message.coin}")

    def receiveMsg_BackendsDisagree(self, message: BackendsDisagree, _sender: ActorAddress) -> None:
        """Payments wait until the backends of a coin agree, or until a person has decided."""
        for doubt in message.doubts:
            self._alert(f"{message.coin}: {doubt}")

    def receiveMsg_TokensArrived(self, message: TokensArrived, _sender: ActorAddress) -> None:
        """Somebody has sent what the shop does not take; once an order and contract."""
        text = (
            f"tokens came to the {message.coin} address of order #{message.order_id}, which they do"
            f" not pay: {message.amount}, contract {message.contract}, transaction"
            f" {message.transaction_id}. If they are worth anything, the key of that address moves"
            " them (`python run.py custody export`)"
        )
        logger.warning("alert: {}", text)
        noticed = Noticed(kind=NoticeKind.ADMIN_ALERT, audience=Audience.ADMINS, detail=text)
        contract = message.contract.lower()
        command_id = f"tokens:{message.coin}:{message.order_id}:{contract}"
        self._ask_ledger(command_id, noticed, by=By.CHAIN)

    def receiveMsg_AddressSupply(self, message: AddressSupply, _sender: ActorAddress) -> None:
        """A list of addresses gets short, is used up, or is long again."""
        coin = self._staff.coins.get(message.coin)
        if coin is None:
            return
        coin.no_addresses = message.why
        if message.why:
            self._alert(f"{message.coin} takes no orders: {message.why}")
        elif message.is_low:
            self._alert(
                f"{message.left} {message.coin} addresses are left in the list: make more with"
                f" `python run.py custody prepare {message.coin}` before they are used up"
            )

    def receiveMsg_ActorFailed(self, message: ActorFailed, _sender: ActorAddress) -> None:
        """Somebody could not take a message: a mistake in the program that a person should know."""
        self._alert(f"{message.kind} {message.name}: {message.message} could not be handled")

    def receiveMsg_ChildActorExited(self, message: ChildActorExited, _sender: ActorAddress) -> None:
        """Start again whoever was not told to go."""
        address = message.childAddress
        if self.state in ENDING:
            self._stop_next(address)
            return
        if address in self._let_go:
            self._let_go.forget(address)
            return
        order_id, service = self._staff.order_at(address), self._service_at(address)
        if order_id is not None:
            self._order_died(order_id)
        elif service is not None:
            self._service_died(address, service)

    def _service_died(self, address: ActorAddress, service: str) -> None:
        logger.error("{} has exited and is started again", service)
        self._gone.note(address, service)
        if service == "ledger":
            self._lost_ledgers += 1
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
        return "rates" if address == staff.rates else None

    def _restart_later(self, service: str) -> None:
        if service == "ledger":
            # Nothing can be written, so nothing is taken on.
            self.state = "starting"
            self._turn_wishes_away()
        now = self.clock.now()
        last_pause, last_exit = self._pauses.get(service, (_PAUSE / 2, now))
        pause = _PAUSE if now - last_exit > _CALM else min(last_pause * 2, _LONGEST_PAUSE)
        self._pauses[service] = (pause, now)
        self.arm_after(f"restart {service}", pause)

    def receiveMsg_WakeupMessage(self, message: WakeupMessage, _sender: ActorAddress) -> None:
        """A pause is over, a chain or a price is still away, or it is time for the sweep."""
        timer = self.rings(message.payload)
        if timer is None or self._start is None or self.state in ENDING:
            return
        what, _, name = timer.kind.partition(" ")
        if what == "restart":
            self._restart(self._start, name)
        elif what == "sweep":
            self._begin_upkeep(self._start)
        elif what == "rate":
            self._rate_is_overdue(name)
        elif name in self._staff.coins and self._staff.coins[name].why_not:
            self._alert(f"{name} takes no orders: {self._staff.coins[name].why_not}")

    def _restart(self, start: StartShop, service: str) -> None:
        what, _, name = service.partition(" ")
        match what:
            case "ledger":
                for child in self._everyone():
                    self.send(child, ActorExitRequest())
                self._restart_nobody()
                self._start_ledger(start)
                return
            case "coin":
                coin = self._staff.coins[name]
                for child in (coin.watcher, coin.addresses):
                    self.send(child, ActorExitRequest())
                self._start_coin(start, name)
            case "pool":
                self._start_pool(int(name))
                self._draw_desk()
            case "rates":
                self._start_rates(start)
            case "notifier":
                self._start_notifier(start, Audience(name))
                self._draw_desk()

    def _restart_nobody(self) -> None:
        """Everyone begins with the new ledger; one more of any would be one too many."""
        for kind in tuple(self._armed):
            if kind.startswith("restart "):
                self.disarm(kind)

    # --- stop -------------------------------------------------------------------------------------

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
        for child in children:
            if child not in self._gone:
                self._leaving.note(child, "leaving")
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
        elif gone in self._leaving:
            self._leaving.forget(gone)
            self._stop_ledger_if_last()

    def _stop_ledger_if_last(self) -> None:
        ledger = self._staff.ledger
        if self._leaving or ledger is None:
            return
        if ledger in self._gone:
            self._stopped()
        else:
            self.send(ledger, ActorExitRequest())
