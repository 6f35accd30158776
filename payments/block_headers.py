"""Block headers of the Bitcoin family: 80 bytes that a server cannot make up at no cost.

A header names the block before it and the root of the tree of its transactions. On the main network
it is also held to its proof of work: a hash below its target, the target kept within a period of
2,016 blocks and changed at most fourfold between two. On the test networks targets may fall to the
minimum at any time, and on regtest work means nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import scrypt

from payments.raw_transaction import double_sha256

HEADER_BYTES = 80
MEDIAN_OF_BLOCKS = 11  # BIP 113
_PERIOD_BLOCKS = 2016
_MOST_EASED = 4
_HASH_BYTES = 32
_LONGEST_BRANCH = 32

# Below what either chain has asked for in years, and as near to it as it can be without refusing
# true blocks when miners leave: the difficulty, by which the easiest target is divided.
_EASIEST_TARGETS = {
    "BTC": (0xFFFF << 208) // 10**13,
    "LTC": (0xFFFF << 208) // 10**7,
}


class BrokenHeaderError(ValueError):
    """Bytes that are no header, or one that does not belong where it is said to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """One header; hashes as people write them."""

    block_hash: str
    previous_hash: str
    merkle_root: str
    unix_time: int
    bits: int


def parse_header(raw: bytes) -> Header:
    """Read a header.

    Raises:
        BrokenHeaderError: it is none.
    """
    if len(raw) != HEADER_BYTES:
        raise BrokenHeaderError(f"a header of {len(raw)} bytes")
    return Header(
        block_hash=double_sha256(raw)[::-1].hex(),
        previous_hash=raw[4:36][::-1].hex(),
        merkle_root=raw[36:68][::-1].hex(),
        unix_time=int.from_bytes(raw[68:72], "little"),
        bits=int.from_bytes(raw[72:76], "little"),
    )


def require_work(raw: bytes, *, coin: str, network: str) -> None:
    """Let pass a header that cost what a header of this chain costs; on other than main any.

    Takes a millisecond for LTC: call it in a thread for many.

    Raises:
        BrokenHeaderError: it did not.
    """
    if network != "main":
        return
    target = target_of(parse_header(raw).bits)
    if not 0 < target <= _EASIEST_TARGETS[coin]:
        raise BrokenHeaderError("a header that is easier to make than any of its chain")
    if int.from_bytes(_work_hash(raw, coin), "little") > target:
        raise BrokenHeaderError("a header without its proof of work")


def require_link(header: Header, previous: Header, height: int, *, network: str) -> None:
    """Let pass a header that may stand at `height`, after `previous`.

    Raises:
        BrokenHeaderError: it names another block, or changes the target against the rules.
    """
    if header.previous_hash != previous.block_hash:
        raise BrokenHeaderError(f"header {height} does not go on from the one before it")
    if network != "main" or header.bits == previous.bits:
        return
    if height % _PERIOD_BLOCKS:
        raise BrokenHeaderError(f"header {height} changes the target within a period")
    if target_of(header.bits) > _MOST_EASED * target_of(previous.bits):
        raise BrokenHeaderError(f"header {height} eases the target by more than is allowed")


def target_of(bits: int) -> int:
    """The number that the hash must not exceed, from its short form."""
    exponent, mantissa = bits >> 24, bits & 0x7FFFFF
    shift = 8 * (exponent - 3)
    return mantissa << shift if shift >= 0 else mantissa >> -shift


def merkle_root(transaction_id: str, branch: Sequence[str], position: int) -> str:
    """The root that follows from a transaction, the hashes beside its way up, and its place.

    Raises:
        BrokenHeaderError: not such a branch.
    """
    if len(branch) > _LONGEST_BRANCH or not 0 <= position < 1 << len(branch):
        raise BrokenHeaderError("a branch that does not fit the place of its transaction")
    node = _hash_bytes(transaction_id)
    for beside in branch:
        other = _hash_bytes(beside)
        node = double_sha256(other + node if position & 1 else node + other)
        position >>= 1
    return node[::-1].hex()


def median_time(headers: Sequence[Header]) -> datetime:
    """The median time past of the last of up to eleven headers (BIP 113), as nodes tell it."""
    times = sorted(each.unix_time for each in headers[-MEDIAN_OF_BLOCKS:])
    return datetime.fromtimestamp(times[len(times) // 2], UTC)


def _hash_bytes(hexadecimal: str) -> bytes:
    raw = bytes.fromhex(hexadecimal)
    if len(raw) != _HASH_BYTES:
        raise BrokenHeaderError("a hash that is not of 32 bytes")
    return raw[::-1]


def _work_hash(raw: bytes, coin: str) -> bytes:
    if coin == "LTC":
        return scrypt(raw, salt=raw, n=1024, r=1, p=1, dklen=_HASH_BYTES)
    return double_sha256(raw)
