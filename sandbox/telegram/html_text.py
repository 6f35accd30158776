"""The Bot API's HTML style: tags to entities, or the refusal that Telegram gives.

Source: Bot API, "Formatting options", "HTML style". A bare `&` that begins no known entity is
text, as with Telegram; a bare `<` is a refusal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from sandbox.telegram.refusals import Refusal, bad_request
from sandbox.telegram.values import Entity, RichText, utf16_length

_ENTITY_OF_TAG = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "span": "spoiler",
    "tg-spoiler": "spoiler",
    "tg-emoji": "custom_emoji",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
_NAMED_CHARACTERS = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_CHARACTER = re.compile(r"&(?:(lt|gt|amp|quot)|#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6}));?")
_TAG_NAME = re.compile(r"[^\s>]*")
_SPACES = re.compile(r"\s*")
_ATTRIBUTE_NAME = re.compile(r"[^\s=>]+")
_ATTRIBUTE_VALUE = re.compile(r"\"([^\"]*)\"|'([^']*)'|([A-Za-z0-9.\-]+)(?=[\s>])")
_LINK = re.compile(r"(?:https?|tg|ton)://\S+", re.IGNORECASE)
_LAST_CODE_POINT = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)

_Extra = tuple[tuple[str, str], ...]


def parse_html(markup: str) -> RichText:
    """Turn HTML style into text and entities.

    Args:
        markup: text with the tags of the Bot API's HTML style.

    Raises:
        Refusal: 400 `can't parse entities: ...`, with the byte offset where Telegram names one.
    """
    return _HtmlReader(markup).read()


def unescape(text: str) -> str:
    """Replace the character references that the Bot API knows; others stay as they are."""
    return _CHARACTER.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    name, decimal, hexadecimal = match.groups()
    if name:
        return _NAMED_CHARACTERS[name]
    code_point = int(decimal) if decimal else int(hexadecimal, 16)
    usable = 0 < code_point <= _LAST_CODE_POINT and code_point not in _SURROGATES
    return chr(code_point) if usable else match.group()


@dataclass(frozen=True, slots=True)
class _OpenTag:
    name: str
    attributes: dict[str, str]
    offset: int
    text_start: int


class _HtmlReader:
    def __init__(self, markup: str) -> None:
        self._markup = markup
        self._position = 0
        self._text = ""
        self._length = 0
        self._open: list[_OpenTag] = []
        self._entities: list[Entity] = []

    def read(self) -> RichText:
        while self._position < len(self._markup):
            tag_start = self._markup.find("<", self._position)
            end = len(self._markup) if tag_start < 0 else tag_start
            self._append(unescape(self._markup[self._position : end]))
            self._position = end
            if tag_start >= 0:
                self._read_tag()
        if self._open:
            raise _refuse(f"Can't find end tag corresponding to start tag {self._open[-1].name}")
        entities = sorted(self._entities, key=lambda entity: (entity.offset, -entity.length))
        return RichText(text=self._text, entities=tuple(entities))

    def _append(self, text: str) -> None:
        self._text += text
        self._length += utf16_length(text)

    def _read_tag(self) -> None:
        start = self._position
        if self._markup.startswith("</", start):
            self._read_end_tag(start)
        else:
            self._read_start_tag(start)

    def _read_start_tag(self, start: int) -> None:
        self._position = start + 1
        name = self._take(_TAG_NAME).lower()
        if self._position >= len(self._markup):
            self._fail("Unclosed start tag", start)
        if name not in _ENTITY_OF_TAG:
            self._fail(f'Unsupported start tag "{name}"', start)
        attributes = self._read_attributes(name, start)
        self._position += 1
        if name == "span" and attributes.get("class") != "tg-spoiler":
            self._fail('Tag "span" must have class "tg-spoiler"', start)
        self._open.append(_OpenTag(name, attributes, self._length, len(self._text)))

    def _read_attributes(self, tag: str, start: int) -> dict[str, str]:
        attributes: dict[str, str] = {}
        while True:
            self._take(_SPACES)
            if self._position >= len(self._markup):
                self._fail("Unclosed start tag", start)
            if self._markup[self._position] == ">":
                return attributes
            name = self._take(_ATTRIBUTE_NAME)
            if not name:
                self._fail(f'Empty attribute name in the tag "{tag}"', start)
            attributes[name] = self._read_attribute_value(tag, name, start)

    def _read_attribute_value(self, tag: str, name: str, start: int) -> str:
        self._take(_SPACES)
        if not self._markup.startswith("=", self._position):
            if (tag, name) == ("blockquote", "expandable"):
                return ""
            self._fail(
                f'Expected equal sign in declaration of an attribute of the tag "{tag}"', start
            )
        self._position += 1
        self._take(_SPACES)
        match = _ATTRIBUTE_VALUE.match(self._markup, self._position)
        if match is None:
            self._fail(f'Unclosed start tag "{tag}"', start)
        self._position = match.end()
        quoted, single_quoted, token = match.groups()
        return token.lower() if token else unescape(quoted or single_quoted or "")

    def _read_end_tag(self, start: int) -> None:
        if not self._open:
            self._fail("Unexpected end tag", start)
        self._position = start + 2
        name = self._take(_TAG_NAME).lower()
        self._take(_SPACES)
        if not self._markup.startswith(">", self._position):
            self._fail("Unclosed end tag", start)
        self._position += 1
        opened = self._open.pop()
        if name not in ("", opened.name):
            offset = self._byte_offset(start)
            raise _refuse(
                f"Unmatched end tag at byte offset {offset}, "
                f'expected "</{opened.name}>", found "</{name}>"'
            )
        if self._length > opened.offset:
            self._close(opened)

    def _close(self, tag: _OpenTag) -> None:
        described = self._describe(tag)
        if described is not None:
            entity_type, extra = described
            length = self._length - tag.offset
            self._entities.append(
                Entity(type=entity_type, offset=tag.offset, length=length, extra=extra)
            )

    def _describe(self, tag: _OpenTag) -> tuple[str, _Extra] | None:
        """The entity's type and its further fields; None where Telegram drops the entity."""
        match tag.name:
            case "a":
                url = tag.attributes.get("href") or self._text[tag.text_start :]
                return ("text_link", (("url", url),)) if _LINK.fullmatch(url) else None
            case "tg-emoji":
                return "custom_emoji", (("custom_emoji_id", self._emoji_id(tag)),)
            case "blockquote" if "expandable" in tag.attributes:
                return "expandable_blockquote", ()
            case "pre":
                return "pre", self._language_of_inner_code(tag)
            case "code":
                return "code", self._language(tag)
            case _:
                return _ENTITY_OF_TAG[tag.name], ()

    def _language(self, tag: _OpenTag) -> _Extra:
        """A language counts only where the code is directly within a pre."""
        language = tag.attributes.get("class", "")
        is_within_pre = bool(self._open) and self._open[-1].name == "pre"
        if is_within_pre and language.startswith("language-"):
            return (("language", language.removeprefix("language-")),)
        return ()

    def _language_of_inner_code(self, tag: _OpenTag) -> _Extra:
        """`<pre><code class="language-x">` is one entity, a pre with a language."""
        whole = (tag.offset, self._length - tag.offset)
        last = self._entities[-1] if self._entities else None
        if last is None or last.type != "code" or (last.offset, last.length) != whole:
            return ()
        self._entities.pop()
        return last.extra

    @staticmethod
    def _emoji_id(tag: _OpenTag) -> str:
        emoji_id = tag.attributes.get("emoji-id", "")
        if not emoji_id.isdigit():
            raise _refuse("Invalid custom emoji identifier specified")
        return emoji_id

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._markup, self._position)
        if match is None:
            return ""
        self._position = match.end()
        return match.group()

    def _byte_offset(self, position: int) -> int:
        return len(self._markup[:position].encode("utf-8", "surrogatepass"))

    def _fail(self, reason: str, position: int) -> NoReturn:
        raise _refuse(f"{reason} at byte offset {self._byte_offset(position)}")


def _refuse(reason: str) -> Refusal:
    return bad_request(f"can't parse entities: {reason}")
