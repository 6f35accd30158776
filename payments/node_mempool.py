"""The mempool of a node, read by difference: each transaction is fetched once."""

from datetime import datetime, timedelta

from payments.chain import Found
from payments.json_rpc import Call
from payments.node_answers import found_in_mempool
from payments.node_rpc import NodeConnection, NodeError
from payments.patience import Patience
from payments.raw_block import BrokenBlockError
from payments.watched_scripts import Payment, WatchedScripts

# An address may be told here a little after the shopper has it: what was fetched so recently, and
# paid nobody who was known then, is fetched again for a new address.
RECENT = timedelta(seconds=60)
TRANSACTIONS_A_BATCH = 100


class MempoolReader:
    """Remembers which transactions of the mempool were fetched, and what they pay."""

    def __init__(self) -> None:
        self._fetched_at: dict[str, datetime] = {}
        self._found: dict[str, tuple[Found, ...]] = {}
        self._last_read_at: datetime | None = None

    def addresses_were_added(self, now: datetime) -> None:
        """Forget what was fetched so recently that a new address might have been paid in it."""
        # It may have come as early as in the last look, which may have taken long.
        known_since = min(now, self._last_read_at or now)
        for transaction_id, fetched_at in tuple(self._fetched_at.items()):
            if fetched_at > known_since - RECENT:
                self._forget(transaction_id)

    async def read(
        self,
        node: NodeConnection,
        watched: WatchedScripts,
        *,
        now: datetime,
        patience: Patience,
    ) -> tuple[Found, ...] | None:
        """All receipts in the mempool now; None where patience ended first: read on later."""
        self._last_read_at = now
        present = dict.fromkeys(await node.call("getrawmempool"))
        for transaction_id in [known for known in self._fetched_at if known not in present]:
            self._forget(transaction_id)
        new = [each for each in present if each not in self._fetched_at]
        for start in range(0, len(new), TRANSACTIONS_A_BATCH):
            if start and patience.is_over():
                return None
            batch = new[start : start + TRANSACTIONS_A_BATCH]
            await self._fetch(node, batch, watched, now)
        return tuple(
            found
            for several in self._found.values()
            for found in several
            if found.address in watched
        )

    async def _fetch(
        self,
        node: NodeConnection,
        transaction_ids: list[str],
        watched: WatchedScripts,
        now: datetime,
    ) -> None:
        answers = await node.batch(_calls("getrawtransaction", transaction_ids))
        paying: dict[str, tuple[Payment, ...]] = {}
        for transaction_id, answer in zip(transaction_ids, answers, strict=True):
            # It may have left the mempool since: mined, so that the tip has moved and the look
            # goes on; or replaced, and then it pays nobody.
            if isinstance(answer, NodeError):
                continue
            payments = tuple(watched.paid_in(bytes.fromhex(answer)))
            if any(each.transaction_id != transaction_id for each in payments):
                raise BrokenBlockError("another transaction than was asked for")
            if payments:
                paying[transaction_id] = payments
            else:
                self._fetched_at[transaction_id] = now
        entries = await node.batch(_calls("getmempoolentry", list(paying)))
        for (transaction_id, payments), entry in zip(paying.items(), entries, strict=True):
            # A node with an index of transactions shows mined ones too: those have no entry.
            if isinstance(entry, NodeError):
                continue
            self._found[transaction_id] = found_in_mempool(payments, entry)
            self._fetched_at[transaction_id] = now

    def _forget(self, transaction_id: str) -> None:
        self._fetched_at.pop(transaction_id, None)
        self._found.pop(transaction_id, None)


def _calls(method: str, transaction_ids: list[str]) -> list[Call]:
    return [(method, [transaction_id]) for transaction_id in transaction_ids]
