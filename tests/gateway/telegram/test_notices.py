"""Notices from the outbox, through a real Bot, to a local Telegram."""

import asyncio
import pickle
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from actors.environment import CannotDeliver, NoticeSender, RetryLater, Sent
from domain.order import Audience, Noticed, NoticeKind
from domain.order_news import CancelWished, ChainNews
from domain.payment import Sighting
from gateway.telegram.notice_texts import NoticeFacts, order_notice_text, shop_notice_text
from gateway.telegram.notices import TelegramNotices
from gateway.texts import load_texts
from sandbox.telegram import ChatMessage, Fault, FaultKind, SandboxUser, TelegramServer
from sandbox.telegram.html_text import parse_html
from store.contract import Notice
from store.queries import LineRow, NoticeRow
from tests.gateway.telegram.small_shop import ADMIN_ID, SmallShop

CHESS = ("Games", "Chess", "12.50")


@dataclass(frozen=True, slots=True)
class FixedClock:
    """A time of day that stands still."""

    at: datetime

    def now(self) -> datetime:
        return self.at


def recipe(telegram: TelegramServer, shop: SmallShop, network: str = "main") -> TelegramNotices:
    return TelegramNotices(
        token=telegram.token,
        api_url=telegram.url,
        store_path=shop.path,
        networks={"LTC": network},
    )


@pytest.fixture
async def sender(telegram: TelegramServer, small_shop: SmallShop) -> AsyncIterator[NoticeSender]:
    opened = recipe(telegram, small_shop).open()
    yield opened
    await opened.close()


@pytest.fixture
def buyer(telegram: TelegramServer, small_shop: SmallShop) -> SandboxUser:
    """A shopper with an open order of one unit of chess."""
    person = telegram.user(7)
    person.open_chat()
    telegram.user(ADMIN_ID).open_chat()
    small_shop.stock((*CHESS, "KEY-1"))
    small_shop.register(7)
    small_shop.place(7)
    return person


def notice(shop: SmallShop, kind: NoticeKind) -> Notice:
    return next(row for row in reversed(shop.notices) if row.kind is kind)


async def send_new(shop: SmallShop, sender: NoticeSender, since: int) -> list[NoticeKind]:
    """Send what was written since; the kinds."""
    for row in shop.notices[since:]:
        assert await sender.send(row) == Sent()
    return [row.kind for row in shop.notices[since:]]


async def test_the_invoice_has_exact_amount_and_address_and_uri_and_qr_code(
    small_shop: SmallShop, sender: NoticeSender, buyer: SandboxUser
) -> None:
    assert await sender.send(notice(small_shop, NoticeKind.ORDER_CREATED)) == Sent()
    invoice, picture = buyer.messages()
    assert invoice.codes == ["0.15625000", "rltc1qaddress1"]
    assert "\nlitecoin:rltc1qaddress1?amount=0.15625000\n" in invoice.text
    assert "Order #1\n1 × Games · Chess: 12.50 USD\nTotal: 12.50 USD" in invoice.text  # noqa: RUF001 - as it reads
    until = small_shop.order(1).expires_at.strftime("%H:%M UTC")
    assert "Pay within 30 min, by " in invoice.text
    assert until in invoice.text
    assert [(b.text, b.callback_data) for b in invoice.buttons] == [("Cancel order #1", "x:1")]
    assert "test network" not in invoice.text
    assert picture.photo is not None
    assert picture.photo.data.startswith(b"\x89PNG")


async def test_an_invoice_on_a_test_network_says_so(
    telegram: TelegramServer, small_shop: SmallShop, buyer: SandboxUser
) -> None:
    opened = recipe(telegram, small_shop, "regtest").open()
    await opened.send(notice(small_shop, NoticeKind.ORDER_CREATED))
    await opened.close()
    assert "test network “regtest”" in buyer.messages()[0].text


async def test_an_order_that_has_ended_gets_no_invoice(
    small_shop: SmallShop, sender: NoticeSender, buyer: SandboxUser
) -> None:
    small_shop.news(1, CancelWished(telegram_id=7))
    await sender.send(notice(small_shop, NoticeKind.ORDER_CREATED))
    (message,) = buyer.messages()
    assert "cannot be paid any more (cancelled" in message.text
    assert message.codes == []


