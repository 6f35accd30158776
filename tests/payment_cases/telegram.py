"""Instead of Telegram: whoever takes every notice, and knows what was told to whom."""

import itertools
from dataclasses import dataclass

from actors.environment import CannotDeliver, RetryLater, Sent
from store.contract import Notice

_numbers = itertools.count(1)
_takers: dict[int, "_Taker"] = {}


class _Taker:
    def __init__(self) -> None:
        self.taken: list[Notice] = []

    async def send(self, notice: Notice) -> Sent | RetryLater | CannotDeliver:
        self.taken.append(notice)
        return Sent()

    async def close(self) -> None:
        """It stays as it is for the next start of the shop."""


@dataclass(frozen=True, slots=True)
class TakesAll:
    """The recipe of one; it opens the same one each time."""

    number: int

    def open(self) -> _Taker:
        """Who takes the notices."""
        return _takers[self.number]

    @property
    def taken(self) -> list[Notice]:
        """What it took, in order."""
        return _takers[self.number].taken


def telegram() -> TakesAll:
    """A new one."""
    recipe = TakesAll(next(_numbers))
    _takers[recipe.number] = _Taker()
    return recipe
