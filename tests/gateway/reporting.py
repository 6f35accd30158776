"""A real shop with orders, behind the server that payment processors report to."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from aiohttp.web import Application

from composition.shop_in_loop import LoopBridge
from domain.money import format_coin
from domain.order import Order
from gateway.bridge import ShopBridge
from gateway.operator import health_app
from gateway.webhook import PATH, add_webhook
from tests.actors.outside_world import CountedAddresses
from tests.actors.world import COIN, World

SECRET = b"0123456789abcdef0123456789abcdef"
JSON_TYPE = {"Content-Type": "application/json"}
SHOPPERS = (1, 2, 3)


@dataclass
class SegwitLikeAddresses(CountedAddresses):
    """Addresses in the form that those of LTC have."""

    def derive(self, index: int) -> str:
        return f"rltc1q{index:038d}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: dict[str, object]
    headers: dict[str, str]


@dataclass(slots=True)
class Reporting:
    """A processor's view of a shop. `orders` await payment, one of each shopper."""

    url: str
    world: World
    orders: list[Order] = field(default_factory=list)

    def rows(self) -> list[tuple[object, ...]]:
        """What is kept of reports."""
        return self.world.rows(
            "SELECT address, transaction_id, output_index, amount_quote_units, confirmations"
            " FROM payment_reports ORDER BY id"
        )

    async def send(
        self, body: bytes, headers: dict[str, str] | None = None, **changed: str
    ) -> Answer:
        """Send a body, signed unless `headers` are given; `changed` headers come on top."""
        sent = signed(body) if headers is None else headers
        return await post(
            self.url, body, sent | {k.replace("_", "-"): v for k, v in changed.items()}
        )


def report(order: Order, transaction_id: str = "ab" * 32, **fields: object) -> dict[str, object]:
    """What a processor writes of a payment that pays an order."""
    return {
        "coin": COIN,
        "address": order.address,
        "amount": format_coin(order.amount_base_units, COIN),
        "transaction_id": transaction_id,
        "output_index": 0,
        "confirmations": 0,
    } | fields


def encoded(fields: object) -> bytes:
    return json.dumps(fields).encode()


def signed(body: bytes, at: float | None = None, secret: bytes = SECRET) -> dict[str, str]:
    """The headers of a request that is signed, as a processor makes them."""
    timestamp = str(int(time.time() if at is None else at))
    message = timestamp.encode() + b"." + body
    signature = hmac.new(secret, message, hashlib.sha512).hexdigest()
    return {**JSON_TYPE, "X-Timestamp": timestamp, "X-Signature": signature}


async def post(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    async with (
        ClientSession(skip_auto_headers=["Content-Type"]) as session,
        session.post(url, data=body, headers=headers) as response,
    ):
        return Answer(
            response.status, await response.json(content_type=None), dict(response.headers)
        )


def app_with_webhook(bridge: ShopBridge) -> Application:
    app = health_app(bridge)
    add_webhook(app, bridge, SECRET)
    return app


@asynccontextmanager
async def reporting(folder: Path) -> AsyncIterator[Reporting]:
    """A shop that is open, with an order of each shopper, and its server."""
    world = World(folder)
    world.around.addresses = SegwitLikeAddresses()
    world.asked_look_seconds = {COIN: 0.2}
    await world.open()
    await world.stock(*(f"Chess/key {number}" for number in SHOPPERS))
    assert world.base is not None
    assert world.shop is not None
    bridge = LoopBridge(world.base, world.shop)
    async with TestServer(app_with_webhook(bridge)) as server:
        shop = Reporting(str(server.make_url(PATH)), world)
        for shopper in SHOPPERS:
            shop.orders.append(await world.order(shopper))
        yield shop
    await world.stop()
    await asyncio.sleep(0)
