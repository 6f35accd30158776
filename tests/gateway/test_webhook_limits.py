"""The webhook where the shop cannot answer, where much comes at once, and where it is not on."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from itertools import islice

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from thespian.actors import ActorAddress, ActorSystem, ActorTypeDispatcher

from actors.shop import Shop
from composition.shop_in_loop import LoopBridge
from gateway import webhook
from gateway.operator import health_app
from gateway.webhook import MOST_AT_ONCE, PATH
from tests.gateway.reporting import Answer, app_with_webhook, post, signed
from thespian_asyncio import ActorSystemBase

BODY = json.dumps(
    {
        "coin": "LTC",
        "address": "rltc1q" + "z" * 38,
        "amount": "0.1",
        "transaction_id": "ab" * 32,
        "output_index": 0,
        "confirmations": 0,
    }
).encode()


class Silent(ActorTypeDispatcher):
    """Takes whatever comes, and answers nothing."""

    def receiveUnrecognizedMessage(self, _message: object, _sender: object) -> None:
        return


@pytest.fixture
async def base() -> AsyncIterator[ActorSystemBase]:
    made = ActorSystemBase(None)
    yield made
    await made.shutdown_async()


@pytest.fixture
async def url(base: ActorSystemBase, root: type) -> AsyncIterator[str]:
    """The webhook in front of a shop that nobody has started, or of another root."""
    system = ActorSystem(systemBase=base, transientUnique=True)
    bridge = LoopBridge(base, system.createActor(root))
    async with TestServer(app_with_webhook(bridge)) as server:
        yield str(server.make_url(PATH))


@pytest.fixture
def root() -> type:
    return Shop


def assert_comes_again(answer: Answer, told: str) -> None:
    assert answer.status == 503
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert int(answer.headers["Retry-After"]) > 0
    assert told in str(answer.body["detail"])


async def test_shop_that_is_starting_has_the_report_sent_again(url: str) -> None:
    assert_comes_again(await post(url, BODY, signed(BODY)), "send the report again later")


async def test_unsigned_report_is_told_nothing_of_the_shop(url: str) -> None:
    headers = signed(BODY) | {"X-Signature": "0" * 128}
    assert (await post(url, BODY, headers)).status == 401


@pytest.mark.parametrize("root", [Silent])
async def test_shop_that_does_not_answer_has_the_report_sent_again(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "ANSWER_SECONDS", 0.05)
    assert_comes_again(await post(url, BODY, signed(BODY)), "does not answer")


class Unwise(ActorTypeDispatcher):
    """Answers with something that is no answer."""

    def receiveUnrecognizedMessage(self, _message: object, sender: ActorAddress) -> None:
        self.send(sender, 5)


@pytest.mark.parametrize("root", [Unwise])
async def test_answer_that_is_none_is_no_yes(url: str) -> None:
    assert_comes_again(await post(url, BODY, signed(BODY)), "did not understand")


async def test_body_that_does_not_come_is_waited_for_only_so_long(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "BODY_SECONDS", 0.05)
    assert b" 408 " in await first_line(url, b"{")


async def test_whoever_sends_slowly_without_a_signature_is_sent_away_at_once(url: str) -> None:
    assert b" 401 " in await first_line(url, b"{", headers={})
    assert b" 401 " in await first_line(url, b"{", headers={**signed(b"{"), "X-Signature": "ab"})


@pytest.mark.parametrize("root", [Silent])
async def test_beyond_so_many_signed_reports_at_once_one_is_told_to_come_again(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Long enough for all of them to have come, also on a busy machine.
    monkeypatch.setattr(webhook, "ANSWER_SECONDS", 5.0)
    more = 3
    answers = await asyncio.gather(
        *(post(url, BODY, signed(BODY)) for _ in range(MOST_AT_ONCE + more))
    )
    sent_away = [each for each in answers if "at work already" in str(each.body["detail"])]
    assert len(sent_away) == more
    for each in answers:
        assert_comes_again(each, "send" if each in sent_away else "does not answer")


@pytest.fixture
def few_bodies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "MOST_BODIES_AT_ONCE", 40)


@pytest.mark.usefixtures("few_bodies")
async def test_beyond_so_many_bodies_at_once_one_is_told_to_come_again(url: str) -> None:
    more = 5
    slow = [asyncio.create_task(first_line(url, b"{")) for _ in range(40 + more)]
    for each in islice(asyncio.as_completed(slow), more):
        assert b" 503 " in await each
    assert_comes_again(await post(url, BODY, signed(BODY)), "at work already; send it again")
    for each in slow:
        each.cancel()
    await asyncio.gather(*slow, return_exceptions=True)
    assert_comes_again(await answer_that_says(url, "cannot take it now"), "send the report again")


async def answer_that_says(url: str, told: str) -> Answer:
    """The first answer that says so."""
    async with asyncio.timeout(5):
        while True:
            answer = await post(url, BODY, signed(BODY))
            if told in str(answer.body["detail"]):
                return answer
            await asyncio.sleep(0.01)


async def test_without_a_secret_the_path_is_not_there(base: ActorSystemBase) -> None:
    system = ActorSystem(systemBase=base, transientUnique=True)
    app = health_app(LoopBridge(base, system.createActor(Shop)))
    async with TestServer(app) as server:
        answer = await post(str(server.make_url(PATH)), BODY, signed(BODY))
    assert answer.status == 404
    assert answer.headers["Content-Type"].startswith("application/problem+json")


async def test_body_that_is_cut_off_harms_nobody(url: str) -> None:
    assert await first_line(url, b"{", is_cut_off=True) == b""
    async with ClientSession() as session, session.post(url, data=BODY) as got:
        assert got.status == 415


async def first_line(
    url: str, sent: bytes, *, headers: Mapping[str, str] | None = None, is_cut_off: bool = False
) -> bytes:
    """What is answered to a request whose body has a hundred bytes, of which so many are sent.

    Its headers are those of a signed report, or these.
    """
    host, _, port = url.removeprefix("http://").removesuffix(PATH).partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        for name, value in (signed(sent) if headers is None else headers).items():
            if name != "Content-Type":
                head += f"{name}: {value}\r\n"
        writer.write(f"{head}Content-Length: 100\r\n\r\n".encode() + sent)
        await writer.drain()
        if is_cut_off:
            writer.write_eof()
        return await reader.readline()
    finally:
        writer.close()
