"""The way from the gateway into the actor system."""

from collections.abc import Mapping, Sequence
from typing import Protocol


class TimerFigures(Protocol):
    """One armed timer; `due_at_wall` in seconds since the epoch."""

    @property
    def payload(self) -> object: ...  # noqa: D102 - a field, as all below
    @property
    def due_at_wall(self) -> float: ...  # noqa: D102


class ActorFigures(Protocol):
    """What is known of one live actor; None where its system cannot tell.

    `details` is what the actor says of itself: its `name` and its `state`, and its `process_id`
    where it has a process of its own.
    """

    @property
    def address(self) -> str: ...  # noqa: D102
    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def global_name(self) -> str | None: ...  # noqa: D102
    @property
    def is_exiting(self) -> bool: ...  # noqa: D102
    @property
    def mailbox(self) -> int | None: ...  # noqa: D102
    @property
    def handled(self) -> int | None: ...  # noqa: D102
    @property
    def failures(self) -> int | None: ...  # noqa: D102
    @property
    def timers(self) -> Sequence[TimerFigures] | None: ...  # noqa: D102
    @property
    def details(self) -> Mapping[str, object]: ...  # noqa: D102


class SystemFigures(Protocol):
    """The system as a whole; None for what it cannot tell."""

    @property
    def actors(self) -> int: ...  # noqa: D102
    @property
    def handled(self) -> int | None: ...  # noqa: D102
    @property
    def dead_letters(self) -> int | None: ...  # noqa: D102
    @property
    def poisons(self) -> int | None: ...  # noqa: D102
    @property
    def pending_timers(self) -> int | None: ...  # noqa: D102
    @property
    def lag_seconds(self) -> float | None: ...  # noqa: D102
    @property
    def longest_lag_seconds(self) -> float | None: ...  # noqa: D102


class PageOfActors(Protocol):
    """A page of actors and the totals.

    `total` counts all actors of the kind that was asked for; `next` is the `after` of the
    following page, None on the last.
    """

    @property
    def totals(self) -> SystemFigures: ...  # noqa: D102
    @property
    def actors(self) -> Sequence[ActorFigures]: ...  # noqa: D102
    @property
    def total(self) -> int: ...  # noqa: D102
    @property
    def next(self) -> str | None: ...  # noqa: D102


class ShopBridge(Protocol):
    """What the gateway may do with the actors: ask the shop, and look at the system."""

    async def ask(self, message: object, timeout_seconds: float) -> object:
        """The root actor's answer to a message.

        Raises:
            TimeoutError: no answer came in time; whether the message had an effect is not known.
        """
        ...

    async def inspect(self, *, after: str | None, limit: int, kind: str | None) -> PageOfActors:
        """A page of actors in an order that stays, and the totals.

        Raises:
            ValueError: `after` is not the `next` of an earlier page.
            TimeoutError: the system does not answer.
        """
        ...