async def test_an_invoice_whose_time_is_over_asks_for_no_money(
    telegram: TelegramServer, small_shop: SmallShop, buyer: SandboxUser
) -> None:
    late = FixedClock(datetime.now(UTC) + timedelta(hours=1))
    opened = TelegramNotices(
        token=telegram.token,
        api_url=telegram.url,
        store_path=small_shop.path,
        networks={},
        clock=late,
    ).open()
    await opened.send(notice(small_shop, NoticeKind.ORDER_CREATED))
    await opened.close()
    assert "cannot be paid any more" in buyer.messages()[0].text


async def test_goods_come_with_what_was_paid_for(
    small_shop: SmallShop, sender: NoticeSender, buyer: SandboxUser
) -> None:
    since = len(small_shop.notices)
    small_shop.pay(1)
    kinds = await send_new(small_shop, sender, since)
    assert kinds == [NoticeKind.GOODS, NoticeKind.ADMIN_PAYMENT_RECEIVED]
    (goods,) = buyer.messages()
    assert goods.text.startswith("Order #1 is paid. Here are your goods:")
    assert goods.codes == ["KEY-1"]


async def test_admins_read_who_paid_what_with_which_transaction(
    telegram: TelegramServer, small_shop: SmallShop, sender: NoticeSender, buyer: SandboxUser
) -> None:
    small_shop.pay(1)
    await send_new(small_shop, sender, 0)
    created, received = telegram.user(ADMIN_ID).messages()
    assert created.text.startswith("New order #1 by @user7\n1 ")
    assert "12.50 USD (0.15625000 LTC)" in created.text
    assert received.text.startswith("Order #1 by @user7 is paid. Price: 12.50 USD")
    assert "ab" * 32 in received.text


async def test_admins_hear_of_an_order_that_is_paid_in_very_many_transactions(
    telegram: TelegramServer, small_shop: SmallShop, sender: NoticeSender, buyer: SandboxUser
) -> None:
    now = datetime.now(UTC)
    share = small_shop.order(1).amount_base_units // 100
    sightings = tuple(
        Sighting(
            transaction_id=f"{number:064x}",
            output_index=0,
            amount_base_units=share,
            confirmations=3,
            block_height=10,
            block_hash="cd" * 32,
            chain_time=now,
            seen_at=now,
        )
        for number in range(100)
    )
    small_shop.news(1, ChainNews(began_at=now, sightings=sightings, rate=None))
    assert await sender.send(notice(small_shop, NoticeKind.ADMIN_PAYMENT_RECEIVED)) == Sent()
    (told,) = telegram.user(ADMIN_ID).messages()
    assert "Earlier transactions: 80" in told.text
    assert f"{99:064x}" in told.text


async def test_a_partial_payment_says_what_is_missing(
    small_shop: SmallShop, sender: NoticeSender, buyer: SandboxUser
) -> None:
    since = len(small_shop.notices)
    small_shop.pay(1, share="0.5", confirmations=0)
    told = await send_new(small_shop, sender, since)
    assert told == [NoticeKind.PAYMENT_PARTIAL, NoticeKind.ADMIN_PAYMENT_SEEN]
    assert buyer.messages()[0].codes == ["0.07812500", "rltc1qaddress1"]


async def test_a_row_that_is_gone_or_sent_already_is_not_sent(
    small_shop: SmallShop, sender: NoticeSender, buyer: SandboxUser
) -> None:
    gone = Notice(
        outbox_id=999,
        audience=Audience.SHOPPER,
        chat_id=7,
        kind=NoticeKind.GOODS,
        order_id=1,
    )
    assert await sender.send(gone) == Sent()
    assert buyer.messages() == []


async def test_a_limit_is_passed_on_and_faults_are_for_later(
    telegram: TelegramServer, small_shop: SmallShop, sender: NoticeSender, buyer: SandboxUser
) -> None:
    row = notice(small_shop, NoticeKind.ORDER_CREATED)
    telegram.order_fault(Fault(kind=FaultKind.RATE_LIMITED, retry_after_seconds=17))
    limited = await sender.send(row)
    assert isinstance(limited, RetryLater)
    assert limited.after_seconds == 17
    for kind in (FaultKind.SERVER_ERROR, FaultKind.ANSWER_LOST):
        telegram.order_fault(Fault(kind=kind))
        answer = await sender.send(row)
        assert isinstance(answer, RetryLater)
        assert answer.after_seconds is None
        assert telegram.token not in answer.why
    assert await sender.send(row) == Sent()


