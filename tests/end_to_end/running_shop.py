"""The shop as a process of its own: its settings, its start, its end, and what is in its store."""

import asyncio
import json
import os
import signal
import sqlite3
import sys
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self

import aiohttp
import tomlkit

from payments.custody import new_key, new_mnemonic, seal, write_secret
from tests.litecoin_node import LitecoinNode, free_port

PROGRAM = Path(__file__).resolve().parents[2] / "run.py"
READY_SECONDS = 150.0  # importing takes ten seconds of a processor that others may use too
STOP_SECONDS = 30.0
ADMIN_ID = 1001


@dataclass(slots=True, kw_only=True)
class ShopFolder:
    """A folder with everything that an owner has: settings, sealed mnemonic, key, store."""

    path: Path
    token: str
    api_url: str
    node: LitecoinNode
    orders: dict[str, object] = field(default_factory=dict)
    actors: dict[str, object] = field(default_factory=dict)
    rates: dict[str, object] = field(default_factory=lambda: {"fixed": {"LTC": "80.00"}})
    webhook: dict[str, object] = field(default_factory=dict)
    confirmations: int = 1
    poll_interval_seconds: float = 1
    has_backend: bool = True
    operator_port: int = field(default_factory=free_port)
    gateway_port: int = field(default_factory=free_port)

    @property
    def config_file(self) -> Path:
        """The settings."""
        return self.path / "config.toml"

    @property
    def store_file(self) -> Path:
        """The store."""
        return self.path / "shop.db"

    def write(self) -> None:
        """Write settings, and secrets where there are none yet."""
        self.path.mkdir(parents=True, exist_ok=True)
        if not (self.path / "key").exists():
            key = new_key()
            write_secret(self.path / "key", key.hex())
            # One of its own: on a node that tests share, nobody else has paid its addresses.
            write_secret(self.path / "mnemonic.sealed", seal(new_mnemonic(), key))
            write_secret(self.path / "node-password", self.node.password)
        self.config_file.write_text(tomlkit.dumps(self.settings()), encoding="utf-8")

    def settings(self) -> dict[str, Any]:
        """What the settings file says."""
        return {
            "shop": {"currency": "USD"},
            "telegram": {
                "token": self.token,
                "api_url": self.api_url,
                "admin_ids": [ADMIN_ID],
            },
            "gateway": {"port": self.gateway_port},
            "webhook": self.webhook,
            "operator": {"port": self.operator_port},
            "store": {"path": "shop.db"},
            "orders": self.orders,
            "actors": self.actors,
            "rates": self.rates,
            "custody": {"mnemonic_file": "mnemonic.sealed", "key_file": "key"},
            "coins": {
                "LTC": {
                    "enabled": True,
                    "network": "regtest",
                    "confirmations": self.confirmations,
                    "poll_interval_seconds": self.poll_interval_seconds,
                    "backends": self._backends(),
                }
            },
        }

    def _backends(self) -> list[dict[str, str]]:
        backend = {
            "kind": "bitcoind",
            "url": self.node.url,
            "user": self.node.user,
            "password_file": "node-password",
        }
        return [backend] if self.has_backend else []

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        """What the store says, on a connection of its own."""
        connection = sqlite3.connect(f"{self.store_file.as_uri()}?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(query, parameters).fetchall()
        finally:
            connection.close()

    def row(self, query: str, *parameters: object) -> tuple[Any, ...]:
        """The only row."""
        (row,) = self.rows(query, *parameters)
        return row


class RunningShop:
    """`run.py serve` in a process of its own. Use it as `async with RunningShop(folder):`."""

    def __init__(self, folder: ShopFolder, program: tuple[str, ...] = (str(PROGRAM),)) -> None:
        self.folder = folder
        self.log_file = folder.path / "shop.log"
        self._program = program
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        self.folder.write()
        await self.start()
        return self

    async def __aexit__(self, *_exception: object) -> None:
        if self._process is not None:
            await self.stop()

    async def start(self) -> None:
        """Start it and wait until it is ready."""
        with self.log_file.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *self._program,
                "--config",
                str(self.folder.config_file),
                "serve",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=PROGRAM.parent,
                env=os.environ | {"PYTHONPATH": str(PROGRAM.parent)},
            )
        try:
            await asyncio.wait_for(self._until_ready(), READY_SECONDS)
        except BaseException:
            await self.kill()
            raise

    async def stop(self) -> int:
        """SIGTERM; its exit status."""
        process = self._taken()
        process.send_signal(signal.SIGTERM)
        return await self._end_of(process)

    async def end(self) -> int:
        """Wait until it has ended by itself; its exit status."""
        return await self._end_of(self._taken())

    async def kill(self) -> None:
        """`kill -9`."""
        process = self._taken()
        if process.returncode is None:
            process.kill()
        await process.wait()

    async def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """A page of the operator's."""
        url = f"http://127.0.0.1:{self.folder.operator_port}{path}"
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            assert response.status == HTTPStatus.OK, await response.text()
            return json.loads(await response.text())

    def log(self) -> str:
        """What it has said so far."""
        return self.log_file.read_text(encoding="utf-8")

    def _taken(self) -> asyncio.subprocess.Process:
        process, self._process = self._process, None
        assert process is not None, "the shop is not running"
        return process

    async def _end_of(self, process: asyncio.subprocess.Process) -> int:
        try:
            return await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise AssertionError(f"the shop did not end: {self.log()[-2000:]}") from None

    async def _until_ready(self) -> None:
        url = f"http://127.0.0.1:{self.folder.operator_port}/healthz"
        async with aiohttp.ClientSession() as session:
            while True:
                process = self._process
                if process is None or process.returncode is not None:
                    raise AssertionError(f"the shop ended at its start: {self.log()[-3000:]}")
                try:
                    async with session.get(url) as response:
                        if response.status == HTTPStatus.OK:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.05)


async def run_cli(
    *arguments: str, stdin: bytes = b"", environment: dict[str, str] | None = None
) -> tuple[int, str, str]:
    """Run a command to its end: exit status, stdout, stderr."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(PROGRAM),
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=PROGRAM.parent,
        env=os.environ | (environment or {}),
    )
    try:
        output, errors = await asyncio.wait_for(process.communicate(stdin), READY_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    return process.returncode or 0, output.decode(), errors.decode()


async def until(condition: Any, seconds: float, what: str) -> None:  # noqa: ANN401 - a callable of any truth
    """Wait until a condition holds; for what has no event to wait for."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, f"not within {seconds} s: {what}"
        await asyncio.sleep(0.05)
