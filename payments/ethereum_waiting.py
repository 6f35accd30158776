"""Transactions to watched accounts that an Ethereum node has in no block yet."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from payments.chain import Found, Place
from payments.ethereum_node import EthereumNode, wei


class Waiting:
    """Remembers since when each has waited."""

    def __init__(self) -> None:
        self._since: dict[str, datetime] = {}

    async def read(
        self,
        node: EthereumNode,
        pending: Sequence[Mapping[str, Any]],
        head: Place,
        in_blocks: Mapping[str, tuple[Found, ...]],
        began_at: datetime,
    ) -> dict[str, tuple[Found, ...]]:
        """What waits by address, of the accounts whose receipts up to the head are `in_blocks`.

        `pending` was asked for before the head: what gets a block in between is found in it, and
        never in neither.

        Raises:
            ChainUnavailableError: the node gives no usable answer.
        """
        # A pending block may already lack what the latest one does not have yet, above all where
        # several machines answer at one address: nothing is gone that the node still knows.
        missing = self._since.keys() - {str(each["hash"]) for each in pending}
        still = await node.still_pending(sorted(missing), head)
        watched = {address.lower(): address for address in in_blocks}
        waiting: dict[str, tuple[Found, ...]] = {}
        since: dict[str, datetime] = {}
        for each in (*pending, *still):
            address, name = watched.get(str(each.get("to") or "").lower()), str(each["hash"])
            if address is None or wei(each) == 0:
                continue
            if any(known.transaction_id == name for known in in_blocks[address]):
                continue
            since[name] = self._since.get(name, began_at)
            found = _found(address, name, wei(each), since[name])
            waiting[address] = (*waiting.get(address, ()), found)
        self._since = since
        return waiting


def _found(address: str, transaction_id: str, amount_wei: int, since: datetime) -> Found:
    return Found(
        address=address,
        transaction_id=transaction_id,
        output_index=None,
        amount_base_units=amount_wei,
        block_height=None,
        block_hash=None,
        chain_time=since,
    )
