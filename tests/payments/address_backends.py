"""The backends that answer address by address, over one real litecoind, and a watcher of them.

The fixture `backend` is each of them in turn: ElectrumX behind a proxy that passes everything on,
and Esplora's REST calls over the node.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from payments.addresses import Bip84Addresses, script_of
from payments.chain import AddressLook, Found, Known, Place
from payments.custody import new_mnemonic
from payments.electrum import ElectrumClient, ElectrumConnector
from payments.esplora import EsploraClient, EsploraConnector
from tests.electrumx_server import ElectrumX, require_electrumx
from tests.litecoin_node import LitecoinNode, nobodys_address, require_litecoind
from tests.payments.esplora_shim import ChainIndex, EsploraShim
from tests.payments.line_proxy import LineProxy

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SEEN_WITHIN_SECONDS = 30.0

Connector = ElectrumConnector | EsploraConnector
Client = ElectrumClient | EsploraClient


@dataclass(kw_only=True)
class Backend:
    """A server over a node. `kind` is "electrum" or "esplora"."""

    kind: str
    node: LitecoinNode
    url: str
    server: LineProxy | EsploraShim

    def connector(self, **changes: object) -> Connector:
        settings: dict[str, object] = {"coin": "LTC", "network": "regtest", "url": self.url}
        make = ElectrumConnector if self.kind == "electrum" else EsploraConnector
        return make(**{**settings, **changes})  # type: ignore[arg-type]

    def rewrite(self, change: Callable[[str], str]) -> None:
        self.server.rewrite = change


class Watcher:
    """A client with the place, the time and the receipts that a watcher would keep."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.place: Place | None = None
        self.now = NOW
        self.addresses: dict[str, Known] = {}

    async def look(self) -> AddressLook:
        self.now += timedelta(seconds=1)
        look = await self.client.look(self.place, self.addresses, began_at=self.now)
        self.place = look.place
        for address, receipts in look.receipts.items():
            self.addresses[address] = Known(receipts=receipts)
            assert all((each.block_height or 0) <= look.place.height for each in receipts)
        return look

    async def until(self, is_seen: Callable[[AddressLook], bool]) -> AddressLook:
        """Look until it is seen: a server hears of what its node has a moment later."""
        deadline = time.monotonic() + SEEN_WITHIN_SECONDS
        while True:
            look = await self.look()
            if is_seen(look):
                return look
            assert time.monotonic() < deadline, look
            await asyncio.sleep(0.1)

    async def until_at_tip_of(self, node: LitecoinNode) -> AddressLook:
        best = node.call("getbestblockhash")
        return await self.until(lambda look: look.place.block_hash == best)

    async def until_received(
        self, address: str, *, count: int = 1, confirmed: bool = False
    ) -> tuple[Found, ...]:
        """So many receipts, all in blocks or none."""

        def is_seen(look: AddressLook) -> bool:
            found = look.receipts.get(address, ())
            in_blocks = {each.block_height is not None for each in found}
            return len(found) == count and in_blocks <= {confirmed}

        return (await self.until(is_seen)).receipts[address]

    def watch_new(self) -> str:
        address = Bip84Addresses("LTC", "regtest", new_mnemonic(12)).derive(0)
        self.addresses[address] = Known()
        return address


@contextlib.asynccontextmanager
async def electrum_backend(electrumx: ElectrumX) -> AsyncIterator[Backend]:
    proxy = LineProxy(electrumx.port)
    async with proxy.serving() as url:
        yield Backend(kind="electrum", node=electrumx.node, url=url, server=proxy)


@contextlib.asynccontextmanager
async def esplora_backend(index: ChainIndex) -> AsyncIterator[Backend]:
    shim = EsploraShim(index)
    async with shim.serving() as url:
        yield Backend(kind="esplora", node=index.node, url=url, server=shim)


@pytest.fixture(scope="session")
def chain_index(indexed_node: LitecoinNode) -> ChainIndex:
    index = ChainIndex(indexed_node)
    index.sync()
    return index


@pytest.fixture(params=["electrum", "esplora"])
async def backend(request: pytest.FixtureRequest) -> AsyncIterator[Backend]:
    require_litecoind()
    if request.param == "electrum":
        require_electrumx()
        context = electrum_backend(request.getfixturevalue("electrumx"))
    else:
        context = esplora_backend(request.getfixturevalue("chain_index"))
    async with context as backend:
        backend.node.mine()
        yield backend
        backend.node.mine()  # whatever a test has left in the mempool


@pytest.fixture
async def watcher(backend: Backend) -> AsyncIterator[Watcher]:
    """A watcher that has looked once and is at the node's tip."""
    watcher = Watcher(backend.connector().connect())
    await watcher.until_at_tip_of(backend.node)
    yield watcher
    await watcher.client.close()


def pay_several(
    node: LitecoinNode, outputs: dict[str, str], *, instead: dict[str, str] | None = None
) -> str:
    """One transaction with these outputs; `instead` names other scripts for some, in its bytes.

    The node's own interface takes an address once a transaction.
    """
    unspent = next(
        each for each in node.call("listunspent") if each["spendable"] and each["amount"] > 5
    )
    rest = unspent["amount"] - sum(map(Decimal, outputs.values())) - Decimal("0.001")
    to = [{address: amount} for address, amount in outputs.items()]
    raw = node.call(
        "createrawtransaction",
        [{"txid": unspent["txid"], "vout": unspent["vout"]}],
        [*to, {node.call("getnewaddress"): str(rest)}],
    )
    for there, here in (instead or {}).items():
        raw = raw.replace(script_of(there, "LTC", "regtest"), script_of(here, "LTC", "regtest"))
    signed = node.call("signrawtransactionwithwallet", raw)
    transaction_id: str = node.call("sendrawtransaction", signed["hex"])
    return transaction_id


def replace_by_another(node: LitecoinNode, transaction_id: str) -> str:
    """A transaction in the mempool that spends the same and pays nobody who is watched."""
    replacement: str = node.call("sendrawtransaction", conflicting(node, transaction_id))
    assert transaction_id not in node.call("getrawmempool")
    return replacement


def conflicting(node: LitecoinNode, transaction_id: str) -> str:
    """A signed transaction that spends what another one spends, for a higher fee."""
    first = node.call("getrawtransaction", transaction_id, 1)
    amount = sum(output["value"] for output in first["vout"]) - Decimal("0.01")
    inputs = [{"txid": each["txid"], "vout": each["vout"]} for each in first["vin"]]
    raw = node.call("createrawtransaction", inputs, [{nobodys_address(): str(amount)}])
    signed: str = node.call("signrawtransactionwithwallet", raw)["hex"]
    return signed


def mine_only(node: LitecoinNode, blocks: int, *transactions: str) -> list[str]:
    """Mine blocks with these signed transactions in the first, and nothing of the mempool."""
    return [
        node.call("generateblock", nobodys_address(), list(transactions) if number == 0 else [])[
            "hash"
        ]
        for number in range(blocks)
    ]
