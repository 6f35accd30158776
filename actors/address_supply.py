"""How long a list of addresses lasts, and when somebody has to be told. Plain values."""

from dataclasses import dataclass

from actors.messages import AddressSupply

LOW_SUPPLIES = (100, 50, 20, 10, 5, 0)
"""Admins are told when so few addresses are left."""


@dataclass(slots=True)
class Supply:
    """What is known of a coin's list. `end` is one above its last index; None: it has none."""

    coin: str
    end: int | None = None
    used_up: str = ""
    _told: int | None = None

    def is_due(self, next_index: int) -> bool:
        """Whether the list should be looked at again, for it may be time to tell."""
        return self._level(next_index) not in (None, self._told)

    def has_from(self, index: int) -> bool:
        """Whether there may be an address of this index."""
        return self.end is None or index < self.end

    def looked_at(self, end: int | None, next_index: int) -> AddressSupply | None:
        """The list ends there; what to tell, where that is news."""
        self.end = end
        level = self._level(next_index)
        if level == self._told or self.used_up:
            return None
        self._told = level
        return self._news(next_index, level)

    def ran_out(self, why: str) -> AddressSupply | None:
        """There was no address to be had; what to tell, where that is news."""
        is_news = not self.used_up
        self.used_up = why
        return AddressSupply(coin=self.coin, left=0, is_low=True, why=why) if is_news else None

    def has_more(self, end: int | None, next_index: int) -> AddressSupply | None:
        """There is one again; what to tell, where that is news."""
        if not self.used_up:
            return None
        self.used_up, self.end = "", end
        self._told = self._level(next_index)
        return self._news(next_index, self._told)

    def _news(self, next_index: int, level: int | None) -> AddressSupply:
        left = max((self.end or 0) - next_index, 0)
        return AddressSupply(coin=self.coin, left=left, is_low=level is not None)

    def _level(self, next_index: int) -> int | None:
        if self.end is None:
            return None
        left = self.end - next_index
        return min((supply for supply in LOW_SUPPLIES if left <= supply), default=None)
