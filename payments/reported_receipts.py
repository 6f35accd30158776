"""How those who are not the shop spell addresses and transactions, and how the shop does.

An address is looked up and not proved here: whatever has the form of one, and is nobody's, is the
address of no order. ETH has large letters for a checksum only (EIP-55), and BTC and LTC may write a
whole address in large ones (BIP 173); SOL tells letters apart. Names of transactions are
hexadecimal, of SOL the signature in base58.
"""

import re

from payments.ethereum_addresses import with_checksum
from payments.networks import SEGWIT_COINS

_SEGWIT = re.compile(r"[0-9A-Za-z]{14,90}")
_ACCOUNT = re.compile(r"0[xX][0-9a-fA-F]{40}")
_BASE58 = "[1-9A-HJ-NP-Za-km-z]"
_WALLET = re.compile(_BASE58 + "{32,44}")
_HASH = re.compile(r"[0-9a-fA-F]{64}")
_SIGNATURE = re.compile(_BASE58 + "{64,88}")


class FormError(ValueError):
    """Not the form that the coin has for it; the text goes on after the field's name."""


def known_address(text: str, coin: str) -> str:
    """An address as the shop itself would have written it.

    Raises:
        FormError: nothing of this form is an address of the coin.
    """
    if coin == "ETH":
        if not _ACCOUNT.fullmatch(text):
            raise FormError("is not an ETH address: write 0x and 40 hexadecimal digits")
        return with_checksum(bytes.fromhex(text[2:]))
    if coin in SEGWIT_COINS:
        if not _SEGWIT.fullmatch(text):
            raise FormError(f"is not a {coin} address: write 14 to 90 letters and digits")
        return text.lower() if text.isupper() else text
    if not _WALLET.fullmatch(text):
        raise FormError(f"is not a {coin} address: write 32 to 44 characters of base58")
    return text


def known_transaction(text: str, coin: str) -> str:
    """The name of a transaction as the shop's chain clients write it.

    Raises:
        FormError: nothing of this form is a transaction of the coin.
    """
    if coin in SEGWIT_COINS:
        if not _HASH.fullmatch(text):
            raise FormError("is not a transaction: write 64 hexadecimal digits")
        return text.lower()
    if coin == "ETH":
        digits = text[2:] if text[:2] in ("0x", "0X") else text
        if not _HASH.fullmatch(digits):
            raise FormError("is not a transaction: write 0x and 64 hexadecimal digits")
        return f"0x{digits.lower()}"
    if not _SIGNATURE.fullmatch(text):
        raise FormError("is not a transaction: write its signature, 64 to 88 characters of base58")
    return text


def has_outputs(coin: str) -> bool:
    """Whether a receipt of the coin is an output of a transaction."""
    return coin in SEGWIT_COINS
