"""A real `litecoind -regtest` for tests: started on free ports, used, and ended by its own pid.

Import the fixture `litecoin_node` where it is needed. Each pytest-xdist worker has one node
for the session. Where litecoind is not installed the tests are skipped, or fail if the environment
variable HOLDFAST_REQUIRE_NODES is 1.
"""

import base64
import http.client
import json
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from bip_utils import SegwitBech32Encoder

START_SECONDS = 60.0
STOP_SECONDS = 30.0
CALL_SECONDS = 60.0
BLOCKS_A_CALL = 25
USER = "u"
PASSWORD = "p"
MATURITY_BLOCKS = 100  # what a miner has to wait for
NOT_INSTALLED = "litecoind is not installed: run scripts/install_nodes.sh"


class NodeCallError(Exception):
    """The node refused a call."""


class LitecoinNode:
    """One litecoind with a funded wallet. `url`, `user` and `password` are for the shop."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.user = USER
        self.password = PASSWORD
        self._process: subprocess.Popen[bytes] | None = None
        self.start(*options)

    def start(self, *options: str) -> None:
        """Start the process and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(  # noqa: S603 - a fixed program with our own arguments
            [_litecoind(), *self._options(), *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self.call("getblockcount")
            except (OSError, http.client.HTTPException, NodeCallError):
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

    def fund(self) -> None:
        """Make a wallet and mine it some coins that can be spent."""
        self.call("createwallet", "shopper")
        self.mine(MATURITY_BLOCKS + 10, to=self.call("getnewaddress"))

    def call(self, method: str, *parameters: object) -> Any:  # noqa: ANN401 - JSON
        """The result of one call; amounts are Decimal."""
        login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=CALL_SECONDS)
        try:
            body = json.dumps({"id": 0, "method": method, "params": parameters})
            connection.request("POST", "/", body, {"Authorization": f"Basic {login}"})
            text = connection.getresponse().read()
        finally:
            connection.close()
        answer = json.loads(text, parse_float=Decimal)
        if answer["error"] is not None:
            raise NodeCallError(f"{method}: {answer['error']}")
        return answer["result"]

    def pay(self, address: str, amount: str, *, replaceable: bool = False) -> str:
        """Send `amount` coins from the wallet; the transaction id."""
        transaction_id: str = self.call(
            "sendtoaddress", address, amount, "", "", False, replaceable
        )
        return transaction_id

    def mine(self, blocks: int = 1, *, to: str | None = None) -> list[str]:
        """Mine blocks; their hashes. Without `to`, to addresses that nobody watches."""
        hashes: list[str] = []
        while (left := blocks - len(hashes)) > 0:
            # In parts, for a busy machine takes its time.
            part = min(left, BLOCKS_A_CALL)
            hashes += self.call("generatetoaddress", part, to or nobodys_address())
        return hashes

    def _options(self) -> tuple[str, ...]:
        return (
            "-regtest",
            f"-datadir={self.folder}",
            "-server",
            "-listen=0",
            "-dnsseed=0",
            "-upnp=0",
            "-rpcbind=127.0.0.1",
            "-rpcallowip=127.0.0.1",
            f"-rpcport={self.port}",
            f"-rpcuser={USER}",
            f"-rpcpassword={PASSWORD}",
            "-fallbackfee=0.0001",
            # Without it, mining stops at block 431: nothing of MWEB is pegged in there.
            "-vbparams=mweb:-2:0",
            # Without it, a replacement does not take the place of the first transaction.
            "-mempoolreplacement=1",
            "-printtoconsole=0",
        )


def nobodys_address() -> str:
    """A new P2WPKH address whose key nobody has.

    Blocks mined to one address in one second may be the same block, and the node refuses one that
    was declared invalid before.
    """
    return SegwitBech32Encoder.Encode("rltc", 0, secrets.token_bytes(20))


_ports_given: set[int] = set()


def free_port() -> int:
    """A port of the loopback that was free a moment ago, and that nobody here was given before."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port not in _ports_given:
            _ports_given.add(port)
            return port


def require_litecoind() -> None:
    """Skip or fail where litecoind is not installed."""
    if shutil.which("litecoind") is not None:
        return
    if os.environ.get("HOLDFAST_REQUIRE_NODES") == "1":
        pytest.fail(NOT_INSTALLED)
    pytest.skip(NOT_INSTALLED)


@pytest.fixture(scope="session")
def litecoin_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LitecoinNode]:
    """A funded node for all tests of this worker."""
    require_litecoind()
    node = LitecoinNode(tmp_path_factory.mktemp("litecoind"))
    try:
        node.fund()
        yield node
    finally:
        node.stop()


def _litecoind() -> str:
    found = shutil.which("litecoind")
    if found is None:
        raise FileNotFoundError(NOT_INSTALLED)
    return found
