"""The chain as a node of the Bitcoin Core RPC family shows it: BTC and LTC.

Blocks and transactions come as bytes, and the mempool by difference. No wallet of the node and no
index is needed. A look reaches the tip and is then of one moment: blocks and mempool are read
again until the tip stands still. A way that is too long for one look is walked in several.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from loguru import logger
from yarl import URL

from payments.broken_answers import BROKEN_ANSWERS
from payments.chain import ChainRefusedError, ChainUnavailableError, Found, Look, Place
from payments.genesis import PUBLIC
from payments.node_answers import NodeBlock, found_in_block, moment
from payments.node_mempool import MempoolReader
from payments.node_places import reach_of
from payments.node_rpc import NodeAccess, NodeConnection, NodeError
from payments.node_walk import last_in_chain, next_block
from payments.patience import Patience
from payments.raw_block import BrokenBlockError
from payments.reach import Reach
from payments.tip_check import Tip, require_in_step
from payments.watched_scripts import WatchedScripts

if TYPE_CHECKING:
    from payments.node_pushes import NodePushes

_HEADERS_AHEAD_ALLOWED = 2  # of blocks that have just been announced and are being fetched
_ROUNDS_UNTIL_STABLE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class BitcoindConnector:
    """A recipe for a client of one node.

    `look_seconds` is how long one look walks before it reports how far it came. `zmq_url` is where
    the node publishes `hashblock` and `rawtx`; it needs pyzmq.

    Raises:
        ValueError: `zmq_url` is no address, or pyzmq is not installed.
    """

    coin: str
    network: str
    url: str
    user: str
    password: str = field(repr=False)
    request_timeout_seconds: float = 30.0
    look_seconds: float = 10.0
    zmq_url: str | None = None

    def __post_init__(self) -> None:
        if self.zmq_url is None:
            return
        if not self.zmq_url.startswith(("tcp://", "ipc://")):
            raise ValueError('the address of a node\'s ZeroMQ is "tcp://host:port"')
        if find_spec("zmq") is None:
            raise ValueError("zmq_url needs pyzmq: install it, or leave zmq_url out")

    @property
    def pushes(self) -> bool:
        """Where ZeroMQ publishes."""
        return self.zmq_url is not None

    def connect(self) -> "BitcoindClient":
        """A new client; nothing is sent yet."""
        return BitcoindClient(self)

    @property
    def name(self) -> str:
        """The node for people, without credentials."""
        url = URL(self.url)
        return f"the {self.coin} node at {url.host}:{url.port}"

    @property
    def access(self) -> NodeAccess:
        """Where the node is and who asks; credentials in the address are not used."""
        return NodeAccess(
            name=self.name,
            url=str(URL(self.url).with_user(None)),
            user=self.user,
            password=self.password,
            request_timeout_seconds=self.request_timeout_seconds,
        )


async def check(connector: BitcoindConnector) -> None:
    """Ask the node once whether it can serve the shop.

    Raises:
        ChainRefusedError: never, as configured: wrong password, wrong network.
        ChainUnavailableError: not now.
    """
    async with NodeConnection(connector.access) as node:
        try:
            await _tip(node, connector)
        except NodeError as error:
            raise ChainUnavailableError(f"{connector.name} refuses: {error}") from None
        except BROKEN_ANSWERS as error:
            raise _unreadable(connector) from error


class BitcoindClient:
    """One view of one node; remembers what of the mempool it has read."""

    def __init__(self, connector: BitcoindConnector) -> None:
        self._connector = connector
        self._mempool = MempoolReader()
        self._watched = WatchedScripts(connector.coin, connector.network)
        self._pushes: NodePushes | None = None
        self._highest = -1

    async def look(
        self, place: Place | None, addresses: Mapping[str, object], *, began_at: datetime
    ) -> Look:
        """Walk from `place` towards the tip and read the mempool; see `ChainClient`.

        Raises:
            ChainUnavailableError: the node cannot be reached, gives no usable answer, is not in
                step with its network, lacks a block, or its tip would not stand still.
            ChainRefusedError: the node refuses the password, is of another network or coin, or an
                address is of another network.
        """
        if self._watched.follow(addresses):
            self._mempool.addresses_were_added(began_at)
        async with NodeConnection(self._connector.access) as node:
            try:
                return await self._look(node, place, began_at)
            except NodeError as error:
                raise ChainUnavailableError(f"{self._connector.name} refuses: {error}") from None
            except BrokenBlockError as error:
                raise ChainUnavailableError(
                    f"{self._connector.name} shows {error}: it is not to be trusted"
                ) from None
            except BROKEN_ANSWERS as error:
                raise _unreadable(self._connector) from error

    async def reach_back(self, moment: datetime) -> Reach:
        """From where on blocks show all that was received since then; see `ReachesBack`.

        Raises:
            ChainUnavailableError: not now.
            ChainRefusedError: never, as configured.
        """
        async with NodeConnection(self._connector.access) as node:
            try:
                return await reach_of(node, await _tip(node, self._connector), moment)
            except NodeError as error:
                raise ChainUnavailableError(f"{self._connector.name} refuses: {error}") from None
            except BROKEN_ANSWERS as error:
                raise _unreadable(self._connector) from error

    async def changed(self) -> None:
        """Return when the node publishes a block, or what may be a payment; see `ChainClient`.

        Without `zmq_url` it never returns. A node that is gone is heard of by the next look.

        Raises:
            ChainRefusedError: `zmq_url` cannot be connected to.
        """
        if self._pushes is None:
            if self._connector.zmq_url is None:
                await asyncio.Event().wait()
                return
            self._pushes = _pushes(self._connector.zmq_url)
        await self._pushes.next(self._watched.filter)

    async def close(self) -> None:
        """Let go of what pushes come by; nothing else is held between looks."""
        pushes, self._pushes = self._pushes, None
        if pushes is not None:
            pushes.close()

    async def _look(self, node: NodeConnection, place: Place | None, began_at: datetime) -> Look:
        patience = Patience(self._connector.look_seconds)
        if place is not None:
            self._highest = max(self._highest, place.height)
        tip = await _tip(node, self._connector)
        await self._require_in_step(node, tip, began_at)
        walk = _Walk(place or tip)
        for _ in range(_ROUNDS_UNTIL_STABLE):
            in_mempool = None
            if await self._walk_to_tip(node, walk, patience):
                in_mempool = await self._mempool.read(
                    node, self._watched, now=began_at, patience=patience
                )
            if in_mempool is None:
                logger.info(
                    "{} at block {} of {}", self._connector.name, walk.place.height, tip.height
                )
                return walk.look(began_at, (), complete=False)
            if await node.call("getbestblockhash") == walk.place.block_hash:
                return walk.look(began_at, in_mempool, complete=True)
        raise ChainUnavailableError(
            f"the tip of {self._connector.name} moved {_ROUNDS_UNTIL_STABLE} times during one look"
        )

    async def _require_in_step(self, node: NodeConnection, tip: Place, now: datetime) -> None:
        """Let no tip pass that is old, or lower than one that was seen before."""
        if self._connector.network == "regtest":
            return
        header = await node.call("getblockheader", tip.block_hash)
        require_in_step(
            Tip(height=tip.height, mined_at=moment(header["time"])),
            highest=self._highest,
            network=self._connector.network,
            now=now,
            server_name=self._connector.name,
        )
        self._highest = tip.height

    async def _walk_to_tip(self, node: NodeConnection, walk: "_Walk", patience: Patience) -> bool:
        """Take in all blocks up to the tip; false where patience ended first."""
        place, next_hash = await last_in_chain(node, walk.place, self._connector.name)
        walk.go_back_to(place)
        has_moved = False
        while next_hash is not None:
            # One block at least, so that a slow node is walked in the end.
            if has_moved and patience.is_over():
                return False
            block = await next_block(node, next_hash, self._connector.name)
            if block.confirmations < 0:  # reorganised away meanwhile: the tip has moved
                return True
            walk.take_in(block, self._watched)
            has_moved = True
            next_hash = block.next_hash
        return True


class _Walk:
    """How far a look has come, and what it found on the way."""

    def __init__(self, start: Place) -> None:
        self._start_height = start.height
        self._fork_height: int | None = None
        self._found: list[Found] = []
        self.place = start

    def go_back_to(self, place: Place) -> None:
        """What was found above `place` is no longer of the chain."""
        if place == self.place:
            return
        self._found = [each for each in self._found if (each.block_height or 0) <= place.height]
        lowest = self._start_height if self._fork_height is None else self._fork_height
        if place.height < lowest:
            self._fork_height = place.height
        self.place = place

    def take_in(self, block: NodeBlock, watched: WatchedScripts) -> None:
        """Go on to the next block."""
        self._found += found_in_block(block, watched)
        self.place = block.place

    def look(self, began_at: datetime, in_mempool: tuple[Found, ...], *, complete: bool) -> Look:
        """What the look shows, as far as it came."""
        return Look(
            began_at=began_at,
            place=self.place,
            fork_height=self._fork_height,
            in_blocks=tuple(self._found),
            in_mempool=in_mempool,
            complete=complete,
        )


async def _tip(node: NodeConnection, connector: BitcoindConnector) -> Place:
    """The tip of a node that is of the right chain and in step with its network."""
    info, genesis = await node.batch([("getblockchaininfo", []), ("getblockhash", [0])])
    for answer in (info, genesis):
        if isinstance(answer, NodeError):
            raise answer
    if info["chain"] != connector.network:
        raise ChainRefusedError(
            f"{connector.name} is on the network {str(info['chain'])[:20]!r} and the shop on"
            f" {connector.network!r}: change the one or the other"
        )
    expected = PUBLIC.get((connector.coin, connector.network))
    if expected is not None and genesis != expected:
        raise ChainRefusedError(f"{connector.name} serves another coin: its first block differs")
    if connector.network != "regtest":
        await _require_in_step(node, connector, info)
    return Place(height=int(info["blocks"]), block_hash=str(info["bestblockhash"]))


async def _require_in_step(
    node: NodeConnection, connector: BitcoindConnector, info: Mapping[str, Any]
) -> None:
    blocks, headers = int(info["blocks"]), int(info["headers"])
    if info["initialblockdownload"] or headers - blocks > _HEADERS_AHEAD_ALLOWED:
        raise ChainUnavailableError(
            f"{connector.name} is catching up with its network: block {blocks} of {headers}"
        )
    if (await node.call("getnetworkinfo"))["connections"] == 0:
        raise ChainUnavailableError(f"{connector.name} has no peers: its chain stands still")


def _pushes(zmq_url: str) -> "NodePushes":
    # Here, for pyzmq is not needed where nobody gives a `zmq_url`.
    from payments.node_pushes import NodePushes  # noqa: PLC0415 - as said

    try:
        return NodePushes(zmq_url)
    except ValueError as error:
        raise ChainRefusedError(str(error)) from None


def _unreadable(connector: BitcoindConnector) -> ChainUnavailableError:
    return ChainUnavailableError(
        f"{connector.name} gives answers that are not those of a Bitcoin Core RPC port"
    )
