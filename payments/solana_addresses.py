"""Addresses of SOL: an Ed25519 public key in base58."""

from bip_utils import Base58Decoder, Base58Encoder
from nacl.bindings import crypto_core_ed25519_is_valid_point
from nacl.signing import SigningKey

from payments.networks import AddressError

_KEY_BYTES = 32
# 32 bytes are 32 (all of them zero) to 44 characters of base58.
_SHORTEST = 32
_LONGEST = 44


def solana_account(text: str) -> bytes:
    """The 32 bytes of an address.

    Raises:
        AddressError: not an address.
    """
    account = b""
    if _SHORTEST <= len(text) <= _LONGEST and text.isascii():
        try:
            account = Base58Decoder.Decode(text)
        except ValueError:
            account = b""
    if len(account) != _KEY_BYTES:
        raise AddressError(f"{text[:100]!r} is no SOL address")
    return account


def is_solana_wallet(text: str) -> bool:
    """Whether this is an address that a private key can sign for (a point of the curve)."""
    try:
        return crypto_core_ed25519_is_valid_point(solana_account(text))
    except AddressError:
        return False


def solana_address(private_key: bytes) -> str:
    """The address of a private key of 32 bytes, read back and compared with the key.

    Raises:
        AddressError: the address is not that of the key.
    """
    account = SigningKey(private_key).verify_key.encode()
    address = Base58Encoder.Encode(account)
    if solana_account(address) != account or not is_solana_wallet(address):
        raise AddressError("an address does not read back as its key")
    return address
