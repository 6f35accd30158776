from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from sandbox.chain import Chain, ChainCredentials, ChainServer
from tests.litecoin_node import LitecoinNode, litecoin_node

__all__ = ["litecoin_node"]

ADDRESS = "rltc1qjmxnz78nmc8nq77wuxh25n2es7rzm5c23g5xdr"
GENESIS = "530827f38f93b43ed12af0b3ad25a288dc02ed74d6d7857862df51fc56c416f9"
NOTHING = "00" * 31 + "ff"


class RawNode:
    """Speaks plain HTTP to a node, real or not."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url = url
        login = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {login}"}

    async def post(self, body: object) -> tuple[int, Any]:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with (
            aiohttp.ClientSession(headers=self._headers) as session,
            session.post(self.url, data=data) as answer,
        ):
            text = await answer.text()
            return answer.status, json.loads(text, parse_float=Decimal) if text else None

    async def call(self, method: str, *params: object) -> Any:  # noqa: ANN401 - JSON
        status, answer = await self.post({"id": 1, "method": method, "params": params})
        assert (status, answer["error"], answer["id"]) == (200, None, 1)
        return answer["result"]


@pytest.fixture
async def server() -> AsyncIterator[ChainServer]:
    credentials = ChainCredentials(user="shop", password="a:b é")
    async with ChainServer(Chain(), credentials) as started:
        yield started


@pytest.fixture
def node(server: ChainServer) -> RawNode:
    return RawNode(server.url, "shop", "a:b é")


async def test_a_block_shows_its_payments_with_exact_amounts(
    server: ChainServer, node: RawNode
) -> None:
    txid = server.chain.pay(ADDRESS, 12345678)
    server.chain.mine(2)
    block_hash = await node.call("getblockhash", 1)
    block = await node.call("getblock", block_hash, 2)
    assert (block["hash"], block["height"], block["confirmations"]) == (block_hash, 1, 2)
    assert block["previousblockhash"] == await node.call("getblockhash", 0)
    assert block["nextblockhash"] == await node.call("getbestblockhash")
    paid = next(each for each in block["tx"] if each["txid"] == txid)
    output = next(o for o in paid["vout"] if o["scriptPubKey"]["addresses"] == [ADDRESS])
    assert str(output["value"]) == "0.12345678"
    assert output["scriptPubKey"]["address"] == ADDRESS
    assert output["scriptPubKey"]["hex"] == "001496cd3178f3de0f307bcee1aeaa4d5987862dd30a"
    assert (await node.call("getblock", block_hash))["tx"] == [each["txid"] for each in block["tx"]]
    raw = await node.call("getblock", block_hash, 0)
    assert raw.startswith(await node.call("getblockheader", block_hash, False))
    assert paid["hex"] in raw


async def test_the_mempool_shows_when_a_payment_came(server: ChainServer, node: RawNode) -> None:
    assert await node.call("getrawmempool") == []
    txid = server.chain.pay(ADDRESS, 1)
    assert await node.call("getrawmempool") == [txid]
    entry = await node.call("getmempoolentry", txid)
    assert (await node.call("getrawmempool", True)) == {txid: entry}
    assert entry["time"] == server.chain.mempool[txid].time
    waiting = await node.call("getrawtransaction", txid, True)
    assert "blockhash" not in waiting
    server.chain.mine(1)
    block_hash = server.chain.best_hash
    mined = await node.call("getrawtransaction", txid, 1, block_hash)
    assert (mined["confirmations"], mined["blockhash"]) == (1, block_hash)
    assert await node.call("getrawtransaction", txid, False, block_hash) == mined["hex"]


async def test_a_block_put_aside_has_minus_one_confirmation(
    server: ChainServer, node: RawNode
) -> None:
    old = server.chain.mine(2)
    server.chain.reorg(1)
    header = await node.call("getblockheader", old[1])
    assert (header["confirmations"], header["height"]) == (-1, 2)
    assert "nextblockhash" not in header
    assert await node.call("getblockcount") == 3


async def test_parameters_may_be_sent_by_name(node: RawNode) -> None:
    status, answer = await node.post({"id": 1, "method": "getblockhash", "params": {"height": 0}})
    assert status == 200
    assert answer["result"] == await node.call("getbestblockhash")


async def test_a_batch_answers_each_in_its_place(node: RawNode) -> None:
    status, answers = await node.post(
        [{"id": 7, "method": "getblockcount"}, {"id": 8, "method": "nosuch"}, 5]
    )
    assert status == 200
    assert [(each["id"], each["result"]) for each in answers] == [(7, 0), (8, None), (None, None)]
    codes = [each["error"]["code"] if each["error"] else None for each in answers]
    assert codes == [None, -32601, -32600]


async def test_wrong_credentials_are_unauthorized(server: ChainServer, node: RawNode) -> None:
    wrong = RawNode(server.url, "shop", "wrong")
    assert await wrong.post({"id": 1, "method": "getblockcount"}) == (401, None)
    async with aiohttp.ClientSession() as session:
        async with session.post(server.url, data=b"{}") as answer:
            assert answer.status == 401
            assert answer.headers["WWW-Authenticate"] == 'Basic realm="jsonrpc"'
        async with session.get(server.url) as answer:
            assert answer.status == 405


async def test_a_node_that_starts_refuses_with_its_code(server: ChainServer, node: RawNode) -> None:
    server.warm_up_message = "Loading block index..."
    status, answer = await node.post({"id": 1, "method": "getblockcount"})
    assert status == 500
    assert answer["error"] == {"code": -28, "message": "Loading block index..."}
    server.warm_up_message = ""
    assert await node.call("getblockcount") == 0


REFUSED = [
    (b"{nonsense", 500, -32700),
    (b"5", 500, -32700),
    ({"id": 1}, 400, -32600),
    ({"id": 1, "method": 5}, 400, -32600),
    ({"id": 1, "method": "getblockcount", "params": 5}, 400, -32600),
    ({"id": 1, "method": "nosuch"}, 404, -32601),
    ({"id": 1, "method": "getblockcount", "params": [1]}, 500, -1),
    ({"id": 1, "method": "getblockhash", "params": []}, 500, -1),
    ({"id": 1, "method": "getblockhash", "params": ["x"]}, 500, -1),
    ({"id": 1, "method": "getblockhash", "params": {"hight": 1}}, 500, -8),
    ({"id": 1, "method": "getblockhash", "params": [9_999_999]}, 500, -8),
    ({"id": 1, "method": "getblockhash", "params": [-1]}, 500, -8),
    ({"id": 1, "method": "getblock", "params": [NOTHING]}, 500, -5),
    ({"id": 1, "method": "getblock", "params": ["zz"]}, 500, -8),
    ({"id": 1, "method": "getblock", "params": ["zz" * 32]}, 500, -8),
    ({"id": 1, "method": "getblock", "params": [1]}, 500, -1),
    ({"id": 1, "method": "getblockheader", "params": [NOTHING]}, 500, -5),
    ({"id": 1, "method": "getmempoolentry", "params": [NOTHING]}, 500, -5),
    ({"id": 1, "method": "getrawtransaction", "params": [NOTHING, True]}, 500, -5),
    ({"id": 1, "method": "getrawtransaction", "params": ["zz"]}, 500, -8),
    ({"id": 1, "method": "getrawtransaction", "params": [NOTHING, True, NOTHING]}, 500, -5),
    ({"id": 1, "method": "getrawtransaction", "params": [NOTHING, True, GENESIS]}, 500, -5),
]


@pytest.mark.parametrize(("request_body", "status", "code"), REFUSED)
async def test_a_wrong_call_is_refused_with_the_nodes_code(
    node: RawNode, request_body: object, status: int, code: int
) -> None:
    answered_status, answer = await node.post(request_body)
    assert (answered_status, answer["error"]["code"]) == (status, code)
    assert answer["error"]["message"]


@pytest.mark.litecoind
async def test_a_real_node_refuses_in_the_same_way(
    node: RawNode, litecoin_node: LitecoinNode
) -> None:
    real = RawNode(litecoin_node.url, litecoin_node.user, litecoin_node.password)
    for request_body, _, code in REFUSED:
        status, answer = await node.post(request_body)
        real_status, real_answer = await real.post(request_body)
        assert status == real_status, request_body
        if code == -1 and len(real_answer["error"]["message"]) > 60:
            assert real_answer["error"]["code"] == code  # the message is the method's whole help
        else:
            assert answer == real_answer


async def waiting_answers(node: RawNode, txid: str) -> dict[str, Any]:
    return {
        "entry": await node.call("getmempoolentry", txid),
        "waiting": await node.call("getrawtransaction", txid, True),
        "info": await node.call("getblockchaininfo"),
        "network": await node.call("getnetworkinfo"),
    }


async def mined_answers(node: RawNode, txid: str, block_hash: str) -> dict[str, Any]:
    mined = await node.call("getrawtransaction", txid, True, block_hash)
    return {
        "mined": mined,
        "block": await node.call("getblock", block_hash, 2),
        "header": await node.call("getblockheader", block_hash),
        "output": next(
            output
            for output in mined["vout"]
            if output["scriptPubKey"].get("addresses") == [ADDRESS]
        ),
    }


@pytest.mark.litecoind
async def test_a_real_node_answers_in_the_same_shape(
    server: ChainServer, node: RawNode, litecoin_node: LitecoinNode
) -> None:
    real = RawNode(litecoin_node.url, litecoin_node.user, litecoin_node.password)
    txid = server.chain.pay(ADDRESS, 10_000_000)
    ours = await waiting_answers(node, txid)
    ours |= await mined_answers(node, txid, server.chain.mine(2)[0])
    txid = litecoin_node.pay(ADDRESS, "0.1")
    theirs = await waiting_answers(real, txid)
    theirs |= await mined_answers(real, txid, litecoin_node.mine(2)[0])
    for name, answer in ours.items():
        assert set(answer) <= set(theirs[name]), name
        for key, value in answer.items():
            if value is not None:
                assert type(value) is type(theirs[name][key]), (name, key)
    ours["output"]["scriptPubKey"].pop("address")  # has come with version 22
    assert ours["output"]["scriptPubKey"] == theirs["output"]["scriptPubKey"]
    assert str(ours["output"]["value"]) == str(theirs["output"]["value"])
