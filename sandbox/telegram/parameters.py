"""A Bot API request's parameters, however they were sent.

Source: Bot API, "Making requests": query string, form, JSON and multipart form-data, by GET and
POST. All of them become text here; structured values stay JSON text, as forms carry them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web

from sandbox.telegram.refusals import Refusal, bad_request

_ATTACHED = "attach://"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file part of a multipart request."""

    name: str
    mime_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of one call, as text, and its uploads by field name."""

    values: dict[str, str] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The value, or nothing."""
        return self.values.get(name, "")

    def whole_number(self, name: str, default: int = 0) -> int:
        """The value as a whole number; what is none counts as left out, as with Telegram."""
        try:
            return int(self.text(name))
        except ValueError:
            return default

    def is_true(self, name: str) -> bool:
        """Whether the value is one that Telegram takes for true."""
        return self.text(name).lower() in {"true", "yes", "1"}

    def json(self, name: str, what: str) -> object:
        """The value read as JSON; None where it was left out.

        Raises:
            Refusal: 400, it is not JSON.
        """
        value = self.text(name)
        if not value:
            return None
        try:
            decoded: object = json.loads(value)
        except ValueError:
            raise bad_request(f"can't parse {what} JSON object") from None
        return decoded

    def upload(self, name: str) -> Upload | None:
        """The file sent under a name, itself or as `attach://other_name`."""
        value = self.text(name)
        if value.startswith(_ATTACHED):
            return self.uploads.get(value.removeprefix(_ATTACHED))
        return self.uploads.get(name)


async def read_parameters(request: web.Request) -> Parameters:
    """Read a request of any of the four kinds.

    Raises:
        Refusal: 400 the JSON body is not an object, 413 the upload is too large.
    """
    parameters = Parameters(values=dict(request.query))
    try:
        if request.content_type == "application/json":
            _take_json(await request.read(), parameters)
        else:
            _take_form(await request.post(), parameters)
    except web.HTTPRequestEntityTooLarge:
        raise Refusal(413, "Request Entity Too Large") from None
    return parameters


def _take_json(body: bytes, parameters: Parameters) -> None:
    try:
        decoded: object = json.loads(body or b"{}")
    except ValueError:
        decoded = None
    if not isinstance(decoded, dict):
        raise bad_request("can't parse JSON object")
    for name, value in decoded.items():
        if value is not None:
            parameters.values[name] = value if isinstance(value, str) else json.dumps(value)


def _take_form(
    form: Mapping[str, str | bytes | bytearray | web.FileField], parameters: Parameters
) -> None:
    for name, value in form.items():
        if isinstance(value, web.FileField):
            data = value.file.read()
            value.file.close()
            parameters.uploads[name] = Upload(value.filename, value.content_type, data)
        elif isinstance(value, str):
            parameters.values[name] = value
