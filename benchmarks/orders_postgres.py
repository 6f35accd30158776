"""PostgreSQL beside the shop: the same rows, a row lock for the stock, one transaction an order.

What a shop does that leaves the reservation to its database: `SELECT ... FOR UPDATE` on the row of
the subcategory gives the next unit, then come the rows that our shop writes too, into tables with
the same columns, CHECKs, foreign keys and indexes, translated from the store's own schema; no
triggers. The server is made for this in a folder of its own, as delivered (`fsync` on), is reached
by a Unix socket, and is driven by PostgreSQL's own `pgbench` with prepared statements.
"""

import os
import pwd
import re
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measuring import BenchmarkError

_PROGRAMS = ("initdb", "postgres", "pgbench", "psql")
_WHERE_DEBIAN_HAS_THEM = "/usr/lib/postgresql"
_USERS = ("postgres", "nobody")  # the server refuses to run as root
_START_SECONDS = 30.0
_LIMIT_SECONDS = 300.0
_ORDERS_A_CLIENT = 10_000_000
_UNITS_A_SECOND = 10_000
_TABLES = (
    "users", "categories", "subcategories", "items", "orders", "order_items", "reserved_stock",
    "outbox", "audit_log", "commands", "refused_orders",
)  # fmt: skip
_TPS = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
_LATENCY = re.compile(r"^latency average = ([0-9.]+) ms", re.MULTILINE)

# `stock` has the next unit of each subcategory, so that to find it costs the same however many are
# held: the lock is measured, and no search.
_STOCK = """
CREATE TABLE stock (subcategory_id BIGINT PRIMARY KEY, next_item_id BIGINT NOT NULL);
INSERT INTO categories VALUES (1, 'Games');
INSERT INTO subcategories SELECT n, 1, 'Game ' || n FROM generate_series(1, {pools}) AS n;
INSERT INTO items (id, subcategory_id, description, price_minor, fiat_currency, private_data,
        added_at)
    SELECT n, 1 + (n - 1) / {units}, 'a licence key', 1250, 'USD', 'KEY-' || n,
        '2026-01-01T00:00:00.000000Z'
    FROM generate_series(1, {pools}::bigint * {units}) AS n;
INSERT INTO stock SELECT n, 1 + (n - 1) * {units} FROM generate_series(1, {pools}) AS n;
CHECKPOINT;
ANALYZE;
"""
_NOW, _THEN = "'2026-01-01T12:00:00.000000Z'", "'2026-01-01T12:30:00.000000Z'"
_ORDER = f"""
\\set n :n + 1
\\set number :client_id * {_ORDERS_A_CLIENT} + :n
\\set pool random(1, :pools)
BEGIN;
SELECT next_item_id AS unit FROM stock WHERE subcategory_id = :pool FOR UPDATE \\gset
UPDATE stock SET next_item_id = next_item_id + 1 WHERE subcategory_id = :pool;
INSERT INTO users (id, telegram_id, telegram_username, registered_at)
    VALUES (:number, :number, 'shopper' || :number, {_NOW});
INSERT INTO orders (id, user_id, request_id, status, payment_state, version, currency,
        fiat_currency, total_minor, rate, amount_quote_units, tolerance_quote_units,
        confirmations_required, payment_address, address_index, active_slot, created_at, expires_at)
    VALUES (:number, :number, 'wish ' || :number, 'created', 'none', 1, 'LTC', 'USD', 1250, '80',
        15625000, 78125, 3, 'rltc1' || md5((:number)::text), :number, 0, {_NOW}, {_THEN});
INSERT INTO order_items (order_id, item_id, price_at_purchase_minor, holds_unit, created_at)
    VALUES (:number, :unit, 1250, 1, {_NOW});
INSERT INTO reserved_stock (order_id, category_id, subcategory_id, quantity, reserved_at,
        expires_at)
    VALUES (:number, 1, :pool, 1, {_NOW}, {_THEN});
INSERT INTO outbox (audience, chat_id, kind, order_id, state, created_at)
    VALUES ('shopper', :number, 'order_created', :number, 'pending', {_NOW}),
        ('admins', 900, 'admin_order_created', :number, 'pending', {_NOW});
INSERT INTO audit_log (at, by, by_telegram_id, order_id, what, why)
    VALUES ({_NOW}, 'shopper', :number, :number, 'order_created', 'order placed');
INSERT INTO commands (id, result, recorded_at)
    VALUES ('create:' || :number, '{{"order_id": 1}}', {_NOW});
COMMIT;
"""  # noqa: S608 - constants of this module


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresLoad:
    """One measurement; `pools` has the numbers of pools to measure, one after another."""

    store: Path
    pools: Sequence[int]
    clients: int
    seconds: int

    @property
    def units(self) -> int:
        """Of all pools together: more than a server gives out in that time."""
        return self.seconds * _UNITS_A_SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresRate:
    """Orders a second, and the mean time of one in milliseconds."""

    orders_per_s: float
    mean_ms: float


