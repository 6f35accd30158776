"""Serves the page and its files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

_FOLDER = Path(__file__).parent
_CONTENT_TYPES = {
    "app.js": "text/javascript",
    "chat.js": "text/javascript",
    "wallet.js": "text/javascript",
    "dom.js": "text/javascript",
    "style.css": "text/css",
    "items.json": "application/json",
    "items.txt": "text/plain",
}
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Whose chats the page shows."""

    admin_id: int
    shopper_ids: tuple[int, ...]


class PageSite:
    """The routes of the page."""

    def __init__(self, people: People) -> None:
        self._people = people
        # Read once, before the loop runs: handlers must not wait for a disk
        self._index = (_FOLDER / "index.html").read_text(encoding="utf-8")
        self._files = {name: (_FOLDER / name).read_bytes() for name in _CONTENT_TYPES}

    def routes(self) -> list[web.RouteDef]:
        """All routes."""
        return [
            web.get("/", self._show_index),
            web.get("/page/{name}", self._show_file),
            web.get("/sandbox/people", self._show_people),
        ]

    async def _show_index(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(text=self._index, content_type="text/html", headers=_HEADERS)

    async def _show_file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in self._files:
            raise web.HTTPNotFound
        return web.Response(
            body=self._files[name],
            content_type=_CONTENT_TYPES[name],
            charset="utf-8",
            headers=_HEADERS,
        )

    async def _show_people(self, _request: web.Request) -> web.StreamResponse:
        body = {"admin_id": self._people.admin_id, "shopper_ids": list(self._people.shopper_ids)}
        return web.json_response(body)
