"""Addresses of all coins: what is one, and where they come from."""

from payments.address_source import (
    AddressesUsedUpError,
    AddressSource,
    AddressSourceOpener,
    DerivedAddress,
)
from payments.derived_addresses import Bip84Addresses, EthereumAddresses, SolanaAddresses
from payments.ethereum_addresses import is_ethereum_address
from payments.hot_addresses import HotAddresses
from payments.networks import LARGEST_INDEX, SEGWIT_COINS, AddressError, prefix_of
from payments.segwit import address_of_script, script_of
from payments.solana_addresses import solana_account
from payments.watch_only import ListedAddresses, WatchOnlyAddresses

__all__ = [
    "LARGEST_INDEX",
    "AddressError",
    "AddressSource",
    "AddressSourceOpener",
    "AddressesUsedUpError",
    "Bip84Addresses",
    "DerivedAddress",
    "EthereumAddresses",
    "HotAddresses",
    "ListedAddresses",
    "SolanaAddresses",
    "WatchOnlyAddresses",
    "address_of_script",
    "is_address",
    "prefix_of",
    "script_of",
]


def is_address(text: str, coin: str, network: str) -> bool:
    """Whether money of this coin can be sent to `text` on this network.

    Of BTC and LTC the shop knows segwit addresses alone. ETH and SOL have the same addresses on
    every network; an address of SOL need not be that of a wallet.
    """
    try:
        if coin in SEGWIT_COINS:
            script_of(text, coin, network)
        elif coin == "SOL":
            solana_account(text)
        else:
            return coin == "ETH" and is_ethereum_address(text)
    except AddressError:
        return False
    return True
