"""One actor among recipients that only keep what they receive: for messages that come oddly."""

import asyncio
from collections.abc import Callable, Coroutine
from decimal import Decimal

from thespian.actors import Actor, ActorAddress

from actors.messages import (
    AddressTaken,
    OpenOrder,
    OrderDesk,
    StockReserved,
)
from domain.order import OrderLine, Unit
from tests.actors.outside_world import LoopClock
from tests.actors.world import COIN, PRICE_MINOR, RULES, wish
from thespian_asyncio import ActorSystemBase
from thespian_asyncio.testing import run_in_virtual_time

NAMES = ("shop", "ledger", "addresses", "watcher", "pool", "asker")
ORDER_ID = 7


class Recipient(Actor):
    """Keeps what it receives in the list that it is given first."""

    def receiveMessage(self, msg: object, sender: ActorAddress) -> None:
        if isinstance(msg, list):
            self.log = msg
        elif hasattr(self, "log"):
            self.log.append(msg)


class Desk:
    """An actor under test, and recipients around it by name."""

    def __init__(self, actor_class: type[Actor]) -> None:
        self.base = ActorSystemBase(None)
        self.heard: dict[str, list[object]] = {name: [] for name in NAMES}
        self.who = {name: self._recipient(name) for name in NAMES}
        self.actor = self.base.newPrimaryActor(actor_class)
        self.relayed = 0  # as the root would count them

    def _recipient(self, name: str) -> ActorAddress:
        address = self.base.newPrimaryActor(Recipient)
        self.base.tell_async(address, self.heard[name])
        return address

    async def tell(self, *messages: object) -> None:
        """Tell the actor under test, and let everything be done that follows at once."""
        for message in messages:
            self.base.tell_async(self.actor, message)
        await asyncio.sleep(0.01)

    def taken(self, name: str) -> list[object]:
        """What a recipient has heard since the last time, which it then forgets."""
        heard, self.heard[name][:] = list(self.heard[name]), []
        return heard

    def order_desk(self) -> OrderDesk:
        """The recipients as an order knows them."""
        return OrderDesk(
            shop=self.who["shop"],
            ledger=self.who["ledger"],
            addresses={COIN: self.who["addresses"]},
            watchers={COIN: self.who["watcher"]},
            pools={1: self.who["pool"]},
            clock=LoopClock(),
            rules=RULES,
        )

    def opening(self) -> OpenOrder:
        """The first message of an order."""
        return OpenOrder(
            order_id=ORDER_ID,
            wish=wish(),
            rate=Decimal(80),
            desk=self.order_desk(),
            reply_tos=(self.who["asker"],),
        )


RESERVED = StockReserved(
    order_id=ORDER_ID,
    line=OrderLine(subcategory_id=1, units=(Unit(unit_id=5, price_minor=PRICE_MINOR),)),
)
ADDRESS = AddressTaken(order_id=ORDER_ID, address="address 0", index=0)


def play_at_desk(
    actor_class: type[Actor], scene: Callable[[Desk], Coroutine[object, object, None]]
) -> None:
    """Play a scene with one actor, in virtual time; no handler may raise."""

    async def run() -> None:
        desk = Desk(actor_class)
        await scene(desk)
        assert [each.kind for each in desk.base.inspect().actors if each.failures] == []
        assert await desk.base.shutdown_async()

    run_in_virtual_time(run())
