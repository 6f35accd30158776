"""Paying on a litecoind, seen by `bitcoind`, by `electrum` or by `esplora`."""

import asyncio
import json
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from domain.rules import CoinRules
from payments.bitcoind import BitcoindConnector
from payments.chain import ChainConnector
from payments.electrum import ElectrumConnector
from payments.esplora import EsploraConnector
from tests.electrumx_server import INDEXED
from tests.litecoin_node import PASSWORD, USER, LitecoinNode
from tests.payment_cases.chains import FRONT_TIMEOUT_SECONDS, Chain
from tests.payment_cases.shifted_time import ShiftedClock
from tests.payments.address_backends import mine_only, pay_several, replace_by_another

CONFIRMATIONS = 2
_BASE_UNITS = 10**8
# The median of the last eleven is what a block's time is judged by (BIP 113).
_BLOCKS_OF_A_MEDIAN = 11
_FOLLOWS_WITHIN_SECONDS = 60.0


class LitecoinChain(Chain):
    """`url` is where the client looks: the node itself, an ElectrumX or an Esplora over it.

    `server_height`: how far a server with a store of its own has come.
    """

    coin = "LTC"
    network = "regtest"
    rate = Decimal(80)
    rules = CoinRules(
        coin="LTC",
        confirmations=CONFIRMATIONS,
        smallest_order_base_units=10_000,
        dust_base_units=1_000,
        final_confirmations=12,
    )

    def __init__(
        self,
        client: str,
        node: LitecoinNode,
        url: str,
        server_height: Callable[[], int] | None = None,
    ) -> None:
        self.client = client
        self.node = node
        self._url = url
        self._server_height = server_height
        self.pushes = client == "electrum"

    @property
    def url(self) -> str:
        return self._url

    def connector(self) -> ChainConnector:
        return self._connector(self._url)

    def connector_by(self, url: str) -> ChainConnector:
        return self._connector(url, request_timeout_seconds=FRONT_TIMEOUT_SECONDS)

    def wrong_connector(self) -> ChainConnector:
        return self._connector(self._url, network="main")

    def _connector(
        self, url: str, *, network: str = "regtest", request_timeout_seconds: float = 30.0
    ) -> ChainConnector:
        match self.client:
            case "electrum":
                return ElectrumConnector(
                    coin="LTC",
                    network=network,
                    url=url,
                    request_timeout_seconds=request_timeout_seconds,
                )
            case "esplora":
                return EsploraConnector(
                    coin="LTC",
                    network=network,
                    url=url,
                    request_timeout_seconds=request_timeout_seconds,
                )
            case _:
                return BitcoindConnector(
                    coin="LTC",
                    network=network,
                    url=url,
                    user=USER,
                    password=PASSWORD,
                    request_timeout_seconds=request_timeout_seconds,
                )

    def lie(self, answer: str, amount: int) -> str:
        """In the JSON of a node, in that of Esplora, and in the bytes of transactions."""
        twice = 2 * amount
        for said, instead in (
            (f'"value":{amount / _BASE_UNITS:.8f}', f'"value":{twice / _BASE_UNITS:.8f}'),
            (f'"value": {amount}', f'"value": {twice}'),
            (amount.to_bytes(8, "little").hex(), twice.to_bytes(8, "little").hex()),
        ):
            answer = answer.replace(said, instead)
        return answer

    def syncing(self, answer: str) -> str:
        """That of a node that is still reading its chain."""
        refusal = {"code": -28, "message": "Loading block index..."}
        return json.dumps({"result": None, "error": refusal, "id": None})

    async def keep_up(self) -> None:
        await self._call("setmocktime", int(ShiftedClock().now().timestamp()))
        await self.let_pass(_BLOCKS_OF_A_MEDIAN)

    async def pay(self, address: str, amount: int) -> str:
        await self._set_time()
        return await asyncio.to_thread(self.node.pay, address, _coins(amount), replaceable=True)

    async def pay_several(self, payments: list[tuple[str, int]]) -> str:
        outputs: dict[str, str] = {}
        instead: dict[str, str] = {}
        for address, amount in payments:
            # The node's own interface takes an address once a transaction.
            if address in outputs:
                there = await self._call("getnewaddress", "", "bech32")
                instead[there] = address
                outputs[there] = _coins(amount)
            else:
                outputs[address] = _coins(amount)
        await self._set_time()
        return await asyncio.to_thread(pay_several, self.node, outputs, instead=instead)

    async def confirm(self) -> None:
        await self.let_pass(CONFIRMATIONS)

    async def mine_one(self) -> None:
        await self.let_pass(1)

    async def let_pass(self, blocks: int) -> None:
        await self._set_time()
        await asyncio.to_thread(self.node.mine, blocks)
        await self._until_the_server_follows()

    async def _until_the_server_follows(self) -> None:
        """A server that is a block behind its node cannot show what is in it."""
        if self._server_height is None:
            return
        height = await self._call("getblockcount")
        deadline = time.monotonic() + _FOLLOWS_WITHIN_SECONDS
        while await asyncio.to_thread(self._server_height) < height:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)

    async def bump(self, transaction: str) -> str:
        bumped: str = (await self._call("bumpfee", transaction))["txid"]
        # A node without -mempoolreplacement says that it was done and keeps the first.
        assert transaction not in await self._call("getrawmempool")
        return bumped

    async def replace_by_another(self, transaction: str) -> None:
        await asyncio.to_thread(replace_by_another, self.node, transaction)

    async def drop(self, transaction: str) -> None:
        await asyncio.to_thread(self._restart, "-persistmempool=0", "-walletbroadcast=0")
        await self._call("abandontransaction", transaction)
        await asyncio.to_thread(self._restart, "-persistmempool=0")
        assert transaction not in await self._call("getrawmempool")

    def _restart(self, *options: str) -> None:
        self.node.stop()
        # From the first moment: a node does not start on blocks that are of its future.
        now = int(ShiftedClock().now().timestamp())
        self.node.start(INDEXED, f"-mocktime={now}", *options)
        self.node.call("loadwallet", "shopper")

    async def reorganise(self, transaction: str) -> None:
        undone = await self._undo(transaction)
        await self.let_pass(undone + 1)
        assert (await self._call("getrawtransaction", transaction, 1))["confirmations"] > undone

    async def reorganise_away(self, transaction: str) -> None:
        undone = await self._undo(transaction)
        await self.replace_by_another(transaction)
        await asyncio.to_thread(mine_only, self.node, undone + 1)
        await self.let_pass(1)

    async def _undo(self, transaction: str) -> int:
        """How many blocks are no longer of the chain, from that of the transaction on."""
        before = await self._call("getblockcount")
        block_hash = (await self._call("getrawtransaction", transaction, 1))["blockhash"]
        await self._call("invalidateblock", block_hash)
        undone: int = before - await self._call("getblockcount")
        return undone

    async def tidy(self) -> None:
        await self.let_pass(1)

    async def _set_time(self) -> None:
        await self._call("setmocktime", int(ShiftedClock().now().timestamp()))

    async def _call(self, method: str, *parameters: object) -> Any:  # noqa: ANN401 - JSON
        return await asyncio.to_thread(self.node.call, method, *parameters)


def _coins(amount: int) -> str:
    return str(Decimal(amount) / _BASE_UNITS)
