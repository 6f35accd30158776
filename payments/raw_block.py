"""Blocks of the Bitcoin family as bytes: their transactions, proved by the block's own header.

A block is its header, the number of its transactions, and these (BIP 141, BIP 144). In a block of
Litecoin with an extension block (LIP 3), the last transaction has flag 8, for the extension, and a
zero in its place; the extension block itself follows it, and pays nobody on the main chain.

The header names the root of the tree of all transaction ids. A block whose transactions do not give
that root is refused as a whole, so one that is cut, changed or read wrongly shows no payments, and
none of its payments can be missed.

Reading a full block so takes a small part of the time that its form in JSON takes.
"""

from collections.abc import Sequence

from payments.block_headers import HEADER_BYTES
from payments.raw_transaction import (
    EXTENSION_FLAG,
    LOCK_TIME_BYTES,
    OUTPOINT_BYTES,
    WITNESS_FLAG,
    double_sha256,
)

_ROOT = slice(36, 68)  # of a header
_VERSION_BYTES = 4
_SEQUENCE_BYTES = 4
_AMOUNT_BYTES = 8
_LARGEST_ONE_BYTE_COUNT = 0xFC
_KNOWN_FLAGS = (WITNESS_FLAG, EXTENSION_FLAG, WITNESS_FLAG | EXTENSION_FLAG)


class BrokenBlockError(ValueError):
    """Bytes that are no block, or no part of one, or not of the one that was asked for."""


def transactions_of(block: bytes) -> list[bytes]:
    """The transactions of a block, all of them.

    Raises:
        BrokenBlockError: it is no block, or its header is of other transactions.
    """
    try:
        transactions, ids = _read(block)
    except IndexError:
        raise BrokenBlockError("a block that ends too early") from None
    if root_of(ids) != block[_ROOT]:
        raise BrokenBlockError("another transaction in a block than its header is of")
    return transactions


def root_of(ids: Sequence[bytes]) -> bytes:
    """The root of the tree of transaction ids, which are in the order of bytes, not as written.

    Raises:
        BrokenBlockError: there are none; or two hashes side by side are the same, by which a longer
            list can have the root of a shorter one (CVE-2012-2459).
    """
    if not ids:
        raise BrokenBlockError("a block without transactions")
    row = list(ids)
    while len(row) > 1:
        left, right = row[::2], row[1::2]
        if any(map(bytes.__eq__, left, right)):
            raise BrokenBlockError("a block that has transactions twice")
        if len(left) > len(right):
            right.append(left[-1])
        row = [double_sha256(one + other) for one, other in zip(left, right, strict=True)]
    return row[0]


def _read(block: bytes) -> tuple[list[bytes], list[bytes]]:
    """The transactions and their ids, as far as the block's counts and lengths can be believed."""
    transactions, ids = [], []
    extension_may_follow = False
    count, at = _count(block, HEADER_BYTES)
    for _ in range(count):
        begins = at
        flags, body_begins = _flags(block, begins + _VERSION_BYTES)
        body_ends, at = _ends(block, body_begins, flags)
        if at > len(block):
            raise BrokenBlockError("a block that ends within a transaction")
        extension_may_follow = bool(flags & EXTENSION_FLAG)
        transactions.append(block[begins:at])
        version = block[begins : begins + _VERSION_BYTES]
        lock_time = block[at - LOCK_TIME_BYTES : at]
        ids.append(double_sha256(version + block[body_begins:body_ends] + lock_time))
    if at != len(block) and not extension_may_follow:
        raise BrokenBlockError("a block with something after its end")
    return transactions, ids


def _flags(block: bytes, at: int) -> tuple[int, int]:
    """The flags of BIP 144, 0 where there is no marker; and where the inputs begin."""
    if block[at] != 0:
        return 0, at
    flags = block[at + 1]
    if flags not in _KNOWN_FLAGS:
        raise BrokenBlockError("a transaction without inputs, or of an unknown kind")
    return flags, at + 2


def _ends(block: bytes, at: int, flags: int) -> tuple[int, int]:
    """Where the outputs end of a transaction whose inputs begin here, and where it ends itself."""
    inputs, at = _count(block, at)
    for _ in range(inputs):
        length, at = _count(block, at + OUTPOINT_BYTES)
        at += length + _SEQUENCE_BYTES
    outputs, at = _count(block, at)
    for _ in range(outputs):
        length, at = _count(block, at + _AMOUNT_BYTES)
        at += length
    body_ends = at
    if flags & WITNESS_FLAG:
        at = _witnesses_end(block, at, inputs)
    if flags & EXTENSION_FLAG:
        if block[at] != 0:
            raise BrokenBlockError("a transaction whose part of the extension block is still in it")
        at += 1
    return body_ends, at + LOCK_TIME_BYTES


def _witnesses_end(block: bytes, at: int, inputs: int) -> int:
    for _ in range(inputs):
        items, at = _count(block, at)
        for _ in range(items):
            length, at = _count(block, at)
            at += length
    return at


def _count(block: bytes, at: int) -> tuple[int, int]:
    """A count or length of one, three, five or nine bytes, and where it ends."""
    first = block[at]
    if first <= _LARGEST_ONE_BYTE_COUNT:
        return first, at + 1
    ends = at + 1 + 2 ** (first - _LARGEST_ONE_BYTE_COUNT)
    return int.from_bytes(block[at + 1 : ends], "little"), ends
