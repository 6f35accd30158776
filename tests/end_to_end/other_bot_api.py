"""A Bot API server that shares nothing with the sandbox: little, sparse, and with ways of its own.

Made from the public Bot API manual alone, for tests in which nothing may depend on what the sandbox
happens to do. It keeps to the letter of the manual and gives no more than that asks for: results
without entities, names or texts, the few methods below, no commands, no webhooks.
"""

import asyncio
import itertools
import json
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from aiohttp import web

from tests.litecoin_node import free_port

TOKEN = "7:other"  # a colon and little more: what a token has to look like is up to the server
WAIT_SECONDS = 40.0
LARGEST_REQUEST_BYTES = 32 * 1024 * 1024

Parameters = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """What the manual leaves open, and a server may do one way or the other."""

    prefix: str = ""
    """What stands in front of `/bot<token>/`."""
    first_update_id: int = 1
    longest_poll_seconds: float = 30.0
    """Waits for updates as long as it is asked to, but no longer than this."""
    update_order: Literal["oldest first", "newest first"] = "oldest first"
    unknown_method: Literal["true", "page not found"] = "true"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer as it goes out."""

    status: int
    body: str
    content_type: str = "application/json"


def result(value: object) -> Answer:
    """A yes."""
    return Answer(status=200, body=json.dumps({"ok": True, "result": value}))


def refusal(code: int, description: str, **parameters: int) -> Answer:
    """A no with its reason, and what the client is to do about it."""
    body = {"ok": False, "error_code": code, "description": description}
    more = {"parameters": parameters} if parameters else {}
    return Answer(status=code, body=json.dumps(body | more))


def too_many_requests(retry_after: int) -> Answer:
    """Asks for a wait of so many seconds."""
    text = f"Too Many Requests: retry after {retry_after}"
    return refusal(429, text, retry_after=retry_after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that came, answered or refused."""

    method: str
    parameters: Parameters
    at_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a message showed since it was sent or edited: the text as it came, markup and all."""

    message_id: int
    text: str
    parse_mode: str
    keyboard: tuple[tuple[str, str], ...] = ()
    """Each button's text and callback data."""
    photo: bytes = b""

    def data_of(self, name: str) -> str | None:
        """The callback data of the button that carries `name`, alone or before a separator."""
        for text, data in self.keyboard:
            if text.split(" · ")[0] == name:
                return data
        return None


