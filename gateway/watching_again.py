"""From what a reconciliation found to what the shop is asked to look at again."""

from collections.abc import Iterator

from actors.messages import ReadBeside, WatchAgain
from domain.payment import Receipt, Sighting
from domain.reconciliation import CoinTotals, Entry, Finding, Reconciliation
from domain.transaction_ids import is_unnamed


def wishes_of(result: Reconciliation) -> Iterator[WatchAgain]:
    """One wish for each order of which something was missed."""
    coins = {each.coin: each for each in result.coins}
    in_other_parts = {each.address for each in result.entries if _is_gone_and_unnamed(each)}
    missed: dict[tuple[int, str], list[Sighting]] = {}
    for entry in result.entries:
        if entry.finding is Finding.MISSED and entry.order is not None:
            found = missed.setdefault((entry.order.order_id, entry.coin), [])
            # One backend's word is left to the next look, which holds it to the others; and so is
            # what may be in the books already under other names.
            is_known = entry.address in in_other_parts and _is_unnamed(entry.shown)
            if entry.shown is not None and not entry.doubt and not is_known:
                found.append(entry.shown)
    for (order_id, coin), found in missed.items():
        yield WatchAgain(order_id=order_id, read=_read(found, coins[coin]))


def _is_gone_and_unnamed(entry: Entry) -> bool:
    return entry.finding is Finding.GONE and _is_unnamed(entry.receipt)


def _is_unnamed(receipt: Receipt | Sighting | None) -> bool:
    return receipt is not None and is_unnamed(receipt.transaction_id)


def _read(found: list[Sighting], totals: CoinTotals) -> ReadBeside | None:
    """What is in blocks up to where the chain was read; the rest is left to the next look."""
    in_blocks = tuple(each for each in found if each.block_height is not None)
    if not in_blocks or totals.tip_height is None or totals.tip_hash is None:
        return None
    return ReadBeside(height=totals.tip_height, block_hash=totals.tip_hash, sightings=in_blocks)
