"""Paying on an anvil, seen by `ethereum`."""

import asyncio
import json
from decimal import Decimal
from typing import Any

from domain.rules import CoinRules
from payments.chain import ChainConnector
from payments.ethereum import EthereumConnector
from tests.anvil_node import CHAIN_ID, AnvilNode, new_address
from tests.payment_cases.chains import FRONT_TIMEOUT_SECONDS, Chain
from tests.payment_cases.shifted_time import ShiftedClock

CONFIRMATIONS = 2
_FEE = 3 * 10**9
_HIGHER_FEE = 10 * _FEE


class EtherChain(Chain):
    """Blocks come when they are asked for."""

    coin = "ETH"
    network = f"chain-{CHAIN_ID}"
    client = "ethereum"
    rate = Decimal(2500)
    rules = CoinRules(
        coin="ETH",
        confirmations=CONFIRMATIONS,
        smallest_order_base_units=10**14,
        dust_base_units=10**12,
        final_confirmations=64,
    )
    pushes = True

    def __init__(self, node: AnvilNode) -> None:
        self.node = node
        self._fee = _FEE
        node.automine(on=False)

    @property
    def url(self) -> str:
        return self.node.url

    def connector(self) -> ChainConnector:
        return EthereumConnector(chain_id=CHAIN_ID, url=self.node.url, ws_url=self.node.ws_url)

    def connector_by(self, url: str) -> ChainConnector:
        return EthereumConnector(
            chain_id=CHAIN_ID, url=url, request_timeout_seconds=FRONT_TIMEOUT_SECONDS
        )

    def wrong_connector(self) -> ChainConnector:
        return EthereumConnector(chain_id=1, url=self.node.url)

    def lie(self, answer: str, amount: int) -> str:
        """As the value of a transaction, and in what the node says of balances."""
        answer = answer.replace(f'"{amount:#x}"', f'"{2 * amount:#x}"')
        return answer.replace(f"{amount:064x}", f"{2 * amount:064x}")

    def syncing(self, answer: str) -> str:
        """The only `false` that is an answer is the one to `eth_syncing`."""
        at = {"startingBlock": "0x0", "currentBlock": "0x1", "highestBlock": "0xffff"}
        return answer.replace('"result":false', f'"result":{json.dumps(at)}')

    async def keep_up(self) -> None:
        await self._call("anvil_setTime", int(ShiftedClock().now().timestamp()))
        await self.let_pass(1)

    async def pay(self, address: str, amount: int) -> str:
        # Each for a fee of its own: the same twice, after a reorganisation, is one transaction.
        # And for a lower one: by its fee, Anvil puts a later one of a sender in front, where it
        # cannot be, and shows it in no pending block.
        self._fee -= 1
        return await self._pay(address, amount, gasPrice=hex(self._fee))

    async def pay_inside(self, address: str, amount: int) -> str:
        """Send through a contract: no transaction is to the address."""
        self.node.automine(on=True)
        try:
            return await asyncio.to_thread(self.node.pay_from_a_contract, address, amount)
        finally:
            self.node.automine(on=False)

    async def confirm(self) -> None:
        await self.let_pass(CONFIRMATIONS)

    async def mine_one(self) -> None:
        await self.let_pass(1)

    async def let_pass(self, blocks: int) -> None:
        await asyncio.to_thread(self.node.mine, blocks)

    async def bump(self, transaction: str) -> str:
        first = await self._call("eth_getTransactionByHash", transaction)
        amount = int(first["value"], 16)
        return await self._pay(first["to"], amount, nonce=first["nonce"], gasPrice=hex(_HIGHER_FEE))

    async def replace_by_another(self, transaction: str) -> None:
        first = await self._call("eth_getTransactionByHash", transaction)
        amount = int(first["value"], 16)
        await self._pay(new_address(), amount, nonce=first["nonce"], gasPrice=hex(_HIGHER_FEE))

    async def drop(self, transaction: str) -> None:
        await self._call("anvil_dropTransaction", transaction)

    async def reorganise(self, transaction: str) -> None:
        first = await self._call("eth_getTransactionByHash", transaction)
        undone = await self._undo(first["blockNumber"])
        # Anvil forgets what it undid; on the chain it would wait again, and be mined.
        again = await self._pay(
            first["to"], int(first["value"], 16), nonce=first["nonce"], gasPrice=first["gasPrice"]
        )
        assert again == transaction
        await self.let_pass(undone)

    async def reorganise_away(self, transaction: str) -> None:
        first = await self._call("eth_getTransactionByHash", transaction)
        undone = await self._undo(first["blockNumber"])
        await self.let_pass(undone)

    async def _undo(self, block_number: str) -> int:
        height = await asyncio.to_thread(self.node.height)
        undone = height - int(block_number, 16) + 1
        await self._call("anvil_reorg", undone, [])
        return undone

    async def tidy(self) -> None:
        await self.let_pass(1)
        self.node.automine(on=True)

    async def _pay(self, address: str, amount: int, **more: object) -> str:
        return await asyncio.to_thread(self.node.pay, address, amount, **more)

    async def _call(self, method: str, *parameters: object) -> Any:  # noqa: ANN401 - JSON
        return await asyncio.to_thread(self.node.call, method, *parameters)
