"""Made-up blocks of the size and shape that the Bitcoin main network has.

Inputs and outputs are of the common kinds in about the parts that they have there. Signatures and
keys are random bytes: who watches payments does not check them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from payments.raw_block import root_of
from payments.raw_transaction import double_sha256

_VERSION = (2).to_bytes(4, "little")
_SEGWIT = b"\x00\x01"
_NO_LOCK_TIME = bytes(4)
_SEQUENCE = b"\xfd\xff\xff\xff"
_INPUT_KINDS = ("p2wpkh",) * 13 + ("p2tr",) * 4 + ("p2pkh",) * 3
_INPUT_COUNTS = (1, 1, 1, 2, 2, 3, 4)
_OUTPUT_COUNTS = (2, 2, 2, 3)
_FIRST_TIME = 1_795_000_000
_BLOCK_SECONDS = 600
_BITS = (0x1702_7726).to_bytes(4, "little")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """An output to a watched script; ids and scripts in hexadecimal."""

    transaction_id: str
    output_index: int
    script: str
    amount_base_units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeUpBlock:
    """A block. `transactions` are those that wait before it, by id: all but the first."""

    height: int
    block_hash: str
    previous_hash: str
    unix_time: int
    raw: bytes
    transactions: dict[str, bytes]
    paid: tuple[Paid, ...]


def made_up_chain(
    seed: int, *, blocks: int, transactions: int, scripts: Sequence[str], payments: int
) -> list[MadeUpBlock]:
    """Blocks of so many transactions, so many of which pay one of the scripts; first an empty one.

    The same seed gives the same blocks.
    """
    random = Random(seed)  # noqa: S311 - the same blocks in both processes
    chain = [_block(random, 900_000, "00" * 32, transactions=1, scripts=(), payments=0)]
    for _ in range(blocks):
        last = chain[-1]
        chain.append(
            _block(
                random,
                last.height + 1,
                last.block_hash,
                transactions=transactions,
                scripts=scripts,
                payments=payments,
            )
        )
    return chain


def _block(
    random: Random,
    height: int,
    previous_hash: str,
    *,
    transactions: int,
    scripts: Sequence[str],
    payments: int,
) -> MadeUpBlock:
    paying = set(random.sample(range(1, transactions), payments))
    first = _Transaction(random, inputs=("coinbase",), script=None)
    others = [
        _Transaction(
            random,
            inputs=[random.choice(_INPUT_KINDS) for _ in range(random.choice(_INPUT_COUNTS))],
            script=random.choice(scripts) if number in paying else None,
        )
        for number in range(1, transactions)
    ]
    unix_time = _FIRST_TIME + (height - 900_000) * _BLOCK_SECONDS
    header = (
        (0x2000_0000).to_bytes(4, "little")
        + bytes.fromhex(previous_hash)[::-1]
        + root_of([each.id_bytes for each in (first, *others)])
        + unix_time.to_bytes(4, "little")
        + _BITS
        + random.randbytes(4)
    )
    body = b"".join(each.raw for each in (first, *others))
    return MadeUpBlock(
        height=height,
        block_hash=double_sha256(header)[::-1].hex(),
        previous_hash=previous_hash,
        unix_time=unix_time,
        raw=header + compact_size(transactions) + body,
        transactions={each.transaction_id: each.raw for each in others},
        paid=tuple(each.paid for each in others if each.paid is not None),
    )


class _Transaction:
    """One transaction; with a script, one of its outputs pays it."""

    def __init__(self, random: Random, *, inputs: Sequence[str], script: str | None) -> None:
        outputs = [_output(random) for _ in range(random.choice(_OUTPUT_COUNTS))]
        amount = random.randrange(1_000, 10**9)
        index = random.randrange(len(outputs))
        if script is not None:
            outputs[index] = _with_size(amount.to_bytes(8, "little"), bytes.fromhex(script))
        parts = [_input(random, kind) for kind in inputs]
        spent = b"".join(spent for spent, _ in parts)
        body = compact_size(len(parts)) + spent + compact_size(len(outputs)) + b"".join(outputs)
        witnesses = [witness for _, witness in parts]
        self.raw = _VERSION + body + _NO_LOCK_TIME
        self.id_bytes = double_sha256(self.raw)
        self.transaction_id = self.id_bytes[::-1].hex()
        if any(witness != b"\x00" for witness in witnesses):
            self.raw = _VERSION + _SEGWIT + body + b"".join(witnesses) + _NO_LOCK_TIME
        self.paid: Paid | None = None
        if script is not None:
            self.paid = Paid(
                transaction_id=self.transaction_id,
                output_index=index,
                script=script,
                amount_base_units=amount,
            )


def _input(random: Random, kind: str) -> tuple[bytes, bytes]:
    """An input, and the witness that belongs to it."""
    outpoint = random.randbytes(32) + random.randrange(4).to_bytes(4, "little")
    key, signature = b"\x02" + random.randbytes(32), b"\x30" + random.randbytes(71)
    match kind:
        case "p2wpkh":
            witness = b"\x02" + _with_size(b"", signature) + _with_size(b"", key)
            return outpoint + b"\x00" + _SEQUENCE, witness
        case "p2tr":
            return outpoint + b"\x00" + _SEQUENCE, b"\x01" + _with_size(b"", random.randbytes(64))
        case "p2pkh":
            script = _with_size(b"", signature) + _with_size(b"", key)
            return _with_size(outpoint, script) + _SEQUENCE, b"\x00"
        case "coinbase":
            script = b"\x03" + random.randbytes(60)
            nowhere = bytes(32) + b"\xff" * 4
            return _with_size(nowhere, script) + _SEQUENCE, b"\x01" + _with_size(b"", bytes(32))
    raise ValueError(f"{kind!r}: give a kind of input that is known")


def _output(random: Random) -> bytes:
    amount = random.randrange(1_000, 10**9).to_bytes(8, "little")
    key_hash = random.randbytes(20)
    scripts = (
        *(b"\x00\x14" + key_hash,) * 11,
        *(b"\x51\x20" + random.randbytes(32),) * 4,
        *(b"\x76\xa9\x14" + key_hash + b"\x88\xac",) * 3,
        *(b"\xa9\x14" + key_hash + b"\x87",) * 2,
    )
    return _with_size(amount, random.choice(scripts))


def _with_size(before: bytes, data: bytes) -> bytes:
    return before + compact_size(len(data)) + data


def compact_size(number: int) -> bytes:
    """A count or length as it is written in transactions and blocks; up to 65,535."""
    if number < 0xFD:  # noqa: PLR2004 - the sizes of this encoding
        return bytes((number,))
    return b"\xfd" + number.to_bytes(2, "little")
