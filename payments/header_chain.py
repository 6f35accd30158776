"""The headers of the last blocks in memory, each held to the one before it. Pure: no I/O."""

from collections.abc import Sequence
from datetime import datetime

from payments.block_headers import (
    MEDIAN_OF_BLOCKS,
    BrokenHeaderError,
    Header,
    median_time,
    parse_header,
    require_link,
    require_work,
)
from payments.chain import Place

LONGEST_BLOCKS = 20_000


class HeaderChain:
    """A piece of a chain from `lowest_height` to the tip."""

    def __init__(self, coin: str, network: str) -> None:
        self._coin = coin
        self._network = network
        self._headers: dict[int, Header] = {}
        self.lowest_height = 0
        self.tip_height = -1

    @property
    def is_empty(self) -> bool:
        """Whether it has no block at all."""
        return not self._headers

    @property
    def tip(self) -> Header:
        """The header of the last block.

        Raises:
            LookupError: it is empty.
        """
        return self._headers[self.tip_height]

    @property
    def place(self) -> Place:
        """The last block.

        Raises:
            LookupError: it is empty.
        """
        return Place(height=self.tip_height, block_hash=self.tip.block_hash)

    def header_at(self, height: int) -> Header | None:
        """The header of a block; None where the piece does not reach it."""
        return self._headers.get(height)

    def is_at(self, height: int, raw: bytes) -> bool:
        """Whether this is the block at `height`."""
        known = self._headers.get(height)
        return known is not None and known == parse_header(raw)

    def median_time(self, height: int) -> datetime | None:
        """The median time past of a block; None where the piece does not reach far enough."""
        lowest = max(0, height - MEDIAN_OF_BLOCKS + 1)
        if lowest < self.lowest_height or height > self.tip_height:
            return None
        return median_time([self._headers[each] for each in range(lowest, height + 1)])

    def begin(self, height: int, raws: Sequence[bytes]) -> None:
        """Start anew with these headers, the first at `height`.

        Raises:
            BrokenHeaderError: they are none, or do not belong together.
        """
        headers = self._linked(height, raws, None)
        if not headers:
            raise BrokenHeaderError("no headers")
        self._headers = headers
        self.lowest_height, self.tip_height = height, height + len(headers) - 1

    def extend(self, raws: Sequence[bytes]) -> None:
        """Go on with the blocks after the tip.

        Raises:
            BrokenHeaderError: they do not go on from the tip.
        """
        self._headers |= self._linked(self.tip_height + 1, raws, self.tip)
        self.tip_height += len(raws)
        self._shorten()

    def reach_down(self, raws: Sequence[bytes]) -> None:
        """Take in the blocks before the lowest.

        Raises:
            BrokenHeaderError: the lowest does not go on from them.
        """
        height = self.lowest_height - len(raws)
        headers = self._linked(height, raws, None)
        lowest = self._headers[self.lowest_height]
        require_link(
            lowest, headers[height + len(raws) - 1], self.lowest_height, network=self._network
        )
        self._headers = headers | self._headers
        self.lowest_height = height

    def cut_above(self, height: int) -> None:
        """Forget the blocks above `height`, which is not below the lowest."""
        for gone in range(height + 1, self.tip_height + 1):
            del self._headers[gone]
        self.tip_height = height

    def _linked(
        self, height: int, raws: Sequence[bytes], previous: Header | None
    ) -> dict[int, Header]:
        headers = {}
        for number, raw in enumerate(raws, height):
            require_work(raw, coin=self._coin, network=self._network)
            header = parse_header(raw)
            if previous is not None:
                require_link(header, previous, number, network=self._network)
            headers[number] = previous = header
        return headers

    def _shorten(self) -> None:
        for old in range(self.lowest_height, self.tip_height - LONGEST_BLOCKS + 1):
            del self._headers[old]
            self.lowest_height = old + 1
