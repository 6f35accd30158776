"""What admins change by commands, over HTTP."""

import sqlite3
from contextlib import closing

import pytest

from actors.messages import ClearTimeouts, ShipOrder, ShopUnavailable
from domain.order import By, NoticeKind, OrderStatus
from sandbox.telegram import SandboxUser, TelegramServer
from tests.gateway.telegram.chat import CHESS
from tests.gateway.telegram.chat import write as write_message
from tests.gateway.telegram.small_shop import ADMIN_ID, SmallShop

ID = "4f1c0e" + "0" * 58
pytestmark = pytest.mark.usefixtures("running")


async def write(person: SandboxUser, text: str) -> str:
    return (await write_message(person, text)).text


async def write_and_hear_of_it(person: SandboxUser, text: str) -> None:
    """A command that a notice answers; the next command is handled after it."""
    person.send_text(text)
    assert "/start" in await write(person, "/help")


def audit(small_shop: SmallShop, what: str) -> list[tuple[str, int, str]]:
    """Who did it, and why."""
    with closing(sqlite3.connect(small_shop.path)) as connection:
        query = "SELECT by, by_telegram_id, why FROM audit_log WHERE what = ?"
        return connection.execute(query, (what,)).fetchall()


async def test_an_admin_ships_a_paid_order(small_shop: SmallShop, admin: SandboxUser) -> None:
    small_shop.stock((*CHESS, "K1"))
    small_shop.place(7)
    assert "is not paid yet" in await write(admin, "/ship 1")
    small_shop.pay(1)
    assert "marked as shipped" in await write(admin, "/ship 1 TRACK 1")
    assert small_shop.order(1).status is OrderStatus.SHIPPED
    assert "shipped already" in await write(admin, "/ship #1")
    assert "no order #9" in await write(admin, "/ship 9")
    wishes = [message for message in small_shop.asked if isinstance(message, ShipOrder)]
    assert wishes[1].tracking_number == "TRACK 1"


@pytest.mark.parametrize("arguments", ["", " x", " -1", " 1.5", " " + "9" * 30, " 1 " + "t" * 65])
async def test_a_ship_command_that_cannot_be_read_says_what_to_write(
    small_shop: SmallShop, admin: SandboxUser, arguments: str
) -> None:
    assert "/ship 12 TRACK-1" in await write(admin, f"/ship{arguments}")
    assert small_shop.asked == []


