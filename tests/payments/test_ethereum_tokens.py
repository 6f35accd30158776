"""Tokens on watched addresses, with contracts on a real anvil."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from payments.chain import AddressLook, Known, Place
from payments.ethereum import EthereumClient, EthereumConnector
from payments.ethereum_tokens import DEPTH_BLOCKS
from payments.tokens import TokenTransfer
from tests.anvil_node import CHAIN_ID, AnvilNode, anvil_node, new_address
from tests.anvil_tokens import make_token, send_token

__all__ = ["anvil_node"]

pytestmark = pytest.mark.anvil

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Looker:
    """Looks a minute apart, with the place that a watcher would keep."""

    def __init__(self, node: AnvilNode) -> None:
        self.connector = EthereumConnector(chain_id=CHAIN_ID, url=node.url)
        self.client = EthereumClient(self.connector)
        self.place: Place | None = None
        self.now = NOW
        self.addresses = {new_address(): Known() for _ in range(3)}

    @property
    def address(self) -> str:
        return next(iter(self.addresses))

    async def look(self, later: timedelta = MINUTE) -> AddressLook:
        self.now += later
        look = await self.client.look(self.place, self.addresses, began_at=self.now)
        self.place = look.place
        return look

    async def tokens(self, later: timedelta = MINUTE) -> tuple[TokenTransfer, ...]:
        return (await self.look(later)).tokens


@asynccontextmanager
async def _endpoint(node: AnvilNode, word: str, *, status: int | None) -> AsyncIterator[str]:
    """The node behind an endpoint that answers what has this word with a status, or never."""

    async def answer(request: web.Request) -> web.Response:
        body = await request.text()
        if word in body:
            if status is None:
                await asyncio.sleep(30)
            return web.Response(status=status or 500)
        headers = {"Content-Type": "application/json"}
        async with (
            aiohttp.ClientSession() as session,
            session.post(node.url, data=body, headers=headers) as response,
        ):
            return web.Response(body=await response.read(), content_type="application/json")

    app = web.Application()
    app.router.add_post("/", answer)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server(shutdown_timeout=0.1)
    try:
        yield str(server.make_url("/"))
    finally:
        await server.close()


@pytest.fixture
def node(anvil_node: AnvilNode) -> Iterator[AnvilNode]:
    yield anvil_node
    anvil_node.automine(on=True)
    anvil_node.mine()


@pytest.fixture
async def looker(node: AnvilNode, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Looker]:
    # Longer than it is, for a busy machine.
    monkeypatch.setattr("payments.ethereum_tokens.PATIENCE_SECONDS", 60.0)
    monkeypatch.setattr("payments.ethereum_tokens.CLAIMS_PATIENCE_SECONDS", 30.0)
    looker = Looker(node)
    await looker.look()
    yield looker
    await looker.client.close()


async def test_token_is_told_once_and_only_when_no_reorganisation_takes_it(
    looker: Looker, node: AnvilNode
) -> None:
    contract = make_token(node)
    sent = send_token(node, contract, looker.address, 25_500_000)
    node.mine(DEPTH_BLOCKS - 1)
    assert await looker.tokens() == ()
    node.mine()
    (told,) = await looker.tokens()
    assert told == TokenTransfer(
        address=looker.address,
        contract=contract,
        amount="25.5 of what calls itself USDX (25500000 units)",
        transaction_id=sent,
    )
    node.mine()
    assert await looker.tokens() == ()


async def test_token_is_no_payment(looker: Looker, node: AnvilNode) -> None:
    send_token(node, make_token(node), looker.address, 10**18)
    node.mine(DEPTH_BLOCKS)
    assert (await looker.look()).receipts[looker.address] == ()


async def test_tokens_of_others_and_tokens_of_nothing_are_not_told(
    looker: Looker, node: AnvilNode
) -> None:
    contract = make_token(node)
    send_token(node, contract, new_address(), 5)
    send_token(node, contract, looker.address, 0)
    node.mine(DEPTH_BLOCKS)
    assert await looker.tokens() == ()


@pytest.mark.parametrize(
    ("symbol", "decimals"),
    [
        (b"", 6),
        (b"<b>BTC</b>", 6),
        (b"visit evil.example", 6),
        (b"claim.xyz", 6),
        (b"A" * 13, 6),
        (b"\xff\xfe", 6),
        (b"USDX", 37),
    ],
)
async def test_token_that_says_strange_things_of_itself_is_told_in_bare_units(
    looker: Looker, node: AnvilNode, symbol: bytes, decimals: int
) -> None:
    contract = make_token(node, symbol, decimals)
    send_token(node, contract, looker.address, 7)
    node.mine(DEPTH_BLOCKS)
    (told,) = await looker.tokens()
    assert told.amount == "7 units of a token that does not say what it is"


async def test_what_came_while_the_shop_was_down_is_told_after_the_start(
    looker: Looker, node: AnvilNode
) -> None:
    contract = make_token(node, b"OLD", 0)
    send_token(node, contract, looker.address, 3)
    node.mine(1_200)
    looker.client = EthereumClient(looker.connector)
    (told,) = await looker.tokens()
    assert told.amount == "3 of what calls itself OLD (3 units)"


async def test_logs_are_not_asked_for_at_every_block(looker: Looker, node: AnvilNode) -> None:
    contract = make_token(node)
    node.mine(DEPTH_BLOCKS)
    await looker.look()
    send_token(node, contract, looker.address, 1)
    node.mine(DEPTH_BLOCKS)
    assert await looker.tokens(timedelta(seconds=30)) == ()
    assert len(await looker.tokens(timedelta(seconds=30))) == 1


async def test_thousands_of_addresses_are_asked_about_in_parts(
    looker: Looker, node: AnvilNode
) -> None:
    looker.addresses |= {new_address(): Known() for _ in range(1_200)}
    contract = make_token(node, b"MANY", 0)
    chosen = list(looker.addresses)[::400]
    for number, address in enumerate(chosen, start=1):
        send_token(node, contract, address, number)
    node.mine(DEPTH_BLOCKS)
    told = await looker.tokens()
    assert sorted(each.address for each in told) == sorted(chosen)


async def test_node_that_gives_no_logs_still_shows_payments(
    looker: Looker, node: AnvilNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = make_token(node)
    send_token(node, contract, looker.address, 5)
    node.pay(looker.address, 1_000)
    node.mine(DEPTH_BLOCKS)
    with monkeypatch.context() as broken:
        broken.setattr("payments.ethereum_tokens.TRANSFER", "0xno-topic")
        look = await looker.look()
    assert [each.amount_base_units for each in look.receipts[looker.address]] == [1_000]
    assert look.tokens == ()
    looker.addresses = {
        address: replace(Known(), receipts=found) for address, found in look.receipts.items()
    }
    assert await looker.tokens() == ()
    # After a failure it waits longer, and then tells what it could not tell before.
    assert len(await looker.tokens()) == 1


@pytest.mark.parametrize("status", [401, 403, 429, 500])
async def test_endpoint_that_refuses_logs_over_http_still_shows_payments(
    looker: Looker, node: AnvilNode, status: int
) -> None:
    send_token(node, make_token(node), looker.address, 5)
    node.pay(looker.address, 1_000)
    node.mine(DEPTH_BLOCKS)
    async with _endpoint(node, "eth_getLogs", status=status) as url:
        looker.client = EthereumClient(replace(looker.connector, url=url))
        look = await looker.look()
    assert [each.amount_base_units for each in look.receipts[looker.address]] == [1_000]
    assert look.tokens == ()


async def test_contract_that_never_answers_hides_no_tokens(
    looker: Looker, node: AnvilNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("payments.ethereum_tokens.CLAIMS_PATIENCE_SECONDS", 3.0)
    silent, other = make_token(node), make_token(node)
    send_token(node, silent, looker.address, 7)
    send_token(node, other, looker.address, 8)
    node.mine(DEPTH_BLOCKS)
    async with _endpoint(node, silent[2:], status=None) as url:
        looker.client = EthereumClient(replace(looker.connector, url=url))
        told = await looker.tokens()
    assert [each.amount for each in told] == [
        "7 units of a token that does not say what it is",
        "0.000008 of what calls itself USDX (8 units)",
    ]
