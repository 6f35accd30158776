"""The chain as an Ethereum node shows it: what addresses hold, at one block.

Every look is of one block, the latest, by its hash. The balances of all watched addresses at it
come in a few calls, and only an account that differs from what is known is looked into
(`payments.ethereum_inflow`). Transactions that wait for a block are shown where the node shows
them.

web3.py could do the asking, and brings some forty packages; what is asked here is plain JSON-RPC.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Collection, Container, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import aiohttp
from loguru import logger
from yarl import URL

from domain.transaction_ids import is_unnamed
from payments.broken_answers import BROKEN_ANSWERS
from payments.chain import AddressLook, ChainUnavailableError, Found, Known, Place
from payments.ethereum_accounts import Account, after_of, as_of, stretch_of
from payments.ethereum_catch_up import CatchUp, Owed, Wanted
from payments.ethereum_heads import Heads
from payments.ethereum_inflow import Stretch, holds_too_little, receipts_of
from payments.ethereum_node import AccountState, Block, EthereumNode, HistoryMissingError
from payments.ethereum_reach import reach_of
from payments.ethereum_tokens import TokenScan
from payments.ethereum_waiting import Waiting
from payments.json_rpc import RpcAccess, RpcConnection, RpcError
from payments.reach import Holding, Reach
from payments.unread import Unread

# Forks deeper than this are beyond finality on the main network (two epochs of 32 blocks).
_REMEMBERED_PLACES = 200
_STEP_BACK_BLOCKS = 100
_NONCES_A_LOOK = 100
_MOMENT_SECONDS = 0.2
_READS_BLOCKS = (
    "keeps no states of the blocks since the shop was stopped, which are read one by one: of some"
    " orders it shows later what they received"
)
_MAIN = 1
# Chains that are made to try things out (Geth, Hardhat and Anvil by default), and may be set back.
SET_BACK_AT_WILL = (1337, 31337)
# The main network makes a block every 12 s; a node whose latest is older stands still.
_OLDEST_HEAD = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class EthereumConnector:
    """A recipe for a client of one node. An empty `user` sends no credentials."""

    chain_id: int
    url: str
    ws_url: str | None = None
    user: str = ""
    password: str = field(default="", repr=False)
    request_timeout_seconds: float = 30.0
    tokens_every: timedelta = timedelta(minutes=1)

    @property
    def pushes(self) -> bool:
        """Where there is a WebSocket."""
        return self.ws_url is not None

    def connect(self) -> "EthereumClient":
        """A new client; nothing is sent yet."""
        return EthereumClient(self)

    @property
    def name(self) -> str:
        """The node for people, without credentials."""
        url = URL(self.url)
        return f"the ETH node at {url.host}:{url.port}"

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


class EthereumClient:
    """One view of one node."""

    def __init__(self, connector: EthereumConnector) -> None:
        self._connector = connector
        self._accounts: dict[str, Account] = {}
        self._passed: deque[Place] = deque(maxlen=_REMEMBERED_PLACES)
        self._heads = Heads(connector.name, connector.ws_url, connector.request_timeout_seconds)
        self._waiting = Waiting()
        self._next_nonce_check = 0
        self._highest = -1
        self._tokens = TokenScan(connector.tokens_every)
        self._catch_up = CatchUp(connector.name)
        self._unread = Unread(connector.name)
        self._refused_at: str | None = None

    async def look(
        self, place: Place | None, addresses: Mapping[str, Known], *, began_at: datetime
    ) -> AddressLook:
        """See what the addresses hold at the latest block; see `ChainClient`.

        Raises:
            ChainUnavailableError: the node cannot be reached, gives no usable answer, is not in
                step with its network, or changed its mind during the look.
            ChainRefusedError: the node refuses the credentials, or is of another chain.
        """
        async with self._asked() as node:
            return await self._look(node, place, addresses, began_at)

    async def reach_back(self, moment: datetime) -> Reach:
        """From which block on states are kept since then; see `ReachesBack`.

        Raises:
            ChainUnavailableError, ChainRefusedError: as for `look`.
        """
        async with self._asked() as node:
            return await reach_of(node, await node.head(self._connector.chain_id), moment)

    async def holdings(self, addresses: Sequence[str]) -> tuple[Place, Mapping[str, Holding]]:
        """What addresses hold at the latest block; see `TellsHoldings`.

        Raises:
            ChainUnavailableError, ChainRefusedError: as for `look`.
        """
        async with self._asked() as node:
            place = (await node.head(self._connector.chain_id)).place
            balances = await node.balances(addresses, place)
            used = [address for address in addresses if balances[address][1]]
            nonces = await node.nonces(used, place)
            return place, {
                address: Holding(
                    base_units=balances[address][0], has_sent=bool(nonces.get(address))
                )
                for address in addresses
            }

    @asynccontextmanager
    async def _asked(self) -> AsyncIterator[EthereumNode]:
        """The node for the time of some questions."""
        name = self._connector.name
        async with RpcConnection(self._connector.access) as connection:
            try:
                yield EthereumNode(connection, name)
            except RpcError as error:
                raise ChainUnavailableError(f"{name} refuses: {error}") from None
            except BROKEN_ANSWERS as error:
                raise ChainUnavailableError(
                    f"{name} gives answers that are not those of an Ethereum node"
                ) from error

    async def changed(self) -> None:
        """Return when there is a new block; never where the node has no `ws_url`.

        Raises:
            ChainUnavailableError: the subscription cannot be had, or broke.
        """
        await self._heads.next()

    async def close(self) -> None:
        """End the subscription."""
        await self._heads.close()

    async def _look(
        self,
        node: EthereumNode,
        place: Place | None,
        addresses: Mapping[str, Known],
        began_at: datetime,
    ) -> AddressLook:
        # Before the head: what gets a block in between is found in it, and never in neither.
        pending = await node.pending()
        head = await node.head(self._connector.chain_id)
        self._require_in_step(head, place, began_at)
        base = await self._base(node, place or head.place, head.place)
        is_fork = bool(self._passed) and base != self._passed[-1]
        accounts = as_of(base, place or base, addresses, self._accounts, is_fork=is_fork)
        balances = await node.balances(tuple(addresses), head.place)
        # Of those that are known less far it is to be found out, whatever they hold by now.
        behind = {a for a, each in self._accounts.items() if each.is_new and a in accounts}
        changed = {a for a in addresses if balances[a] != accounts[a].seen} | behind
        nonces = await node.nonces(self._to_ask(accounts, balances, changed), head.place)
        ends = {a: AccountState(balances[a][0], nonce) for a, nonce in nonces.items()}
        differing = {a: e for a, e in ends.items() if a in changed or e.nonce != accounts[a].nonce}
        found, unread = await self._looked_into(node, accounts, base, head, differing)
        await self._ask_again(node, found, balances, head.place)
        for address, end in ends.items():
            if address in unread:
                continue
            account = accounts[address]
            receipts = account.receipts + found.get(address, ())
            accounts[address] = replace(
                account,
                receipts=receipts,
                nonce=end.nonce,
                height=head.place.height,
                seen=balances[address] if address in changed else account.seen,
            )
        in_blocks = {address: account.receipts for address, account in accounts.items()}
        waiting = await self._waiting.read(node, pending, head.place, in_blocks, began_at)
        if await node.block_hash(head.place.height) != head.place.block_hash:
            raise ChainUnavailableError(
                f"{self._connector.name} has exchanged its latest block during the look"
            )
        self._adopt(accounts, head.place, unread)
        tokens = await self._tokens.news(node, tuple(addresses), base, head.place, began_at)
        return AddressLook(
            tokens=tokens,
            began_at=began_at,
            place=head.place,
            receipts={
                address: account.receipts + waiting.get(address, ())
                for address, account in accounts.items()
                if address not in unread
            },
            doubts=self._doubts(unread, began_at),
            undecided=frozenset(unread),
        )

    async def _ask_again(
        self,
        node: EthereumNode,
        found: Mapping[str, tuple[Found, ...]],
        balances: Mapping[str, tuple[int, bool]],
        place: Place,
    ) -> None:
        """Money without a transaction has to be there a moment later too.

        A node that mixes the states of two blocks (Anvil does while it makes the next one) shows
        what a transaction of the next brings as such money of this one.

        Raises:
            ChainUnavailableError: it is not.
        """
        unnamed = tuple(a for a, new in found.items() if any(map(_is_unnamed, new)))
        if unnamed:
            await asyncio.sleep(_MOMENT_SECONDS)
            again = await node.balances(unnamed, place)
            if again != {address: balances[address] for address in unnamed}:
                raise ChainUnavailableError(
                    f"{self._connector.name} says two things of what accounts held at block"
                    f" {place.height}"
                )

    def _doubts(self, unread: Collection[str], now: datetime) -> tuple[str, ...]:
        on_their_way = self._catch_up.addresses
        stuck = [each for each in unread if each not in on_their_way]
        told = self._unread.told(stuck, stuck, now)
        return (f"{self._connector.name} {_READS_BLOCKS}", *told) if on_their_way else told

    async def _base(self, node: EthereumNode, place: Place, head: Place) -> Place:
        """The newest place that is still of the chain; what is known holds up to it."""
        for known in (*reversed(self._passed), place):
            if known.height > head.height:
                continue
            if await node.block_hash(known.height) == known.block_hash:
                return known
        lowest = min(place.height, head.height, *(each.height for each in self._passed))
        height = max(0, lowest - _STEP_BACK_BLOCKS)
        block_hash = await node.block_hash(height)
        return Place(height=height, block_hash=block_hash or "")

    def _to_ask(
        self,
        accounts: Mapping[str, Account],
        balances: Mapping[str, tuple[int, bool]],
        changed: set[str],
    ) -> list[str]:
        """Whose number of sent transactions is asked for: all that changed, and others in turn.

        An account that sent as much as it received between two looks shows it by nothing else.
        """
        used = [address for address in accounts if balances[address][1] and address not in changed]
        start = self._next_nonce_check % max(1, len(used))
        in_turn = (used[start:] + used[:start])[:_NONCES_A_LOOK]
        self._next_nonce_check = start + len(in_turn)
        return [*(address for address in accounts if address in changed), *in_turn]

    async def _looked_into(
        self,
        node: EthereumNode,
        accounts: Mapping[str, Account],
        base: Place,
        head: Block,
        ends: Mapping[str, AccountState],
    ) -> tuple[dict[str, tuple[Found, ...]], dict[str, int]]:
        """What these accounts have received besides; and those of which it is not known yet.

        The latter with the height after which it has to be found out.
        """
        owed = {
            address: Owed(after=after_of(accounts[address], base, end), end_state=end)
            for address, end in ends.items()
        }
        self._catch_up.keep(owed)
        found: dict[str, tuple[Found, ...]] = {}
        to_read: dict[str, Wanted] = {}
        for address in self._in_turn(owed.keys() - self._catch_up.addresses, ends):
            account = accounts[address]
            try:
                stretch = await stretch_of(node, account, address, base, head, ends[address])
                if holds_too_little(stretch):
                    logger.warning("{} holds less than it received and has sent nothing", address)
                    continue
                new = await self._received(node, stretch, account)
            except ChainUnavailableError as error:
                # What was found of the others stays, so that a look gets further each time.
                logger.warning("{}: not all could be looked into: {}", self._connector.name, error)
                self._refused_at = address
                break
            if new is None:
                to_read[address] = Wanted(stretch=stretch, known=account.receipts)
            else:
                found[address] = new
        found |= await self._catch_up.read(node, to_read, owed, head)
        besides = {
            address: tuple(each for each in new if each not in accounts[address].receipts)
            for address, new in found.items()
        }
        return besides, {a: each.after for a, each in owed.items() if a not in found}

    def _in_turn(self, addresses: Container[str], ends: Mapping[str, AccountState]) -> list[str]:
        """These in the order of `ends`, beginning after the one at which the node last refused.

        One that takes more questions than the node answers must not hold the others up.
        """
        names = list(ends)
        refused = self._refused_at
        start = names.index(refused) + 1 if refused is not None and refused in ends else 0
        return [each for each in (*names[start:], *names[:start]) if each in addresses]

    async def _received(
        self, node: EthereumNode, stretch: Stretch, account: Account
    ) -> tuple[Found, ...] | None:
        """What an account has received; None where that has to be read block by block."""
        try:
            return await receipts_of(node, stretch, account.receipts)
        except HistoryMissingError:
            return None

    def _adopt(self, accounts: dict[str, Account], place: Place, unread: Mapping[str, int]) -> None:
        """Everything is known up to this place, but for what is still read from further below."""
        self._accounts = {
            address: replace(account, is_new=False) if account.is_new else account
            for address, account in accounts.items()
        }
        for address, after in unread.items():
            self._accounts[address] = replace(accounts[address], is_new=True, height=after)
        self._catch_up.done(self._catch_up.addresses - unread.keys())
        while self._passed and self._passed[-1].height >= place.height:
            self._passed.pop()
        self._passed.append(place)
        self._highest = max(self._highest, place.height)

    def _require_in_step(self, head: Block, place: Place | None, now: datetime) -> None:
        """Let no node pass that stands still, or that is behind what was seen before.

        Many nodes share the address of a public endpoint. Payments in the blocks that one of them
        lacks would seem to have been undone; a real fork is as long as what it takes the place of.
        """
        name, chain_id = self._connector.name, self._connector.chain_id
        if chain_id == _MAIN and now - head.time > _OLDEST_HEAD:
            raise ChainUnavailableError(f"{name} stands still: its latest block is of {head.time}")
        highest = max(self._highest, -1 if place is None else place.height)
        if head.place.height < highest and chain_id not in SET_BACK_AT_WILL:
            raise ChainUnavailableError(
                f"{name} is behind: at block {head.place.height} of {highest}"
            )


def _is_unnamed(found: Found) -> bool:
    return is_unnamed(found.transaction_id)
