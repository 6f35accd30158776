"""The people of a local Telegram over HTTP, for the page and for scripts.

| route | what it does |
|---|---|
| `GET /sandbox/chats/ID/messages?after=N&answers_after=N&wait_seconds=S` | what is new since |
| `POST /sandbox/chats/ID/text` | `{"text"}`: write |
| `POST /sandbox/chats/ID/press` | `{"message_id", "label"}`: tap on a button |
| `POST /sandbox/chats/ID/document` | `{"name", "content"}`: send a file, its bytes in base64 |
| `POST /sandbox/chats/ID/block`, `unblock` | `{}` |
| `POST /sandbox/presses` | `{"presses": [{"user_id", "message_id", "label"}]}`: all at once |
| `POST /sandbox/faults` | `{"kind", "count", "method", "chat_id", "retry_after_seconds"}` |
| `GET /sandbox/files/FILE_ID` | the bytes of a photo or document |
"""

from __future__ import annotations

import base64

from aiohttp import web

from sandbox.telegram.faults import Fault, FaultKind
from sandbox.telegram.server import TelegramServer
from sandbox.telegram.user import SandboxUser
from sandbox.telegram.values import ChatMessage, JsonObject
from sandbox.web_requests import (
    RequestError,
    guarded,
    json_body,
    query_number,
    text_of,
    wait_seconds_of,
    whole_number_of,
)


class PeopleSite:
    """The routes by which people are driven."""

    def __init__(self, telegram: TelegramServer) -> None:
        self._telegram = telegram

    def routes(self) -> list[web.RouteDef]:
        """All routes."""
        chat = r"/sandbox/chats/{user_id:\d+}"
        return [
            web.get(f"{chat}/messages", guarded(self._messages)),
            web.post(f"{chat}/text", guarded(self._send_text)),
            web.post(f"{chat}/press", guarded(self._press)),
            web.post(f"{chat}/document", guarded(self._upload)),
            web.post(f"{chat}/block", guarded(self._block)),
            web.post(f"{chat}/unblock", guarded(self._unblock)),
            web.post("/sandbox/presses", guarded(self._press_together)),
            web.post("/sandbox/faults", guarded(self._order_fault)),
            web.get("/sandbox/files/{file_id}", guarded(self._file)),
        ]

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        user = self._user(request)
        after = query_number(request, "after")
        answers_after = query_number(request, "answers_after")
        await user.wait_for_change(after, wait_seconds_of(request))
        answers = user.answers()
        return web.json_response(
            {
                "revision": user.revision,
                "messages": [_message_as_json(each) for each in user.messages_after(after)],
                "answers": [
                    {"text": each.text, "show_alert": each.show_alert}
                    for each in answers[answers_after:]
                ],
                "answer_count": len(answers),
            }
        )

    async def _send_text(self, request: web.Request) -> web.StreamResponse:
        body = await json_body(request)
        return web.json_response(
            {"message_id": self._user(request).send_text(text_of(body, "text"))}
        )

    async def _press(self, request: web.Request) -> web.StreamResponse:
        body = await json_body(request)
        message_id, label = whole_number_of(body, "message_id"), text_of(body, "label")
        return web.json_response({"query_id": self._user(request).press(message_id, label)})

    async def _press_together(self, request: web.Request) -> web.StreamResponse:
        body = await json_body(request)
        presses = body.get("presses")
        if not isinstance(presses, list) or not all(isinstance(each, dict) for each in presses):
            raise RequestError("'presses' is missing: send a list of objects")
        with self._telegram.hold_updates():
            query_ids = [
                self._telegram.user(whole_number_of(each, "user_id")).press(
                    whole_number_of(each, "message_id"), text_of(each, "label")
                )
                for each in presses
            ]
        return web.json_response({"query_ids": query_ids})

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        body = await json_body(request)
        content = base64.b64decode(text_of(body, "content"), validate=True)
        message_id = self._user(request).upload_document(text_of(body, "name"), content)
        return web.json_response({"message_id": message_id})

    async def _block(self, request: web.Request) -> web.StreamResponse:
        await json_body(request)
        self._user(request).block()
        return web.json_response({})

    async def _unblock(self, request: web.Request) -> web.StreamResponse:
        await json_body(request)
        self._user(request).unblock()
        return web.json_response({})

    async def _order_fault(self, request: web.Request) -> web.StreamResponse:
        body = await json_body(request)
        fault = Fault(kind=FaultKind(text_of(body, "kind")))
        if "count" in body:
            fault.count = whole_number_of(body, "count")
        if "method" in body:
            fault.method = text_of(body, "method")
        if "chat_id" in body:
            fault.chat_id = whole_number_of(body, "chat_id")
        if "retry_after_seconds" in body:
            fault.retry_after_seconds = whole_number_of(body, "retry_after_seconds")
        self._telegram.order_fault(fault)
        return web.json_response({})

    async def _file(self, request: web.Request) -> web.StreamResponse:
        stored = self._telegram.world.files.get(request.match_info["file_id"])
        if stored is None:
            raise LookupError("there is no such file")
        # Anything but a picture is handed out as a download: a file must not run in the page
        is_picture = stored.width > 0
        headers = {} if is_picture else {"Content-Disposition": "attachment"}
        content_type = stored.mime_type if is_picture else "application/octet-stream"
        return web.Response(body=stored.data, content_type=content_type, headers=headers)

    def _user(self, request: web.Request) -> SandboxUser:
        return self._telegram.user(int(request.match_info["user_id"]))


def _message_as_json(message: ChatMessage) -> JsonObject:
    body: JsonObject = {
        "message_id": message.message_id,
        "from_bot": message.from_bot,
        "date": message.date,
        "is_edited": message.edit_date is not None,
        "is_deleted": message.deleted,
        "text": message.text,
        "entities": [entity.as_json() for entity in message.content.entities],
        "keyboard": [[button.as_json() for button in row] for row in message.keyboard],
    }
    if message.photo is not None:
        body["photo"] = f"/sandbox/files/{message.photo.file_id}"
    if message.document is not None:
        body["document"] = {
            "name": message.document.name,
            "url": f"/sandbox/files/{message.document.file_id}",
            "size_bytes": len(message.document.data),
        }
    return body
