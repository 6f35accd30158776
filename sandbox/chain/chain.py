"""A chain in memory, regtest-like: blocks come when somebody mines, coins from nowhere.

The wallet's coins are outputs that this chain never saw, so it never runs dry. Amounts are whole
litoshi, times Unix seconds. Everything that a watcher has to bear can be ordered: payments of
several outputs, replacement, a dropped transaction, a reorganisation.
"""

from __future__ import annotations

import hashlib
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sandbox.chain.addresses import REGTEST_PREFIX, script_of_address
from sandbox.chain.blocks import (
    Block,
    Input,
    Output,
    Transaction,
    coinbase,
    genesis_block,
)
from sandbox.changes import Changes

FEE_LITOSHI = 1_410

_BLOCKS_OF_MEDIAN_TIME = 11
_CHANGE_LITOSHI = 100_000_000
WALLET_SCRIPT = bytes([0, 20]) + hashlib.sha256(b"wallet").digest()[:20]


@dataclass(frozen=True, slots=True)
class MempoolEntry:
    """A transaction that waits; when it came in, and at what height of the chain."""

    transaction: Transaction
    time: int
    height: int


@dataclass(frozen=True, slots=True)
class Payment:
    """One output to make: an address and whole litoshi."""

    address: str
    litoshi: int


