"""Private keys in the forms that wallets import: WIF, hexadecimal, base58."""

from dataclasses import dataclass, field

from bip_utils import Base58Encoder
from nacl.signing import SigningKey

from payments.networks import AddressError, prefix_of

_WIF_VERSIONS = {("BTC", True): 0x80, ("LTC", True): 0xB0}
_WIF_OTHER_VERSION = 0xEF
_COMPRESSED = b"\x01"


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletKey:
    """A private key as a wallet takes it. `form` is "WIF", "hex" or "base58"."""

    form: str
    text: str = field(repr=False)


def wallet_key(private_key: bytes, coin: str, network: str) -> WalletKey:
    """A private key of 32 bytes for a wallet of its coin.

    BTC and LTC in WIF with the mark of a compressed public key, ETH in hexadecimal with 0x, SOL as
    base58 of the 64 bytes of private and public key.

    Raises:
        AddressError: there is no such coin or network.
    """
    match coin:
        case "ETH":
            return WalletKey(form="hex", text=f"0x{private_key.hex()}")
        case "SOL":
            public_key = SigningKey(private_key).verify_key.encode()
            return WalletKey(form="base58", text=Base58Encoder.Encode(private_key + public_key))
        case "BTC" | "LTC":
            prefix_of(coin, network)
            version = _WIF_VERSIONS.get((coin, network == "main"), _WIF_OTHER_VERSION)
            payload = bytes((version,)) + private_key + _COMPRESSED
            return WalletKey(form="WIF", text=Base58Encoder.CheckEncode(payload))
        case _:
            raise AddressError(f"there are no keys of {coin!r}")
