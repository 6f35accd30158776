"""Stands between an Electrum client and a real server, and changes what the server says."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

LARGEST_LINE_BYTES = 16 * 1024 * 1024


class LineProxy:
    """Passes lines on. `rewrite` changes those of the server; None drops the connection instead."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.rewrite: Callable[[str], str | None] = lambda line: line
        self.connections = 0

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Serve on a free port; the address for the client."""
        running: set[asyncio.Task[None]] = set()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.connections += 1
            task = asyncio.current_task()
            assert task is not None
            running.add(task)
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await self._pass_on(reader, writer)
            running.discard(task)

        server = await asyncio.start_server(connected, "127.0.0.1", 0, limit=LARGEST_LINE_BYTES)
        try:
            yield f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            for task in tuple(running):
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            await server.wait_closed()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection(
            "127.0.0.1", self._port, limit=LARGEST_LINE_BYTES
        )
        there = asyncio.create_task(_copy(reader, server_writer))
        try:
            while line := await server_reader.readline():
                changed = self.rewrite(line.decode())
                if changed is None:
                    return
                writer.write(changed.encode())
                await writer.drain()
        finally:
            there.cancel()
            await asyncio.gather(there, return_exceptions=True)
            for each in (writer, server_writer):
                each.transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        writer.write(line)
        await writer.drain()
