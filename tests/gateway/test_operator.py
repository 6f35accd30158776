"""The operator's pages over HTTP, on a real actor system."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request
from thespian.actors import ActorAddress, ActorTypeDispatcher, WakeupMessage

from actors.messages import GetShopHealth, ShopHealth, ShopUnavailable
from gateway.operator import health_app, operator_app
from thespian_asyncio import ActorSystemBase, SystemInspection

Client = TestClient[Request, Application]
TOKEN = "0123456789abcdef"


class Order(ActorTypeDispatcher):
    """Stands for an order actor: has a name, a state, a timer, and more that nobody must see."""

    kind = "order"

    def __init__(self) -> None:
        super().__init__()
        self.order_id = 0

    def receiveMsg_int(self, order_id: int, _sender: ActorAddress) -> None:
        self.order_id = order_id
        self.wakeupAfter(timedelta(minutes=30), payload=("expiry", order_id))

    def receiveMsg_str(self, text: str, _sender: ActorAddress) -> None:
        raise ValueError(text)

    def receiveMsg_WakeupMessage(self, _message: WakeupMessage, _sender: ActorAddress) -> None:
        return

    def inspection(self) -> dict[str, object]:
        return {"name": str(self.order_id), "state": "created", "secret": "private data"}


class Ledger(ActorTypeDispatcher):
    """Has nothing to say of itself."""

    kind = "ledger"


class Bridge:
    """The real system for looking at, and a prepared answer for asking."""

    def __init__(self, base: ActorSystemBase) -> None:
        self.base = base
        self.answer: object | None = ShopHealth(ready=True, coins={"LTC": ""})
        self.asked: list[object] = []

    async def ask(self, message: object, timeout_seconds: float) -> object:
        assert timeout_seconds > 0
        self.asked.append(message)
        if self.answer is None:
            raise TimeoutError
        return self.answer

    async def inspect(self, *, after: str | None, limit: int, kind: str | None) -> SystemInspection:
        return self.base.inspect(after=after, limit=limit, kind=kind)


@pytest.fixture
async def bridge() -> AsyncIterator[Bridge]:
    base = ActorSystemBase(None)
    base.newPrimaryActor(Ledger)
    for order_id in range(1, 6):
        address = base.newPrimaryActor(Order)
        base.tell_async(address, order_id)
    yield Bridge(base)
    await base.shutdown_async()


Connect = Callable[[str | None], Awaitable[Client]]


@pytest.fixture
async def connect(bridge: Bridge) -> AsyncIterator[Connect]:
    clients: list[Client] = []

    async def connected(token: str | None) -> Client:
        client = TestClient(TestServer(operator_app(bridge, token)))
        await client.start_server()
        clients.append(client)
        return client

    yield connected
    for client in clients:
        await client.close()


@pytest.fixture
async def client(connect: Connect) -> Client:
    return await connect(None)


async def test_health_is_ok_when_the_shop_says_that_it_is_ready(
    client: Client, bridge: Bridge
) -> None:
    response = await client.get("/healthz")
    assert response.status == 200
    assert await response.json() == {"status": "ok"}
    assert bridge.asked == [GetShopHealth()]


async def test_health_says_how_many_orders_have_been_taken_up_to_those_who_have_the_token(
    connect: Connect, bridge: Bridge
) -> None:
    progress = "12,000 of 100,000 open orders taken up"
    bridge.answer = ShopHealth(ready=True, coins={}, progress=progress)
    client = await connect(TOKEN)
    assert await (await client.get("/healthz")).json() == {"status": "ok"}
    response = await client.get("/healthz", headers={"Authorization": f"Bearer {TOKEN}"})
    assert response.status == 200
    assert await response.json() == {"status": "ok", "progress": progress}


@pytest.mark.parametrize(
    ("answer", "status", "why"),
    [
        (ShopHealth(ready=False, coins={}, why_not_ready="opening"), "starting", "opening"),
        (
            ShopHealth(
                ready=False,
                coins={},
                why_not_ready="the store cannot be written: the disk is full",
                store_trouble="the disk is full",
            ),
            "unavailable",
            "the store cannot be written: the disk is full",
        ),
        (ShopUnavailable(why="the root is gone"), "unavailable", "the root is gone"),
        (None, "unresponsive", "no answer within 5 seconds"),
        ("what?", "unavailable", "the shop answered with str"),
    ],
)
async def test_health_says_why_the_shop_is_not_ready(
    client: Client, bridge: Bridge, answer: object, status: str, why: str
) -> None:
    bridge.answer = answer
    response = await client.get("/healthz")
    assert response.status == 503
    assert await response.json() == {"status": status, "why": why}


async def test_health_is_open_but_says_why_only_to_those_who_have_the_token(
    connect: Connect, bridge: Bridge
) -> None:
    client = await connect(TOKEN)
    assert (await client.get("/healthz")).status == 200
    bridge.answer = ShopUnavailable(why="a reason")
    assert await (await client.get("/healthz")).json() == {"status": "unavailable"}
    response = await client.get("/healthz", headers={"Authorization": f"Bearer {TOKEN}"})
    assert (await response.json())["why"] == "a reason"


async def test_the_public_health_page_never_says_why_and_has_no_status_beside_it(
    bridge: Bridge,
) -> None:
    async with TestClient(TestServer(health_app(bridge))) as client:
        response = await client.get("/healthz")
        assert (response.status, await response.json()) == (200, {"status": "ok"})
        bridge.answer = ShopUnavailable(why="a reason")
        response = await client.get("/healthz")
        assert (response.status, await response.json()) == (503, {"status": "unavailable"})
        assert (await client.get("/status")).status == 404


async def test_status_shows_every_actor_with_its_figures_and_timers(client: Client) -> None:
    before = datetime.now(UTC)
    body = await (await client.get("/status?kind=order&limit=1")).json()
    (row,) = body["actors"]
    (timer,) = row.pop("timers")
    assert row == {
        "kind": "order",
        "name": "1",
        "state": "created",
        "mailbox": 0,
        "handled": 1,
        "failures": 0,
    }
    assert timer["kind"] == "expiry"
    assert timer["due_at"].endswith("Z")
    due_in = datetime.fromisoformat(timer["due_at"]) - before
    assert abs(due_in - timedelta(minutes=30)) < timedelta(seconds=5)
    assert body["system"]["actors"] == 6
    assert body["system"]["pending_timers"] == 5
    assert body["system"]["handled"] >= 5
    assert body["total"] == 5


async def test_status_shows_nothing_else_that_an_actor_says_of_itself(client: Client) -> None:
    assert "private data" not in await (await client.get("/status")).text()


async def test_an_actor_that_says_nothing_of_itself_has_its_address_for_a_name(
    client: Client,
) -> None:
    (row,) = (await (await client.get("/status?kind=ledger")).json())["actors"]
    assert row["kind"] == "ledger"
    assert row["name"]
    assert row["state"] == "running"


async def test_pages_follow_one_another_with_no_actor_lost_or_shown_twice(client: Client) -> None:
    names: list[str] = []
    cursors: list[str | None] = []
    after: dict[str, str] = {}
    for _ in range(3):
        query = {"kind": "order", "limit": "2", **after}
        body = await (await client.get("/status", params=query)).json()
        assert body["total"] == 5
        names += [row["name"] for row in body["actors"]]
        cursors.append(body["next"])
        after = {"after": str(body["next"])}
    assert cursors[0] != cursors[1]
    assert cursors[2] is None
    assert names == ["1", "2", "3", "4", "5"]


async def test_a_kind_with_no_actors_is_an_empty_page(client: Client) -> None:
    body = await (await client.get("/status?kind=chain_watcher")).json()
    assert (body["actors"], body["total"], body["next"]) == ([], 0, None)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("limit=0", "limit is not a whole number from 1 to 1000"),
        ("limit=1001", "limit is not a whole number"),
        ("limit=-1", "limit is not a whole number"),
        ("limit=1e2", "limit is not a whole number"),
        ("limit=", "limit is not a whole number"),
        ("limit=%C2%B2", "limit is not a whole number"),
        ("limit=" + "9" * 5000, "limit is not a whole number"),
        ("kind=orders", "kind is not one of shop, inventory, order"),
        ("after=nonsense", "after is not the next of an earlier page"),
        ("page=2", "'page' is not a parameter; use kind, limit and after"),
    ],
)
async def test_a_wrong_parameter_is_a_problem_that_says_what_to_send(
    client: Client, query: str, told: str
) -> None:
    response = await client.get(f"/status?{query}")
    assert response.status == 400
    assert response.content_type == "application/problem+json"
    body = await response.json()
    assert (body["status"], body["title"]) == (400, "Bad Request")
    assert told in body["detail"]


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer \u00fc"],
)
async def test_status_is_refused_without_the_token(connect: Connect, header: str | None) -> None:
    client = await connect(TOKEN)
    headers = {} if header is None else {"Authorization": header}
    response = await client.get("/status", headers=headers)
    assert response.status == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert response.content_type == "application/problem+json"
    assert TOKEN not in await response.text()


async def test_status_is_shown_to_whoever_has_the_token(connect: Connect) -> None:
    client = await connect(TOKEN)
    response = await client.get("/status", headers={"Authorization": f"Bearer {TOKEN}"})
    assert response.status == 200


async def test_an_address_that_is_none_and_a_method_that_is_none_are_problems(
    client: Client,
) -> None:
    response = await client.get("/nothing")
    assert (response.status, response.content_type) == (404, "application/problem+json")
    response = await client.post("/status")
    assert (response.status, response.content_type) == (405, "application/problem+json")
    assert "GET" in response.headers["Allow"]


async def test_a_fault_of_ours_is_a_problem_that_gives_nothing_away(
    client: Client, bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> SystemInspection:
        raise RuntimeError("with details")

    monkeypatch.setattr(bridge, "inspect", broken)
    response = await client.get("/status")
    assert (response.status, response.content_type) == (500, "application/problem+json")
    assert "with details" not in await response.text()
