"""Text of a message or caption, as a bot sends it and as a person types it."""

from __future__ import annotations

import re

from sandbox.telegram.html_text import parse_html
from sandbox.telegram.parameters import Parameters
from sandbox.telegram.refusals import bad_request
from sandbox.telegram.values import Entity, RichText, utf16_length

MAX_TEXT_LENGTH = 4096
MAX_CAPTION_LENGTH = 1024

_COMMAND = re.compile(r"(?<!\S)/[A-Za-z0-9_]{1,32}(?:@\w+)?(?!\S)")


def read_text(parameters: Parameters, name: str) -> RichText:
    """Read `text` or `caption` with its parse mode or its entities, trimmed as Telegram trims.

    Raises:
        Refusal: 400, the markup cannot be read.
    """
    written = parameters.text(name)
    parse_mode = parameters.text("parse_mode").lower()
    if parse_mode in ("", "none"):
        entities_name = "entities" if name == "text" else f"{name}_entities"
        entities = _read_entities(parameters.json(entities_name, "entities"))
        return trim(RichText(text=written, entities=entities))
    if parse_mode != "html":
        raise bad_request("unsupported parse_mode: the sandbox reads HTML only")
    return trim(parse_html(written))


def check_text(content: RichText) -> None:
    """Refuse a message's text that is empty or longer than 4096 UTF-16 units after parsing.

    Raises:
        Refusal: 400.
    """
    if not content.text:
        raise bad_request("message text is empty")
    if utf16_length(content.text) > MAX_TEXT_LENGTH:
        raise bad_request("message is too long")


def check_caption(content: RichText) -> None:
    """Refuse a caption longer than 1024 UTF-16 units after parsing.

    Raises:
        Refusal: 400.
    """
    if utf16_length(content.text) > MAX_CAPTION_LENGTH:
        raise bad_request("message caption is too long")


def typed_text(text: str) -> RichText:
    """Text as a person types it: Telegram marks the commands in it."""
    entities = tuple(
        Entity(
            type="bot_command",
            offset=utf16_length(text[: match.start()]),
            length=utf16_length(match.group()),
        )
        for match in _COMMAND.finditer(text)
    )
    return RichText(text=text, entities=entities)


def trim(content: RichText) -> RichText:
    """Take the white space off both ends and move the entities along."""
    text = content.text.strip()
    if text == content.text:
        return content
    lead = utf16_length(content.text) - utf16_length(content.text.lstrip())
    end = utf16_length(text)
    moved = (_cut(entity, lead, end) for entity in content.entities)
    return RichText(text=text, entities=tuple(entity for entity in moved if entity.length > 0))


def _cut(entity: Entity, lead: int, end: int) -> Entity:
    start = max(0, entity.offset - lead)
    stop = min(end, entity.offset + entity.length - lead)
    return Entity(type=entity.type, offset=start, length=stop - start, extra=entity.extra)


def _read_entities(value: object) -> tuple[Entity, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise bad_request("expected an Array of MessageEntity")
    return tuple(_read_entity(entity) for entity in value)


def _read_entity(value: object) -> Entity:
    if not isinstance(value, dict):
        raise bad_request("can't parse MessageEntity: expected an Object")
    kind, offset, length = value.get("type"), value.get("offset"), value.get("length")
    if not isinstance(kind, str) or not isinstance(offset, int) or not isinstance(length, int):
        raise bad_request("can't parse MessageEntity: type, offset or length is missing")
    extra = tuple(
        (name, str(value[name]))
        for name in ("url", "language", "custom_emoji_id")
        if value.get(name) is not None
    )
    return Entity(type=kind, offset=offset, length=length, extra=extra)
