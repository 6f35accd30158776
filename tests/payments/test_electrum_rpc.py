"""What the Electrum client makes of servers that are none, or in trouble."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from payments.addresses import Bip84Addresses, script_of
from payments.chain import ChainRefusedError, ChainUnavailableError, Known, Place, check
from payments.custody import new_mnemonic
from payments.electrum import ElectrumClient, ElectrumConnector
from payments.electrum_dialling import ElectrumAddressError
from tests.litecoin_node import free_port
from tests.payments.made_up_blocks import MadeUpChain

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ADDRESS = "rltc1qjmxnz78nmc8nq77wuxh25n2es7rzm5c23g5xdr"

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    handling: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        handling.add(task)
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await handler(reader, writer)
        writer.transport.abort()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in handling:
            task.cancel()
        await asyncio.gather(*handling, return_exceptions=True)
        await server.wait_closed()


def client_of(url: str, **changes: object) -> ElectrumClient:
    settings: dict[str, object] = {
        "coin": "LTC",
        "network": "regtest",
        "url": url,
        "request_timeout_seconds": 5.0,
    }
    return ElectrumConnector(**{**settings, **changes}).connect()  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def connected(url: str, **changes: object) -> AsyncIterator[ElectrumClient]:
    client = client_of(url, **changes)
    try:
        yield client
    finally:
        await client.close()


class ScriptedServer:
    """Answers like an Electrum server of a made-up chain; `results` by method come first.

    A result that is an exception's text stands for a refusal. `delay_seconds` before each answer.
    """

    def __init__(self, chain: MadeUpChain | None = None, **results: object) -> None:
        self.chain = chain or MadeUpChain(blocks=20, last_at=NOW)
        self.results = {name.replace("__", "."): result for name, result in results.items()}
        self.refused: set[str] = set()
        self.calls: list[str] = []
        self.connections = 0
        self.delay_seconds = 0.0
        self.last_call: str | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writer = writer
        while line := await reader.readline():
            call = json.loads(line)
            self.calls.append(call["method"])
            if call["method"] == self.last_call:
                writer.write(b'{"jsonrpc": "2.0", "id":')
                await writer.drain()
                return
            await asyncio.sleep(self.delay_seconds)
            self.say({"id": call["id"], **self._answer(call["method"], call["params"])})

    def say(self, message: dict[str, object]) -> None:
        assert self._writer is not None
        self._writer.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")

    def hang_up(self) -> None:
        assert self._writer is not None
        self._writer.transport.abort()

    def _answer(self, method: str, parameters: list[Any]) -> dict[str, object]:
        result = self.results.get(method)
        if self.refused.intersection(map(str, parameters)):
            result = RuntimeError("history too large")
        elif result is None and method not in self.results:
            result = self._result(method, parameters)
        if isinstance(result, Exception):
            return {"error": {"code": 1, "message": str(result)}}
        return {"result": result}

    def _result(self, method: str, parameters: list[Any]) -> object:
        headers = self.chain.headers
        match method, parameters:
            case "server.version", _:
                return ["ElectrumX 1.16.0", "1.4"]
            case "blockchain.block.header", [height]:
                return headers[height].hex()
            case "blockchain.headers.subscribe", _:
                return {"height": len(headers) - 1, "hex": headers[-1].hex()}
            case "blockchain.block.headers", [height, count]:
                some = headers[height : height + count]
                return {"count": len(some), "hex": b"".join(some).hex(), "max": 2016}
        return {"blockchain.scripthash.subscribe": None, "blockchain.scripthash.get_history": []}[
            method
        ]


async def test_look_at_a_server_without_payments_is_empty() -> None:
    server = ScriptedServer()
    async with serving(server.handle) as url, connected(url) as client:
        look = await client.look(None, {ADDRESS: Known()}, began_at=NOW)
        assert look.receipts == {ADDRESS: ()}
        assert look.place == server.chain.place
        await client.look(look.place, {ADDRESS: Known()}, began_at=NOW)
        assert server.connections == 1, "the connection is kept"


async def test_server_that_is_down_is_unavailable() -> None:
    port = free_port()
    async with connected(f"tcp://127.0.0.1:{port}") as client:
        with pytest.raises(
            ChainUnavailableError,
            match=rf"LTC Electrum server at 127.0.0.1:{port} cannot be reached",
        ):
            await client.look(None, {}, began_at=NOW)


async def test_page_for_people_is_unavailable() -> None:
    async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n<html><body>nginx</body></html>\n")
        await writer.drain()

    async with serving(page) as url, connected(url) as client:
        with pytest.raises(ChainUnavailableError, match="is it the port of an Electrum server"):
            await client.look(None, {}, began_at=NOW)


@pytest.mark.parametrize(
    "line",
    [
        b"[1, 2]\n",
        b"7\n",
        b'{"id": "x"}\n',
        b'{"id": null}\n',
        b'{"method": 3}\n',
        b"\xff\xfe\n",
        b"[" * 100_000 + b"\n",
        b'{"method": "x", "params": {}}\n',
    ],
)
async def test_garbage_is_unavailable(line: bytes) -> None:
    async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(line)
        await writer.drain()
        await reader.readline()

    async with serving(garbage) as url, connected(url) as client:
        with pytest.raises(ChainUnavailableError, match="gives no usable answer"):
            await client.look(None, {}, began_at=NOW)


async def test_server_that_hangs_is_unavailable_in_time() -> None:
    async def hang(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(hang) as url, connected(url, request_timeout_seconds=0.2) as client:
        with pytest.raises(ChainUnavailableError, match=r"did not answer within 0\.2 s"):
            await client.look(None, {}, began_at=NOW)


async def test_line_without_end_is_unavailable_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("payments.electrum_dialling.LARGEST_LINE_BYTES", 100_000)
    sent = 0

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readline()
        while not writer.transport.is_closing():
            writer.write(b"x" * 10_000)
            await writer.drain()
            sent += 10_000

    async with serving(endless) as url, connected(url) as client:
        with pytest.raises(ChainUnavailableError, match="a line of it has no end"):
            await client.look(None, {}, began_at=NOW)
    assert sent < 50_000_000


async def test_slow_server_is_waited_for_while_it_answers() -> None:
    server = ScriptedServer()
    server.delay_seconds = 0.05
    addresses = {ADDRESS: Known()}
    async with serving(server.handle) as url, connected(url, request_timeout_seconds=2.0) as client:
        assert (await client.look(None, addresses, began_at=NOW)).receipts == {ADDRESS: ()}


@pytest.mark.parametrize(
    "call",
    [
        "server.version",
        "blockchain.block.header",
        "blockchain.block.headers",
        "blockchain.headers.subscribe",
        "blockchain.scripthash.subscribe",
    ],
)
async def test_connection_that_drops_in_the_middle_of_an_answer_is_made_again(call: str) -> None:
    server = ScriptedServer()
    server.last_call = call
    addresses = {ADDRESS: Known()}
    async with serving(server.handle) as url, connected(url) as client:
        with pytest.raises(ChainUnavailableError, match="closed the connection"):
            await client.look(None, addresses, began_at=NOW)
        server.last_call = None
        assert (await client.look(None, addresses, began_at=NOW)).receipts == {ADDRESS: ()}
        assert server.connections == 2


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("blockchain.block.header", 7),
        ("blockchain.block.header", "zz"),
        ("blockchain.block.headers", {"hex": "00"}),
        ("blockchain.block.headers", {"hex": ""}),
        ("blockchain.block.headers", []),
        ("blockchain.headers.subscribe", {"height": "9"}),
        ("blockchain.headers.subscribe", {}),
        ("blockchain.headers.subscribe", None),
        ("blockchain.scripthash.subscribe", 7),
    ],
)
async def test_answers_of_a_wrong_shape_are_unavailable(method: str, answer: object) -> None:
    server = ScriptedServer()
    server.results[method] = answer
    async with serving(server.handle) as url, connected(url) as client:
        with pytest.raises(ChainUnavailableError, match="Electrum server"):
            await client.look(None, {ADDRESS: Known()}, began_at=NOW)


@pytest.mark.parametrize(
    "history",
    [7, {}, [7], [{}], [{"tx_hash": "ab", "height": 1}], [{"tx_hash": "ab" * 32, "height": "1"}]],
)
async def test_histories_of_a_wrong_shape_are_unavailable(history: object) -> None:
    server = ScriptedServer(
        blockchain__scripthash__subscribe="aa" * 32, blockchain__scripthash__get_history=history
    )
    async with serving(server.handle) as url, connected(url) as client:
        with pytest.raises(ChainUnavailableError, match="not those of an Electrum server"):
            await client.look(None, {ADDRESS: Known()}, began_at=NOW)


async def test_headers_that_do_not_go_on_from_each_other_are_unavailable() -> None:
    chain = MadeUpChain(blocks=20, last_at=NOW)
    chain.headers[10:] = MadeUpChain(blocks=20, last_at=NOW, branch=1).headers[10:]
    async with serving(ScriptedServer(chain).handle) as url, connected(url) as client:
        with pytest.raises(ChainUnavailableError, match="shows a chain that is none: header 10"):
            await client.look(None, {}, began_at=NOW)


async def test_chain_that_left_the_one_followed_deep_below_is_unavailable() -> None:
    server = ScriptedServer()
    async with serving(server.handle) as url, connected(url) as client:
        look = await client.look(None, {}, began_at=NOW)
        server.chain = MadeUpChain(blocks=30, last_at=NOW, branch=1)
        with pytest.raises(ChainUnavailableError, match="is it the right server"):
            await client.look(look.place, {}, began_at=NOW)


async def test_server_far_behind_the_place_is_unavailable() -> None:
    async with serving(ScriptedServer().handle) as url, connected(url) as client:
        with pytest.raises(ChainUnavailableError, match="wait until it has caught up"):
            await client.look(Place(height=5000, block_hash="ab" * 32), {}, began_at=NOW)


async def test_refusal_of_one_address_does_not_hide_the_others() -> None:
    server = ScriptedServer()
    other = Bip84Addresses("LTC", "regtest", new_mnemonic(12)).derive(0)
    script = bytes.fromhex(script_of(other, "LTC", "regtest"))
    server.refused = {sha256(script).digest()[::-1].hex()}
    async with serving(server.handle) as url, connected(url) as client:
        look = await client.look(None, {ADDRESS: Known(), other: Known()}, began_at=NOW)
    assert look.receipts == {ADDRESS: ()}


async def test_refusal_of_everything_is_unavailable_and_says_why() -> None:
    server = ScriptedServer(blockchain__scripthash__subscribe=RuntimeError("excessive usage"))
    server.results["blockchain.scripthash.get_history"] = RuntimeError("excessive usage")
    async with serving(server.handle) as url, connected(url) as client:
        with pytest.raises(ChainUnavailableError, match="refuses: excessive usage"):
            await client.look(None, {ADDRESS: Known()}, began_at=NOW)


async def test_where_no_subscription_is_allowed_addresses_are_asked_for() -> None:
    server = ScriptedServer(blockchain__scripthash__subscribe=RuntimeError("too many"))
    async with serving(server.handle) as url, connected(url) as client:
        look = await client.look(None, {ADDRESS: Known()}, began_at=NOW)
    assert look.receipts == {ADDRESS: ()}


async def test_change_is_told_when_it_is_pushed() -> None:
    server = ScriptedServer()
    async with serving(server.handle) as url, connected(url) as client:
        waiting = asyncio.create_task(client.changed())
        await client.look(None, {ADDRESS: Known()}, began_at=NOW)
        await asyncio.sleep(0.05)
        assert not waiting.done()
        server.say({"method": "blockchain.headers.subscribe", "params": [{"height": 20}]})
        await asyncio.wait_for(waiting, 2)


async def test_pushes_that_mean_nothing_are_passed_over() -> None:
    server = ScriptedServer()
    async with serving(server.handle) as url, connected(url) as client:
        await client.look(None, {ADDRESS: Known()}, began_at=NOW)
        waiting = asyncio.create_task(client.changed())
        server.say({"method": "server.peers.subscribe", "params": []})
        await client.look(None, {ADDRESS: Known()}, began_at=NOW)
        assert not waiting.done()
        server.say({"method": "blockchain.scripthash.subscribe", "params": ["ab" * 32, None]})
        server.say({"method": "blockchain.scripthash.subscribe", "params": [7]})
        await asyncio.wait_for(waiting, 2)
        assert (await client.look(None, {ADDRESS: Known()}, began_at=NOW)).receipts


async def test_lost_connection_is_told_once_and_made_again_by_the_next_look() -> None:
    server = ScriptedServer()
    async with serving(server.handle) as url, connected(url) as client:
        await client.look(None, {ADDRESS: Known()}, began_at=NOW)
        waiting = asyncio.create_task(client.changed())
        await asyncio.sleep(0)
        server.hang_up()
        with pytest.raises(
            ChainUnavailableError, match=r"closed the connection|broke the connection"
        ):
            await asyncio.wait_for(waiting, 2)
        waiting = asyncio.create_task(client.changed())
        await client.look(None, {ADDRESS: Known()}, began_at=NOW)
        assert not waiting.done()
        server.say({"method": "blockchain.headers.subscribe", "params": [{"height": 20}]})
        await asyncio.wait_for(waiting, 2)
    assert server.connections == 2


async def test_check_passes_a_server_and_leaves_no_connection() -> None:
    server = ScriptedServer(MadeUpChain(blocks=20, last_at=datetime.now(UTC)))
    async with serving(server.handle) as url:
        await check(ElectrumConnector(coin="LTC", network="regtest", url=url), datetime.now(UTC))


async def test_server_whose_last_block_is_old_is_catching_up() -> None:
    chain = MadeUpChain(blocks=20, last_at=NOW - timedelta(hours=7), real_genesis=("LTC", "test"))
    async with (
        serving(ScriptedServer(chain).handle) as url,
        connected(url, network="test") as client,
    ):
        with pytest.raises(ChainUnavailableError, match="catching up with its network"):
            await client.look(None, {}, began_at=NOW)


async def test_server_with_fewer_blocks_than_before_is_behind() -> None:
    chain = MadeUpChain(blocks=20, last_at=NOW, real_genesis=("LTC", "test"))
    server = ScriptedServer(chain)
    async with serving(server.handle) as url, connected(url, network="test") as client:
        look = await client.look(None, {}, began_at=NOW)
        removed = chain.headers.pop()
        with pytest.raises(ChainUnavailableError, match="is behind: at block 18 of 19"):
            await client.look(look.place, {}, began_at=NOW)
        chain.headers.append(removed)
        assert (await client.look(look.place, {}, began_at=NOW)).place == look.place


async def test_headers_of_main_without_work_are_unavailable() -> None:
    chain = MadeUpChain(blocks=20, last_at=NOW, real_genesis=("LTC", "main"))
    async with (
        serving(ScriptedServer(chain).handle) as url,
        connected(url, network="main") as client,
    ):
        with pytest.raises(ChainUnavailableError, match="easier to make"):
            await client.look(None, {}, began_at=NOW)


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:50001",
        "http://host:1",
        "tcp://host",
        "ssl://:50002",
        "tcp://host:99999999",
        "tcp://user:hunter2@host:50001",
        "tcp://host:50001/path",
        "",
    ],
)
def test_address_in_another_form_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ElectrumAddressError, match='"tcp://host:port" or "ssl://host:port"') as no:
        ElectrumConnector(coin="BTC", network="main", url=url)
    assert "hunter2" not in str(no.value)


@pytest.mark.parametrize("fingerprint", ["", "ab", "zz" * 32, "ab" * 33])
def test_fingerprint_in_another_form_is_refused(fingerprint: str) -> None:
    with pytest.raises(ElectrumAddressError, match="64 hexadecimal digits"):
        ElectrumConnector(
            coin="BTC", network="main", url="ssl://host:1", certificate_sha256=fingerprint
        )


def test_fingerprint_of_a_plain_connection_is_refused() -> None:
    with pytest.raises(ElectrumAddressError, match="a plain connection has no certificate"):
        ElectrumConnector(
            coin="BTC", network="main", url="tcp://host:1", certificate_sha256="ab" * 32
        )


async def test_tls_to_a_plain_port_is_unavailable() -> None:
    async with (
        serving(ScriptedServer().handle) as url,
        connected(url.replace("tcp:", "ssl:"), request_timeout_seconds=2.0) as client,
    ):
        with pytest.raises((ChainUnavailableError, ChainRefusedError)):
            await client.look(None, {}, began_at=NOW)
