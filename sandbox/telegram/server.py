"""The local Bot API over HTTP.

Answers `/bot<token>/<method>` and `/file/bot<token>/<path>` as api.telegram.org does, and
`/sandbox/` for the page (see `sandbox.telegram.web`). State belongs to one instance; nothing is
kept on disk.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from aiohttp import web

from sandbox.listener import Listener, new_application
from sandbox.telegram.faults import (
    ChatLimit,
    ChatLimiter,
    Fault,
    FaultKind,
    Faults,
    refusal_of,
)
from sandbox.telegram.methods import METHODS, WRITING_METHODS
from sandbox.telegram.parameters import Parameters, read_parameters
from sandbox.telegram.refusals import Refusal
from sandbox.telegram.uploads import MAX_DOWNLOAD_BYTES
from sandbox.telegram.user import SandboxUser
from sandbox.telegram.world import World

DEFAULT_TOKEN = "4242:SANDBOX-token-of-the-local-telegram"  # noqa: S105 - opens nothing but the sandbox
DEFAULT_CALLBACK_LIFETIME_SECONDS = 60.0

_TOKEN = re.compile(r"(\d+):[\w-]+")
_REMEMBERED_CALLS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call that the bot made: the method in lower case, the parameters, the answer's status."""

    method: str
    values: dict[str, str]
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramOptions:
    """How strict a local Telegram is.

    Attributes:
        chat_limit: writes to one chat beyond it are refused with 429; none where None.
        callback_lifetime_seconds: how long a tap may be answered. Telegram gives no figure.
        clock: Unix time in seconds.
    """

    chat_limit: ChatLimit | None = None
    callback_lifetime_seconds: float = DEFAULT_CALLBACK_LIFETIME_SECONDS
    clock: Callable[[], float] = time.time


class TelegramServer:
    """A local Telegram with one bot.

    Use it as `async with TelegramServer() as telegram:`, then `telegram.url` is what aiogram's
    `TelegramAPIServer.from_base` takes, and `telegram.user(7)` is a person.

    Args:
        token: the bot's token, digits, a colon and the secret.
        host: where to listen.
        port: 0 takes a free one.
        options: limits and the clock.

    Raises:
        ValueError: the token has another form.
    """

    def __init__(
        self,
        token: str = DEFAULT_TOKEN,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        options: TelegramOptions | None = None,
    ) -> None:
        match = _TOKEN.fullmatch(token)
        if match is None:
            raise ValueError("a bot token is digits, a colon and letters, such as 42:secret")
        used = options or TelegramOptions()
        self.token = token
        self.faults = Faults()
        self.calls: deque[Call] = deque(maxlen=_REMEMBERED_CALLS)
        bot = {
            "id": int(match.group(1)),
            "is_bot": True,
            "first_name": "Holdfast",
            "username": "holdfast_sandbox_bot",
        }
        self.world = World(
            bot=bot,
            clock=used.clock,
            callback_lifetime_seconds=used.callback_lifetime_seconds,
        )
        self._limiter = (
            None if used.chat_limit is None else ChatLimiter(used.chat_limit, used.clock)
        )
        app = new_application()
        app.add_routes(self.routes())
        self._listener = Listener(app, host, port)

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the port is taken.
        """
        await self._listener.start()

    async def stop(self) -> None:
        """Answer everybody who waits and stop listening."""
        self.close()
        await self._listener.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        """What a bot takes for api.telegram.org, without a slash at its end."""
        return self._listener.url

    def user(self, user_id: int) -> SandboxUser:
        """The person with an id, made at the first mention."""
        return SandboxUser(self.world, self.world.person(user_id))

    @contextmanager
    def hold_updates(self) -> Iterator[None]:
        """Keep back updates while the block runs: the bot gets them together when it ends."""
        with self.world.updates.held():
            yield

    def order_fault(self, fault: Fault) -> None:
        """Let the next calls that fit go wrong."""
        self.faults.order(fault)

    def file_bytes(self, file_id: str) -> bytes:
        """What is in a file.

        Raises:
            KeyError: there is none of that id.
        """
        return self.world.files[file_id].data

    def close(self) -> None:
        """Answer everybody who waits; for an application that listens itself."""
        self.world.close()

    def routes(self) -> list[web.RouteDef]:
        """The Bot API's routes, for an application that listens itself."""
        return [
            web.get(r"/bot{token:[^/]+}/{method}", self._answer_call),
            web.post(r"/bot{token:[^/]+}/{method}", self._answer_call),
            web.get(r"/file/bot{token:[^/]+}/{path:.+}", self._answer_download),
        ]

    async def _answer_call(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"].lower()
        parameters = Parameters()
        lost: Fault | None = None
        try:
            self._check_token(request.match_info["token"])
            _check_method(method)
            parameters = await read_parameters(request)
            lost = self._check_faults(method, parameters)
            result = await self._call(method, parameters)
        except Refusal as refusal:
            self._note(method, parameters, refusal.error_code)
            return _refused(refusal)
        self._note(method, parameters, 200)
        if lost is not None:
            return await _lose_answer(request, lost.answer_after_seconds)
        return web.json_response({"ok": True, "result": result})

    async def _call(self, method: str, parameters: Parameters) -> object:
        if method == "getupdates":
            return await self._get_updates(parameters)
        return METHODS[method](self.world, parameters)

    async def _get_updates(self, parameters: Parameters) -> object:
        allowed = parameters.json("allowed_updates", "allowed_updates")
        if isinstance(allowed, list):
            self.world.updates.allowed = frozenset(str(kind) for kind in allowed)
        return await self.world.updates.take(
            parameters.whole_number("offset"),
            parameters.whole_number("limit", 100),
            parameters.whole_number("timeout"),
        )

    async def _answer_download(self, request: web.Request) -> web.StreamResponse:
        try:
            self._check_token(request.match_info["token"])
        except Refusal as refusal:
            return _refused(refusal)
        stored = self.world.files_by_path.get(request.match_info["path"])
        if stored is None or len(stored.data) > MAX_DOWNLOAD_BYTES:
            return _refused(Refusal(404, "Not Found"))
        return web.Response(body=stored.data, content_type="application/octet-stream")

    def _check_token(self, token: str) -> None:
        if not _TOKEN.fullmatch(token):
            raise Refusal(404, "Not Found")
        if token != self.token:
            raise Refusal(401, "Unauthorized")

    def _check_faults(self, method: str, parameters: Parameters) -> Fault | None:
        chat_id_text = parameters.text("chat_id")
        chat_id = parameters.whole_number("chat_id") if chat_id_text else None
        fault = self.faults.take(method, chat_id)
        refusal = None if fault is None else refusal_of(fault)
        if refusal is not None:
            raise refusal
        if self._limiter is not None and chat_id is not None and method in WRITING_METHODS:
            self._limiter.check(chat_id)
        return fault if fault is not None and fault.kind is FaultKind.ANSWER_LOST else None

    def _note(self, method: str, parameters: Parameters, status: int) -> None:
        self.calls.append(Call(method=method, values=dict(parameters.values), status=status))


def _check_method(method: str) -> None:
    if method != "getupdates" and method not in METHODS:
        raise Refusal(404, "Not Found: method not found")


def _refused(refusal: Refusal) -> web.Response:
    headers = {}
    if refusal.retry_after_seconds is not None:
        headers["Retry-After"] = str(refusal.retry_after_seconds)
    return web.json_response(refusal.as_json(), status=refusal.error_code, headers=headers)


async def _lose_answer(request: web.Request, after_seconds: float) -> web.StreamResponse:
    """The call is done; the caller never hears of it."""
    await asyncio.sleep(after_seconds)
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
