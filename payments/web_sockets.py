"""The end of a WebSocket and of the session that it belongs to."""

import asyncio

import aiohttp


async def end(
    session: aiohttp.ClientSession | None, socket: aiohttp.ClientWebSocketResponse | None
) -> None:
    """End both, also where that is cut short.

    A session that ends on its own leaves the connection of its socket behind.
    """
    try:
        if socket is not None:
            await _close(socket)
    finally:
        if session is not None:
            await session.close()


async def _close(socket: aiohttp.ClientWebSocketResponse) -> None:
    try:
        await socket.close()
    except asyncio.CancelledError:
        # It had waited for who still listened; the second time it waits for nobody.
        await socket.close()
        raise
