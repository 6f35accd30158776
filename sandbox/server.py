"""Telegram, chain and page on one port: what the demonstration runs on.

The Bot API answers at `/bot...` and `/file/bot...`, the node at `/chain`, the page at `/`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from aiohttp import web

from sandbox.chain.chain import Chain
from sandbox.chain.server import ChainCredentials, ChainServer
from sandbox.chain.storage import load_chain
from sandbox.chain.web import WalletSite
from sandbox.listener import Listener, new_application
from sandbox.page.site import PageSite, People
from sandbox.telegram.server import DEFAULT_TOKEN, TelegramServer
from sandbox.telegram.web import PeopleSite

CHAIN_PATH = "/chain"
DEFAULT_ADMIN_ID = 1001
DEFAULT_SHOPPER_IDS = (2001, 2002)


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSettings:
    """What a sandbox is made of.

    Attributes:
        host: where to listen.
        port: 0 takes a free one.
        token: the bot's token.
        admin_id: whose chat is the admin's.
        shopper_ids: whose chats are the shoppers', at least one.
        chain_credentials: what the node asks for.
        chain_file: where the chain is kept between runs; nowhere where None.
    """

    host: str = "127.0.0.1"
    port: int = 0
    token: str = field(default=DEFAULT_TOKEN, repr=False)
    admin_id: int = DEFAULT_ADMIN_ID
    shopper_ids: tuple[int, ...] = DEFAULT_SHOPPER_IDS
    chain_credentials: ChainCredentials = field(default_factory=ChainCredentials)
    chain_file: Path | None = None


class Sandbox:
    """All of it on one port.

    Use it as `async with Sandbox(SandboxSettings()) as sandbox:`, or call `start` and `stop`.

    Raises:
        ValueError: the token has another form, there is no shopper, or the chain's file holds
            something else.
        OSError: the chain's file cannot be read.
    """

    def __init__(self, settings: SandboxSettings) -> None:
        if not settings.shopper_ids:
            raise ValueError("there is no shopper: name at least one id in shopper_ids")
        self.telegram = TelegramServer(settings.token)
        self.chain = Chain()
        if settings.chain_file is not None and settings.chain_file.exists():
            load_chain(self.chain, settings.chain_file)
        self.node = ChainServer(self.chain, settings.chain_credentials)
        self._wallet = WalletSite(self.chain, settings.chain_file)
        self._listener = Listener(self._application(settings), settings.host, settings.port)
        # The admin has used the bot before, so it may write first
        self.telegram.user(settings.admin_id).open_chat()

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the port is taken.
        """
        await self._listener.start()

    async def stop(self) -> None:
        """Answer everybody who waits, stop listening, keep the chain."""
        self.telegram.close()
        self.chain.changes.close()
        await self._listener.stop()
        await self._wallet.save()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        """The page; for a bot also what it takes for api.telegram.org."""
        return self._listener.url

    @property
    def chain_url(self) -> str:
        """The node's address without credentials."""
        return f"{self._listener.url}{CHAIN_PATH}"

    def _application(self, settings: SandboxSettings) -> web.Application:
        people = People(admin_id=settings.admin_id, shopper_ids=settings.shopper_ids)
        app = new_application()
        app.add_routes(self.telegram.routes())
        app.add_routes(PeopleSite(self.telegram).routes())
        app.add_routes(self.node.routes(CHAIN_PATH))
        app.add_routes(self._wallet.routes())
        app.add_routes(PageSite(people).routes())
        return app
