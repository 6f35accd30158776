"""What sets coins and their networks apart: paths of keys, prefixes and versions of encodings.

BTC and LTC are on "main", "test" or "regtest", SOL on the same three, and ETH on "main" or on
"chain-N", where N is its chain id. Keys of ETH and SOL are the same on every network.
"""

from dataclasses import dataclass

LARGEST_INDEX = 2**31 - 1  # BIP 32: above it, keys are hardened
SEGWIT_COINS = ("BTC", "LTC")
NETWORKS = ("main", "test", "regtest")

_MAIN_CHAIN_ID = 1  # EIP-155
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


class AddressError(ValueError):
    """Not an address, script or key of this coin and network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPath:
    """Where the keys of one coin and network are below a mnemonic's master key (BIP 32).

    `branch` is the deepest key that all of them have in common, `below` what follows it, with `i`
    in the place of the index.
    """

    branch: str
    below: str

    def of(self, index: int | str) -> str:
        """The whole path of an index; "i" for any."""
        return f"{self.branch}/{self.below.replace('i', str(index))}"

    def relative(self, index: int) -> str:
        """The path of an index below the branch."""
        return self.below.replace("i", str(index))


def prefix_of(coin: str, network: str) -> str:
    """The human-readable part of addresses (BIP 173), "rltc" for LTC on regtest.

    Raises:
        AddressError: there is no such coin or network.
    """
    prefix = _PREFIXES.get((coin, network))
    if prefix is None:
        raise AddressError(f"there are no {coin} addresses for a network {network!r}")
    return prefix


def chain_id(network: str) -> int:
    """The id of a network of ETH (EIP-155): 1 of "main", N of "chain-N".

    Raises:
        AddressError: ETH has no such network.
    """
    if network == "main":
        return _MAIN_CHAIN_ID
    prefix, _, number = network.partition("-")
    if prefix != "chain" or not number.isascii() or not number.isdecimal():
        raise AddressError(f"ETH has no network {network!r}")
    return int(number)


def account_path(coin: str, network: str) -> str:
    """The path of the account whose extended public key is enough to make all addresses.

    BIP 84 for BTC and LTC with the coin types of SLIP-44, BIP 44 for ETH.

    Raises:
        AddressError: there is no such coin or network, or it has no such account (SOL).
    """
    if coin == "ETH":
        return "m/44'/60'/0'"
    prefix_of(coin, network)
    coin_type = _MAIN_COIN_TYPES[coin] if network == "main" else _OTHER_COIN_TYPE
    return f"m/84'/{coin_type}'/0'"


def key_path(coin: str, network: str) -> KeyPath:
    """Where the keys of addresses are: the external chain of the first account.

    SOL has an account for each address (SLIP-10 knows only hardened keys on its curve).

    Raises:
        AddressError: there is no such coin or network.
    """
    if coin == "SOL" and network in NETWORKS:
        return KeyPath(branch="m/44'/501'", below="i'/0'")
    return KeyPath(branch=f"{account_path(coin, network)}/0", below="i")
