"""Reading the page's requests: JSON in, JSON out, every refusal with a reason.

Bodies must be sent as `application/json`, which no foreign web site can do unasked, so that a page
open in the same browser cannot play shopper.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

JsonObject = dict[str, object]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MAX_WAIT_SECONDS = 30


class RequestError(ValueError):
    """A request of the page that says something else than it must; the text says what it must."""


def guarded(handler: Handler) -> Handler:
    """Answer 400 with `{"error": reason}` where a handler raises ValueError or LookupError."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except (ValueError, LookupError) as error:
            return web.json_response(
                {"error": str(error.args[0] if error.args else error)}, status=400
            )

    return answer


async def json_body(request: web.Request) -> JsonObject:
    """Read the body.

    Raises:
        RequestError: it is not JSON, not sent as such, or no object.
    """
    if request.content_type != "application/json":
        raise RequestError("send the body as application/json")
    try:
        body: object = await request.json()
    except ValueError:
        raise RequestError("send a body that is JSON") from None
    if not isinstance(body, dict):
        raise RequestError("send a JSON object")
    return body


def text_of(body: JsonObject, name: str) -> str:
    """A text of the body.

    Raises:
        RequestError: it is missing or no text.
    """
    value = body.get(name)
    if not isinstance(value, str):
        raise RequestError(f"{name!r} is missing: send it as text")
    return value


def whole_number_of(body: JsonObject, name: str) -> int:
    """A whole number of the body.

    Raises:
        RequestError: it is missing or no whole number.
    """
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise RequestError(f"{name!r} is missing: send it as a whole number")
    return value


def query_number(request: web.Request, name: str) -> int:
    """A whole number of the query string, 0 where it is left out.

    Raises:
        RequestError: it is no whole number.
    """
    try:
        return int(request.query.get(name, "0"))
    except ValueError:
        raise RequestError(f"{name!r} is no whole number") from None


def wait_seconds_of(request: web.Request) -> int:
    """How long the caller is ready to wait for news: `wait_seconds`, at most 30.

    Raises:
        RequestError: it is no whole number.
    """
    return min(query_number(request, "wait_seconds"), MAX_WAIT_SECONDS)
