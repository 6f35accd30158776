"""Reports of payments over HTTP, to a real shop: what each answer is given for."""

import asyncio
import gzip
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio
from aiohttp import ClientSession

from domain.money import format_coin
from gateway.webhook import LARGEST_BODY_BYTES, PATH
from tests.actors.world import COIN
from tests.gateway.reporting import (
    Answer,
    Reporting,
    encoded,
    report,
    reporting,
    signed,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Reporting]:
    async with reporting(tmp_path_factory.mktemp("shop")) as made:
        yield made


_numbers = iter(range(1, 1_000_000))


def transaction() -> str:
    """The name of a transaction that no other test has."""
    return f"{next(_numbers):064x}"


def assert_problem(answer: Answer, status: int, *told: str) -> None:
    assert answer.status == status, answer
    assert answer.headers["Content-Type"] == "application/problem+json; charset=utf-8"
    assert answer.body["status"] == status
    assert set(answer.body) == {"type", "title", "status", "detail"}
    for part in told:
        assert part in str(answer.body["detail"])


# --- taken ---


async def test_signed_report_is_on_disk_when_it_is_answered(shop: Reporting) -> None:
    name, order = transaction(), shop.orders[0]
    answer = await shop.send(encoded(report(order, name, amount="0.00000001", confirmations=2)))
    assert (answer.status, answer.body) == (200, {"status": "recorded"})
    assert shop.rows()[-1] == (order.address, name, 0, 1, 2)


async def test_replay_of_a_request_is_known_and_changes_nothing(shop: Reporting) -> None:
    body = encoded(report(shop.orders[0], transaction(), amount="0.00000002"))
    headers = signed(body)
    assert (await shop.send(body, headers)).body == {"status": "recorded"}
    before = shop.rows()
    for _ in range(3):
        assert (await shop.send(body, headers)).body == {"status": "known"}
    assert shop.rows() == before


async def test_twenty_copies_at_once_make_one_row(shop: Reporting) -> None:
    name = transaction()
    body = encoded(report(shop.orders[0], name, amount="0.00000003"))
    answers = await asyncio.gather(*(shop.send(body) for _ in range(20)))
    assert {answer.status for answer in answers} == {200}
    assert [row[1] for row in shop.rows()].count(name) == 1


async def test_more_confirmations_are_recorded_and_fewer_are_known(shop: Reporting) -> None:
    name = transaction()
    told = []
    for confirmations in (0, 2, 1):
        body = encoded(report(shop.orders[0], name, confirmations=confirmations, amount="1"))
        told.append((await shop.send(body)).body["status"])
    assert told == ["recorded", "recorded", "known"]
    assert shop.rows()[-1][-1] == 2


async def test_address_in_large_letters_is_the_same(shop: Reporting) -> None:
    address = shop.orders[0].address
    spelled = address.upper()
    body = encoded(report(shop.orders[0], transaction(), address=spelled, amount="0.00000004"))
    assert (await shop.send(body)).status == 200
    assert shop.rows()[-1][0] == address


async def test_signature_in_large_letters_is_the_same(shop: Reporting) -> None:
    body = encoded(report(shop.orders[0], transaction(), amount="0.00000005"))
    headers = signed(body)
    headers["X-Signature"] = headers["X-Signature"].upper()
    assert (await shop.send(body, headers)).status == 200


async def test_body_of_the_largest_size_is_read(shop: Reporting) -> None:
    body = encoded(report(shop.orders[0], transaction(), amount="0.00000006"))
    assert (await shop.send(body.ljust(LARGEST_BODY_BYTES))).status == 200


async def test_reported_payment_is_seen_long_before_the_next_look_is_due(shop: Reporting) -> None:
    order, world = shop.orders[2], shop.world
    name = transaction()
    chain_name = world.chain.pay(order.address, order.amount_base_units)
    assert (await shop.send(encoded(report(order, name)))).status == 200
    deadline = time.monotonic() + 5
    while world.status(order) != ("created", "seen"):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    receipts = world.rows("SELECT transaction_id FROM payments WHERE order_id = ?", order.order_id)
    # What counts is what the chain shows, under its own name.
    assert receipts == [(chain_name,)]


