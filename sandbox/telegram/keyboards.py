"""Inline keyboards, checked as Telegram checks them.

Source: Bot API, "InlineKeyboardMarkup" and "InlineKeyboardButton" (callback data of 1 to 64 bytes),
the wording from the Bot API server.
"""

from __future__ import annotations

import re

from sandbox.telegram.parameters import Parameters
from sandbox.telegram.refusals import Refusal, bad_request
from sandbox.telegram.values import Button, Keyboard

MAX_CALLBACK_DATA_BYTES = 64
MAX_BUTTONS = 100
MAX_COPY_TEXT_LENGTH = 256

_URL = re.compile(r"(?:https?|tg)://[^\s/]+\S*", re.IGNORECASE)


def read_keyboard(parameters: Parameters) -> Keyboard:
    """Read `reply_markup`; empty where there is none or it is not an inline keyboard.

    Raises:
        Refusal: 400, as Telegram refuses it.
    """
    markup = parameters.json("reply_markup", "reply keyboard markup")
    if markup is None:
        return ()
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    rows = markup.get("inline_keyboard")
    if rows is None:
        return ()
    keyboard = tuple(_row(row) for row in _list(rows))
    keyboard = tuple(row for row in keyboard if row)
    if sum(len(row) for row in keyboard) > MAX_BUTTONS:
        raise bad_request("reply markup is too long")
    return keyboard


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise bad_request('field "inline_keyboard" must be an Array of Arrays')
    return value


def _row(row: object) -> tuple[Button, ...]:
    return tuple(_button(button) for button in _list(row))


def _button(value: object) -> Button:
    if not isinstance(value, dict):
        raise _unreadable("InlineKeyboardButton must be an Object")
    text = value.get("text")
    if not isinstance(text, str):
        raise _unreadable('Can\'t find field "text"')
    if not text.strip():
        raise bad_request("BUTTON_TEXT_INVALID")
    if value.get("url"):
        return Button(text=text, url=_url(str(value["url"])))
    if value.get("callback_data"):
        return Button(text=text, callback_data=_callback_data(value["callback_data"]))
    if "copy_text" in value:
        return Button(text=text, copy_text=_copy_text(value["copy_text"]))
    raise _unreadable("Text buttons are unallowed in the inline keyboard")


def _url(url: str) -> str:
    if not _URL.fullmatch(url):
        raise bad_request("BUTTON_URL_INVALID")
    return url


def _callback_data(data: object) -> str:
    if not isinstance(data, str):
        raise _unreadable('Field "callback_data" must be of type String')
    if len(data.encode()) > MAX_CALLBACK_DATA_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")
    return data


def _copy_text(value: object) -> str:
    text = value.get("text") if isinstance(value, dict) else None
    if not isinstance(text, str) or not 0 < len(text) <= MAX_COPY_TEXT_LENGTH:
        raise bad_request("BUTTON_COPY_TEXT_INVALID")
    return text


def _unreadable(reason: str) -> Refusal:
    return bad_request(f"can't parse inline keyboard button: {reason}")
