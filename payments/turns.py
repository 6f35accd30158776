"""Whose turn it is, where a backend cannot be asked for every address in every look."""

from collections.abc import Iterable, Mapping

from payments.chain import Known

# Of every look so much is kept for addresses that nobody waits for, so that they come round too.
_KEPT_FOR_OTHERS = 4


def by_urgency(addresses: Mapping[str, Known]) -> list[str]:
    """The urgent ones first, in each part the newest first.

    The mapping is in the order in which the addresses came to be watched.
    """
    newest_first = list(addresses)[::-1]
    return sorted(newest_first, key=lambda address: not addresses[address].urgent)


class Turns:
    """Remembers when each address had its turn; those that waited longest come first."""

    def __init__(self) -> None:
        self._last_turns: dict[str, int] = {}
        self._rounds = 0

    def next(self, addresses: Mapping[str, Known], most: int) -> list[str]:
        """Up to `most` addresses; tell which of them had their turn.

        All urgent ones where they fit in three quarters of `most` or there are no others; among
        those that wait equally long, the newest first.
        """
        last = {address: self._last_turns.get(address, 0) for address in addresses}
        order = sorted(by_urgency(addresses), key=last.__getitem__)
        urgent = [address for address in order if addresses[address].urgent]
        others = [address for address in order if not addresses[address].urgent]
        kept = min(len(others), max(most - len(urgent), most // _KEPT_FOR_OTHERS))
        chosen = urgent[: most - kept] + others[:kept]
        self._last_turns = last
        return chosen

    def had_their_turn(self, addresses: Iterable[str]) -> None:
        """These were asked for now."""
        self._rounds += 1
        self._last_turns |= dict.fromkeys(addresses, self._rounds)
