"""A real shop in this process that takes orders as fast as it can: the load of one measurement.

The actors are those of production on `thespian_asyncio`, with the real store on a real file. The
gateway is left out: each shopper asks the root for an order as the gateway does, and for the next
one as soon as he has his answer, under a new name, for a shopper may have one active order.
"""

import asyncio
import json
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path

from loguru import logger

from actors.environment import Environment, SystemClock
from actors.messages import (
    CartLine,
    GetShopHealth,
    OrderPlaced,
    PlaceOrder,
    ShopHealth,
    StartShop,
)
from benchmarks.measuring import BenchmarkError, percentile
from benchmarks.orders_world import (
    COIN,
    AddressesAhead,
    CountingExecutors,
    LedgerFigures,
    SlowTelegram,
    StillChain,
)
from composition.shop_in_loop import ShopInLoop
from domain.catalog import ImportEntry
from domain.events import ItemsAdded
from domain.order import By
from domain.rules import CoinRules, LatePayment, OrderRules, OverPayment, PartialStock
from store.contract import Record, WriterSettings
from store.invariants import violations
from store.writer import StoreWriter

ADMIN = 900
PRICE_MINOR = 1_250

_FIRST_SHOPPER = 1_000_000
_READY_SECONDS = 30.0
_ANSWER_SECONDS = 60.0
_RULES = OrderRules(
    fiat_currency="USD",
    timeout=timedelta(minutes=30),
    warning=timedelta(minutes=5),
    extension=timedelta(minutes=15),
    max_active=1,
    max_user_timeouts=3,
    partial_stock=PartialStock.ASK,
    late_payment=LatePayment.REVIVE,
    over_payment=OverPayment.REFUND,
    expiry_grace=timedelta(minutes=30),
    confirmation_timeout=timedelta(minutes=180),
    monitor_after_expiry=timedelta(hours=168),
    under_payment_tolerance_percent=Decimal("0.5"),
    coins=(
        CoinRules(
            coin=COIN,
            confirmations=3,
            smallest_order_base_units=10_000,
            dust_base_units=1_000,
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One measurement: so many orders of one unit each, evenly over so many pools.

    `warm_up` orders come before those that count. `folder` gets the store, and has
    `addresses.json`, enough of them.
    """

    folder: str
    pools: int
    orders: int
    warm_up: int
    shoppers: int

    @property
    def units_a_pool(self) -> int:
        """Every order finds a unit, and a pool has one left over."""
        return -(-(self.orders + self.warm_up) // self.pools) + 1


@dataclass(slots=True)
class Taken:
    """What the shoppers got: how long each waited in seconds, and the units that they hold."""

    seconds: list[float] = field(default_factory=list)
    unit_ids: list[int] = field(default_factory=list)


def run_load(load: Load) -> dict[str, object]:
    """Open a new shop and let it take the orders.

    Returns:
        `orders_per_s`, `p50_ms`, `p99_ms`, `max_ms`; `orders_a_commit` (a list); processor time of
        an order in microseconds: `cpu_us` with `loop`, `ledger` and `process` (all threads);
        `failures`, a list of sentences.

    Raises:
        BenchmarkError: an order was refused.
    """
    path = Path(load.folder) / "shop.db"
    _stock(path, load)
    figures = LedgerFigures()
    found, taken = asyncio.run(_measured(path, load, figures))
    return found | {"failures": failures_of(path, load, taken)}


def _stock(path: Path, load: Load) -> None:
    entries = tuple(
        ImportEntry(
            place=1 + pool * load.units_a_pool + number,
            category="Games",
            subcategory=f"Game {pool}",
            description="a licence key",
            price_minor=PRICE_MINOR,
            private_data=f"KEY-{pool}-{number}",
        )
        for pool in range(load.pools)
        for number in range(load.units_a_pool)
    )
    added = ItemsAdded(entries=entries, fiat_currency=_RULES.fiat_currency)
    settings = WriterSettings(admin_telegram_ids=(ADMIN,), max_active_orders=1, max_user_timeouts=3)
    now = datetime.now(UTC)
    with closing(StoreWriter(str(path), settings)) as writer:
        record = Record(command_id="import:stock", events=(added,), at=now, by=By.ADMIN)
        writer.run([record], now)


async def _measured(
    path: Path, load: Load, figures: LedgerFigures
) -> tuple[dict[str, object], Taken]:
    shop = ShopInLoop()
    await shop.start(_start(path, figures))
    await _until_ready(shop)
    numbers, taken = count(), Taken()
    await _shop(shop, load, iter([next(numbers) for _ in range(load.warm_up)]), Taken())
    figures.clear()
    begun = time.perf_counter(), time.thread_time(), time.process_time()
    await _shop(shop, load, iter([next(numbers) for _ in range(load.orders)]), taken)
    seconds, loop_seconds, process_seconds = (
        now - then
        for now, then in zip(
            (time.perf_counter(), time.thread_time(), time.process_time()), begun, strict=True
        )
    )
    found: dict[str, object] = {
        "orders_per_s": round(load.orders / seconds),
        "p50_ms": round(percentile(taken.seconds, 50) * 1e3, 2),
        "p99_ms": round(percentile(taken.seconds, 99) * 1e3, 2),
        "max_ms": round(max(taken.seconds) * 1e3, 2),
        "orders_a_commit": [each for each in figures.orders_a_commit if each],
        "cpu_us": {
            "loop": round(loop_seconds / load.orders * 1e6, 1),
            "ledger": round(figures.cpu_seconds / load.orders * 1e6, 1),
            "process": round(process_seconds / load.orders * 1e6, 1),
        },
    }
    await shop.stop()
    return found, taken


def _start(path: Path, figures: LedgerFigures) -> StartShop:
    addresses = json.loads((path.parent / "addresses.json").read_text(encoding="ascii"))
    return StartShop(
        store_path=str(path),
        admin_telegram_ids=(ADMIN,),
        maintenance_interval_seconds=60.0,
        rules=_RULES,
        fixed_rates={COIN: Decimal(80)},
        environment=Environment(
            clock=SystemClock(),
            new_executor=CountingExecutors(figures),
            chains={COIN: StillChain()},
            chain_poll_interval_seconds={COIN: 10.0},
            address_sources={COIN: AddressesAhead(tuple(addresses), path.parent)},
            notices=SlowTelegram(),
        ),
    )


async def _until_ready(shop: ShopInLoop) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        health = await shop.bridge.ask(GetShopHealth(), _ANSWER_SECONDS)
        if isinstance(health, ShopHealth) and health.ready and not any(health.coins.values()):
            return
        await asyncio.sleep(0.01)
    raise BenchmarkError(f"the shop was not ready within {_READY_SECONDS} s")


async def _shop(shop: ShopInLoop, load: Load, numbers: Iterator[int], taken: Taken) -> None:
    """Let all shoppers order, one after another each, until the numbers are used up."""
    await asyncio.gather(*(_order(shop, load, numbers, taken) for _ in range(load.shoppers)))


async def _order(shop: ShopInLoop, load: Load, numbers: Iterator[int], taken: Taken) -> None:
    for number in numbers:
        wish = PlaceOrder(
            request_id=f"wish {number}",
            telegram_id=_FIRST_SHOPPER + number,
            telegram_username=f"shopper{number}",
            coin=COIN,
            lines=(CartLine(subcategory_id=1 + number % load.pools, quantity=1),),
        )
        asked_at = time.perf_counter()
        answer = await shop.bridge.ask(wish, _ANSWER_SECONDS)
        taken.seconds.append(time.perf_counter() - asked_at)
        if not isinstance(answer, OrderPlaced):
            raise BenchmarkError(f"order {number} was not made: {answer}")
        taken.unit_ids.extend(unit.unit_id for line in answer.order.lines for unit in line.units)


def failures_of(path: Path, load: Load, taken: Taken) -> list[str]:
    """What is wrong with the orders that were taken and with the store; one sentence each."""
    failures = []
    if len(set(taken.unit_ids)) != load.orders:
        failures.append(f"{load.orders} orders hold {len(set(taken.unit_ids))} units")
    with closing(sqlite3.connect(path)) as connection:
        failures += [f"{each.sentence} {each.subject}" for each in violations(connection)]
        (kept,) = connection.execute("SELECT count(*) FROM orders").fetchone()
    if kept != load.orders + load.warm_up:
        failures.append(f"{kept} orders are in the store")
    return failures


if __name__ == "__main__":
    logger.remove()
    logger.add(sys.stderr, level="WARNING")
    sys.stdout.write(json.dumps(run_load(Load(**json.loads(sys.argv[1])))) + "\n")
