"""The operator's pages: is the shop up (`/healthz`), and what is every actor doing (`/status`).

`/status` is for those who have the bearer token, where one is set. `/healthz` is open, for whatever
supervises the process; without the token it says no more than up or not. `health_app` is `/healthz`
alone, for the server that the world may reach.
"""

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

from aiohttp import web

from actors.messages import GetShopHealth, ShopHealth, ShopUnavailable
from gateway.bridge import ActorFigures, ShopBridge, SystemFigures, TimerFigures
from gateway.problems import ProblemError, problems_as_json

KINDS = (
    "shop",
    "inventory",
    "order",
    "chain_watcher",
    "address",
    "rates",
    "ledger",
    "admin_notifier",
    "shopper_notifier",
)
DEFAULT_LIMIT = 100
LARGEST_LIMIT = 1000
HEALTH_TIMEOUT_SECONDS = 5.0

_READY = "ok"
_PARAMETERS = frozenset({"kind", "limit", "after"})
_NOT_KEPT = {"Cache-Control": "no-store"}


def operator_app(bridge: ShopBridge, token: str | None) -> web.Application:
    """The pages as an application of their own; `token` None or empty: nobody is asked for one."""
    pages = _Pages(bridge, token or None)
    app = web.Application(middlewares=[problems_as_json])
    app.router.add_get("/healthz", pages.healthz)
    app.router.add_get("/status", pages.status)
    return app


def health_app(bridge: ShopBridge) -> web.Application:
    """Only whether the shop is up, and to nobody why not."""

    async def healthz(_request: web.Request) -> web.Response:
        status = (await _health(bridge)).status
        return _health_response(status, {"status": status})

    app = web.Application(middlewares=[problems_as_json])
    app.router.add_get("/healthz", healthz)
    return app


class _Pages:
    def __init__(self, bridge: ShopBridge, token: str | None) -> None:
        self._bridge = bridge
        self._token = token

    async def healthz(self, request: web.Request) -> web.Response:
        health = await _health(self._bridge)
        body = {"status": health.status}
        if self._has_token(request):
            shown = {"why": health.why, "progress": health.progress}
            body |= {key: text for key, text in shown.items() if text}
        return _health_response(health.status, body)

    async def status(self, request: web.Request) -> web.Response:
        if not self._has_token(request):
            raise ProblemError(
                HTTPStatus.UNAUTHORIZED,
                "send the operator's token in the header Authorization, as Bearer TOKEN",
                {"WWW-Authenticate": 'Bearer realm="holdfast"'},
            )
        limit, kind = _limit_and_kind(request)
        try:
            page = await self._bridge.inspect(
                after=request.query.get("after"), limit=limit, kind=kind
            )
        except ValueError:
            raise ProblemError(
                HTTPStatus.BAD_REQUEST, "after is not the next of an earlier page; leave it out"
            ) from None
        except TimeoutError:
            raise ProblemError(
                HTTPStatus.SERVICE_UNAVAILABLE, "the shop does not answer; ask again later"
            ) from None
        body = {
            "system": _totals(page.totals),
            "actors": [_row(actor) for actor in page.actors],
            "total": page.total,
            "next": page.next,
        }
        return web.json_response(body, headers=_NOT_KEPT)

    def _has_token(self, request: web.Request) -> bool:
        if self._token is None:
            return True
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        # Bytes, for compare_digest takes no text beyond ASCII.
        is_equal = hmac.compare_digest(
            given.strip().encode("utf-8", "surrogateescape"), self._token.encode()
        )
        return scheme.lower() == "bearer" and is_equal


@dataclass(frozen=True, slots=True)
class _Health:
    """How the shop is, why it is not ready, and how far it is with the orders of before."""

    status: str
    why: str = ""
    progress: str = ""


async def _health(bridge: ShopBridge) -> _Health:
    try:
        answer = await bridge.ask(GetShopHealth(), HEALTH_TIMEOUT_SECONDS)
    except TimeoutError:
        return _Health("unresponsive", f"no answer within {HEALTH_TIMEOUT_SECONDS:.0f} seconds")
    match answer:
        case ShopHealth(ready=True):
            return _Health(_READY, progress=answer.progress)
        case ShopHealth() if answer.store_trouble:
            return _Health("unavailable", answer.why_not_ready)
        case ShopHealth():
            return _Health("starting", answer.why_not_ready, answer.progress)
        case ShopUnavailable():
            return _Health("unavailable", answer.why)
        case _:
            return _Health("unavailable", f"the shop answered with {type(answer).__name__}")


def _health_response(status: str, body: dict[str, str]) -> web.Response:
    http_status = HTTPStatus.OK if status == _READY else HTTPStatus.SERVICE_UNAVAILABLE
    return web.json_response(body, status=http_status, headers=_NOT_KEPT)


def _limit_and_kind(request: web.Request) -> tuple[int, str | None]:
    unknown = sorted(set(request.query) - _PARAMETERS)
    if unknown:
        raise ProblemError(
            HTTPStatus.BAD_REQUEST,
            f"{unknown[0][:40]!r} is not a parameter; use kind, limit and after",
        )
    text = request.query.get("limit", str(DEFAULT_LIMIT))
    is_number = text.isascii() and text.isdecimal() and len(text) <= len(str(LARGEST_LIMIT))
    if not is_number or not 1 <= int(text) <= LARGEST_LIMIT:
        raise ProblemError(
            HTTPStatus.BAD_REQUEST, f"limit is not a whole number from 1 to {LARGEST_LIMIT}"
        )
    kind = request.query.get("kind")
    if kind is not None and kind not in KINDS:
        raise ProblemError(HTTPStatus.BAD_REQUEST, f"kind is not one of {', '.join(KINDS)}")
    return int(text), kind


def _totals(totals: SystemFigures) -> dict[str, object]:
    return {
        "actors": totals.actors,
        "handled": totals.handled,
        "dead_letters": totals.dead_letters,
        "poisons": totals.poisons,
        "pending_timers": totals.pending_timers,
        "lag_seconds": _rounded(totals.lag_seconds),
        "longest_lag_seconds": _rounded(totals.longest_lag_seconds),
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 6)


def _row(actor: ActorFigures) -> dict[str, object]:
    # Of what an actor says of itself only these are shown, so that nothing else slips out.
    name = actor.details.get("name", actor.global_name or actor.address)
    state = actor.details.get("state", "running")
    row: dict[str, object] = {
        "kind": actor.kind,
        "name": str(name),
        "state": "exiting" if actor.is_exiting else str(state),
        "mailbox": actor.mailbox,
        "handled": actor.handled,
        "failures": actor.failures,
        "timers": None if actor.timers is None else [_timer(timer) for timer in actor.timers],
    }
    process_id = actor.details.get("process_id")
    return row if process_id is None else row | {"process_id": process_id}


def _timer(timer: TimerFigures) -> dict[str, str]:
    due_at = datetime.fromtimestamp(timer.due_at_wall, UTC)
    return {
        "kind": _timer_kind(timer.payload),
        "due_at": due_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def _timer_kind(payload: object) -> str:
    """The kind in a payload `(kind, ...)`, or in one that has a kind; else its type."""
    if isinstance(payload, tuple) and payload and isinstance(payload[0], str):
        return str(payload[0])
    if isinstance(payload, str):
        return str(payload)
    kind = getattr(payload, "kind", None)
    return str(kind) if isinstance(kind, str) else type(payload).__name__
