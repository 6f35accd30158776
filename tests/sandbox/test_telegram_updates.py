from __future__ import annotations

import asyncio
import time

import aiohttp
import pytest
from aiogram import Bot, Dispatcher
from aiogram.exceptions import (
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, Message

from sandbox.telegram import (
    ChatLimit,
    Fault,
    FaultKind,
    SandboxUser,
    TelegramOptions,
    TelegramServer,
)
from tests.sandbox.conftest import bot_at


async def test_updates_come_again_until_they_are_acknowledged(
    bot: Bot, shopper: SandboxUser
) -> None:
    shopper.send_text("one")
    shopper.send_text("two")
    first = await bot.get_updates()
    assert [u.message.text for u in first if u.message] == ["one", "two"]
    assert await bot.get_updates() == first
    rest = await bot.get_updates(offset=first[0].update_id + 1)
    assert [u.message.text for u in rest if u.message] == ["two"]
    assert await bot.get_updates(offset=rest[-1].update_id + 1) == []


async def test_limit_and_negative_offset_are_kept(bot: Bot, shopper: SandboxUser) -> None:
    for number in range(5):
        shopper.send_text(str(number))
    assert len(await bot.get_updates(limit=2)) == 2
    newest = await bot.get_updates(offset=-1)
    assert [u.message.text for u in newest if u.message] == ["4"]
    assert await bot.get_updates() == newest


async def test_a_command_is_marked_as_one(bot: Bot, shopper: SandboxUser) -> None:
    shopper.send_text("/ship 4 TRACK")
    message = (await bot.get_updates())[0].message
    assert message is not None
    assert message.entities is not None
    assert [(e.type, e.offset, e.length) for e in message.entities] == [("bot_command", 0, 5)]


async def test_long_polling_answers_as_soon_as_something_comes(
    bot: Bot, shopper: SandboxUser
) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=20))
    await asyncio.sleep(0.05)
    assert not poll.done()
    started = time.monotonic()
    shopper.send_text("hello")
    updates = await poll
    assert time.monotonic() - started < 2
    assert len(updates) == 1


async def test_long_polling_ends_empty_when_its_time_is_up(bot: Bot) -> None:
    started = time.monotonic()
    assert await bot.get_updates(timeout=1) == []
    assert time.monotonic() - started >= 0.95


async def test_of_two_polls_the_older_is_ended(bot: Bot, shopper: SandboxUser) -> None:
    older = asyncio.create_task(bot.get_updates(timeout=20))
    await asyncio.sleep(0.05)
    newer = asyncio.create_task(bot.get_updates(timeout=20))
    with pytest.raises(TelegramConflictError, match="terminated by other getUpdates request"):
        await older
    shopper.send_text("hello")
    assert len(await newer) == 1


async def test_updates_that_are_not_wanted_are_not_kept(bot: Bot, shopper: SandboxUser) -> None:
    await bot.get_updates(allowed_updates=["callback_query"])
    shopper.send_text("nobody hears this")
    await bot.get_updates(allowed_updates=["message"])
    shopper.send_text("heard")
    updates = await bot.get_updates()
    assert [u.message.text for u in updates if u.message] == ["heard"]


async def test_taps_of_two_people_reach_a_waiting_bot_together(
    bot: Bot, telegram: TelegramServer
) -> None:
    button = InlineKeyboardButton(text="Buy", callback_data="buy")
    markup = InlineKeyboardMarkup(inline_keyboard=[[button]])
    message_ids = {}
    for user_id in (7, 8):
        telegram.user(user_id).open_chat()
        sent = await bot.send_message(user_id, "one left", reply_markup=markup)
        message_ids[user_id] = sent.message_id
    poll = asyncio.create_task(bot.get_updates(timeout=20))
    await asyncio.sleep(0.05)
    with telegram.hold_updates():
        telegram.user(7).press(message_ids[7], "Buy")
        await asyncio.sleep(0.05)
        assert not poll.done()
        telegram.user(8).press(message_ids[8], "Buy")
    updates = await poll
    assert [u.callback_query.from_user.id for u in updates if u.callback_query] == [7, 8]


async def test_webhook_deletion_can_drop_what_is_pending(bot: Bot, shopper: SandboxUser) -> None:
    shopper.send_text("old")
    await bot.delete_webhook()
    assert len(await bot.get_updates()) == 1
    await bot.delete_webhook(drop_pending_updates=True)
    assert await bot.get_updates() == []


async def test_a_wrong_token_is_unauthorized(telegram: TelegramServer) -> None:
    bot = bot_at(telegram.url, "4242:another-secret")
    with pytest.raises(TelegramUnauthorizedError, match="Unauthorized"):
        await bot.get_me()
    await bot.session.close()


async def test_an_unknown_method_and_a_malformed_token_are_not_found(
    telegram: TelegramServer, shopper: SandboxUser
) -> None:
    async with aiohttp.ClientSession() as session:
        for path, description in (
            (f"bot{telegram.token}/sendDice", "Not Found: method not found"),
            ("botnonsense/getMe", "Not Found"),
            (f"file/bot{telegram.token}/documents/none", "Not Found"),
        ):
            async with session.get(f"{telegram.url}/{path}") as answer:
                assert answer.status == 404
                body = {"ok": False, "error_code": 404, "description": description}
                assert await answer.json() == body


