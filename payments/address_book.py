"""Addresses and their high-water mark together. Everything here blocks: call it in one thread."""

from payments.addresses import AddressSource, AddressSourceOpener
from payments.custody import CustodyError
from payments.marks import HighWaterMark, first_index


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
        return first_index(self._mark, first_free_index)

    def derive(self, first: int, count: int) -> tuple[tuple[int, str], ...]:
        """Index and address, `count` of them from the index `first` on.

        Raises:
            CustodyError: it is not open, or one of them cannot be derived.
        """
        if self._source is None:
            raise CustodyError("the address book is not open")
        source = self._source
        return tuple((index, source.derive(index)) for index in range(first, first + count))

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
