"""Reading what is new of scripts at an Electrum server, and proving what is said to be in blocks.

A payment in a block counts when its transaction has the id that was asked for, and the way from it
up the tree of its block leads to the root in a header of the chain that is followed.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import islice
from typing import TypeVar

from domain.payment import receipt_id
from payments.block_headers import MEDIAN_OF_BLOCKS, Header
from payments.chain import Found, Known
from payments.electrum_headers import HeaderFollower
from payments.electrum_rpc import IN_FLIGHT, ElectrumError
from payments.electrum_scripts import Proof, WatchedScript
from payments.electrum_server import TRANSACTIONS_IN_FLIGHT, ElectrumServer, Entry
from payments.header_chain import HeaderChain
from payments.patience import Patience

_Each = TypeVar("_Each")


class ElectrumReader:
    """Brings scripts up to date, for one look.

    `refusal` is one of the server's in the last pass, `doubt` says what that could not prove: while
    the chain moves, either may be by chance.
    """

    def __init__(
        self,
        server: ElectrumServer,
        headers: HeaderFollower,
        patience: Patience,
        *,
        coin: str,
        network: str,
    ) -> None:
        self._server = server
        self._headers = headers
        self._patience = patience
        self._new_chain = partial(HeaderChain, coin, network)
        self._old_blocks: dict[int, tuple[Header, datetime]] = {}
        self.refusal: ElectrumError | None = None
        self.doubt: str | None = None

    async def read(self, scripts: Sequence[WatchedScript], look_number: int) -> None:
        """Histories that changed, transactions that are new in them, and proofs.

        Stops where patience ends; what was read is kept.
        """
        self.refusal = self.doubt = None
        await self._read_histories(
            [each for each in scripts if not each.is_current(look_number)], look_number
        )
        await self._fetch(scripts)
        chain, tip = self._headers.chain, self._headers.chain.tip_height
        await self._prove(
            [
                (script, entry)
                for script in scripts
                for entry in script.paying_entries()
                if 0 < entry.height <= tip and not is_proven(script, entry, chain)
            ]
        )

    async def _read_histories(self, scripts: Sequence[WatchedScript], look_number: int) -> None:
        for some in self._in_batches(scripts, IN_FLIGHT):
            asked_at = [script.status for script in some]
            answers = await self._server.histories([each.script_hash for each in some])
            for script, status, entries in zip(some, asked_at, answers, strict=True):
                if isinstance(entries, ElectrumError):
                    self.refusal = entries
                elif script.is_subscribed:
                    script.read(entries, status)
                else:
                    script.polled(entries, look_number)

    async def _fetch(self, scripts: Sequence[WatchedScript]) -> None:
        wanted: dict[str, list[WatchedScript]] = {}
        for script in scripts:
            for transaction_id in script.missing():
                wanted.setdefault(transaction_id, []).append(script)
        for some in self._in_batches(list(wanted), TRANSACTIONS_IN_FLIGHT):
            answers = await self._server.transactions(some)
            for transaction_id, transaction in zip(some, answers, strict=True):
                for script in wanted[transaction_id]:
                    if isinstance(transaction, ElectrumError):
                        # It may have been replaced since, and then the history is another.
                        self.refusal = transaction
                        script.read_again()
                    else:
                        script.fetched(transaction)

    async def _prove(self, claims: Sequence[tuple[WatchedScript, Entry]]) -> None:
        for some in self._in_batches(claims, IN_FLIGHT):
            roots = await self._server.merkle_roots([entry for _, entry in some])
            for (script, entry), root in zip(some, roots, strict=True):
                if isinstance(root, ElectrumError):
                    # It may have left the block since.
                    self.refusal = root
                    script.read_again()
                else:
                    await self._hold_to_header(script, entry, root)

    async def _hold_to_header(self, script: WatchedScript, entry: Entry, root: str) -> None:
        block = await self._block(entry.height)
        if block is None:  # not announced yet
            return
        header, chain_time = block
        if header.merkle_root != root:
            self.doubt = f"transaction {entry.transaction_id} is not in block {entry.height}"
            return
        script.proofs[entry.transaction_id] = Proof(
            block_hash=header.block_hash, chain_time=chain_time
        )

    async def _block(self, height: int) -> tuple[Header, datetime] | None:
        if height in self._old_blocks:
            return self._old_blocks[height]
        chain = self._headers.chain
        if not await self._headers.reach(self._server, height):
            chain = self._new_chain()
            begins = max(0, height - MEDIAN_OF_BLOCKS + 1)
            chain.begin(begins, await self._server.headers(begins, height - begins + 1))
        header, chain_time = chain.header_at(height), chain.median_time(height)
        if header is None or chain_time is None:
            return None
        if chain is not self._headers.chain:
            self._old_blocks[height] = (header, chain_time)
        return header, chain_time

    def _in_batches(self, several: Sequence[_Each], size: int) -> Iterator[list[_Each]]:
        remaining = iter(several)
        while some := list(islice(remaining, size)):
            yield some
            if self._patience.is_over():
                return


def is_proven(script: WatchedScript, entry: Entry, chain: HeaderChain) -> bool:
    """Whether the transaction is known to be in the block that now has its height."""
    proof = script.proofs.get(entry.transaction_id)
    if proof is None or entry.height > chain.tip_height:
        return False
    header = chain.header_at(entry.height)
    return header is None or header.block_hash == proof.block_hash


def receipts_of(
    script: WatchedScript, chain: HeaderChain, known: Known, now: datetime
) -> tuple[Found, ...] | None:
    """All that a script has received; None where something was not read or not proven yet.

    In the mempool a payment has the time at which it was first seen, for servers tell none.
    """
    if script.entries is None or any(script.missing()):
        return None
    seen_before = {found.receipt_id: found.chain_time for found in known.receipts}
    receipts: list[Found] = []
    for entry in script.paying_entries():
        proof = None
        if entry.is_in_block:
            if not is_proven(script, entry, chain):
                return None
            proof = script.proofs[entry.transaction_id]
        for number, amount in script.payments[entry.transaction_id]:
            receipt = receipt_id(entry.transaction_id, number)
            first_seen = script.first_seen.setdefault(entry.transaction_id, now)
            receipts.append(
                Found(
                    address=script.address,
                    transaction_id=entry.transaction_id,
                    output_index=number,
                    amount_base_units=amount,
                    block_height=entry.height if proof else None,
                    block_hash=proof.block_hash if proof else None,
                    chain_time=proof.chain_time if proof else seen_before.get(receipt, first_seen),
                )
            )
    return tuple(receipts)
