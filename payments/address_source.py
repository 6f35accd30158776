"""Where addresses come from, whatever the coin and whoever has the keys."""

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from payments.custody import CustodyError
from payments.marks import HighWaterMark


class AddressesUsedUpError(CustodyError):
    """There is no address of this index and none above it, until somebody makes more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedAddress:
    """An address to hand out. `sealed_key` (`payments.order_keys`): None where no key is here."""

    index: int
    address: str
    sealed_key: str | None = field(default=None, repr=False)


class AddressSource(Protocol):
    """Addresses of one coin, by index. May take a while: call it in a thread."""

    def derive(self, index: int) -> str:
        """The address of this index, always the same.

        Raises:
            AddressesUsedUpError: there is none from this index on.
            CustodyError: it cannot be made.
        """
        ...


@runtime_checkable
class KeySealingSource(AddressSource, Protocol):
    """A source that has the keys, and seals that of each address for its order."""

    def sealed_key(self, index: int) -> str:
        """The private key of this index's address, sealed."""
        ...


@runtime_checkable
class ListedSource(AddressSource, Protocol):
    """A source that has so many addresses and no more: from `start` up to and without `end`."""

    @property
    def start(self) -> int:
        """The first index."""
        ...

    def end(self) -> int:
        """One above the last index; reads the list again, and may be higher than before."""
        ...


class AddressSourceOpener(Protocol):
    """A picklable recipe for an address source and its high-water mark."""

    def open(self) -> AddressSource:
        """Read what it needs.

        Raises:
            CustodyError: the secrets, the key or the list cannot be used.
        """
        ...

    def open_mark(self) -> HighWaterMark:
        """Take hold of the mark.

        Raises:
            CustodyError: another process has it.
        """
        ...


class AddressHistory(Protocol):
    """Somebody who can say of addresses whether the chain has seen them.

    The shop hands out no address that it has: somebody else uses the same mnemonic, or the
    mark was lost.
    """

    async def seen(self, addresses: tuple[str, ...]) -> frozenset[str]:
        """Those that a transaction or a balance was ever at; the mempool counts where there is one.

        Raises:
            ChainUnavailableError: not now; none of them is handed out.
        """
        ...

    async def close(self) -> None:
        """Let go of what it holds."""
        ...


class AddressHistoryConnector(Protocol):
    """A picklable recipe for an `AddressHistory`."""

    def open_history(self) -> AddressHistory:
        """A new one; nothing is sent yet."""
        ...
