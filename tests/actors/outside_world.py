"""What is around the shop's actors in these tests: a chain, addresses, Telegram, executors.

All of it follows a script and lives in virtual time. The recipes that actors are given travel in
pickled messages, so they hold only the number of their surroundings, which are kept here.
"""

import asyncio
import itertools
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from actors.environment import CannotDeliver, RetryLater, Sent
from actors.ledger import close_writers
from domain.order import NoticeKind
from payments.chain import ChainUnavailableError, Found, Look, Place
from store.contract import Notice
from store.writer import StoreWriter
from thespian_asyncio import Executor
from thespian_asyncio.outside import Done, Job
from thespian_asyncio.testing import LoopExecutor

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TELEGRAM_SECONDS = 0.05
LEDGER_SECONDS = 0.004

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class LoopClock:
    """The time of day, moving with the loop that runs."""

    def now(self) -> datetime:
        return START + timedelta(seconds=asyncio.get_running_loop().time())


@dataclass
class SmallChain:
    """A chain of blocks and a mempool. Paying and mining are immediate."""

    tip: int = 100
    found: list[Found] = field(default_factory=list)
    error: str = ""
    looks: int = 0

    def pay(self, address: str, amount_base_units: int, *, at: datetime | None = None) -> str:
        """Put a payment into the mempool; the name of its transaction."""
        name = f"transaction {len(self.found)}"
        paid = Found(
            address=address,
            transaction_id=name,
            output_index=0,
            amount_base_units=amount_base_units,
            block_height=None,
            block_hash=None,
            chain_time=at or LoopClock().now(),
        )
        self.found.append(paid)
        return name

    def mine(self, blocks: int = 1, *, at: datetime | None = None) -> None:
        """Blocks on top; the first takes the mempool, with `at` as its time."""
        height, mined_at = self.tip + 1, at or LoopClock().now()
        self.found = [
            each
            if each.block_height is not None
            else replace(
                each, block_height=height, block_hash=_block_hash(height), chain_time=mined_at
            )
            for each in self.found
        ]
        self.tip += blocks

    def drop_mempool(self) -> None:
        """What was in no block is gone."""
        self.found = [each for each in self.found if each.block_height is not None]

    async def look(
        self, place: Place | None, addresses: Mapping[str, object], *, began_at: datetime
    ) -> Look:
        self.looks += 1
        if self.error:
            raise ChainUnavailableError(self.error)
        start = self.tip if place is None else place.height
        ours = [each for each in self.found if each.address in addresses]
        return Look(
            began_at=began_at,
            place=Place(height=self.tip, block_hash=_block_hash(self.tip)),
            fork_height=None,
            in_blocks=tuple(each for each in ours if (each.block_height or 0) > start),
            in_mempool=tuple(each for each in ours if each.block_height is None),
        )

    async def changed(self) -> None:
        await asyncio.Event().wait()

    async def close(self) -> None:
        pass


def _block_hash(height: int) -> str:
    return f"hash of {height}"


@dataclass
class CountedAddresses:
    """Addresses "address 0", "address 1" and so on, and a mark that outlives the shop."""

    mark: int | None = None
    is_broken: bool = False
    name: str = "LTC/regtest"

    def derive(self, index: int) -> str:
        if self.is_broken:
            raise ValueError("no address can be derived")
        return f"address {index}"

    def read(self) -> int | None:
        return self.mark

    def write(self, next_index: int) -> None:
        self.mark = next_index

    def close(self) -> None:
        pass


