"""What is told of addresses that a backend cannot be brought to show."""

from collections.abc import Container, Iterable
from datetime import datetime, timedelta

TELL_AFTER = timedelta(minutes=1)
MOST_TOLD = 10


class Unread:
    """Remembers of one backend since when each address could not be read."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._since: dict[str, datetime] = {}

    def told(
        self, troubled: Iterable[str], not_shown: Container[str], now: datetime
    ) -> tuple[str, ...]:
        """What people are told in a look that could not read some: of those that it lasts with.

        One that was `troubled` stays so while it is `not_shown`, in looks that do not try it too.
        The words stay the same for as long as it lasts.
        """
        lasts = {each: since for each, since in self._since.items() if each in not_shown}
        self._since = lasts | {each: now for each in troubled if each not in lasts}
        # The longest first, so that one which is told of is told of until it can be read.
        lasting = [
            address
            for address, since in sorted(self._since.items(), key=lambda each: each[1])
            if now - since >= TELL_AFTER
        ]
        told = tuple(
            f"{self._name} does not show {address}: nothing is concluded of its order until it does"
            for address in lasting[:MOST_TOLD]
        )
        if len(lasting) <= MOST_TOLD:
            return told
        return (*told, f"{self._name} does not show other addresses either")
