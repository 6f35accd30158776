"""A made-up JSON-RPC node in a process of its own, so that what it computes is not measured.

`POST /` answers calls as nodes do and counts them. `POST /go-on` brings the node to its next state,
and `POST /counted` tells what was asked since it was asked last.
"""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import aiohttp
from aiohttp import web

from benchmarks.child_process import ChildProcess, Tell

_READY_SECONDS = 120.0
# Should whoever measures be killed, the server ends by itself.
_LONGEST_SECONDS = 1_800.0
_LARGEST_REQUEST_BYTES = 64 * 1024 * 1024


class MadeUpNode(Protocol):
    """What is served. `answer` gives JSON as text, which may be of megabytes and ready-made."""

    def answer(self, method: str, parameters: list[Any]) -> str:
        """The result of one call.

        Raises:
            LookupError: there is no such thing.
        """
        ...

    def go_on(self) -> None:
        """Be in the next state from now on."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How often a node was asked: exchanges of HTTP, and the calls in them."""

    requests: int
    calls: int


class Served:
    """A node that is served at `url`, as whoever measures sees it."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._session = session

    async def go_on(self) -> None:
        """Bring it to its next state."""
        await self._told("go-on")

    async def asked(self) -> Asked:
        """What it was asked since this was last called."""
        return Asked(**await self._told("counted"))

    async def _told(self, what: str) -> dict[str, int]:
        async with self._session.post(f"{self.url}/{what}", raise_for_status=True) as response:
            told: dict[str, int] = await response.json()
            return told


@contextmanager
def node_process(log_file: Path, new_node: Callable[..., MadeUpNode], *args: Any) -> Iterator[str]:  # noqa: ANN401 - those of `new_node`
    """Serve `new_node(*args)`, made in another process, and end that process; gives its address."""
    with ChildProcess(log_file, serve, new_node, args) as child:
        yield f"http://127.0.0.1:{child.told(_READY_SECONDS)['port']}"


@asynccontextmanager
async def served(url: str) -> AsyncIterator[Served]:
    """What is served there."""
    async with aiohttp.ClientSession() as session:
        yield Served(url, session)


def serve(tell: Tell, new_node: Callable[..., MadeUpNode], args: tuple[object, ...]) -> None:
    """Make a node, tell the port at which it is served, and serve it until this process ends."""
    asyncio.run(_serve(tell, new_node(*args)))


async def _serve(tell: Tell, node: MadeUpNode) -> None:
    counter = _Counter(node)
    app = web.Application(client_max_size=_LARGEST_REQUEST_BYTES)
    app.router.add_post("/", counter.calls)
    app.router.add_post("/go-on", counter.go_on)
    app.router.add_post("/counted", counter.counted)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        await web.SockSite(runner, listening).start()
        tell({"port": listening.getsockname()[1]})
        await asyncio.sleep(_LONGEST_SECONDS)


class _Counter:
    """Answers for a node, and counts."""

    def __init__(self, node: MadeUpNode) -> None:
        self._node = node
        self._requests = 0
        self._calls = 0

    async def calls(self, request: web.Request) -> web.Response:
        """An array of calls."""
        calls: list[dict[str, Any]] = json.loads(await request.text())
        self._requests += 1
        self._calls += len(calls)
        text = ",".join(self._answer(call) for call in calls)
        return web.Response(text=f"[{text}]\n", content_type="application/json")

    async def go_on(self, _request: web.Request) -> web.Response:
        """The next state."""
        self._node.go_on()
        return web.json_response({})

    async def counted(self, _request: web.Request) -> web.Response:
        """What was counted, and from nought again."""
        asked = {"requests": self._requests, "calls": self._calls}
        self._requests = self._calls = 0
        return web.json_response(asked)

    def _answer(self, call: dict[str, Any]) -> str:
        number = json.dumps(call["id"])
        try:
            result = self._node.answer(call["method"], call["params"])
        except LookupError as error:
            refusal = json.dumps({"code": -5, "message": str(error)})
            return f'{{"result":null,"error":{refusal},"id":{number}}}'
        return f'{{"result":{result},"error":null,"id":{number}}}'
