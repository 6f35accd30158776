"""Since when nothing has gone wrong that holds anything up: what is late then has no excuse."""

from collections.abc import Callable
from datetime import datetime, timedelta

from tests.simulation.chain import SimulatedChain, SimulatedClient
from tests.simulation.jobs import SteppedClock

_TRIED_AGAIN = timedelta(seconds=40)
_KNOWN_AGAIN = timedelta(seconds=10)
_OF_COINS = ("chain_watcher", "address")


class Calm:
    """Keeps the times of what went wrong. All times are true ones.

    Args:
        clock: the true time, and when the shop's clock was set.
        chains: by coin.
        clients: by coin.
        is_in_trouble: whether the store cannot be written now.
    """

    def __init__(
        self,
        clock: SteppedClock,
        chains: dict[str, SimulatedChain],
        clients: dict[str, SimulatedClient],
        is_in_trouble: Callable[[], bool],
    ) -> None:
        self._clock, self._chains, self._clients = clock, chains, clients
        self._is_in_trouble = is_in_trouble
        now = clock.true_now()
        self._up_since: datetime | None = None
        self._began = self._trouble_began_at = self._troubled_at = now
        self._in_doubt_at: datetime | None = None
        self._slow_until = now
        self._crashed_at: dict[tuple[str, str], datetime] = {}
        self._orders_crashed_at: dict[int, datetime] = {}

    def up(self) -> None:
        """The shop has its store open."""
        self._up_since = self._clock.true_now()

    def down(self) -> None:
        """The shop is gone."""
        self._up_since = None

    def in_trouble(self, seconds: float) -> None:
        """For so long nothing can be written, and what waited is tried again some time later."""
        self._trouble_began_at = self._clock.true_now()
        self._troubled_at = self._trouble_began_at + timedelta(seconds=seconds) + _TRIED_AGAIN

    def slow(self, seconds: float) -> None:
        """The next commit takes so long, behind what is slow already."""
        now = self._clock.true_now()
        self._slow_until = max(self._slow_until, now) + timedelta(seconds=seconds)

    def in_doubt(self) -> None:
        """It is not known of a commit whether it is on disk."""
        self._in_doubt_at = self._clock.true_now()

    def is_in_doubt(self) -> bool:
        """Whether that may be so still: the shop takes no orders until it has tried again.

        That holds up nobody for long, and is no excuse for anything else.
        """
        at = self._in_doubt_at
        return at is not None and self._clock.true_now() - at < _KNOWN_AGAIN

    def in_trouble_for(self) -> timedelta:
        """For how long nothing can be written; zero where all can."""
        if not self._is_in_trouble():
            return timedelta()
        now = self._clock.true_now()
        return now - max(self._trouble_began_at, self._up_since or now)

    def service_crashed(self, kind: str, name: str) -> None:
        """Somebody but an order has exited; `name` is the coin, the pool, or who is told."""
        self._crashed_at[kind, name] = self._clock.true_now()

    def order_crashed(self, order_id: int) -> None:
        """The actor of an order has exited."""
        self._orders_crashed_at[order_id] = self._clock.true_now()

    def since(self, order_id: int | None) -> datetime:
        """Since when nothing could hold up an order that needs nobody but the ledger."""
        if self._up_since is None:
            return self._clock.true_now()
        return max(
            self._up_since,
            self._troubled_at,
            self._slow_until,
            self._clock.stepped_at,
            self._orders_crashed_at.get(order_id or 0, self._up_since),
        )

    def since_in(self, coin: str, order_id: int | None) -> datetime:
        """The same of an order, or of any, that waits for news of its chain."""
        now, chain, client = self._clock.true_now(), self._chains[coin], self._clients[coin]
        if not chain.is_reachable:
            return now
        crashes = [self._crashed_at.get((kind, coin), self._began) for kind in _OF_COINS]
        return max(self.since(order_id), chain.reachable_since, client.disturbed_at, *crashes)

    def since_all(self) -> datetime:
        """Since when nothing has gone wrong at all."""
        coins = [self.since_in(coin, None) for coin in self._chains]
        return max(*coins, *self._crashed_at.values(), self._began)
