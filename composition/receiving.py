"""Where the shop's addresses come from, as the settings say; needs nothing else of the shop."""

from configuration.settings import LitecoinSettings, Settings
from payments.addresses import HotAddresses
from payments.custody import CustodyError


def addresses_of(settings: Settings, coin: LitecoinSettings) -> HotAddresses:
    """Where the coin's addresses come from.

    Raises:
        CustodyError: no mnemonic file is set.
    """
    custody = settings.custody
    if custody.mnemonic_file is None:
        raise CustodyError("custody.mnemonic_file is missing")
    return HotAddresses(
        coin=coin.SYMBOL,
        network=coin.network,
        mnemonic_file=custody.mnemonic_file,
        key_file=custody.key_file,
        key_env=custody.key_env,
    )
