"""Segwit addresses and scripts of BTC and LTC (BIP 141, BIP 173, BIP 350)."""

from bip_utils import (
    Hash160,
    IPublicKey,
    P2WPKHAddrEncoder,
    SegwitBech32Decoder,
    SegwitBech32Encoder,
)

from payments.bech32 import decode
from payments.networks import AddressError, prefix_of

# BIP 141: a witness script is OP_0..OP_16 and one push of 2 to 40 bytes.
_OP_1 = 0x51
_HIGHEST_VERSION = 16
_SHORTEST_PROGRAM = 2
_LONGEST_PROGRAM = 40
_PROGRAMS_OF_VERSION_0 = (20, 32)


def script_of(address: str, coin: str, network: str) -> str:
    """The output script of a segwit address, in hexadecimal (BIP 141).

    Raises:
        AddressError: not an address of this coin and network.
    """
    prefix = prefix_of(coin, network)
    try:
        version, program = decode(prefix, address)
    except ValueError:
        raise AddressError(f"{address[:100]!r} is no {coin} address of {network}") from None
    opcode = _OP_1 + version - 1 if version else 0
    return bytes((opcode, len(program), *program)).hex()


def address_of_script(script_hex: str, coin: str, network: str) -> str | None:
    """The segwit address of an output script in hexadecimal; None where the script has none."""
    script = bytes.fromhex(script_hex)
    if not _SHORTEST_PROGRAM + 2 <= len(script) <= _LONGEST_PROGRAM + 2:
        return None
    version, program = (script[0] - _OP_1 + 1 if script[0] else 0), script[2:]
    if not 0 <= version <= _HIGHEST_VERSION or script[1] != len(program):
        return None
    if version == 0 and len(program) not in _PROGRAMS_OF_VERSION_0:
        return None
    return SegwitBech32Encoder.Encode(prefix_of(coin, network), version, program)


def segwit_address(key: IPublicKey, coin: str, network: str) -> str:
    """The P2WPKH address of a public key, read back and compared with the key.

    Raises:
        AddressError: there is no such coin or network, or the address is not that of the key.
    """
    prefix = prefix_of(coin, network)
    address = P2WPKHAddrEncoder.EncodeKey(key, hrp=prefix)
    version, program = SegwitBech32Decoder.Decode(prefix, address)
    if version != 0 or program != Hash160.QuickDigest(key.RawCompressed().ToBytes()):
        raise AddressError("an address does not read back as its key")
    return address
