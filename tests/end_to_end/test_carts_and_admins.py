"""Several goods in one order, and what admins do with it, in a shop that runs as a process."""

import pytest

from sandbox.telegram import TelegramServer
from sandbox.telegram.user import SandboxUser
from sandbox.telegram.values import ChatMessage
from tests.end_to_end.conftest import NewFolder
from tests.end_to_end.running_shop import ADMIN_ID, RunningShop
from tests.end_to_end.shopping import (
    CATEGORY,
    WAIT_SECONDS,
    entry,
    import_goods,
    invoice_of,
    up_to_the_coin,
    wait_for_text,
)

GOODS = (entry("Alpha", "KEY-1"), entry("Alpha", "KEY-2"), entry("Beta", "KEY-3"))


async def tap(person: SandboxUser, message: ChatMessage, label: str, part: str) -> ChatMessage:
    """Tap a button and wait for a message that has `part` in its text."""
    before = person.revision
    person.press(message.message_id, label)
    return await person.wait_for(lambda m: part in m.text, WAIT_SECONDS, after=before)


async def write(person: SandboxUser, text: str, part: str) -> ChatMessage:
    """Write something and wait for a message that has `part` in its text."""
    before = person.revision
    person.send_text(text)
    return await person.wait_for(lambda m: part in m.text, WAIT_SECONDS, after=before)


async def cart_of_two_goods(shopper: SandboxUser) -> ChatMessage:
    """Two Alpha and one Beta; the page with the coins."""
    cart = await up_to_the_coin(shopper, "Alpha", 2)
    menu = await tap(shopper, cart, "Add more", "What would you like")
    menu = await tap(shopper, menu, CATEGORY, "Which one")
    menu = await tap(shopper, menu, "Beta", "How many")
    return await tap(shopper, menu, "1", "Total: 30.00 USD")


async def test_a_cart_is_expired_and_confirmed_by_an_admin_and_all_its_goods_come(
    telegram: TelegramServer, new_folder: NewFolder
) -> None:
    shopper, admin = telegram.user(7), telegram.user(ADMIN_ID)
    async with RunningShop(new_folder()):
        await import_goods(telegram, *GOODS)
        cart = await cart_of_two_goods(shopper)
        invoice = invoice_of(await tap(shopper, cart, "LTC", "Please send exactly"))
        number = invoice.order_id
        await write(admin, f"/expire {number}", f"Order #{number} by @user7 has expired")
        await wait_for_text(shopper, f"Order #{number} has expired")
        await write(admin, f"/confirm {number} paid in cash", "paid in cash")
        await wait_for_text(shopper, "Here are your goods", "KEY-1", "KEY-2", "KEY-3")
        sheet = await write(admin, f"/order {number}", "What happened")
        assert "2 × Keys · Alpha: 20.00 USD\n1 × Keys · Beta: 10.00 USD" in sheet.text  # noqa: RUF001 - as it reads
        assert f"admin {ADMIN_ID}: order revived" in sheet.text
        assert "Counted as a timeout" not in sheet.text


async def test_an_admin_who_clears_timeouts_lets_a_shopper_order_again(
    telegram: TelegramServer, new_folder: NewFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_USER_TIMEOUTS", "1")
    monkeypatch.setenv("ORDER_TIMEOUT_MINUTES", "0.05")
    shopper, admin = telegram.user(7), telegram.user(ADMIN_ID)
    async with RunningShop(new_folder()):
        await import_goods(telegram, *GOODS)
        coins = await up_to_the_coin(shopper, "Alpha")
        await tap(shopper, coins, "LTC", "Please send exactly")
        await wait_for_text(shopper, "has expired")
        coins = await up_to_the_coin(shopper, "Alpha")
        await tap(shopper, coins, "LTC", "Too many of your orders have expired")
        await write(admin, "/clear @user7", "may order again. Timeouts forgiven: 1.")
        coins = await up_to_the_coin(shopper, "Alpha")
        await tap(shopper, coins, "LTC", "Please send exactly")
