"""The REST calls of Esplora, answered from a litecoind: real chain, real addresses, on loopback.

The node has no index of addresses, so `ChainIndex` reads its blocks, and walks back where the chain
forked. `rewrite` changes each answer on its way out, for servers that lie.
"""

import asyncio
import contextlib
import hashlib
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

from aiohttp import web

from payments.addresses import script_of
from tests.litecoin_node import LitecoinNode, NodeCallError, free_port

CONFIRMED_A_PAGE = 25


class ChainIndex:
    """Which transactions of a node's chain touch a script; kept in step block by block."""

    def __init__(self, node: LitecoinNode) -> None:
        self.node = node
        self._hashes: list[str] = []
        self._transactions: list[list[dict[str, Any]]] = []
        self._scripts: dict[tuple[str, int], str] = {}
        self._lock = threading.Lock()  # the shim answers in threads

    def sync(self) -> None:
        """Read the blocks that are new, and forget those that are no longer of the chain."""
        with self._lock:
            self._sync()

    def _sync(self) -> None:
        best = self.node.call("getblockcount")
        while self._hashes and (
            len(self._hashes) - 1 > best
            or self.node.call("getblockhash", len(self._hashes) - 1) != self._hashes[-1]
        ):
            self._hashes.pop()
            self._transactions.pop()
        for height in range(len(self._hashes), best + 1):
            block_hash = self.node.call("getblockhash", height)
            block = self.node.call("getblock", block_hash, 2)
            self._hashes.append(block_hash)
            self._transactions.append(block["tx"])
            for transaction in block["tx"]:
                self._remember(transaction)

    def in_mempool(self, script: str) -> list[dict[str, Any]]:
        """Transactions in the mempool that touch a script."""
        found = []
        for transaction_id in self.node.call("getrawmempool"):
            with contextlib.suppress(NodeCallError):  # mined meanwhile
                transaction = self.node.call("getrawtransaction", transaction_id, 1)
                self._remember(transaction)
                found.append(transaction)
        return [_described(each, None, None) for each in found if self._touches(each, script)]

    def in_blocks(self, script: str) -> list[dict[str, Any]]:
        """Transactions in blocks that touch a script, the newest first."""
        return [
            _described(transaction, height, self._hashes[height])
            for height in range(len(self._hashes) - 1, -1, -1)
            for transaction in self._transactions[height]
            if self._touches(transaction, script)
        ]

    def block_of(self, transaction_id: str) -> tuple[int, str, list[str]] | None:
        """Height, hash and transaction ids of the block of a transaction."""
        for height, transactions in enumerate(self._transactions):
            ids = [each["txid"] for each in transactions]
            if transaction_id in ids:
                return height, self._hashes[height], ids
        return None

    def _remember(self, transaction: dict[str, Any]) -> None:
        for output in transaction["vout"]:
            key = (transaction["txid"], output["n"])
            self._scripts[key] = output["scriptPubKey"]["hex"]

    def _touches(self, transaction: dict[str, Any], script: str) -> bool:
        spent = ((each.get("txid", ""), each.get("vout", -1)) for each in transaction["vin"])
        return script in (self._scripts.get(each) for each in spent) or any(
            output["scriptPubKey"]["hex"] == script for output in transaction["vout"]
        )


class EsploraShim:
    """The server. `requests` are the paths that were asked for."""

    def __init__(self, index: ChainIndex) -> None:
        self._index = index
        self._node = index.node
        self.rewrite: Callable[[str], str] = lambda text: text
        self.too_often_seconds: int | None = None
        self.requests: list[str] = []

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Serve on a free port; the address of the API."""
        app = web.Application()
        app.router.add_get("/api/{path:.*}", self._handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        port = free_port()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        try:
            yield f"http://127.0.0.1:{port}/api"
        finally:
            await runner.cleanup()

    async def _handle(self, request: web.Request) -> web.Response:
        path = request.match_info["path"]
        self.requests.append(path)
        if self.too_often_seconds is not None:
            headers = {"Retry-After": str(self.too_often_seconds)}
            return web.Response(status=429, text="Too Many Requests", headers=headers)
        try:
            answer = await asyncio.to_thread(self._answer, path.split("/"))
        except (NodeCallError, LookupError) as error:
            return web.Response(status=404, text=str(error)[:100])
        if isinstance(answer, str):
            return web.Response(text=self.rewrite(answer))
        text: str = web.json_response(answer).text or ""
        return web.Response(text=self.rewrite(text), content_type="application/json")

    def _answer(self, path: list[str]) -> object:
        match path:
            case ["blocks", "tip", "hash"]:
                return self._node.call("getbestblockhash")
            case ["block-height", height]:
                return self._node.call("getblockhash", int(height))
            case ["block", block_hash]:
                return self._block(block_hash)
            case ["block", block_hash, "header"]:
                return self._node.call("getblockheader", block_hash, False)
            case ["tx", transaction_id, what]:
                self._index.sync()
                return self._transaction(transaction_id, what)
            case ["address", address, "txs", *more]:
                return self._page(script_of(address, "LTC", "regtest"), more)
        raise LookupError("no such path")

    def _block(self, block_hash: str) -> dict[str, object]:
        header = self._node.call("getblockheader", block_hash)
        return {
            "id": header["hash"],
            "height": header["height"],
            "timestamp": header["time"],
            "mediantime": header["mediantime"],
            "tx_count": header["nTx"],
            "previousblockhash": header.get("previousblockhash"),
            "merkle_root": header["merkleroot"],
        }

    def _transaction(self, transaction_id: str, what: str) -> object:
        block = self._index.block_of(transaction_id)
        if what == "hex":
            where = [] if block is None else [block[1]]
            return self._node.call("getrawtransaction", transaction_id, 0, *where)
        if what == "merkle-proof" and block is not None:
            height, _, ids = block
            position = ids.index(transaction_id)
            return {"block_height": height, "merkle": branch(ids, position), "pos": position}
        raise LookupError("Transaction not found")

    def _page(self, script: str, more: list[str]) -> list[dict[str, Any]]:
        # In this order, as Esplora does: what gets into a block in between is shown in it.
        in_mempool = self._index.in_mempool(script)
        self._index.sync()
        in_blocks = self._index.in_blocks(script)
        match more:
            case []:
                mined = {each["txid"] for each in in_blocks}
                waiting = [each for each in in_mempool if each["txid"] not in mined]
                return waiting + in_blocks[:CONFIRMED_A_PAGE]
            case ["chain", last]:
                after = [each["txid"] for each in in_blocks].index(last) + 1
                return in_blocks[after : after + CONFIRMED_A_PAGE]
        raise LookupError("no such path")


def branch(ids: list[str], position: int) -> list[str]:
    """The hashes beside the way from a transaction up to the root of its block."""
    level = [bytes.fromhex(each)[::-1] for each in ids]
    beside = []
    while len(level) > 1:
        if len(level) % 2:
            level.append(level[-1])
        beside.append(level[position ^ 1][::-1].hex())
        level = [_double(level[at] + level[at + 1]) for at in range(0, len(level), 2)]
        position //= 2
    return beside


def _double(data: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


def _described(
    transaction: dict[str, Any], height: int | None, block_hash: str | None
) -> dict[str, Any]:
    status: dict[str, object] = {"confirmed": False}
    if height is not None:
        status = {"confirmed": True, "block_height": height, "block_hash": block_hash}
    return {
        "txid": transaction["txid"],
        "status": status,
        "vout": [
            {
                "scriptpubkey": output["scriptPubKey"]["hex"],
                "value": int(output["value"] * 10**8),
            }
            for output in transaction["vout"]
        ],
    }
