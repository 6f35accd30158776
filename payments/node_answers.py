"""What is read out of the answers of a Bitcoin Core family node."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from payments.block_headers import HEADER_BYTES
from payments.chain import Found, Place
from payments.raw_block import BrokenBlockError
from payments.raw_transaction import double_sha256
from payments.watched_scripts import Payment, WatchedScripts


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeBlock:
    """A block. `chain_time` is its median time past; `confirmations` are below 0 off the chain.

    `next_hash` None: it is the tip.
    """

    place: Place
    next_hash: str | None
    confirmations: int
    chain_time: datetime
    raw: bytes


def moment(unix_seconds: object) -> datetime:
    """The time in UTC.

    Raises:
        ValueError: not a time.
    """
    if not isinstance(unix_seconds, int):
        raise ValueError("a time that is no whole number")  # noqa: TRY004 - a broken answer, as others are
    return datetime.fromtimestamp(unix_seconds, UTC)


def place_of(header: Mapping[str, Any]) -> Place:
    """The place of a block header."""
    return Place(height=int(header["height"]), block_hash=str(header["hash"]))


def read_block(block_hash: str, header: Mapping[str, Any], hexadecimal: str) -> NodeBlock:
    """A block from what `getblockheader` and `getblock` with verbosity 0 say of it.

    Raises:
        ValueError: they are of another block.
    """
    raw = bytes.fromhex(hexadecimal)
    place = place_of(header)
    if not place.block_hash == block_hash == double_sha256(raw[:HEADER_BYTES])[::-1].hex():
        raise BrokenBlockError("another block than was asked for")
    return NodeBlock(
        place=place,
        next_hash=header.get("nextblockhash"),
        confirmations=int(header["confirmations"]),
        chain_time=moment(header["mediantime"]),
        raw=raw,
    )


def found_in_block(block: NodeBlock, watched: WatchedScripts) -> list[Found]:
    """All receipts in a block."""
    return [
        _found(payment, block.place, block.chain_time)
        for payment in watched.paid_in_block(block.raw)
    ]


def found_in_mempool(payments: tuple[Payment, ...], entry: Mapping[str, Any]) -> tuple[Found, ...]:
    """The receipts in a transaction that waits, as `getmempoolentry` shows it."""
    chain_time = moment(entry["time"])
    return tuple(_found(payment, None, chain_time) for payment in payments)


def _found(payment: Payment, place: Place | None, chain_time: datetime) -> Found:
    return Found(
        address=payment.address,
        transaction_id=payment.transaction_id,
        output_index=payment.output_index,
        amount_base_units=payment.amount_base_units,
        block_height=None if place is None else place.height,
        block_hash=None if place is None else place.block_hash,
        chain_time=chain_time,
    )
