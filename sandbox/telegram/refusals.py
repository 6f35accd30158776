"""Telegram's refusals, word for word, as the Bot API answers them.

The wording is that of the Bot API server (tdlib/telegram-bot-api), because bots have nothing else
to tell refusals apart by.
"""

from __future__ import annotations

QUERY_TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)
OTHER_GET_UPDATES = (
    "Conflict: terminated by other getUpdates request; "
    "make sure that only one bot instance is running"
)


class Refusal(Exception):  # noqa: N818 - it is an answer of the Bot API, not an error of this server
    """An answer with `ok: false`."""

    def __init__(
        self, error_code: int, description: str, retry_after_seconds: int | None = None
    ) -> None:
        super().__init__(description)
        self.error_code = error_code
        self.description = description
        self.retry_after_seconds = retry_after_seconds

    def as_json(self) -> dict[str, object]:
        """The body of the answer (Bot API, "Making requests" and "ResponseParameters")."""
        body: dict[str, object] = {
            "ok": False,
            "error_code": self.error_code,
            "description": self.description,
        }
        if self.retry_after_seconds is not None:
            body["parameters"] = {"retry_after": self.retry_after_seconds}
        return body


def bad_request(reason: str) -> Refusal:
    """Refuse with 400 and `Bad Request: ` before the reason."""
    return Refusal(400, f"Bad Request: {reason}")


def too_many_requests(retry_after_seconds: int) -> Refusal:
    """Refuse with 429 and the seconds to wait."""
    return Refusal(
        429, f"Too Many Requests: retry after {retry_after_seconds}", retry_after_seconds
    )