@dataclass(slots=True)
class OtherBotApi:
    """The server. Use it as `async with OtherBotApi(Ways()) as server:`."""

    ways: Ways = field(default_factory=Ways)
    port: int = field(default_factory=free_port)
    calls: list[Call] = field(default_factory=list)
    _chats: defaultdict[int, list[Shown]] = field(default_factory=lambda: defaultdict(list))
    _updates: list[Parameters] = field(default_factory=list)
    _files: dict[str, bytes] = field(default_factory=dict)
    _next_answers: defaultdict[str, deque[Answer]] = field(
        default_factory=lambda: defaultdict(deque)
    )
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _update_ids: "itertools.count[int]" = field(init=False)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _runner: web.AppRunner | None = None

    def __post_init__(self) -> None:
        self._update_ids = itertools.count(self.ways.first_update_id)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        """What the shop is told as the address of the Bot API."""
        return f"http://127.0.0.1:{self.port}{self.ways.prefix}"

    async def start(self) -> None:
        """Listen."""
        app = web.Application(client_max_size=LARGEST_REQUEST_BYTES)
        app.router.add_route("*", f"{self.ways.prefix}/bot{{token}}/{{method}}", self._on_method)
        app.router.add_get(f"{self.ways.prefix}/file/bot{{token}}/{{path:.+}}", self._on_file)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def stop(self) -> None:
        """Listen no more."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    def answer_next(self, method: str, *answers: Answer) -> None:
        """Give these answers to the next calls of `method`, which do nothing else."""
        self._next_answers[method].extend(answers)

    def count(self, method: str) -> int:
        """How often it was called."""
        return sum(call.method == method for call in self.calls)

    def shown_to(self, chat_id: int) -> list[Shown]:
        """All that was sent to a chat or edited there, oldest first."""
        return self._chats[chat_id]

    def add_update(self, kind: str, content: Parameters) -> None:
        """Put something that somebody did into the queue."""
        self._updates.append({"update_id": next(self._update_ids), kind: content})
        self._news.set()

    def keep_file(self, content: bytes) -> str:
        """Keep an upload; its file id."""
        file_id = f"f{next(self._numbers)}"
        self._files[file_id] = content
        return file_id

    def bare_message(self, chat_id: int, message_id: int | None = None) -> Parameters:
        """A message with what every message has, and nothing else."""
        number = next(self._numbers) if message_id is None else message_id
        chat = {"id": chat_id, "type": "private"}
        return {"message_id": number, "date": int(time.time()), "chat": chat}

    # --- requests ---

    async def _on_method(self, request: web.Request) -> web.Response:
        if request.match_info["token"] != TOKEN:
            return _response(refusal(401, "Unauthorized"))
        method, parameters = request.match_info["method"], await _parameters(request)
        self.calls.append(
            Call(method=method, parameters=parameters, at_seconds=asyncio.get_running_loop().time())
        )
        waiting = self._next_answers[method]
        answer = waiting.popleft() if waiting else await self._answer(method, parameters)
        return _response(answer)

    async def _on_file(self, request: web.Request) -> web.Response:
        content = self._files.get(request.match_info["path"].removeprefix("documents/"))
        if request.match_info["token"] != TOKEN or content is None:
            return web.Response(status=404, text="not found")
        return web.Response(body=content)

    async def _answer(self, method: str, parameters: Parameters) -> Answer:
        handlers: Mapping[str, Callable[[Parameters], Awaitable[Answer]]] = {
            "getMe": self._get_me,
            "getUpdates": self._get_updates,
            "getFile": self._get_file,
            "sendMessage": self._send,
            "sendPhoto": self._send,
            "editMessageText": self._edit,
        }
        handler = handlers.get(method)
        if handler is not None:
            return await handler(parameters)
        if method == "answerCallbackQuery" or self.ways.unknown_method == "true":
            return result(value=True)
        return Answer(status=404, body="<h1>404</h1>", content_type="text/html")

    async def _get_me(self, _: Parameters) -> Answer:
        return result({"id": 7, "is_bot": True, "first_name": "Shop"})

    async def _get_updates(self, parameters: Parameters) -> Answer:
        offset, asked_seconds = (
            int(parameters.get("offset", 0)),
            float(parameters.get("timeout", 0)),
        )
        self._updates = [each for each in self._updates if each["update_id"] >= offset]
        if not self._updates:
            self._news.clear()
            try:
                async with asyncio.timeout(min(asked_seconds, self.ways.longest_poll_seconds)):
                    await self._news.wait()
            except TimeoutError:
                return result([])
        is_reversed = self.ways.update_order == "newest first"
        limit = int(parameters.get("limit", 100))
        return result(sorted(self._updates, key=_update_id, reverse=is_reversed)[:limit])

    async def _get_file(self, parameters: Parameters) -> Answer:
        file_id = str(parameters.get("file_id"))
        if file_id not in self._files:
            return refusal(400, "Bad Request: invalid file_id")
        path = f"documents/{file_id}"
        return result({"file_id": file_id, "file_unique_id": file_id, "file_path": path})

    async def _send(self, parameters: Parameters) -> Answer:
        message = self.bare_message(int(parameters["chat_id"]))
        self._show(message, parameters)
        return result(message)

    async def _edit(self, parameters: Parameters) -> Answer:
        chat_id, message_id = int(parameters["chat_id"]), int(parameters["message_id"])
        message = self.bare_message(chat_id, message_id)
        before = [each for each in self._chats[chat_id] if each.message_id == message_id]
        if not before:
            return refusal(400, "Bad Request: message to edit not found")
        if _shown(message_id, parameters) == before[-1]:
            return refusal(400, "Bad Request: message is not modified: the content is the same")
        self._show(message, parameters)
        return result(message)

    def _show(self, message: Parameters, parameters: Parameters) -> None:
        self._chats[message["chat"]["id"]].append(_shown(message["message_id"], parameters))


class Person:
    """Somebody with a private chat with the bot."""

    def __init__(self, server: OtherBotApi, telegram_id: int) -> None:
        self.telegram_id = telegram_id
        self._server = server

    @property
    def shown(self) -> list[Shown]:
        """All that the bot has shown here, oldest first."""
        return self._server.shown_to(self.telegram_id)

    def write(self, text: str) -> None:
        """Send a text."""
        self._send({"text": text})

    def upload(self, file_name: str, content: bytes) -> None:
        """Send a document."""
        file_id = self._server.keep_file(content)
        names = {"file_id": file_id, "file_unique_id": file_id, "file_name": file_name}
        self._send({"document": names})

    def tap(self, name: str) -> None:
        """Tap the button of this name, the newest that can be seen."""
        newest = {shown.message_id: shown for shown in self.shown}
        for shown in sorted(newest.values(), key=self.shown.index, reverse=True):
            data = shown.data_of(name)
            if data is not None:
                self._tap(shown.message_id, data)
                return
        raise AssertionError(f"there is no button {name!r} in {list(newest.values())}")

    async def see(self, *parts: str, after: int = 0) -> Shown:
        """Wait for something that has all parts; what was shown before place `after` is old."""
        deadline = asyncio.get_running_loop().time() + WAIT_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            for shown in self.shown[after:]:
                if all(part in shown.text for part in parts):
                    return shown
            await asyncio.sleep(0.02)
        raise AssertionError(
            f"{parts} was not shown in {WAIT_SECONDS} s; but: {self.shown[after:]}"
        )

    def _send(self, content: Parameters) -> None:
        message = self._server.bare_message(self.telegram_id)
        self._server.add_update("message", message | {"from": self._sender()} | content)

    def _tap(self, message_id: int, data: str) -> None:
        query = {
            "id": f"q{message_id}",
            "from": self._sender(),
            "chat_instance": "0",
            "message": self._server.bare_message(self.telegram_id, message_id),
            "data": data,
        }
        self._server.add_update("callback_query", query)

    def _sender(self) -> Parameters:
        return {"id": self.telegram_id, "is_bot": False, "first_name": "P"}


async def _parameters(request: web.Request) -> Parameters:
    """From the address, a JSON body, or either kind of form; files as bytes."""
    parameters: Parameters = dict(request.query)
    if request.content_type == "application/json":
        parameters |= await request.json()
    else:
        for name, value in (await request.post()).items():
            parameters[name] = value.file.read() if isinstance(value, web.FileField) else value
    return parameters


def _shown(message_id: int, parameters: Parameters) -> Shown:
    markup = parameters.get("reply_markup", {})
    if isinstance(markup, str):
        markup = json.loads(markup)
    buttons = itertools.chain.from_iterable(markup.get("inline_keyboard", ()))
    photo = str(parameters.get("photo", ""))
    return Shown(
        message_id=message_id,
        text=str(parameters.get("text", "")),
        parse_mode=str(parameters.get("parse_mode", "")),
        keyboard=tuple((each["text"], each.get("callback_data", "")) for each in buttons),
        photo=parameters[photo.removeprefix("attach://")] if photo else b"",
    )


def _update_id(update: Parameters) -> int:
    number: int = update["update_id"]
    return number


def _response(answer: Answer) -> web.Response:
    return web.Response(status=answer.status, text=answer.body, content_type=answer.content_type)
