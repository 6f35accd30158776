"""The questions of the Esplora API that the shop asks, with their answers read and checked.

`GET /blocks/tip/hash`, `/block-height/N`, `/block/HASH`, `/block/HASH/header`, `/address/A/txs`,
`/address/A/txs/chain/LAST`, `/tx/ID/hex`, `/tx/ID/merkle-proof`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from payments.block_headers import (
    BrokenHeaderError,
    Header,
    merkle_root,
    parse_header,
    require_work,
)
from payments.chain import ChainUnavailableError, Place
from payments.esplora_http import EsploraConnection
from payments.json_shapes import hash_text, mapping, sequence, text, whole_number
from payments.raw_transaction import RawTransaction, parse_transaction

FULL_PAGE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What the server says of a transaction of an address. `block_hash` None: in the mempool."""

    transaction_id: str
    pays_it: bool
    block_height: int | None
    block_hash: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block with what is in its header, and its median time past."""

    height: int
    header: Header
    median_time: datetime

    @property
    def place(self) -> Place:
        """Where it is."""
        return Place(height=self.height, block_hash=self.header.block_hash)


class EsploraServer:
    """Reads what a connection brings. Errors are those of `EsploraConnection.json`.

    What is of a wrong shape raises LookupError, TypeError or ValueError.
    """

    def __init__(
        self, connection: EsploraConnection, *, name: str, coin: str, network: str
    ) -> None:
        self._connection = connection
        self._name = name
        self._coin = coin
        self._network = network

    async def tip_hash(self) -> str:
        """The last block."""
        return hash_text(await self._connection.text("blocks", "tip", "hash"))

    async def hash_at(self, height: int) -> str:
        """The block at this height."""
        return hash_text(await self._connection.text("block-height", str(height)))

    async def block(self, block_hash: str) -> Block:
        """A block, held to its hash and its proof of work."""
        raw = bytes.fromhex(await self._connection.text("block", block_hash, "header"))
        try:
            require_work(raw, coin=self._coin, network=self._network)
            header = parse_header(raw)
        except BrokenHeaderError as error:
            raise ChainUnavailableError(
                f"{self._name} shows a block that is none: {error}"
            ) from None
        if header.block_hash != block_hash:
            raise ChainUnavailableError(f"{self._name} gave another header for block {block_hash}")
        summary = mapping(await self._connection.json("block", block_hash))
        median_time = datetime.fromtimestamp(whole_number(summary["mediantime"]), UTC)
        return Block(height=whole_number(summary["height"]), header=header, median_time=median_time)

    async def claims(self, address: str, script: str, after: str | None) -> list[Claim]:
        """What is said of an address: the mempool and the newest in blocks, or those before.

        `after` is the last transaction of the page before. Servers differ in how much they put on
        a page; one with fewer than `FULL_PAGE` transactions in blocks is the last.
        """
        more = () if after is None else ("chain", after)
        answer = await self._connection.json("address", address, "txs", *more)
        return [_claim(mapping(each), script) for each in sequence(answer)]

    async def transaction(self, transaction_id: str) -> RawTransaction:
        """A transaction, held to its id."""
        raw = bytes.fromhex(await self._connection.text("tx", transaction_id, "hex"))
        transaction = parse_transaction(raw)
        if transaction.transaction_id != transaction_id:
            raise ChainUnavailableError(
                f"{self._name} gave another transaction for {transaction_id}: it is not to be"
                " trusted"
            )
        return transaction

    async def merkle_root(self, transaction_id: str) -> str:
        """The root that follows from what the server says of a transaction in its block."""
        proof = mapping(await self._connection.json("tx", transaction_id, "merkle-proof"))
        branch = [text(each) for each in sequence(proof["merkle"])]
        return merkle_root(transaction_id, branch, whole_number(proof["pos"]))


def _claim(transaction: dict[str, object], script: str) -> Claim:
    status = mapping(transaction["status"])
    outputs = [mapping(each) for each in sequence(transaction["vout"])]
    is_in_block = status["confirmed"] is True
    return Claim(
        transaction_id=hash_text(transaction["txid"]),
        pays_it=any(each.get("scriptpubkey") == script for each in outputs),
        block_height=whole_number(status["block_height"]) if is_in_block else None,
        block_hash=hash_text(status["block_hash"]) if is_in_block else None,
    )
