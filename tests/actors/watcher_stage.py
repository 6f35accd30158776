"""A watcher on a stage: a chain that follows a script, a shop and a ledger that only listen."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from thespian.actors import Actor, ActorAddress

from actors.chain_watcher import ChainWatcherActor
from actors.environment import Environment, NoticeSender
from actors.messages import (
    ChainHealth,
    LookAtAddress,
    NothingSeen,
    PaymentSeen,
    PaymentSeenTaken,
    StartWatcher,
    Watched,
)
from payments.chain import (
    ChainClient,
    ChainConnector,
    Found,
    Look,
    Place,
)
from store.contract import Record
from thespian_asyncio import ActorSystemBase, Executor
from thespian_asyncio.testing import LoopExecutor, run_in_virtual_time

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
POLL_SECONDS = 10.0


class LoopClock:
    """The time of day, moving with the loop."""

    def __init__(self) -> None:
        self.set_by = timedelta()

    def now(self) -> datetime:
        return START + timedelta(seconds=asyncio.get_running_loop().time()) + self.set_by


@dataclass
class ScriptedChain:
    """A chain and its client: what it shows is set by the test."""

    height: int = 100
    mempool: list[Found] = field(default_factory=list)
    blocks: list[Found] = field(default_factory=list)
    error: Exception | None = None
    complete: bool = True
    takes_seconds: float = 0.0
    began: list[float] = field(default_factory=list)
    places: list[Place | None] = field(default_factory=list)
    under_way: int = 0
    pushes: bool = False
    name: str = "the script"
    doubts: tuple[str, ...] = ()
    news: asyncio.Queue[Exception | None] = field(default_factory=asyncio.Queue)
    listened: int = 0

    def connect(self) -> ChainClient:
        return self

    async def look(
        self, place: Place | None, addresses: Mapping[str, object], *, began_at: datetime
    ) -> Look:
        self.began.append(seconds_of(began_at))
        self.places.append(place)
        self.under_way += 1
        assert self.under_way == 1, "two looks at once"
        await asyncio.sleep(self.takes_seconds)
        self.under_way -= 1
        if self.error is not None:
            raise self.error
        start = self.height if place is None else place.height
        return Look(
            began_at=began_at,
            place=block(self.height),
            fork_height=None,
            in_blocks=tuple(
                each
                for each in self.blocks
                if each.address in addresses and start < (each.block_height or 0) <= self.height
            ),
            in_mempool=tuple(each for each in self.mempool if each.address in addresses),
            complete=self.complete,
        )

    async def changed(self) -> None:
        self.listened += 1
        error = await self.news.get()
        if error is not None:
            raise error

    async def close(self) -> None:
        pass


class NoNotices:
    def open(self) -> NoticeSender:
        raise NotImplementedError("no notice is sent here")


@dataclass(frozen=True)
class Forward:
    """To a recipient: send this in your name."""

    to: ActorAddress
    message: object


class Recipient(Actor):
    """Keeps what it receives in the list that it is given first."""

    def receiveMessage(self, msg: object, sender: ActorAddress) -> None:
        if isinstance(msg, list):
            self.log = msg
        elif isinstance(msg, Forward):
            self.send(msg.to, msg.message)
        elif hasattr(self, "log"):
            self.log.append(msg)


class Stage:
    """A watcher with its shop, its ledger and its chain."""

    def __init__(self) -> None:
        self.base = ActorSystemBase(None)
        self.chain = ScriptedChain()
        self.clock = LoopClock()
        self.to_shop: list[object] = []
        self.to_ledger: list[Record] = []
        self.to_order: list[NothingSeen] = []
        self.shop = self._recipient(self.to_shop)
        self.order = self._recipient(self.to_order)
        self.ledger = self._recipient(self.to_ledger)
        self.watcher = self.base.newPrimaryActor(ChainWatcherActor)

    def _recipient(self, log: list[object] | list[Record] | list[NothingSeen]) -> ActorAddress:
        address = self.base.newPrimaryActor(Recipient)
        self.base.tell_async(address, log)
        return address

    def start(
        self,
        place: Place | None,
        *watched: Watched,
        chain: ChainConnector | None = None,
        executor: Callable[[str], Executor] = lambda _name: LoopExecutor(),
        poll_seconds: float = POLL_SECONDS,
        asked_seconds: float | None = None,
    ) -> None:
        environment = Environment(
            clock=self.clock,
            new_executor=executor,
            chains={"LTC": chain or self.chain},
            chain_poll_interval_seconds={"LTC": poll_seconds},
            asked_look_interval_seconds={} if asked_seconds is None else {"LTC": asked_seconds},
            address_sources={},
            notices=NoNotices(),
        )
        self.tell(
            StartWatcher(
                coin="LTC",
                shop=self.shop,
                ledger=self.ledger,
                place_height=None if place is None else place.height,
                place_hash=None if place is None else place.block_hash,
                watched=watched,
                environment=environment,
            )
        )

    def tell(self, message: object) -> None:
        self.base.tell_async(self.watcher, message)

    def ask_for_look(self, not_before_seconds: float = 0) -> None:
        """An order asks for a look at its address "A"; what it hears is in `to_order`."""
        not_before = START + timedelta(seconds=not_before_seconds)
        question = LookAtAddress(order_id=7, address="A", not_before=not_before)
        self.base.tell_async(self.order, Forward(self.watcher, question))

    def take(self, seen: PaymentSeen) -> None:
        self.tell(
            PaymentSeenTaken(order_id=seen.order_id, address=seen.address, began_at=seen.began_at)
        )

    async def until(self, seconds: float) -> None:
        """Let the time pass, and a moment more so that all of that second has been done."""
        await asyncio.sleep(seconds + 0.5 - asyncio.get_running_loop().time())

    @property
    def seen(self) -> list[PaymentSeen]:
        return [each for each in self.to_shop if isinstance(each, PaymentSeen)]

    @property
    def health(self) -> list[str]:
        return [each.why for each in self.to_shop if isinstance(each, ChainHealth)]

    def state(self) -> object:
        inspected = self.base.inspect(kind="chain_watcher").actors
        assert len(inspected) == 1
        return inspected[0].details["state"]


Scene = Callable[[Stage], Coroutine[object, object, None]]


def play(scene: Scene) -> None:
    async def run() -> None:
        stage = Stage()
        await scene(stage)
        assert await stage.base.shutdown_async()

    run_in_virtual_time(run())


def seconds_of(moment: datetime) -> float:
    return (moment - START).total_seconds()


def block(height: int) -> Place:
    return Place(height=height, block_hash=f"hash of {height}")


def watched(address: str = "A", order_id: int = 7) -> Watched:
    return Watched(order_id=order_id, address=address, confirmations_required=2, watch_until=None)


def paid(address: str = "A", height: int | None = None) -> Found:
    return Found(
        address=address,
        transaction_id="t",
        output_index=0,
        amount_base_units=5,
        block_height=height,
        block_hash=None if height is None else block(height).block_hash,
        chain_time=START,
    )
