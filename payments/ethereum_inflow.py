"""What an Ethereum account has received between two blocks, in whatever way it came.

The truth is the account: what it holds, and what it has spent meanwhile. Money also comes without a
transaction to the address (from inside of a contract, as exchanges often pay), so transactions
only give names to parts of the sum; what they do not explain is a receipt all the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from payments.chain import Found, Place
from payments.ethereum_node import (
    AccountState,
    Block,
    EthereumNode,
    HistoryMissingError,
    fee_wei,
    succeeded,
    wei,
)
from payments.pages import pages

_INTERNAL = "internal"
_BLOCKS_READ_AT_ONCE = 20
# About a fortnight of blocks; more than the shop watches an address would take hours to read.
MOST_BLOCKS_READ = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """An account before and after the blocks above the height `after`, up to `up_to`."""

    address: str
    after: int
    before_state: AccountState
    up_to: Place
    end_state: AccountState


async def receipts_of(
    node: EthereumNode, stretch: Stretch, known: Sequence[Found]
) -> tuple[Found, ...]:
    """The receipts of an account in the blocks of a stretch.

    Each transaction to the address is one, named by its hash. What came to it in a block otherwise
    is one more, named by its number among such receipts (`known` has the earlier ones) and its
    amount: a reorganisation that only moves it to another block brings back the same name.

    Where the node has forgotten the states in between, all blocks are read for transactions, and
    what they do not explain is taken for received at the end.
    """
    try:
        changed = await _changed_blocks(node, stretch)
    except HistoryMissingError:
        return await _by_reading_blocks(node, stretch, known)
    found: list[Found] = []
    for height, before, after in changed:
        block = await node.block(height)
        found += await _received_in(node, block, stretch.address, before, after, [*known, *found])
    return tuple(found)


async def _changed_blocks(
    node: EthereumNode, stretch: Stretch
) -> list[tuple[int, AccountState, AccountState]]:
    """The blocks in which the account changed, oldest first, found by halving."""
    changed = []
    parts = [(stretch.after, stretch.before_state, stretch.up_to.height, stretch.end_state)]
    while parts:
        low, before, high, after = parts.pop()
        if before == after:
            continue
        if high - low <= 1:
            changed.append((high, before, after))
            continue
        middle = (low + high) // 2
        between = await node.state(stretch.address, middle)
        # The later part first onto the pile, so that the earlier one is taken up first.
        parts += [(middle, between, high, after), (low, before, middle, between)]
    return changed


async def _received_in(
    node: EthereumNode,
    block: Block,
    address: str,
    before: AccountState,
    after: AccountState,
    known: Sequence[Found],
) -> list[Found]:
    incoming, outgoing = _between(block, address)
    receipts = await node.receipts([str(each["hash"]) for each in (*incoming, *outgoing)])
    spent = sum(
        fee_wei(receipt) + (wei(each) if succeeded(receipt) else 0)
        for each, receipt in zip(outgoing, receipts[len(incoming) :], strict=True)
    )
    received = after.balance_wei - before.balance_wei + spent
    found = []
    for each, receipt in zip(incoming, receipts, strict=False):
        amount = wei(each)
        if succeeded(receipt) and 0 < amount <= received:
            found.append(_found(block, address, str(each["hash"]), amount))
            received -= amount
    if received > 0:
        found.append(_internal(block, address, received, known))
    return found


async def _by_reading_blocks(
    node: EthereumNode, stretch: Stretch, known: Sequence[Found]
) -> tuple[Found, ...]:
    first = max(stretch.after + 1, stretch.up_to.height + 1 - MOST_BLOCKS_READ)
    found: list[Found] = []
    for heights in pages(range(first, stretch.up_to.height + 1), _BLOCKS_READ_AT_ONCE):
        for block in await node.blocks(heights):
            found += await _paid_in(node, block, stretch.address)
    unexplained = (
        stretch.end_state.balance_wei
        - stretch.before_state.balance_wei
        - sum(each.amount_base_units for each in found)
    )
    # Of an account that has sent something nobody can tell how much came without a transaction.
    if stretch.end_state.nonce == 0 and unexplained > 0:
        (last,) = await node.blocks([stretch.up_to.height])
        found.append(_internal(last, stretch.address, unexplained, [*known, *found]))
    return tuple(found)


async def _paid_in(node: EthereumNode, block: Block, address: str) -> list[Found]:
    incoming, _ = _between(block, address)
    receipts = await node.receipts([str(each["hash"]) for each in incoming])
    return [
        _found(block, address, str(each["hash"]), wei(each))
        for each, receipt in zip(incoming, receipts, strict=True)
        if succeeded(receipt) and wei(each) > 0
    ]


def _between(block: Block, address: str) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """Transactions to and from an address; what it sends to itself counts for neither's value."""
    own = address.lower()
    incoming, outgoing = [], []
    for each in block.transactions:
        sender, receiver = str(each["from"]).lower(), str(each.get("to") or "").lower()
        if sender == own:
            outgoing.append({**each, "value": "0x0"} if receiver == own else each)
        elif receiver == own:
            incoming.append(each)
    return incoming, outgoing


def _internal(block: Block, address: str, amount_wei: int, known: Sequence[Found]) -> Found:
    number = 1 + sum(each.transaction_id.startswith(_INTERNAL) for each in known)
    return _found(block, address, f"{_INTERNAL}-{number}-{amount_wei}", amount_wei)


def _found(block: Block, address: str, transaction_id: str, amount_wei: int) -> Found:
    return Found(
        address=address,
        transaction_id=transaction_id,
        output_index=None,
        amount_base_units=amount_wei,
        block_height=block.place.height,
        block_hash=block.place.block_hash,
        chain_time=block.time,
    )
