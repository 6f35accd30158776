"""Transactions and blocks with their real serialisation, so that ids and hex agree with a node's.

No script is run and no work is proved: inputs carry no signature, and headers any nonce. The
genesis block is that of Litecoin's regtest.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from functools import cached_property

NO_TRANSACTION = "00" * 32
REGTEST_BITS = 0x207FFFFF

_FINAL_SEQUENCE = 0xFFFFFFFF
_REPLACEABLE_SEQUENCE = 0xFFFFFFFD
_COINBASE_INDEX = 0xFFFFFFFF
_BLOCK_VERSION = 0x20000000
_TRANSACTION_VERSION = 2
_BLOCK_SUBSIDY_LITOSHI = 50 * 100_000_000
_SHORT_SIZE_LIMIT = 0xFD
_MIDDLE_SIZE_LIMIT = 0x10000
_GENESIS_TIME = 1296688602
_GENESIS_SCRIPT = bytes.fromhex(
    "04ffff001d0104404e592054696d65732030352f4f63742f32303131205374657665204a6f62732c204170706c65"
    "e280997320566973696f6e6172792c2044696573206174203536"
)
_GENESIS_OUTPUT_SCRIPT = bytes.fromhex(
    "41040184710fa689ad5023690c80f3a49c8f13f8d45b8c857fbcbc8bc4a8e4d3eb4b10f4d4604fa08dce601aaf0f"
    "470216fe1b51850b4acf21b179c45070ac7b03a9ac"
)


@dataclass(frozen=True, slots=True)
class Output:
    """An amount in litoshi and the script that it is paid to."""

    litoshi: int
    script: bytes


@dataclass(frozen=True, slots=True)
class Input:
    """The output that is spent, or for a coinbase none and a script."""

    previous_txid: str
    index: int
    script: bytes = b""
    sequence: int = _REPLACEABLE_SEQUENCE

    @property
    def is_coinbase(self) -> bool:
        """Whether it spends nothing but makes new coins."""
        return self.index == _COINBASE_INDEX


@dataclass(frozen=True, kw_only=True)
class Transaction:
    """A transaction; not slotted, because its serialisation is kept once made."""

    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    version: int = _TRANSACTION_VERSION
    lock_time: int = 0

    @cached_property
    def raw(self) -> bytes:
        """The serialisation without witness data."""
        parts = [struct.pack("<i", self.version), _size(len(self.inputs))]
        for spent in self.inputs:
            parts.append(bytes.fromhex(spent.previous_txid)[::-1])
            parts.append(struct.pack("<I", spent.index))
            parts.append(_size(len(spent.script)) + spent.script)
            parts.append(struct.pack("<I", spent.sequence))
        parts.append(_size(len(self.outputs)))
        for output in self.outputs:
            parts.append(struct.pack("<q", output.litoshi))
            parts.append(_size(len(output.script)) + output.script)
        parts.append(struct.pack("<I", self.lock_time))
        return b"".join(parts)

    @cached_property
    def txid(self) -> str:
        """The id as nodes write it."""
        return _double_sha256(self.raw)[::-1].hex()

    @property
    def is_coinbase(self) -> bool:
        """Whether it is the first of a block."""
        return self.inputs[0].is_coinbase


@dataclass(frozen=True, kw_only=True)
class Block:
    """A block; not slotted, because its hash is kept once made. Time in Unix seconds."""

    height: int
    previous_hash: str
    time: int
    transactions: tuple[Transaction, ...]
    version: int = _BLOCK_VERSION

    @cached_property
    def merkle_root(self) -> str:
        """The root over the transactions' ids."""
        row = [bytes.fromhex(transaction.txid)[::-1] for transaction in self.transactions]
        while len(row) > 1:
            if len(row) % 2:
                row.append(row[-1])
            row = [_double_sha256(row[i] + row[i + 1]) for i in range(0, len(row), 2)]
        return row[0][::-1].hex()

    @cached_property
    def header(self) -> bytes:
        """The 80 bytes that the hash is taken of."""
        return (
            struct.pack("<i", self.version)
            + bytes.fromhex(self.previous_hash)[::-1]
            + bytes.fromhex(self.merkle_root)[::-1]
            + struct.pack("<III", self.time, REGTEST_BITS, 0)
        )

    @cached_property
    def hash(self) -> str:
        """The id as nodes write it: double SHA-256 of the header, on Litecoin too."""
        return _double_sha256(self.header)[::-1].hex()

    @cached_property
    def raw(self) -> bytes:
        """The whole serialisation."""
        body = b"".join(transaction.raw for transaction in self.transactions)
        return self.header + _size(len(self.transactions)) + body


def coinbase(height: int, extra_nonce: int, script: bytes) -> Transaction:
    """The first transaction of a block; BIP 34 puts the height at the start of its script."""
    height_bytes = height.to_bytes(4, "little").rstrip(b"\0") or b"\0"
    nonce_bytes = extra_nonce.to_bytes(8, "little")
    signature = bytes([len(height_bytes)]) + height_bytes + b"\x08" + nonce_bytes
    made = Input(NO_TRANSACTION, _COINBASE_INDEX, signature, _FINAL_SEQUENCE)
    return Transaction(inputs=(made,), outputs=(Output(_BLOCK_SUBSIDY_LITOSHI, script),))


def genesis_block() -> Block:
    """Block 0 of Litecoin's regtest."""
    made = Input(NO_TRANSACTION, _COINBASE_INDEX, _GENESIS_SCRIPT, _FINAL_SEQUENCE)
    output = Output(_BLOCK_SUBSIDY_LITOSHI, _GENESIS_OUTPUT_SCRIPT)
    first = Transaction(version=1, inputs=(made,), outputs=(output,))
    return Block(
        height=0,
        previous_hash=NO_TRANSACTION,
        time=_GENESIS_TIME,
        transactions=(first,),
        version=1,
    )


def _double_sha256(data: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


def _size(count: int) -> bytes:
    """Bitcoin's variable-length integer."""
    if count < _SHORT_SIZE_LIMIT:
        return bytes([count])
    if count < _MIDDLE_SIZE_LIMIT:
        return b"\xfd" + struct.pack("<H", count)
    return b"\xfe" + struct.pack("<I", count)
