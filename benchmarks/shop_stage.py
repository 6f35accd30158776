"""What is around the shop's actors while they are measured: chain, addresses, Telegram, clock.

The actors, the ledger, its thread and its store are the shop's own. The chain shows no payment and
is looked at whenever somebody asks, ten times a second, as where a backend pushes. Telegram takes
as many notices a second as it takes of a bot.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from actors.environment import Environment, Sent
from actors.messages import StartShop
from benchmarks.measuring import BenchmarkError
from composition.shop_in_loop import ShopInLoop
from domain.rules import CoinRules, LatePayment, OrderRules, OverPayment, PartialStock
from payments.addresses import HotAddresses
from payments.chain import Look, Place
from payments.custody import new_key, new_mnemonic, seal, write_secret
from store.contract import Notice
from thespian_asyncio import Executor, ThreadExecutor

ADMIN = 900
COIN = "LTC"
NETWORK = "regtest"
RATE = Decimal(80)
RULES = OrderRules(
    fiat_currency="USD",
    timeout=timedelta(minutes=30),
    # Warnings are due before what is measured here.
    warning=timedelta(),
    extension=timedelta(minutes=15),
    max_active=1,
    max_user_timeouts=3,
    partial_stock=PartialStock.ASK,
    late_payment=LatePayment.REFUND,
    over_payment=OverPayment.REFUND,
    expiry_grace=timedelta(minutes=60),
    confirmation_timeout=timedelta(minutes=180),
    monitor_after_expiry=timedelta(hours=168),
    under_payment_tolerance_percent=Decimal("0.5"),
    coins=(
        CoinRules(
            coin=COIN, confirmations=3, smallest_order_base_units=10_000, dust_base_units=1_000
        ),
    ),
)

_POLL_SECONDS = 10.0
_ASKED_SECONDS = 0.1
# https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this: about 30 a
# second; a notifier has 16 under way at a time.
_TELEGRAM_SECONDS = 16 / 30


@dataclass(frozen=True, slots=True)
class ShiftedClock:
    """The machine's clock, set so that another day is today."""

    ahead: timedelta

    @classmethod
    def set_to(cls, moment: datetime) -> "ShiftedClock":
        """One that shows `moment` now."""
        return cls(moment - datetime.now(UTC))

    def now(self) -> datetime:
        """Now, aware, in UTC."""
        return datetime.now(UTC) + self.ahead


class EmptyChain:
    """A chain without payments, and its client: whatever it is asked it knows at once."""

    name = "the chain"
    pushes = False

    def connect(self) -> "EmptyChain":
        """Itself."""
        return self

    async def look(
        self, _place: Place | None, _addresses: Mapping[str, object], *, began_at: datetime
    ) -> Look:
        """Nothing, up to the tip."""
        return Look(
            began_at=began_at,
            place=Place(height=1, block_hash="1"),
            fork_height=None,
            in_blocks=(),
            in_mempool=(),
        )

    async def changed(self) -> None:
        """Never."""
        await asyncio.Event().wait()

    async def close(self) -> None:
        """There is nothing to let go of."""


class NamedAddresses:
    """Addresses that are a name and a number, and a mark in memory."""

    name = "LTC/regtest"

    def __init__(self) -> None:
        self._mark: int | None = None

    def open(self) -> "NamedAddresses":
        """Itself."""
        return self

    def open_mark(self) -> "NamedAddresses":
        """Itself."""
        return self

    def derive(self, index: int) -> str:
        """An address, or what looks like one."""
        return f"rltc1q{index + 1:038}"

    def read(self) -> int:
        """The mark. It was never low."""
        return 0 if self._mark is None else self._mark

    def write(self, next_index: int) -> None:
        """Move the mark."""
        self._mark = next_index

    def close(self) -> None:
        """There is nothing to let go of."""


class Telegram:
    """Takes every notice, as fast as Telegram would."""

    def open(self) -> "Telegram":
        """Itself."""
        return self

    async def send(self, _notice: Notice) -> Sent:
        """Take it."""
        await asyncio.sleep(_TELEGRAM_SECONDS)
        return Sent()

    async def close(self) -> None:
        """There is nothing to let go of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """The files of a mnemonic, for addresses as the shop makes them itself."""

    mnemonic_file: Path
    key_file: Path

    @property
    def addresses(self) -> HotAddresses:
        """The recipe for its addresses."""
        return HotAddresses(
            coin=COIN,
            network=NETWORK,
            mnemonic_file=self.mnemonic_file,
            key_file=self.key_file,
        )


def make_vault(folder: Path, first_index: int) -> Vault:
    """A new mnemonic, of which no address below `first_index` is given out any more."""
    vault = Vault(mnemonic_file=folder / "mnemonic", key_file=folder / "key")
    key = new_key()
    write_secret(vault.key_file, key.hex())
    write_secret(vault.mnemonic_file, seal(new_mnemonic(), key))
    mark = vault.addresses.open_mark()
    mark.write(first_index)
    mark.close()
    return vault


def start_of(
    store_path: str,
    clock: ShiftedClock,
    new_executor: Callable[[str], Executor] = ThreadExecutor,
    vault: Vault | None = None,
) -> StartShop:
    """The first message of a shop on this stage; without a vault its addresses are but names."""
    return StartShop(
        store_path=store_path,
        admin_telegram_ids=(ADMIN,),
        maintenance_interval_seconds=60.0,
        rules=RULES,
        fixed_rates={COIN: RATE},
        environment=Environment(
            clock=clock,
            new_executor=new_executor,
            chains={COIN: EmptyChain()},
            chain_poll_interval_seconds={COIN: _POLL_SECONDS},
            asked_look_interval_seconds={COIN: _ASKED_SECONDS},
            address_sources={COIN: NamedAddresses() if vault is None else vault.addresses},
            notices=Telegram(),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolFigures:
    """What a pool has in its memory: units that nobody holds, and orders that hold some."""

    available: int
    holds: int


async def pools_of(actors: ShopInLoop) -> list[PoolFigures]:
    """The figures of all pools, as the operator sees them.

    Raises:
        BenchmarkError: a pool tells something else.
    """
    page = await actors.bridge.inspect(after=None, limit=10_000, kind="inventory")
    return [_figures(pool.details) for pool in page.actors]


def _figures(details: Mapping[str, object]) -> PoolFigures:
    match details:
        case {"available": int(available), "holds": int(holds)}:
            return PoolFigures(available=available, holds=holds)
        case _:
            raise BenchmarkError(f"a pool tells {details!r}")
