"""Stands between the shop and a real node, and passes on what it says unless told otherwise."""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from enum import Enum, auto

import aiohttp
from aiohttp import web
from yarl import URL

LARGEST_LINE_BYTES = 16 * 1024 * 1024
LATE_SECONDS = 0.3
PAGE = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


class Way(Enum):
    """How it behaves."""

    HONEST = auto()
    DOWN = auto()
    """Every connection is ended."""
    HANGS = auto()
    """Questions are taken and not answered, as long as it is so."""
    SLOW = auto()
    """Each answer comes `LATE_SECONDS` late."""
    HTML = auto()
    """Each answer is a page for people, and HTTP says that all is well."""


class Front(ABC):
    """`rewrite` changes what the node says."""

    def __init__(self, target: str) -> None:
        self._target = target
        self.way = Way.HONEST
        self.rewrite: Callable[[str], str] = lambda answer: answer

    @abstractmethod
    def serving(self) -> contextlib.AbstractAsyncContextManager[str]:
        """Serve on a free port; the address for the shop."""

    async def _hang(self) -> None:
        while self.way is Way.HANGS:  # noqa: ASYNC110 - tests set `way` as they like
            await asyncio.sleep(0.05)


class HttpFront(Front):
    """Before a node that speaks HTTP."""

    def serving(self) -> contextlib.AbstractAsyncContextManager[str]:
        return self._serving()

    @contextlib.asynccontextmanager
    async def _serving(self) -> AsyncIterator[str]:
        app = web.Application(client_max_size=LARGEST_LINE_BYTES)
        app.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        # Nothing is timed, and nothing kept: the time of this loop may be put forward.
        timeout = aiohttp.ClientTimeout(total=None)
        connector = aiohttp.TCPConnector(force_close=True)
        async with aiohttp.ClientSession(timeout=timeout, connector=connector) as self._session:
            try:
                yield str(URL(self._target).with_port(runner.addresses[0][1]))
            finally:
                self.way = Way.HONEST
                await runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        await self._hang()
        if self.way is Way.DOWN and request.transport is not None:
            request.transport.abort()
        if self.way in {Way.DOWN, Way.HTML}:
            return web.Response(text=PAGE, content_type="text/html")
        if self.way is Way.SLOW:
            await asyncio.sleep(LATE_SECONDS)
        url = URL(self._target).with_path(request.path)
        kept = {"Authorization", "Content-Type"}
        headers = {name: value for name, value in request.headers.items() if name in kept}
        async with self._session.request(
            request.method, url, data=await request.read(), headers=headers
        ) as answer:
            return web.Response(
                text=self.rewrite(await answer.text()),
                status=answer.status,
                content_type=answer.content_type,
            )


class LineFront(Front):
    """Before an Electrum server: JSON by lines."""

    def serving(self) -> contextlib.AbstractAsyncContextManager[str]:
        return self._serving()

    @contextlib.asynccontextmanager
    async def _serving(self) -> AsyncIterator[str]:
        running: set[asyncio.Task[None]] = set()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            running.add(task)
            try:
                with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                    await self._pass_on(reader, writer)
            finally:
                # Also where it was cancelled before the other side was reached.
                writer.transport.abort()
                running.discard(task)

        server = await asyncio.start_server(connected, "127.0.0.1", 0, limit=LARGEST_LINE_BYTES)
        try:
            yield f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            self.way = Way.HONEST
            server.close()
            for task in tuple(running):
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            await server.wait_closed()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = URL(self._target).port
        there_reader, there_writer = await asyncio.open_connection(
            "127.0.0.1", port, limit=LARGEST_LINE_BYTES
        )
        copying = [
            asyncio.create_task(self._questions(reader, there_writer)),
            asyncio.create_task(self._answers(there_reader, writer)),
            asyncio.create_task(self._until_down()),
        ]
        try:
            await asyncio.wait(copying, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in copying:
                task.cancel()
            await asyncio.gather(*copying, return_exceptions=True)
            there_writer.transport.abort()

    async def _until_down(self) -> None:
        while self.way is not Way.DOWN:  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.05)

    async def _questions(self, here: asyncio.StreamReader, there: asyncio.StreamWriter) -> None:
        while line := await here.readline():
            there.write(line)
            await there.drain()

    async def _answers(self, there: asyncio.StreamReader, here: asyncio.StreamWriter) -> None:
        while line := await there.readline():
            await self._hang()
            if self.way is Way.SLOW:
                await asyncio.sleep(LATE_SECONDS)
            if self.way is Way.HTML:
                line = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n{PAGE}\n".encode()
            here.write(self.rewrite(line.decode()).encode())
            await here.drain()


def front_of(url: str) -> Front:
    """What can stand before this address."""
    return LineFront(url) if url.startswith("tcp://") else HttpFront(url)
