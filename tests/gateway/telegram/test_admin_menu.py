"""The admins' lists by buttons, and everything about one order, over HTTP."""

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from domain.order import OrderStatus
from domain.rules import LatePayment
from sandbox.telegram import ChatMessage, SandboxUser, TelegramServer
from tests.gateway.telegram.chat import CHESS, SONG, tap, write
from tests.gateway.telegram.small_shop import SmallShop

pytestmark = pytest.mark.usefixtures("running")


async def open_list(admin: SandboxUser, label: str) -> ChatMessage:
    return await tap(admin, await write(admin, "/admin"), label)


async def test_the_menu_has_the_lists_and_each_says_when_it_is_empty(
    small_shop: SmallShop, admin: SandboxUser
) -> None:
    menu = await write(admin, "/admin")
    labels = ["Open orders", "Ready for shipment", "Refund list", "Timeouts", "Stock"]
    assert menu.button_texts == labels
    for label in labels:
        page = await tap(admin, menu, label)
        assert page.text.startswith(("No", "There is nothing"))
        assert page.button_texts == ["« Lists"]
        menu = await tap(admin, page, "« Lists")
        assert menu.button_texts == labels


async def test_open_orders_are_listed_a_page_at_a_time(
    small_shop: SmallShop, admin: SandboxUser
) -> None:
    small_shop.stock(*((*CHESS, f"K{number}") for number in range(10)))
    for shopper_id in range(20, 30):
        small_shop.place(shopper_id)
    small_shop.pay(1, confirmations=0)
    small_shop.let_expire(2)
    page = await open_list(admin, "Open orders")
    assert page.button_texts[:2] == [
        "#1 · 12.50 USD · @user20 · waiting for payment, payment seen, not confirmed yet",
        "#3 · 12.50 USD · @user22 · waiting for payment, no payment seen",
    ]
    assert page.button_texts[-2:] == ["« Lists", "Next »"]
    page = await tap(admin, page, "Next »")
    assert [label.split(" ")[0] for label in page.button_texts] == ["#10", "«"]


