"""A local Telegram Bot API server.

It answers the methods that the shop uses and refuses what Telegram refuses, in Telegram's words.
Private chats only; parse mode HTML only. A person is `TelegramServer.user(id)`.
"""

from sandbox.telegram.faults import ChatLimit, Fault, FaultKind
from sandbox.telegram.server import DEFAULT_TOKEN, TelegramOptions, TelegramServer
from sandbox.telegram.user import SandboxUser
from sandbox.telegram.values import ChatMessage

__all__ = [
    "DEFAULT_TOKEN",
    "ChatLimit",
    "ChatMessage",
    "Fault",
    "FaultKind",
    "SandboxUser",
    "TelegramOptions",
    "TelegramServer",
]
