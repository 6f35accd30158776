"""The key of an order's address in the admins' notice of its payment, where the owner wants it."""

from dataclasses import dataclass

import pytest

from gateway.telegram.notices import TelegramNotices
from sandbox.telegram import TelegramServer
from tests.gateway.telegram.chat import CHESS
from tests.gateway.telegram.small_shop import ADMIN_ID, SmallShop


@dataclass(frozen=True)
class OneKey:
    key: str | None

    def key_of(self, order_id: int) -> str | None:
        assert order_id == 1
        return self.key


@pytest.mark.parametrize(
    ("keys", "is_there"), [(OneKey("T-SECRET"), True), (OneKey(None), False), (None, False)]
)
async def test_key_is_in_the_notice_of_the_payment_alone_and_only_where_it_is_wanted(
    telegram: TelegramServer, small_shop: SmallShop, keys: OneKey | None, *, is_there: bool
) -> None:
    buyer, admin = telegram.user(7), telegram.user(ADMIN_ID)
    buyer.open_chat()
    admin.open_chat()
    small_shop.stock((*CHESS, "KEY-1"))
    small_shop.register(7)
    small_shop.place(7)
    small_shop.pay(1)
    sender = TelegramNotices(
        token=telegram.token,
        api_url=telegram.url,
        store_path=small_shop.path,
        networks={"LTC": "main"},
        keys=keys,
    ).open()
    try:
        for notice in small_shop.notices:
            await sender.send(notice)
    finally:
        await sender.close()
    with_key = [each.text for each in admin.messages() if "T-SECRET" in each.text]
    assert len(with_key) == int(is_there)
    assert all("is paid" in text for text in with_key)
    assert not any("T-SECRET" in each.text for each in buyer.messages())
