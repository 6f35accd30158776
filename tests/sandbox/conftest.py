from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer

from sandbox.telegram import SandboxUser, TelegramServer


def bot_at(url: str, token: str) -> Bot:
    session = AiohttpSession(api=TelegramAPIServer.from_base(url))
    return Bot(token, session=session)


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as server:
        yield server


@pytest.fixture
async def bot(telegram: TelegramServer) -> AsyncIterator[Bot]:
    made = bot_at(telegram.url, telegram.token)
    yield made
    await made.session.close()


@pytest.fixture
def shopper(telegram: TelegramServer) -> SandboxUser:
    user = telegram.user(7)
    user.open_chat()
    return user
