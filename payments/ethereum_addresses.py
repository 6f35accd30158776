"""Addresses of ETH: the last 20 bytes of a key's Keccak-256, with the checksum of EIP-55."""

import re

from bip_utils import EthAddrEncoder, IPublicKey, Kekkak256

from payments.networks import AddressError

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_ADDRESS_BYTES = 20
_HIGH_NIBBLE = 8


def with_checksum(account: bytes) -> str:
    """The address of an account's 20 bytes: a letter is large where the hash says so (EIP-55)."""
    digits = account.hex()
    hashed = Kekkak256.QuickDigest(digits.encode("ascii")).hex()
    cased = (
        digit.upper() if int(nibble, 16) >= _HIGH_NIBBLE else digit
        for digit, nibble in zip(digits, hashed, strict=False)
    )
    return f"0x{''.join(cased)}"


def is_ethereum_address(text: str) -> bool:
    """Whether this is an address; one of small or of large letters alone has no checksum."""
    if not _ADDRESS.fullmatch(text):
        return False
    digits = text[2:]
    return digits in (digits.lower(), digits.upper()) or text == with_checksum(
        bytes.fromhex(digits)
    )


def ethereum_address(key: IPublicKey) -> str:
    """The address of a public key, read back and compared with the key.

    Raises:
        AddressError: the address is not that of the key.
    """
    address = EthAddrEncoder.EncodeKey(key)
    # An uncompressed key is 0x04 and its two coordinates; the first byte is not hashed.
    account = Kekkak256.QuickDigest(key.RawUncompressed().ToBytes()[1:])[-_ADDRESS_BYTES:]
    if bytes.fromhex(address[2:]) != account or address != with_checksum(account):
        raise AddressError("an address does not read back as its key")
    return address
