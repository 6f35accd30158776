"""What the client of Solana nodes makes of one that does not answer all that it is asked."""

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from solders.keypair import Keypair

from payments.chain import ChainUnavailableError, Known
from payments.solana import SolanaConnector
from tests.litecoin_node import free_port

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class SparingNode:
    """Has accounts that hold nothing; after `allowed` questions for signatures it answers 429."""

    def __init__(self, allowed: int) -> None:
        self.allowed = allowed
        self.calls: Counter[str] = Counter()

    async def handle(self, request: web.Request) -> web.Response:
        call = json.loads(await request.text())
        self.calls[call["method"]] += 1
        is_limited = call["method"] == "getSignaturesForAddress"
        if is_limited and self.calls[call["method"]] > self.allowed:
            return web.Response(status=429, text="Too many requests")
        return web.json_response({"id": call["id"], "result": self._answer(call)})

    def _answer(self, call: dict[str, Any]) -> object:
        match call["method"]:
            case "getMultipleAccounts":
                return {"value": [None] * len(call["params"][0])}
            case "getSignaturesForAddress":
                return []
            case "getLatestBlockhash":
                return {"context": {"slot": 7}, "value": {"blockhash": "11111111111111111111"}}
        return "the first block"


@contextlib.asynccontextmanager
async def serving(node: SparingNode) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/", node.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        await runner.cleanup()
        await asyncio.sleep(0)


def watched(count: int) -> dict[str, Known]:
    return {str(Keypair().pubkey()): Known() for _ in range(count)}


async def test_node_that_is_asked_too_often_is_asked_for_the_rest_in_the_next_looks() -> None:
    node, addresses = SparingNode(allowed=20), watched(40)
    newest_first = list(addresses)[::-1]
    async with serving(node) as url:
        client = SolanaConnector(network="regtest", url=url).connect()
        first = await client.look(None, addresses, began_at=NOW)
        assert list(first.receipts) == newest_first[:16], "two times eight were answered"
        node.calls.clear()
        second = await client.look(None, addresses, began_at=NOW)
        assert {*newest_first[24:]} <= {*second.receipts}, "and not those again that were refused"
        node.calls.clear()
        third = await client.look(None, addresses, began_at=NOW)
        assert {*third.receipts} == {*addresses}


async def test_node_that_answers_nothing_of_transactions_is_unavailable() -> None:
    async with serving(SparingNode(allowed=0)) as url:
        client = SolanaConnector(network="regtest", url=url).connect()
        with pytest.raises(ChainUnavailableError, match="HTTP 429 and no JSON"):
            await client.look(None, watched(3), began_at=NOW)


async def test_thousand_known_addresses_are_asked_for_in_few_calls() -> None:
    node, addresses = SparingNode(allowed=10_000), watched(1_000)
    async with serving(node) as url:
        client = SolanaConnector(network="regtest", url=url, reads_a_look=1_010).connect()
        first = await client.look(None, addresses, began_at=NOW)
        assert {*first.receipts} == {*addresses}
        node.calls.clear()
        await client.look(None, addresses, began_at=NOW)
    assert node.calls["getMultipleAccounts"] == 10
    assert node.calls["getSignaturesForAddress"] == 10
    assert node.calls.total() == 22


async def test_new_address_is_read_in_the_next_look_however_few_reads_a_look_has() -> None:
    node, addresses = SparingNode(allowed=10_000), watched(12)
    async with serving(node) as url:
        client = SolanaConnector(network="regtest", url=url, reads_a_look=4).connect()
        first, *others = [await client.look(None, addresses, began_at=NOW) for _ in range(7)]
        assert list(first.receipts) == list(addresses)[:-5:-1], "the newest four"
        assert {*others[-1].receipts} == {*addresses}
        node.calls.clear()
        (new,) = watched(1)
        look = await client.look(None, {**addresses, new: Known()}, began_at=NOW)
    assert {*look.receipts} == {*addresses, new}
    assert node.calls["getSignaturesForAddress"] <= 4
