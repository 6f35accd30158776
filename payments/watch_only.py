"""Watch-only custody: addresses from what is public, with no key on this machine."""

from dataclasses import dataclass, field
from pathlib import Path

from loguru import logger

from payments.address_list import AddressList, read_list
from payments.address_source import AddressesUsedUpError, AddressSource
from payments.custody import CustodyError
from payments.derived_addresses import ChainAddresses, PublicChain
from payments.durable_files import OWNER_ONLY_FOLDER
from payments.extended_keys import account_key
from payments.marks import FileMark, HighWaterMark
from payments.solana_addresses import is_solana_wallet

_EXTERNAL_CHAIN = 0  # BIP 44: receiving addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchOnlyAddresses:
    """A recipe: BTC, LTC or ETH addresses from the extended public key of an account."""

    coin: str
    network: str
    extended_public_key: str = field(repr=False)
    marks_file: Path

    def open(self) -> AddressSource:
        """Prepare the chain of public keys.

        Raises:
            AddressError: it is not the extended public key of an account of this coin and network.
        """
        account = account_key(self.extended_public_key, self.coin, self.network)
        chain = PublicChain(account.ChildKey(_EXTERNAL_CHAIN))
        return ChainAddresses(self.coin, self.network, chain)

    def open_mark(self) -> HighWaterMark:
        """Take hold of the mark.

        Raises:
            CustodyError: another process has it.
        """
        return _mark(self.marks_file, self.coin, self.network)


class ListedSource:
    """The addresses of a list. At its end the file is read again: somebody may have made more."""

    def __init__(self, path: Path, coin: str, network: str) -> None:
        self._path, self._coin, self._network = path, coin, network
        self._list = read_list(path, coin, network)

    @property
    def start(self) -> int:
        """The first index."""
        return self._list.start

    def end(self) -> int:
        """One above the last index, by the file as it is now where that can be read."""
        try:
            self._read_again()
        except CustodyError as error:
            logger.warning("addresses of {}: {}", self._coin, error)
        return self._list.end

    def derive(self, index: int) -> str:
        """The address of an index.

        Raises:
            AddressesUsedUpError: there is none from this index on, in the file as it is now.
            CustodyError: the index is below the list's first, or the address is none.
        """
        if index >= self._list.end:
            self._read_again()
        if index >= self._list.end:
            raise AddressesUsedUpError(
                f"the list {self._path} of {self._coin} addresses is used up: make one that begins"
                f" with {index}, or lower, with `python run.py custody prepare {self._coin}"
                f" --start {index}` where the mnemonic is, and put it there"
            )
        if index < self._list.start:
            raise CustodyError(f"{self._path} begins with address {self._list.start}, not {index}")
        address = self._list.addresses[index - self._list.start]
        if not is_solana_wallet(address):
            raise CustodyError(f"address {index} in {self._path} is none: it is not given out")
        return address

    def _read_again(self) -> None:
        found: AddressList = read_list(self._path, self._coin, self._network)
        if found.end > self._list.end:
            self._list = found


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedAddresses:
    """A recipe: addresses from a list in a file. SOL alone needs it."""

    coin: str
    network: str
    addresses_file: Path
    marks_file: Path

    def open(self) -> AddressSource:
        """Read the list.

        Raises:
            CustodyError: it cannot be read, is damaged, or is of another coin or network.
        """
        return ListedSource(self.addresses_file, self.coin, self.network)

    def open_mark(self) -> HighWaterMark:
        """Take hold of the mark.

        Raises:
            CustodyError: another process has it.
        """
        return _mark(self.marks_file, self.coin, self.network)


def _mark(path: Path, coin: str, network: str) -> HighWaterMark:
    try:
        path.parent.mkdir(mode=OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
    except OSError as error:
        raise CustodyError(f"{path.parent} cannot be made: {error.strerror}") from None
    return FileMark(path, coin, network)
