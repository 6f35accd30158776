"""What the subscription to new blocks makes of servers that answer oddly; over a real WebSocket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import WSMsgType, web

from payments.chain import ChainUnavailableError
from payments.ethereum_heads import Heads
from tests.litecoin_node import free_port


@asynccontextmanager
async def answering(*messages: str) -> AsyncIterator[Heads]:
    """A subscription at a server that says this when it is asked for one."""

    async def handler(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive()
        for each in messages:
            await socket.send_str(each)
        async for message in socket:
            if message.type is WSMsgType.ERROR:
                break
        return socket

    app = web.Application()
    app.router.add_get("/", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    heads = Heads("the node", f"ws://127.0.0.1:{port}/", 5.0)
    try:
        yield heads
    finally:
        await heads.close()
        await runner.cleanup()


async def test_a_block_is_heard_of() -> None:
    async with answering('{"id": 1, "result": "0x1"}', '{"method": "eth_subscription"}') as heads:
        await heads.next()


@pytest.mark.parametrize(
    "answer", ["", "7", "[]", "{}", '{"result": null}', '{"error": {}}', "[" * 100_000, '{"a":']
)
async def test_a_broken_answer_is_no_subscription(answer: str) -> None:
    async with answering(answer) as heads:
        with pytest.raises(ChainUnavailableError, match="gives no subscription at its ws_url"):
            await heads.next()
