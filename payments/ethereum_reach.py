"""How far back an Ethereum node can tell what accounts held."""

from datetime import datetime, timedelta

from payments.chain import ChainUnavailableError, Place
from payments.ethereum_node import Block, EthereumNode, HistoryMissingError
from payments.reach import Reach

# A block is of the time at which it is due, which is a little off from the shop's clock.
_MARGIN = timedelta(hours=1)
_ANY_ADDRESS = "0x" + "0" * 40


async def reach_of(node: EthereumNode, head: Block, since: datetime) -> Reach:
    """From which block on all can be shown that was received since then.

    Raises:
        ChainUnavailableError: the node lacks a block.
    """
    place = await _place_before(node, head, since - _MARGIN)
    try:
        await node.state(_ANY_ADDRESS, place.height)
    except HistoryMissingError:
        return Reach(place=place, tip=head.place, keeps_states=False)
    return Reach(place=place, tip=head.place)


async def _place_before(node: EthereumNode, head: Block, latest: datetime) -> Place:
    """The last block that is not younger than that, the first if none is."""
    low, high = 0, head.place.height
    while low < high:
        middle = (low + high + 1) // 2
        if (await _header(node, middle)).time <= latest:
            low = middle
        else:
            high = middle - 1
    return (await _header(node, low)).place


async def _header(node: EthereumNode, height: int) -> Block:
    header = await node.header(height)
    if header is None:
        raise ChainUnavailableError(f"block {height} is not there any more")
    return header
