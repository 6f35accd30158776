"""The shop as a process, a sandbox Telegram, and a real Litecoin node."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from sandbox.telegram import TelegramServer
from tests.end_to_end.running_shop import ShopFolder
from tests.litecoin_node import LitecoinNode, litecoin_node

__all__ = ["litecoin_node"]

NewFolder = Callable[..., ShopFolder]


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramServer]:
    """A Telegram of its own for each test."""
    async with TelegramServer() as server:
        yield server


@pytest.fixture
def new_folder(tmp_path: Path, telegram: TelegramServer, litecoin_node: LitecoinNode) -> NewFolder:
    """Settings for a shop; keyword arguments are fields of `ShopFolder`."""

    def make(**fields: object) -> ShopFolder:
        return ShopFolder(
            path=tmp_path / "shop",
            token=telegram.token,
            api_url=telegram.url,
            node=litecoin_node,
            **fields,  # type: ignore[arg-type] # fields of a test's own choice
        )

    return make
