"""The chain as an Esplora server shows it (the REST interface of block explorers): BTC and LTC.

Nothing is pushed: each look asks for addresses one by one, within a number of requests. What does
not fit goes in turns, those that somebody waits for and the newest first. A server can hide a
payment; it cannot change an amount, and on the main network a block has to have its proof of work.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from yarl import URL

from payments.broken_answers import BROKEN_ANSWERS
from payments.chain import AddressLook, ChainUnavailableError, Known, Place
from payments.esplora_http import EsploraAccess, EsploraConnection, EsploraError, SpentError
from payments.esplora_look import EsploraReading, unreadable
from payments.esplora_reading import EsploraReader
from payments.esplora_server import Block, EsploraServer
from payments.genesis import require_genesis
from payments.patience import Patience
from payments.tip_check import Tip, require_in_step
from payments.turns import Turns
from payments.unread import Unread

FEWEST_REQUESTS = 8
_REQUESTS_FOR_THE_TIP = 5
_ROUNDS_UNTIL_STABLE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class EsploraConnector:
    """A recipe for a client of one server; `url` is where its API is, "https://host/api".

    `requests_a_look` are for addresses: one each, and some for each payment that is new. A few
    more are made for the tip. `look_seconds` is how long one look asks before it answers with what
    it has.

    Raises:
        ValueError: the address is none, or the requests are too few.
    """

    coin: str
    network: str
    url: str
    request_timeout_seconds: float = 30.0
    look_seconds: float = 10.0
    requests_a_look: int = 60

    def __post_init__(self) -> None:
        parts = URL(self.url)
        if parts.scheme not in {"http", "https"} or not parts.host:
            raise ValueError('the address of an Esplora API is "https://host/path"')
        if self.requests_a_look < FEWEST_REQUESTS:
            raise ValueError(f"requests_a_look is at least {FEWEST_REQUESTS}")

    @property
    def pushes(self) -> bool:
        """It has to be asked."""
        return False

    def connect(self) -> "EsploraClient":
        """A new client; nothing is sent yet."""
        return EsploraClient(self)

    @property
    def name(self) -> str:
        """The server for people, without credentials."""
        parts = URL(self.url)
        return f"the {self.coin} Esplora server at {parts.host}:{parts.port}"

    @property
    def access(self) -> EsploraAccess:
        """Where the server is."""
        return EsploraAccess(
            name=self.name,
            url=URL(self.url),
            request_timeout_seconds=self.request_timeout_seconds,
        )


class EsploraClient:
    """One view of one server; remembers what it has fetched and proven."""

    def __init__(self, connector: EsploraConnector) -> None:
        self._connector = connector
        self._name = connector.name
        self._connection = EsploraConnection(connector.access)
        self._server = EsploraServer(
            self._connection, name=self._name, coin=connector.coin, network=connector.network
        )
        self._reader = EsploraReader(
            self._server, name=self._name, coin=connector.coin, network=connector.network
        )
        self._turns = Turns()
        self._highest = -1
        self._unread = Unread(connector.name)
        self._is_right_chain = False

    async def look(
        self, place: Place | None, addresses: Mapping[str, Known], *, began_at: datetime
    ) -> AddressLook:
        """See what the watched addresses have received; see `ChainClient`.

        Raises:
            ChainUnavailableError: the server cannot be reached, gives no usable answer, proves
                nothing, is behind, refuses everything, or wants to be left alone.
            ChainRefusedError: the server is of another network or coin, or does not let us in,
                or an address is of another network.
        """
        self._reader.follow(addresses)
        if place is not None:
            self._highest = max(self._highest, place.height)
        try:
            await self._require_right_chain()
            for _ in range(_ROUNDS_UNTIL_STABLE):
                look = await self._look(addresses, began_at)
                if look is not None:
                    return look
        except (EsploraError, SpentError) as error:
            raise ChainUnavailableError(
                f"{self._name} refuses: {error}; is it the address of an Esplora API?"
            ) from None
        except BROKEN_ANSWERS as error:
            raise unreadable(self._name) from error
        raise ChainUnavailableError(
            f"the chain of {self._name} was reorganised {_ROUNDS_UNTIL_STABLE} times in one look"
        )

    async def changed(self) -> None:
        """Never return: nothing is pushed; see `ChainClient`."""
        await asyncio.Event().wait()

    async def close(self) -> None:
        """End the session."""
        await self._connection.close()

    async def _require_right_chain(self) -> None:
        if self._is_right_chain:
            return
        self._connection.allow(_REQUESTS_FOR_THE_TIP)
        require_genesis(
            await self._server.hash_at(0),
            coin=self._connector.coin,
            network=self._connector.network,
            server_name=self._name,
        )
        self._is_right_chain = True

    async def _look(self, addresses: Mapping[str, Known], began_at: datetime) -> AddressLook | None:
        """All of one moment; None where the chain was reorganised meanwhile."""
        before = await self._tip(began_at)
        most = self._connector.requests_a_look
        reading = EsploraReading(
            self._reader,
            self._connection,
            addresses,
            began_at=began_at,
            server_name=self._name,
        )
        self._connection.allow(most)
        patience = Patience(self._connector.look_seconds)
        asked = await reading.read(self._turns.next(addresses, most), patience)
        self._turns.had_their_turn(asked)
        receipts = reading.receipts_or_raise()
        after = before if reading.is_cut_short else await self._tip(began_at)
        if (
            after != before
            and await self._server.hash_at(before.height) != before.header.block_hash
        ):
            return None
        # What is in a block above the tip is read again next time.
        shown = {
            address: found
            for address, found in receipts.items()
            if all((each.block_height or 0) <= after.height for each in found)
        }
        return AddressLook(
            began_at=began_at,
            place=after.place,
            receipts=shown,
            doubts=self._unread.told(
                reading.troubles, addresses.keys() - receipts.keys(), began_at
            ),
            undecided=frozenset(reading.troubles),
        )

    async def _tip(self, now: datetime) -> Block:
        self._connection.allow(_REQUESTS_FOR_THE_TIP)
        block = await self._reader.block(await self._server.tip_hash())
        tip = Tip(height=block.height, mined_at=datetime.fromtimestamp(block.header.unix_time, UTC))
        require_in_step(
            tip,
            highest=self._highest,
            network=self._connector.network,
            now=now,
            server_name=self._name,
        )
        self._highest = tip.height
        return block
