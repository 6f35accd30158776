"""Where each coin's addresses and their marks are, as the settings say.

Apart from the rest of the shop, so that commands about addresses start fast.
"""

from pathlib import Path

from configuration.coins import CoinSettings
from configuration.settings import Custody, Settings
from payments.addresses import (
    AddressSourceOpener,
    HotAddresses,
    ListedAddresses,
    WatchOnlyAddresses,
)
from payments.custody import CustodyError
from payments.marks import FileMark, HighWaterMark, marks_file


def addresses_of(settings: Settings, coin: CoinSettings) -> AddressSourceOpener:
    """Where the coin's addresses come from.

    Raises:
        CustodyError: what the mode of custody needs is not set.
    """
    if settings.custody.is_hot:
        return _hot_addresses(settings.custody, coin)
    symbol, network, marks = coin.SYMBOL, coin.network_name, marks_path(settings.custody)
    if symbol == "SOL":
        if coin.addresses_file is None:
            raise CustodyError(f"coins.{symbol}.addresses_file is missing")
        return ListedAddresses(
            coin=symbol, network=network, addresses_file=coin.addresses_file, marks_file=marks
        )
    extended_public_key = coin.extended_public_key.get_secret_value()
    if not extended_public_key:
        raise CustodyError(f"coins.{symbol}.extended_public_key is missing")
    return WatchOnlyAddresses(
        coin=symbol, network=network, extended_public_key=extended_public_key, marks_file=marks
    )


def mark_of(custody: Custody, coin: CoinSettings) -> HighWaterMark:
    """The mark of a coin's addresses, held until it is closed; the keys are not opened.

    Raises:
        CustodyError: another process holds it, or it has no place.
    """
    if custody.is_hot and custody.mnemonic_file is None:
        raise CustodyError("custody.mnemonic_file is missing")
    return FileMark(marks_path(custody), coin.SYMBOL, coin.network_name)


def marks_path(custody: Custody) -> Path:
    """Where the marks are: beside the mnemonic, also when that was taken away; or on their own."""
    return (
        custody.marks_file if custody.mnemonic_file is None else marks_file(custody.mnemonic_file)
    )


def _hot_addresses(custody: Custody, coin: CoinSettings) -> HotAddresses:
    if custody.mnemonic_file is None:
        raise CustodyError("custody.mnemonic_file is missing")
    return HotAddresses(
        coin=coin.SYMBOL,
        network=coin.network_name,
        mnemonic_file=custody.mnemonic_file,
        key_file=custody.key_file,
        key_env=custody.key_env,
    )
