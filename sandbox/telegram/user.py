"""A person in front of the bot, as tests and the page drive one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from sandbox.telegram.texts import typed_text
from sandbox.telegram.uploads import store_document
from sandbox.telegram.values import (
    Button,
    CallbackAnswer,
    CallbackQuery,
    ChatMessage,
    RichText,
    User,
)
from sandbox.telegram.world import Chat, World

LABEL_SEPARATOR = "·"
"""What stands before it on a button is a name for the button too."""


class SandboxUser:
    """One person: writes, taps, sends files, reads.

    Everything but the waiting happens at once: the update is queued when the call returns.
    """

    def __init__(self, world: World, user: User) -> None:
        self._world = world
        self._user = user

    @property
    def user_id(self) -> int:
        """The id, which is the chat's too."""
        return self._user.user_id

    @property
    def profile(self) -> User:
        """Name, language and what is known of the chat; may be changed."""
        return self._user

    @property
    def revision(self) -> int:
        """A number that grows with every change in the chat; `wait_for` takes it as `after`."""
        return self._chat.changes.revision

    def open_chat(self) -> None:
        """Let the bot write, as if the person had written to it some time ago."""
        self._user.has_opened_chat = True

    def send_text(self, text: str) -> int:
        """Write to the bot.

        Returns:
            The id of the message.

        Raises:
            ValueError: the text is empty, or the person has blocked the bot.
        """
        if not text.strip():
            raise ValueError("the text is empty: write at least one character")
        return self._write(self._new_message(typed_text(text.strip())))

    def upload_document(
        self, name: str, data: bytes, *, mime_type: str = "", caption: str = ""
    ) -> int:
        """Send a file to the bot.

        Returns:
            The id of the message.

        Raises:
            ValueError: the person has blocked the bot.
        """
        stored = store_document(self._world, name, data, mime_type)
        message = self._new_message(typed_text(caption))
        return self._write(replace(message, document=stored))

    def press(self, message_id: int, label: str) -> str:
        """Tap on a button.

        Args:
            message_id: the message that the button is under.
            label: what stands on the button, or before the `·` on it, or its callback data.

        Returns:
            The id of the callback query.

        Raises:
            LookupError: no such message or button, or several.
        """
        button = _find_button(self.message(message_id), label)
        if button.callback_data is None:
            raise LookupError(f"the button {button.text!r} sends nothing to the bot")
        return self.press_data(message_id, button.callback_data)

    def press_data(self, message_id: int, data: str) -> str:
        """Tap with any data, as a screen that is out of date or a hostile client may.

        Returns:
            The id of the callback query.

        Raises:
            LookupError: there never was such a message.
        """
        message = self.message(message_id)
        query = self._world.new_query(self.user_id, message_id, data)
        self._world.updates.put("callback_query", self._query_as_json(query, message))
        return query.query_id

    def block(self) -> None:
        """Block the bot."""
        self._change_membership("member", "kicked")

    def unblock(self) -> None:
        """Let the bot write again."""
        self._change_membership("kicked", "member")

    def messages(self) -> list[ChatMessage]:
        """All messages of the chat that are there, the oldest first."""
        return [message for message in self._chat.messages.values() if not message.deleted]

    def message(self, message_id: int) -> ChatMessage:
        """A message, also one that is deleted.

        Raises:
            LookupError: there never was such a message.
        """
        try:
            return self._chat.messages[message_id]
        except KeyError:
            raise LookupError(f"chat {self.user_id} has no message {message_id}") from None

    def messages_after(self, revision: int) -> list[ChatMessage]:
        """All messages that came, changed or went after a revision, in the order of that."""
        changed = (m for m in self._chat.messages.values() if m.revision > revision)
        return sorted(changed, key=lambda message: message.revision)

    def answers(self) -> list[CallbackAnswer]:
        """What the bot answered to the taps, in order."""
        return list(self._chat.answers)

    async def wait_for(
        self,
        predicate: Callable[[ChatMessage], object],
        timeout_seconds: float = 10.0,
        after: int = 0,
    ) -> ChatMessage:
        """Wait for a message of the bot, new or edited, that the predicate takes.

        Args:
            predicate: is asked about every message that is there, again when it changes.
            timeout_seconds: how long to wait.
            after: a `revision`; messages that have not changed since are not asked about.

        Raises:
            TimeoutError: none came; says what the chat shows.
        """
        found: list[ChatMessage] = []

        def look() -> bool:
            for message in self.messages_after(after):
                if message.from_bot and not message.deleted and predicate(message):
                    found.append(message)
                    return True
            return False

        await self._wait_until(look, timeout_seconds)
        return found[0]

    async def wait_for_answer(self, query_id: str, timeout_seconds: float = 10.0) -> CallbackAnswer:
        """Wait for the bot's answer to a tap.

        Raises:
            TimeoutError: none came; says what the chat shows.
        """
        query = self._world.queries[query_id]
        await self._wait_until(lambda: query.answer is not None, timeout_seconds)
        if query.answer is None:
            raise LookupError(f"the tap {query_id} has no answer")
        return query.answer

    async def wait_for_change(self, after: int, timeout_seconds: float) -> None:
        """Wait until something in the chat is newer than the revision `after`, or time is up."""
        await self._chat.changes.wait_beyond(after, timeout_seconds)

    async def _wait_until(self, condition: Callable[[], bool], timeout_seconds: float) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_seconds
        while not condition():
            if loop.time() >= deadline or self._chat.changes.closed:
                raise TimeoutError(self._report(timeout_seconds))
            await self._chat.changes.wait(deadline - loop.time())

    def _report(self, timeout_seconds: float) -> str:
        shown = [(message.text, message.button_texts) for message in self.messages()[-3:]]
        return f"nothing fitting within {timeout_seconds} s; the chat ends with {shown}"

    @property
    def _chat(self) -> Chat:
        return self._world.chat(self.user_id)

    def _new_message(self, content: RichText) -> ChatMessage:
        return ChatMessage(
            message_id=0,
            chat_id=self.user_id,
            from_bot=False,
            date=int(self._world.clock()),
            content=content,
        )

    def _write(self, message: ChatMessage) -> int:
        if self._user.has_blocked_bot:
            raise ValueError(f"user {self.user_id} has blocked the bot: call unblock() first")
        self.open_chat()
        numbered = replace(message, message_id=self._world.next_message_id())
        kept = self._world.keep_message(numbered)
        self._world.updates.put("message", self._world.message_as_json(kept))
        return kept.message_id

    def _query_as_json(self, query: CallbackQuery, message: ChatMessage) -> dict[str, object]:
        return {
            "id": query.query_id,
            "from": self._user.as_json(),
            "message": self._message_of_query(message),
            "chat_instance": str(self.user_id),
            "data": query.data,
        }

    def _message_of_query(self, message: ChatMessage) -> dict[str, object]:
        if not message.deleted:
            return self._world.message_as_json(message)
        # The Bot API's InaccessibleMessage: the date 0 tells it from a Message
        chat = self._user.chat_as_json()
        return {"chat": chat, "message_id": message.message_id, "date": 0}

    def _change_membership(self, old_status: str, new_status: str) -> None:
        self._user.has_blocked_bot = new_status == "kicked"
        self._world.updates.put(
            "my_chat_member",
            {
                "chat": self._user.chat_as_json(),
                "from": self._user.as_json(),
                "date": int(self._world.clock()),
                "old_chat_member": self._bot_as_member(old_status),
                "new_chat_member": self._bot_as_member(new_status),
            },
        )

    def _bot_as_member(self, status: str) -> dict[str, object]:
        member: dict[str, object] = {"status": status, "user": self._world.bot}
        if status == "kicked":
            member["until_date"] = 0
        return member


def _find_button(message: ChatMessage, label: str) -> Button:
    ways: list[Callable[[Button], str | None]] = [
        lambda button: button.text,
        lambda button: button.callback_data,
        lambda button: button.text.split(LABEL_SEPARATOR)[0].strip(),
    ]
    for way in ways:
        fitting = [button for button in message.buttons if way(button) == label]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            raise LookupError(f"{len(fitting)} buttons are called {label!r}: use callback data")
    raise LookupError(f"no button {label!r}; the buttons are {message.button_texts}")
