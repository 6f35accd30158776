"""Finding a place in a node's chain by time, and how far back the node keeps its blocks."""

from datetime import datetime, timedelta
from typing import Any

from payments.chain import Place
from payments.node_answers import moment, place_of
from payments.node_rpc import NodeConnection
from payments.reach import Reach

# The median time past of a block (BIP 113) never falls from one block to the next, and lies some
# blocks behind the clock; miners may set theirs two hours ahead of it.
_MARGIN = timedelta(hours=6)


async def reach_of(node: NodeConnection, tip: Place, since: datetime) -> Reach:
    """From where on the node shows all that was received since then.

    Raises:
        NodeError: the node refuses.
    """
    place = await _place_before(node, tip, since - _MARGIN)
    info = await node.call("getblockchaininfo")
    # The first block that is there whole; what is read are the blocks behind the place.
    first_kept = int(info.get("pruneheight", 0)) if info.get("pruned") else 0
    if first_kept <= place.height + 1:
        return Reach(place=place, tip=tip, walks_blocks=True)
    header = await _header(node, first_kept - 1)
    return Reach(
        place=place_of(header),
        tip=tip,
        walks_blocks=True,
        begins_height=first_kept - 1,
        begins_at=moment(header["mediantime"]),
    )


async def _place_before(node: NodeConnection, tip: Place, latest: datetime) -> Place:
    """The last block of which the median time past is not after that; the first if none is."""
    low, high = 0, tip.height
    while low < high:
        middle = (low + high + 1) // 2
        if moment((await _header(node, middle))["mediantime"]) <= latest:
            low = middle
        else:
            high = middle - 1
    return place_of(await _header(node, low))


async def _header(node: NodeConnection, height: int) -> dict[str, Any]:
    header: dict[str, Any] = await node.call(
        "getblockheader", await node.call("getblockhash", height)
    )
    return header
