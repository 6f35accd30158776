"""How an order and its payment stand, in the words of its pages."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.order import OrderStatus
from domain.order_news import CancelOrdered, CancelWished, ChainNews, ConfirmOrdered
from domain.payment import Sighting
from domain.rules import LatePayment
from gateway.telegram.payment_words import status_text
from gateway.texts import load_texts
from sandbox.telegram import SandboxUser
from tests.gateway.telegram.chat import CHESS, write
from tests.gateway.telegram.small_shop import ADMIN_ID, SmallShop

TEXTS = load_texts("en")


@pytest.fixture(autouse=True)
def _an_open_order(small_shop: SmallShop) -> None:
    small_shop.rules = replace(small_shop.rules, late_payment=LatePayment.REFUND)
    small_shop.stock((*CHESS, "K1"))
    small_shop.place(7)


def status(small_shop: SmallShop) -> str:
    return status_text(TEXTS, small_shop.order(1))


def test_money_after_the_time_to_pay_is_too_late(small_shop: SmallShop) -> None:
    order = small_shop.let_expire(1)
    assert status(small_shop) == "expired, no payment seen"
    small_shop.pay(1, at=order.expires_at + timedelta(minutes=1))
    assert status(small_shop) == "expired, paid too late"


def test_money_that_is_too_little_is_not_too_late(small_shop: SmallShop) -> None:
    small_shop.let_expire(1)
    small_shop.pay(1, share="0.5")
    assert status(small_shop) == "expired, not paid in full"


def test_enough_money_that_is_found_after_the_end_is_not_too_late(small_shop: SmallShop) -> None:
    small_shop.let_expire(1)
    small_shop.pay(1)
    assert status(small_shop) == "expired, payment seen or confirmed after its end"


@pytest.mark.usefixtures("running")
async def test_money_after_an_order_was_called_off_says_so_everywhere(
    small_shop: SmallShop, admin: SandboxUser
) -> None:
    small_shop.news(1, CancelWished(telegram_id=7))
    small_shop.pay(1)
    assert status(small_shop) == "cancelled, money came for it"
    sheet = (await write(admin, "/order 1")).text
    assert "LTC, confirmed, after the order was called off, first seen" in sheet


@pytest.mark.usefixtures("running")
async def test_a_part_paid_before_an_order_was_called_off_was_in_time(
    small_shop: SmallShop, admin: SandboxUser
) -> None:
    small_shop.pay(1, share="0.5")
    sheet = (await write(admin, "/order 1")).text
    assert "Still missing: 0.07812500 LTC" in sheet
    small_shop.news(1, CancelOrdered(admin_telegram_id=ADMIN_ID, reason="x"))
    assert status(small_shop) == "cancelled, money came for it"
    sheet = (await write(admin, "/order 1")).text
    assert "LTC, confirmed, within the time to pay, first seen" in sheet
    assert "Still missing" not in sheet


@pytest.mark.usefixtures("running")
async def test_money_after_the_time_to_pay_says_so_in_the_list_of_payments(
    small_shop: SmallShop, admin: SandboxUser
) -> None:
    order = small_shop.let_expire(1)
    small_shop.pay(1, at=order.expires_at + timedelta(minutes=1))
    assert "confirmed, after the time to pay, first seen" in (await write(admin, "/order 1")).text


@pytest.mark.usefixtures("running")
async def test_money_that_only_the_chain_dates_in_time_says_by_whose_clock(
    small_shop: SmallShop, admin: SandboxUser
) -> None:
    order = small_shop.order(1)
    sighting = Sighting(
        transaction_id="ab" * 32,
        output_index=0,
        amount_base_units=order.amount_base_units,
        confirmations=3,
        block_height=10,
        block_hash="cd" * 32,
        chain_time=order.expires_at - timedelta(minutes=1),
        seen_at=order.expires_at,
    )
    news = ChainNews(began_at=order.expires_at, sightings=(sighting,), rate=None)
    small_shop.news(1, news, order.expires_at)
    sheet = (await write(admin, "/order 1")).text
    assert "confirmed, within the time to pay by the chain's clock, first seen" in sheet


@pytest.mark.usefixtures("running")
async def test_an_order_that_nothing_was_seen_of_misses_nothing_yet(
    small_shop: SmallShop, admin: SandboxUser
) -> None:
    assert "Still missing" not in (await write(admin, "/order 1")).text
    small_shop.pay(1, confirmations=0)
    assert "Still missing" not in (await write(admin, "/order 1")).text


@pytest.mark.parametrize("share", [None, "0.5"])
def test_an_order_that_an_admin_confirmed_accuses_nobody(
    small_shop: SmallShop, share: str | None
) -> None:
    if share is not None:
        small_shop.pay(1, share=share)
    small_shop.news(1, ConfirmOrdered(admin_telegram_id=ADMIN_ID, reason="paid in cash"))
    assert small_shop.order(1).status is OrderStatus.PAID
    assert status(small_shop) == "paid, counted as paid by the shop"
