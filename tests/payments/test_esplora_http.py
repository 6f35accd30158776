"""What the Esplora client makes of servers that are none, in trouble, or asked too often."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from yarl import URL

from payments.addresses import Bip84Addresses
from payments.chain import ChainRefusedError, ChainUnavailableError, Known, Place, check
from payments.custody import new_mnemonic
from payments.esplora import EsploraClient, EsploraConnector
from payments.esplora_http import AT_ONCE, EsploraAccess, EsploraConnection, LeftAloneError
from tests.litecoin_node import free_port
from tests.payments.made_up_blocks import MadeUpChain

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ADDRESS = "rltc1qjmxnz78nmc8nq77wuxh25n2es7rzm5c23g5xdr"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@contextlib.asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/{path:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}/api"
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def client_of(url: str, **changes: object) -> AsyncIterator[EsploraClient]:
    settings: dict[str, object] = {
        "coin": "LTC",
        "network": "regtest",
        "url": url,
        "request_timeout_seconds": 5.0,
    }
    client = EsploraConnector(**{**settings, **changes}).connect()  # type: ignore[arg-type]
    try:
        yield client
    finally:
        await client.close()


def answering(text: str, status: int = 200, content_type: str = "text/plain") -> Handler:
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(text=text, status=status, content_type=content_type)

    return handler


class ScriptedServer:
    """Answers like Esplora of a made-up chain without payments; `answers` by path come first."""

    def __init__(self, chain: MadeUpChain | None = None) -> None:
        self.chain = chain or MadeUpChain(blocks=20, last_at=NOW)
        self.answers: dict[str, str | int] = {}
        self.retry_after_seconds = 60
        self.requests: list[str] = []

    async def handle(self, request: web.Request) -> web.Response:
        path = request.path.removeprefix("/api/")
        self.requests.append(path)
        answer = self.answers.get(path) or self._answer(path.split("/"))
        if isinstance(answer, int):
            headers = {"Retry-After": str(self.retry_after_seconds)}
            return web.Response(status=answer, text="Too many history", headers=headers)
        return web.Response(text=answer)

    def _answer(self, path: list[str]) -> str | int:
        match path:
            case ["blocks", "tip", "hash"]:
                return self.chain.place.block_hash
            case ["block-height", height]:
                return self.chain.hashes[int(height)]
            case ["block", block_hash, "header"]:
                return self.chain.headers[self.chain.hashes.index(block_hash)].hex()
            case ["block", block_hash]:
                number = self.chain.hashes.index(block_hash)
                return json.dumps({"height": number, "mediantime": 1})
            case ["address", _, "txs", *_]:
                return "[]"
        return 404


async def test_look_at_a_server_without_payments_is_empty() -> None:
    server = ScriptedServer()
    async with serving(server.handle) as url, client_of(url) as client:
        look = await client.look(None, {ADDRESS: Known()}, began_at=NOW)
    assert look.receipts == {ADDRESS: ()}
    assert look.place == server.chain.place


async def test_what_does_not_change_is_not_asked_for_again() -> None:
    server = ScriptedServer()
    async with serving(server.handle) as url, client_of(url) as client:
        look = await client.look(None, {ADDRESS: Known()}, began_at=NOW)
        server.requests.clear()
        await client.look(look.place, {ADDRESS: Known()}, began_at=NOW)
    assert server.requests == ["blocks/tip/hash", f"address/{ADDRESS}/txs", "blocks/tip/hash"]


async def test_server_that_is_down_is_unavailable() -> None:
    port = free_port()
    async with client_of(f"http://user:hunter2@127.0.0.1:{port}/api") as client:
        with pytest.raises(ChainUnavailableError, match="cannot be reached") as failure:
            await client.look(None, {}, began_at=NOW)
    assert f"LTC Esplora server at 127.0.0.1:{port}" in str(failure.value)
    assert "hunter2" not in str(failure.value)


@pytest.mark.parametrize(
    ("handler", "why"),
    [
        (answering("<html>nginx</html>", 200, "text/html"), "not those of an Esplora API"),
        (answering("<html>nginx</html>", 404, "text/html"), "HTTP 404; is it the address"),
        (answering("gone", 502), "HTTP 502"),
        (answering("moved", 301), "HTTP 301"),
        (answering("", 200), "not those of an Esplora API"),
        (answering("é", 200), "no hexadecimal"),
    ],
)
async def test_other_servers_are_unavailable(handler: Handler, why: str) -> None:
    async with serving(handler) as url, client_of(url) as client:
        with pytest.raises(ChainUnavailableError, match=why):
            await client.look(None, {}, began_at=NOW)


@pytest.mark.parametrize("status", [401, 403])
async def test_server_that_does_not_let_us_in_refuses(status: int) -> None:
    async with serving(answering("no", status)) as url, client_of(url) as client:
        with pytest.raises(ChainRefusedError, match="does not serve us"):
            await client.look(None, {}, began_at=NOW)


async def test_look_that_goes_on_while_the_client_is_closed_opens_nothing_again() -> None:
    server, was_asked, may_answer = ScriptedServer(), asyncio.Event(), asyncio.Event()

    async def later(request: web.Request) -> web.Response:
        was_asked.set()
        await may_answer.wait()
        return await server.handle(request)

    async with serving(later) as url, client_of(url) as client:
        look = asyncio.ensure_future(client.look(None, {ADDRESS: Known()}, began_at=NOW))
        await was_asked.wait()
        await client.close()
        may_answer.set()
        with pytest.raises(ChainUnavailableError):
            await look
        with pytest.raises(ChainUnavailableError, match="is not asked any more"):
            await client.look(None, {ADDRESS: Known()}, began_at=NOW)
    # A session that was opened again would be told of as never closed.


async def test_server_that_hangs_is_unavailable_in_time() -> None:
    async def hang(_request: web.Request) -> web.Response:
        await asyncio.sleep(60)
        return web.Response()

    async with serving(hang) as url, client_of(url, request_timeout_seconds=0.2) as client:
        with pytest.raises(ChainUnavailableError, match=r"did not answer within 0\.2 s"):
            await client.look(None, {}, began_at=NOW)


async def test_slow_server_is_waited_for() -> None:
    server = ScriptedServer()

    async def slow(request: web.Request) -> web.Response:
        await asyncio.sleep(0.1)
        return await server.handle(request)

    async with serving(slow) as url, client_of(url) as client:
        look = await client.look(None, {ADDRESS: Known()}, began_at=NOW)
    assert look.receipts == {ADDRESS: ()}


async def test_answer_without_end_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("payments.esplora_http.LARGEST_ANSWER_BYTES", 10_000)

    async with serving(answering("0" * 20_000)) as url, client_of(url) as client:
        with pytest.raises(ChainUnavailableError, match="its answer has no end"):
            await client.look(None, {}, began_at=NOW)


async def test_answer_that_breaks_off_is_unavailable() -> None:
    async def half(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "64"})
        await response.prepare(request)
        await response.write(b"00")
        assert request.transport is not None
        request.transport.abort()
        return response

    async with serving(half) as url, client_of(url) as client:
        with pytest.raises(ChainUnavailableError, match="broke the exchange off"):
            await client.look(None, {}, began_at=NOW)


@pytest.mark.parametrize(
    "answer",
    [
        "7",
        "{}",
        "[7]",
        "[{}]",
        "[",
        "nonsense",
        '[{"txid": "ab", "vout": [], "status": {}}]',
        '[{"txid": 1, "vout": 3, "status": {"confirmed": true}}]',
        "[" * 100_000,
    ],
)
async def test_answers_of_a_wrong_shape_are_unavailable(answer: str) -> None:
    server = ScriptedServer()
    server.answers[f"address/{ADDRESS}/txs"] = answer
    async with serving(server.handle) as url, client_of(url) as client:
        with pytest.raises(ChainUnavailableError, match="the LTC Esplora server at"):
            await client.look(None, {ADDRESS: Known()}, began_at=NOW)


async def test_header_of_another_block_is_not_believed() -> None:
    server = ScriptedServer()
    tip = server.chain.place.block_hash
    server.answers[f"block/{tip}/header"] = server.chain.headers[3].hex()
    async with serving(server.handle) as url, client_of(url) as client:
        with pytest.raises(ChainUnavailableError, match="gave another header for block"):
            await client.look(None, {}, began_at=NOW)


async def test_server_that_was_asked_too_often_is_left_alone() -> None:
    server = ScriptedServer()
    server.answers["blocks/tip/hash"] = 429
    server.retry_after_seconds = 120
    async with serving(server.handle) as url, client_of(url) as client:
        for _ in range(3):
            with pytest.raises(ChainUnavailableError, match=r"left alone for 1[12][0-9] s more"):
                await client.look(None, {}, began_at=NOW)
    assert server.requests == ["block-height/0", "blocks/tip/hash"]


@pytest.mark.parametrize("said", ["", "soon", "-5", "nan", "inf", "1e9"])
async def test_server_that_does_not_say_how_long_is_left_alone_a_minute(said: str) -> None:
    async def refuse(_request: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": said})

    async with serving(refuse) as url:
        access = EsploraAccess(name="x", url=URL(url), request_timeout_seconds=5.0)
        connection = EsploraConnection(access)
        connection.allow(5)
        with pytest.raises(LeftAloneError, match=r"for (60|59) s more"):
            await connection.text("a")
        await connection.close()


async def test_what_was_read_before_the_server_had_enough_counts() -> None:
    server = ScriptedServer()
    addresses = {
        Bip84Addresses("LTC", "regtest", new_mnemonic(12)).derive(0): Known() for _ in range(8)
    }
    oldest = next(iter(addresses))
    server.answers[f"address/{oldest}/txs"] = 429
    async with serving(server.handle) as url, client_of(url) as client:
        look = await client.look(None, addresses, began_at=NOW)
        assert oldest not in look.receipts
        assert len(look.receipts) >= 4
        with pytest.raises(ChainUnavailableError, match="left alone"):
            await client.look(None, addresses, began_at=NOW)


async def test_requests_of_a_look_are_bounded() -> None:
    server = ScriptedServer()
    mnemonic = new_mnemonic(12)
    source = Bip84Addresses("LTC", "regtest", mnemonic)
    addresses = {source.derive(index): Known(urgent=False) for index in range(50)}
    seen: set[str] = set()
    async with serving(server.handle) as url, client_of(url, requests_a_look=20) as client:
        for _ in range(3):
            server.requests.clear()
            look = await client.look(None, addresses, began_at=NOW)
            asked = [path for path in server.requests if path.startswith("address")]
            assert len(asked) <= 20
            assert len(server.requests) - len(asked) <= 5
            seen |= look.receipts.keys()
    assert seen == addresses.keys()


async def test_refusal_of_one_address_does_not_hide_the_others() -> None:
    server = ScriptedServer()
    other = Bip84Addresses("LTC", "regtest", new_mnemonic(12)).derive(0)
    server.answers[f"address/{other}/txs"] = 400
    async with serving(server.handle) as url, client_of(url) as client:
        look = await client.look(None, {ADDRESS: Known(), other: Known()}, began_at=NOW)
        assert look.receipts == {ADDRESS: ()}
        with pytest.raises(ChainUnavailableError, match="Too many history"):
            await client.look(None, {other: Known()}, began_at=NOW)


def addresses_of(count: int) -> list[str]:
    source = Bip84Addresses("LTC", "regtest", new_mnemonic(12))
    return [source.derive(index) for index in range(count)]


@pytest.mark.parametrize("answer", [504, "nonsense", "[" + " " * 20_000 + "]"])
async def test_one_address_that_cannot_be_read_hides_no_other_and_is_told(
    monkeypatch: pytest.MonkeyPatch, answer: str | int
) -> None:
    monkeypatch.setattr("payments.esplora_http.LARGEST_ANSWER_BYTES", 10_000)
    server = ScriptedServer()
    (bad,) = addresses_of(1)
    server.answers[f"address/{bad}/txs"] = answer
    watched = {ADDRESS: Known(urgent=False), bad: Known(urgent=True)}
    async with serving(server.handle) as url, client_of(url) as client:
        look = await client.look(None, watched, began_at=NOW)
        assert (look.receipts, look.undecided, look.doubts) == ({ADDRESS: ()}, frozenset({bad}), ())
        look = await client.look(None, watched, began_at=NOW + timedelta(minutes=2))
        assert look.receipts == {ADDRESS: ()}
        (doubt,) = look.doubts
        assert f"does not show {bad}: nothing is concluded of its order" in doubt
        del server.answers[f"address/{bad}/txs"]
        look = await client.look(None, watched, began_at=NOW + timedelta(minutes=3))
        assert look.receipts.keys() == {ADDRESS, bad}
        assert (look.undecided, look.doubts) == (frozenset(), ())


async def test_addresses_that_cannot_be_read_keep_no_other_from_its_turn() -> None:
    server = ScriptedServer()
    bad = addresses_of(12)
    server.answers |= dict.fromkeys((f"address/{each}/txs" for each in bad), 504)
    watched = {ADDRESS: Known()} | dict.fromkeys(bad, Known())
    shown = 0
    async with serving(server.handle) as url, client_of(url) as client:
        for _ in range(8):
            with contextlib.suppress(ChainUnavailableError):
                look = await client.look(None, watched, began_at=NOW)
                shown += ADDRESS in look.receipts
    assert shown >= 2


async def test_server_that_answers_for_no_address_is_unavailable() -> None:
    server = ScriptedServer()
    watched = addresses_of(20)
    server.answers |= dict.fromkeys((f"address/{each}/txs" for each in watched), 504)
    async with serving(server.handle) as url, client_of(url) as client:
        with pytest.raises(ChainUnavailableError, match="HTTP 504"):
            await client.look(None, dict.fromkeys(watched, Known()), began_at=NOW)
    asked = [path for path in server.requests if path.startswith("address")]
    assert len(asked) == AT_ONCE, "it is not asked sixty times where it fails"


async def test_server_whose_last_block_is_old_is_catching_up() -> None:
    chain = MadeUpChain(blocks=20, last_at=NOW - timedelta(hours=7), real_genesis=("LTC", "test"))
    server = ScriptedServer(chain)
    async with serving(server.handle) as url, client_of(url, network="test") as client:
        with pytest.raises(ChainUnavailableError, match="catching up with its network"):
            await client.look(None, {}, began_at=NOW)


async def test_server_with_fewer_blocks_than_the_place_is_behind() -> None:
    chain = MadeUpChain(blocks=20, last_at=NOW, real_genesis=("LTC", "test"))
    place = Place(height=25, block_hash="ab" * 32)
    server = ScriptedServer(chain)
    async with serving(server.handle) as url, client_of(url, network="test") as client:
        with pytest.raises(ChainUnavailableError, match="is behind: at block 19 of 25"):
            await client.look(place, {}, began_at=NOW)


async def test_headers_of_main_without_work_are_unavailable() -> None:
    chain = MadeUpChain(blocks=20, last_at=NOW, real_genesis=("LTC", "main"))
    server = ScriptedServer(chain)
    async with serving(server.handle) as url, client_of(url, network="main") as client:
        with pytest.raises(ChainUnavailableError, match=r"shows a block that is none: .* easier"):
            await client.look(None, {}, began_at=NOW)


async def test_changed_never_returns_and_can_be_cancelled() -> None:
    async with client_of("http://127.0.0.1:1/api") as client:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.changed(), 0.05)


async def test_check_passes_a_server() -> None:
    server = ScriptedServer(MadeUpChain(blocks=20, last_at=datetime.now(UTC)))
    async with serving(server.handle) as url:
        await check(EsploraConnector(coin="LTC", network="regtest", url=url), datetime.now(UTC))


@pytest.mark.parametrize("url", ["", "host/api", "ftp://host/api", "https://"])
def test_address_in_another_form_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="https://host/path"):
        EsploraConnector(coin="LTC", network="main", url=url)


def test_too_few_requests_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 8"):
        EsploraConnector(coin="LTC", network="main", url="https://host/api", requests_a_look=7)
