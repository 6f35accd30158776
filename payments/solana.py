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

from payments.chain import AddressLook, ChainUnavailableError, Found, Known, Place
from payments.json_rpc import EXCHANGES_AT_ONCE, RpcAccess, RpcConnection, RpcError
from payments.pages import pages
from payments.reach import Reach
from payments.solana_node import Signed, SolanaNode, received_lamports
from payments.solana_push import AccountChanges
from payments.turns import Turns, by_urgency

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Account:
    """What the client knows of an address. `held_lamports` None: it was never looked at.

    `unsure` are signatures of transactions that a fork may still undo. `read_in` is the number of
    the look that read its transactions last.
    """

    receipts: tuple[Found, ...] = ()
    held_lamports: int | None = None
    unsure: frozenset[str] = frozenset()
    read_in: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moment:
    """When a look began, and the tip that it belongs to."""

    began_at: datetime
    tip: Place


class SolanaClient:
    """One view of one node."""

    def __init__(self, connector: SolanaConnector) -> None:
        self._connector = connector
        self._accounts: dict[str, _Account] = {}
        self._changes = AccountChanges(
            connector.name, connector.ws_url, connector.request_timeout_seconds
        )
        self._turns = Turns()
        self._looks = 0

    async def look(
        self, place: Place | None, addresses: Mapping[str, Known], *, began_at: datetime
    ) -> AddressLook:
        """See what the addresses have received; see `ChainClient`.

        Raises:
            ChainUnavailableError: the node cannot be reached or gives no usable answer.
            ChainRefusedError: the node refuses the credentials, or is of another network.
        """
        del place  # every look asks for all that an address ever received
        # Not all can be subscribed to.
        self._changes.watch(by_urgency(addresses))
        async with self._asked() as node:
            return await self._look(node, addresses, began_at)

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
                yield SolanaNode(connection, name)
            except RpcError as error:
                raise ChainUnavailableError(f"{name} refuses: {error}") from None
            except (LookupError, TypeError, ValueError, ArithmeticError) as error:
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
            address: self._accounts.get(address) or _Account(receipts=_final(known.receipts))
            for address, known in addresses.items()
        }
        stirred, to_read = self._to_read(turn, accounts, held)
        read, asked = await self._read(node, to_read, accounts)
        moment = _Moment(began_at=began_at, tip=await node.tip(self._connector.network))
        for address, (good, amounts) in read.items():
            unsure = frozenset(each.signature for each in good if not each.is_final)
            accounts[address] = _Account(
                receipts=self._receipts(address, accounts[address], good, amounts, moment),
                held_lamports=held[address],
                unsure=unsure,
                read_in=self._looks,
            )
        self._accounts = accounts
        # Nothing is known of one that has changed and was not read. It comes first next time, if
        # it was not asked for in vain: it must not hold the others up.
        unread = stirred.difference(read)
        looked_at = [address for address in turn if address not in unread]
        self._turns.had_their_turn([*looked_at, *asked])
        return AddressLook(
            began_at=began_at,
            place=moment.tip,
            receipts={address: accounts[address].receipts for address in looked_at},
        )

    def _to_read(
        self, turn: Sequence[str], accounts: Mapping[str, _Account], held: Mapping[str, int]
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
        self, node: SolanaNode, addresses: Sequence[str], accounts: Mapping[str, _Account]
    ) -> tuple[dict[str, tuple[list[Signed], dict[str, int]]], list[str]]:
        """The good transactions of addresses and what each has brought; and who was asked for.

        It ends early where the node has been asked too often.
        """
        read: dict[str, tuple[list[Signed], dict[str, int]]] = {}
        asked: list[str] = []
        for some in pages(addresses, EXCHANGES_AT_ONCE):
            asked += some
            try:
                signatures = await node.signatures(some)
                for address in some:
                    good = [each for each in signatures[address] if not each.failed]
                    read[address] = good, await _amounts(node, address, accounts[address], good)
            except ChainUnavailableError as error:
                if not read:
                    raise
                logger.warning("{}: not all could be looked at: {}", self._connector.name, error)
                break
        return read, asked

    def _receipts(
        self,
        address: str,
        account: _Account,
        good: Sequence[Signed],
        amounts: Mapping[str, int],
        moment: _Moment,
    ) -> tuple[Found, ...]:
        known = {each.transaction_id: each for each in account.receipts}
        # A node forgets old transactions; what could not be undone any more stays.
        forgotten = [
            each
            for each in account.receipts
            if each.transaction_id not in amounts and each.transaction_id not in account.unsure
        ]
        named = []
        for each in reversed(good):
            before, amount = known.get(each.signature), amounts[each.signature]
            time = each.time or (before.chain_time if before is not None else moment.began_at)
            if amount > 0:
                named.append(self._found(address, each, amount, time, moment.tip))
        return (*forgotten, *named)

    def _found(
        self, address: str, signed: Signed, amount_lamports: int, time: datetime, tip: Place
    ) -> Found:
        # The tip may be of a moment before the signatures.
        in_block = signed.slot <= tip.height
        return Found(
            address=address,
            transaction_id=signed.signature,
            output_index=None,
            amount_base_units=amount_lamports,
            block_height=signed.slot if in_block else None,
            block_hash=str(signed.slot) if in_block else None,
            chain_time=time,
            confirmations=signed.confirmations if in_block else None,
        )


async def _amounts(
    node: SolanaNode, address: str, account: _Account, good: Sequence[Signed]
) -> dict[str, int]:
    """What each transaction has brought the address, below zero where it has taken."""
    amounts = {each.transaction_id: each.amount_base_units for each in account.receipts}
    new = [each.signature for each in good if each.signature not in amounts]
    for name, transaction in zip(new, await node.transactions(new), strict=True):
        amounts[name] = received_lamports(transaction, address)
    return {each.signature: amounts[each.signature] for each in good}


def _final(receipts: tuple[Found, ...]) -> tuple[Found, ...]:
    return tuple(each for each in receipts if each.block_height is not None)