@dataclass
class Telegram:
    """Takes notices, unless it was told to answer otherwise to a chat."""

    taken: list[tuple[float, Notice]] = field(default_factory=list)
    tried: list[tuple[float, Notice]] = field(default_factory=list)
    answers: dict[int, deque[RetryLater | Exception]] = field(default_factory=dict)
    blocked: set[int] = field(default_factory=set)

    async def send(self, notice: Notice) -> Sent | RetryLater | CannotDeliver:
        self.tried.append((asyncio.get_running_loop().time(), notice))
        await asyncio.sleep(TELEGRAM_SECONDS)
        if notice.chat_id in self.blocked:
            return CannotDeliver(why="the bot was blocked")
        answers = self.answers.get(notice.chat_id)
        if answers:
            answer = answers.popleft()
            if isinstance(answer, Exception):
                raise answer
            return answer
        self.taken.append((asyncio.get_running_loop().time(), notice))
        return Sent()

    async def close(self) -> None:
        pass

    def kinds(self, chat_id: int) -> list[NoticeKind]:
        """What a chat was told, in order."""
        return [notice.kind for _, notice in self.taken if notice.chat_id == chat_id]


@dataclass
class Surroundings:
    """Everything outside, in one place, with the executors of the system that runs."""

    chain: SmallChain = field(default_factory=SmallChain)
    addresses: CountedAddresses = field(default_factory=CountedAddresses)
    telegram: Telegram = field(default_factory=Telegram)
    number: int = field(default_factory=lambda: next(_numbers))
    before_batch: Callable[[], None] = lambda: None
    after_batch: Callable[[], None] = lambda: None
    writer: StoreWriter | None = None
    """That of the ledger which opened the store last."""
    executors: "list[MortalExecutor]" = field(default_factory=list)

    def end_executors(self) -> None:
        """What a crash does to threads: nothing that was submitted runs any more."""
        for executor in self.executors:
            executor.die()
        self.executors.clear()


surroundings: dict[int, Surroundings] = {}


class MortalExecutor:
    """A LoopExecutor that a crash ends, and whose ledger can be made to fail or to crash."""

    def __init__(self, around: Surroundings, name: str) -> None:
        self._around = around
        self._is_ledger = name == "ledger"
        self._is_dead = False
        seconds = LEDGER_SECONDS if self._is_ledger else 0.0
        self._executor = LoopExecutor(lambda: seconds)
        self._writers: list[StoreWriter] = []
        around.executors.append(self)

    def submit(self, job: Job, done: Done) -> None:
        self._executor.submit(partial(self._run, job), partial(self._done, done))

    def close(self) -> None:
        self._executor.close()

    def die(self) -> None:
        self._is_dead = True
        self._executor.close()
        for writer in self._writers:
            writer.close()

    def _run(self, job: Job) -> object:
        if self._is_dead:
            return None
        is_closing = isinstance(job, partial) and job.func is close_writers
        if self._is_ledger and self._writers and not is_closing:
            return self._run_batch(job)
        value = job()
        match value:
            case (StoreWriter() as writer, _):
                self._writers.append(writer)
                self._around.writer = writer
        return value

    def _run_batch(self, job: Job) -> object:
        self._around.before_batch()
        if self._is_dead:
            return None
        value = job()
        self._around.after_batch()
        return value

    def _done(self, done: Done, value: object, error: BaseException | None) -> None:
        if not self._is_dead:
            done(value, error)


@dataclass(frozen=True, slots=True)
class Recipes:
    """The picklable recipes of all that is outside, by the number of the surroundings."""

    number: int

    @property
    def _around(self) -> Surroundings:
        return surroundings[self.number]

    def __call__(self, name: str) -> Executor:
        return MortalExecutor(self._around, name)

    name = "the chain"
    pushes = False

    def connect(self) -> SmallChain:
        return self._around.chain


@dataclass(frozen=True, slots=True)
class AddressRecipe:
    """Where addresses come from."""

    number: int

    def open(self) -> CountedAddresses:
        return surroundings[self.number].addresses

    def open_mark(self) -> CountedAddresses:
        return surroundings[self.number].addresses


@dataclass(frozen=True, slots=True)
class TelegramRecipe:
    """The way to Telegram."""

    number: int

    def open(self) -> Telegram:
        return surroundings[self.number].telegram
