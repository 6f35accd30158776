"""Shops before real chains, in time that can be put forward; what passes is written down.

Where HOLDFAST_PAYMENT_CASES names a folder, each cell of the table that passed is a file in it.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from pathlib import Path

import pytest

from tests.anvil_node import anvil_node
from tests.electrumx_server import electrumx, indexed_node, require_electrumx
from tests.litecoin_node import require_litecoind
from tests.payment_cases.cases import CASES
from tests.payment_cases.chains import Chain
from tests.payment_cases.ether import EtherChain
from tests.payment_cases.fronts import Front, front_of
from tests.payment_cases.litecoin import LitecoinChain
from tests.payment_cases.shifted_time import ShiftedLoop
from tests.payment_cases.sol import SLOT_MILLISECONDS, SolanaChain
from tests.payment_cases.stage import Stage
from tests.payments.address_backends import chain_index
from tests.payments.esplora_shim import ChainIndex, EsploraShim
from tests.surfpool_node import SurfpoolNode, require_surfpool

__all__ = ["anvil_node", "chain_index", "electrumx", "indexed_node"]

FOLDER_VARIABLE = "HOLDFAST_PAYMENT_CASES"


@pytest.hookimpl(optionalhook=True)
def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Tests of this folder run in a loop whose time can be put forward."""
    return {"shifted": ShiftedLoop}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Write down the cell that a test has passed, after its fixtures too."""
    report = yield
    folder = os.environ.get(FOLDER_VARIABLE)
    cell = _cell(item)
    if cell is None or folder is None:
        return report
    if report.when == "call":
        item.stash[_PASSED] = report.passed
    if report.when == "teardown" and report.passed and item.stash.get(_PASSED, False):
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / "--".join(cell)).touch()
    return report


def _cell(item: pytest.Item) -> tuple[str, str] | None:
    if not isinstance(item, pytest.Function) or not hasattr(item, "callspec"):
        return None
    cell = item.callspec.params.get("cell")
    return cell if isinstance(cell, tuple) else None


_PASSED = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def fast_surfpool() -> Iterator[SurfpoolNode]:
    require_surfpool()
    node = SurfpoolNode(SLOT_MILLISECONDS)
    try:
        yield node
    finally:
        node.stop()


@pytest.fixture
async def chain(cell: tuple[str, str], request: pytest.FixtureRequest) -> AsyncIterator[Chain]:
    case, client = cell
    assert case in CASES
    shim = None
    match client:
        case "ethereum":
            chain: Chain = EtherChain(request.getfixturevalue("anvil_node"))
        case "solana":
            chain = SolanaChain(request.getfixturevalue("fast_surfpool"))
        case "electrum":
            require_litecoind()
            require_electrumx()
            server = request.getfixturevalue("electrumx")
            chain = LitecoinChain(
                client,
                server.node,
                server.url,
                lambda: int(server.call("blockchain.headers.subscribe")["height"]),
            )
        case "esplora":
            index = request.getfixturevalue("chain_index")
            shim = EsploraShim(index)
            async with shim.serving() as url:
                chain = LitecoinChain(client, index.node, url, lambda: _height_after_sync(index))
                yield chain
                await chain.tidy()
            return
        case _:
            node = request.getfixturevalue("indexed_node")
            chain = LitecoinChain(client, node, node.url)
    yield chain
    await chain.tidy()


def _height_after_sync(index: ChainIndex) -> int:
    """The shim reads blocks when it is asked; a thousand would take longer than a client waits."""
    index.sync()
    height: int = index.node.call("getblockcount")
    return height


@pytest.fixture
async def stage(chain: Chain, tmp_path: Path) -> AsyncIterator[Stage]:
    """A shop that is not open yet; it is closed, and its books are audited, at the end."""
    stage = Stage(tmp_path, chain)
    yield stage
    await stage.close()


@pytest.fixture
async def front(stage: Stage) -> AsyncIterator[Front]:
    """Who stands before the node from now on."""
    front = front_of(stage.chain.url)
    front.rewrite = stage.chain.retouched
    async with front.serving() as url:
        stage.connector = stage.chain.connector_by(url)
        yield front
        # Before the front is gone: the audit at the end finds a shop that has stopped.
        await stage.stop()
