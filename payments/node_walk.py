"""Steps along a node's chain: back to where it forked, and on from there."""

from typing import Any

from payments.chain import ChainUnavailableError, Place
from payments.node_answers import NodeBlock, place_of, read_block
from payments.node_rpc import MISC_ERROR, NOT_FOUND, NodeConnection, NodeError

# No chain that shops are paid in was ever reorganised so far back.
DEEPEST_FORK_BLOCKS = 1000
# How far below a block that the node does not know the chain is read again.
BLOCKS_READ_AGAIN = 100
_AS_BYTES = 0  # the verbosity of `getblock`


async def last_in_chain(
    node: NodeConnection, place: Place, node_name: str
) -> tuple[Place, str | None]:
    """`place`, or the block below it where the chain forked; and the hash of the block after it.

    Raises:
        ChainUnavailableError: the fork is too deep, or the node is far behind the place.
        NodeError: the node refuses.
    """
    try:
        header = await node.call("getblockheader", place.block_hash)
    except NodeError as error:
        if error.code != NOT_FOUND:
            raise
        header = await _header_below_unknown(node, place, node_name)
    for _ in range(DEEPEST_FORK_BLOCKS):
        if header["confirmations"] >= 0:
            return place_of(header), header.get("nextblockhash")
        header = await node.call("getblockheader", header["previousblockhash"])
    raise ChainUnavailableError(
        f"{node_name} left the chain that the shop followed more than {DEEPEST_FORK_BLOCKS}"
        f" blocks below block {place.height}: is it the right node?"
    )


async def next_block(node: NodeConnection, block_hash: str, node_name: str) -> NodeBlock:
    """A block with all its transactions.

    Raises:
        ChainUnavailableError: the node has dropped the block.
        NodeError: the node refuses.
        ValueError: it gave another block.
    """
    header, raw = await node.batch(
        [("getblockheader", [block_hash]), ("getblock", [block_hash, _AS_BYTES])]
    )
    for answer in (header, raw):
        if not isinstance(answer, NodeError):
            continue
        if answer.code != MISC_ERROR:
            raise answer
        raise ChainUnavailableError(
            f"{node_name} has not kept block {block_hash} ({answer}): use a node that is not"
            " pruned so far, or raise its `prune` and let it fetch the blocks again"
        )
    return read_block(block_hash, header, raw)


async def _header_below_unknown(
    node: NodeConnection, place: Place, node_name: str
) -> dict[str, Any]:
    """A header so far below a block which the node never had that both chains share it.

    The node was filled anew after that block had been reorganised away, or it is behind.
    """
    height = max(0, place.height - BLOCKS_READ_AGAIN)
    blocks = int(await node.call("getblockcount"))
    if blocks < height:
        raise ChainUnavailableError(
            f"{node_name} is at block {blocks} and the shop had seen block {place.height}:"
            " wait until it has caught up, or use the node that the shop had before"
        )
    block_hash = await node.call("getblockhash", height)
    header: dict[str, Any] = await node.call("getblockheader", block_hash)
    return header
