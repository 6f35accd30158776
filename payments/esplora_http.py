"""One exchange with an Esplora server, and what can go wrong.

Public servers limit how often they are asked: each look has a number of requests that it may
make, and a server that answers 429 is left alone for as long as it says.
"""

import asyncio
import json
import time
from dataclasses import dataclass
from http import HTTPStatus

import aiohttp
from yarl import URL

from payments.chain import ChainRefusedError, ChainUnavailableError

LARGEST_ANSWER_BYTES = 16 * 1024 * 1024
AT_ONCE = 4
_LEFT_ALONE_SECONDS = 60.0  # where a server does not say how long
_LEFT_ALONE_AT_MOST_SECONDS = 3600.0
_REFUSALS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class EsploraError(Exception):
    """The server's refusal of one question: it does not know what was asked for, or will not."""


class SpentError(Exception):
    """All requests that may be made now have been made."""


class LeftAloneError(ChainUnavailableError):
    """The server was asked too often and wants to be left alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EsploraAccess:
    """Where a server is. `name` stands for it in errors, without credentials."""

    name: str
    url: URL
    request_timeout_seconds: float


class EsploraConnection:
    """A session that is kept from look to look, in the loop of the first."""

    def __init__(self, access: EsploraAccess) -> None:
        self._access = access
        self._session: aiohttp.ClientSession | None = None
        self._is_closed = False
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._requests_left = 0
        self._left_alone_until = 0.0

    @property
    def is_spent(self) -> bool:
        """Whether no request may be made now."""
        return self._requests_left <= 0

    def allow(self, requests: int) -> None:
        """So many requests may be made from now on, and no more."""
        self._requests_left = requests

    async def json(self, *path: str) -> object:
        """What the server answers to GET, read as JSON.

        Raises:
            EsploraError: it refuses this question.
            SpentError: no request may be made now.
            ChainUnavailableError: no usable answer.
            ChainRefusedError: it refuses us.
        """
        try:
            answer: object = json.loads(await self._get(path))
        except (ValueError, RecursionError):
            raise self._unusable("its answer is no JSON") from None
        return answer

    async def text(self, *path: str) -> str:
        """What the server answers to GET, a short word in ASCII; errors as of `json`."""
        try:
            return (await self._get(path)).decode("ascii").strip()
        except UnicodeDecodeError:
            raise self._unusable("its answer is no hexadecimal") from None

    async def close(self) -> None:
        """End the session for good, also where a look is under way."""
        self._is_closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _get(self, path: tuple[str, ...]) -> bytes:
        async with self._at_once:
            self._require_welcome()
            if self._requests_left <= 0:
                raise SpentError
            self._requests_left -= 1
            return await self._exchange(self._access.url.joinpath(*path))

    async def _exchange(self, url: URL) -> bytes:
        name = self._access.name
        try:
            async with self._opened().get(url, allow_redirects=False) as response:
                body = await self._body(response)
                self._require_success(response, body)
                return body
        except TimeoutError:
            seconds = f"{self._access.request_timeout_seconds:g}"
            raise ChainUnavailableError(f"{name} did not answer within {seconds} s") from None
        except aiohttp.ClientConnectorCertificateError:
            raise ChainRefusedError(f"{name} shows a certificate that is not trusted") from None
        except aiohttp.ClientConnectorError as error:
            reason = error.os_error.strerror or "no such host"
            raise ChainUnavailableError(f"{name} cannot be reached: {reason}") from None
        except aiohttp.ClientError as error:
            # The type says enough, and the text of some contains the whole request.
            raise ChainUnavailableError(
                f"{name} broke the exchange off ({type(error).__name__})"
            ) from None

    def _opened(self) -> aiohttp.ClientSession:
        if self._is_closed:
            raise ChainUnavailableError(f"{self._access.name} is not asked any more")
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=self._access.request_timeout_seconds)
            self._session = aiohttp.ClientSession(timeout=timeout)
        return self._session

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > LARGEST_ANSWER_BYTES:
                raise self._unusable("its answer has no end")
        return bytes(body)

    def _require_success(self, response: aiohttp.ClientResponse, body: bytes) -> None:
        status, name = response.status, self._access.name
        if status == HTTPStatus.OK:
            return
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            self._left_alone_until = time.monotonic() + _left_alone_seconds(response)
            self._require_welcome()
        if status in _REFUSALS:
            raise ChainRefusedError(f"{name} does not serve us (HTTP {status})")
        if status in {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND}:
            # A page for people is of something before the server.
            is_page = response.content_type == "text/html"
            text = "" if is_page else body[:200].decode("utf-8", "replace").strip()
            raise EsploraError(f"HTTP {status} {text}".strip())
        raise self._unusable(f"it answers HTTP {status}")

    def _require_welcome(self) -> None:
        seconds = self._left_alone_until - time.monotonic()
        if seconds > 0:
            raise LeftAloneError(
                f"{self._access.name} was asked too often and wants to be left alone for"
                f" {seconds:.0f} s more: let the shop ask less often, or use a server of your own"
            )

    def _unusable(self, why: str) -> ChainUnavailableError:
        return ChainUnavailableError(
            f"{self._access.name} gives no usable answer: {why}; is it the address of an Esplora"
            " API?"
        )


def _left_alone_seconds(response: aiohttp.ClientResponse) -> float:
    try:
        seconds = float(response.headers.get("Retry-After", ""))
    except ValueError:  # none, or a date
        return _LEFT_ALONE_SECONDS
    # The comparison is false for what is no number, too.
    return seconds if 0 < seconds <= _LEFT_ALONE_AT_MOST_SECONDS else _LEFT_ALONE_SECONDS
