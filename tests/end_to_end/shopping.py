"""What shoppers and admins do in the chat, in steps that tests are made of."""

import json
import re
from dataclasses import dataclass

from sandbox.telegram import TelegramServer
from sandbox.telegram.user import SandboxUser
from sandbox.telegram.values import ChatMessage
from tests.end_to_end.running_shop import ADMIN_ID

CATEGORY = "Keys"
WAIT_SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """What an invoice asks for."""

    message_id: int
    order_id: int
    amount: str
    address: str


def import_file(*entries: dict[str, object]) -> bytes:
    """A JSON file for the admin to send."""
    return json.dumps(list(entries)).encode()


def entry(subcategory: str, private_data: str, price: object = "10.00") -> dict[str, object]:
    """One unit of an import."""
    return {
        "category": CATEGORY,
        "subcategory": subcategory,
        "price": price,
        "description": "A key",
        "private_data": private_data,
    }


async def import_goods(telegram: TelegramServer, *entries: dict[str, object]) -> ChatMessage:
    """The admin sends a file; the bot's report."""
    return await send_import(telegram, "items.json", import_file(*entries))


async def send_import(telegram: TelegramServer, name: str, content: bytes) -> ChatMessage:
    """The admin sends any file; the bot's report."""
    admin = telegram.user(ADMIN_ID)
    admin.open_chat()
    before = admin.revision
    admin.upload_document(name, content)
    return await admin.wait_for(_is_report, WAIT_SECONDS, after=before)


def _is_report(message: ChatMessage) -> bool:
    return "dded" in message.text


async def up_to_the_coin(user: SandboxUser, subcategory: str, quantity: int = 1) -> ChatMessage:
    """From /start to the question which coin; the message with the coins."""
    before = user.revision
    user.send_text("/start")
    menu = await user.wait_for(lambda m: CATEGORY in m.button_texts, WAIT_SECONDS, after=before)
    before = user.revision
    user.press(menu.message_id, CATEGORY)
    menu = await user.wait_for(
        lambda m: any(text.startswith(f"{subcategory} ·") for text in m.button_texts),
        WAIT_SECONDS,
        after=before,
    )
    before = user.revision
    user.press(menu.message_id, subcategory)
    await user.wait_for(lambda m: "How many" in m.text, WAIT_SECONDS, after=before)
    before = user.revision
    user.send_text(str(quantity))
    return await user.wait_for(lambda m: "LTC" in m.button_texts, WAIT_SECONDS, after=before)


async def order(
    user: SandboxUser, subcategory: str, quantity: int = 1, seconds: float = WAIT_SECONDS
) -> Invoice:
    """Buy up to the invoice.

    Raises:
        TimeoutError: no invoice came within `seconds`; says what came instead.
    """
    coins = await up_to_the_coin(user, subcategory, quantity)
    before = user.revision
    user.press(coins.message_id, "LTC")
    message = await user.wait_for(lambda m: len(m.codes) == 2, seconds, after=before)
    return invoice_of(message)


def invoice_of(message: ChatMessage) -> Invoice:
    """What a message asks for, read as a shopper reads it."""
    amount, address = message.codes
    found = re.search(r"#(\d+)", message.text)
    assert found is not None, message.text
    return Invoice(
        message_id=message.message_id,
        order_id=int(found.group(1)),
        amount=amount,
        address=address,
    )


async def wait_for_text(user: SandboxUser, *parts: str, seconds: float = WAIT_SECONDS) -> str:
    """The text of a message that has all parts, whenever it came."""
    message = await user.wait_for(lambda m: all(part in m.text for part in parts), seconds)
    return message.text


def texts(user: SandboxUser) -> list[str]:
    """All that the bot has said, oldest first."""
    return [message.text for message in user.messages() if message.from_bot]
