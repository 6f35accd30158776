"""What the id of a transaction looks like, coin by coin.

Sources. BTC and LTC: an id is a double SHA-256, 32 bytes, which wallets and nodes write as 64
hexadecimal digits (BIP 141, "Transaction ID"; Bitcoin Core RPC, `getrawtransaction`). ETH: a hash
of 32 bytes as `DATA`, that is `0x` and two hexadecimal digits a byte (Ethereum JSON-RPC, "Hex value
encoding"). SOL: the first signature, 64 bytes (RFC 8032, Ed25519) in base 58 (Solana JSON-RPC,
`getTransaction`), which makes 86 to 88 characters.
"""

import re

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_FORMS = {
    "BTC": re.compile("[0-9a-f]{64}", re.IGNORECASE | re.ASCII),
    "LTC": re.compile("[0-9a-f]{64}", re.IGNORECASE | re.ASCII),
    "ETH": re.compile("0x[0-9a-fA-F]{64}"),
    # 64 bytes are at least 64 characters, all of them "1"; what they stand for is looked at below.
    "SOL": re.compile(f"[{_ALPHABET}]{{64,88}}"),
}
_SIGNATURE_BYTES = 64
UNNAMED = "internal"
"""How the names begin that the shop gives to money which came by no transaction of its own."""


def transaction_id_in(text: str, coin: str) -> str | None:
    """The id as the chain of the coin writes it; None where the text is none.

    Hexadecimal digits come in lower case, so that the same transaction is the same text.
    """
    if not _FORMS[coin].fullmatch(text):
        return None
    if coin != "SOL":
        return text.lower()
    return text if _byte_count(text) == _SIGNATURE_BYTES else None


def is_unnamed(transaction_id: str) -> bool:
    """Whether it names money that came to an account from inside of others (ETH).

    What came so may be told in several parts by one node, and as one sum by another that knows less
    of when it came.
    """
    return transaction_id.startswith(f"{UNNAMED}-")


def _byte_count(text: str) -> int:
    """How many bytes a text in base 58 stands for; each leading "1" is a byte of zeros."""
    number = 0
    for character in text:
        number = number * len(_ALPHABET) + _ALPHABET.index(character)
    zeros = len(text) - len(text.lstrip("1"))
    return zeros + (number.bit_length() + 7) // 8
