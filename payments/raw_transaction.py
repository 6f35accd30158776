"""Transactions of the Bitcoin family as bytes: what they pay, and the id that follows from it.

The id is the double SHA-256 of everything but the witnesses (BIP 141, BIP 144), so whoever asks
for an id and gets bytes with another one was answered wrongly. Litecoin's extension data (flag 8),
which stands after the witnesses and is no part of the id either, is passed over.
"""

from dataclasses import dataclass
from hashlib import sha256

WITNESS_FLAG = 1
EXTENSION_FLAG = 8
LOCK_TIME_BYTES = 4
OUTPOINT_BYTES = 36
_LARGEST_ONE_BYTE_COUNT = 0xFC
_INNER_NODE_BYTES = 64


class BrokenTransactionError(ValueError):
    """Bytes that are no transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One output; `script` in hexadecimal."""

    index: int
    amount_base_units: int
    script: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTransaction:
    """What a transaction pays; the id as people write it, the last byte first."""

    transaction_id: str
    outputs: tuple[Output, ...]


def double_sha256(data: bytes) -> bytes:
    """The hash of the Bitcoin family."""
    return sha256(sha256(data).digest()).digest()


def parse_transaction(raw: bytes) -> RawTransaction:
    """Read a transaction.

    Raises:
        BrokenTransactionError: it is none.
    """
    reader = _Reader(raw)
    version = reader.take(4)
    flags = _flags(reader)
    body_begins = reader.at
    inputs = reader.count()
    for _ in range(inputs):
        reader.take(OUTPOINT_BYTES)
        reader.take(reader.count())
        reader.take(4)
    outputs = tuple(_output(reader, index) for index in range(reader.count()))
    body = raw[body_begins : reader.at]
    if flags & WITNESS_FLAG:
        for _ in range(inputs):
            for _ in range(reader.count()):
                reader.take(reader.count())
    if flags & EXTENSION_FLAG:
        reader.take(len(raw) - reader.at - LOCK_TIME_BYTES)
    lock_time = reader.take(LOCK_TIME_BYTES)
    if reader.at != len(raw):
        raise BrokenTransactionError("a transaction with something after its end")
    hashed = version + body + lock_time
    if len(hashed) == _INNER_NODE_BYTES:
        # Two hashes side by side in a merkle tree look like it (CVE-2017-12842).
        raise BrokenTransactionError("a transaction of 64 bytes proves nothing")
    return RawTransaction(transaction_id=double_sha256(hashed)[::-1].hex(), outputs=outputs)


def _flags(reader: "_Reader") -> int:
    """The flags of BIP 144, 0 where there is no marker; the reader is then at the inputs."""
    begins = reader.at
    marker, flags = reader.take(2)
    if marker != 0:
        reader.at = begins
        return 0
    if not flags or flags & ~(WITNESS_FLAG | EXTENSION_FLAG):
        raise BrokenTransactionError("a transaction without inputs, or of an unknown kind")
    return int(flags)


def _output(reader: "_Reader", index: int) -> Output:
    amount = reader.number(8)
    return Output(index=index, amount_base_units=amount, script=reader.take(reader.count()).hex())


class _Reader:
    """Bytes, read from the front."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self.at = 0

    def take(self, size: int) -> bytes:
        """The next bytes."""
        ends = self.at + size
        if size < 0 or ends > len(self._raw):
            raise BrokenTransactionError("a transaction that ends too early")
        taken = self._raw[self.at : ends]
        self.at = ends
        return taken

    def number(self, size: int) -> int:
        """A whole number of so many bytes, the smallest first."""
        return int.from_bytes(self.take(size), "little")

    def count(self) -> int:
        """A number of one, three, five or nine bytes, as counts and lengths are written."""
        first = self.number(1)
        if first <= _LARGEST_ONE_BYTE_COUNT:
            return first
        return self.number(2 ** (first - _LARGEST_ONE_BYTE_COUNT))