async def test_an_admin_confirms_an_order_by_hand_for_a_reason(
    small_shop: SmallShop, admin: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"))
    small_shop.place(7)
    await write_and_hear_of_it(admin, "/confirm 1 paid in cash,\nseen by me")
    order = small_shop.order(1)
    assert (order.status, order.confirmed_by_telegram_id) == (OrderStatus.PAID, ADMIN_ID)
    assert audit(small_shop, "order_paid") == [("admin", ADMIN_ID, "paid in cash,\nseen by me")]
    assert "paid already" in await write(admin, "/confirm 1 again")
    assert "no order #2" in await write(admin, "/confirm 2 x")


async def test_an_ended_order_is_confirmed_where_its_goods_are_there(
    small_shop: SmallShop, admin: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"))
    small_shop.place(7)
    small_shop.let_expire(1)
    small_shop.place(8)
    assert "goods of order #1 are there any more" in await write(admin, "/confirm 1 paid in cash")
    await write_and_hear_of_it(admin, "/cancel 2")
    await write_and_hear_of_it(admin, "/confirm 1 paid in cash")
    assert small_shop.order(1).status is OrderStatus.PAID


async def test_an_admin_expires_an_order_and_nobody_is_to_blame(
    small_shop: SmallShop, admin: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"))
    small_shop.place(7)
    await write_and_hear_of_it(admin, "/expire #1")
    order = small_shop.order(1)
    assert (order.status, order.counted_as_timeout) == (OrderStatus.EXPIRED, False)
    assert small_shop.notices[-1].kind is NoticeKind.ADMIN_ORDER_EXPIRED
    assert "ended already" in await write(admin, "/expire 1")


async def test_an_admin_calls_an_order_off_for_a_reason_or_none(
    small_shop: SmallShop, admin: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"))
    small_shop.place(7)
    await write_and_hear_of_it(admin, "/cancel 1 ordered by mistake")
    small_shop.place(7)
    await write_and_hear_of_it(admin, "/cancel 2")
    assert small_shop.order(1).cancelled_by is By.ADMIN
    reasons = [why for _, _, why in audit(small_shop, "order_cancelled")]
    assert reasons == ["ordered by mistake", "cancelled by an admin"]
    assert "ended already" in await write(admin, "/cancel 1")


async def test_cancel_alone_is_for_the_admins_own_order(
    small_shop: SmallShop, admin: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"), (*CHESS, "K2"))
    small_shop.place(7)
    assert await write(admin, "/cancel") == "You have no open order."
    small_shop.place(ADMIN_ID)
    await write_and_hear_of_it(admin, "/cancel")
    assert small_shop.order(1).status is OrderStatus.CREATED
    assert small_shop.order(2).cancelled_by is By.SHOPPER


@pytest.mark.parametrize("who", ["7", "@USER7", "user7"])
async def test_an_admin_lets_a_shopper_order_again(
    small_shop: SmallShop, admin: SandboxUser, who: str
) -> None:
    small_shop.stock((*CHESS, "K1"))
    for number in (1, 2, 3):
        small_shop.place(7)
        small_shop.let_expire(number)
    assert await write(admin, f"/clear {who}") == ("@user7 may order again. Timeouts forgiven: 3.")
    assert small_shop.place(7).order_id == 4
    assert ClearTimeouts(telegram_id=7, admin_telegram_id=ADMIN_ID) in small_shop.asked


async def test_clear_of_somebody_unknown_or_of_two_of_a_name_says_what_to_write(
    small_shop: SmallShop, admin: SandboxUser
) -> None:
    small_shop.register(7, "same")
    small_shop.register(8, "same")
    assert "write the id of the one you mean: 7, 8" in await write(admin, "/clear @same")
    for who in ("@nobody", "9", "9" * 18):
        assert f"knows no shopper {who}" in await write(admin, f"/clear {who}")
    assert not any(isinstance(message, ClearTimeouts) for message in small_shop.asked)


@pytest.mark.parametrize(
    ("text", "example"),
    [
        ("/confirm", "/confirm 12 paid in cash"),
        ("/confirm 1", "/confirm 12 paid in cash"),
        ("/confirm x because", "/confirm 12 paid in cash"),
        ("/confirm 1 " + "x" * 201, "/confirm 12 paid in cash"),
        ("/refund 1", "/refund 12 TXID 0.05"),
        ("/refund 1 now three words", "/refund 12 TXID 0.05"),
        ("/refund 1 " + "a" * 129, "/refund 12 TXID 0.05"),
        ("/expire", "/expire 12"),
        ("/expire 1 now", "/expire 12"),
        ("/cancel all", "/cancel 12 ordered by mistake"),
        ("/order", "/order 12"),
        ("/order -1", "/order 12"),
        ("/order " + "9" * 19, "/order 12"),
        ("/clear", "/clear 123456789 or /clear @name"),
        ("/clear @a b", "/clear 123456789 or /clear @name"),
    ],
)
async def test_a_command_that_cannot_be_read_says_what_to_write(
    small_shop: SmallShop, admin: SandboxUser, text: str, example: str
) -> None:
    assert example in await write(admin, text)
    assert small_shop.asked == []


@pytest.mark.parametrize(
    "command",
    ["/ship 1", "/confirm 1 x", f"/refund 1 {ID}", "/expire 1", "/cancel 1", "/clear 7"],
)
async def test_a_command_without_an_answer_says_that_trying_again_is_safe(
    small_shop: SmallShop, admin: SandboxUser, command: str
) -> None:
    small_shop.stock((*CHESS, "K1"))
    small_shop.place(7)
    small_shop.answer_instead = TimeoutError()
    assert "trying again is safe" in await write(admin, command)
    small_shop.answer_instead = ShopUnavailable(why="the disk is full")
    assert "cannot take this at the moment" in await write(admin, command)


@pytest.mark.parametrize(
    "command",
    ["/ship 1", "/confirm 1 x", "/refund 1 x", "/expire 1", "/clear 7", "/order 1", "/admin"],
)
async def test_commands_of_admins_are_nothing_to_others(
    small_shop: SmallShop, telegram: TelegramServer, shopper: SandboxUser, command: str
) -> None:
    small_shop.stock((*CHESS, "K1"))
    small_shop.place(7)
    assert "I do not understand that" in await write(shopper, command)
    assert small_shop.order(1).status is OrderStatus.CREATED
    assert small_shop.asked == []


async def test_a_shopper_cannot_cancel_as_an_admin_does(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"))
    small_shop.place(8)
    assert "no order #1" in await write(shopper, "/cancel 1 because")
    assert small_shop.order(1).status is OrderStatus.CREATED
