"""What an Ethereum account has received between two blocks, in whatever way it came.

The truth is the account: what it holds, and what it has spent meanwhile. Money also comes without a
transaction to the address (from inside of a contract, as exchanges often pay), so transactions
only give names to parts of the sum; what they do not explain is a receipt all the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.transaction_ids import UNNAMED, is_unnamed
from payments.chain import Found, Place
from payments.ethereum_node import (
    AccountState,
    Block,
    EthereumNode,
    fee_wei,
    succeeded,
    wei,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """An account before and after the blocks above the height `after`, up to `up_to`."""

    address: str
    after: int
    before_state: AccountState
    up_to: Place
    end_state: AccountState


def holds_too_little(stretch: Stretch) -> bool:
    """Whether an account holds less than before and has sent nothing.

    Then what is known of it is wrong, or the node speaks of two chains: nothing may be concluded.
    """
    before, end = stretch.before_state, stretch.end_state
    return before.balance_wei > end.balance_wei and before.nonce == end.nonce


async def receipts_of(
    node: EthereumNode, stretch: Stretch, known: Sequence[Found]
) -> tuple[Found, ...]:
    """The receipts of an account in the blocks of a stretch.

    Each transaction to the address is one, named by its hash. What came to it in a block otherwise
    is one more, named by its number among such receipts (`known` has the earlier ones) and its
    amount: a reorganisation that only moves it to another block brings back the same name.

    Raises:
        HistoryMissingError: the node has forgotten the states in between
            (`payments.ethereum_catch_up` is for that).
    """
    found: list[Found] = []
    for height, before, after in await _changed_blocks(node, stretch):
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
        found.append(internal_receipt(block, address, received, known))
    return found


async def paid_in(
    node: EthereumNode, block: Block, addresses: Iterable[str]
) -> list[tuple[str, Found]]:
    """What transactions of a block pay to these addresses, each with the address."""
    own = {address.lower(): address for address in addresses}
    incoming = [
        (own[receiver], each)
        for each in block.transactions
        if (receiver := str(each.get("to") or "").lower()) in own
        and str(each["from"]).lower() != receiver
        and wei(each) > 0
    ]
    receipts = await node.receipts([str(each["hash"]) for _, each in incoming])
    return [
        (address, _found(block, address, str(each["hash"]), wei(each)))
        for (address, each), receipt in zip(incoming, receipts, strict=True)
        if succeeded(receipt)
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


def internal_receipt(block: Block, address: str, amount_wei: int, known: Iterable[Found]) -> Found:
    """What came to an address in a block without a transaction to it; see `receipts_of`."""
    number = 1 + max((_internal_number(each) for each in known), default=0)
    return _found(block, address, f"{UNNAMED}-{number}-{amount_wei}", amount_wei)


def _internal_number(found: Found) -> int:
    # The highest that is in use, and not how many: a reorganisation may have taken an earlier one.
    return int(found.transaction_id.split("-")[1]) if is_unnamed(found.transaction_id) else 0


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
