"""Reading segwit addresses, against another library and the vectors of the specifications."""

import pytest
from bip_utils import Bech32ChecksumError, SegwitBech32Decoder, SegwitBech32Encoder
from hypothesis import given
from hypothesis import strategies as st

from payments.bech32 import decode

PREFIXES = ["bc", "tb", "bcrt", "ltc", "tltc", "rltc"]
PROGRAMS = st.one_of(
    st.tuples(st.just(0), st.binary(min_size=20, max_size=20)),
    st.tuples(st.just(0), st.binary(min_size=32, max_size=32)),
    st.tuples(st.integers(1, 16), st.binary(min_size=2, max_size=40)),
)
CHARACTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7lb1ioQ-"


def as_others_read(prefix: str, address: str) -> tuple[int, bytes] | None:
    try:
        version, program = SegwitBech32Decoder.Decode(prefix, address)
    except (ValueError, Bech32ChecksumError):
        return None
    return version, bytes(program)


def as_read(prefix: str, address: str) -> tuple[int, bytes] | None:
    try:
        return decode(prefix, address)
    except ValueError:
        return None


@given(st.sampled_from(PREFIXES), PROGRAMS)
def test_address_that_others_made_is_read_as_it_was_made(
    prefix: str, made_of: tuple[int, bytes]
) -> None:
    address = SegwitBech32Encoder.Encode(prefix, *made_of)
    assert decode(prefix, address) == made_of
    assert decode(prefix, address.upper()) == made_of


@given(
    st.sampled_from(PREFIXES), PROGRAMS, st.integers(0, 89), st.sampled_from(CHARACTERS), st.data()
)
def test_changed_address_is_refused_where_others_refuse_it(
    prefix: str, made_of: tuple[int, bytes], at: int, character: str, data: st.DataObject
) -> None:
    address = SegwitBech32Encoder.Encode(prefix, *made_of)
    kept_after = at + data.draw(st.integers(0, 2), "characters that the new one replaces")
    changed = address[:at] + character + address[kept_after:]
    assert as_read(prefix, changed) == as_others_read(prefix, changed)


@given(st.sampled_from(PREFIXES), st.text(max_size=100))
def test_any_text_is_no_address(prefix: str, text: str) -> None:
    assert as_read(prefix, text) is None
    assert as_read(prefix, f"{prefix}1{text}") == as_others_read(prefix, f"{prefix}1{text}")


@pytest.mark.parametrize(
    ("prefix", "address", "script"),
    [
        # BIP 350, "Test vectors for v0-v16 native segregated witness addresses".
        (
            "bc",
            "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
            "0014751e76e8199196d454941c45d1b3a323f1433bd6",
        ),
        (
            "tb",
            "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7",
            "00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262",
        ),
        (
            "bc",
            "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y",
            "5128751e76e8199196d454941c45d1b3a323f1433bd6751e76e8199196d454941c45d1b3a323f1433bd6",
        ),
        ("bc", "BC1SW50QGDZ25J", "6002751e"),
        ("bc", "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs", "5210751e76e8199196d454941c45d1b3a323"),
    ],
)
def test_vectors_of_the_specification_are_read(prefix: str, address: str, script: str) -> None:
    version, program = decode(prefix, address)
    opcode = version + 0x50 if version else 0
    assert bytes((opcode, len(program))) + program == bytes.fromhex(script)


@pytest.mark.parametrize(
    ("prefix", "address"),
    [
        # BIP 350, the invalid ones, and what is wrong with each.
        ("tb", "tc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq5zuyut"),  # prefix
        ("bc", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd"),  # bech32
        ("tb", "tb1z0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqglt7rf"),  # bech32
        ("bc", "BC1S0XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ54WELL"),  # bech32
        ("bc", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh"),  # bech32m
        ("tb", "tb1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq24jc47"),  # bech32m
        ("bc", "bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4"),  # "o"
        ("bc", "BC130XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ7ZWS8R"),  # version
        ("bc", "bc1pw5dgrnzv"),  # one byte
        ("bc", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v8n0nx0muaewav253zgeav"),
        ("bc", "BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P"),  # 16 bytes of version 0
        ("tb", "tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq47Zagq"),  # both sizes
        ("bc", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v07qwwzcrf"),  # zeros
        ("tb", "tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vpggkg4j"),  # not zeros
        ("bc", "bc1gmk9yu"),  # empty
        ("bc", ""),
        ("bc", "bc"),
        ("bc", "bc1"),
        ("bc", "1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
    ],
)
def test_vectors_that_are_no_addresses_are_refused(prefix: str, address: str) -> None:
    assert as_read(prefix, address) is None
