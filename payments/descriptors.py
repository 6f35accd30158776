"""Output descriptors, by which a wallet watches all addresses of an account (BIP 380)."""

from payments.extended_keys import account_key, for_descriptor

_INPUT_CHARACTERS = (
    "0123456789()[],'/*abcdefgh@:$%{}"
    "IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~"
    'ijklmnopqrstuvwxyzABCDEFGH`#"\\ '
)
_CHECKSUM_CHARACTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATORS = (0xF5DEE51989, 0xA9FDCA3312, 0x1BAB10E32D, 0x3706B1677A, 0x644D626FFD)
_CHECKSUM_LENGTH = 8
_LOW_35_BITS = 0x7FFFFFFFF


def receiving_descriptor(extended_public_key: str, coin: str, network: str) -> str:
    """The ranged descriptor of an account's receiving addresses, BTC or LTC, with its checksum.

    Raises:
        AddressError: not the extended public key of an account.
    """
    xpub = account_key(extended_public_key, coin, network).PublicKey().ToExtended()
    return with_checksum(f"wpkh({for_descriptor(xpub, network)}/0/*)")


def with_checksum(descriptor: str) -> str:
    """A descriptor with `#` and its checksum of 8 characters (BIP 380, "Checksum").

    Raises:
        ValueError: a character that no descriptor has.
    """
    symbols = [*_symbols(descriptor), *[0] * _CHECKSUM_LENGTH]
    checksum = 1
    for symbol in symbols:
        checksum = _step(checksum, symbol)
    checksum ^= 1
    characters = (
        _CHECKSUM_CHARACTERS[checksum >> 5 * (_CHECKSUM_LENGTH - 1 - place) & 31]
        for place in range(_CHECKSUM_LENGTH)
    )
    return f"{descriptor}#{''.join(characters)}"


def _step(checksum: int, symbol: int) -> int:
    top = checksum >> 35
    checksum = (checksum & _LOW_35_BITS) << 5 ^ symbol
    for place, generator in enumerate(_GENERATORS):
        if top >> place & 1:
            checksum ^= generator
    return checksum


def _symbols(descriptor: str) -> list[int]:
    """The low 5 bits of each character, and of every three characters their high bits."""
    symbols: list[int] = []
    groups: list[int] = []
    for character in descriptor:
        position = _INPUT_CHARACTERS.index(character)
        symbols.append(position & 31)
        groups.append(position >> 5)
        if len(groups) == 3:  # noqa: PLR2004 - as many as fit into a symbol
            symbols.append(groups[0] * 9 + groups[1] * 3 + groups[2])
            groups = []
    if groups:
        symbols.append(groups[0] if len(groups) == 1 else groups[0] * 3 + groups[1])
    return symbols
