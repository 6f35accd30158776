"""What admins are told when they record what they have paid back, over HTTP."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from actors.messages import CorrectRefund, RecordRefund
from domain.order import NoticeKind
from domain.rules import LatePayment
from domain.set_aside import SetAsideState
from sandbox.telegram import SandboxUser
from tests.gateway.telegram.chat import CHESS
from tests.gateway.telegram.chat import write as write_message
from tests.gateway.telegram.small_shop import ADMIN_ID, SmallShop

FIRST, SECOND = "4f1c0e" + "0" * 58, "b" * 64
pytestmark = pytest.mark.usefixtures("running")


async def write(person: SandboxUser, text: str) -> str:
    return (await write_message(person, text)).text


async def sheet(person: SandboxUser) -> str:
    return await write(person, "/order 1")


def today() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d")


@pytest.fixture
def late_money(small_shop: SmallShop) -> None:
    """An order that expired, and was paid afterwards: 0.15625 LTC are to be paid back."""
    small_shop.stock((*CHESS, "K1"))
    small_shop.rules = replace(small_shop.rules, late_payment=LatePayment.REFUND)
    small_shop.place(7)
    small_shop.let_expire(1)
    small_shop.pay(1)


@pytest.mark.usefixtures("late_money")
async def test_an_admin_records_a_refund_and_is_told_amount_coin_and_transaction(
    small_shop: SmallShop, admin: SandboxUser
) -> None:
    answer = await write(admin, f"/refund 1 {FIRST.upper()}")
    assert "Recorded: 0.15625000 LTC of order #1" in answer
    assert FIRST in answer
    (refunded,) = small_shop.order(1).set_asides
    assert (refunded.state, refunded.refund_transaction_id) == (SetAsideState.REFUNDED, FIRST)


@pytest.mark.usefixtures("late_money")
async def test_the_same_transaction_again_is_said_to_be_recorded_and_changes_nothing(
    small_shop: SmallShop, admin: SandboxUser
) -> None:
    await write(admin, f"/refund 1 {FIRST}")
    for text in (f"/refund 1 {FIRST}", f"/refund #1 {FIRST} 0.15625"):
        answer = await write(admin, text)
        assert "recorded for order #1 already; nothing was changed" in answer
        assert f"0.15625000 LTC in {FIRST}, recorded {today()}" in answer
        assert "still wait" not in answer
    wishes = [message for message in small_shop.asked if isinstance(message, RecordRefund)]
    assert len(wishes) == 1
    kinds = [row.kind for row in small_shop.notices]
    assert kinds.count(NoticeKind.MONEY_REFUNDED) == 1


@pytest.mark.usefixtures("late_money")
async def test_a_known_transaction_says_what_still_waits(
    small_shop: SmallShop, admin: SandboxUser
) -> None:
    await write(admin, f"/refund 1 {FIRST}")
    small_shop.rules = replace(small_shop.rules, late_payment=LatePayment.CREDIT)
    small_shop.pay(1, share="0.5", transaction="ef" * 32)
    assert "0.07812500 LTC of order #1 still wait" in await write(admin, f"/refund 1 {FIRST}")


@pytest.mark.usefixtures("late_money")
async def test_a_second_refund_says_which_transaction_was_recorded_and_when(
    small_shop: SmallShop, admin: SandboxUser
) -> None:
    await write(admin, f"/refund 1 {FIRST}")
    answer = await write(admin, f"/refund 1 {SECOND}")
    assert "Nothing of order #1 waits to be paid back" in answer
    assert f"0.15625000 LTC in {FIRST}, recorded {today()}" in answer
    assert f"/refund 1 {FIRST} RIGHT_TXID" in answer
    assert small_shop.order(1).set_asides[0].refund_transaction_id == FIRST


async def test_an_order_that_never_had_a_refund_names_none(
    small_shop: SmallShop, admin: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "K1"))
    small_shop.place(7)
    answer = await write(admin, f"/refund 1 {FIRST}")
    assert "Nothing of order #1 waits to be paid back" in answer
    assert "Paid back before" not in answer


@pytest.mark.usefixtures("late_money")
@pytest.mark.parametrize("word", ["abc", FIRST[:-1], f"0x{FIRST}", "g" * 64])
async def test_a_word_that_is_no_transaction_id_is_refused_with_what_is_wanted(
    small_shop: SmallShop, admin: SandboxUser, word: str
) -> None:
    for text in (f"/refund 1 {word}", f"/refund 1 {word} 0.15625", f"/refund 1 {FIRST} {word}"):
        answer = await write(admin, text)
        assert f"“{word}” is no LTC transaction id" in answer
        assert "64 characters, digits and letters from a to f" in answer
    assert small_shop.asked == []
    assert small_shop.order(1).set_asides[0].state is SetAsideState.OPEN


@pytest.mark.usefixtures("late_money")
async def test_an_amount_that_cannot_be_is_refused_and_nothing_recorded(
    small_shop: SmallShop, admin: SandboxUser
) -> None:
    assert "/refund 12 TXID 0.05" in await write(admin, f"/refund 1 {FIRST} 1.2.3")
    assert "/refund 12 TXID 0.05" in await write(admin, f"/refund 1 {FIRST} 0,15625")
    other = await write(admin, f"/refund 1 {FIRST} 0.1")
    assert "no amount of order #1" in other
    assert "What waits: 0.15625000 LTC" in other
    assert small_shop.order(1).set_asides[0].state is SetAsideState.OPEN


@pytest.fixture
def sold(small_shop: SmallShop) -> None:
    """An order of 0.15625 LTC that was paid exactly, and delivered."""
    small_shop.stock((*CHESS, "K1"))
    small_shop.place(7)
    small_shop.pay(1)


@pytest.mark.usefixtures("sold")
async def test_money_that_goods_were_paid_with_is_not_taken_for_a_refund_without_a_word(
    small_shop: SmallShop, admin: SandboxUser
) -> None:
    answer = await write(admin, f"/refund 1 {FIRST} 0.05")
    assert "Nothing of order #1 waits to be paid back" in answer
    assert "/refund 1 TXID AMOUNT GOODS" in answer
    assert small_shop.order(1).set_asides == ()


@pytest.mark.usefixtures("sold")
async def test_money_that_goods_were_paid_with_is_paid_back_by_a_word_of_its_own(
    small_shop: SmallShop, admin: SandboxUser
) -> None:
    assert "Recorded: 0.05000000 LTC" in await write(admin, f"/refund 1 {FIRST} 0.05 GOODS")
    assert "Status: paid, paid back in part" in await sheet(admin)
    again = await write(admin, f"/refund 1 {FIRST} 0.05 goods")
    assert "recorded for order #1 already; nothing was changed" in again
    more = await write(admin, f"/refund 1 {SECOND} 0.10625001 goods")
    assert "no more than 0.10625000 LTC can have been paid back" in more
    assert "Recorded: 0.10625000 LTC" in await write(admin, f"/refund 1 {SECOND} 0.10625 goods")
    told = await sheet(admin)
    assert "Status: paid, paid back\n" in told
    assert "GOODS" not in told
    assert "taken back" not in told


@pytest.mark.usefixtures("telegram")
async def test_goods_paid_back_after_a_replaced_payment_were_not_taken_back_by_the_network(
    small_shop: SmallShop, admin: SandboxUser
) -> None:
    small_shop.stock((*CHESS, "KEY-1"))
    small_shop.register(7)
    small_shop.place(7)
    small_shop.pay(1, confirmations=0, transaction="ab" * 32)
    small_shop.pay(1, transaction="cd" * 32)
    assert len(small_shop.order(1).receipts) == 2
    await write(admin, f"/refund 1 {FIRST} 0.15625 goods")
    assert "Status: paid, paid back\n" in await sheet(admin)


@pytest.mark.usefixtures("sold")
@pytest.mark.parametrize("text", ["abc 0.05 goods", f"{FIRST} goods", f"{FIRST} 0.05 wares"])
async def test_a_refund_of_goods_that_is_not_written_in_full_records_nothing(
    small_shop: SmallShop, admin: SandboxUser, text: str
) -> None:
    assert "TXID" in await write(admin, f"/refund 1 {text}")
    assert small_shop.order(1).set_asides == ()


@pytest.mark.usefixtures("late_money")
async def test_an_order_without_goods_does_not_offer_to_pay_back_what_goods_were_paid_with(
    small_shop: SmallShop, admin: SandboxUser
) -> None:
    assert "Recorded" in await write(admin, f"/refund 1 {FIRST}")
    for more in ("", " 0.1", " 0.1 GOODS"):
        answer = await write(admin, f"/refund 1 {SECOND}{more}")
        assert "Nothing of order #1 waits" in answer
        assert "GOODS" not in answer
    assert len(small_shop.order(1).set_asides) == 1


@pytest.mark.usefixtures("late_money")
async def test_a_wrong_transaction_is_corrected_and_everybody_sees_the_right_one(
    small_shop: SmallShop, admin: SandboxUser
) -> None:
    await write(admin, f"/refund 1 {FIRST}")
    for _ in range(2):
        answer = await write(admin, f"/refund 1 {FIRST} {SECOND}")
        assert "Corrected: 0.15625000 LTC of order #1" in answer
        assert SECOND in answer
    assert small_shop.order(1).set_asides[0].refund_transaction_id == SECOND
    corrected = [row for row in small_shop.notices if row.kind is NoticeKind.REFUND_CORRECTED]
    assert [row.chat_id for row in corrected] == [7]
    with closing(sqlite3.connect(small_shop.path)) as connection:
        query = "SELECT by, by_telegram_id, detail FROM audit_log WHERE what = 'refund_corrected'"
        rows = connection.execute(query).fetchall()
    assert rows == [("admin", ADMIN_ID, f"number 1: {SECOND} instead of {FIRST}")]


@pytest.mark.usefixtures("late_money")
async def test_a_word_that_an_earlier_version_took_for_an_id_can_be_corrected(
    small_shop: SmallShop, admin: SandboxUser
) -> None:
    wish = RecordRefund(order_id=1, admin_telegram_id=ADMIN_ID, transaction_id="abc")
    await small_shop.ask(wish, 1)
    assert SECOND in await write(admin, f"/refund 1 abc {SECOND}")
    assert small_shop.order(1).set_asides[0].refund_transaction_id == SECOND


@pytest.mark.usefixtures("late_money")
async def test_a_refund_that_nobody_recorded_cannot_be_corrected(
    small_shop: SmallShop, admin: SandboxUser
) -> None:
    answer = await write(admin, f"/refund 1 {FIRST} {SECOND}")
    assert "No refund of order #1 is recorded under that transaction" in answer
    assert isinstance(small_shop.asked[-1], CorrectRefund)
    assert "no order #9" in await write(admin, f"/refund 9 {FIRST} {SECOND}")
