"""What is around the shop while it takes orders: addresses derived ahead, a still chain, Telegram.

Each stands for something that is not measured: addresses are looked up where the shop would derive
them, the chain never moves, and Telegram takes about thirty notices a second, its own limit for a
bot (https://core.telegram.org/bots/faq), so that nearly all notices wait in their queues.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from actors.environment import Sent
from payments.addresses import Bip84Addresses
from payments.chain import Look, Place
from payments.custody import CustodyError, new_mnemonic
from payments.marks import FileMark, HighWaterMark, marks_file
from store.contract import BatchDone, Notice, Recorded
from thespian_asyncio import Executor, ThreadExecutor
from thespian_asyncio.outside import Done, Job

COIN = "LTC"
NETWORK = "regtest"

_TELEGRAM_SECONDS = 0.5
_TIP = Place(height=100, block_hash="the only block")


def derive_ahead(count: int) -> tuple[tuple[str, ...], float]:
    """Derive so many addresses of a new mnemonic, in one thread; with the seconds that it took."""
    source = Bip84Addresses(COIN, NETWORK, new_mnemonic())
    started_at = time.perf_counter()
    addresses = tuple(source.derive(index) for index in range(count))
    return addresses, time.perf_counter() - started_at


@dataclass(frozen=True, slots=True)
class AddressesAhead:
    """Addresses that were derived before, with a real mark beside a mnemonic that is not there."""

    addresses: tuple[str, ...]
    folder: Path

    def open(self) -> "AddressesAhead":
        """Itself: there is no secret to read."""
        return self

    def open_mark(self) -> HighWaterMark:
        """The mark, in a file."""
        return FileMark(marks_file(self.folder / "mnemonic"), COIN, NETWORK)

    def derive(self, index: int) -> str:
        """Look one up.

        Raises:
            CustodyError: there are not so many.
        """
        if index >= len(self.addresses):
            raise CustodyError(f"only {len(self.addresses)} addresses were derived ahead")
        return self.addresses[index]


class StillChain:
    """A chain of one block, in which nobody pays; connector and client in one."""

    name = "the chain"
    pushes = False

    def connect(self) -> "StillChain":
        """Itself: it has no state."""
        return self

    async def look(
        self, _place: Place | None, _addresses: Mapping[str, object], *, began_at: datetime
    ) -> Look:
        """Nothing new."""
        return Look(began_at=began_at, place=_TIP, fork_height=None, in_blocks=(), in_mempool=())

    async def changed(self) -> None:
        """Never."""
        await asyncio.Event().wait()

    async def close(self) -> None:
        """Let go of nothing."""


class SlowTelegram:
    """Takes every notice, at its own pace; opener and sender in one."""

    def open(self) -> "SlowTelegram":
        """Itself: it has no state."""
        return self

    async def send(self, _notice: Notice) -> Sent:
        """Take a notice."""
        await asyncio.sleep(_TELEGRAM_SECONDS)
        return Sent()

    async def close(self) -> None:
        """Let go of nothing."""


@dataclass(slots=True)
class LedgerFigures:
    """What the ledger's thread did: new orders of each commit, and the processor's time."""

    orders_a_commit: list[int] = field(default_factory=list)
    cpu_seconds: float = 0.0

    def clear(self) -> None:
        """Begin anew."""
        self.orders_a_commit.clear()
        self.cpu_seconds = 0.0


@dataclass(frozen=True, slots=True)
class CountingExecutors:
    """Threads as in production; that of the ledger is counted."""

    figures: LedgerFigures

    def __call__(self, name: str) -> Executor:
        """The executor of an actor."""
        executor = ThreadExecutor(name)
        return _Counted(executor, self.figures) if name == "ledger" else executor


class _Counted:
    def __init__(self, executor: ThreadExecutor, figures: LedgerFigures) -> None:
        self._executor = executor
        self._figures = figures

    def submit(self, job: Job, done: Done) -> None:
        def counted() -> object:
            started_at = time.thread_time()
            value = job()
            self._figures.cpu_seconds += time.thread_time() - started_at
            if isinstance(value, BatchDone):
                self._figures.orders_a_commit.append(_new_orders(value))
            return value

        self._executor.submit(counted, done)

    def close(self) -> None:
        self._executor.close()


def _new_orders(done: BatchDone) -> int:
    return sum(isinstance(each, Recorded) and each.order_id is not None for each in done.answers)
