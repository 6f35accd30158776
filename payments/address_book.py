"""Addresses and their high-water mark together. Everything here blocks: call it in one thread."""

from collections.abc import Awaitable
from dataclasses import dataclass, replace

from loguru import logger

from payments.address_source import (
    AddressesUsedUpError,
    AddressHistoryConnector,
    AddressSource,
    AddressSourceOpener,
    DerivedAddress,
    KeySealingSource,
    ListedSource,
)
from payments.custody import CustodyError
from payments.marks import HighWaterMark, first_index


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """Addresses that may be handed out; every index below `next_index` was looked at.

    `end`: of the list, as for `AddressBook.end`.
    """

    addresses: tuple[DerivedAddress, ...]
    next_index: int
    end: int | None = None


class AddressBook:
    """The addresses of one coin; nothing is read before `open`."""

    def __init__(self, opener: AddressSourceOpener) -> None:
        self._opener = opener
        self._source: AddressSource | None = None
        self._mark: HighWaterMark | None = None

    def open(self, first_free_index: int) -> int:
        """Read secrets and mark; the first index that may be handed out.

        `first_free_index` is one above the highest index that the store knows. After an error it
        can be called again.

        Raises:
            CustodyError: secrets or mark cannot be used, or another process hands out the same.
        """
        self._source = self._source or self._opener.open()
        self._mark = self._mark or self._opener.open_mark()
        first = first_index(self._mark, first_free_index)
        # A list may begin later than where the last one ended.
        return max(first, self._source.start) if isinstance(self._source, ListedSource) else first

    def derive(self, first: int, count: int) -> tuple[DerivedAddress, ...]:
        """At most `count` addresses from the index `first` on; fewer where there are no more.

        Raises:
            AddressesUsedUpError: there is none at all.
            CustodyError: it is not open, or one of them cannot be derived.
        """
        source = self._opened()
        derived: list[DerivedAddress] = []
        for index in range(first, first + count):
            try:
                address = source.derive(index)
            except AddressesUsedUpError:
                if not derived:
                    raise
                break
            key = source.sealed_key(index) if isinstance(source, KeySealingSource) else None
            derived.append(DerivedAddress(index=index, address=address, sealed_key=key))
        return tuple(derived)

    def end(self) -> int | None:
        """One above the last index that there is an address of; None where they do not run out.

        Raises:
            CustodyError: it is not open.
        """
        source = self._opened()
        return source.end() if isinstance(source, ListedSource) else None

    def write_mark(self, next_index: int) -> int:
        """Put the mark at `next_index`, on disk when this returns; it is returned.

        Raises:
            CustodyError: it is not open, or the mark cannot be written.
        """
        if self._mark is None:
            raise CustodyError("the address book is not open")
        self._mark.write(next_index)
        return next_index

    def close(self, next_index: int | None) -> None:
        """Lower the mark to the first index that was not handed out, and let others use it.

        `next_index` None leaves the mark where it is.

        Raises:
            CustodyError: the mark cannot be written; it is let go all the same.
        """
        mark, self._mark, self._source = self._mark, None, None
        if mark is None:
            return
        try:
            if next_index is not None and mark.read() not in (None, next_index):
                mark.write(next_index)
        finally:
            mark.close()

    def _opened(self) -> AddressSource:
        if self._source is None:
            raise CustodyError("the address book is not open")
        return self._source


def derive_unseen(
    book: AddressBook, history: AddressHistoryConnector | None, first: int, count: int
) -> Ahead | Awaitable[Ahead]:
    """Derive ahead here and now; without those which the chain has seen, where it can be asked.

    Raises:
        AddressesUsedUpError, CustodyError: as `AddressBook.derive`.
        ChainUnavailableError: by the awaitable; the chain cannot be asked now.
    """
    derived = book.derive(first, count)
    ahead = Ahead(addresses=derived, next_index=derived[-1].index + 1, end=book.end())
    return ahead if history is None else _without_seen(ahead, history)


async def _without_seen(ahead: Ahead, connector: AddressHistoryConnector) -> Ahead:
    history = connector.open_history()
    try:
        seen = await history.seen(tuple(each.address for each in ahead.addresses))
    finally:
        await history.close()
    if seen:
        logger.error(
            "{} addresses from index {} on were used before and are left out: does somebody else"
            " use the same mnemonic?",
            len(seen),
            ahead.addresses[0].index,
        )
    unseen = tuple(each for each in ahead.addresses if each.address not in seen)
    return replace(ahead, addresses=unseen)
