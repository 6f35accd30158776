"""What the shop's actors are given in place of threads and of the secrets of addresses."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from random import Random

from payments.marks import FileMark
from store.writer import StoreWriter
from tests.simulation.chain import SimulatedChain, SimulatedClient
from tests.simulation.faults import Faults
from tests.simulation.jobs import SimulatedExecutor
from thespian_asyncio.outside import Done, Job


class LedgerExecutor(SimulatedExecutor):
    """The ledger's, which tells when the store is open."""

    def __init__(
        self, chance: Random, longest_seconds: float, on_opened: Callable[[StoreWriter], None]
    ) -> None:
        super().__init__(chance, 0.001, longest_seconds)
        self._on_opened = on_opened

    def submit(self, job: Job, done: Done) -> None:
        """Run a job of the ledger."""

        def run() -> object:
            value = job()
            match value:
                case (StoreWriter() as writer, _):
                    self._on_opened(writer)
            return value

        super().submit(run, done)


class Addresses:
    """The addresses of one coin and their mark, which is a real file beside no mnemonic."""

    def __init__(self, coin: str, folder: Path) -> None:
        self._coin, self._folder = coin, folder
        self._marks: list[FileMark] = []

    def open(self) -> "Addresses":
        """The addresses."""
        return self

    def derive(self, index: int) -> str:
        """The address of an index."""
        return f"{self._coin.lower()}1q{index:07d}"

    def open_mark(self) -> FileMark:
        """The mark."""
        self._folder.mkdir(parents=True, exist_ok=True)
        mark = FileMark(self._folder / "secret.marks", self._coin, "simulated")
        self._marks.append(mark)
        return mark

    def crash(self) -> None:
        """Let go of what the process held."""
        for mark in self._marks:
            mark.close()
        self._marks.clear()


def client_of(
    chain: SimulatedChain,
    chance: Random,
    now: Callable[[], datetime],
    faults: Faults,
    is_live: Callable[[], bool],
) -> SimulatedClient:
    """A client that is slow, or does not come all the way, when a fault is due.

    `is_live`: whether an order in the coin is live, which alone it would hit.
    """

    def delay_seconds() -> float:
        if is_live() and faults.strikes("look_delayed"):
            client.disturbed_at = now()
            return chance.uniform(20.0, 100.0)
        return chance.uniform(0.02, 1.0)

    def most_blocks(there_are: int) -> int:
        if there_are > 1 and is_live() and faults.strikes("look_incomplete"):
            client.disturbed_at = now()
            return chance.randint(1, there_are - 1)
        return there_are

    client = SimulatedClient(
        chain=chain,
        chance=chance,
        now=now,
        delay_seconds=delay_seconds,
        most_blocks=most_blocks,
    )
    return client
