"""The watcher of a coin that has no backend: what its processor has reported is its chain.

Owns: the news that orders have not recorded yet.
In: `StartWatcher`, `WatchAddress`, `LookAtAddress`, `PaymentSeenTaken`, `ReportedLoaded`; wakeups.
Out: `GetReported` to the ledger; `PaymentSeen` and `ChainHealth` to the shop; `NothingSeen` to
whoever asked.
States: new, watching.

Reports are on disk before anybody hears of them, and the ledger answers in the order in which it is
asked: a look is one question to it, and shows all that was reported before. There is no place in a
chain, nothing vanishes, and the coin is never blind, so that orders end on time.
Failure: a report is told again until it was taken, and after a start each that no order has
recorded as confirmed. A question whose answer is lost is asked again by whoever waits.
"""

from datetime import timedelta

from thespian.actors import ActorAddress, WakeupMessage

from actors.base import ShopActor
from actors.messages import (
    ChainHealth,
    LookAtAddress,
    NothingSeen,
    PaymentSeen,
    PaymentSeenTaken,
    StartWatcher,
    WatchAddress,
)
from store.report_contract import GetReported, ReportedAddress, ReportedLoaded

_RESEND_AFTER = timedelta(seconds=5)


class ReportWatcherActor(ShopActor):
    """See the module's text."""

    kind = "chain_watcher"

    def __init__(self) -> None:
        super().__init__()
        self._start: StartWatcher | None = None
        self._asked: dict[LookAtAddress, ActorAddress] = {}
        self._untaken: dict[str, PaymentSeen] = {}
        """What was told last of each address, until it was taken."""

    def inspection(self) -> dict[str, object]:
        """With how much news no order has taken yet."""
        return super().inspection() | {"untaken": len(self._untaken)}

    # --- the start, and questions -----------------------------------------------------------------

    def receiveMsg_StartWatcher(self, message: StartWatcher, _sender: ActorAddress) -> None:
        """Take up what was reported and is not settled."""
        if self._start is not None:
            return
        self._start, self.name, self.state = message, message.coin, "watching"
        self.clock, self.alert_to = message.environment.clock, message.shop
        self.send(message.shop, ChainHealth(coin=message.coin, why=""))
        self._ask_ledger(message, None)

    def receiveMsg_WatchAddress(self, message: WatchAddress, _sender: ActorAddress) -> None:
        """Whatever is reported is heard of: there is nothing to look out for."""

    def receiveMsg_LookAtAddress(self, message: LookAtAddress, sender: ActorAddress) -> None:
        """See what is reported, now or when the time for it has come."""
        self._asked[message] = sender
        self._look_at_due()

    def _look_at_due(self) -> None:
        start, now = self._start, self.clock.now()
        if start is None:
            return
        due = {each.address for each in self._asked if each.not_before <= now}
        for address in due:
            self._ask_ledger(start, address)
        later = [each.not_before for each in self._asked if each.not_before > now]
        if later:
            self.arm("look", min(later))

    def _ask_ledger(self, start: StartWatcher, address: str | None) -> None:
        question = GetReported(coin=start.coin, address=address, asked_at=self.clock.now())
        self.send(start.ledger, question)

    # --- what was reported ------------------------------------------------------------------------

    def receiveMsg_ReportedLoaded(self, message: ReportedLoaded, _sender: ActorAddress) -> None:
        """Tell the shop, and whoever asked where there is nothing to tell."""
        for reported in message.reported:
            self._tell(reported, message)
        answered = [
            each
            for each in self._asked
            if each.address == message.address and each.not_before <= message.asked_at
        ]
        for question in answered:
            asker = self._asked.pop(question)
            if not message.reported:
                nothing = NothingSeen(
                    order_id=question.order_id,
                    address=question.address,
                    began_at=message.asked_at,
                )
                self.send(asker, nothing)

    def _tell(self, reported: ReportedAddress, message: ReportedLoaded) -> None:
        if self._start is None:
            return
        seen = PaymentSeen(
            order_id=reported.order_id,
            coin=message.coin,
            address=reported.address,
            began_at=message.asked_at,
            sightings=reported.sightings,
        )
        self._untaken[reported.address] = seen
        self.send(self._start.shop, seen)
        self.arm_after("resend", _RESEND_AFTER)

    def receiveMsg_PaymentSeenTaken(self, message: PaymentSeenTaken, _sender: ActorAddress) -> None:
        """It is on disk with its order; a later one may not be yet."""
        told = self._untaken.get(message.address)
        if told is not None and message.began_at >= told.began_at:
            del self._untaken[message.address]

    # --- timers -----------------------------------------------------------------------------------

    def receiveMsg_WakeupMessage(self, message: WakeupMessage, _sender: ActorAddress) -> None:
        """A question is due, or news was not taken."""
        timer = self.rings(message.payload)
        if timer is None or self._start is None:
            return
        if timer.kind == "look":
            self._look_at_due()
        elif self._untaken:
            for seen in self._untaken.values():
                self.send(self._start.shop, seen)
            self.arm_after("resend", _RESEND_AFTER)
