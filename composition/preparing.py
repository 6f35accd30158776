"""On a machine that has the mnemonic and no network: what a watch-only shop needs of it."""

from pathlib import Path

from configuration.settings import Settings
from payments.address_list import LONGEST_LIST, AddressList, write_list
from payments.custody import CustodyError, read_key, read_mnemonic
from payments.derived_addresses import SolanaAddresses, extended_public_key
from payments.extended_keys import as_written
from payments.marks import marks_file, read_marks
from payments.networks import LARGEST_INDEX, account_path


def mnemonic_of(settings: Settings, coin: str) -> str:
    """The sealed mnemonic, where it is not that of a shop which hands out this coin's addresses.

    Raises:
        CustodyError: no key is here, it cannot be opened, or a hot shop uses it.
    """
    custody = settings.custody
    if not custody.is_hot or custody.mnemonic_file is None:
        raise CustodyError(
            'custody.mode is "watch_only": run this where the mnemonic is, or name its file as'
            " --mnemonic-file"
        )
    network = settings.coins.all()[coin].network_name
    if coin != "SOL" and read_marks(marks_file(custody.mnemonic_file)).get(f"{coin}/{network}"):
        # With it and one exported key everybody has the whole branch.
        raise CustodyError(
            f"a shop hands out {coin} addresses of this mnemonic with the keys on its machine: its"
            " extended public key is never shown; make another mnemonic for a watch-only shop"
        )
    return read_mnemonic(custody.mnemonic_file, read_key(custody.key_file, custody.key_env))


def write_solana_list(mnemonic: str, network: str, start: int, count: int, path: Path) -> None:
    """Make the list of SOL addresses from `start` on.

    Raises:
        CustodyError: too many, or the file is there already or cannot be written.
    """
    if not 0 < count <= LONGEST_LIST or not 0 <= start <= LARGEST_INDEX - count:
        raise CustodyError(
            f"a list has 1 to {LONGEST_LIST} addresses, with indexes below {LARGEST_INDEX}"
        )
    source = SolanaAddresses(mnemonic)
    addresses = tuple(source.derive(index) for index in range(start, start + count))
    write_list(path, AddressList(coin="SOL", network=network, start=start, addresses=addresses))


def account_public_key(mnemonic: str, coin: str, network: str) -> str:
    """The extended public key of the shop's account, as `extended_public_key` takes it.

    Raises:
        AddressError: there is no such coin or network.
    """
    return as_written(extended_public_key(mnemonic, account_path(coin, network)), coin, network)
