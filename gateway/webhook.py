"""Where payment processors report: `POST /cryptoprocessing/order_payment`.

Nothing is believed that is not signed (`gateway.webhook_signature`). 200 is said when the report is
on disk, or was; whatever cannot be answered now is 503 with `Retry-After`, and harmless to repeat.
What a report means is up to the shop (`actors.shop_reports`).
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from loguru import logger

from actors.messages import ReportPayment, ReportRefused, ReportTaken, ShopUnavailable
from domain.reports import PaymentReport, ReportRefusal
from gateway.bridge import ShopBridge
from gateway.problems import ProblemError
from gateway.webhook_report import parse_report
from gateway.webhook_signature import claim_of, signed_at

PATH = "/cryptoprocessing/order_payment"
LARGEST_BODY_BYTES = 64 * 1024
MOST_AT_ONCE = 32
MOST_BODIES_AT_ONCE = 512  # of 64 KiB at the most, so 32 MiB together
BODY_SECONDS = 10.0
ANSWER_SECONDS = 10.0

_RETRY_SOON = {"Retry-After": "1"}
_RETRY_LATER = {"Retry-After": "10"}
_REFUSALS = {
    ReportRefusal.NO_SUCH_ADDRESS: (
        HTTPStatus.NOT_FOUND,
        "no order of this shop has that address of that coin",
    ),
    ReportRefusal.OTHER_PAYMENT: (
        HTTPStatus.CONFLICT,
        "this receipt is known with another amount or another address",
    ),
    ReportRefusal.IMPOSSIBLE: (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "a value is beyond what the shop can keep",
    ),
}


def add_webhook(
    app: web.Application,
    bridge: ShopBridge,
    secret: bytes,
    now_seconds: Callable[[], float] = time.time,
) -> None:
    """Let an application take reports that are signed with `secret`.

    The application answers errors as problems (`gateway.problems.problems_as_json`).
    """
    webhook = _Webhook(bridge, secret, now_seconds)
    app.router.add_post(PATH, webhook.post)


class _Places:
    """So many at once; the next is told to come again."""

    def __init__(self, count: int) -> None:
        self._count = self._free = count

    @contextmanager
    def place(self) -> Iterator[None]:
        if not self._free:
            raise ProblemError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                f"{self._count} reports are at work already; send it again",
                _RETRY_SOON,
            )
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1


class _Webhook:
    def __init__(self, bridge: ShopBridge, secret: bytes, now_seconds: Callable[[], float]) -> None:
        self._bridge = bridge
        self._secret = secret
        self._now_seconds = now_seconds
        self._reading = _Places(MOST_BODIES_AT_ONCE)
        self._at_work = _Places(MOST_AT_ONCE)

    async def post(self, request: web.Request) -> web.Response:
        # The cheapest to refuse comes first, and only what is signed gets one of the few places.
        _check_media(request)
        claim = claim_of(request.headers)
        with self._reading.place():
            body = await _body(request)
        at = signed_at(claim, body, self._secret, self._now_seconds())
        with self._at_work.place():
            is_news = await self._take(parse_report(body, at))
        return web.json_response({"status": "recorded" if is_news else "known"})

    async def _take(self, report: PaymentReport) -> bool:
        try:
            answer = await self._bridge.ask(ReportPayment(report=report), ANSWER_SECONDS)
        except TimeoutError:
            raise _unavailable("the shop does not answer") from None
        match answer:
            case ReportTaken():
                return answer.is_news
            case ReportRefused():
                raise ProblemError(*_REFUSALS[answer.reason])
            case ShopUnavailable():
                # Why is the owner's business: it may name files.
                raise _unavailable("the shop cannot take it now")
            case _:
                logger.error("the shop answered a report with {}", type(answer).__name__)
                raise _unavailable("the shop did not understand")


def _check_media(request: web.Request) -> None:
    charset = request.charset or "utf-8"
    if request.content_type != "application/json" or charset.lower() not in ("utf-8", "utf8"):
        raise ProblemError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "the body is of another type: send Content-Type: application/json, in UTF-8",
            {"Accept-Post": "application/json"},
        )
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise ProblemError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "the body is compressed: send it as it is, for those bytes are signed",
            {"Accept-Encoding": "identity"},
        )


async def _body(request: web.Request) -> bytes:
    """The whole body, not a byte more than is allowed held in memory for long."""
    body = bytearray()
    too_large = ProblemError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"the body is larger than {LARGEST_BODY_BYTES} bytes: a report has six short fields",
    )
    if (request.content_length or 0) > LARGEST_BODY_BYTES:
        raise too_large
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > LARGEST_BODY_BYTES:
                    raise too_large
    except TimeoutError:
        raise ProblemError(
            HTTPStatus.REQUEST_TIMEOUT, f"the body did not come within {BODY_SECONDS:.0f} seconds"
        ) from None
    except (web.RequestPayloadError, HttpProcessingError, OSError):
        raise ProblemError(HTTPStatus.BAD_REQUEST, "the body was cut short or garbled") from None
    return bytes(body)


def _unavailable(why: str) -> ProblemError:
    return ProblemError(
        HTTPStatus.SERVICE_UNAVAILABLE, f"{why}; send the report again later", _RETRY_LATER
    )
