"""Hot custody: addresses from the sealed mnemonic on this machine, each with its key sealed."""

from dataclasses import dataclass
from pathlib import Path

from payments.address_source import AddressSource
from payments.custody import CustodyError, read_key, read_mnemonic
from payments.derived_addresses import PrivateKeys, address_of_key
from payments.marks import FileMark, HighWaterMark, marks_file
from payments.networks import AddressError
from payments.order_keys import seal_key


class HotSource:
    """The addresses of private keys, and the keys sealed; it keeps the coin's branch in memory."""

    def __init__(self, coin: str, network: str, mnemonic: str, custody_key: bytes) -> None:
        self._coin, self._network = coin, network
        self._keys = PrivateKeys(coin, network, mnemonic)
        self._custody_key = custody_key

    def derive(self, index: int) -> str:
        """The address of an index, read back and compared with its key before it is given out.

        Raises:
            CustodyError: no such index, or the address is not that of the key.
        """
        key = self._keys.key(index)
        try:
            return address_of_key(key, self._coin, self._network)
        except AddressError as error:
            raise CustodyError(f"address {index} is not given out: {error}") from None

    def sealed_key(self, index: int) -> str:
        """The private key of an index as the store keeps it.

        Raises:
            CustodyError: no such index.
        """
        return seal_key(self._keys.key(index), self._custody_key)


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
        return HotSource(self.coin, self.network, mnemonic, key)

    def open_mark(self) -> HighWaterMark:
        """Take hold of the mark beside the mnemonic.

        Raises:
            CustodyError: another process has it.
        """
        return FileMark(marks_file(self.mnemonic_file), self.coin, self.network)
