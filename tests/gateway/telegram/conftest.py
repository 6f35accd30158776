"""A bot that polls a local Telegram over HTTP, in front of a small shop with a real store."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from domain.rules import PartialStock
from gateway.telegram.connection import new_bot
from gateway.telegram.polling import run_polling
from gateway.telegram.routers import telegram_dispatcher
from gateway.telegram.shop import TelegramShop
from sandbox.telegram import SandboxUser, TelegramServer
from tests.gateway.telegram.small_shop import ADMIN_ID, RULES, SmallShop


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as server:
        yield server


@pytest.fixture
def partial_stock() -> PartialStock:
    """What the owner has chosen; a test may be parametrised with another choice."""
    return PartialStock.ASK


@pytest.fixture
def small_shop(tmp_path: Path, partial_stock: PartialStock) -> Iterator[SmallShop]:
    shop = SmallShop(tmp_path, replace(RULES, partial_stock=partial_stock))
    yield shop
    shop.close()


@pytest.fixture
async def running(telegram: TelegramServer, small_shop: SmallShop) -> AsyncIterator[None]:
    shop = TelegramShop(
        admin_ids=frozenset({ADMIN_ID}),
        currency="USD",
        coins=("LTC",),
        networks={"LTC": "regtest"},
        partial_stock=small_shop.rules.partial_stock,
    )
    bot = new_bot(telegram.url, telegram.token)
    dispatcher = telegram_dispatcher(small_shop, small_shop.reader, shop)
    polling = asyncio.create_task(run_polling(bot, dispatcher))
    yield
    polling.cancel()
    with suppress(asyncio.CancelledError):
        await polling
    await bot.session.close()


@pytest.fixture
def shopper(telegram: TelegramServer) -> SandboxUser:
    return telegram.user(7)


@pytest.fixture
def admin(telegram: TelegramServer) -> SandboxUser:
    return telegram.user(ADMIN_ID)
