"""The root's sweep over the store: what timers should have done and did not.

It mends and logs each thing it finds; a healthy shop finds nothing, except orders that are overdue
because their chain is blind. The whole is described in `actors.shop`.
"""

from datetime import timedelta

from loguru import logger
from thespian.actors import ActorAddress

from actors.messages import (
    CheckDeadline,
    CheckNotices,
    HoldsReported,
    ReportHolds,
    SettleHold,
    StartShop,
)
from actors.shop_failures import ShopFailures
from actors.shop_start import PAGE
from domain.order import Audience
from store.contract import (
    CommandsPruned,
    GetOverdueOrders,
    GetStuckNotices,
    GetUnsettledOrders,
    OverdueOrders,
    PruneCommands,
    StuckNotices,
)

# What is due is done within this time where everybody is at work.
_SLACK = timedelta(minutes=2)
_NOTICES_STUCK_AFTER = timedelta(minutes=5)
# A command is repeated by who still waits for its answer: seconds, after a long stop days.
_COMMANDS_KEPT_FOR = timedelta(days=7)


class ShopUpkeep(ShopFailures):
    """The handlers of the sweep."""

    def _begin_upkeep(self, start: StartShop) -> None:
        now = self.clock.now()
        self.arm_after("sweep", timedelta(seconds=start.maintenance_interval_seconds))
        # An order that is still to be taken up has no actor for good reason.
        if self.state != "open" or self._taking_up is not None:
            return
        overdue = GetOverdueOrders(
            expires_before=now - _SLACK,
            covered_before=now - start.rules.confirmation_timeout - _SLACK,
            limit=PAGE,
        )
        self._tell_ledger(overdue)
        self._tell_ledger(GetUnsettledOrders(after_order_id=0, limit=PAGE))
        self._tell_ledger(GetStuckNotices(before=now - _NOTICES_STUCK_AFTER, limit=PAGE))
        self._prune_commands()
        for pool in self._staff.pools.values():
            self.send(pool, ReportHolds())

    def receiveMsg_OverdueOrders(self, message: OverdueOrders, _sender: ActorAddress) -> None:
        """An order that nobody attends to is taken up, and sees for itself what is due.

        One that has an actor may wait for its chain, or have lost its timer: it looks again.
        """
        attended = 0
        for order_id in message.order_ids:
            order = self._staff.orders.get(order_id)
            if order is None:
                logger.warning("order {} is overdue without an actor and is taken up", order_id)
                self._resume(order_id, None, None)
            else:
                attended += 1
                self.send(order, CheckDeadline(order_id=order_id))
        if attended:
            logger.info("{} orders are overdue and look at their deadlines again", attended)

    def receiveMsg_HoldsReported(self, message: HoldsReported, sender: ActorAddress) -> None:
        """A hold of an order that nobody attends to is settled, and the order taken up."""
        for order_id in message.order_ids:
            if order_id not in self._staff.orders:
                logger.warning("units are held for order {}, which has no actor", order_id)
                self.send(sender, SettleHold(order_id=order_id))
                self._resume(order_id, None, None)

    def receiveMsg_StuckNotices(self, message: StuckNotices, _sender: ActorAddress) -> None:
        """Its notifier knows of most of them, and why they wait."""
        for audience in Audience:
            notifier = self._staff.notifiers.get(audience)
            theirs = tuple(each for each in message.notices if each.audience is audience)
            if notifier is not None and theirs:
                self.send(notifier, CheckNotices(notices=theirs))

    def _prune_commands(self) -> None:
        before = self.clock.now() - _COMMANDS_KEPT_FOR
        self._tell_ledger(PruneCommands(before=before, limit=PAGE))

    def receiveMsg_CommandsPruned(self, message: CommandsPruned, _sender: ActorAddress) -> None:
        """Go on while there are more."""
        if message.count == PAGE:
            self._prune_commands()