async def test_an_invoice_whose_picture_fails_is_sent_once(
    telegram: TelegramServer, small_shop: SmallShop, sender: NoticeSender, buyer: SandboxUser
) -> None:
    telegram.order_fault(Fault(kind=FaultKind.SERVER_ERROR, method="sendPhoto"))
    assert await sender.send(notice(small_shop, NoticeKind.ORDER_CREATED)) == Sent()
    assert len(buyer.messages()) == 1


async def test_a_chat_that_takes_nothing_cannot_be_delivered_to(
    telegram: TelegramServer, small_shop: SmallShop, sender: NoticeSender, buyer: SandboxUser
) -> None:
    row = notice(small_shop, NoticeKind.ORDER_CREATED)
    buyer.block()
    blocked = await sender.send(row)
    assert isinstance(blocked, CannotDeliver)
    assert "blocked" in blocked.why
    buyer.profile.has_blocked_bot = False
    buyer.profile.has_opened_chat = False
    missing = await sender.send(row)
    assert isinstance(missing, CannotDeliver)
    assert "chat not found" in missing.why


async def test_a_server_that_is_not_there_means_later(
    telegram: TelegramServer, small_shop: SmallShop, buyer: SandboxUser
) -> None:
    opened = TelegramNotices(
        token=telegram.token, api_url="http://127.0.0.1:9", store_path=small_shop.path, networks={}
    ).open()
    answer = await opened.send(notice(small_shop, NoticeKind.ORDER_CREATED))
    await opened.close()
    assert isinstance(answer, RetryLater)
    assert telegram.token not in answer.why


def test_the_recipe_can_go_to_another_process_and_does_not_show_the_token() -> None:
    made = TelegramNotices(
        token="42:SECRET", api_url="http://127.0.0.1:9", store_path="shop.db", networks={}
    )
    assert pickle.loads(pickle.dumps(made)) == made  # noqa: S301 - made a line above
    assert "SECRET" not in repr(made)


async def test_every_kind_can_be_sent(
    telegram: TelegramServer, small_shop: SmallShop, sender: NoticeSender, buyer: SandboxUser
) -> None:
    order = small_shop.pay(1)
    for kind in NoticeKind:
        audience = Audience.ADMINS if kind.startswith("admin") else Audience.SHOPPER
        told = Noticed(kind=kind, audience=audience, amount_base_units=5, detail="<b>&amp; x")
        order = small_shop.order(1)
        small_shop.record(told, order=order)
        assert await sender.send(small_shop.notices[-1]) == Sent()
    shown: list[ChatMessage] = [*buyer.messages(), *telegram.user(ADMIN_ID).messages()]
    assert len(shown) == len(NoticeKind)
    assert all(message.text for message in shown)


@pytest.mark.parametrize("detail", [None, "<i>TRACK & 1"])
def test_every_text_about_an_order_is_good_html_whatever_names_are_in_it(
    small_shop: SmallShop, buyer: SandboxUser, detail: str | None
) -> None:
    texts = load_texts("en")
    lines = [LineRow(category="<b>", subcategory="&lt;", quantity=2, total_minor=5)]
    for kind in set(NoticeKind) - {NoticeKind.GOODS, NoticeKind.ORDER_CREATED}:
        row = NoticeRow(
            outbox_id=1,
            chat_id=7,
            kind=kind,
            order_id=1,
            amount_base_units=None,
            detail=detail,
            pending=True,
        )
        assert parse_html(shop_notice_text(texts, row)).text
        if kind is NoticeKind.ADMIN_ALERT:
            continue
        for now in (datetime.now(UTC), datetime.now(UTC) + timedelta(days=2)):
            facts = NoticeFacts(
                row=row, order=small_shop.order(1), lines=lines, networks={}, now=now
            )
            assert "#1" in parse_html(order_notice_text(texts, facts)).text


async def test_senders_work_beside_each_other(
    telegram: TelegramServer, small_shop: SmallShop, sender: NoticeSender, buyer: SandboxUser
) -> None:
    row = notice(small_shop, NoticeKind.ADMIN_ORDER_CREATED)
    answers = await asyncio.gather(*(sender.send(row) for _ in range(20)))
    assert answers == [Sent()] * 20
