"""Durable orders a second: the shop's own actors and ledger, beside raw SQLite and PostgreSQL.

Each shop runs in a program of its own (`benchmarks.orders_load`). What the peers write and what
they leave out is told in `benchmarks.orders_raw` and `benchmarks.orders_postgres`.
"""

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.measuring import BenchmarkError, machine, progress
from benchmarks.orders_load import Load
from benchmarks.orders_postgres import PostgresLoad, postgres_programs, postgres_rates
from benchmarks.orders_raw import raw_orders_per_s
from benchmarks.orders_world import derive_ahead

HOT, SPREAD = 1, 50
WANTED: dict[str, dict[str, float]] = {
    "orders_per_s_hot": {"at_least": 10_000},
    "orders_per_s_spread": {"at_least": 10_000},
    "part_of_raw_sqlite": {"at_least": 0.25},
    "p99_ms": {"at_most": 100},
}

# The address actor may have so many in hand beyond those that it gave out.
_MOST_AHEAD = 4096 + 256
_LIMIT_SECONDS = 600.0
_PROJECT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much is measured: orders that count and those before them, shoppers at once, seconds."""

    orders: int
    warm_up: int
    shoppers: int
    postgres_clients: int
    postgres_seconds: int


FULL = Sizes(orders=20_000, warm_up=1_000, shoppers=256, postgres_clients=32, postgres_seconds=8)


def measure(sizes: Sizes = FULL) -> dict[str, object]:
    """Measure the shop with one hot pool and with 50 pools, and what stands beside it.

    Returns:
        `orders_per_s_hot`, `orders_per_s_spread`; `p50_ms` and `p99_ms`, from the wish to the
        answer, the worse of both; `raw_sqlite_per_s` (no triggers), `raw_sqlite_guarded_per_s`
        (with them), `part_of_raw_sqlite`; `postgres_for_update_per_s` (hot) and
        `postgres_for_update_spread_per_s`, null where it is not installed or cannot be run;
        `derived_addresses_per_s`; `orders_a_commit` (mean), `cpu_us_an_order`, `machine`, `wanted`,
        `failures`.

    Raises:
        BenchmarkError: a measurement failed; the text says why.
    """
    with TemporaryDirectory(prefix="holdfast-orders-") as name:
        return _measured(Path(name), sizes)


def _measured(folder: Path, sizes: Sizes) -> dict[str, object]:
    result: dict[str, object] = {"machine": machine()}
    count = sizes.warm_up + sizes.orders + _MOST_AHEAD
    progress(f"orders: deriving {count} addresses")
    addresses, seconds = derive_ahead(count)
    hot = _shop(folder, "hot", HOT, addresses, sizes)
    spread = _shop(folder, "spread", SPREAD, addresses, sizes)
    raw = [_raw(folder, hot["orders_a_commit"], guarded=is_guarded) for is_guarded in (False, True)]
    return result | {
        "orders_per_s_hot": hot["orders_per_s"],
        "orders_per_s_spread": spread["orders_per_s"],
        "p50_ms": max(hot["p50_ms"], spread["p50_ms"]),
        "p99_ms": max(hot["p99_ms"], spread["p99_ms"]),
        "raw_sqlite_per_s": raw[0],
        "raw_sqlite_guarded_per_s": raw[1],
        "part_of_raw_sqlite": round(hot["orders_per_s"] / raw[0], 3),
        **_postgres(folder, sizes),
        "derived_addresses_per_s": round(count / seconds),
        "orders_a_commit": {
            "hot": round(mean(hot["orders_a_commit"]), 1),
            "spread": round(mean(spread["orders_a_commit"]), 1),
        },
        "cpu_us_an_order": {"hot": hot["cpu_us"], "spread": spread["cpu_us"]},
        "wanted": WANTED,
        "failures": [*hot["failures"], *spread["failures"]],
    }


def _shop(
    folder: Path, name: str, pools: int, addresses: tuple[str, ...], sizes: Sizes
) -> dict[str, Any]:
    progress(f"orders: {sizes.orders} orders of {pools} pools")
    own = folder / name
    own.mkdir()
    (own / "addresses.json").write_text(json.dumps(addresses), encoding="ascii")
    load = Load(
        folder=str(own),
        pools=pools,
        orders=sizes.orders,
        warm_up=sizes.warm_up,
        shoppers=sizes.shoppers,
    )
    program = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "benchmarks.orders_load", json.dumps(asdict(load))],
        cwd=_PROJECT,
        capture_output=True,
        text=True,
        timeout=_LIMIT_SECONDS,
        check=False,
    )
    if program.returncode != 0:
        raise BenchmarkError(f"the shop could not be measured: {program.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(program.stdout.splitlines()[-1])
    return found


def _raw(folder: Path, orders_a_commit: list[int], *, guarded: bool) -> int:
    progress(f"orders: raw SQLite {'with' if guarded else 'without'} triggers")
    target = folder / f"raw-{guarded}.db"
    rate = raw_orders_per_s(folder / "hot" / "shop.db", target, orders_a_commit, guarded=guarded)
    return round(rate)


def _postgres(folder: Path, sizes: Sizes) -> dict[str, int | None]:
    nothing = dict.fromkeys(("postgres_for_update_per_s", "postgres_for_update_spread_per_s"))
    programs = postgres_programs()
    if programs is None:
        progress("orders: PostgreSQL or its pgbench is not installed")
        return {**nothing}
    progress("orders: PostgreSQL")
    load = PostgresLoad(
        store=folder / "hot" / "shop.db",
        pools=(HOT, SPREAD),
        clients=sizes.postgres_clients,
        seconds=sizes.postgres_seconds,
    )
    try:
        hot, spread = postgres_rates(programs, load)
    except (BenchmarkError, OSError, subprocess.SubprocessError) as error:
        # The shop's own figures stand without it.
        progress(f"orders: PostgreSQL could not be measured: {error}")
        return {**nothing}
    return {
        "postgres_for_update_per_s": round(hot.orders_per_s),
        "postgres_for_update_spread_per_s": round(spread.orders_per_s),
    }
