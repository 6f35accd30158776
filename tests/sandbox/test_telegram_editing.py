from __future__ import annotations

import re

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import BufferedInputFile, InlineKeyboardButton, InlineKeyboardMarkup

from sandbox.telegram import SandboxUser, TelegramOptions, TelegramServer
from tests.sandbox.conftest import bot_at

PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000003000000020800000000")
NOT_MODIFIED = re.escape(
    "Bad Request: message is not modified: specified new message content and reply markup are "
    "exactly the same as a current content and reply markup of the message"
)
TOO_OLD = re.escape(
    "Bad Request: query is too old and response timeout expired or query ID is invalid"
)


def keyboard(*texts: str) -> InlineKeyboardMarkup:
    row = [InlineKeyboardButton(text=text, callback_data=f"d:{text}") for text in texts]
    return InlineKeyboardMarkup(inline_keyboard=[row])


async def test_an_edit_changes_text_and_keyboard(bot: Bot, shopper: SandboxUser) -> None:
    sent = await bot.send_message(7, "one", reply_markup=keyboard("A"))
    await bot.edit_message_text(
        "<b>two</b>",
        chat_id=7,
        message_id=sent.message_id,
        parse_mode="HTML",
        reply_markup=keyboard("B"),
    )
    shown = shopper.message(sent.message_id)
    assert (shown.text, shown.button_texts) == ("two", ["B"])
    assert shown.edit_date is not None


async def test_an_edit_without_reply_markup_drops_the_keyboard(
    bot: Bot, shopper: SandboxUser
) -> None:
    sent = await bot.send_message(7, "one", reply_markup=keyboard("A"))
    await bot.edit_message_text("two", chat_id=7, message_id=sent.message_id)
    assert shopper.message(sent.message_id).buttons == []


async def test_an_edit_that_changes_nothing_is_refused(bot: Bot, shopper: SandboxUser) -> None:
    sent = await bot.send_message(7, "one", reply_markup=keyboard("A"))
    with pytest.raises(TelegramBadRequest, match=NOT_MODIFIED):
        await bot.edit_message_text(
            " one ", chat_id=7, message_id=sent.message_id, reply_markup=keyboard("A")
        )
    with pytest.raises(TelegramBadRequest, match=NOT_MODIFIED):
        await bot.edit_message_reply_markup(
            chat_id=7, message_id=sent.message_id, reply_markup=keyboard("A")
        )
    await bot.edit_message_text(
        "<b>one</b>",
        chat_id=7,
        message_id=sent.message_id,
        parse_mode="HTML",
        reply_markup=keyboard("A"),
    )


async def test_a_keyboard_can_be_changed_and_taken_away(bot: Bot, shopper: SandboxUser) -> None:
    sent = await bot.send_message(7, "one", reply_markup=keyboard("A"))
    await bot.edit_message_reply_markup(
        chat_id=7, message_id=sent.message_id, reply_markup=keyboard("B", "C")
    )
    assert shopper.message(sent.message_id).button_texts == ["B", "C"]
    await bot.edit_message_reply_markup(chat_id=7, message_id=sent.message_id)
    assert shopper.message(sent.message_id).buttons == []


async def test_text_and_caption_are_not_confused(bot: Bot, shopper: SandboxUser) -> None:
    text = await bot.send_message(7, "one")
    photo = await bot.send_photo(7, BufferedInputFile(PNG, "qr.png"), caption="old")
    await bot.edit_message_caption(chat_id=7, message_id=photo.message_id, caption="new")
    assert shopper.message(photo.message_id).text == "new"
    with pytest.raises(TelegramBadRequest, match="there is no text in the message to edit"):
        await bot.edit_message_text("x", chat_id=7, message_id=photo.message_id)
    with pytest.raises(TelegramBadRequest, match="there is no caption in the message to edit"):
        await bot.edit_message_caption(chat_id=7, message_id=text.message_id, caption="x")


async def test_only_the_bots_own_messages_can_be_edited(bot: Bot, shopper: SandboxUser) -> None:
    message_id = shopper.send_text("hello")
    with pytest.raises(TelegramBadRequest, match="message can't be edited"):
        await bot.edit_message_text("x", chat_id=7, message_id=message_id)
    with pytest.raises(TelegramBadRequest, match="message to edit not found"):
        await bot.edit_message_text("x", chat_id=7, message_id=999)


async def test_a_deleted_message_is_gone(bot: Bot, shopper: SandboxUser) -> None:
    own = await bot.send_message(7, "one")
    typed = shopper.send_text("hello")
    assert await bot.delete_message(7, own.message_id)
    assert await bot.delete_message(7, typed)
    assert shopper.messages() == []
    with pytest.raises(TelegramBadRequest, match="message to delete not found"):
        await bot.delete_message(7, own.message_id)


async def test_a_tap_is_answered_once(bot: Bot, shopper: SandboxUser) -> None:
    sent = await bot.send_message(7, "choose", reply_markup=keyboard("A", "B · 3"))
    query_id = shopper.press(sent.message_id, "B")
    query = (await bot.get_updates())[0].callback_query
    assert query is not None
    assert (query.id, query.data, query.from_user.id) == (query_id, "d:B · 3", 7)
    await bot.answer_callback_query(query.id, text="sold out", show_alert=True)
    answer = await shopper.wait_for_answer(query_id)
    assert (answer.text, answer.show_alert) == ("sold out", True)
    with pytest.raises(TelegramBadRequest, match=TOO_OLD):
        await bot.answer_callback_query(query.id)
    with pytest.raises(TelegramBadRequest, match=TOO_OLD):
        await bot.answer_callback_query("12345")


async def test_a_tap_that_waited_too_long_is_too_old() -> None:
    now = 1000.0
    options = TelegramOptions(clock=lambda: now, callback_lifetime_seconds=15)
    async with TelegramServer(options=options) as telegram:
        bot = bot_at(telegram.url, telegram.token)
        user = telegram.user(7)
        user.open_chat()
        sent = await bot.send_message(7, "choose", reply_markup=keyboard("A"))
        in_time, late = (user.press(sent.message_id, "A") for _ in range(2))
        now += 15
        await bot.answer_callback_query(in_time)
        now += 1
        with pytest.raises(TelegramBadRequest, match=TOO_OLD):
            await bot.answer_callback_query(late)
        await bot.session.close()


async def test_pressing_what_is_not_there_names_what_is(bot: Bot, shopper: SandboxUser) -> None:
    sent = await bot.send_message(7, "choose", reply_markup=keyboard("A", "B"))
    with pytest.raises(LookupError, match=r"no button 'C'; the buttons are \['A', 'B'\]"):
        shopper.press(sent.message_id, "C")
    with pytest.raises(LookupError, match="has no message 99"):
        shopper.press(99, "A")


async def test_a_tap_under_a_deleted_message_still_reaches_the_bot(
    bot: Bot, shopper: SandboxUser
) -> None:
    sent = await bot.send_message(7, "choose", reply_markup=keyboard("A"))
    await bot.delete_message(7, sent.message_id)
    shopper.press_data(sent.message_id, "forged")
    query = (await bot.get_updates())[0].callback_query
    assert query is not None
    assert query.data == "forged"
    assert query.message is not None
    assert type(query.message).__name__ == "InaccessibleMessage"
