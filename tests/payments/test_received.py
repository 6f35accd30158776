"""Reading everything that addresses ever received, on real nodes of each coin."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from solders.keypair import Keypair

from domain.reconciliation import Shown
from payments.addresses import Bip84Addresses
from payments.bitcoind import BitcoindClient, BitcoindConnector
from payments.chain import ChainClient, ChainUnavailableError, Place
from payments.custody import new_mnemonic
from payments.ethereum import EthereumClient, EthereumConnector
from payments.received import ChainReading, received_on
from payments.solana import SolanaClient, SolanaConnector
from tests.anvil_node import CHAIN_ID, WEI, AnvilNode, anvil_node, new_address, require_anvil
from tests.electrumx_server import electrumx, indexed_node
from tests.litecoin_node import LitecoinNode, litecoin_node, require_litecoind
from tests.payments.address_backends import Backend, backend, chain_index
from tests.surfpool_node import SOL, SurfpoolNode, surfpool_node

__all__ = [
    "anvil_node",
    "backend",
    "chain_index",
    "electrumx",
    "indexed_node",
    "litecoin_node",
    "surfpool_node",
]

LONG_AGO = datetime(2009, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
MAY = datetime(2026, 5, 1, 12, tzinfo=UTC)


def now() -> datetime:
    return datetime.now(UTC)


def new_litecoin_address() -> str:
    return Bip84Addresses("LTC", "regtest", new_mnemonic(12)).derive(0)


def connector_for(node: LitecoinNode, look_seconds: float = 10.0) -> BitcoindConnector:
    return BitcoindConnector(
        coin="LTC",
        network="regtest",
        url=node.url,
        user=node.user,
        password=node.password,
        look_seconds=look_seconds,
    )


async def received(client: ChainClient, *addresses: str) -> dict[str, Shown]:
    try:
        return dict(await received_on(client, addresses, LONG_AGO, now=now))
    finally:
        await client.close()


def amounts(shown: Shown) -> list[tuple[str, int, bool]]:
    """Transaction, base units, and whether it is in a block."""
    return [
        (each.transaction_id, each.amount_base_units, each.block_height is not None)
        for each in shown.sightings
    ]


# --- block by block -------------------------------------------------------------------------------


@pytest.mark.litecoind
async def test_walk_in_many_stretches_shows_all_that_ever_came(litecoin_node: LitecoinNode) -> None:
    one, other, unpaid = (new_litecoin_address() for _ in range(3))
    first = litecoin_node.pay(one, "0.5")
    litecoin_node.mine(20)
    second = litecoin_node.pay(one, "0.25")
    litecoin_node.mine(3)
    waiting = litecoin_node.pay(other, "1")
    said: list[str] = []
    client = connector_for(litecoin_node, look_seconds=0.0).connect()
    reading = ChainReading(client, now=now, progress=said.append)
    shown = await reading.read([one, other, unpaid], LONG_AGO)
    assert amounts(shown[one]) == [(first, 50_000_000, True), (second, 25_000_000, True)]
    assert [each.confirmations for each in shown[one].sightings] == [23, 3]
    assert amounts(shown[other]) == [(waiting, 100_000_000, False)]
    assert shown[unpaid] == Shown()
    height = litecoin_node.call("getblockcount")
    assert reading.place is not None
    assert reading.place.height == height
    assert said[0] == f"at block 1 of {height}"
    litecoin_node.mine()
    again = await reading.read_again([other])
    assert amounts(again[other]) == [(waiting, 100_000_000, True)]
    await client.close()


@pytest.mark.litecoind
async def test_what_a_reorganisation_took_is_not_shown_any_more(
    litecoin_node: LitecoinNode,
) -> None:
    address = new_litecoin_address()
    transaction_id = litecoin_node.pay(address, "0.5")
    (block,) = litecoin_node.mine()
    client = connector_for(litecoin_node).connect()
    reading = ChainReading(client, now=now)
    assert amounts((await reading.read([address], LONG_AGO))[address]) == [
        (transaction_id, 50_000_000, True)
    ]
    litecoin_node.call("invalidateblock", block)
    assert amounts((await reading.read_again([address]))[address]) == [
        (transaction_id, 50_000_000, False)
    ]
    litecoin_node.call("reconsiderblock", block)
    await client.close()


@pytest.fixture(scope="module")
def spring_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LitecoinNode]:
    """A node with ten blocks on each of ten days of May."""
    require_litecoind()
    node = LitecoinNode(tmp_path_factory.mktemp("spring"))
    try:
        for day in range(10):
            for number in range(10):
                moment = MAY + day * DAY + number * timedelta(minutes=1)
                node.call("setmocktime", int(moment.timestamp()))
                node.mine()
        yield node
    finally:
        node.stop()


@pytest.mark.litecoind
async def test_place_to_begin_at_lies_before_the_time_and_not_far_before(
    spring_node: LitecoinNode,
) -> None:
    client = connector_for(spring_node).connect()
    fourth_day = (await client.reach_back(MAY + 3 * DAY)).place
    assert fourth_day is not None
    # 30 blocks were made on the three days before, and the median of eleven lies five behind.
    assert 30 <= fourth_day.height <= 35
    header = spring_node.call("getblockheader", fourth_day.block_hash)
    assert header["height"] == fourth_day.height
    assert (await client.reach_back(LONG_AGO)).place == Place(
        height=0, block_hash=spring_node.call("getblockhash", 0)
    )
    tip = spring_node.call("getblockcount")
    last = (await client.reach_back(MAY + 365 * DAY)).place
    assert last is not None
    assert last.height == tip


class Pruned:
    """A node's RPC as if it had dropped all blocks below a height. `url` is for the shop."""

    def __init__(self, node: LitecoinNode, first_kept: int) -> None:
        self._node = node
        self._first_kept = first_kept
        self._server = TestServer(self._app())

    async def __aenter__(self) -> BitcoindConnector:
        await self._server.start_server()
        url = str(self._server.make_url("/"))
        return replace(connector_for(self._node), url=url)

    async def __aexit__(self, *_error: object) -> None:
        await self._server.close()

    def _app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.Response:
        calls = await request.json()
        return web.json_response(
            [await asyncio.to_thread(self._called, each) for each in calls],
            dumps=lambda answers: json.dumps(answers, default=float),
        )

    def _called(self, call: dict[str, Any]) -> dict[str, object]:
        method, parameters = call["method"], call["params"]
        result = self._node.call(method, *parameters)
        error = None
        if method == "getblockchaininfo":
            result |= {"pruned": True, "pruneheight": self._first_kept}
        if method == "getblock" and self._is_dropped(parameters[0]):
            result, error = None, {"code": -1, "message": "Block not available (pruned data)"}
        return {"id": call["id"], "result": result, "error": error}

    def _is_dropped(self, block_hash: str) -> bool:
        height: int = self._node.call("getblockheader", block_hash)["height"]
        return height < self._first_kept


