"""Addresses by index, from a mnemonic or from the public key of an account.

Each class prepares the key that all addresses of its coin have in common, so that an address costs
one step of derivation.
"""

from bip_utils import (
    Bip32KeyError,
    Bip32Slip10Ed25519,
    Bip32Slip10Secp256k1,
    Bip39Languages,
    Bip39SeedGenerator,
    IPublicKey,
)

from payments.custody import CustodyError
from payments.ethereum_addresses import ethereum_address
from payments.networks import LARGEST_INDEX, SEGWIT_COINS, AddressError, key_path
from payments.segwit import segwit_address
from payments.solana_addresses import solana_address


class PublicChain:
    """The public keys of addresses 0, 1, 2, ... below one public key (BIP 32); it has no secret."""

    def __init__(self, key: Bip32Slip10Secp256k1) -> None:
        self._key = Bip32Slip10Secp256k1.FromExtendedKey(key.PublicKey().ToExtended())

    def key(self, index: int) -> IPublicKey:
        """The public key of an index.

        Raises:
            CustodyError: there is no such index.
        """
        check_index(index)
        try:
            return self._key.ChildKey(index).PublicKey().KeyObject()
        except Bip32KeyError:
            raise _no_key(index) from None


class Bip84Addresses:
    """BTC or LTC: the external chain of account 0 of one mnemonic (BIP 84), its public keys alone.

    Raises:
        AddressError: there is no such coin or network.
    """

    def __init__(self, coin: str, network: str, mnemonic: str) -> None:
        branch = key_path(coin, network).branch
        self._addresses = ChainAddresses(coin, network, PublicChain(_secp256k1(mnemonic, branch)))

    def derive(self, index: int) -> str:
        """The address of an index, read back and compared with its key before it is given out.

        Raises:
            CustodyError: no such index, or the address is not that of the key.
        """
        return self._addresses.derive(index)


class EthereumAddresses:
    """ETH: m/44'/60'/0'/0/i of one mnemonic, its public keys alone."""

    def __init__(self, mnemonic: str) -> None:
        branch = key_path("ETH", "main").branch
        self._addresses = ChainAddresses("ETH", "main", PublicChain(_secp256k1(mnemonic, branch)))

    def derive(self, index: int) -> str:
        """The address of an index; errors as above."""
        return self._addresses.derive(index)


class SolanaAddresses:
    """SOL: m/44'/501'/i'/0' of one mnemonic. Every step is hardened: it keeps a private key."""

    def __init__(self, mnemonic: str) -> None:
        self._keys = PrivateKeys("SOL", "main", mnemonic)

    def derive(self, index: int) -> str:
        """The address of an index; errors as above."""
        return address_of_key(self._keys.key(index), "SOL", "main")


class ChainAddresses:
    """The addresses of a chain of public keys of BTC, LTC or ETH."""

    def __init__(self, coin: str, network: str, chain: PublicChain) -> None:
        key_path(coin, network)
        self._coin, self._network, self._chain = coin, network, chain

    def derive(self, index: int) -> str:
        """The address of an index, read back and compared with its key.

        Raises:
            CustodyError: no such index, or the address is not that of the key.
        """
        key = self._chain.key(index)
        try:
            return address_of_public_key(key, self._coin, self._network)
        except AddressError as error:
            raise CustodyError(f"address {index} is not given out: {error}") from None


class PrivateKeys:
    """The private keys of one coin's addresses below a mnemonic.

    Raises:
        AddressError: there is no such coin or network.
    """

    def __init__(self, coin: str, network: str, mnemonic: str) -> None:
        self._path = key_path(coin, network)
        derive = _ed25519 if coin == "SOL" else _secp256k1
        self._branch: Bip32Slip10Ed25519 | Bip32Slip10Secp256k1 = derive(
            mnemonic, self._path.branch
        )

    def key(self, index: int) -> bytes:
        """The 32 bytes of an index's private key.

        Raises:
            CustodyError: there is no such index.
        """
        check_index(index)
        try:
            child = self._branch.DerivePath(self._path.relative(index))
        except Bip32KeyError:
            raise _no_key(index) from None
        return child.PrivateKey().Raw().ToBytes()


def address_of_public_key(key: IPublicKey, coin: str, network: str) -> str:
    """The address of a key of the curve secp256k1, read back and compared with it.

    Raises:
        AddressError: there is no such coin or network, or the address is not that of the key.
    """
    if coin in SEGWIT_COINS:
        return segwit_address(key, coin, network)
    return ethereum_address(key)


def address_of_key(private_key: bytes, coin: str, network: str) -> str:
    """The address of a private key of 32 bytes, read back and compared with it.

    Raises:
        AddressError: there is no such coin or network, no such key, or the address is not its own.
    """
    if coin == "SOL":
        return solana_address(private_key)
    try:
        public_key = Bip32Slip10Secp256k1.FromPrivateKey(private_key).PublicKey().KeyObject()
    except Bip32KeyError:
        raise AddressError("this is no private key") from None
    return address_of_public_key(public_key, coin, network)


def check_index(index: int) -> None:
    """Refuse an index that BIP 32 does not have.

    Raises:
        CustodyError: it is one.
    """
    if not 0 <= index <= LARGEST_INDEX:
        raise CustodyError(f"there is no address {index}: an index is 0 to {LARGEST_INDEX}")


def extended_public_key(mnemonic: str, path: str) -> str:
    """The extended public key (xpub) at a path of the curve secp256k1."""
    return _secp256k1(mnemonic, path).PublicKey().ToExtended()


def _no_key(index: int) -> CustodyError:
    # One index of 2**127 has none (BIP 32); whoever meets it leaves it out.
    return CustodyError(f"there is no key of index {index}")


def _secp256k1(mnemonic: str, path: str) -> Bip32Slip10Secp256k1:
    return Bip32Slip10Secp256k1.FromSeed(_seed(mnemonic)).DerivePath(path)


def _ed25519(mnemonic: str, path: str) -> Bip32Slip10Ed25519:
    return Bip32Slip10Ed25519.FromSeed(_seed(mnemonic)).DerivePath(path)


def _seed(mnemonic: str) -> bytes:
    return Bip39SeedGenerator(mnemonic, Bip39Languages.ENGLISH).Generate()