async def test_paid_orders_whose_goods_have_to_be_sent_are_ready_for_shipment(
    small_shop: SmallShop, admin: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"), (*CHESS, "K2"))
    small_shop.place(7)
    small_shop.place(8)
    small_shop.pay(1)
    with closing(sqlite3.connect(small_shop.path)) as connection, connection:
        connection.execute("UPDATE items SET item_type = 'physical', private_data = NULL")
    page = await open_list(admin, "Ready for shipment")
    assert page.text.startswith("These orders are paid and ready for shipment.")
    assert page.button_texts == ["#1 · 12.50 USD · @user7 · paid", "« Lists"]
    sheet = await tap(admin, page, "#1")
    query_id = admin.press(sheet.message_id, "Mark order #1 as shipped")
    assert "marked as shipped" in (await admin.wait_for_answer(query_id)).text
    assert small_shop.order(1).status is OrderStatus.SHIPPED
    query_id = admin.press(sheet.message_id, "Mark order #1 as shipped")
    assert "shipped already" in (await admin.wait_for_answer(query_id)).text


async def test_money_to_be_paid_back_is_listed_with_amount_and_shopper(
    small_shop: SmallShop, admin: SandboxUser
) -> None:
    small_shop.stock(*((*CHESS, f"K{number}") for number in range(10)))
    small_shop.rules = replace(small_shop.rules, late_payment=LatePayment.REFUND)
    for shopper_id in range(20, 30):
        order = small_shop.place(shopper_id)
        small_shop.let_expire(order.order_id)
        small_shop.pay(order.order_id, transaction=f"{shopper_id:064x}")
    page = await open_list(admin, "Refund list")
    assert "#1: 0.15625000 LTC to @user20, since 20" in page.text
    assert page.button_texts[0] == "Show order #1"
    assert page.button_texts[-2:] == ["« Lists", "Next »"]
    page = await tap(admin, page, "Next »")
    assert page.text.count("LTC to @user") == 2
    assert page.button_texts == ["Show order #9", "Show order #10", "« Lists"]
    sheet = await tap(admin, page, "Show order #9")
    assert "/refund 9 TXID" in sheet.text


async def test_shoppers_with_timeouts_are_listed_and_let_order_again(
    small_shop: SmallShop, admin: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"))
    for shopper_id in (20, 21, 20, *range(22, 30)):
        small_shop.let_expire(small_shop.place(shopper_id).order_id)
    page = await open_list(admin, "Timeouts")
    assert page.button_texts[:2] == ["@user20 · timeouts: 2", "@user21 · timeouts: 1"]
    last = await tap(admin, page, "Next »")
    assert last.button_texts == ["@user28 · timeouts: 1", "@user29 · timeouts: 1", "« Lists"]
    page = await open_list(admin, "Timeouts")
    shown = await tap(admin, page, "@user20")
    assert shown.text.startswith("@user20 (id 20)\nTimeouts: 2, the last: 20")
    shown = await tap(admin, shown, "Let them order again")
    assert shown.text == "@user20 (id 20)\nTimeouts: 0, the last: never\nBalance: 0.00 USD"
    assert shown.button_texts == ["« Lists"]


async def test_stock_is_told_for_sale_in_open_orders_and_sold(
    small_shop: SmallShop, admin: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"), (*CHESS, "K2"), (*CHESS, "K3"), (*SONG, "K4"))
    small_shop.place(7, quantity=2)
    small_shop.place(8)
    small_shop.pay(2)
    page = await open_list(admin, "Stock")
    assert page.text == (
        "Stock: for sale, in open orders, sold\n\nGames · Chess: 0 / 2 / 1\nMusic · Song: 1 / 0 / 0"
    )


async def test_a_long_stock_has_pages_whatever_the_names(
    small_shop: SmallShop, admin: SandboxUser
) -> None:
    name = "\N{MUSICAL SYMBOL G CLEF}" * 61
    small_shop.stock(*((name, f"{name}{n:02}", "1", f"K{n}") for n in range(15)))
    page = await open_list(admin, "Stock")
    assert page.text.count(" / ") == 24
    page = await tap(admin, page, "Next »")
    assert page.text.count(" / ") == 6
    assert page.button_texts == ["« Lists"]


async def test_everything_about_an_order_is_one_command_away(
    small_shop: SmallShop, admin: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"))
    small_shop.place(7)
    small_shop.pay(1, share="1.5")
    sheet = (await write(admin, "/order #1")).text
    for part in (
        "Order #1 by @user7 (id 7)\n1 × Games · Chess: 12.50 USD",  # noqa: RUF001 - as it reads
        "Total: 12.50 USD = 0.15625000 LTC at 80 USD",
        "Status: paid, paid more than asked",
        "Address: rltc1qaddress1 (index 1); a payment counts once it has 3 confirmations",
        f"{'ab' * 32}:0: 0.23437500 LTC, confirmed, within the time to pay, first seen 20",
        "worth 18.75 USD",
        f"1. 0.07812500 LTC of {'ab' * 32}:0: to be paid back",
        "What happened:\n20",
        "order paid",
        "/refund 1 TXID",
    ):
        assert part in sheet
    assert "K1" not in sheet
    assert "no order #2" in (await write(admin, "/order 2")).text


async def test_everything_about_an_order_with_a_long_story_is_a_file(
    small_shop: SmallShop, telegram: TelegramServer, admin: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"))
    small_shop.place(7)
    for number in range(1, 40):
        small_shop.pay(1, share=f"0.0{number:02}", transaction=f"{number:064x}")
    sheet = await write(admin, "/order 1")
    assert sheet.document is not None
    assert sheet.document.name == "order-1.txt"
    assert sheet.text == "Order #1: everything about it is in this file."
    assert sheet.button_texts == ["@user7"]
    report = telegram.file_bytes(sheet.document.file_id).decode()
    assert f"{39:064x}:0: " in report
    assert f"{1:064x}:0: 0.00015625 LTC, reversed, within the time to pay" in report


@pytest.mark.parametrize("data", ["am", "al:open:0", "ao:1", "as:1", "ap:7", "ac:7"])
async def test_buttons_of_admins_are_nothing_to_others(
    small_shop: SmallShop, shopper: SandboxUser, data: str
) -> None:
    small_shop.stock((*CHESS, "K1"))
    small_shop.place(7)
    small_shop.pay(1)
    menu = await write(shopper, "/start")
    asked = len(small_shop.asked)
    query_id = shopper.press_data(menu.message_id, data)
    assert "out of date" in (await shopper.wait_for_answer(query_id)).text
    assert shopper.message(menu.message_id).text == menu.text
    assert len(small_shop.asked) == asked


@pytest.mark.parametrize("data", ["al:nonsense:0", "al:open:-1", "ao:0", "ac:x"])
async def test_a_button_of_admins_that_cannot_be_read_gets_a_clear_answer(
    admin: SandboxUser, data: str
) -> None:
    menu = await write(admin, "/admin")
    query_id = admin.press_data(menu.message_id, data)
    assert "out of date" in (await admin.wait_for_answer(query_id)).text


@pytest.mark.parametrize("data", ["ao:77", "ap:77", "ac:77"])
async def test_a_button_for_what_is_not_there_says_so(admin: SandboxUser, data: str) -> None:
    menu = await write(admin, "/admin")
    query_id = admin.press_data(menu.message_id, data)
    told = (await admin.wait_for_answer(query_id)).text
    assert "no order #77" in told or "knows no shopper 77" in told
