"""What the local Telegram keeps: users, messages, files, and how each looks in JSON.

The shapes are those of the Bot API's types of the same names, reduced to private chats.
"""

from __future__ import annotations

from dataclasses import dataclass, field

JsonObject = dict[str, object]


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units, in which the Bot API counts offsets, lengths and limits."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def utf16_slice(text: str, offset: int, length: int) -> str:
    """Cut by UTF-16 code units."""
    units = text.encode("utf-16-le", "surrogatepass")
    return units[2 * offset : 2 * (offset + length)].decode("utf-16-le", "surrogatepass")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A MessageEntity; offset and length in UTF-16 code units."""

    type: str
    offset: int
    length: int
    extra: tuple[tuple[str, str], ...] = ()

    def as_json(self) -> JsonObject:
        """The Bot API's MessageEntity."""
        body: JsonObject = {"type": self.type, "offset": self.offset, "length": self.length}
        body.update(self.extra)
        return body


@dataclass(frozen=True, slots=True, kw_only=True)
class RichText:
    """Text without tags, and the entities that the tags became."""

    text: str = ""
    entities: tuple[Entity, ...] = ()

    def entity_texts(self, entity_type: str) -> list[str]:
        """What stands in every entity of a type, in order."""
        return [
            utf16_slice(self.text, entity.offset, entity.length)
            for entity in self.entities
            if entity.type == entity_type
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """An InlineKeyboardButton that carries callback data, an address or a text to copy."""

    text: str
    callback_data: str | None = None
    url: str | None = None
    copy_text: str | None = None

    def as_json(self) -> JsonObject:
        """The Bot API's InlineKeyboardButton."""
        body: JsonObject = {"text": self.text}
        if self.callback_data is not None:
            body["callback_data"] = self.callback_data
        if self.url is not None:
            body["url"] = self.url
        if self.copy_text is not None:
            body["copy_text"] = {"text": self.copy_text}
        return body


Keyboard = tuple[tuple[Button, ...], ...]


def keyboard_as_json(keyboard: Keyboard) -> JsonObject:
    """The Bot API's InlineKeyboardMarkup."""
    return {"inline_keyboard": [[button.as_json() for button in row] for row in keyboard]}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file that somebody uploaded; width and height in pixels, 0 where it is no picture."""

    file_id: str
    path: str
    name: str
    mime_type: str
    data: bytes = field(repr=False)
    width: int = 0
    height: int = 0

    def as_json(self) -> JsonObject:
        """The fields that File, Document and PhotoSize share."""
        return {
            "file_id": self.file_id,
            "file_unique_id": f"u{self.file_id}",
            "file_size": len(self.data),
        }

    def as_document(self) -> JsonObject:
        """The Bot API's Document."""
        return {**self.as_json(), "file_name": self.name, "mime_type": self.mime_type}

    def as_photo(self) -> list[JsonObject]:
        """The Bot API's list of PhotoSize, with the one size there is."""
        return [{**self.as_json(), "width": self.width, "height": self.height}]


@dataclass(slots=True, kw_only=True)
class User:
    """A person with a private chat; the chat exists for the bot once the person has written."""

    user_id: int
    first_name: str
    username: str
    language_code: str = "en"
    has_opened_chat: bool = False
    has_blocked_bot: bool = False

    def as_json(self) -> JsonObject:
        """The Bot API's User."""
        return {
            "id": self.user_id,
            "is_bot": False,
            "first_name": self.first_name,
            "username": self.username,
            "language_code": self.language_code,
        }

    def chat_as_json(self) -> JsonObject:
        """The Bot API's Chat."""
        return {
            "id": self.user_id,
            "type": "private",
            "first_name": self.first_name,
            "username": self.username,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """A message as it stands now. `revision` grows with every change in its chat."""

    message_id: int
    chat_id: int
    from_bot: bool
    date: int
    content: RichText
    keyboard: Keyboard = ()
    photo: StoredFile | None = None
    document: StoredFile | None = None
    edit_date: int | None = None
    revision: int = 0
    deleted: bool = False

    @property
    def text(self) -> str:
        """The text, or the caption of a photo or document."""
        return self.content.text

    @property
    def buttons(self) -> list[Button]:
        """All buttons, row by row."""
        return [button for row in self.keyboard for button in row]

    @property
    def button_texts(self) -> list[str]:
        """What stands on the buttons."""
        return [button.text for button in self.buttons]

    @property
    def codes(self) -> list[str]:
        """What stands in `<code>`."""
        return self.content.entity_texts("code")

    def as_json(self, sender: JsonObject, chat: JsonObject) -> JsonObject:
        """The Bot API's Message."""
        body: JsonObject = {
            "message_id": self.message_id,
            "from": sender,
            "chat": chat,
            "date": self.date,
        }
        if self.edit_date is not None:
            body["edit_date"] = self.edit_date
        if self.photo is not None:
            body["photo"] = self.photo.as_photo()
        if self.document is not None:
            body["document"] = self.document.as_document()
        body.update(self._content_as_json())
        if self.keyboard:
            body["reply_markup"] = keyboard_as_json(self.keyboard)
        return body

    def _content_as_json(self) -> JsonObject:
        prefix = "caption" if self.photo is not None or self.document is not None else "text"
        entities_name = "caption_entities" if prefix == "caption" else "entities"
        body: JsonObject = {}
        if self.content.text:
            body[prefix] = self.content.text
        if self.content.entities:
            body[entities_name] = [entity.as_json() for entity in self.content.entities]
        return body


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackAnswer:
    """What the bot answered to a tap: a notice, an alert, or nothing but that it heard."""

    query_id: str
    text: str
    show_alert: bool


@dataclass(slots=True, kw_only=True)
class CallbackQuery:
    """A tap on a button that waits for its answer; `asked_at` in seconds of the server's clock."""

    query_id: str
    user_id: int
    message_id: int
    data: str
    asked_at: float
    answer: CallbackAnswer | None = None
