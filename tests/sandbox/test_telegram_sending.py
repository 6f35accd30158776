from __future__ import annotations

import re

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramEntityTooLarge
from aiogram.types import (
    BotCommand,
    BufferedInputFile,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
)

from sandbox.telegram import SandboxUser, TelegramServer

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d494844520000000300000002080000000072d7b4"
    "d50000000c49444154789c6360400300000e000187a5a5a50000000049454e44ae426082"
)


def keyboard(*texts: str) -> InlineKeyboardMarkup:
    row = [InlineKeyboardButton(text=text, callback_data=f"d:{text}") for text in texts]
    return InlineKeyboardMarkup(inline_keyboard=[row])


async def test_get_me_answers_with_the_id_of_the_token(bot: Bot) -> None:
    me = await bot.get_me()
    assert me.id == bot.id
    assert me.is_bot


async def test_text_arrives_with_its_entities_and_its_keyboard(
    bot: Bot, shopper: SandboxUser
) -> None:
    sent = await bot.send_message(
        7,
        "Pay <b>now</b> &lt;😀&gt; <code>0.5</code>",
        parse_mode="HTML",
        reply_markup=keyboard("A"),
    )
    assert sent.text == "Pay now <😀> 0.5"
    assert sent.entities is not None
    assert [(e.type, e.offset, e.length) for e in sent.entities] == [
        ("bold", 4, 3),
        ("code", 13, 3),
    ]
    shown = shopper.message(sent.message_id)
    assert shown.text == sent.text
    assert shown.codes == ["0.5"]
    assert shown.button_texts == ["A"]


async def test_text_is_trimmed_and_its_entities_move_along(bot: Bot, shopper: SandboxUser) -> None:
    sent = await bot.send_message(7, "\n  <b>go </b> \n", parse_mode="HTML")
    assert sent.text == "go"
    assert sent.entities is not None
    assert (sent.entities[0].offset, sent.entities[0].length) == (0, 2)


@pytest.mark.parametrize("text", ["<b> </b>", "   ", "<i></i>"])
async def test_empty_text_is_refused(bot: Bot, shopper: SandboxUser, text: str) -> None:
    with pytest.raises(TelegramBadRequest, match="message text is empty"):
        await bot.send_message(7, text, parse_mode="HTML")


async def test_length_is_counted_after_parsing_and_in_utf16_units(
    bot: Bot, shopper: SandboxUser
) -> None:
    await bot.send_message(7, f"<b>{'😀' * 2048}</b>", parse_mode="HTML")
    with pytest.raises(TelegramBadRequest, match="message is too long"):
        await bot.send_message(7, "😀" * 2048 + "x")
    await bot.send_photo(7, BufferedInputFile(PNG, "qr.png"), caption="y" * 1024)
    with pytest.raises(TelegramBadRequest, match="message caption is too long"):
        await bot.send_photo(7, BufferedInputFile(PNG, "qr.png"), caption="y" * 1025)


async def test_a_chat_that_never_wrote_is_not_found(bot: Bot, telegram: TelegramServer) -> None:
    telegram.user(8)
    for chat_id in (8, 9):
        with pytest.raises(TelegramBadRequest, match="chat not found"):
            await bot.send_message(chat_id, "hello")


async def test_callback_data_may_have_64_bytes_and_no_more(bot: Bot, shopper: SandboxUser) -> None:
    def markup(data: str) -> InlineKeyboardMarkup:
        button = InlineKeyboardButton(text="x", callback_data=data)
        return InlineKeyboardMarkup(inline_keyboard=[[button]])

    await bot.send_message(7, "fits", reply_markup=markup("é" * 32))
    with pytest.raises(TelegramBadRequest, match="BUTTON_DATA_INVALID"):
        await bot.send_message(7, "does not", reply_markup=markup("é" * 32 + "x"))


@pytest.mark.parametrize(
    ("button", "reason"),
    [
        (InlineKeyboardButton(text="x"), "Text buttons are unallowed in the inline keyboard"),
        (InlineKeyboardButton(text=" ", callback_data="x"), "BUTTON_TEXT_INVALID"),
        (InlineKeyboardButton(text="x", url="litecoin:rltc1q"), "BUTTON_URL_INVALID"),
        (
            InlineKeyboardButton(text="x", copy_text=CopyTextButton(text="y" * 257)),
            "BUTTON_COPY_TEXT_INVALID",
        ),
    ],
)
async def test_buttons_that_telegram_refuses_are_refused(
    bot: Bot, shopper: SandboxUser, button: InlineKeyboardButton, reason: str
) -> None:
    markup = InlineKeyboardMarkup(inline_keyboard=[[button]])
    with pytest.raises(TelegramBadRequest, match=reason):
        await bot.send_message(7, "look", reply_markup=markup)
    assert shopper.messages() == []


async def test_more_than_a_hundred_buttons_are_refused(bot: Bot, shopper: SandboxUser) -> None:
    row = [InlineKeyboardButton(text=str(n), callback_data=str(n)) for n in range(101)]
    with pytest.raises(TelegramBadRequest, match="reply markup is too long"):
        await bot.send_message(7, "x", reply_markup=InlineKeyboardMarkup(inline_keyboard=[row]))


async def test_a_photo_is_stored_and_sent_again_by_its_id(
    bot: Bot, telegram: TelegramServer, shopper: SandboxUser
) -> None:
    sent = await bot.send_photo(
        7, BufferedInputFile(PNG, "qr.png"), caption="<i>scan</i>", parse_mode="HTML"
    )
    assert sent.photo is not None
    assert (sent.photo[0].width, sent.photo[0].height) == (3, 2)
    assert sent.caption == "scan"
    assert sent.caption_entities is not None
    assert telegram.file_bytes(sent.photo[0].file_id) == PNG
    again = await bot.send_photo(7, sent.photo[0].file_id)
    assert again.photo == sent.photo


