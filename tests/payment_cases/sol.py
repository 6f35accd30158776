"""Paying on a Surfpool, seen by `solana`."""

import asyncio
import json
import re
import time
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from domain.rules import FINALIZED_CONFIRMATIONS, CoinRules
from payments.chain import ChainConnector
from payments.solana import SolanaConnector
from tests.payment_cases.chains import FRONT_TIMEOUT_SECONDS, Chain
from tests.payment_cases.shifted_time import ShiftedClock
from tests.surfpool_node import SurfpoolNode

# Blocks are final some thirty of them later; faster than on the main network, for tests to wait.
SLOT_MILLISECONDS = 100
_WITHIN_SECONDS = 30.0


class SolanaChain(Chain):
    """Blocks come by themselves. Surfpool tells no times of blocks: the shop takes its own."""

    coin = "SOL"
    network = "regtest"
    client = "solana"
    rate = Decimal(1250)
    rules = CoinRules(
        coin="SOL",
        confirmations=FINALIZED_CONFIRMATIONS,
        smallest_order_base_units=1_000_000,
        dust_base_units=10_000,
        final_confirmations=FINALIZED_CONFIRMATIONS,
    )
    pushes = True

    def __init__(self, node: SurfpoolNode) -> None:
        self.node = node
        self._sent: dict[str, datetime] = {}

    @property
    def url(self) -> str:
        return self.node.url

    def connector(self) -> ChainConnector:
        return SolanaConnector(network="regtest", url=self.node.url, ws_url=self.node.ws_url)

    def connector_by(self, url: str) -> ChainConnector:
        return SolanaConnector(
            network="regtest", url=url, request_timeout_seconds=FRONT_TIMEOUT_SECONDS
        )

    def wrong_connector(self) -> ChainConnector:
        return SolanaConnector(network="main", url=self.node.url)

    def retouched(self, answer: str) -> str:
        """With the time of each transaction: nodes tell that of its block, this one none."""
        said = json.loads(answer)
        result = said.get("result")
        for each in result if isinstance(result, list) else ():
            sent_at = self._sent.get(str(each.get("signature"))) if isinstance(each, dict) else None
            if sent_at is not None:
                each["blockTime"] = int(sent_at.timestamp())
        return json.dumps(said)

    def lie(self, answer: str, amount: int) -> str:
        """In balances before and after, and in what an account holds."""
        return re.sub(rf"\b{amount}\b", str(2 * amount), answer)

    def syncing(self, answer: str) -> str:
        """That of a node that is behind (-32005)."""
        error = {"code": -32005, "message": "Node is behind by 4321 slots"}
        return json.dumps({"jsonrpc": "2.0", "id": json.loads(answer)["id"], "error": error})

    async def keep_up(self) -> None:
        """The chain has no time of its own."""

    async def pay(self, address: str, amount: int) -> str:
        return await self.pay_several([(address, amount)])

    async def pay_several(self, payments: list[tuple[str, int]]) -> str:
        sent_at = ShiftedClock().now()
        signature = await asyncio.to_thread(self.node.pay, *payments)
        self._sent[signature] = sent_at
        return signature

    async def confirm(self) -> None:
        await self._until(lambda: all(map(self.is_final, self._sent)))

    async def tidy(self) -> None:
        """What was sent is in its block."""

    async def let_pass(self, blocks: int) -> None:
        slot = self.node.slot() + blocks
        await self._until(lambda: self.node.slot() >= slot)

    def is_final(self, signature: str) -> bool:
        (status,) = self.node.call("getSignatureStatuses", [signature])["value"]
        return status is not None and status["confirmationStatus"] == "finalized"

    async def _until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _WITHIN_SECONDS
        while not await asyncio.to_thread(holds):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)
