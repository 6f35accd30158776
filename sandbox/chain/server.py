"""The chain's JSON-RPC over HTTP, with basic authentication, single and batch requests.

Statuses as Bitcoin Core's: 401 wrong credentials, 405 anything but POST, 404 unknown method, 400
malformed request, 500 any other error, 200 for every batch.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
from dataclasses import dataclass, field
from typing import Self

from aiohttp import web

from sandbox.chain.amounts import exact_json
from sandbox.chain.chain import Chain
from sandbox.chain.rpc import (
    IN_WARMUP,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    RpcError,
    call,
)
from sandbox.listener import Listener, new_application

JsonObject = dict[str, object]

_STATUS_OF_CODE = {INVALID_REQUEST: 400, METHOD_NOT_FOUND: 404}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainCredentials:
    """What the node asks of whoever calls it."""

    user: str = "sandbox"
    password: str = field(default="sandbox", repr=False)

    def encoded(self) -> str:
        """User and password as basic authentication sends them (RFC 7617, in UTF-8)."""
        return base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


class ChainServer:
    """A chain behind HTTP, as a node is.

    Use it as `async with ChainServer(Chain()) as node:`, then `node.url` is the node's address.

    Args:
        chain: what it answers from.
        credentials: user and password.
        host: where to listen.
        port: 0 takes a free one.

    Attributes:
        warm_up_message: while it is not empty, every call is refused as by a node that starts.
        answer_after_seconds: how long every answer takes.
    """

    def __init__(
        self,
        chain: Chain,
        credentials: ChainCredentials | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.chain = chain
        self.warm_up_message = ""
        self.answer_after_seconds = 0.0
        self._credentials = credentials or ChainCredentials()
        app = new_application()
        app.add_routes(self.routes("/"))
        self._listener = Listener(app, host, port)

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the port is taken.
        """
        await self._listener.start()

    async def stop(self) -> None:
        """Stop listening."""
        await self._listener.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        """The node's address without credentials."""
        return self._listener.url

    def routes(self, path: str) -> list[web.RouteDef]:
        """The route, for an application that listens itself."""
        return [web.route("*", path, self._answer)]

    async def _answer(self, request: web.Request) -> web.Response:
        if request.method != "POST":
            text = "JSONRPC server handles only POST requests"
            return web.Response(status=405, text=text)
        if not self._is_authorized(request):
            challenge = {"WWW-Authenticate": 'Basic realm="jsonrpc"'}
            return web.Response(status=401, headers=challenge)
        body = await request.read()
        await asyncio.sleep(self.answer_after_seconds)
        status, answer = self._handle(body)
        text = exact_json(answer) + "\n"
        return web.Response(status=status, text=text, content_type="application/json")

    def _is_authorized(self, request: web.Request) -> bool:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        expected = self._credentials.encoded()
        is_same = hmac.compare_digest(given.strip().encode(), expected.encode())
        return scheme.lower() == "basic" and is_same

    def _handle(self, body: bytes) -> tuple[int, object]:
        try:
            request: object = json.loads(body)
        except ValueError:
            return 500, _failed(RpcError(PARSE_ERROR, "Parse error"), None)
        if isinstance(request, list):
            return 200, [self._handle_one(each)[1] for each in request]
        if not isinstance(request, dict):
            return 500, _failed(RpcError(PARSE_ERROR, "Top-level object parse error"), None)
        return self._handle_one(request)

    def _handle_one(self, request: object) -> tuple[int, JsonObject]:
        request_id: object = None
        try:
            if isinstance(request, dict):
                request_id = request.get("id")
            result = self._call(request)
        except RpcError as error:
            return _STATUS_OF_CODE.get(error.code, 500), _failed(error, request_id)
        return 200, {"result": result, "error": None, "id": request_id}

    def _call(self, request: object) -> object:
        if not isinstance(request, dict):
            raise RpcError(INVALID_REQUEST, "Invalid Request object")
        method = request.get("method")
        if method is None:
            raise RpcError(INVALID_REQUEST, "Missing method")
        if not isinstance(method, str):
            raise RpcError(INVALID_REQUEST, "Method must be a string")
        if self.warm_up_message:
            raise RpcError(IN_WARMUP, self.warm_up_message)
        return call(self.chain, method, request.get("params"))


def _failed(error: RpcError, request_id: object) -> JsonObject:
    refusal = {"code": error.code, "message": error.message}
    return {"result": None, "error": refusal, "id": request_id}
