"""New blocks as an Ethereum node pushes them over a WebSocket (`eth_subscribe`, `newHeads`)."""

import asyncio
import json

import aiohttp

from payments.broken_answers import BROKEN_ANSWERS
from payments.chain import ChainUnavailableError
from payments.web_sockets import end

_SUBSCRIBE = {"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"]}
_HEARTBEAT_SECONDS = 30.0
_LARGEST_MESSAGE_BYTES = 4 * 1024 * 1024


class Heads:
    """A subscription that is opened when it is first waited for, and again when it broke.

    `url` None: the node offers none, and waiting for it never ends.
    """

    def __init__(self, name: str, url: str | None, timeout_seconds: float) -> None:
        self._name = name
        self._url = url
        self._timeout_seconds = timeout_seconds
        self._session: aiohttp.ClientSession | None = None
        # To be closed also where it was opened and there is no subscription on it.
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._subscribed: aiohttp.ClientWebSocketResponse | None = None

    async def next(self) -> None:
        """Return when there is a new block.

        Raises:
            ChainUnavailableError: the subscription cannot be had, or broke.
        """
        if self._url is None:
            await asyncio.Event().wait()
            return
        try:
            socket = self._subscribed or await self._subscribe(self._url)
            message = await socket.receive()
        # json.loads says RecursionError of a text that is nested too deeply.
        except (aiohttp.ClientError, RecursionError, *BROKEN_ANSWERS) as error:
            await self.close()
            raise ChainUnavailableError(
                f"{self._name} gives no subscription at its ws_url ({type(error).__name__})"
            ) from None
        if message.type is not aiohttp.WSMsgType.TEXT:
            await self.close()
            raise ChainUnavailableError(f"{self._name} has ended the subscription")

    async def close(self) -> None:
        """End the subscription."""
        session, socket = self._session, self._socket
        self._session = self._socket = self._subscribed = None
        await end(session, socket)

    async def _subscribe(self, url: str) -> aiohttp.ClientWebSocketResponse:
        await self.close()
        self._session = aiohttp.ClientSession()
        async with asyncio.timeout(self._timeout_seconds):
            socket = self._socket = await self._session.ws_connect(
                url, heartbeat=_HEARTBEAT_SECONDS, max_msg_size=_LARGEST_MESSAGE_BYTES
            )
            await socket.send_json(_SUBSCRIBE)
            answer = json.loads(await socket.receive_str())
        if not isinstance(answer, dict) or not isinstance(answer.get("result"), str):
            raise ValueError("refused")  # noqa: TRY004 - a broken answer, told as others are
        self._subscribed = socket
        return socket
