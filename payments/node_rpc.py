"""JSON-RPC over HTTP to a node of the Bitcoin Core family: one exchange, and what can go wrong.

The dialect is Bitcoin Core's own: basic authentication, JSON bodies also with HTTP 404 and 500,
batches as arrays. Numbers with a decimal point are read as Decimal, because they are money.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import aiohttp
from yarl import URL

from payments.chain import ChainRefusedError, ChainUnavailableError

# Error codes of Bitcoin Core (src/rpc/protocol.h).
NOT_FOUND = -5
MISC_ERROR = -1
_WARMING_UP = -28

LARGEST_ANSWER_BYTES = 256 * 1024 * 1024
_REFUSALS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class NodeError(Exception):
    """The node's own refusal of one call: `code` is Bitcoin Core's."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeAccess:
    """Where a node is and who asks. `name` stands for it in errors, without credentials."""

    name: str
    url: str
    user: str
    password: str
    request_timeout_seconds: float


Call = tuple[str, list[object]]


class NodeConnection:
    """Connections for the time of one look; an async context manager."""

    def __init__(self, access: NodeAccess) -> None:
        self._access = access
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        login = aiohttp.encode_basic_auth(self._access.user, self._access.password, "utf-8")
        self._session = aiohttp.ClientSession(
            headers={"Authorization": login},
            timeout=aiohttp.ClientTimeout(total=self._access.request_timeout_seconds),
        )
        return self

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def call(self, method: str, *parameters: object) -> Any:  # noqa: ANN401 - JSON
        """The result of one call.

        Raises:
            NodeError: the node refuses this call.
            ChainUnavailableError: no usable answer.
            ChainRefusedError: the node refuses us.
        """
        answer = (await self.batch([(method, list(parameters))]))[0]
        if isinstance(answer, NodeError):
            raise answer
        return answer

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        """Results in the order of the calls; a NodeError stands for a call that was refused.

        Raises:
            ChainUnavailableError: no usable answer.
            ChainRefusedError: the node refuses us.
        """
        if not calls:
            return []
        body = [
            {"jsonrpc": "1.0", "id": number, "method": method, "params": parameters}
            for number, (method, parameters) in enumerate(calls)
        ]
        answers = self._read(await self._exchange(json.dumps(body)))
        results = {answer.get("id"): self._result(answer) for answer in answers}
        missing = [number for number in range(len(calls)) if number not in results]
        if missing:
            refusal = results.get(None) or "it left a call unanswered"
            raise self._unusable(str(refusal))
        return [results[number] for number in range(len(calls))]

    async def _exchange(self, body: str) -> bytes:
        if self._session is None:
            raise RuntimeError("use the connection as an async context manager")
        name = self._access.name
        try:
            async with self._session.post(
                URL(self._access.url),
                data=body,
                headers={"Content-Type": "application/json"},
                allow_redirects=False,
            ) as response:
                if response.status in _REFUSALS:
                    raise ChainRefusedError(
                        f"{name} refuses the user or the password (HTTP {response.status}):"
                        " compare them with the node's rpcuser, rpcpassword, rpcauth, rpcallowip"
                    )
                return await self._body(response)
        except TimeoutError:
            seconds = f"{self._access.request_timeout_seconds:g}"
            raise ChainUnavailableError(f"{name} did not answer within {seconds} s") from None
        except aiohttp.ClientConnectorError as error:
            reason = error.os_error.strerror or "no such host"
            raise ChainUnavailableError(f"{name} cannot be reached: {reason}") from None
        except aiohttp.ClientError as error:
            # The type says enough, and the text of some contains the whole request.
            raise ChainUnavailableError(
                f"{name} broke the exchange off ({type(error).__name__})"
            ) from None

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > LARGEST_ANSWER_BYTES:
                raise self._unusable("its answer has no end")
        if not body.lstrip().startswith((b"{", b"[")):
            raise self._unusable(f"it answers HTTP {response.status} and no JSON")
        return bytes(body)

    def _read(self, body: bytes) -> list[dict[str, Any]]:
        try:
            answers = json.loads(body, parse_float=Decimal)
        except (ValueError, RecursionError):
            raise self._unusable("its answer is broken JSON") from None
        # A batch that is refused as a whole is answered by one object.
        several: list[dict[str, Any]] = [answers] if isinstance(answers, dict) else answers
        if not all(isinstance(answer, dict) for answer in several):
            raise self._unusable("its answer is no JSON-RPC")
        return several

    def _result(self, answer: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
        error = answer.get("error")
        if error is None:
            return answer.get("result")
        code, message = -1, str(error)
        if isinstance(error, dict):
            code, message = int(error.get("code", -1)), str(error.get("message", ""))
        if code == _WARMING_UP:
            raise ChainUnavailableError(f"{self._access.name} is starting: {message[:200]}")
        return NodeError(code, message[:200])

    def _unusable(self, why: str) -> ChainUnavailableError:
        return ChainUnavailableError(
            f"{self._access.name} gives no usable answer: {why}; is it the RPC port of a node?"
        )
