"""Addresses from the mnemonic, one an order: BIP 84 for BTC and LTC.

The path is m/84'/c'/0'/0/i, where c is 0 for BTC and 2 for LTC on the main network and 1 for both
elsewhere (SLIP-44). Only the public key of m/84'/c'/0'/0 is kept in memory: addresses need no more.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bip_utils import (
    Bech32ChecksumError,
    Bip32Slip10Secp256k1,
    Bip39Languages,
    Bip39SeedGenerator,
    Hash160,
    P2WPKHAddrEncoder,
    SegwitBech32Decoder,
    SegwitBech32Encoder,
)

from payments.custody import CustodyError, read_key, read_mnemonic
from payments.marks import FileMark, HighWaterMark, marks_file

LARGEST_INDEX = 2**31 - 1  # BIP 32: above it, keys are hardened

_MAIN_COIN_TYPES = {"BTC": 0, "LTC": 2}  # SLIP-44
_OTHER_COIN_TYPE = 1
_PREFIXES = {
    ("BTC", "main"): "bc",
    ("BTC", "test"): "tb",
    ("BTC", "regtest"): "bcrt",
    ("LTC", "main"): "ltc",
    ("LTC", "test"): "tltc",
    ("LTC", "regtest"): "rltc",
}
# BIP 141: a witness script is OP_0..OP_16 and one push of 2 to 40 bytes.
_OP_1 = 0x51
_HIGHEST_VERSION = 16
_SHORTEST_PROGRAM = 2
_LONGEST_PROGRAM = 40
_PROGRAMS_OF_VERSION_0 = (20, 32)


class AddressError(ValueError):
    """Not an address or script of this coin and network."""


class AddressSource(Protocol):
    """Addresses of one coin, by index. May take a while: call it in a thread."""

    def derive(self, index: int) -> str:
        """The address of this index, always the same."""
        ...


class AddressSourceOpener(Protocol):
    """A picklable recipe for an address source and its high-water mark."""

    def open(self) -> AddressSource:
        """Read what it needs.

        Raises:
            CustodyError: the secrets cannot be used.
        """
        ...

    def open_mark(self) -> HighWaterMark:
        """Take hold of the mark.

        Raises:
            CustodyError: another process has it.
        """
        ...


def prefix_of(coin: str, network: str) -> str:
    """The human-readable part of addresses (BIP 173), "rltc" for LTC on regtest.

    Raises:
        AddressError: there is no such coin or network.
    """
    prefix = _PREFIXES.get((coin, network))
    if prefix is None:
        raise AddressError(f"there are no {coin} addresses for a network {network!r}")
    return prefix


def script_of(address: str, coin: str, network: str) -> str:
    """The output script of a segwit address, in hexadecimal (BIP 141).

    Raises:
        AddressError: not an address of this coin and network.
    """
    try:
        version, program = SegwitBech32Decoder.Decode(prefix_of(coin, network), address)
    except (ValueError, Bech32ChecksumError):
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


class Bip84Addresses:
    """The external chain of account 0 of one mnemonic.

    Raises:
        AddressError: there is no such coin or network.
    """

    def __init__(self, coin: str, network: str, mnemonic: str) -> None:
        self._prefix = prefix_of(coin, network)
        coin_type = _MAIN_COIN_TYPES[coin] if network == "main" else _OTHER_COIN_TYPE
        seed = Bip39SeedGenerator(mnemonic, Bip39Languages.ENGLISH).Generate()
        chain = Bip32Slip10Secp256k1.FromSeed(seed).DerivePath(f"m/84'/{coin_type}'/0'/0")
        self._chain = Bip32Slip10Secp256k1.FromExtendedKey(chain.PublicKey().ToExtended())

    def derive(self, index: int) -> str:
        """The address of an index, read back and compared with its key before it is given out.

        Raises:
            CustodyError: no such index, or the address is not that of the key.
        """
        if not 0 <= index <= LARGEST_INDEX:
            raise CustodyError(f"there is no address {index}: an index is 0 to {LARGEST_INDEX}")
        key = self._chain.ChildKey(index).PublicKey().KeyObject()
        address = P2WPKHAddrEncoder.EncodeKey(key, hrp=self._prefix)
        # Money sent to a wrongly encoded address is lost, so every one is decoded again.
        version, program = SegwitBech32Decoder.Decode(self._prefix, address)
        if version != 0 or program != Hash160.QuickDigest(key.RawCompressed().ToBytes()):
            raise CustodyError(f"address {index} does not read back as its key: none is given out")
        return address


@dataclass(frozen=True, slots=True, kw_only=True)
class HotAddresses:
    """A recipe: addresses from the sealed mnemonic on this machine. It contains no secret itself.

    The key is in `key_file` or in the environment variable `key_env`.
    """

    coin: str
    network: str
    mnemonic_file: Path
    key_file: Path | None = None
    key_env: str | None = None

    def open(self) -> AddressSource:
        """Open the seal and prepare the chain of keys.

        Raises:
            CustodyError: key or mnemonic cannot be used.
            AddressError: there is no such coin or network.
        """
        key = read_key(self.key_file, self.key_env)
        mnemonic = read_mnemonic(self.mnemonic_file, key)
        return Bip84Addresses(self.coin, self.network, mnemonic)

    def open_mark(self) -> HighWaterMark:
        """Take hold of the mark beside the mnemonic.

        Raises:
            CustodyError: another process has it.
        """
        return FileMark(marks_file(self.mnemonic_file), self.coin, self.network)
