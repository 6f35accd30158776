"""Bytes that nobody would send: whatever comes, the server answers, and believes nothing of it."""

import asyncio
import http.client
import json
import socket
import time
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from gateway.webhook import PATH
from tests.gateway.reporting import Reporting, report, reporting, signed

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

EXAMPLES = 150
SECONDS = 20.0
Headers = list[tuple[str, str]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Reporting]:
    async with reporting(tmp_path_factory.mktemp("shop")) as made:
        yield made


async def explore(strategy: st.SearchStrategy[Any], check: Callable[[Any], None]) -> None:
    """Run a check on many cases, always the same, in a thread beside the shop's loop."""

    @seed(20261122)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def each(case: Any) -> None:  # noqa: ANN401 - of the strategy's type
        check(case)

    await asyncio.to_thread(each)


def post(url: str, body: bytes, headers: Headers) -> int:
    """The status that is answered; headers go out as they are, twice where they come twice."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=SECONDS)
    try:
        connection.putrequest("POST", PATH)
        for name, value in headers:
            connection.putheader(name, value.encode("utf-8", "surrogateescape"))
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        return connection.getresponse().status
    finally:
        connection.close()


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@st.composite
def spoiled(draw: st.DrawFn, body: bytes) -> bytes:
    """A report with bytes put in, taken out or changed, or with a field of another value."""
    kind = draw(st.sampled_from(["bytes", "field", "cut", "any", "json"]))
    match kind:
        case "bytes":
            place = draw(st.integers(0, len(body)))
            taken = draw(st.integers(0, 3))
            return body[:place] + draw(st.binary(max_size=5)) + body[place + taken :]
        case "field":
            fields = json.loads(body)
            name = draw(st.sampled_from(sorted(fields)))
            return json.dumps(fields | {name: draw(JSON_VALUES)}).encode()
        case "cut":
            return body[: draw(st.integers(0, len(body) - 1))]
        case "json":
            return json.dumps(draw(JSON_VALUES)).encode()
        case _:
            return draw(st.binary(max_size=2_000))


async def test_spoiled_body_that_is_signed_is_answered_and_never_with_an_error_of_the_server(
    shop: Reporting,
) -> None:
    body = json.dumps(report(shop.orders[0])).encode()
    statuses: set[int] = set()

    def check(sent: bytes) -> None:
        status = post(shop.url, sent, list(signed(sent).items()))
        assert status < 500
        # Whatever was taken says the same as a report may say.
        assert status != 200 or set(json.loads(sent)) == set(json.loads(body))
        statuses.add(status)

    await explore(spoiled(body), check)
    assert statuses >= {400, 422}


async def test_nothing_that_was_changed_after_it_was_signed_is_taken(shop: Reporting) -> None:
    body = json.dumps(report(shop.orders[1], "cd" * 32)).encode()
    before = shop.rows()

    def check(sent: bytes) -> None:
        if sent != body:
            assert post(shop.url, sent, list(signed(body).items())) in {401, 413}

    await explore(spoiled(body), check)
    assert shop.rows() == before


HEADER_TEXTS = st.text(
    st.characters(min_codepoint=32, exclude_characters="\x7f", exclude_categories=["Cs"]),
    max_size=200,
)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["X-Timestamp", "X-Signature", "Content-Type", "Content-Encoding", "X-A"]),
        HEADER_TEXTS
        | st.integers().map(str)
        | st.sampled_from(["application/json", str(int(time.time())), "0" * 128, "gzip"]),
    ),
    max_size=8,
)


async def test_headers_of_any_kind_are_answered_and_none_is_taken_for_a_signature(
    shop: Reporting,
) -> None:
    body = json.dumps(report(shop.orders[1], "cd" * 32)).encode()
    before = shop.rows()

    def check(headers: Headers) -> None:
        assert 400 <= post(shop.url, body, headers) < 500

    await explore(HEADERS, check)
    assert shop.rows() == before


@st.composite
def raw_requests(draw: st.DrawFn, valid: bytes) -> bytes:
    """A valid request with bytes of it changed, before or within its body; or no request."""
    if draw(st.booleans()):
        return draw(st.binary(max_size=500))
    place = draw(st.integers(0, len(valid)))
    taken = draw(st.integers(0, 20))
    return valid[:place] + draw(st.binary(max_size=20)) + valid[place + taken :]


async def test_bytes_of_any_kind_leave_the_server_at_work(shop: Reporting) -> None:
    body = json.dumps(report(shop.orders[1], "ef" * 32)).encode()
    place = urlsplit(shop.url)
    forged = signed(body, secret=b"not the secret")
    lines = [f"POST {PATH} HTTP/1.1", f"Host: {place.netloc}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in forged.items()]
    valid = "\r\n".join([*lines, "", ""]).encode() + body
    before = shop.rows()

    def check(sent: bytes) -> None:
        with socket.create_connection((place.hostname, place.port), SECONDS) as connection:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            try:
                answer = connection.recv(65_536)
            except ConnectionResetError:
                answer = b""
        assert not answer or answer.split(maxsplit=2)[1][:1] == b"4", (sent, answer)

    await explore(raw_requests(valid), check)
    assert shop.rows() == before
    assert (await shop.send(body)).status == 200