class Chain:
    """The blocks, the mempool and a wallet that pays.

    Args:
        prefix: what the addresses begin with.
        clock: Unix time in seconds.
    """

    def __init__(
        self, *, prefix: str = REGTEST_PREFIX, clock: Callable[[], float] = time.time
    ) -> None:
        self.prefix = prefix
        self.changes = Changes()
        self.coins_made = 0
        self.mempool: dict[str, MempoolEntry] = {}
        self._clock = clock
        genesis = genesis_block()
        self._blocks: dict[str, Block] = {genesis.hash: genesis}
        self._active = [genesis.hash]
        self._block_of_transaction: dict[str, str] = {genesis.transactions[0].txid: genesis.hash}

    @property
    def height(self) -> int:
        """The height of the newest block."""
        return len(self._active) - 1

    @property
    def best_hash(self) -> str:
        """The hash of the newest block."""
        return self._active[-1]

    def hash_at(self, height: int) -> str | None:
        """The hash of the block at a height of the chain that counts."""
        return self._active[height] if 0 <= height <= self.height else None

    def block(self, block_hash: str) -> Block | None:
        """A block, also one that a reorganisation has put aside."""
        return self._blocks.get(block_hash)

    def blocks(self) -> list[Block]:
        """The chain that counts, from its genesis on."""
        return [self._blocks[block_hash] for block_hash in self._active]

    def confirmations(self, block: Block) -> int:
        """How deep a block is, 1 for the newest; -1 for one that no longer counts."""
        is_active = self.hash_at(block.height) == block.hash
        return self.height - block.height + 1 if is_active else -1

    def median_time(self, block: Block) -> int:
        """The median of the times of this block and the ten before it (BIP 113)."""
        times = [block.time]
        previous = self._blocks.get(block.previous_hash)
        while previous is not None and len(times) < _BLOCKS_OF_MEDIAN_TIME:
            times.append(previous.time)
            previous = self._blocks.get(previous.previous_hash)
        return statistics.median_high(times)

    def find_transaction(self, txid: str) -> tuple[Transaction, Block | None] | None:
        """A transaction and its block, None in place of that while it waits."""
        entry = self.mempool.get(txid)
        if entry is not None:
            return entry.transaction, None
        block_hash = self._block_of_transaction.get(txid)
        if block_hash is None:
            return None
        block = self._blocks[block_hash]
        found = next(each for each in block.transactions if each.txid == txid)
        return found, block

    def pay(self, address: str, litoshi: int) -> str:
        """Pay to one address.

        Returns:
            The transaction's id.

        Raises:
            ValueError: the address or the amount is none.
        """
        return self.pay_many([Payment(address, litoshi)])

    def pay_many(self, payments: Sequence[Payment]) -> str:
        """Pay several outputs, to the same address if need be, in one transaction.

        Returns:
            The transaction's id.

        Raises:
            ValueError: an address or an amount is none.
        """
        outputs = self._outputs(payments)
        self.coins_made += 1
        coin = hashlib.sha256(f"coin {self.coins_made}".encode()).hexdigest()
        return self._accept(self._spend(Input(coin, 0), outputs))

    def replace(self, txid: str, payments: Sequence[Payment]) -> str:
        """Spend the coin of a waiting transaction otherwise (BIP 125).

        Returns:
            The new transaction's id.

        Raises:
            ValueError: it does not wait, or an address or an amount is none.
        """
        outputs = self._outputs(payments)
        old = self._waiting(txid).transaction
        self._forget(old)
        return self._accept(self._spend(old.inputs[0], outputs))

    def drop(self, txid: str) -> None:
        """Take a transaction out of the mempool, as if it had never been sent.

        Raises:
            ValueError: it does not wait.
        """
        self._forget(self._waiting(txid).transaction)
        self.changes.bump()

    def mine(self, count: int = 1, txids: Iterable[str] | None = None) -> list[str]:
        """Add blocks; the first takes the waiting transactions, or of these only the named.

        Returns:
            The hashes of the new blocks.

        Raises:
            ValueError: the count is below 1, or a named transaction does not wait.
        """
        if count < 1:
            raise ValueError(f"{count} blocks cannot be mined: write 1 or more")
        chosen = list(self.mempool) if txids is None else list(txids)
        taken = [self._waiting(txid).transaction for txid in chosen]
        hashes = [self._connect(taken)]
        hashes.extend(self._connect([]) for _ in range(count - 1))
        self.changes.bump()
        return hashes

    def invalidate(self, block_hash: str) -> None:
        """Put a block and all after it aside; their payments wait in the mempool again.

        Raises:
            ValueError: the block does not count, or is the first of all.
        """
        if block_hash not in self._active[1:]:
            raise ValueError(f"block {block_hash} is not in the chain, or is its first")
        while block_hash in self._active:
            self._disconnect()
        self.changes.bump()

    def reorg(self, depth: int) -> list[str]:
        """Put the newest blocks aside for a longer row of empty ones.

        What they held waits in the mempool again: mine to confirm it once more, drop to lose it.

        Returns:
            The hashes of the new blocks, one more than were put aside.

        Raises:
            ValueError: the chain has fewer blocks.
        """
        if not 1 <= depth <= self.height:
            raise ValueError(f"a reorganisation takes 1 to {self.height} blocks, not {depth}")
        self.invalidate(self._active[-depth])
        return self.mine(depth + 1, txids=())

    def restore(self, blocks: Sequence[Block], mempool: Iterable[MempoolEntry]) -> None:
        """Take over blocks after the genesis, in order, and what waits.

        Raises:
            ValueError: a block does not follow on the one before.
        """
        for block in blocks:
            if block.previous_hash != self.best_hash:
                raise ValueError(f"block {block.height} does not follow on {self.best_hash}")
            self._append(block)
        for entry in mempool:
            self._put_into_mempool(entry)
        self.changes.bump()

    def _outputs(self, payments: Sequence[Payment]) -> list[Output]:
        if not payments:
            raise ValueError("there is nothing to pay: name at least one address and amount")
        for payment in payments:
            if payment.litoshi <= 0:
                raise ValueError(f"{payment.litoshi} litoshi cannot be paid: write 1 or more")
        return [Output(p.litoshi, script_of_address(p.address, self.prefix)) for p in payments]

    def _spend(self, coin: Input, outputs: list[Output]) -> Transaction:
        change = Output(_CHANGE_LITOSHI - FEE_LITOSHI, WALLET_SCRIPT)
        # The change stands first every other time: nobody may count on the payment's index
        is_first = self.coins_made % 2 == 0
        ordered = [change, *outputs] if is_first else [*outputs, change]
        return Transaction(inputs=(coin,), outputs=tuple(ordered), lock_time=self.height)

    def _accept(self, transaction: Transaction) -> str:
        self._put_into_mempool(MempoolEntry(transaction, int(self._clock()), self.height))
        self.changes.bump()
        return transaction.txid

    def _put_into_mempool(self, entry: MempoolEntry) -> None:
        self.mempool[entry.transaction.txid] = entry

    def _waiting(self, txid: str) -> MempoolEntry:
        try:
            return self.mempool[txid]
        except KeyError:
            raise ValueError(f"transaction {txid} does not wait in the mempool") from None

    def _forget(self, transaction: Transaction) -> None:
        del self.mempool[transaction.txid]

    def _connect(self, transactions: list[Transaction]) -> str:
        tip = self._blocks[self.best_hash]
        height = tip.height + 1
        self.coins_made += 1
        first = coinbase(height, self.coins_made, WALLET_SCRIPT)
        block = Block(
            height=height,
            previous_hash=tip.hash,
            time=max(int(self._clock()), self.median_time(tip) + 1),
            transactions=(first, *transactions),
        )
        self._append(block)
        return block.hash

    def _append(self, block: Block) -> None:
        self._blocks[block.hash] = block
        self._active.append(block.hash)
        for transaction in block.transactions:
            self.mempool.pop(transaction.txid, None)
            self._block_of_transaction[transaction.txid] = block.hash

    def _disconnect(self) -> None:
        block = self._blocks[self._active.pop()]
        for transaction in block.transactions:
            del self._block_of_transaction[transaction.txid]
            if not transaction.is_coinbase:
                self._put_into_mempool(MempoolEntry(transaction, int(self._clock()), self.height))
