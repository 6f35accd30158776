"""Errors of HTTP servers as problem details (RFC 9457)."""

from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler
from loguru import logger

CONTENT_TYPE = "application/problem+json"


class ProblemError(Exception):
    """A request is refused; `detail` says why and what to send instead."""

    def __init__(
        self, status: HTTPStatus, detail: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers


def problem(status: HTTPStatus, detail: str, headers: dict[str, str] | None = None) -> web.Response:
    """A problem of no special type: its title is that of the HTTP status (RFC 9457, 4.2.1)."""
    return web.json_response(
        {"type": "about:blank", "title": status.phrase, "status": status, "detail": detail},
        status=status,
        headers=headers,
        content_type=CONTENT_TYPE,
    )


@web.middleware
async def problems_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every error with a problem; what nobody expected is logged and not told."""
    try:
        return await handler(request)
    except ProblemError as error:
        return problem(error.status, error.detail, error.headers)
    except web.HTTPException as error:
        allow = error.headers.get("Allow")
        headers = {"Allow": allow} if allow else None
        return problem(HTTPStatus(error.status), error.reason, headers)
    except Exception:  # noqa: BLE001 - the last resort of a server
        logger.exception("{} {} failed", request.method, request.path)
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "this is a fault of the shop; see its log")
