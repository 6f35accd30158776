"""What only an Electrum server has: pushes, TLS, restarts, and payments dropped by its node."""

import asyncio
import time
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from ssl import PEM_cert_to_DER_cert

import pytest

from payments.addresses import script_of
from payments.chain import ChainRefusedError, ChainUnavailableError
from payments.electrum import ElectrumConnector
from tests.electrumx_server import (
    INDEXED,
    ElectrumX,
    electrumx,
    indexed_node,
    make_certificate,
    require_electrumx,
)
from tests.litecoin_node import LitecoinNode, require_litecoind
from tests.payments.address_backends import NOW, Watcher
from tests.payments.line_proxy import LineProxy

__all__ = ["electrumx", "indexed_node"]

pytestmark = pytest.mark.litecoind

PUSHED_WITHIN_SECONDS = 2.0


def connector_for(server: ElectrumX, **changes: object) -> ElectrumConnector:
    settings: dict[str, object] = {"coin": "LTC", "network": "regtest", "url": server.url}
    return ElectrumConnector(**{**settings, **changes})  # type: ignore[arg-type]


@pytest.fixture
async def watcher(electrumx: ElectrumX) -> AsyncIterator[Watcher]:
    watcher = Watcher(connector_for(electrumx).connect())
    await watcher.until_at_tip_of(electrumx.node)
    yield watcher
    await watcher.client.close()
    electrumx.node.mine()


async def moment_shown(electrumx: ElectrumX, address: str) -> float:
    """When the server shows a payment in the mempool to somebody who keeps asking."""
    script = bytes.fromhex(script_of(address, "LTC", "regtest"))
    script_hash = sha256(script).digest()[::-1].hex()
    method = "blockchain.scripthash.get_mempool"
    while True:
        if await asyncio.to_thread(electrumx.call, method, script_hash):
            return time.monotonic()
        await asyncio.sleep(0.02)


async def test_payment_is_seen_within_two_seconds_of_the_server_showing_it(
    electrumx: ElectrumX, watcher: Watcher
) -> None:
    address = watcher.watch_new()
    await watcher.look()
    shown = asyncio.create_task(moment_shown(electrumx, address))
    electrumx.node.pay(address, "0.5")
    while not (await watcher.look()).receipts[address]:
        await asyncio.wait_for(watcher.client.changed(), 60)
    seen_at = time.monotonic()
    assert seen_at - await shown < PUSHED_WITHIN_SECONDS


async def test_block_is_pushed(electrumx: ElectrumX, watcher: Watcher) -> None:
    await watcher.look()
    (block_hash,) = electrumx.node.mine()
    while (await watcher.look()).place.block_hash != block_hash:
        await asyncio.wait_for(watcher.client.changed(), 60)


async def test_certificate_of_no_known_authority_is_refused_with_advice(
    electrumx: ElectrumX,
) -> None:
    client = connector_for(electrumx, url=electrumx.tls_url).connect()
    with pytest.raises(ChainRefusedError, match=r"not trusted .*`certificate_sha256`"):
        await client.look(None, {}, began_at=NOW)
    await client.close()


async def test_certificate_with_the_configured_fingerprint_is_taken(electrumx: ElectrumX) -> None:
    pem = (electrumx.folder / "server.pem").read_text(encoding="ascii")
    shown = sha256(PEM_cert_to_DER_cert(pem)).hexdigest().upper()
    fingerprint = ":".join(shown[at : at + 2] for at in range(0, len(shown), 2))
    client = connector_for(
        electrumx, url=electrumx.tls_url, certificate_sha256=fingerprint
    ).connect()
    look = await client.look(None, {}, began_at=NOW)
    assert look.place.height > 0
    await client.close()


async def test_certificate_with_another_fingerprint_is_refused(electrumx: ElectrumX) -> None:
    client = connector_for(electrumx, url=electrumx.tls_url, certificate_sha256="ab" * 32).connect()
    with pytest.raises(ChainRefusedError, match="another certificate than the one configured"):
        await client.look(None, {}, began_at=NOW)
    await client.close()


async def test_connection_that_drops_loses_nothing(electrumx: ElectrumX) -> None:
    proxy = LineProxy(electrumx.port)
    async with proxy.serving() as url:
        watcher = Watcher(connector_for(electrumx, url=url).connect())
        address = watcher.watch_new()
        await watcher.look()
        proxy.rewrite = lambda _line: None
        electrumx.node.pay(address, "0.5")
        with pytest.raises(ChainUnavailableError, match=r"closed|broke"):
            await watcher.look()
        proxy.rewrite = lambda line: line
        await watcher.until_received(address)
        assert proxy.connections >= 2
        await watcher.client.close()
    electrumx.node.mine()


async def test_dropped_payment_leaves_and_restarts_are_survived(tmp_path: Path) -> None:
    require_litecoind()
    require_electrumx()
    node = LitecoinNode(tmp_path / "node", INDEXED)
    server = None
    try:
        node.fund()
        server = ElectrumX(node, tmp_path / "electrumx")
        watcher = Watcher(connector_for(server).connect())
        await watcher.until_at_tip_of(node)
        address = watcher.watch_new()
        node.pay(address, "0.5")
        await watcher.until_received(address)
        server.stop()
        with pytest.raises(ChainUnavailableError, match=r"closed the connection|cannot be reached"):
            await watcher.look()
        node.stop()
        node.start(INDEXED, "-persistmempool=0", "-walletbroadcast=0")
        server.start()
        await watcher.until_received(address, count=0)
        await watcher.client.close()
    finally:
        if server is not None:
            server.stop()
        node.stop()


def test_certificate_for_tests_is_made_with_its_key(tmp_path: Path) -> None:
    require_electrumx()
    certificate = make_certificate(tmp_path)
    assert "BEGIN CERTIFICATE" in certificate.read_text(encoding="ascii")
    assert "PRIVATE KEY" in certificate.with_suffix(".key").read_text(encoding="ascii")
