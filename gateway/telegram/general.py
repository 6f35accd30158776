"""Help, language, and a hint for everything that nothing else takes. Registered last."""

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import Message, User

from gateway.telegram.browsing import Browsing, OpenQuestions
from gateway.telegram.replies import Tap
from gateway.telegram.shop import Desk


class General:
    """Handlers for what remains."""

    def __init__(self, desk: Desk, questions: OpenQuestions, browsing: Browsing) -> None:
        self._desk = desk
        self._questions = questions
        self._browsing = browsing

    def register(self, router: Router) -> None:
        """Take all messages and taps that nobody took before."""
        router.message.register(self.on_help, Command("help"))
        router.message.register(self.on_language, Command("language"))
        router.message.register(self.on_unknown_command, F.text.startswith("/"))
        router.message.register(self.on_text, F.text)
        router.message.register(self.on_anything)
        router.callback_query.register(self.on_stale_button)

    async def on_help(self, message: Message) -> None:
        """List the commands."""
        await message.answer(self._desk.texts.html("help"))

    async def on_language(self, message: Message) -> None:
        """Say which languages there are."""
        await message.answer(self._desk.texts.html("language"))

    async def on_unknown_command(self, message: Message) -> None:
        """Point to the commands that there are."""
        await message.answer(self._desk.texts.html("unknown_command"))

    async def on_text(self, message: Message, event_from_user: User) -> None:
        """A quantity, where one is asked for; else a hint."""
        subcategory_id = self._questions.subcategory_of(event_from_user.id)
        if subcategory_id is None:
            await message.answer(self._desk.texts.html("text_hint"))
        else:
            await self._browsing.on_typed_quantity(message, event_from_user, subcategory_id)

    async def on_anything(self, message: Message) -> None:
        """Pictures, stickers, documents of people who are no admins: the hint for commands."""
        await message.answer(self._desk.texts.html("unknown_command"))

    async def on_stale_button(self, _: object, tap: Tap) -> None:
        """A button of another version, or data that no button of ours ever carried."""
        await tap.alert(self._desk.texts.plain("stale_button"))
