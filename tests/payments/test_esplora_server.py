"""What an Esplora server over a node of its own shows when the node is restarted."""

from pathlib import Path

import pytest

from payments.chain import ChainUnavailableError
from tests.electrumx_server import INDEXED
from tests.litecoin_node import LitecoinNode, require_litecoind
from tests.payments.address_backends import Watcher, esplora_backend
from tests.payments.esplora_shim import ChainIndex

pytestmark = pytest.mark.litecoind


async def test_dropped_payment_leaves_and_a_server_that_is_down_comes_back(tmp_path: Path) -> None:
    require_litecoind()
    node = LitecoinNode(tmp_path / "node", INDEXED)
    try:
        node.fund()
        index = ChainIndex(node)
        async with esplora_backend(index) as backend:
            connector = backend.connector()
            watcher = Watcher(connector.connect())
            address = watcher.watch_new()
            node.pay(address, "0.5")
            await watcher.until_received(address)
        with pytest.raises(ChainUnavailableError, match=r"cannot be reached|broke the exchange"):
            await watcher.look()
        await watcher.client.close()
        node.stop()
        node.start(INDEXED, "-persistmempool=0", "-walletbroadcast=0")
        async with esplora_backend(index) as backend:
            restarted = Watcher(backend.connector().connect())
            restarted.place, restarted.addresses = watcher.place, watcher.addresses
            await restarted.until_received(address, count=0)
            await restarted.client.close()
    finally:
        node.stop()
