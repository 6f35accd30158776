"""Segwit addresses read quickly: the checksum of BIP 173 and BIP 350, and the bits of BIP 173.

A shop that starts reads the addresses of all its open orders, and bip_utils takes a tenth of a
millisecond for each; this takes a tenth of that. Tests hold it to what bip_utils says.
"""

from functools import cache

_CHARACTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_NONE = 0xFF
_VALUES = bytes(
    _CHARACTERS.index(chr(code)) if chr(code) in _CHARACTERS else _NONE for code in range(256)
)
# Digits in the order that int() knows them in.
_TO_DIGITS = str.maketrans(_CHARACTERS, "0123456789abcdefghijklmnopqrstuv")
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM_CHARACTERS = 6
_BECH32, _BECH32M = 1, 0x2BC8_30A3  # BIP 173, BIP 350
_LONGEST_ADDRESS = 90
_HIGHEST_VERSION = 16
_PROGRAM_BYTES = range(2, 41)
_PROGRAM_BYTES_OF_VERSION_0 = (20, 32)


def _mixed_in(top: int) -> int:
    mixed = 0
    for bit, generator in enumerate(_GENERATORS):
        if top >> bit & 1:
            mixed ^= generator
    return mixed


_MIXED_IN = tuple(_mixed_in(top) for top in range(32))


def decode(prefix: str, address: str) -> tuple[int, bytes]:
    """The witness version and program of an address with this prefix.

    Raises:
        ValueError: it is no such address.
    """
    if address not in (address.lower(), address.upper()) or len(address) > _LONGEST_ADDRESS:
        raise ValueError("in letters of both sizes, or too long")
    lower = address.lower()
    found, separator, text = lower.rpartition("1")
    if found != prefix or not separator:
        raise ValueError("another prefix")
    values = text.encode("ascii").translate(_VALUES)
    if len(values) <= _CHECKSUM_CHARACTERS or _NONE in values:
        raise ValueError("too short, or a character that stands for nothing")
    version = values[0]
    if _checksum(_start_of(prefix), values) != (_BECH32M if version else _BECH32):
        raise ValueError("a checksum that does not fit")
    return version, _program(version, text[1:-_CHECKSUM_CHARACTERS])


def _program(version: int, text: str) -> bytes:
    size, spare_bits = divmod(5 * len(text), 8)
    number = int(text.translate(_TO_DIGITS) or "0", 32)
    # Less than a character may be left over, and it is of zeros.
    if spare_bits >= 5 or number & ((1 << spare_bits) - 1):  # noqa: PLR2004 - bits of a character
        raise ValueError("bits that belong to no byte")
    if version > _HIGHEST_VERSION or size not in _PROGRAM_BYTES:
        raise ValueError("a witness version or a program that there is not")
    if version == 0 and size not in _PROGRAM_BYTES_OF_VERSION_0:
        raise ValueError("a program of version 0 has 20 or 32 bytes")
    return (number >> spare_bits).to_bytes(size, "big")


@cache
def _start_of(prefix: str) -> int:
    """The checksum's state after the prefix."""
    codes = prefix.encode("ascii")
    return _checksum(1, bytes((*(code >> 5 for code in codes), 0, *(code & 31 for code in codes))))


def _checksum(state: int, values: bytes) -> int:
    for value in values:
        state = (state & 0x1FF_FFFF) << 5 ^ value ^ _MIXED_IN[state >> 25]
    return state
