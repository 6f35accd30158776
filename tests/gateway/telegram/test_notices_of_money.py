"""What shoppers and admins read of time, and of money that is missing, too much or too late."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from actors.environment import NoticeSender, Sent
from domain.order import NoticeKind
from domain.order_news import (
    CancelOrdered,
    CancelWished,
    ChainNews,
    ConfirmOrdered,
    ExpireOrdered,
    RefundMade,
    RefundMisnamed,
    WarningDue,
)
from domain.payment import Sighting
from domain.rules import LatePayment, OverPayment
from gateway.telegram.notices import TelegramNotices
from sandbox.telegram import SandboxUser, TelegramServer
from tests.gateway.telegram.chat import CHESS
from tests.gateway.telegram.small_shop import ADMIN_ID, SmallShop


@dataclass(slots=True)
class MovingClock:
    """A time of day that a test sets."""

    at: datetime

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock(datetime.now(UTC))


@pytest.fixture
async def sender(
    telegram: TelegramServer, small_shop: SmallShop, clock: MovingClock
) -> AsyncIterator[NoticeSender]:
    opened = TelegramNotices(
        token=telegram.token,
        api_url=telegram.url,
        store_path=small_shop.path,
        networks={"LTC": "main"},
        clock=clock,
    ).open()
    yield opened
    await opened.close()


@pytest.fixture
def buyer(telegram: TelegramServer, small_shop: SmallShop) -> SandboxUser:
    """A shopper with an open order of one unit of chess, who has read all notices so far."""
    person = telegram.user(7)
    person.open_chat()
    telegram.user(ADMIN_ID).open_chat()
    small_shop.stock((*CHESS, "KEY-1"))
    small_shop.register(7)
    small_shop.place(7)
    small_shop.notices.clear()
    return person


async def send_all(shop: SmallShop, sender: NoticeSender) -> list[NoticeKind]:
    """Send what was written since the last time; the kinds."""
    rows = list(shop.notices)
    shop.notices.clear()
    for row in rows:
        assert await sender.send(row) == Sent()
    return [row.kind for row in rows]


def told(person: SandboxUser, start: str) -> str:
    """The one message that begins so."""
    (found,) = [message.text for message in person.messages() if message.text.startswith(start)]
    return found


async def test_the_warning_names_the_amount_the_address_and_the_end(
    small_shop: SmallShop, sender: NoticeSender, buyer: SandboxUser, clock: MovingClock
) -> None:
    order = small_shop.order(1)
    clock.at = order.expires_at - timedelta(minutes=5)
    small_shop.news(1, WarningDue(), clock.at)
    assert await send_all(small_shop, sender) == [NoticeKind.EXPIRY_WARNING]
    (warning,) = buyer.messages()
    assert warning.text.startswith("Order #1 expires in 5 min.")
    assert warning.codes == ["0.15625000", "rltc1qaddress1"]
    assert warning.text.endswith("\n\nlitecoin:rltc1qaddress1?amount=0.15625000")
    assert order.expires_at.strftime("%H:%M UTC") in warning.text


async def test_a_warning_that_comes_after_the_payment_asks_for_no_money(
    small_shop: SmallShop, sender: NoticeSender, buyer: SandboxUser, clock: MovingClock
) -> None:
    clock.at = small_shop.order(1).expires_at - timedelta(minutes=5)
    small_shop.news(1, WarningDue(), clock.at)
    (warning,) = small_shop.notices
    small_shop.pay(1)
    await sender.send(warning)
    (message,) = buyer.messages()
    assert message.text == "The time to pay order #1 was nearly over. The order by now: paid."
    assert message.codes == []


async def test_a_part_of_the_payment_gives_more_time_and_says_until_when(
    small_shop: SmallShop, sender: NoticeSender, buyer: SandboxUser, clock: MovingClock
) -> None:
    before = small_shop.order(1)
    shortly_before = before.expires_at - timedelta(minutes=1)
    small_shop.pay(1, share="0.5", confirmations=0, at=shortly_before)
    after = small_shop.order(1)
    assert after.expires_at > before.expires_at
    clock.at = shortly_before
    await send_all(small_shop, sender)
    (message,) = buyer.messages()
    assert "there is more time for the rest" in message.text
    assert message.codes == ["0.07812500", "rltc1qaddress1"]
    assert message.text.endswith("\nlitecoin:rltc1qaddress1?amount=0.07812500")
    assert after.expires_at.strftime("%H:%M UTC") in message.text


async def test_what_was_paid_too_much_is_told_with_what_becomes_of_it(
    telegram: TelegramServer, small_shop: SmallShop, sender: NoticeSender, buyer: SandboxUser
) -> None:
    small_shop.pay(1, share="2")
    await send_all(small_shop, sender)
    assert told(buyer, "0.15625000 LTC more than asked arrived for order #1.")
    assert told(buyer, "0.15625000 LTC that came for order #1 are to be paid back to you.")
    admin = telegram.user(ADMIN_ID)
    assert told(admin, "Order #1 by @user7 was paid 0.15625000 LTC too much.")
    asked = told(admin, "0.15625000 LTC that came for order #1 are to be paid back to @user7.")
    assert "/refund 1" in asked


async def test_a_credit_is_told_in_the_currency_of_the_shop(
    telegram: TelegramServer, small_shop: SmallShop, sender: NoticeSender, buyer: SandboxUser
) -> None:
    small_shop.rules = replace(small_shop.rules, over_payment=OverPayment.CREDIT)
    small_shop.pay(1, share="2")
    await send_all(small_shop, sender)
    credit = "0.15625000 LTC that came for order #1 are credited to "
    assert told(buyer, f"{credit}your balance: 12.50 USD.")
    assert told(telegram.user(ADMIN_ID), f"{credit}the balance of @user7: 12.50 USD.")


async def test_a_late_payment_is_told_with_what_becomes_of_it(
    telegram: TelegramServer, small_shop: SmallShop, sender: NoticeSender, buyer: SandboxUser
) -> None:
    small_shop.rules = replace(small_shop.rules, late_payment=LatePayment.REFUND)
    order = small_shop.let_expire(1)
    small_shop.pay(1, at=order.expires_at + timedelta(minutes=1))
    kinds = await send_all(small_shop, sender)
    assert NoticeKind.PAYMENT_LATE in kinds
    assert told(
        buyer,
        "0.15625000 LTC came too late for order #1: the time to pay it was over. Nothing is",
    )
    assert told(buyer, "0.15625000 LTC that came for order #1 are to be paid back")
    admin = telegram.user(ADMIN_ID)
    assert told(
        admin, "0.15625000 LTC came too late for order #1 by @user7: the time to pay it was over."
    )


async def test_money_for_an_order_that_was_called_off_is_not_said_to_be_late(
    telegram: TelegramServer, small_shop: SmallShop, sender: NoticeSender, buyer: SandboxUser
) -> None:
    small_shop.rules = replace(small_shop.rules, late_payment=LatePayment.REFUND)
    small_shop.news(1, CancelWished(telegram_id=7))
    small_shop.pay(1)
    await send_all(small_shop, sender)
    called_off = "0.15625000 LTC came for order #1{who}, which was called off."
    assert told(buyer, called_off.format(who=""))
    assert told(telegram.user(ADMIN_ID), called_off.format(who=" by @user7"))


@pytest.mark.parametrize(
    ("news", "why"),
    [
        (CancelOrdered(admin_telegram_id=ADMIN_ID, reason="x"), "which was called off."),
        (ExpireOrdered(admin_telegram_id=ADMIN_ID), "which ended before it was paid in full."),
    ],
)
async def test_a_part_of_an_order_that_ends_is_not_said_to_be_late(
    telegram: TelegramServer,
    small_shop: SmallShop,
    sender: NoticeSender,
    buyer: SandboxUser,
    news: CancelOrdered | ExpireOrdered,
    why: str,
) -> None:
    small_shop.pay(1, share="0.5")
    small_shop.notices.clear()
    small_shop.news(1, news)
    await send_all(small_shop, sender)
    assert told(buyer, f"0.07812500 LTC came for order #1, {why} Nothing is lost")
    admin = telegram.user(ADMIN_ID)
    assert told(admin, f"0.07812500 LTC came for order #1 by @user7, {why}")


async def test_enough_money_that_is_found_in_time_after_the_end_is_not_said_to_be_late(
    telegram: TelegramServer, small_shop: SmallShop, sender: NoticeSender, buyer: SandboxUser
) -> None:
    small_shop.rules = replace(small_shop.rules, late_payment=LatePayment.REFUND)
    small_shop.let_expire(1)
    small_shop.pay(1)
    await send_all(small_shop, sender)
    why = "which ended before the payment was seen and confirmed."
    assert told(buyer, f"0.15625000 LTC came for order #1, {why}")
    assert told(telegram.user(ADMIN_ID), f"0.15625000 LTC came for order #1 by @user7, {why}")


async def test_an_order_that_an_admin_ends_early_is_not_said_to_have_run_out(
    small_shop: SmallShop, sender: NoticeSender, buyer: SandboxUser
) -> None:
    small_shop.news(1, ExpireOrdered(admin_telegram_id=ADMIN_ID))
    await send_all(small_shop, sender)
    (message,) = buyer.messages()
    assert message.text.startswith("Order #1 has expired: the shop has ended it before its time")


async def test_an_order_whose_time_is_over_says_so(
    small_shop: SmallShop, sender: NoticeSender, buyer: SandboxUser
) -> None:
    end = small_shop.order(1).expires_at
    small_shop.news(1, ChainNews(began_at=end, sightings=(), rate=None), end)
    await send_all(small_shop, sender)
    (message,) = buyer.messages()
    assert message.text.startswith("Order #1 has expired: the time to pay it is over")


async def test_two_parts_are_not_told_as_one_payment(
    telegram: TelegramServer, small_shop: SmallShop, sender: NoticeSender, buyer: SandboxUser
) -> None:
    now = datetime.now(UTC)
    half = small_shop.order(1).amount_base_units // 2
    shown = tuple(
        Sighting(
            transaction_id=name * 32,
            output_index=0,
            amount_base_units=half,
            confirmations=0,
            block_height=None,
            block_hash=None,
            chain_time=now,
            seen_at=now,
        )
        for name in ("ab", "cd")
    )
    small_shop.news(1, ChainNews(began_at=now, sightings=shown[:1], rate=None), now)
    await send_all(small_shop, sender)
    small_shop.news(1, ChainNews(began_at=now, sightings=shown, rate=None), now)
    await send_all(small_shop, sender)
    assert told(buyer, "A part of the payment for order #1 has been seen.")
    assert told(buyer, "0.15625000 LTC for order #1 have been seen, which is all it needs.")
    admin = telegram.user(ADMIN_ID)
    assert told(admin, "Order #1 by @user7: 0.07812500 LTC have been seen.")
    assert told(admin, "Order #1 by @user7: 0.15625000 LTC have been seen.")


async def test_the_price_of_an_order_is_not_told_as_what_was_paid_for_it(
    telegram: TelegramServer, small_shop: SmallShop, sender: NoticeSender, buyer: SandboxUser
) -> None:
    small_shop.pay(1, share="2")
    await send_all(small_shop, sender)
    assert told(telegram.user(ADMIN_ID), "Order #1 by @user7 is paid.").startswith(
        "Order #1 by @user7 is paid. Price: 12.50 USD = 0.15625000 LTC; received: 0.31250000 LTC.\n"
    )


async def test_a_corrected_refund_is_told_with_the_right_transaction(
    small_shop: SmallShop, sender: NoticeSender, buyer: SandboxUser
) -> None:
    small_shop.pay(1, share="2")
    small_shop.news(1, RefundMade(admin_telegram_id=ADMIN_ID, transaction_id="feed"))
    small_shop.notices.clear()
    correction = RefundMisnamed(
        admin_telegram_id=ADMIN_ID, wrong_transaction_id="feed", transaction_id="cafe"
    )
    small_shop.news(1, correction)
    assert await send_all(small_shop, sender) == [NoticeKind.REFUND_CORRECTED]
    assert told(buyer, "The transaction in which 0.15625000 LTC of order #1 were paid back") == (
        "The transaction in which 0.15625000 LTC of order #1 were paid back to you is cafe."
        " The id that you were told before was wrong."
    )


async def test_a_refund_is_told_with_its_transaction(
    small_shop: SmallShop, sender: NoticeSender, buyer: SandboxUser
) -> None:
    small_shop.pay(1, share="2")
    small_shop.notices.clear()
    small_shop.news(1, RefundMade(admin_telegram_id=ADMIN_ID, transaction_id="feed"))
    assert await send_all(small_shop, sender) == [NoticeKind.MONEY_REFUNDED]
    assert told(buyer, "0.15625000 LTC that came for order #1 have been paid back").endswith(
        "Transaction: feed"
    )


async def test_a_revived_order_says_that_its_goods_follow_and_they_do(
    telegram: TelegramServer, small_shop: SmallShop, sender: NoticeSender, buyer: SandboxUser
) -> None:
    small_shop.let_expire(1)
    small_shop.pay(1)
    assert NoticeKind.ORDER_REVIVED in await send_all(small_shop, sender)
    assert told(buyer, "Order #1, which had ended, is paid after all.")
    assert "KEY-1" in told(buyer, "Order #1 is paid. Here are your goods:")
    assert told(telegram.user(ADMIN_ID), "Order #1 by @user7 had ended and is paid after all")


async def test_admins_read_who_confirmed_an_order_and_why(
    telegram: TelegramServer, small_shop: SmallShop, sender: NoticeSender, buyer: SandboxUser
) -> None:
    small_shop.news(1, ConfirmOrdered(admin_telegram_id=ADMIN_ID, reason="paid <in> cash"))
    await send_all(small_shop, sender)
    confirmed = told(telegram.user(ADMIN_ID), "Order #1 by @user7 was confirmed as paid")
    assert f"by the admin {ADMIN_ID}: paid <in> cash" in confirmed
    assert "KEY-1" in told(buyer, "Order #1 is paid. Here are your goods:")


@pytest.mark.parametrize(
    ("news", "by_whom"),
    [
        (CancelWished(telegram_id=7), "is cancelled, and"),
        (CancelOrdered(admin_telegram_id=1, reason="x"), "is cancelled by the shop, and"),
    ],
)
async def test_one_cancel_is_one_message_that_says_by_whom(
    small_shop: SmallShop,
    sender: NoticeSender,
    buyer: SandboxUser,
    news: CancelWished | CancelOrdered,
    by_whom: str,
) -> None:
    small_shop.news(1, news)
    await send_all(small_shop, sender)
    (message,) = buyer.messages()
    assert f"Order #1 {by_whom} its goods are for sale again." in message.text
    assert "Please do not send anything to its address." in message.text


async def test_a_payment_that_vanishes_after_the_end_asks_nobody_to_pay_again(
    small_shop: SmallShop, sender: NoticeSender, buyer: SandboxUser
) -> None:
    small_shop.rules = replace(small_shop.rules, late_payment=LatePayment.REFUND)
    small_shop.let_expire(1)
    small_shop.pay(1)
    small_shop.notices.clear()
    now = datetime.now(UTC)
    small_shop.news(1, ChainNews(began_at=now, sightings=(), rate=None))
    assert NoticeKind.PAYMENT_VANISHED in await send_all(small_shop, sender)
    vanished = told(buyer, "A payment for order #1 has disappeared from the network.")
    assert "pay again" not in vanished
    assert "no longer counts" in vanished