# --- refused ---


async def refused(shop: Reporting, body: bytes, headers: dict[str, str] | None = None) -> Answer:
    """What is answered to something that must leave no trace."""
    before = shop.rows()
    answer = await shop.send(body, headers)
    assert shop.rows() == before
    return answer


@pytest.mark.parametrize("name", ["X-Timestamp", "X-Signature"])
async def test_without_one_of_the_headers_it_is_unauthorized(shop: Reporting, name: str) -> None:
    body = encoded(report(shop.orders[0], transaction()))
    headers = signed(body)
    del headers[name]
    answer = await refused(shop, body, headers)
    assert_problem(answer, 401, name)
    assert "HMAC-SHA512" in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("signature", ["", "0" * 128, "é" * 128, "not hexadecimal"])
async def test_forged_signature_is_unauthorized(shop: Reporting, signature: str) -> None:
    body = encoded(report(shop.orders[0], transaction()))
    headers = signed(body) | {"X-Signature": signature}
    assert_problem(await refused(shop, body, headers), 401, "X-Signature")


async def test_signature_under_another_secret_is_unauthorized(shop: Reporting) -> None:
    body = encoded(report(shop.orders[0], transaction()))
    assert_problem(await refused(shop, body, signed(body, secret=b"another")), 401, "X-Signature")


async def test_signature_of_another_body_is_unauthorized(shop: Reporting) -> None:
    body = encoded(report(shop.orders[0], transaction()))
    assert_problem(await refused(shop, body + b" ", signed(body)), 401, "X-Signature")


async def test_time_that_was_not_signed_is_unauthorized(shop: Reporting) -> None:
    body = encoded(report(shop.orders[0], transaction()))
    headers = signed(body) | {"X-Timestamp": str(int(time.time()) + 1)}
    assert_problem(await refused(shop, body, headers), 401, "X-Signature")


@pytest.mark.parametrize("seconds", [-330, 330])
async def test_signature_of_long_ago_or_of_the_future_is_unauthorized(
    shop: Reporting, seconds: int
) -> None:
    body = encoded(report(shop.orders[0], transaction()))
    headers = signed(body, at=time.time() + seconds)
    assert_problem(await refused(shop, body, headers), 401, "300 seconds", "sign a request when")


@pytest.mark.parametrize("seconds", [-270, 270])
async def test_signature_within_the_window_is_taken(shop: Reporting, seconds: int) -> None:
    body = encoded(report(shop.orders[0], transaction(), amount="0.00000007"))
    assert (await shop.send(body, signed(body, at=time.time() + seconds))).status == 200


@pytest.mark.parametrize("timestamp", ["", "soon", "-1", "1e9", "1.5", "٣٣", "9" * 12, "0x10"])
async def test_time_that_is_none_is_unauthorized(shop: Reporting, timestamp: str) -> None:
    body = encoded(report(shop.orders[0], transaction()))
    headers = signed(body) | {"X-Timestamp": timestamp}
    assert_problem(await refused(shop, body, headers), 401, "X-Timestamp")


async def test_header_that_comes_twice_is_unauthorized(shop: Reporting) -> None:
    body = encoded(report(shop.orders[0], transaction()))
    twice = [*signed(body).items(), ("X-Signature", "0" * 128)]
    async with ClientSession() as session, session.post(shop.url, data=body, headers=twice) as got:
        assert got.status == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": ""},
        {"Content-Encoding": "gzip"},
    ],
)
async def test_body_of_another_type_is_unsupported(
    shop: Reporting, headers: dict[str, str]
) -> None:
    body = encoded(report(shop.orders[0], transaction()))
    if "Content-Encoding" in headers:
        body = gzip.compress(body)
    answer = await refused(shop, body, signed(body) | headers)
    assert_problem(answer, 415)


