"""Whether an address was used before, asked of real nodes and servers."""

import pytest

from payments.bitcoind import BitcoindConnector
from payments.chain import ChainConnector
from payments.electrum import ElectrumConnector
from payments.ethereum import EthereumConnector
from payments.histories import history_of
from payments.solana import SolanaConnector
from tests.anvil_node import CHAIN_ID, AnvilNode, anvil_node, new_address
from tests.electrumx_server import electrumx, indexed_node
from tests.payments.address_backends import Backend, Watcher, backend, chain_index, watcher
from tests.surfpool_node import SOL, SurfpoolNode, surfpool_node

__all__ = [
    "anvil_node", "backend", "chain_index", "electrumx", "indexed_node", "surfpool_node", "watcher",
]  # fmt: skip


async def seen(connector: ChainConnector, *addresses: str) -> frozenset[str]:
    recipe = history_of([connector])
    assert recipe is not None
    history = recipe.open_history()
    try:
        return await history.seen(addresses)
    finally:
        await history.close()


@pytest.mark.litecoind
async def test_address_with_a_payment_was_seen_on_litecoin(
    backend: Backend, watcher: Watcher
) -> None:
    paid, waiting, unused = (watcher.watch_new() for _ in range(3))
    backend.node.pay(paid, "0.1")
    backend.node.mine()
    backend.node.pay(waiting, "0.1")
    await watcher.until_received(paid, confirmed=True)
    await watcher.until_received(waiting)
    assert await seen(backend.connector(), paid, waiting, unused) == {paid, waiting}


@pytest.mark.anvil
async def test_account_that_was_ever_used_was_seen_on_ethereum(anvil_node: AnvilNode) -> None:
    paid, emptied, unused = (new_address() for _ in range(3))
    anvil_node.pay(paid, 1)
    anvil_node.call("anvil_setNonce", emptied, "0x1")
    connector = EthereumConnector(chain_id=CHAIN_ID, url=anvil_node.url)
    assert await seen(connector, paid, emptied, unused) == {paid, emptied}


@pytest.mark.surfpool
async def test_address_with_a_payment_was_seen_on_solana(surfpool_node: SurfpoolNode) -> None:
    from solders.keypair import Keypair  # noqa: PLC0415 - not needed where there is no Surfpool

    paid, unused = (str(Keypair().pubkey()) for _ in range(2))
    surfpool_node.pay((paid, SOL // 100))
    connector = SolanaConnector(network="regtest", url=surfpool_node.url)
    assert await seen(connector, paid, unused) == {paid}


def test_node_that_knows_blocks_alone_is_not_asked() -> None:
    blocks = BitcoindConnector(
        coin="LTC", network="regtest", url="http://x", user="u", password="p"
    )
    addresses = ElectrumConnector(coin="LTC", network="regtest", url="tcp://x:1")
    assert history_of([blocks]) is None
    assert history_of([blocks, addresses]) is not None
