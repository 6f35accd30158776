"""The chain as a Solana node shows it: the transactions of each address.

What addresses hold comes for a hundred of them in a call; only where that has changed, or is not
final yet, are an address's transactions asked for, and all others in turn, for an address may have
given away between two looks what it received. Public nodes limit how often they are asked, so a
look is of so many addresses and reads the transactions of so many; what does not fit goes in turns,
those that somebody waits for and the newest first. A receipt is what an address has more after a
transaction than before. One that is not as sure as the shop wants it is shown as waiting.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

import aiohttp
from loguru import logger
from yarl import URL

from payments.broken_answers import BROKEN_ANSWERS
from payments.chain import AddressLook, ChainUnavailableError, Known, Place
from payments.json_rpc import EXCHANGES_AT_ONCE, RpcAccess, RpcConnection, RpcError
from payments.pages import pages
from payments.reach import Reach
from payments.solana_account import (
    Account,
    Moment,
    Reading,
    account_after,
    is_unexplained,
    read_account,
    recorded_account,
)
from payments.solana_node import SolanaNode
from payments.solana_push import AccountChanges
from payments.solana_tip import TipWatch
from payments.turns import Turns, by_urgency
from payments.unread import Unread

# So many are read in every look of those that have not changed.
_IN_TURN_A_LOOK = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SolanaConnector:
    """A recipe for a client of one node. An empty `user` sends no credentials.

    A look is of `addresses_a_look`, a call for each hundred, and asks of `reads_a_look` of them for
    their transactions, most of which are new or have changed. Ten calls in five seconds is half of
    what the public nodes of the main network allow for one method.
    """

    network: str
    url: str
    ws_url: str | None = None
    user: str = ""
    password: str = field(default="", repr=False)
    request_timeout_seconds: float = 30.0
    addresses_a_look: int = 1_000
    reads_a_look: int = 100

    @property
    def pushes(self) -> bool:
        """Where there is a WebSocket."""
        return self.ws_url is not None

    def connect(self) -> "SolanaClient":
        """A new client; nothing is sent yet."""
        return SolanaClient(self)

    @property
    def name(self) -> str:
        """The node for people, without credentials."""
        url = URL(self.url)
        return f"the SOL node at {url.host}:{url.port}"

    @property
    def access(self) -> RpcAccess:
        """Where the node is and who asks."""
        headers = {}
        if self.user:
            login = aiohttp.encode_basic_auth(self.user, self.password, "utf-8")
            headers["Authorization"] = login
        return RpcAccess(
            name=self.name,
            url=str(URL(self.url).with_user(None)),
            headers=headers,
            version="2.0",
            identified_by="the credentials",
            if_refused="compare user, password and address with what its operator gave you",
            request_timeout_seconds=self.request_timeout_seconds,
        )


@dataclass(slots=True)
class _Round:
    """What was read in a look, and who was asked for."""

    readings: dict[str, Reading] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @property
    def read(self) -> frozenset[str]:
        """Those of which all was read."""
        return frozenset(each for each, reading in self.readings.items() if reading.complete)

    @property
    def troubled(self) -> frozenset[str]:
        """Those of which not all can be read, and that not for their number alone."""
        return frozenset(each for each, reading in self.readings.items() if reading.problem)

    @property
    def problem(self) -> str | None:
        """Why nothing at all came of it, where something is wrong."""
        problems = [each.problem for each in self.readings.values()]
        return problems[0] if problems and all(problems) else None


class SolanaClient:
    """One view of one node."""

    def __init__(self, connector: SolanaConnector) -> None:
        self._connector = connector
        self._accounts: dict[str, Account] = {}
        self._changes = AccountChanges(
            connector.name, connector.ws_url, connector.request_timeout_seconds
        )
        self._turns = Turns()
        self._tips = TipWatch()
        self._troubled: set[str] = set()
        self._unread = Unread(connector.name)
        self._looks = 0

    async def look(
        self, place: Place | None, addresses: Mapping[str, Known], *, began_at: datetime
    ) -> AddressLook:
        """See what the addresses have received; see `ChainClient`.

        Raises:
            ChainUnavailableError: the node cannot be reached or gives no usable answer.
            ChainRefusedError: the node refuses the credentials, or is of another network.
        """
        # Every look asks for all that an address ever received.
        if place is not None:
            self._tips.was_at(place.height)
        # Not all can be subscribed to.
        self._changes.watch(by_urgency(addresses))
        async with self._asked() as node:
            return await self._look(node, addresses, began_at)

    def _lowest_slot(self) -> int | None:
        # A network of one's own is one machine, may be set back, and where it is Surfpool takes the
        # lowest slot for a filter of transactions.
        return None if self._connector.network == "regtest" else self._tips.highest

    async def reach_back(self, _moment: datetime) -> Reach:
        """From which slot on the node keeps transactions; see `ReachesBack`.

        Raises:
            ChainUnavailableError, ChainRefusedError: as for `look`.
        """
        async with self._asked() as node:
            tip = await node.tip(self._connector.network)
            slot, time = await node.first_kept()
            begins_height = slot - 1 if slot else None
            return Reach(tip=tip, begins_height=begins_height, begins_at=time)

    @asynccontextmanager
    async def _asked(self) -> AsyncIterator[SolanaNode]:
        """The node for the time of some questions."""
        name = self._connector.name
        async with RpcConnection(self._connector.access) as connection:
            try:
                yield SolanaNode(connection, name, self._lowest_slot())
            except RpcError as error:
                raise ChainUnavailableError(f"{name} refuses: {error}") from None
            except BROKEN_ANSWERS as error:
                raise ChainUnavailableError(
                    f"{name} gives answers that are not those of a Solana node"
                ) from error

    async def changed(self) -> None:
        """Return when a watched account has changed; never where the node has no `ws_url`.

        Raises:
            ChainUnavailableError: the subscription cannot be had, or broke.
        """
        await self._changes.next()

    async def close(self) -> None:
        """End the subscriptions."""
        await self._changes.close()

    async def _look(
        self, node: SolanaNode, addresses: Mapping[str, Known], began_at: datetime
    ) -> AddressLook:
        self._looks += 1
        turn = self._turns.next(addresses, self._connector.addresses_a_look)
        held = await node.lamports(turn)
        accounts = {
            address: self._accounts.get(address) or recorded_account(known)
            for address, known in addresses.items()
        }
        stirred, to_read = self._to_read(turn, accounts, held)
        done = await self._read(node, to_read, accounts)
        moment = Moment(began_at=began_at, tip=await self._tip(node, began_at))
        known = {
            address: self._known_now(address, accounts[address], reading, moment, held[address])
            for address, reading in done.readings.items()
        }
        self._accounts = {**accounts, **known}
        puzzles = {address for address, each in known.items() if each.unexplained_since}
        # Nothing is known of one that has changed, or was asked for, and was not read. It comes
        # first next time, if it was not asked for in vain: it must not hold the others up.
        unread = stirred.union(done.readings).difference(done.read - puzzles)
        looked_at = [address for address in turn if address not in unread]
        self._turns.had_their_turn([*looked_at, *done.asked])
        self._tell(done)
        return AddressLook(
            began_at=began_at,
            place=moment.tip,
            receipts={address: self._accounts[address].receipts for address in looked_at},
            doubts=self._unread.told(
                sorted(done.troubled | puzzles), addresses.keys() - set(looked_at), began_at
            ),
        )

    def _known_now(
        self, address: str, before: Account, reading: Reading, moment: Moment, held: int
    ) -> Account:
        after = account_after(address, before, reading, moment, held=held, look=self._looks)
        if is_unexplained(before, reading, held) and after.unexplained_since is None:
            logger.warning(
                "{}: {} holds more than its transactions say, since {:%Y-%m-%d %H:%M} UTC:"
                " they are taken to be all",
                self._connector.name,
                address,
                before.unexplained_since,
            )
        return after

    async def _tip(self, node: SolanaNode, now: datetime) -> Place:
        network = self._connector.network
        tip = await node.tip(network)
        if network == "main":
            time = await node.block_time(tip.height)
            self._tips.require_in_step(tip.height, time, now=now, node_name=self._connector.name)
        self._tips.was_at(tip.height)
        return tip

    def _tell(self, done: _Round) -> None:
        """Log, once for each, what could not be read.

        Raises:
            ChainUnavailableError: none could.
        """
        for address, reading in done.readings.items():
            if reading.problem is None:
                self._troubled.discard(address)
            elif address not in self._troubled:
                self._troubled.add(address)
                logger.warning(
                    "{}: {} is not looked at: {}", self._connector.name, address, reading.problem
                )
        self._troubled &= self._accounts.keys()
        if done.problem is not None:
            raise ChainUnavailableError(
                f"{self._connector.name} shows no address that it was asked for: {done.problem}"
            )

    def _to_read(
        self, turn: Sequence[str], accounts: Mapping[str, Account], held: Mapping[str, int]
    ) -> tuple[frozenset[str], list[str]]:
        """Those that have changed, and whose transactions are asked for: of these and of others."""
        stirred: list[str] = []
        quiet: list[str] = []
        for address in turn:
            account = accounts[address]
            unchanged = not account.unsure and held[address] == account.held_lamports
            (quiet if unchanged else stirred).append(address)
        longest_ago = sorted(quiet, key=lambda address: accounts[address].read_in)
        # Those that have changed have half of a look at least.
        reads = self._connector.reads_a_look
        in_turn = longest_ago[: min(_IN_TURN_A_LOOK, reads // 2)]
        return frozenset(stirred), [*stirred[: reads - len(in_turn)], *in_turn]

    async def _read(
        self, node: SolanaNode, addresses: Sequence[str], accounts: Mapping[str, Account]
    ) -> _Round:
        """What the transactions of addresses have brought.

        It ends early where the node has been asked too often.
        """
        done = _Round()
        for some in pages(addresses, EXCHANGES_AT_ONCE):
            done.asked += some
            try:
                signatures = await node.signatures(some)
                for address in some:
                    done.readings[address] = await read_account(
                        node, address, accounts[address], signatures[address]
                    )
            except ChainUnavailableError as error:
                if not done.readings:
                    raise
                logger.warning("{}: not all could be looked at: {}", self._connector.name, error)
                break
        return done
