"""What the actors are given of the world: clock, executors, chains, addresses, Telegram.

Everything here is a picklable value or a recipe for a thing that is made where it is used, so that
an actor can be started in another process, and so that a simulation can give other recipes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from payments.address_source import AddressHistoryConnector, AddressSourceOpener
from payments.chain import ChainConnector
from payments.market import Market
from store.contract import Notice
from thespian_asyncio import Executor


class Clock(Protocol):
    """The time of day."""

    def now(self) -> datetime:
        """Now, aware, in UTC."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Now, aware, in UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Telegram has taken it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryLater:
    """Not now. `after_seconds` is Telegram's own word, or None where the usual back-off applies."""

    after_seconds: float | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CannotDeliver:
    """Never, as things are: the chat is gone or the bot is blocked."""

    why: str


class NoticeSender(Protocol):
    """Makes the text of a notice from the store and gives it to Telegram."""

    async def send(self, notice: Notice) -> Sent | RetryLater | CannotDeliver:
        """Never raises for what Telegram or the network says."""
        ...

    async def close(self) -> None:
        """End the connection; called again where it was cut short."""
        ...


class NoticeSenderOpener(Protocol):
    """A picklable recipe for a sender with its own connection."""

    def open(self) -> NoticeSender:
        """A new sender; nothing is sent yet."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """All recipes; `chains`, `address_sources` and `address_histories` by coin.

    A coin without a history hands out addresses without asking its chain. One without a chain is
    watched by what its processor reports (`actors.report_watcher`).
    `asked_look_interval_seconds`, by coin: where a backend pushes, or can be asked at any time, a
    look that somebody waits for begins so soon after the last look began. Elsewhere looks begin at
    the poll interval.
    `market` is asked what those coins cost that have no fixed rate; None where nobody is to be.
    """

    clock: Clock
    new_executor: Callable[[str], Executor]
    chains: dict[str, ChainConnector]
    chain_poll_interval_seconds: dict[str, float]
    address_sources: dict[str, AddressSourceOpener]
    notices: NoticeSenderOpener
    address_histories: dict[str, AddressHistoryConnector] = field(default_factory=dict)
    asked_look_interval_seconds: dict[str, float] = field(default_factory=dict)
    market: Market | None = None
