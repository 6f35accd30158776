"""A Solana node of a test's own making, and looks at it."""

import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from payments.chain import AddressLook, Known
from payments.solana import SolanaClient, SolanaConnector
from tests.litecoin_node import free_port

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MAIN = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d"
PAID = 5_000_000


class ScriptedNode:
    """Has the transactions that it was given."""

    def __init__(self) -> None:
        self.url = f"http://127.0.0.1:{free_port()}/"
        self.slot = 1_000
        self.block_time: datetime | None = NOW
        self.signatures: dict[str, list[dict[str, Any]]] = {}
        self.transactions: dict[str, dict[str, Any] | None] = {}
        self.held: Counter[str] = Counter()
        self.refused: set[str] = set()
        self.calls: Counter[str] = Counter()
        self.behind: dict[str, int] = {}
        """By method: the slot of the machine that answers it, where it is behind."""
        self.lowest_slots: defaultdict[str, list[int | None]] = defaultdict(list)
        self.first: dict[str, Callable[[], None]] = {}
        """By method: what happens before its next answer."""

    def put(self, address: str, name: str, amount: int, *, status: str = "finalized") -> None:
        signed = {
            "signature": name,
            "slot": 900,
            "err": None,
            "confirmationStatus": status,
            "blockTime": int(NOW.timestamp()),
        }
        self.signatures.setdefault(address, []).insert(0, signed)
        self.transactions[name] = {
            "transaction": {"message": {"accountKeys": [address]}},
            "meta": {"preBalances": [0], "postBalances": [amount]},
        }
        self.held[address] += amount

    def forget(self) -> None:
        """Of the transactions nothing is left."""
        self.signatures.clear()
        self.held.clear()

    async def handle(self, request: web.Request) -> web.Response:
        call = json.loads(await request.text())
        method, parameters = call["method"], call.get("params")
        self.calls[method] += 1
        if method in self.first:
            self.first.pop(method)()
        first = parameters[0] if parameters else None
        options = next((each for each in parameters or () if isinstance(each, dict)), {})
        self.lowest_slots[method].append(options.get("minContextSlot"))
        if method in self.behind and options.get("minContextSlot", 0) > self.behind[method]:
            error = {"code": -32016, "message": "Minimum context slot has not been reached"}
            return web.json_response({"id": call["id"], "error": error})
        if isinstance(first, str) and first in self.refused:
            error = {"code": -32015, "message": "Transaction version (1) is not supported"}
            return web.json_response({"id": call["id"], "error": error})
        return web.json_response({"id": call["id"], "result": self._answer(method, first)})

    def _answer(self, method: str, first: Any) -> object:  # noqa: ANN401 - JSON
        match method:
            case "getMultipleAccounts":
                value = [{"lamports": self.held[each]} for each in first]
                return {"context": {"slot": self.slot}, "value": value}
            case "getSignaturesForAddress":
                return self.signatures.get(first, [])
            case "getTransaction":
                return self.transactions[first]
            case "getGenesisHash":
                return MAIN
            case "getBlockTime":
                return None if self.block_time is None else int(self.block_time.timestamp())
        return {"context": {"slot": self.slot}, "value": {"blockhash": "1" * 20}}


@asynccontextmanager
async def scripted_node() -> AsyncIterator[ScriptedNode]:
    """A node that answers while this lasts."""
    node = ScriptedNode()
    app = web.Application()
    app.router.add_post("/", node.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    port = int(node.url.rsplit(":", 1)[1].strip("/"))
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield node
    finally:
        await runner.cleanup()


def client_of(node: ScriptedNode, network: str = "regtest") -> SolanaClient:
    return SolanaConnector(network=network, url=node.url).connect()


async def look_at(
    client: SolanaClient, *addresses: str, at: datetime = NOW, known: Known | None = None
) -> AddressLook:
    watched = {each: known or Known() for each in addresses}
    return await client.look(None, watched, began_at=at)
