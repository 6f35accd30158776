"""The wallet and the miner of a local chain over HTTP, for the page and for scripts.

| route | what it does |
|---|---|
| `GET /sandbox/chain?after=N&wait_seconds=S` | height, newest blocks, mempool |
| `POST /sandbox/chain/pay` | `{"address", "amount"}`: pay coins, the amount as text |
| `POST /sandbox/chain/mine` | `{"blocks"}` |
| `POST /sandbox/chain/reorg` | `{"depth"}`: the newest blocks give way to empty ones |
| `POST /sandbox/chain/drop` | `{"txid"}`: a waiting transaction is gone |
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from aiohttp import web

from sandbox.chain.addresses import address_of_script
from sandbox.chain.amounts import coins_text, parse_coins
from sandbox.chain.blocks import Block, Transaction
from sandbox.chain.chain import WALLET_SCRIPT, Chain
from sandbox.chain.storage import chain_as_text, write_chain_text
from sandbox.web_requests import (
    JsonObject,
    guarded,
    json_body,
    query_number,
    text_of,
    wait_seconds_of,
    whole_number_of,
)

SHOWN_BLOCKS = 8


class WalletSite:
    """The routes of the wallet and the miner.

    Args:
        chain: what they act on.
        path: a file that is written after every change, so that the chain outlives a restart.
    """

    def __init__(self, chain: Chain, path: Path | None = None) -> None:
        self._chain = chain
        self._path = path
        self._saving = asyncio.Lock()

    def routes(self) -> list[web.RouteDef]:
        """All routes."""
        return [
            web.get("/sandbox/chain", guarded(self._show)),
            web.post("/sandbox/chain/pay", guarded(self._pay)),
            web.post("/sandbox/chain/mine", guarded(self._mine)),
            web.post("/sandbox/chain/reorg", guarded(self._reorg)),
            web.post("/sandbox/chain/drop", guarded(self._drop)),
        ]

    async def save(self) -> None:
        """Write the chain into its file, where it has one.

        Raises:
            OSError: the file cannot be written.
        """
        if self._path is None:
            return
        async with self._saving:
            await asyncio.to_thread(write_chain_text, chain_as_text(self._chain), self._path)

    async def _show(self, request: web.Request) -> web.StreamResponse:
        after = query_number(request, "after")
        await self._chain.changes.wait_beyond(after, wait_seconds_of(request))
        blocks = self._chain.blocks()[-SHOWN_BLOCKS:]
        return web.json_response(
            {
                "revision": self._chain.changes.revision,
                "height": self._chain.height,
                "blocks": [self._block_as_json(block) for block in reversed(blocks)],
                "mempool": [
                    self._payment_as_json(entry.transaction)
                    for entry in self._chain.mempool.values()
                ],
            }
        )

    async def _pay(self, request: web.Request) -> web.StreamResponse:
        body = await json_body(request)
        litoshi = parse_coins(text_of(body, "amount"))
        txid = self._chain.pay(text_of(body, "address").strip(), litoshi)
        await self.save()
        return web.json_response({"txid": txid})

    async def _mine(self, request: web.Request) -> web.StreamResponse:
        hashes = self._chain.mine(whole_number_of(await json_body(request), "blocks"))
        await self.save()
        return web.json_response({"hashes": hashes})

    async def _reorg(self, request: web.Request) -> web.StreamResponse:
        hashes = self._chain.reorg(whole_number_of(await json_body(request), "depth"))
        await self.save()
        return web.json_response({"hashes": hashes})

    async def _drop(self, request: web.Request) -> web.StreamResponse:
        self._chain.drop(text_of(await json_body(request), "txid"))
        await self.save()
        return web.json_response({})

    def _block_as_json(self, block: Block) -> JsonObject:
        payments = [each for each in block.transactions if not each.is_coinbase]
        return {
            "height": block.height,
            "hash": block.hash,
            "time": block.time,
            "confirmations": self._chain.confirmations(block),
            "payments": [self._payment_as_json(each) for each in payments],
        }

    def _payment_as_json(self, transaction: Transaction) -> JsonObject:
        paid = [output for output in transaction.outputs if output.script != WALLET_SCRIPT]
        outputs = [
            {
                "address": address_of_script(output.script, self._chain.prefix),
                "amount": coins_text(output.litoshi),
            }
            for output in paid
        ]
        return {"txid": transaction.txid, "outputs": outputs}