async def test_parameters_are_read_from_query_form_and_json_alike(
    telegram: TelegramServer, shopper: SandboxUser
) -> None:
    url = f"{telegram.url}/bot{telegram.token}/SENDMESSAGE"
    values = {"chat_id": "7", "text": "hello"}
    async with aiohttp.ClientSession() as session:
        await (await session.get(url, params=values)).read()
        await (await session.post(url, data=values)).read()
        await (await session.post(url, json={"chat_id": 7, "text": "hello"})).read()
        async with session.post(
            url, data=b"[1]", headers={"Content-Type": "application/json"}
        ) as bad:
            assert bad.status == 400
    assert [message.text for message in shopper.messages()] == ["hello"] * 3


async def test_a_blocked_bot_is_forbidden_until_it_is_unblocked(
    bot: Bot, shopper: SandboxUser
) -> None:
    shopper.block()
    with pytest.raises(TelegramForbiddenError, match="Forbidden: bot was blocked by the user"):
        await bot.send_message(7, "hello")
    with pytest.raises(ValueError, match="unblock"):
        shopper.send_text("hello")
    shopper.unblock()
    await bot.send_message(7, "hello")
    changes = [u.my_chat_member for u in await bot.get_updates()]
    assert [c.new_chat_member.status for c in changes if c] == ["kicked", "member"]


async def test_an_ordered_429_says_how_long_to_wait(
    bot: Bot, telegram: TelegramServer, shopper: SandboxUser
) -> None:
    telegram.user(8).open_chat()
    telegram.order_fault(
        Fault(
            kind=FaultKind.RATE_LIMITED,
            count=2,
            method="sendMessage",
            chat_id=7,
            retry_after_seconds=3,
        )
    )
    for _ in range(2):
        await bot.send_message(8, "another chat is not hit")
        with pytest.raises(TelegramRetryAfter) as caught:
            await bot.send_message(7, "hello")
        assert caught.value.retry_after == 3
    await bot.send_message(7, "hello")
    assert len(shopper.messages()) == 1


async def test_an_ordered_500_does_nothing(
    bot: Bot, telegram: TelegramServer, shopper: SandboxUser
) -> None:
    telegram.order_fault(Fault(kind=FaultKind.SERVER_ERROR))
    with pytest.raises(TelegramServerError):
        await bot.send_message(7, "hello")
    assert shopper.messages() == []
    assert telegram.faults.left == 0


@pytest.mark.parametrize("after_seconds", [0.0, 0.1])
async def test_a_lost_answer_is_a_message_delivered(
    bot: Bot, telegram: TelegramServer, shopper: SandboxUser, after_seconds: float
) -> None:
    telegram.order_fault(Fault(kind=FaultKind.ANSWER_LOST, answer_after_seconds=after_seconds))
    with pytest.raises(TelegramNetworkError):
        await bot.send_message(7, "hello")
    assert [message.text for message in shopper.messages()] == ["hello"]


async def test_a_chat_has_a_limit_where_one_is_set() -> None:
    now = 0.0
    limit = ChatLimit(calls=2, window_seconds=10)
    options = TelegramOptions(chat_limit=limit, clock=lambda: now)
    async with TelegramServer(options=options) as telegram:
        bot = bot_at(telegram.url, telegram.token)
        for user_id in (7, 8):
            telegram.user(user_id).open_chat()
            await bot.send_message(user_id, "one")
        await bot.send_message(7, "two")
        now = 4.0
        with pytest.raises(TelegramRetryAfter) as caught:
            await bot.send_message(7, "three")
        assert caught.value.retry_after == 6
        now = 10.0
        await bot.send_message(7, "three")
        await bot.session.close()


async def test_waiting_for_a_message_sees_new_and_edited_ones(
    bot: Bot, shopper: SandboxUser
) -> None:
    waiting = asyncio.create_task(shopper.wait_for(lambda m: "paid" in m.text))
    await asyncio.sleep(0)
    sent = await bot.send_message(7, "waiting")
    assert not waiting.done()
    revision = shopper.revision
    await bot.edit_message_text("paid", chat_id=7, message_id=sent.message_id)
    assert (await waiting).message_id == sent.message_id
    found = await shopper.wait_for(lambda _: True, after=revision)
    assert found.text == "paid"
    with pytest.raises(TimeoutError, match="the chat ends with"):
        await shopper.wait_for(lambda _: True, timeout_seconds=0.05, after=shopper.revision)


async def test_a_server_that_stops_ends_all_waiting(telegram: TelegramServer) -> None:
    bot = bot_at(telegram.url, telegram.token)
    poll = asyncio.create_task(bot.get_updates(timeout=40))
    waiting = asyncio.create_task(telegram.user(7).wait_for(lambda _: True, timeout_seconds=40))
    await asyncio.sleep(0.05)
    started = time.monotonic()
    await telegram.stop()
    assert time.monotonic() - started < 5
    assert await poll == []
    with pytest.raises(TimeoutError):
        await waiting
    await bot.session.close()


async def test_a_polling_aiogram_dispatcher_serves_hundreds_of_people(
    bot: Bot, telegram: TelegramServer
) -> None:
    dispatcher = Dispatcher()

    @dispatcher.message()
    async def echo(message: Message) -> None:
        await message.answer(f"you said {message.text}")

    polling = asyncio.create_task(
        dispatcher.start_polling(bot, handle_signals=False, close_bot_session=False)
    )
    users = [telegram.user(100 + number) for number in range(200)]
    for user in users:
        user.send_text("hello")
    for user in users:
        assert (await user.wait_for(lambda m: m.text == "you said hello")).from_bot
    assert telegram.world.updates.allowed == {"message"}
    await dispatcher.stop_polling()
    await polling
