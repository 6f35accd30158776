"""The Bot API's methods that the shop uses, each as one function of the world and the parameters.

Source: Bot API, the sections of the methods' names; the wording of refusals from its server.
getUpdates waits, and is in `updates`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from sandbox.telegram.keyboards import read_keyboard
from sandbox.telegram.parameters import Parameters
from sandbox.telegram.refusals import NOT_MODIFIED, bad_request
from sandbox.telegram.texts import check_caption, check_text, read_text
from sandbox.telegram.uploads import file_for_download, read_document, read_photo
from sandbox.telegram.values import CallbackAnswer, ChatMessage, RichText, StoredFile
from sandbox.telegram.world import World

Method = Callable[[World, Parameters], object]

_CHAT_ACTIONS = frozenset(
    {
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    }
)
_COMMAND_NAME = re.compile(r"[a-z0-9_]{1,32}")
_MAX_COMMAND_DESCRIPTION_LENGTH = 256


def get_me(world: World, _parameters: Parameters) -> object:
    """Answer with the bot itself."""
    return {
        **world.bot,
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
    }


def delete_webhook(world: World, parameters: Parameters) -> object:
    """Succeed: there is no webhook; drop what is pending where that is asked."""
    if parameters.is_true("drop_pending_updates"):
        world.updates.drop_all()
    return True


def set_my_commands(world: World, parameters: Parameters) -> object:
    """Keep the list of commands for a scope and a language."""
    commands = parameters.json("commands", "commands")
    if not isinstance(commands, list):
        raise bad_request("expected an Array of BotCommand")
    scope = parameters.json("scope", "BotCommandScope")
    if isinstance(scope, dict) and "chat_id" in scope:
        world.known_user(str(scope["chat_id"]))
    for command in commands:
        _check_command(command)
    key = (parameters.text("scope"), parameters.text("language_code"))
    world.commands[key] = commands
    return True


def _check_command(command: object) -> None:
    if not isinstance(command, dict):
        raise bad_request("can't parse BotCommand: expected an Object")
    if not _COMMAND_NAME.fullmatch(str(command.get("command", "")).removeprefix("/")):
        raise bad_request("BOT_COMMAND_INVALID")
    if not 0 < len(str(command.get("description", ""))) <= _MAX_COMMAND_DESCRIPTION_LENGTH:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")


def send_message(world: World, parameters: Parameters) -> object:
    """Send text."""
    user = world.writable_user(parameters.text("chat_id"))
    content = read_text(parameters, "text")
    check_text(content)
    return _send(world, parameters, _new_message(world, user.user_id, content))


def send_photo(world: World, parameters: Parameters) -> object:
    """Send a picture with an optional caption."""
    user = world.writable_user(parameters.text("chat_id"))
    content = read_text(parameters, "caption")
    check_caption(content)
    photo = read_photo(world, parameters)
    return _send(world, parameters, _new_message(world, user.user_id, content, photo=photo))


def send_document(world: World, parameters: Parameters) -> object:
    """Send a file with an optional caption."""
    user = world.writable_user(parameters.text("chat_id"))
    content = read_text(parameters, "caption")
    check_caption(content)
    document = read_document(world, parameters)
    return _send(world, parameters, _new_message(world, user.user_id, content, document=document))


def _new_message(
    world: World,
    chat_id: int,
    content: RichText,
    photo: StoredFile | None = None,
    document: StoredFile | None = None,
) -> ChatMessage:
    return ChatMessage(
        message_id=0,
        chat_id=chat_id,
        from_bot=True,
        date=int(world.clock()),
        content=content,
        photo=photo,
        document=document,
    )


def _send(world: World, parameters: Parameters, message: ChatMessage) -> object:
    keyboard = read_keyboard(parameters)
    numbered = replace(message, message_id=world.next_message_id(), keyboard=keyboard)
    return world.message_as_json(world.keep_message(numbered))


def edit_message_text(world: World, parameters: Parameters) -> object:
    """Change a text; the keyboard goes where `reply_markup` is left out."""
    message = _message_to_edit(world, parameters)
    content = read_text(parameters, "text")
    check_text(content)
    if message.photo is not None or message.document is not None:
        raise bad_request("there is no text in the message to edit")
    return _edit(world, parameters, message, content)


def edit_message_caption(world: World, parameters: Parameters) -> object:
    """Change a caption; the keyboard goes where `reply_markup` is left out."""
    message = _message_to_edit(world, parameters)
    content = read_text(parameters, "caption")
    check_caption(content)
    if message.photo is None and message.document is None:
        raise bad_request("there is no caption in the message to edit")
    return _edit(world, parameters, message, content)


def edit_message_reply_markup(world: World, parameters: Parameters) -> object:
    """Change the keyboard, or take it away where `reply_markup` is left out."""
    message = _message_to_edit(world, parameters)
    return _edit(world, parameters, message, message.content)


def _message_to_edit(world: World, parameters: Parameters) -> ChatMessage:
    user = world.writable_user(parameters.text("chat_id"))
    message_id = _message_id(parameters)
    message = world.find_message(user.user_id, message_id, "message to edit")
    if not message.from_bot:
        raise bad_request("message can't be edited")
    return message


def _edit(world: World, parameters: Parameters, message: ChatMessage, content: RichText) -> object:
    keyboard = read_keyboard(parameters)
    if (content, keyboard) == (message.content, message.keyboard):
        raise bad_request(NOT_MODIFIED)
    edited = replace(message, content=content, keyboard=keyboard, edit_date=int(world.clock()))
    return world.message_as_json(world.keep_message(edited))


def delete_message(world: World, parameters: Parameters) -> object:
    """Take a message out of the chat, the person's too: in a private chat a bot may."""
    user = world.known_user(parameters.text("chat_id"))
    message = world.find_message(user.user_id, _message_id(parameters), "message to delete")
    world.keep_message(replace(message, deleted=True))
    return True


