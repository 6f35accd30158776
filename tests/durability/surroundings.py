"""What is around a shop that is going to be killed, and what of it outlives the shop.

The chain is a file of payments that only grows, one block a line, so that the next shop finds the
chain as the last one left it. Telegram takes everything at once, and tells the parent of it: by
then the shop has acknowledged to somebody outside what the notice says.
"""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from actors.environment import Sent
from payments.chain import Found, Look, Place
from payments.marks import FileMark
from store.contract import Notice

COIN = "LTC"
NETWORK = "regtest"
STORE = "shop.db"
CHAIN = "chain.txt"
FIRST_HEIGHT = 100
STDOUT = 1


def say(*words: object) -> None:
    """Give the parent one line, in one piece: a pipe takes so few bytes whole or not at all."""
    os.write(STDOUT, f"{' '.join(map(str, words))}\n".encode())


class ChainFile:
    """A chain in a file: each line is a block with one payment, or none where it is empty."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o600)
        content = os.pread(self._file, os.fstat(self._file).st_size, 0).decode()
        self._blocks = [_read(index, line) for index, line in enumerate(content.splitlines())]

    def pay(self, address: str, amount_base_units: int) -> None:
        """A block with one payment."""
        self._append(f"{address} {amount_base_units} {datetime.now(UTC).isoformat()}")

    def mine(self) -> None:
        """A block with nothing for us."""
        self._append("")

    async def look(
        self, place: Place | None, addresses: Mapping[str, object], *, began_at: datetime
    ) -> Look:
        """All blocks after the place at once; there is no mempool."""
        tip = FIRST_HEIGHT + len(self._blocks)
        start = tip if place is None else place.height
        new = self._blocks[start - FIRST_HEIGHT : tip - FIRST_HEIGHT]
        return Look(
            began_at=began_at,
            place=Place(height=tip, block_hash=_hash(tip)),
            fork_height=None,
            in_blocks=tuple(each for each in new if each is not None and each.address in addresses),
            in_mempool=(),
        )

    async def changed(self) -> None:
        """Never."""
        await asyncio.Event().wait()

    async def close(self) -> None:
        """The file is closed when the process is killed."""

    def _append(self, line: str) -> None:
        os.write(self._file, f"{line}\n".encode())
        self._blocks.append(_read(len(self._blocks), line))


def payments_in(path: Path) -> list[Found]:
    """Every payment of a chain in a file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    blocks = [_read(index, line) for index, line in enumerate(lines)]
    return [each for each in blocks if each is not None]


def _read(index: int, line: str) -> Found | None:
    if not line:
        return None
    address, amount, time = line.split()
    height = FIRST_HEIGHT + index + 1
    return Found(
        address=address,
        transaction_id=f"transaction-{index}",
        output_index=0,
        amount_base_units=int(amount),
        block_height=height,
        block_hash=_hash(height),
        chain_time=datetime.fromisoformat(time),
    )


def _hash(height: int) -> str:
    return f"hash-{height}"


@dataclass(frozen=True, slots=True)
class OneChain:
    """Hands out the one chain of the process (`payments.chain.ChainConnector`)."""

    chain: ChainFile

    @property
    def name(self) -> str:
        """For people."""
        return "the chain in a file"

    @property
    def pushes(self) -> bool:
        """It has to be looked at."""
        return False

    def connect(self) -> ChainFile:
        """The chain."""
        return self.chain


@dataclass(frozen=True, slots=True)
class CheapAddresses:
    """Addresses that cost nothing to make, with a real mark on disk."""

    folder: Path

    def open(self) -> "CheapAddresses":
        """Itself."""
        return self

    def derive(self, index: int) -> str:
        """A text that is found again wherever it is written."""
        return f"address-{index:08}"

    def open_mark(self) -> FileMark:
        """The mark that the real addresses have."""
        return FileMark(self.folder / "marks", COIN, NETWORK)


class TellingTelegram:
    """Takes every notice, and tells the parent of those about orders."""

    async def send(self, notice: Notice) -> Sent:
        """Take it: the chat has read it now."""
        if notice.order_id is not None:
            say("told", notice.order_id, notice.kind)
        return Sent()

    async def close(self) -> None:
        """Nothing to close."""


@dataclass(frozen=True, slots=True)
class TelegramRecipe:
    """The way to it."""

    def open(self) -> TellingTelegram:
        """A sender."""
        return TellingTelegram()
