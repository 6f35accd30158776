"""A real Surfpool, a Solana node for tests: started on free ports, ended by its own pid.

Import the fixture `surfpool_node` where it is needed. Each pytest-xdist worker has one node for the
session. Where it is not installed the tests are skipped, or fail if the environment variable
HOLDFAST_REQUIRE_NODES is 1.
"""

import base64
import http.client
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction
from yarl import URL

from tests.node_folder import NODE_FOLDER

START_SECONDS = 30.0
STOP_SECONDS = 10.0
CALL_SECONDS = 30.0
SLOT_MILLISECONDS = 400  # as on the main network
SOL = 10**9
PROGRAM = Path(__file__).with_name("surfnet.js")
LIBRARY = NODE_FOLDER / "node_modules/surfpool-sdk-linux-x64-gnu"
NOT_INSTALLED = f"there is no {LIBRARY}, or no node: run scripts/install_nodes.sh"


class SurfpoolCallError(Exception):
    """The node refused a call."""


class SurfpoolNode:
    """One Surfpool with a funded account. `url` and `ws_url` are for the shop."""

    def __init__(self, slot_milliseconds: int = SLOT_MILLISECONDS) -> None:
        node = shutil.which("node")
        if node is None:
            raise FileNotFoundError(NOT_INSTALLED)
        self._process = subprocess.Popen(  # noqa: S603 - a fixed program with our own arguments
            [node, str(PROGRAM), str(NODE_FOLDER), str(slot_milliseconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        if self._process.stdout is None:
            raise RuntimeError("a pipe was asked for")
        told = json.loads(self._process.stdout.readline())
        self.url: str = told["url"]
        self.ws_url: str = told["ws_url"]
        self.payer = Keypair.from_bytes(bytes.fromhex(told["secret_key"]))
        deadline = time.monotonic() + START_SECONDS
        while self._health() != "ok":
            if time.monotonic() > deadline:
                self.stop()
                raise TimeoutError("surfpool does not answer")
            time.sleep(0.05)

    def stop(self) -> None:
        """End this very process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def call(self, method: str, *parameters: object) -> Any:  # noqa: ANN401 - JSON
        """The result of one call."""
        url = URL(self.url)
        connection = http.client.HTTPConnection("127.0.0.1", url.port, timeout=CALL_SECONDS)
        try:
            body = json.dumps({"jsonrpc": "2.0", "id": 0, "method": method, "params": parameters})
            connection.request("POST", "/", body, {"Content-Type": "application/json"})
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        if "error" in answer:
            raise SurfpoolCallError(f"{method}: {answer['error']}")
        return answer["result"]

    def pay(self, *payments: tuple[str, int], by: Keypair | None = None) -> str:
        """Pay lamports to addresses in one transaction of version 0; its signature."""
        payer = by or self.payer
        transfers = [
            transfer(
                TransferParams(
                    from_pubkey=payer.pubkey(),
                    to_pubkey=Pubkey.from_string(address),
                    lamports=lamports,
                )
            )
            for address, lamports in payments
        ]
        return self.send(payer, transfers)

    def send(self, payer: Keypair, instructions: list[Instruction], **options: object) -> str:
        """Send a transaction and wait until it is confirmed; its signature."""
        latest = self.call("getLatestBlockhash")["value"]["blockhash"]
        message = MessageV0.try_compile(payer.pubkey(), instructions, [], Hash.from_string(latest))
        signed = bytes(VersionedTransaction(message, [payer]))
        encoded = base64.b64encode(signed).decode()
        sent: str = self.call("sendTransaction", encoded, {"encoding": "base64", **options})
        deadline = time.monotonic() + CALL_SECONDS
        while self.call("getSignatureStatuses", [sent])["value"][0] is None:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{sent} is not confirmed")
            time.sleep(0.05)
        return sent

    def slot(self) -> int:
        """The latest slot."""
        return int(self.call("getSlot"))

    def _health(self) -> object:
        try:
            return self.call("getHealth")
        except (OSError, http.client.HTTPException, SurfpoolCallError):
            return None


def require_surfpool() -> None:
    """Skip or fail where it is not installed."""
    if LIBRARY.exists() and shutil.which("node") is not None:
        return
    if os.environ.get("HOLDFAST_REQUIRE_NODES") == "1":
        pytest.fail(NOT_INSTALLED)
    pytest.skip(NOT_INSTALLED)


@pytest.fixture(scope="session")
def surfpool_node() -> Iterator[SurfpoolNode]:
    """A node for all tests of this worker."""
    require_surfpool()
    node = SurfpoolNode()
    try:
        yield node
    finally:
        node.stop()
