"""A real ElectrumX over a litecoind, for tests: started on free ports, used, ended by its own pid.

Import the fixture `electrumx` where it is needed, together with `indexed_node`, the litecoind
that it is over. It is looked for
as the environment variable HOLDFAST_ELECTRUMX says, where scripts/install_nodes.sh puts it, and on
the PATH; where it is not installed the tests are skipped, or fail if HOLDFAST_REQUIRE_NODES is 1.

It asks its node for news every `REFRESH_SECONDS` instead of the five seconds built into it, so that
tests do not wait; nothing else of it is changed.
"""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.litecoin_node import LitecoinNode, free_port, require_litecoind

START_SECONDS = 90.0
STOP_SECONDS = 30.0
CALL_SECONDS = 30.0
REFRESH_SECONDS = 0.25
INDEXED = "-txindex"  # the node of an ElectrumX has to have it
NOT_INSTALLED = "ElectrumX is not installed: run scripts/install_nodes.sh"

_LAUNCH = f"""
import runpy, sys
from electrumx.server import block_processor, mempool
mempool.MemPool.__init__.__defaults__ = ({REFRESH_SECONDS}, 60.0)
make = block_processor.Prefetcher.__init__
def make_quick(self, *arguments):
    make(self, *arguments)
    self.polling_delay = {REFRESH_SECONDS}
block_processor.Prefetcher.__init__ = make_quick
runpy.run_path(sys.argv[1], run_name="__main__")
"""


class ElectrumX:
    """One ElectrumX. `url` is for the shop; `tls_url` where it has a certificate."""

    def __init__(
        self, node: LitecoinNode, folder: Path, *, certificate: Path | None = None
    ) -> None:
        self.node = node
        self.folder = folder
        self.port, self.tls_port, self._rpc_port = free_port(), free_port(), free_port()
        self.url = f"tcp://127.0.0.1:{self.port}"
        self.tls_url = f"ssl://127.0.0.1:{self.tls_port}"
        self._certificate = certificate
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start the process and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        program = _electrumx()
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - a fixed program with our own arguments
                [_interpreter(program), "-c", _LAUNCH, str(program)],
                env={"PATH": os.environ["PATH"], **self._environment()},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self.call("server.version", "tests", "1.4")
            except (OSError, ValueError):
                if time.monotonic() > deadline or self._process.poll() is not None:
                    self.stop()
                    raise
                time.sleep(0.1)
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

    @property
    def pid(self) -> int:
        """The process that runs now."""
        if self._process is None:
            raise RuntimeError("it does not run")
        return self._process.pid

    def call(self, method: str, *parameters: object) -> Any:  # noqa: ANN401 - JSON
        """The result of one call, over a connection of its own."""
        calls: list[tuple[str, tuple[object, ...]]] = [("server.version", ("tests", "1.4"))]
        if method != "server.version":
            calls.append((method, parameters))
        answer = {}
        with (
            socket.create_connection(("127.0.0.1", self.port), CALL_SECONDS) as connection,
            connection.makefile("rwb") as lines,
        ):
            for number, (name, values) in enumerate(calls):
                call = {"jsonrpc": "2.0", "id": number, "method": name, "params": values}
                lines.write(json.dumps(call).encode() + b"\n")
                lines.flush()
                answer = json.loads(lines.readline())
        if "error" in answer:
            raise ValueError(str(answer["error"]))
        return answer["result"]

    def _environment(self) -> dict[str, str]:
        login = f"{self.node.user}:{self.node.password}"
        services = [f"tcp://127.0.0.1:{self.port}", f"rpc://127.0.0.1:{self._rpc_port}"]
        tls = {}
        if self._certificate is not None:
            services.append(f"ssl://127.0.0.1:{self.tls_port}")
            tls = {
                "SSL_CERTFILE": str(self._certificate),
                "SSL_KEYFILE": str(self._certificate.with_suffix(".key")),
            }
        return {
            "COIN": "Litecoin",
            "NET": "regtest",
            "DAEMON_URL": self.node.url.replace("http://", f"http://{login}@"),
            "DB_DIRECTORY": str(self.folder),
            "SERVICES": ",".join(services),
            "ALLOW_ROOT": "1",
            "PEER_DISCOVERY": "off",
            "PEER_ANNOUNCE": "",
            "COST_SOFT_LIMIT": "0",
            "COST_HARD_LIMIT": "0",
            "CACHE_MB": "50",
            **tls,
        }


def require_electrumx() -> None:
    """Skip or fail where ElectrumX is not installed."""
    if _find() is not None:
        return
    if os.environ.get("HOLDFAST_REQUIRE_NODES") == "1":
        pytest.fail(NOT_INSTALLED)
    pytest.skip(NOT_INSTALLED)


@pytest.fixture(scope="session")
def indexed_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LitecoinNode]:
    """A funded node that can be asked for any transaction, for all tests of this worker."""
    require_litecoind()
    node = LitecoinNode(tmp_path_factory.mktemp("litecoind-indexed"), INDEXED)
    try:
        node.fund()
        yield node
    finally:
        node.stop()


@pytest.fixture(scope="session")
def electrumx(
    indexed_node: LitecoinNode, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ElectrumX]:
    """An ElectrumX over this worker's node, with TLS too, for all tests of this worker."""
    require_electrumx()
    folder = tmp_path_factory.mktemp("electrumx")
    server = ElectrumX(indexed_node, folder, certificate=make_certificate(folder))
    yield server
    server.stop()


def make_certificate(folder: Path) -> Path:
    """A self-signed certificate for 127.0.0.1; its key lies beside it, ending in .key."""
    certificate = folder / "server.pem"
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.fail("openssl is not installed: run scripts/install_nodes.sh")
    subprocess.run(  # noqa: S603 - a fixed program with our own arguments
        [
            *(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-out", str(certificate), "-keyout", str(certificate.with_suffix(".key"))),
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )
    return certificate


def _electrumx() -> Path:
    found = _find()
    if found is None:
        raise FileNotFoundError(NOT_INSTALLED)
    return found


def _find() -> Path | None:
    named = os.environ.get("HOLDFAST_ELECTRUMX")
    if named:
        return Path(named)
    nodes = os.environ.get("HOLDFAST_NODES") or Path.home() / ".cache" / "holdfast-nodes"
    installed = Path(nodes) / "electrumx" / "bin" / "electrumx_server"
    if installed.exists():
        return installed
    on_path = shutil.which("electrumx_server")
    return None if on_path is None else Path(on_path)


def _interpreter(program: Path) -> str:
    """The Python that a script is run by, which has its libraries."""
    first_line = program.read_text(encoding="utf-8").splitlines()[0]
    return first_line.removeprefix("#!").strip()