async def test_a_photo_that_is_no_picture_is_refused(bot: Bot, shopper: SandboxUser) -> None:
    with pytest.raises(TelegramBadRequest, match="IMAGE_PROCESS_FAILED"):
        await bot.send_photo(7, BufferedInputFile(b"plain text", "qr.png"))
    with pytest.raises(TelegramBadRequest, match="wrong file identifier"):
        await bot.send_photo(7, "photo999")


async def test_a_document_can_be_fetched_by_the_bot(bot: Bot, shopper: SandboxUser) -> None:
    sent = await bot.send_document(7, BufferedInputFile(b"key", "goods.txt"), caption="yours")
    assert sent.document is not None
    assert sent.document.file_name == "goods.txt"
    fetched = await bot.download(sent.document.file_id)
    assert fetched is not None
    assert fetched.read() == b"key"


async def test_a_persons_document_reaches_the_bot_byte_for_byte(
    bot: Bot, shopper: SandboxUser
) -> None:
    content = bytes(range(256)) * 10
    shopper.upload_document("items.json", content)
    update = (await bot.get_updates())[0]
    assert update.message is not None
    assert update.message.document is not None
    assert update.message.document.file_size == len(content)
    fetched = await bot.download(update.message.document)
    assert fetched is not None
    assert fetched.read() == content


async def test_files_above_the_limits_are_refused(
    bot: Bot, telegram: TelegramServer, shopper: SandboxUser
) -> None:
    shopper.upload_document("big.bin", bytes(20 * 1024 * 1024 + 1))
    document = shopper.messages()[-1].document
    assert document is not None
    with pytest.raises(TelegramBadRequest, match="file is too big"):
        await bot.get_file(document.file_id)
    with pytest.raises(TelegramBadRequest, match="invalid file_id"):
        await bot.get_file("nothing")
    with pytest.raises(TelegramEntityTooLarge):
        await bot.send_photo(7, BufferedInputFile(bytes(10 * 1024 * 1024 + 1), "qr.png"))


async def test_chat_and_action_and_commands_are_answered(bot: Bot, shopper: SandboxUser) -> None:
    chat = await bot.get_chat(7)
    assert (chat.id, chat.type) == (7, "private")
    assert await bot.send_chat_action(7, "typing")
    with pytest.raises(TelegramBadRequest, match="wrong parameter action"):
        await bot.send_chat_action(7, "dancing")
    assert await bot.set_my_commands([BotCommand(command="start", description="Enter the shop")])
    with pytest.raises(TelegramBadRequest, match="BOT_COMMAND_INVALID"):
        await bot.set_my_commands([BotCommand(command="Not Good", description="x")])
    assert await bot.delete_webhook()


@pytest.mark.parametrize(
    ("markup", "reason"),
    [
        ("a <b>bold", "Can't find end tag corresponding to start tag b"),
        ("é <p>x</p>", 'Unsupported start tag "p" at byte offset 3'),
        ("1 < 2", 'Unsupported start tag "" at byte offset 2'),
        ("1 <2", "Unclosed start tag at byte offset 2"),
        ("</b>", "Unexpected end tag at byte offset 0"),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<a href>x</a>", 'Expected equal sign in declaration of an attribute of the tag "a"'),
        ('<a href="x>y</a>', 'Unclosed start tag "a" at byte offset 0'),
    ],
)
async def test_bad_html_is_refused_as_telegram_does(
    bot: Bot, shopper: SandboxUser, markup: str, reason: str
) -> None:
    expected = re.escape(f"Bad Request: can't parse entities: {reason}")
    with pytest.raises(TelegramBadRequest, match=expected):
        await bot.send_message(7, markup, parse_mode="HTML")


@pytest.mark.parametrize(
    ("markup", "text", "entities"),
    [
        ("<b><i>x</i>y</b>", "xy", [("bold", 0, 2), ("italic", 0, 1)]),
        ("<STRONG>x</strong>", "x", [("bold", 0, 1)]),
        (
            "<u>a</u><s>b</s><tg-spoiler>c</tg-spoiler>",
            "abc",
            ["underline", "strikethrough", "spoiler"],
        ),
        ('<span class="tg-spoiler">c</span>', "c", ["spoiler"]),
        ("<blockquote expandable>q</blockquote>", "q", ["expandable_blockquote"]),
        ('<a href="https://a.example/?x=1&amp;y=2">link</a>', "link", ["text_link"]),
        ('<a href="litecoin:rltc1q?amount=1">pay</a>', "pay", []),
        ('<pre><code class="language-json">{}</code></pre>', "{}", ["pre"]),
        ("R&D &copy; &#65;&#x42; &quot;", 'R&D &copy; AB "', []),
    ],
)
async def test_html_becomes_text_and_entities(
    bot: Bot, shopper: SandboxUser, markup: str, text: str, entities: list[object]
) -> None:
    sent = await bot.send_message(7, markup, parse_mode="HTML")
    assert sent.text == text
    found = [(e.type, e.offset, e.length) for e in sent.entities or []]
    expected = [e if isinstance(e, tuple) else (e, i, 1) for i, e in enumerate(entities)]
    if all(isinstance(e, str) for e in entities):
        assert [kind for kind, _, _ in found] == entities
    else:
        assert found == expected
