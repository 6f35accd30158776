"""Bech32 and bech32m, the text form of segregated-witness addresses.

Source: BIP 173 (bech32, witness version 0) and BIP 350 (bech32m, versions 1 to 16). Written here
and not taken from the shop's library, so that each checks the other.
"""

from __future__ import annotations

from collections.abc import Iterable

_CHARACTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_BECH32_CONSTANT = 1
_BECH32M_CONSTANT = 0x2BC830A3
_CHECKSUM_LENGTH = 6
_MAX_LENGTH = 90
_MAX_VERSION = 16
_SHORTEST_PROGRAM, _LONGEST_PROGRAM = 2, 40
_PROGRAM_LENGTHS_OF_VERSION_0 = (20, 32)


def encode_segwit(prefix: str, version: int, program: bytes) -> str:
    """Write a witness program as an address."""
    values = [version, *_regroup(program, 8, 5)]
    padded = _polymod([*_expand(prefix), *values, *[0] * _CHECKSUM_LENGTH])
    checksum = padded ^ _constant(version)
    tail = [(checksum >> 5 * (5 - i)) & 31 for i in range(_CHECKSUM_LENGTH)]
    return f"{prefix}1" + "".join(_CHARACTERS[value] for value in [*values, *tail])


def decode_segwit(prefix: str, address: str) -> tuple[int, bytes]:
    """Read an address.

    Returns:
        Witness version and program.

    Raises:
        ValueError: wrong prefix, character, checksum or length.
    """
    if address not in (address.lower(), address.upper()) or len(address) > _MAX_LENGTH:
        raise ValueError("upper and lower case mixed, or too long")
    found_prefix, _, data = address.lower().rpartition("1")
    if found_prefix != prefix or len(data) <= _CHECKSUM_LENGTH:
        raise ValueError(f"it does not begin with {prefix}1")
    values = [_CHARACTERS.find(character) for character in data]
    if -1 in values:
        raise ValueError("a character that bech32 has not")
    version = values[0]
    if version > _MAX_VERSION or _polymod([*_expand(prefix), *values]) != _constant(version):
        raise ValueError("the checksum does not fit")
    program = _program(values[1:-_CHECKSUM_LENGTH])
    _check_length(version, program)
    return version, program


def _program(values: list[int]) -> bytes:
    bits = 5 * len(values)
    padding = bits % 8
    if padding >= 5 or (values and values[-1] & ((1 << padding) - 1)):  # noqa: PLR2004 - a whole character of padding
        raise ValueError("the padding is not of zeros")
    return bytes(_regroup(values, 5, 8)[: bits // 8])


def _check_length(version: int, program: bytes) -> None:
    if not _SHORTEST_PROGRAM <= len(program) <= _LONGEST_PROGRAM:
        raise ValueError("the program is too short or too long")
    if version == 0 and len(program) not in _PROGRAM_LENGTHS_OF_VERSION_0:
        raise ValueError("a program of version 0 has 20 or 32 bytes")


def _constant(version: int) -> int:
    return _BECH32M_CONSTANT if version else _BECH32_CONSTANT


def _expand(prefix: str) -> list[int]:
    codes = [ord(character) for character in prefix]
    return [code >> 5 for code in codes] + [0] + [code & 31 for code in codes]


def _polymod(values: Iterable[int]) -> int:
    checksum = 1
    for value in values:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATORS):
            checksum ^= generator if (top >> bit) & 1 else 0
    return checksum


def _regroup(values: Iterable[int], from_bits: int, to_bits: int) -> list[int]:
    """Cut a row of bits anew, the last group filled up with zeros."""
    bits = "".join(f"{value:0{from_bits}b}" for value in values)
    groups = [bits[i : i + to_bits] for i in range(0, len(bits), to_bits)]
    return [int(group.ljust(to_bits, "0"), 2) for group in groups]