@pytest.mark.litecoind
async def test_node_that_keeps_few_blocks_is_read_from_the_first_one_that_it_keeps(
    spring_node: LitecoinNode,
) -> None:
    address = new_litecoin_address()
    spring_node.mine(1, to=address)
    paid_at = spring_node.call("getblockcount")
    async with Pruned(spring_node, 50) as connector:
        reach = await connector.connect().reach_back(LONG_AGO)
        shown = await received(connector.connect(), address)
        enough = await connector.connect().reach_back(MAY + 8 * DAY)
    assert reach.begins_at is not None
    assert MAY + 4 * DAY < reach.begins_at < MAY + 5 * DAY
    assert shown[address].begins_height == 49
    assert [each.block_height for each in shown[address].sightings] == [paid_at]
    assert enough.begins_height is None


@pytest.mark.litecoind
async def test_node_that_is_gone_is_asked_several_times_and_then_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("payments.received._PAUSES_SECONDS", (0.0, 0.0))
    gone = BitcoindConnector(
        coin="LTC", network="regtest", url="http://127.0.0.1:1", user="u", password="p"
    )
    said: list[str] = []
    reading = ChainReading(BitcoindClient(gone), now=now, progress=said.append)
    with pytest.raises(ChainUnavailableError, match="cannot be reached"):
        await reading.read([new_litecoin_address()], LONG_AGO)
    assert len(said) == 2