def _message_id(parameters: Parameters) -> int:
    if not parameters.text("message_id"):
        raise bad_request("message identifier is not specified")
    return parameters.whole_number("message_id")


def answer_callback_query(world: World, parameters: Parameters) -> object:
    """Answer a tap."""
    world.answer_query(
        CallbackAnswer(
            query_id=parameters.text("callback_query_id"),
            text=parameters.text("text"),
            show_alert=parameters.is_true("show_alert"),
        )
    )
    return True


def send_chat_action(world: World, parameters: Parameters) -> object:
    """Show that the bot is busy; nothing of it stays."""
    if parameters.text("action") not in _CHAT_ACTIONS:
        raise bad_request("wrong parameter action in request")
    world.writable_user(parameters.text("chat_id"))
    return True


def get_file(world: World, parameters: Parameters) -> object:
    """Answer with a file's path."""
    return file_for_download(world, parameters.text("file_id"))


def get_chat(world: World, parameters: Parameters) -> object:
    """Answer with the chat as ChatFullInfo, which has fields of no use here that must be there."""
    user = world.known_user(parameters.text("chat_id"))
    return {
        **user.chat_as_json(),
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": {
            "unlimited_gifts": False,
            "limited_gifts": False,
            "unique_gifts": False,
            "premium_subscription": False,
            "gifts_from_channels": False,
        },
    }


METHODS: dict[str, Method] = {
    "getme": get_me,
    "deletewebhook": delete_webhook,
    "setmycommands": set_my_commands,
    "sendmessage": send_message,
    "sendphoto": send_photo,
    "senddocument": send_document,
    "editmessagetext": edit_message_text,
    "editmessagecaption": edit_message_caption,
    "editmessagereplymarkup": edit_message_reply_markup,
    "deletemessage": delete_message,
    "answercallbackquery": answer_callback_query,
    "sendchataction": send_chat_action,
    "getfile": get_file,
    "getchat": get_chat,
}
"""Every method by its name in lower case: Telegram does not look at the case."""

WRITING_METHODS = frozenset(
    {
        "sendmessage",
        "sendphoto",
        "senddocument",
        "editmessagetext",
        "editmessagecaption",
        "editmessagereplymarkup",
    }
)
"""The methods that count against the limit of one chat."""
