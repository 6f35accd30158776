"""What a node publishes by ZeroMQ, and what the client makes of it.

Debian's litecoind is built without ZeroMQ, so a publisher here says what Bitcoin Core's
documentation (doc/zmq.md) says that nodes do: topic, body, number.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from payments.addresses import Bip84Addresses, script_of
from payments.bitcoind import BitcoindClient, BitcoindConnector
from payments.chain import ChainRefusedError
from payments.custody import new_mnemonic
from payments.script_filter import ScriptFilter
from tests.litecoin_node import free_port

zmq = pytest.importorskip("zmq", reason="pyzmq is not installed")
asyncio_zmq = pytest.importorskip("zmq.asyncio")

HEARD_WITHIN_SECONDS = 10.0


class Publisher:
    """A node's side; `client` is the shop's, subscribed already."""

    def __init__(self) -> None:
        self.url = f"tcp://127.0.0.1:{free_port()}"
        self._context = asyncio_zmq.Context()
        self._socket = self._context.socket(zmq.PUB)
        self._socket.bind(self.url)
        self._number = 0
        self.client: BitcoindClient = connector(self.url).connect()

    async def say(self, topic: str, body: bytes) -> None:
        self._number += 1
        number = self._number.to_bytes(4, "little")
        await self._socket.send_multipart([topic.encode(), body, number])

    async def until_subscribed(self) -> None:
        """What is published before a subscription is there is not heard."""
        waiting = asyncio.create_task(self.client.changed())
        while not waiting.done():
            await self.say("hashblock", bytes(32))
            await asyncio.wait([waiting], timeout=0.1)
        with contextlib.suppress(TimeoutError):
            while True:  # those that came late
                await asyncio.wait_for(self.client.changed(), 0.3)

    async def close(self) -> None:
        await self.client.close()
        self._context.destroy(linger=0)


@pytest.fixture
async def publisher() -> AsyncIterator[Publisher]:
    publisher = Publisher()
    await publisher.until_subscribed()
    yield publisher
    await publisher.close()


async def test_block_is_heard_of_and_payments_of_others_are_not(publisher: Publisher) -> None:
    waiting = asyncio.create_task(publisher.client.changed())
    await publisher.say("rawtx", b"\x00\x14" + bytes(20))
    await asyncio.wait([waiting], timeout=0.3)
    assert not waiting.done()
    await publisher.say("hashblock", bytes(32))
    await asyncio.wait_for(waiting, HEARD_WITHIN_SECONDS)


async def test_payment_to_a_watched_script_is_heard_of(publisher: Publisher) -> None:
    script = script_of(new_address(), "LTC", "regtest")
    waiting = asyncio.create_task(publisher.client.changed())
    await publisher.say("rawtx", bytes(40) + bytes.fromhex(script) + bytes(4))
    await asyncio.wait([waiting], timeout=0.3)
    assert not waiting.done(), "nobody watches it yet"
    publisher.client._watched.filter.add(script)
    await publisher.say("rawtx", bytes(40) + bytes.fromhex(script) + bytes(4))
    await asyncio.wait_for(waiting, HEARD_WITHIN_SECONDS)


async def test_waiting_can_be_given_up_and_taken_up_again(publisher: Publisher) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(publisher.client.changed(), 0.05)
    await publisher.say("hashblock", bytes(32))
    await asyncio.wait_for(publisher.client.changed(), HEARD_WITHIN_SECONDS)


async def test_address_that_cannot_be_connected_to_is_refused() -> None:
    client = connector("tcp://").connect()
    with pytest.raises(ChainRefusedError, match="no address of ZeroMQ"):
        await client.changed()
    await client.close()


async def test_without_an_address_nothing_is_pushed() -> None:
    client = connector(None).connect()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(client.changed(), 0.05)
    await client.close()


def test_address_in_another_form_is_refused() -> None:
    with pytest.raises(ValueError, match='"tcp://host:port"'):
        connector("127.0.0.1:28332")


def test_filter_knows_the_scripts_that_are_watched_and_no_others() -> None:
    scripts = [script_of(new_address(), "LTC", "regtest") for _ in range(3)]
    watched = ScriptFilter()
    for script in scripts[:2]:
        watched.add(script)
    for index, script in enumerate(scripts):
        raw = b"\x00\x14\x00\x14" + bytes.fromhex(script) + b"\x00"
        assert watched.may_pay(raw) == (index < 2)
    watched.remove(scripts[0])
    assert not watched.may_pay(bytes.fromhex(scripts[0]))
    assert watched.may_pay(bytes.fromhex(scripts[1]))
    assert not watched.may_pay(bytes.fromhex(scripts[1])[:-1])


def new_address() -> str:
    return Bip84Addresses("LTC", "regtest", new_mnemonic(12)).derive(0)


def connector(zmq_url: str | None) -> BitcoindConnector:
    return BitcoindConnector(
        coin="LTC",
        network="regtest",
        url="http://127.0.0.1:1",
        user="u",
        password="p",
        zmq_url=zmq_url,
    )