# --- address by address ---------------------------------------------------------------------------


@pytest.mark.litecoind
async def test_servers_of_addresses_show_all_that_ever_came(backend: Backend) -> None:
    one, unpaid = new_litecoin_address(), new_litecoin_address()
    first = backend.node.pay(one, "0.5")
    backend.node.mine(5)
    second = backend.node.pay(one, "0.25")
    shown: dict[str, Shown] = {}
    for _ in range(100):
        # The server follows its node at its own pace.
        shown = await received(backend.connector().connect(), one, unpaid)
        if len(shown[one].sightings) == 2:
            break
    assert sorted(amounts(shown[one])) == sorted(
        [(first, 50_000_000, True), (second, 25_000_000, False)]
    )
    assert shown[unpaid] == Shown()
    backend.node.mine()


@pytest.mark.anvil
async def test_ether_is_found_in_whatever_way_it_came_and_wherever_it_went(
    anvil_node: AnvilNode,
) -> None:
    one, swept, unpaid = new_address(), new_address(), new_address()
    first = anvil_node.pay(one, WEI)
    anvil_node.mine(30)
    anvil_node.pay_from_a_contract(one, WEI // 2)
    coming = anvil_node.pay(swept, WEI)
    anvil_node.mine(30)
    anvil_node.sweep(swept, WEI // 2)
    client = EthereumClient(EthereumConnector(chain_id=CHAIN_ID, url=anvil_node.url))
    shown = await received(client, one, swept, unpaid)
    assert amounts(shown[one]) == [
        (first, WEI, True),
        (f"internal-1-{WEI // 2}", WEI // 2, True),
    ]
    assert amounts(shown[swept]) == [(coming, WEI, True)]
    assert shown[unpaid] == Shown()


@pytest.mark.anvil
async def test_ether_node_without_old_states_tells_sums_of_what_was_never_sent_on() -> None:
    require_anvil()
    with closing(Forgetful()) as node:
        kept, swept, unpaid = new_address(), new_address(), new_address()
        node.pay(kept, WEI)
        node.pay(kept, WEI // 2)
        node.pay(swept, WEI)
        node.sweep(swept, WEI // 2)
        node.mine(400)
        client = EthereumClient(EthereumConnector(chain_id=CHAIN_ID, url=node.url))
        shown = await received(client, kept, swept, unpaid)
    assert shown[kept] == Shown(sum_base_units=WEI + WEI // 2)
    assert shown[unpaid] == Shown(sum_base_units=0)
    assert shown[swept].sightings == ()
    assert "archive node" in shown[swept].why_not


class Forgetful(AnvilNode):
    """An anvil that forgets the states of old blocks, as most nodes do."""

    options = ("--prune-history",)

    def close(self) -> None:
        self.stop()


@pytest.mark.surfpool
async def test_sol_is_found_with_what_has_left_again(surfpool_node: SurfpoolNode) -> None:
    key, unpaid = Keypair(), str(Keypair().pubkey())
    address = str(key.pubkey())
    first = surfpool_node.pay((address, SOL))
    second = surfpool_node.pay((address, SOL // 2))
    surfpool_node.pay((str(surfpool_node.payer.pubkey()), SOL), by=key)
    client = SolanaClient(SolanaConnector(network="regtest", url=surfpool_node.url))
    shown = await received(client, address, unpaid)
    assert [(name, units) for name, units, _ in amounts(shown[address])] == [
        (first, SOL),
        (second, SOL // 2),
    ]
    assert shown[unpaid].sightings == ()
