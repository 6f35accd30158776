"""JSON-RPC over HTTP: one exchange with a node, and what can go wrong.

Calls go in batches, as arrays, where the node takes those. Numbers with a decimal point are read as
Decimal, because they are money.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import aiohttp
from yarl import URL

from payments.chain import ChainRefusedError, ChainUnavailableError
from payments.pages import pages

LARGEST_ANSWER_BYTES = 256 * 1024 * 1024
EXCHANGES_AT_ONCE = 8
UNKNOWN_ERROR = -1
_REFUSALS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class RpcError(Exception):
    """The node's own refusal of one call, with its code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class RpcAccess:
    """Where a node is and who asks. `name` stands for it in errors, without credentials.

    `version` is what its dialect of JSON-RPC calls itself. Where the node refuses us,
    `identified_by` is what it refuses ("the password"), and `if_refused` says what to do.
    """

    name: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    version: str
    identified_by: str
    if_refused: str
    request_timeout_seconds: float


Call = tuple[str, list[object]]


class RpcConnection:
    """Connections for the time of one look; an async context manager."""

    def __init__(self, access: RpcAccess) -> None:
        self._access = access
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            headers=dict(self._access.headers),
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
            RpcError: the node refuses this call.
            ChainUnavailableError: no usable answer.
            ChainRefusedError: the node refuses us.
        """
        answer = (await self.batch([(method, list(parameters))]))[0]
        if isinstance(answer, RpcError):
            raise answer
        return answer

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        """Results in the order of the calls; a RpcError stands for a call that was refused.

        Raises:
            ChainUnavailableError: no usable answer.
            ChainRefusedError: the node refuses us.
        """
        if not calls:
            return []
        body = [self._call(number, call) for number, call in enumerate(calls)]
        answers = self._read(await self._exchange(json.dumps(body)))
        results = {answer.get("id"): self._result(answer) for answer in answers}
        missing = [number for number in range(len(calls)) if number not in results]
        if missing:
            refusal = results.get(None) or "it left a call unanswered"
            raise self._unusable(str(refusal))
        return [results[number] for number in range(len(calls))]

    async def each(self, calls: Sequence[Call]) -> list[Any]:
        """The same, for nodes that take no batches: every call is an exchange, some at a time.

        Raises:
            ChainUnavailableError: no usable answer.
            ChainRefusedError: the node refuses us.
        """
        results: list[Any] = []
        for some in pages(calls, EXCHANGES_AT_ONCE):
            # All of them end, for the session may be closed when the first failure is told.
            answers = await asyncio.gather(
                *(self._alone(call) for call in some), return_exceptions=True
            )
            for answer in answers:
                if isinstance(answer, BaseException) and not isinstance(answer, RpcError):
                    raise answer
            results += answers
        return results

    async def _alone(self, call: Call) -> Any:  # noqa: ANN401 - JSON
        answers = self._read(await self._exchange(json.dumps(self._call(0, call))))
        return self._result(answers[0])

    def _call(self, number: int, call: Call) -> dict[str, object]:
        method, parameters = call
        version = self._access.version
        return {"jsonrpc": version, "id": number, "method": method, "params": parameters}

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
                        f"{name} refuses {self._access.identified_by} (HTTP {response.status}):"
                        f" {self._access.if_refused}"
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
        code, message = UNKNOWN_ERROR, str(error)
        if isinstance(error, dict):
            code, message = int(error.get("code", UNKNOWN_ERROR)), str(error.get("message", ""))
        return self.refusal(RpcError(code, message[:200]))

    def refusal(self, error: RpcError) -> RpcError:
        """What a call's refusal means; a dialect may raise instead of returning it.

        Raises:
            ChainUnavailableError: the node says by it that it serves nobody now.
        """
        return error

    def _unusable(self, why: str) -> ChainUnavailableError:
        return ChainUnavailableError(
            f"{self._access.name} gives no usable answer: {why}; is it the RPC address of a node?"
        )
