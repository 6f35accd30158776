"""Changes of Solana accounts as a node pushes them over a WebSocket (`accountSubscribe`)."""

import asyncio
import json
from collections.abc import Iterable

import aiohttp

from payments.chain import ChainUnavailableError
from payments.web_sockets import end

# What public nodes allow on one connection is written nowhere; this is far below what they bear.
MOST_ACCOUNTS = 500
_HEARTBEAT_SECONDS = 30.0
_NEW_ACCOUNTS_EVERY_SECONDS = 0.5
_LARGEST_MESSAGE_BYTES = 16 * 1024 * 1024


class AccountChanges:
    """Subscriptions to the accounts that are watched; opened when they are first waited for.

    `url` None: the node offers none, and waiting for it never ends.
    """

    def __init__(self, name: str, url: str | None, timeout_seconds: float) -> None:
        self._name = name
        self._url = url
        self._timeout_seconds = timeout_seconds
        self._session: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._wanted: dict[str, None] = {}
        self._asked_for: dict[str, int] = {}
        self._subscription_by_request: dict[int, int] = {}
        self._requests = 0

    def watch(self, addresses: Iterable[str]) -> None:
        """These accounts from now on, the first ones where they are too many."""
        self._wanted = dict.fromkeys([*addresses][:MOST_ACCOUNTS])

    async def next(self) -> None:
        """Return when one of the accounts has changed.

        Raises:
            ChainUnavailableError: the subscription cannot be had, or broke.
        """
        if self._url is None:
            await asyncio.Event().wait()
            return
        try:
            socket = self._socket or await self._connect(self._url)
            while not await self._changed(socket):
                pass
        except (aiohttp.ClientError, TimeoutError, ValueError, OSError) as error:
            await self.close()
            raise ChainUnavailableError(
                f"{self._name} gives no subscription at its ws_url ({type(error).__name__})"
            ) from None

    async def close(self) -> None:
        """End the subscriptions."""
        session, socket = self._session, self._socket
        self._session = self._socket = None
        self._asked_for.clear()
        self._subscription_by_request.clear()
        await end(session, socket)

    async def _connect(self, url: str) -> aiohttp.ClientWebSocketResponse:
        await self.close()
        self._session = aiohttp.ClientSession()
        async with asyncio.timeout(self._timeout_seconds):
            self._socket = await self._session.ws_connect(
                url, heartbeat=_HEARTBEAT_SECONDS, max_msg_size=_LARGEST_MESSAGE_BYTES
            )
        return self._socket

    async def _changed(self, socket: aiohttp.ClientWebSocketResponse) -> bool:
        await self._subscribe(socket)
        try:
            # Short, for accounts that are watched meanwhile.
            message = await socket.receive(timeout=_NEW_ACCOUNTS_EVERY_SECONDS)
        except TimeoutError:
            return False
        if message.type is not aiohttp.WSMsgType.TEXT:
            raise ValueError("closed")
        answer = json.loads(message.data)
        if not isinstance(answer, dict):
            raise ValueError("no JSON-RPC")  # noqa: TRY004 - a broken answer, told as others are
        if isinstance(answer.get("id"), int) and isinstance(answer.get("result"), int):
            self._subscription_by_request[answer["id"]] = answer["result"]
        return answer.get("method") == "accountNotification"

    async def _subscribe(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        for address in self._wanted.keys() - self._asked_for.keys():
            options = {"commitment": "confirmed", "encoding": "base64"}
            self._asked_for[address] = await self._ask(
                socket, "accountSubscribe", [address, options]
            )
        for address in self._asked_for.keys() - self._wanted.keys():
            subscription = self._subscription_by_request.pop(self._asked_for[address], None)
            if subscription is not None:
                del self._asked_for[address]
                await self._ask(socket, "accountUnsubscribe", [subscription])

    async def _ask(
        self, socket: aiohttp.ClientWebSocketResponse, method: str, parameters: list[object]
    ) -> int:
        self._requests += 1
        await socket.send_json(
            {"jsonrpc": "2.0", "id": self._requests, "method": method, "params": parameters}
        )
        return self._requests
