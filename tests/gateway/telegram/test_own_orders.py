"""Calling an order off and looking at one's orders, over HTTP."""

from dataclasses import replace

import pytest

from domain.order import OrderStatus
from domain.order_news import RefundMade
from domain.rules import OverPayment
from sandbox.telegram import SandboxUser
from tests.gateway.telegram.chat import CHESS, tap, write
from tests.gateway.telegram.small_shop import SmallShop

pytestmark = pytest.mark.usefixtures("running")


async def test_cancel_calls_the_open_order_off(small_shop: SmallShop, shopper: SandboxUser) -> None:
    small_shop.stock((*CHESS, "K1"))
    assert (await write(shopper, "/cancel")).text == "You have no open order."
    small_shop.place(7)
    shopper.send_text("/cancel")
    assert (await write(shopper, "/cancel")).text == "You have no open order."
    assert small_shop.order(1).status is OrderStatus.CANCELLED
    said = [message.text for message in shopper.messages() if message.from_bot]
    assert said == ["You have no open order."] * 2, "that it is done, the notice says"


async def test_cancel_with_a_number_calls_that_order_off(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"), (*CHESS, "K2"), (*CHESS, "K3"))
    small_shop.place(7)
    small_shop.place(7)
    small_shop.place(8)
    shopper.send_text("/cancel #1")
    assert "no order #3" in (await write(shopper, "/cancel 3")).text
    assert [small_shop.order(number).status for number in (1, 2, 3)] == [
        OrderStatus.CANCELLED,
        OrderStatus.CREATED,
        OrderStatus.CREATED,
    ]
    assert "ended already" in (await write(shopper, "/cancel 1")).text


async def test_a_cancelled_invoice_can_be_paid_by_mistake_no_more(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"))
    small_shop.place(7)
    invoice = await tap(shopper, await write(shopper, "/orders"), "Show order #1")
    assert len(invoice.codes) == 2
    after = await tap(shopper, invoice, "Cancel order #1")
    assert after.message_id == invoice.message_id
    assert after.codes == []
    assert "Order #1 is cancelled; this was its invoice" in after.text


async def test_cancel_asks_which_of_several_orders(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"), (*CHESS, "K2"))
    small_shop.place(7)
    small_shop.place(7)
    which = await write(shopper, "/cancel")
    assert which.button_texts == ["Cancel order #2", "Cancel order #1"]
    await tap(shopper, which, "Cancel order #1")
    assert small_shop.order(1).status is OrderStatus.CANCELLED
    assert small_shop.order(2).status is OrderStatus.CREATED


async def test_cancel_is_refused_once_a_payment_was_seen(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"))
    small_shop.place(7)
    small_shop.pay(1, confirmations=0)
    assert "cannot be cancelled" in (await write(shopper, "/cancel")).text
    assert small_shop.order(1).status is OrderStatus.CREATED


async def test_an_order_of_somebody_else_reads_as_no_order(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"))
    small_shop.place(8)
    small_shop.pay(1)
    menu = await write(shopper, "/start")
    for data in ("x:1", "o:1", "d:1", "o:2"):
        query_id = shopper.press_data(menu.message_id, data)
        assert "There is no order #" in (await shopper.wait_for_answer(query_id)).text
    assert not any("K1" in message.text for message in shopper.messages())


async def test_after_a_part_of_the_payment_the_order_asks_for_the_rest(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"))
    small_shop.place(7)
    small_shop.pay(1, share="0.25", confirmations=0)
    shown = await tap(shopper, await write(shopper, "/orders"), "Show order #1")
    assert shown.codes == ["0.11718750", "rltc1qaddress1"]
    assert "0.03906250 LTC have been seen already" in shown.text


async def test_orders_lists_them_and_shows_each_with_invoice_or_goods(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"), (*CHESS, "K2"))
    assert "no orders" in (await write(shopper, "/orders")).text
    small_shop.place(7)
    small_shop.pay(1)
    small_shop.place(7)
    listed = await write(shopper, "/orders")
    assert "#1 · " in listed.text
    assert listed.button_texts == ["Show order #2", "Show order #1", "To the shop"]
    invoice = await tap(shopper, listed, "Show order #2")
    assert invoice.codes == ["0.15625000", "rltc1qaddress2"]
    paid = await tap(shopper, listed, "Show order #1")
    assert "Status: paid" in paid.text
    goods = await tap(shopper, paid, "Show the goods of order #1")
    assert goods.codes == ["K1"]


async def test_orders_shows_the_balance_and_what_became_of_money(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"))
    small_shop.rules = replace(small_shop.rules, over_payment=OverPayment.CREDIT)
    small_shop.place(7)
    small_shop.pay(1, share="2")
    listed = await write(shopper, "/orders")
    assert listed.text.endswith("Your balance: 12.50 USD")
    shown = await tap(shopper, listed, "Show order #1")
    assert "Credited to your balance: 12.50 USD for 0.15625000 LTC" in shown.text


async def test_orders_of_somebody_without_a_balance_say_nothing_of_one(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"))
    small_shop.place(7)
    assert "balance" not in (await write(shopper, "/orders")).text


async def test_money_that_was_paid_back_is_shown_with_its_transaction(
    small_shop: SmallShop, shopper: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"))
    small_shop.place(7)
    small_shop.pay(1, share="1.5")
    shown = await tap(shopper, await write(shopper, "/orders"), "Show order #1")
    assert "To be paid back: 0.07812500 LTC" in shown.text
    small_shop.news(1, RefundMade(admin_telegram_id=1, transaction_id="feed"))
    shown = await tap(shopper, await write(shopper, "/orders"), "Show order #1")
    assert "Paid back: 0.07812500 LTC, transaction feed" in shown.text
