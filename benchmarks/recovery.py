"""A shop with a hundred thousand open orders is killed: how soon does it sell again?

The orders are in a store. A process serves them, with orders of new shoppers coming in, and is
killed with SIGKILL where it stands. Another process opens the store: from then on it counts until
somebody has a new order, on disk, of a pool whose units are nearly all held; and until each order
has its actor and its timers. What a process needs before it opens the store, its imports, is told
beside it.
"""

import asyncio
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

from actors.messages import CartLine, GetShopHealth, OrderPlaced, PlaceOrder, ShopHealth
from benchmarks.child_process import ChildProcess, Tell
from benchmarks.measuring import BenchmarkError, machine, progress
from benchmarks.open_orders import OpenOrders, write_open_orders
from benchmarks.shop_stage import COIN, ShiftedClock, Vault, make_vault, pools_of, start_of
from benchmarks.store_looks import check_units
from benchmarks.tables import is_met
from composition.shop_in_loop import ShopInLoop

WANTED: dict[str, dict[str, float]] = {"first_order_s": {"at_most": 5}}

_CHILD_SECONDS = 900.0
_FIRST_SHOPPER = 5_000_000
_FIRST_AFTERWARDS = 6_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much is measured: `orders` in `pools`, and how many come in while it is killed."""

    orders: int = 100_000
    pools: int = 50
    orders_before_kill: int = 50

    @property
    def open_orders(self) -> OpenOrders:
        """What the store has at first: orders of the last minute, with the time to pay ahead."""
        return OpenOrders(
            orders=self.orders,
            pools=self.pools,
            spare_units=self.orders_before_kill * 4 + 20,
            spread=timedelta(seconds=60),
        )

    @property
    def now(self) -> datetime:
        """The time of day at which the shop is started."""
        return self.open_orders.created_at(self.orders) + timedelta(seconds=1)


FULL = Sizes()


def measure(sizes: Sizes = FULL) -> dict[str, object]:
    """Kill a shop and measure how the next one recovers, in seconds from opening the store.

    Returns:
        `first_order_s`: until the first new order was placed and on disk. `all_armed_s`: until
        every open order had its actor and its timers. `open_s`: until the shop took wishes.
        `orders`: how many were open. `imports_s`: what the process took before all that.

    Raises:
        BenchmarkError: an order or a timer is missing, or a unit is not where it should be.
    """
    about = machine()
    with tempfile.TemporaryDirectory(prefix="holdfast-recovery-") as name:
        folder = Path(name)
        path, vault = folder / "shop.db", make_vault(folder, sizes.orders)
        progress(f"writing {sizes.orders:,} open orders")
        write_open_orders(path, sizes.open_orders)
        progress("starting a shop to be killed")
        placed = _serve_and_kill(folder, path, vault, sizes)
        progress("killed, starting the next")
        with ChildProcess(folder / "log", recover, path, vault, sizes, time.time()) as child:
            found = child.told(_CHILD_SECONDS)
        progress("looking into the store")
        check_units(path, sizes.open_orders.units - _as_int(found["orders"]) - 1)
    if _as_int(found["orders"]) < sizes.orders + placed:
        raise BenchmarkError(f"{sizes.orders + placed} orders were open, {found['orders']} are")
    limit = WANTED["first_order_s"]
    met = is_met(_as_float(found["first_order_s"]), limit)
    return {**found, "wanted": {"first_order_s": {**limit, "met": met}}, "machine": about}


def _serve_and_kill(folder: Path, path: Path, vault: Vault, sizes: Sizes) -> int:
    """How many orders were acknowledged before it died."""
    with ChildProcess(folder / "log", serve, path, vault, sizes) as child:
        placed = 0
        while placed < sizes.orders_before_kill:
            placed = _as_int(child.told(_CHILD_SECONDS)["placed"])
        child.kill()
    return placed


# --- in processes of their own ----------------------------------------------------------------


def serve(tell: Tell, path: Path, vault: Vault, sizes: Sizes) -> None:
    """Run the shop, and place order after order until somebody ends the process."""
    asyncio.run(_serve(tell, path, vault, sizes))


def recover(tell: Tell, path: Path, vault: Vault, sizes: Sizes, began: float) -> None:
    """Start the shop on what was left, and tell how that went; `began`: when this process did."""
    imports_seconds = time.time() - began
    found = asyncio.run(_recover(path, vault, sizes))
    tell({**found, "imports_s": round(imports_seconds, 2)})


async def _serve(tell: Tell, path: Path, vault: Vault, sizes: Sizes) -> None:
    actors = ShopInLoop()
    await actors.start(start_of(str(path), ShiftedClock.set_to(sizes.now), vault=vault))
    for number in count(1):
        await _first_order(actors, _FIRST_SHOPPER + number)
        tell({"placed": number})


async def _recover(path: Path, vault: Vault, sizes: Sizes) -> dict[str, object]:
    actors = ShopInLoop()
    clock = ShiftedClock.set_to(sizes.now + timedelta(minutes=1))
    opened_at = time.perf_counter()
    await actors.start(start_of(str(path), clock, vault=vault))
    open_seconds = time.perf_counter() - opened_at
    await _first_order(actors, _FIRST_AFTERWARDS)
    first_order_seconds = time.perf_counter() - opened_at
    await _until_taken_up(actors)
    all_armed_seconds, armed = await _until_all_armed(actors, opened_at)
    await _check_pools(actors, sizes, armed)
    return {
        "first_order_s": round(first_order_seconds, 2),
        "all_armed_s": round(all_armed_seconds, 2),
        "open_s": round(open_seconds, 2),
        # Without the new one.
        "orders": armed - 1,
    }


async def _first_order(actors: ShopInLoop, telegram_id: int) -> None:
    """Ask until there is an order, as a shopper would whose coin takes none for a moment."""
    wish = PlaceOrder(
        request_id=f"request of {telegram_id}",
        telegram_id=telegram_id,
        telegram_username=None,
        coin=COIN,
        lines=(CartLine(subcategory_id=1, quantity=1),),
    )
    answer: object = None
    for _ in range(10_000):
        answer = await actors.bridge.ask(wish, 60)
        if isinstance(answer, OrderPlaced):
            return
        await asyncio.sleep(0.01)
    raise BenchmarkError(f"no order was placed: {answer}")


async def _until_taken_up(actors: ShopInLoop) -> None:
    while True:
        health = await actors.bridge.ask(GetShopHealth(), 60)
        if isinstance(health, ShopHealth) and not health.progress:
            return
        await asyncio.sleep(0.02)


async def _until_all_armed(actors: ShopInLoop, opened_at: float) -> tuple[float, int]:
    """Seconds, and how many orders are armed."""
    while True:
        # What the root has sent last may be in the orders' mailboxes still.
        await asyncio.sleep(0.02)
        seconds = time.perf_counter() - opened_at
        armed, unarmed = await _armed_orders(actors)
        if not unarmed:
            return seconds, armed


async def _armed_orders(actors: ShopInLoop) -> tuple[int, int]:
    """How many orders have a timer for their expiry, and how many have none."""
    after: str | None = None
    armed = seen = 0
    while True:
        page = await actors.bridge.inspect(after=after, limit=20_000, kind="order")
        seen += len(page.actors)
        armed += sum(
            any(getattr(timer.payload, "kind", "") == "expiry" for timer in order.timers or ())
            for order in page.actors
        )
        after = page.next
        if after is None:
            return armed, seen - armed


async def _check_pools(actors: ShopInLoop, sizes: Sizes, orders: int) -> None:
    pools = await pools_of(actors)
    held, available = sum(pool.holds for pool in pools), sum(pool.available for pool in pools)
    if (held, available) != (orders, sizes.open_orders.units - orders):
        raise BenchmarkError(f"{orders} orders, {held} holds, {available} units free")


def _as_int(value: object) -> int:
    if not isinstance(value, int):
        raise BenchmarkError(f"{value!r} is no whole number")
    return value


def _as_float(value: object) -> float:
    if not isinstance(value, int | float):
        raise BenchmarkError(f"{value!r} is no number")
    return value
