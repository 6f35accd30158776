"""From what a reconciliation found to what the shop is asked to look at again."""

from collections.abc import Iterator

from actors.messages import ReadBeside, WatchAgain
from domain.payment import Sighting
from domain.reconciliation import CoinTotals, Finding, Reconciliation


def wishes_of(result: Reconciliation) -> Iterator[WatchAgain]:
    """One wish for each order of which something was missed."""
    coins = {each.coin: each for each in result.coins}
    missed: dict[tuple[int, str], list[Sighting]] = {}
    for entry in result.entries:
        if entry.finding is Finding.MISSED and entry.order is not None:
            found = missed.setdefault((entry.order.order_id, entry.coin), [])
            # One backend's word is left to the next look, which holds it to the others.
            if entry.shown is not None and not entry.doubt:
                found.append(entry.shown)
    for (order_id, coin), found in missed.items():
        yield WatchAgain(order_id=order_id, read=_read(found, coins[coin]))


def _read(found: list[Sighting], totals: CoinTotals) -> ReadBeside | None:
    """What is in blocks up to where the chain was read; the rest is left to the next look."""
    in_blocks = tuple(each for each in found if each.block_height is not None)
    if not in_blocks or totals.tip_height is None or totals.tip_hash is None:
        return None
    return ReadBeside(height=totals.tip_height, block_hash=totals.tip_hash, sightings=in_blocks)