def postgres_programs() -> dict[str, str] | None:
    """The paths of what is needed; None where PostgreSQL or its `pgbench` is not installed."""
    versions = sorted(Path(_WHERE_DEBIAN_HAS_THEM).glob("*/bin"), reverse=True)
    search = os.pathsep.join([os.environ.get("PATH", ""), *map(str, versions)])
    found = {name: shutil.which(name, path=search) for name in _PROGRAMS}
    return {name: path for name, path in found.items() if path} if all(found.values()) else None


def postgres_rates(programs: dict[str, str], load: PostgresLoad) -> list[PostgresRate]:
    """Measure with each number of pools, in a fresh database each.

    Raises:
        BenchmarkError: a program failed; the text has what it said.
    """
    with TemporaryDirectory(prefix="holdfast-pg-") as name:
        folder, user = Path(name), _user()
        if user is not None:
            shutil.chown(folder, user)
        with _server(programs, folder, user, load.clients):
            return [_rate(programs, folder, user, load, pools) for pools in load.pools]


def _user() -> str | None:
    """Whom the server is run as: somebody else, where this is root."""
    if os.getuid() != 0:
        return None
    known = {each.pw_name for each in pwd.getpwall()}
    return next((name for name in _USERS if name in known), None)


@contextmanager
def _server(
    programs: dict[str, str], folder: Path, user: str | None, clients: int
) -> Iterator[None]:
    data = str(folder / "data")
    _run([programs["initdb"], "-D", data, "-U", "shop", "--auth=trust", "--no-sync"], folder, user)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - a program that was looked up by name
            [
                programs["postgres"], "-D", data, "-k", str(folder),
                "-c", "listen_addresses=", "-c", f"max_connections={clients + 10}",
            ],
            cwd=folder, user=user, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        _wait(programs, folder, user)
        yield
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
    try:
        process.wait(_START_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait(programs: dict[str, str], folder: Path, user: str | None) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            _sql(programs, folder, user, "postgres", "SELECT 1")
        except BenchmarkError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def _rate(
    programs: dict[str, str], folder: Path, user: str | None, load: PostgresLoad, pools: int
) -> PostgresRate:
    database = f"shop{pools}"
    _sql(programs, folder, user, "postgres", f"CREATE DATABASE {database}")
    stock = _STOCK.format(pools=pools, units=load.units // pools)
    _sql(programs, folder, user, database, ";\n".join(_schema(load.store)) + ";" + stock)
    script = folder / "order.sql"
    script.write_text(_ORDER, encoding="ascii")
    said = _run(
        [
            programs["pgbench"], "-h", str(folder), "-U", "shop", "-n", "-M", "prepared",
            "-c", str(load.clients), "-j", "1", "-T", str(load.seconds),
            "-D", "n=0", "-D", f"pools={pools}", "-f", str(script), database,
        ],
        folder, user,
    )  # fmt: skip
    rate, latency = _TPS.search(said), _LATENCY.search(said)
    if rate is None or latency is None:
        raise BenchmarkError(f"pgbench gave no rate: {said}")
    return PostgresRate(orders_per_s=float(rate[1]), mean_ms=float(latency[1]))


def _schema(store: Path) -> list[str]:
    """The store's own tables and indexes, in the words of PostgreSQL."""
    with closing(sqlite3.connect(store)) as connection:
        rows = connection.execute(
            "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL"
        ).fetchall()
    tables = {name: sql for kind, name, _, sql in rows if kind == "table"}
    indexes = [sql for kind, _, table, sql in rows if kind == "index" and table in _TABLES]
    return [_translated(tables[name]) for name in _TABLES] + indexes


def _translated(table: str) -> str:
    table = re.sub(r"\) STRICT.*$", ")", table.strip())
    table = re.sub(r"GLOB '([^'%_]*)'", _like, table)
    table = table.replace("INTEGER PRIMARY KEY", "BIGSERIAL PRIMARY KEY")
    return table.replace("INTEGER", "BIGINT")


def _sql(
    programs: dict[str, str], folder: Path, user: str | None, database: str, statements: str
) -> None:
    script = folder / "statements.sql"
    script.write_text(statements, encoding="utf-8")
    _run(
        [
            programs["psql"], "-h", str(folder), "-U", "shop", "-d", database, "-q",
            "-v", "ON_ERROR_STOP=1", "-f", str(script),
        ],
        folder, user,
    )  # fmt: skip


def _run(command: list[str], folder: Path, user: str | None) -> str:
    program = subprocess.run(  # noqa: S603 - a program that was looked up by name
        command,
        cwd=folder,
        user=user,
        capture_output=True,
        text=True,
        timeout=_LIMIT_SECONDS,
        check=False,
    )
    if program.returncode != 0:
        raise BenchmarkError(f"{Path(command[0]).name} failed: {program.stderr[-2000:]}")
    return program.stdout


def _like(glob: re.Match[str]) -> str:
    """The same pattern for PostgreSQL's LIKE, which heeds upper and lower case as GLOB does."""
    return "LIKE '" + glob[1].replace("?", "_").replace("*", "%") + "'"
