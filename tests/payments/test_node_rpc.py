"""What the client makes of servers that are no node, or a node in trouble."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from payments.addresses import Bip84Addresses, script_of
from payments.bitcoind import BitcoindConnector, check
from payments.block_headers import parse_header
from payments.chain import ChainRefusedError, ChainUnavailableError, Place
from payments.custody import new_mnemonic
from payments.raw_transaction import parse_transaction
from tests.litecoin_node import free_port
from tests.payments.made_up_blocks import header as made_up_header

REFUSED = r"not to be trusted|not those of a Bitcoin Core"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LTC_GENESIS = "12a765e31ffd4059bada1e25190f6e98c99d9714d334efa41a195a7e7e04bfe2"
TIP = "aa" * 32
# It pays one unit to a script of one byte.
TRANSACTION = bytes.fromhex(f"0200000001{'11' * 36}00ffffffff0101000000000000000151{'00' * 4}")
TRANSACTION_ID = parse_transaction(TRANSACTION).transaction_id
HEADER = made_up_header(bytes(32), TRANSACTION_ID, 1_795_000_000)
BLOCK = HEADER + b"\x01" + TRANSACTION
BLOCK_HASH = parse_header(HEADER).block_hash

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@contextlib.asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        await runner.cleanup()


def connector(url: str, **changes: object) -> BitcoindConnector:
    settings: dict[str, object] = {
        "coin": "LTC",
        "network": "regtest",
        "url": url,
        "user": "u",
        "password": "hunter2",
        "request_timeout_seconds": 5.0,
    }
    return BitcoindConnector(**{**settings, **changes})  # type: ignore[arg-type]


def answering(text: str, status: int = 200, content_type: str = "application/json") -> Handler:
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(text=text, status=status, content_type=content_type)

    return handler


class ScriptedNode:
    """Answers like Bitcoin Core: `results` by method; an exception class stands for its error."""

    def __init__(self, **results: object) -> None:
        self.results: dict[str, object] = {
            "getblockchaininfo": info(),
            "getblockhash": LTC_GENESIS,
            "getnetworkinfo": {"connections": 8},
            "getblockheader": {"hash": TIP, "height": 100, "confirmations": 1},
            "getbestblockhash": TIP,
            "getrawmempool": [],
            **results,
        }
        self.calls: list[str] = []

    async def handle(self, request: web.Request) -> web.Response:
        calls = json.loads(await request.text())
        return web.json_response([self._answer(call) for call in calls])

    def _answer(self, call: dict[str, Any]) -> dict[str, object]:
        self.calls.append(call["method"])
        result = self.results[call["method"]]
        if callable(result):
            result = result(*call["params"])
        if call["method"] == "getblockheader" and isinstance(result, dict):
            result = {"time": int(NOW.timestamp()), **result}
        if isinstance(result, Refusal):
            error = {"code": result.code, "message": result.message}
            return {"id": call["id"], "result": None, "error": error}
        return {"id": call["id"], "result": result, "error": None}


class Refusal:
    def __init__(self, code: int, message: str) -> None:
        self.code, self.message = code, message


def info(**changes: object) -> dict[str, object]:
    return {
        "chain": "main",
        "blocks": 100,
        "headers": 100,
        "bestblockhash": TIP,
        "initialblockdownload": False,
        **changes,
    }


async def unavailable(url: str, **changes: object) -> str:
    with pytest.raises(ChainUnavailableError) as raised:
        await check(connector(url, **changes))
    assert "hunter2" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize("status", [401, 403])
async def test_refused_credentials_are_refused_for_good(status: int) -> None:
    async with serving(answering("", status)) as url:
        with pytest.raises(ChainRefusedError, match=f"HTTP {status}.*rpcuser") as raised:
            await check(connector(url))
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "status", "expected"),
    [
        ("<html>hello</html>", 200, "answers HTTP 200 and no JSON"),
        ("<html>not here</html>", 404, "answers HTTP 404 and no JSON"),
        ("Work queue depth exceeded", 503, "answers HTTP 503 and no JSON"),
        ("", 302, "answers HTTP 302 and no JSON"),
        ("{", 200, "broken JSON"),
        ("[1, 2]", 200, "no JSON-RPC"),
        ("[]", 200, "left a call unanswered"),
        ("{}", 200, "left a call unanswered"),
        ("[" * 100_000, 200, "broken JSON"),
        ('[{"id": 0, "result": 7}, {"id": 1, "result": "x"}]', 200, "not those of a Bitcoin Core"),
        ('[{"id": 0, "result": {}}, {"id": 1, "result": "x"}]', 200, "not those of a Bitcoin Core"),
        ('{"error": {"code": -28, "message": "Loading block index"}}', 500, "is starting: Loading"),
        ('{"error": {"code": -32601, "message": "Method not found"}}', 404, "Method not found"),
    ],
)
async def test_answer_that_is_of_no_use_is_unavailable(
    text: str, status: int, expected: str
) -> None:
    async with serving(answering(text, status)) as url:
        assert expected in await unavailable(url)


async def test_server_that_does_not_answer_is_given_up() -> None:
    async def hang(_request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        return web.Response()

    async with serving(hang) as url:
        assert "did not answer within 0.2 s" in await unavailable(url, request_timeout_seconds=0.2)


async def test_server_that_hangs_up_is_unavailable() -> None:
    async def hang_up(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with serving(hang_up) as url:
        assert "broke the exchange off" in await unavailable(url)


async def test_nobody_there_is_unavailable() -> None:
    text = await unavailable(f"http://127.0.0.1:{free_port()}")
    assert "cannot be reached" in text
    assert "127.0.0.1" in text


async def test_node_in_step_passes() -> None:
    node = ScriptedNode()
    async with serving(node.handle) as url:
        await check(connector(url, network="main"))


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ({"getblockchaininfo": info(initialblockdownload=True)}, "block 100 of 100"),
        (
            {"getblockchaininfo": info(headers=103)},
            "catching up with its network: block 100 of 103",
        ),
        ({"getnetworkinfo": {"connections": 0}}, "has no peers"),
    ],
)
async def test_node_out_of_step_is_unavailable(results: dict[str, object], expected: str) -> None:
    async with serving(ScriptedNode(**results).handle) as url:
        assert expected in await unavailable(url, network="main")


async def test_block_that_was_just_announced_is_no_reason_to_stop() -> None:
    async with serving(ScriptedNode(getblockchaininfo=info(headers=102)).handle) as url:
        await check(connector(url, network="main"))


async def test_node_of_another_coin_is_refused() -> None:
    async with serving(ScriptedNode().handle) as url:
        with pytest.raises(ChainRefusedError, match="another coin"):
            await check(connector(url, coin="BTC", network="main"))


async def test_pruned_block_is_unavailable_with_advice() -> None:
    node = ScriptedNode(
        getblockheader={
            "hash": "bb" * 32, "height": 99, "confirmations": 2, "nextblockhash": TIP
        },
        getblock=Refusal(-1, "Block not available (pruned data)"),
    )  # fmt: skip
    async with serving(node.handle) as url:
        client = connector(url, network="main").connect()
        place = Place(height=99, block_hash="bb" * 32)
        with pytest.raises(ChainUnavailableError, match=r"has not kept block .*pruned data"):
            await client.look(place, {}, began_at=NOW)


async def test_node_whose_last_block_is_old_is_not_believed() -> None:
    mined_at = int((NOW - timedelta(hours=7)).timestamp())
    header = {"hash": TIP, "height": 100, "confirmations": 1, "time": mined_at}
    node = ScriptedNode(getblockheader=header)
    async with serving(node.handle) as url:
        client = connector(url, network="main").connect()
        with pytest.raises(ChainUnavailableError, match=r"catching up .* last block 100 is of"):
            await client.look(Place(height=100, block_hash=TIP), {}, began_at=NOW)


async def test_node_that_is_behind_what_was_seen_before_takes_nothing_back() -> None:
    node = ScriptedNode()
    async with serving(node.handle) as url:
        client = connector(url, network="main").connect()
        with pytest.raises(ChainUnavailableError, match="is behind: at block 100 of 101"):
            await client.look(Place(height=101, block_hash="dd" * 32), {}, began_at=NOW)


async def test_tip_that_never_stands_still_is_unavailable() -> None:
    node = ScriptedNode(getbestblockhash="cc" * 32)
    async with serving(node.handle) as url:
        client = connector(url, network="main").connect()
        with pytest.raises(ChainUnavailableError, match="moved 10 times"):
            await client.look(Place(height=100, block_hash=TIP), {}, began_at=NOW)


async def test_fork_that_is_too_deep_is_unavailable() -> None:
    header = {"hash": TIP, "height": 100, "confirmations": -1, "previousblockhash": TIP}
    node = ScriptedNode(getblockheader=header)
    async with serving(node.handle) as url:
        client = connector(url, network="main").connect()
        with pytest.raises(ChainUnavailableError, match="more than 1000 blocks below block 100"):
            await client.look(Place(height=100, block_hash=TIP), {}, began_at=NOW)


async def test_block_that_comes_during_a_look_is_part_of_it() -> None:
    next_hash = BLOCK_HASH
    hashes = iter((next_hash, next_hash))
    known: dict[str, dict[str, object]] = {
        TIP: {"hash": TIP, "height": 100, "confirmations": 1},
        next_hash: {
            "hash": next_hash, "height": 101, "confirmations": 1, "mediantime": 1_795_000_000
        },
    }  # fmt: skip

    def header(block_hash: str, *_more: object) -> dict[str, object]:
        return known[block_hash]

    def best() -> str:
        known[TIP] = {**known[TIP], "confirmations": 2, "nextblockhash": next_hash}
        return next(hashes)

    node = ScriptedNode(
        getblockheader=header,
        getbestblockhash=best,
        getblock=BLOCK.hex(),
    )
    async with serving(node.handle) as url:
        client = connector(url, network="main").connect()
        look = await client.look(Place(height=100, block_hash=TIP), {}, began_at=NOW)
    assert look.place == Place(height=101, block_hash=next_hash)
    assert node.calls.count("getrawmempool") == 2


async def test_each_transaction_of_the_mempool_is_fetched_once() -> None:
    node = ScriptedNode(
        getrawmempool=["t1", "t2"],
        getrawtransaction="01000000000000000000",
    )
    async with serving(node.handle) as url:
        client = connector(url, network="main").connect()
        place = Place(height=100, block_hash=TIP)
        for _ in range(3):
            look = await client.look(place, {}, began_at=NOW)
            assert look.in_mempool == ()
    assert node.calls.count("getrawtransaction") == 2


async def test_large_mempool_is_read_in_several_looks() -> None:
    many = [f"t{number}" for number in range(250)]
    node = ScriptedNode(getrawmempool=many, getrawtransaction="01000000000000000000")
    async with serving(node.handle) as url:
        client = connector(url, network="main", look_seconds=0.0).connect()
        place = Place(height=100, block_hash=TIP)
        complete = [(await client.look(place, {}, began_at=NOW)).complete for _ in range(3)]
    assert complete == [False, False, True]
    assert node.calls.count("getrawtransaction") == 250


@pytest.mark.parametrize(
    "block",
    [
        made_up_header(bytes(32), "22" * 32, 1_795_000_000) + b"\x01" + TRANSACTION,
        HEADER[:79],
        HEADER + b"\x00",
        BLOCK[:-1],
        HEADER + b"\x01" + TRANSACTION.replace(b"\x51", b"\x52"),
        BLOCK + b"\x00",
    ],
)
async def test_block_that_is_broken_or_another_than_was_asked_for_is_unavailable(
    block: bytes,
) -> None:
    headers = {
        TIP: {"hash": TIP, "height": 100, "confirmations": 2, "nextblockhash": BLOCK_HASH},
        BLOCK_HASH: {"hash": BLOCK_HASH, "height": 101, "confirmations": 1, "mediantime": 1},
    }
    node = ScriptedNode(getblockheader=headers.__getitem__, getblock=block.hex())
    async with serving(node.handle) as url:
        client = connector(url, network="main").connect()
        with pytest.raises(ChainUnavailableError, match=REFUSED):
            await client.look(Place(height=100, block_hash=TIP), {}, began_at=NOW)


async def test_waiting_transaction_that_is_another_than_was_asked_for_is_unavailable() -> None:
    address = Bip84Addresses("LTC", "main", new_mnemonic(12)).derive(0)
    script = bytes.fromhex(script_of(address, "LTC", "main"))
    paying = TRANSACTION.replace(b"\x01\x51", bytes((len(script),)) + script)
    paying_id = parse_transaction(paying).transaction_id
    node = ScriptedNode(
        getrawmempool=[paying_id], getrawtransaction=paying.hex(), getmempoolentry={"time": 1}
    )
    async with serving(node.handle) as url:
        client = connector(url, network="main").connect()
        place = Place(height=100, block_hash=TIP)
        (found,) = (await client.look(place, {address: None}, began_at=NOW)).in_mempool
        assert (found.transaction_id, found.amount_base_units) == (paying_id, 1)
        node.results["getrawmempool"] = [paying_id, "22" * 32]
        with pytest.raises(ChainUnavailableError, match=REFUSED):
            await client.look(place, {address: None}, began_at=NOW)
