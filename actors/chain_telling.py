"""What a chain watcher (`actors.chain_watcher`) tells: payments, how it does, doubts, tokens."""

from collections.abc import Iterable
from datetime import datetime

from loguru import logger
from thespian.actors import ActorAddress

from actors.base import ShopActor
from actors.messages import (
    BackendsDisagree,
    ChainHealth,
    LookAtAddress,
    NothingSeen,
    PaymentSeen,
    PaymentSeenTaken,
    StartWatcher,
)
from actors.token_news import TokenNews
from payments.chain import AddressLook, Look
from payments.delays import NoticeDelays
from payments.watching import Report, start_state, taken


class ChainTellingActor(ShopActor):
    """Everything is told to the shop, but for `NothingSeen`, which whoever asked is told."""

    def __init__(self) -> None:
        super().__init__()
        self._start: StartWatcher | None = None
        self._watch = start_state(None)
        self._asked: dict[LookAtAddress, ActorAddress] = {}
        self._there_since: datetime | None = None
        self._delays = NoticeDelays()
        self._tokens = TokenNews()
        self._health: str | None = None
        self._doubts: frozenset[str] = frozenset()

    def _report(self, reports: Iterable[Report], look: Look | AddressLook) -> None:
        if self._start is None:
            return
        for report in reports:
            self._delays.reported(report, look.began_at, self._there_since)
            seen = PaymentSeen(
                order_id=report.order_id,
                coin=self.name,
                address=report.address,
                began_at=look.began_at,
                sightings=report.sightings,
            )
            self.send(self._start.shop, seen)

    def receiveMsg_PaymentSeenTaken(self, message: PaymentSeenTaken, _sender: ActorAddress) -> None:
        """A report is on disk."""
        taken(self._watch, message.address, message.began_at)
        self._delays.taken(message.address, self.clock.now())

    def _tell_asker(self, question: LookAtAddress, look: Look | AddressLook) -> None:
        nothing = NothingSeen(
            order_id=question.order_id, address=question.address, began_at=look.began_at
        )
        self.send(self._asked[question], nothing)

    def _tell_health(self, why: str) -> None:
        if self._start is None or why == self._health:
            return
        self._health = why
        logger.info("{} {}: {}", self.kind, self.name, why or "the chain can be looked at")
        self.send(self._start.shop, ChainHealth(coin=self.name, why=why))

    def _tell_doubts(self, doubts: tuple[str, ...]) -> None:
        new = tuple(each for each in doubts if each not in self._doubts)
        for settled in self._doubts.difference(doubts):
            logger.info("{} {}: no longer so: {}", self.kind, self.name, settled)
        self._doubts = frozenset(doubts)
        if new and self._start is not None:
            self.send(self._start.shop, BackendsDisagree(coin=self.name, doubts=new))

    def _tell_tokens(self, look: AddressLook) -> None:
        if self._start is not None:
            for message in self._tokens.due(self.name, look.tokens, self._watch.tracks):
                self.send(self._start.shop, message)
