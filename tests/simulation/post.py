"""The way from people to the shop: a network that delays, repeats and reorders, and answers."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from thespian.actors import ActorSystemFailure, PoisonMessage

from actors.messages import ShopUnavailable

if TYPE_CHECKING:
    from tests.simulation.world import World

_ANSWER_SECONDS = 120.0
_HELD_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question that waits for its answer."""

    what: str
    order_id: int | None
    at_seconds: float
    disturbances: int


class Post:
    """Questions to the shop, those that wait for their answer, and why an answer may be lost."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._faults = world.faults
        self._loop = world.loop
        self.disturbances = 0
        self._disturbed_orders: Counter[int] = Counter()
        self._asked: dict[int, Asked] = {}
        self._questions = 0
        self._held: list[asyncio.Event] = []

    def disturbed(self) -> None:
        """Something happened for which any answer may be lost."""
        self.disturbances += 1

    def order_disturbed(self, order_id: int) -> None:
        """Something happened for which answers about an order, or a new one, may be lost."""
        self._disturbed_orders[order_id] += 1

    def _disturbances_of(self, order_id: int | None) -> int:
        if order_id is None:
            return self.disturbances + self._disturbed_orders.total()
        return self.disturbances + self._disturbed_orders[order_id]

    def unanswered(self) -> Iterator[str]:
        """Questions whose answer cannot come any more, at a moment when nothing is under way."""
        for asked in self._asked.values():
            undisturbed = self._disturbances_of(asked.order_id) == asked.disturbances
            if undisturbed and asked.at_seconds < self._loop.time():
                yield f"{asked.what} of order {asked.order_id} gets no answer"

    async def ask(self, message: object, *, order_id: int | None = None) -> object:
        """The shop's answer, through a network that delays, repeats and reorders; None for none."""
        if self._world.observer.is_live(order_id):
            await self._travel(message)
        self._let_go()
        base, shop = self._world.base, self._world.shop
        if base is None or shop is None:
            return None
        self._questions += 1
        number = self._questions
        self._asked[number] = Asked(
            what=type(message).__name__,
            order_id=order_id,
            at_seconds=self._loop.time(),
            disturbances=self._disturbances_of(order_id),
        )
        try:
            answer = await base.ask_async(shop, message, _ANSWER_SECONDS)
        except (ActorSystemFailure, TimeoutError):
            return None
        finally:
            del self._asked[number]
        if isinstance(answer, PoisonMessage):
            self._world.found(f"the shop failed at {type(message).__name__}")
            return None
        return None if isinstance(answer, ShopUnavailable) else answer

    async def _travel(self, message: object) -> None:
        faults = self._faults
        if faults.strikes("message_delayed"):
            await asyncio.sleep(faults.chance("message_delayed").uniform(2.0, 60.0))
        if faults.strikes("message_repeated"):
            seconds = faults.chance("message_repeated").uniform(0.0, 30.0)
            self._loop.call_later(seconds, self._tell, message)
        if faults.strikes("message_reordered"):
            overtaken = asyncio.Event()
            self._held.append(overtaken)
            with suppress(TimeoutError):
                await asyncio.wait_for(overtaken.wait(), _HELD_SECONDS)

    def tell_later(self, seconds: float, message: object) -> None:
        """Send something after a while, and wait for no answer."""
        self._loop.call_later(seconds, self._tell, message)

    def _tell(self, message: object) -> None:
        base, shop = self._world.base, self._world.shop
        if base is not None and shop is not None:
            base.tell_async(shop, message)

    def _let_go(self) -> None:
        """Whatever was held back until another message has gone."""
        held, self._held = self._held, []
        for overtaken in held:
            self._loop.call_later(0.001, overtaken.set)
