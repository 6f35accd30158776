"""The private key of one address, sealed, as the store keeps it with the order.

It is sealed as the mnemonic is: PyNaCl's SecretBox with the key of custody. The store alone, or a
backup of it, gives nothing away.
"""

import base64
import binascii

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from payments.custody import CustodyError
from payments.derived_addresses import address_of_key

SEALED_KEY_PREFIX = "sealed1:"
_KEY_BYTES = 32


def seal_key(private_key: bytes, custody_key: bytes) -> str:
    """A private key of 32 bytes as one line of text that only the key of custody opens."""
    box = SecretBox(custody_key).encrypt(private_key)
    return SEALED_KEY_PREFIX + base64.b64encode(box).decode("ascii")


def unseal_key(sealed: str, custody_key: bytes, *, coin: str, network: str, address: str) -> bytes:
    """The private key of an address, out of a text made by `seal_key`.

    Raises:
        CustodyError: another key sealed it, it was changed, or it is the key of another address.
    """
    try:
        if not sealed.startswith(SEALED_KEY_PREFIX):
            raise CustodyError("this is no sealed key of this version")
        box = base64.b64decode(sealed.removeprefix(SEALED_KEY_PREFIX), validate=True)
        private_key = SecretBox(custody_key).decrypt(box)
        is_its_key = (
            len(private_key) == _KEY_BYTES and address_of_key(private_key, coin, network) == address
        )
    except (binascii.Error, CryptoError, ValueError):
        raise CustodyError(
            "the sealed key of this address cannot be opened: it was sealed with another key of"
            " custody, or was changed"
        ) from None
    if not is_its_key:
        raise CustodyError("the sealed key is not that of this address")
    return private_key
