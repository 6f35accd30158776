"""Reading what an address has received at an Esplora server, and proving it.

What the server says in words is taken as a hint to what there is. What counts is the transaction
itself, which has the id that was asked for, and, in a block, the way from it to the root in the
header of the block.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from domain.payment import receipt_id
from payments.chain import ChainUnavailableError, Found, Known
from payments.esplora_http import EsploraError
from payments.esplora_server import FULL_PAGE, Block, Claim, EsploraServer
from payments.watched_script import watched_script

MOST_PAGES = 20
_BLOCKS_REMEMBERED = 500

Payment = tuple[int, int]
"""Output number and base units."""


@dataclass(slots=True, kw_only=True)
class _Address:
    """What was fetched for an address, by transaction id; `blocks` are those it is proven in."""

    script: str
    payments: dict[str, tuple[Payment, ...]] = field(default_factory=dict)
    blocks: dict[str, Block] = field(default_factory=dict)
    first_seen: dict[str, datetime] = field(default_factory=dict)

    def keep_only(self, transaction_ids: set[str]) -> None:
        """Forget what is no longer there."""
        for remembered in (self.payments, self.blocks, self.first_seen):
            for gone in remembered.keys() - transaction_ids:
                del remembered[gone]


class EsploraReader:
    """Reads address by address; what was fetched and proven once is remembered.

    Its errors are those of `EsploraConnection.json`.
    """

    def __init__(self, server: EsploraServer, *, name: str, coin: str, network: str) -> None:
        self._server = server
        self._name = name
        self._coin = coin
        self._network = network
        self._addresses: dict[str, _Address] = {}
        self._blocks: dict[str, Block] = {}

    def follow(self, addresses: Iterable[str]) -> None:
        """These are watched, and no others.

        Raises:
            ChainRefusedError: an address is of another network.
        """
        self._addresses = {
            address: self._addresses.get(address)
            or _Address(script=watched_script(address, self._coin, self._network))
            for address in addresses
        }

    async def receipts(self, address: str, known: Known, now: datetime) -> tuple[Found, ...]:
        """All that an address has received.

        In the mempool a payment has the time at which it was first seen, for servers tell none.
        """
        read = self._addresses[address]
        claims = await self._claims(address, read.script)
        read.keep_only({claim.transaction_id for claim in claims})
        seen_before = {found.receipt_id: found.chain_time for found in known.receipts}
        receipts: list[Found] = []
        for claim in claims:
            transaction_id = claim.transaction_id
            block = await self._proven_block(read, claim)
            first_seen = read.first_seen.setdefault(transaction_id, now)
            for number, amount in await self._payments(read, transaction_id):
                receipt = receipt_id(transaction_id, number)
                receipts.append(
                    Found(
                        address=address,
                        transaction_id=transaction_id,
                        output_index=number,
                        amount_base_units=amount,
                        block_height=block.height if block else None,
                        block_hash=block.header.block_hash if block else None,
                        chain_time=(
                            block.median_time if block else seen_before.get(receipt, first_seen)
                        ),
                    )
                )
        return tuple(receipts)

    async def block(self, block_hash: str) -> Block:
        """A block, remembered."""
        block = self._blocks.pop(block_hash, None) or await self._server.block(block_hash)
        self._blocks[block_hash] = block
        while len(self._blocks) > _BLOCKS_REMEMBERED:
            del self._blocks[next(iter(self._blocks))]
        return block

    async def _claims(self, address: str, script: str) -> list[Claim]:
        """What is said to pay the address."""
        claims: dict[str, Claim] = {}
        after: str | None = None
        for _ in range(MOST_PAGES):
            page = await self._server.claims(address, script, after)
            in_blocks = [claim for claim in page if claim.block_hash is not None]
            # The mempool comes first: what was mined between two pages is in its block.
            claims |= {claim.transaction_id: claim for claim in page if claim.pays_it}
            if len(in_blocks) < FULL_PAGE:
                return list(claims.values())
            after = in_blocks[-1].transaction_id
        raise EsploraError(
            f"{address} has more transactions than any order: over {MOST_PAGES} pages"
        )

    async def _payments(self, read: _Address, transaction_id: str) -> tuple[Payment, ...]:
        if transaction_id not in read.payments:
            transaction = await self._server.transaction(transaction_id)
            read.payments[transaction_id] = tuple(
                (output.index, output.amount_base_units)
                for output in transaction.outputs
                if output.script == read.script and output.amount_base_units
            )
        return read.payments[transaction_id]

    async def _proven_block(self, read: _Address, claim: Claim) -> Block | None:
        """The block of a transaction, None for the mempool."""
        if claim.block_hash is None:
            return None
        proven = read.blocks.get(claim.transaction_id)
        if proven is not None and proven.header.block_hash == claim.block_hash:
            return proven
        block = await self.block(claim.block_hash)
        root = await self._server.merkle_root(claim.transaction_id)
        if root != block.header.merkle_root or block.height != claim.block_height:
            raise ChainUnavailableError(
                f"{self._name} does not prove what it says: transaction {claim.transaction_id} is"
                f" not in block {claim.block_height}"
            )
        read.blocks[claim.transaction_id] = block
        return block
