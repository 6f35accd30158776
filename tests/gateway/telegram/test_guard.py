"""What stands in front of every handler: turns, and what is too much of one person."""

import asyncio
from datetime import UTC, datetime

from aiogram import Bot
from aiogram.types import Chat, Message, TelegramObject, User

from gateway.telegram.guard import MOST_OF_ONE_PERSON, Guard
from gateway.texts import load_texts
from sandbox.telegram import DEFAULT_TOKEN


class SlowHandler:
    """Ends nothing until it may; knows whose messages it was given."""

    def __init__(self) -> None:
        self.may_end = asyncio.Event()
        self.given: list[int] = []

    async def __call__(self, event: TelegramObject, _: dict[str, object]) -> None:
        assert isinstance(event, Message)
        self.given.append(event.chat.id)
        await self.may_end.wait()


def message_of(telegram_id: int) -> Message:
    return Message(
        message_id=1,
        date=datetime(2026, 5, 1, tzinfo=UTC),
        chat=Chat(id=telegram_id, type="private"),
        from_user=User(id=telegram_id, is_bot=False, first_name="A"),
    )


async def test_one_person_cannot_take_up_everything_however_much_they_send() -> None:
    guard, handler, bot = Guard(load_texts("en")), SlowHandler(), Bot(DEFAULT_TOKEN)
    people = [*[7] * (MOST_OF_ONE_PERSON + 10), 8]
    handled = [
        asyncio.create_task(guard(handler, message_of(person), {"bot": bot})) for person in people
    ]
    await asyncio.sleep(0)
    assert handler.given == [7, 8]
    assert sum(task.done() for task in handled) == 10
    handler.may_end.set()
    await asyncio.gather(*handled)
    assert handler.given == [7, 8, *[7] * (MOST_OF_ONE_PERSON - 1)]
    assert len(guard.turns) == 0
