"""The chain as an Electrum server shows it: BTC and LTC.

One connection is kept. The server pushes what happens to the scripts that are watched, and a look
reads what changed: histories, transactions, and the proof that they are in their blocks. A server
can hide a payment; it cannot change an amount, and to show one in a block that is in none, it has
to spend the work that a block costs.

Addresses over `most_subscriptions`, and those for which the server takes no subscription, are asked
for in turn.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from loguru import logger

from payments.broken_answers import BROKEN_ANSWERS
from payments.chain import AddressLook, ChainUnavailableError, Found, Known, Place
from payments.electrum_dialling import ElectrumAccess, electrum_access
from payments.electrum_headers import HeaderFollower
from payments.electrum_reading import ElectrumReader, receipts_of
from payments.electrum_rpc import ElectrumError
from payments.electrum_scripts import ScriptBook, WatchedScript
from payments.electrum_server import HEADERS_PUSH, SCRIPT_PUSH, ElectrumServer, greet
from payments.electrum_subscriptions import Subscriptions
from payments.patience import Patience

_ROUNDS_UNTIL_STABLE = 10
_PAUSE_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class ElectrumConnector:
    """A recipe for a client of one server, "tcp://host:port" or "ssl://host:port".

    With `certificate_sha256`, that very certificate is taken and no other; without it, one
    signed by an authority that this system trusts. `look_seconds` is how long one look reads
    before it answers with what it has. `most_subscriptions`: how many the server allows.

    Raises:
        ElectrumAddressError: (a ValueError) the address or the fingerprint is none.
    """

    coin: str
    network: str
    url: str
    certificate_sha256: str | None = None
    request_timeout_seconds: float = 30.0
    look_seconds: float = 10.0
    most_subscriptions: int = 10_000

    def __post_init__(self) -> None:
        _ = self.access

    @property
    def pushes(self) -> bool:
        """Servers tell of every address that is subscribed to."""
        return True

    def connect(self) -> "ElectrumClient":
        """A new client; nothing is sent yet."""
        return ElectrumClient(self)

    @property
    def name(self) -> str:
        """The server for people."""
        return self.access.name

    @property
    def access(self) -> ElectrumAccess:
        """Where the server is."""
        return electrum_access(
            self.coin, self.url, self.certificate_sha256, self.request_timeout_seconds
        )


class ElectrumClient:
    """One view of one server; remembers histories and headers over connections."""

    def __init__(self, connector: ElectrumConnector) -> None:
        self._connector = connector
        self._server: ElectrumServer | None = None
        self._book = ScriptBook(connector.coin, connector.network)
        self._headers = HeaderFollower(connector.coin, connector.network)
        self._subscriptions = Subscriptions(self._book, connector.most_subscriptions)
        self._looks = 0
        self._news = asyncio.Event()
        self._lost: str | None = None

    async def look(
        self, place: Place | None, addresses: Mapping[str, Known], *, began_at: datetime
    ) -> AddressLook:
        """See what the watched addresses have received; see `ChainClient`.

        Raises:
            ChainUnavailableError: the server cannot be reached, gives no usable answer, proves
                nothing, is behind, or refuses everything.
            ChainRefusedError: the server is of another network or coin, shows another
                certificate, or an address is of another network.
        """
        self._news.clear()
        self._lost = None
        self._looks += 1
        try:
            unwanted = self._book.follow(addresses)
            server = await self._connected()
            if unwanted:
                await server.unsubscribe(unwanted)
            await self._headers.sync(server, place, began_at)
            return await self._look(server, addresses, began_at)
        except ElectrumError as error:
            raise ChainUnavailableError(f"{self._connector.name} refuses: {error}") from None
        except BROKEN_ANSWERS as error:
            raise ChainUnavailableError(
                f"{self._connector.name} gives answers that are not those of an Electrum server"
            ) from error

    async def changed(self) -> None:
        """Return when the server has pushed; see `ChainClient`.

        Where there is no connection it waits for the one that the next look makes.

        Raises:
            ChainUnavailableError: the connection was lost; told once.
        """
        await self._news.wait()
        self._news.clear()
        if self._lost is not None:
            lost, self._lost = self._lost, None
            raise ChainUnavailableError(lost)

    async def close(self) -> None:
        """End the connection."""
        if self._server is not None:
            await self._server.close()
            self._server = None

    async def _connected(self) -> ElectrumServer:
        if self._server is not None and not self._server.is_lost:
            return self._server
        await self.close()
        self._book.connection_was_lost()
        self._server = await greet(
            self._connector.access,
            coin=self._connector.coin,
            network=self._connector.network,
            on_push=self._pushed,
            on_lost=self._was_lost,
        )
        return self._server

    async def _look(
        self, server: ElectrumServer, addresses: Mapping[str, Known], began_at: datetime
    ) -> AddressLook:
        patience = Patience(self._connector.look_seconds)
        reader = ElectrumReader(
            server,
            self._headers,
            patience,
            coin=self._connector.coin,
            network=self._connector.network,
        )
        chain = self._headers.chain
        refusal: ElectrumError | None = None
        receipts: dict[str, tuple[Found, ...]] = {}
        for number in range(_ROUNDS_UNTIL_STABLE):
            if number:
                # The server may be on its way from one block to the next.
                await asyncio.sleep(_PAUSE_SECONDS)
                await self._headers.sync(server, None, began_at)
            refusal = await self._subscriptions.renew(server, addresses, chain.place, patience)
            scripts = self._book.subscribed() + self._subscriptions.polled(addresses)
            await reader.read(scripts, self._looks)
            receipts = self._receipts(scripts, addresses, began_at)
            if len(receipts) == len(scripts) or patience.is_over():
                break
        self._require_answers(reader.doubt, reader.refusal or refusal, addresses, receipts)
        return AddressLook(began_at=began_at, place=chain.place, receipts=receipts)

    def _receipts(
        self, scripts: list[WatchedScript], addresses: Mapping[str, Known], now: datetime
    ) -> dict[str, tuple[Found, ...]]:
        """What is fully known; read without a pause, so that all of it is of one chain."""
        receipts = {}
        for script in scripts:
            if not script.is_current(self._looks):
                continue
            known = addresses[script.address]
            found = receipts_of(script, self._headers.chain, known, now)
            if found is not None:
                receipts[script.address] = found
        return receipts

    def _require_answers(
        self,
        doubt: str | None,
        refusal: ElectrumError | None,
        addresses: Mapping[str, Known],
        receipts: Mapping[str, tuple[Found, ...]],
    ) -> None:
        if doubt is not None:
            raise ChainUnavailableError(
                f"{self._connector.name} does not prove what it says: {doubt}"
            )
        if refusal is None:
            return
        if addresses and not receipts:
            raise refusal
        logger.warning("{} refuses some: {}", self._connector.name, refusal)

    def _pushed(self, method: str, parameters: list[object]) -> None:
        if method == SCRIPT_PUSH:
            match parameters:
                case [str(script_hash), str() | None as status]:
                    self._book.pushed(script_hash, status)
        if method in {SCRIPT_PUSH, HEADERS_PUSH}:
            self._news.set()

    def _was_lost(self, why: str) -> None:
        self._lost = why
        self._news.set()