@pytest.mark.parametrize("size", [LARGEST_BODY_BYTES + 1, 1_000_000])
async def test_body_that_is_too_large_is_refused_by_its_length(shop: Reporting, size: int) -> None:
    body = encoded(report(shop.orders[0], transaction())).ljust(size)
    assert_problem(await refused(shop, body), 413, "65536 bytes")


async def test_body_without_a_length_is_refused_when_it_gets_too_large(shop: Reporting) -> None:
    body = encoded(report(shop.orders[0], transaction())).ljust(LARGEST_BODY_BYTES + 1)

    async def parts() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 8192):
            yield body[start : start + 8192]

    async with (
        ClientSession() as session,
        session.post(shop.url, data=parts(), headers=signed(body)) as got,
    ):
        assert got.status == 413


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"coin=LTC", "is not JSON"),
        (b'{"coin": NaN}', "NaN"),
        (b'{"coin": -Infinity}', "Infinity"),
        (b'{"coin": "LTC", "coin": "BTC"}', "twice"),
        (b'{"coin": {"a": 1, "a": 2}}', "twice"),
        (b'{"coin": "\xff"}', "UTF-8"),
        ('{"coin": "LTC"}'.encode("utf-16"), "UTF-8"),
        (b"[" * 60_000, "nested"),
        (b"\xef\xbb\xbf{}", "is not JSON"),
    ],
)
async def test_what_is_not_json_is_a_bad_request(shop: Reporting, body: bytes, told: str) -> None:
    assert_problem(await refused(shop, body), 400, told)


async def test_address_of_no_order_is_not_found(shop: Reporting) -> None:
    body = encoded(report(shop.orders[0], transaction(), address="rltc1q" + "z" * 38))
    assert_problem(await refused(shop, body), 404, "no order")


async def test_address_of_an_order_in_another_coin_is_not_found(shop: Reporting) -> None:
    body = encoded(report(shop.orders[0], transaction(), coin="BTC"))
    assert_problem(await refused(shop, body), 404, "of that coin")


async def test_known_receipt_with_another_amount_or_address_is_a_conflict(shop: Reporting) -> None:
    first, second = shop.orders[:2]
    name = transaction()
    assert (await shop.send(encoded(report(first, name, amount="0.001")))).status == 200
    other_amount = encoded(report(first, name, amount="0.00100001"))
    assert_problem(await refused(shop, other_amount), 409, "another amount")
    other_address = encoded(report(second, name, amount="0.001"))
    assert_problem(await refused(shop, other_address), 409, "another address")
    other_output = encoded(report(second, name, output_index=1, amount="0.001"))
    assert (await shop.send(other_output)).status == 200


async def test_amount_that_the_chain_contradicts_is_a_conflict(shop: Reporting) -> None:
    order, world = shop.orders[1], shop.world
    name = transaction()
    world.chain.pay(order.address, 777)
    world.chain.found[-1] = replace(world.chain.found[-1], transaction_id=name)
    # Of another payment, for it has the shop look.
    assert (await shop.send(encoded(report(order, transaction(), amount="0.1")))).status == 200
    await world.until(lambda: (name,) in world.rows("SELECT transaction_id FROM payments"))
    body = encoded(report(order, name, amount=format_coin(778, COIN)))
    assert_problem(await refused(shop, body), 409)


async def test_wrong_field_is_unprocessable_and_named(shop: Reporting) -> None:
    body = encoded(report(shop.orders[0], transaction(), amount=0.125))
    assert_problem(await refused(shop, body), 422, "amount is not text", '"0.125"')


async def test_another_method_is_not_allowed(shop: Reporting) -> None:
    async with ClientSession() as session, session.get(shop.url) as got:
        assert (got.status, got.headers["Allow"]) == (405, "POST")
        assert got.content_type == "application/problem+json"


async def test_health_is_told_beside_it(shop: Reporting) -> None:
    url = shop.url.removesuffix(PATH) + "/healthz"
    async with ClientSession() as session, session.get(url) as got:
        assert (got.status, await got.json()) == (200, {"status": "ok"})
