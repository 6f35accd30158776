"""The state of one local Telegram: people, their chats with the bot, files, taps, updates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sandbox.changes import Changes
from sandbox.telegram.refusals import QUERY_TOO_OLD, Refusal, bad_request
from sandbox.telegram.updates import UpdateQueue
from sandbox.telegram.values import (
    CallbackAnswer,
    CallbackQuery,
    ChatMessage,
    JsonObject,
    StoredFile,
    User,
)

MAX_CALLBACK_ANSWER_LENGTH = 200


class Chat:
    """A private chat: its messages by id and a counter of its changes."""

    def __init__(self) -> None:
        self.messages: dict[int, ChatMessage] = {}
        self.answers: list[CallbackAnswer] = []
        self.changes = Changes()


class World:
    """All that one local Telegram remembers.

    Args:
        bot: the bot as User of the Bot API.
        clock: Unix time in seconds.
        callback_lifetime_seconds: how long a tap may be answered.
    """

    def __init__(
        self, *, bot: JsonObject, clock: Callable[[], float], callback_lifetime_seconds: float
    ) -> None:
        self.bot = bot
        self.clock = clock
        self.updates = UpdateQueue()
        self.users: dict[int, User] = {}
        self.files: dict[str, StoredFile] = {}
        self.files_by_path: dict[str, StoredFile] = {}
        self.commands: dict[tuple[str, str], list[JsonObject]] = {}
        self.queries: dict[str, CallbackQuery] = {}
        self._callback_lifetime_seconds = callback_lifetime_seconds
        self._chats: dict[int, Chat] = {}
        self._last_message_id = 0
        self._last_query_id = 0

    def close(self) -> None:
        """Answer everybody who waits."""
        self.updates.close()
        for chat in self._chats.values():
            chat.changes.close()

    def person(self, user_id: int) -> User:
        """The person with an id, made at the first mention."""
        user = self.users.get(user_id)
        if user is None:
            user = User(user_id=user_id, first_name=f"User {user_id}", username=f"user{user_id}")
            self.users[user_id] = user
            self._chats[user_id] = Chat()
        return user

    def chat(self, user_id: int) -> Chat:
        """The chat of a person."""
        self.person(user_id)
        return self._chats[user_id]

    def known_user(self, chat_id_text: str) -> User:
        """Whose chat the bot means.

        Raises:
            Refusal: 400, the bot has no such chat.
        """
        if not chat_id_text:
            raise bad_request("chat_id is empty")
        try:
            user = self.users.get(int(chat_id_text))
        except ValueError:
            user = None
        if user is None or not user.has_opened_chat:
            raise bad_request("chat not found")
        return user

    def writable_user(self, chat_id_text: str) -> User:
        """Whose chat the bot means, to write there.

        Raises:
            Refusal: 400 no such chat, 403 the person has blocked the bot.
        """
        user = self.known_user(chat_id_text)
        if user.has_blocked_bot:
            raise Refusal(403, "Forbidden: bot was blocked by the user")
        return user

    def next_message_id(self) -> int:
        """Count on: one row of message ids for all private chats, as Telegram has it."""
        self._last_message_id += 1
        return self._last_message_id

    def keep_message(self, message: ChatMessage) -> ChatMessage:
        """Store a message, new or changed, and wake whoever looks at its chat."""
        chat = self.chat(message.chat_id)
        kept = replace(message, revision=chat.changes.revision + 1)
        chat.messages[message.message_id] = kept
        chat.changes.bump()
        return kept

    def find_message(self, chat_id: int, message_id: int, purpose: str) -> ChatMessage:
        """A message that is there.

        Raises:
            Refusal: 400 `PURPOSE not found`.
        """
        message = self.chat(chat_id).messages.get(message_id)
        if message is None or message.deleted:
            raise bad_request(f"{purpose} not found")
        return message

    def message_as_json(self, message: ChatMessage) -> JsonObject:
        """The Bot API's Message."""
        user = self.person(message.chat_id)
        sender = self.bot if message.from_bot else user.as_json()
        return message.as_json(sender, user.chat_as_json())

    def keep_file(self, stored: StoredFile) -> StoredFile:
        """Store a file so that it is found by id and by path."""
        self.files[stored.file_id] = stored
        self.files_by_path[stored.path] = stored
        return stored

    def new_query(self, user_id: int, message_id: int, data: str) -> CallbackQuery:
        """Note a tap on a button."""
        self._last_query_id += 1
        query = CallbackQuery(
            query_id=str(4_000_000_000_000_000_000 + self._last_query_id),
            user_id=user_id,
            message_id=message_id,
            data=data,
            asked_at=self.clock(),
        )
        self.queries[query.query_id] = query
        return query

    def answer_query(self, answer: CallbackAnswer) -> None:
        """Answer a tap, once and in time.

        Raises:
            Refusal: 400, the tap is unknown, answered or too old, or the text is too long.
        """
        query = self.queries.get(answer.query_id)
        if query is None or query.answer is not None:
            raise bad_request(QUERY_TOO_OLD)
        if self.clock() - query.asked_at > self._callback_lifetime_seconds:
            raise bad_request(QUERY_TOO_OLD)
        if len(answer.text) > MAX_CALLBACK_ANSWER_LENGTH:
            raise bad_request("MESSAGE_TOO_LONG")
        query.answer = answer
        chat = self.chat(query.user_id)
        chat.answers.append(answer)
        chat.changes.bump()
