"""A real `anvil`, an Ethereum node for tests: started on a free port, ended by its own pid.

Import the fixture `anvil_node` where it is needed. Each pytest-xdist worker has one node for the
session. Where anvil is not installed the tests are skipped, or fail if the environment variable
HOLDFAST_REQUIRE_NODES is 1.
"""

import http.client
import json
import os
import secrets
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.litecoin_node import free_port
from tests.node_folder import NODE_FOLDER

START_SECONDS = 30.0
STOP_SECONDS = 30.0
CALL_SECONDS = 30.0
CHAIN_ID = 1337
WEI = 10**18
ANVIL = NODE_FOLDER / "node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil"
NOT_INSTALLED = f"there is no {ANVIL}: run scripts/install_nodes.sh"

# A contract that passes what it is sent on to the address in its call's data: CALL with the value
# of the call. The first 11 bytes put the rest on the chain.
_FORWARDER = "0x6010" + "80600b6000396000f3" + "6000600060006000346000355af10000"


class AnvilCallError(Exception):
    """The node refused a call."""


class AnvilNode:
    """One anvil with funded accounts. `url` and `ws_url` are for the shop."""

    options: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.ws_url = f"ws://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        self._forwarder = ""
        self._mines_at_once = True
        self.start()

    def start(self) -> None:
        """Start the process and wait until it answers."""
        self._process = subprocess.Popen(  # noqa: S603 - a fixed program with our own arguments
            [
                str(ANVIL),
                "--host",
                "127.0.0.1",
                "--port",
                str(self.port),
                "--chain-id",
                str(CHAIN_ID),
                "--slots-in-an-epoch",
                "1",
                "--silent",
                *self.options,
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self.accounts = [str(each) for each in self.call("eth_accounts")]
            except (OSError, http.client.HTTPException, AnvilCallError):
                if time.monotonic() > deadline or self._process.poll() is not None:
                    self.stop()
                    raise
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """End this very process."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def call(self, method: str, *parameters: object) -> Any:  # noqa: ANN401 - JSON
        """The result of one call."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=CALL_SECONDS)
        try:
            body = json.dumps({"jsonrpc": "2.0", "id": 0, "method": method, "params": parameters})
            connection.request("POST", "/", body, {"Content-Type": "application/json"})
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        if "error" in answer:
            raise AnvilCallError(f"{method}: {answer['error']}")
        return answer["result"]

    def automine(self, *, on: bool) -> None:
        """Whether each transaction gets a block at once."""
        self.call("evm_setAutomine", on)
        self._mines_at_once = on

    def pay(self, address: str, amount_wei: int, **more: object) -> str:
        """Send wei from a funded account; the transaction's hash."""
        return self.send(
            {"from": self.accounts[0], "to": address, "value": hex(amount_wei), **more}
        )

    def send(self, transaction: dict[str, object]) -> str:
        """Send a transaction, and wait for its block where each gets one at once; its hash."""
        sent: str = self.call("eth_sendTransaction", transaction)
        deadline = time.monotonic() + CALL_SECONDS
        while self._mines_at_once and self.call("eth_getTransactionReceipt", sent) is None:
            if time.monotonic() > deadline:
                raise AnvilCallError(f"{sent} gets no block")
            time.sleep(0.005)
        return sent

    def pay_from_a_contract(self, address: str, amount_wei: int) -> str:
        """Send wei through a contract, as exchanges do: no transaction is to the address."""
        if not self._forwarder:
            made = self.send({"from": self.accounts[0], "data": _FORWARDER})
            self._forwarder = self.call("eth_getTransactionReceipt", made)["contractAddress"]
        data = "0x" + address[2:].rjust(64, "0")
        return self.pay(self._forwarder, amount_wei, data=data)

    def sweep(self, address: str, amount_wei: int, **more: object) -> str:
        """Move wei out of an address that is not the node's own; the transaction's hash."""
        self.call("anvil_impersonateAccount", address)
        try:
            out = {"from": address, "to": self.accounts[1], "value": hex(amount_wei)}
            return self.send({**out, "gas": hex(21_000), **more})
        finally:
            self.call("anvil_stopImpersonatingAccount", address)

    def mine(self, blocks: int = 1) -> None:
        """Mine blocks."""
        self.call("anvil_mine", hex(blocks))

    def height(self) -> int:
        """Of the latest block."""
        return int(self.call("eth_blockNumber"), 16)


def new_address() -> str:
    """An address that nobody has used."""
    return "0x" + secrets.token_bytes(20).hex()


def require_anvil() -> None:
    """Skip or fail where anvil is not installed."""
    if ANVIL.exists():
        return
    if os.environ.get("HOLDFAST_REQUIRE_NODES") == "1":
        pytest.fail(NOT_INSTALLED)
    pytest.skip(NOT_INSTALLED)


@pytest.fixture(scope="session")
def anvil_node() -> Iterator[AnvilNode]:
    """A node for all tests of this worker."""
    require_anvil()
    node = AnvilNode()
    try:
        yield node
    finally:
        node.stop()
