"""How shoppers stood at every moment: timeouts and orders that await payment, as on disk."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from actors.messages import OrderRefused, PlaceOrder
from domain.order import RefusalReason
from domain.rules import OrderRules, PartialStock
from tests.simulation.truth import wanted_of


@dataclass(slots=True)
class Standings:
    """By Telegram id. `seconds` is the time now, of which only the order matters."""

    seconds: Callable[[], float]
    timeouts: Counter[int] = field(default_factory=Counter)
    waiting: Counter[int] = field(default_factory=Counter)
    _past: dict[int, list[tuple[float, int, int]]] = field(default_factory=dict)

    def counted(self, telegram_id: int, timeouts: int) -> None:
        """A shopper has so many timeouts on disk."""
        if self.timeouts[telegram_id] != timeouts:
            self._remember(telegram_id)
            self.timeouts[telegram_id] = timeouts

    def blocked(self, most: int) -> list[int]:
        """Shoppers with so many timeouts or more, who get no orders until they are cleared."""
        return [person for person, count in self.timeouts.items() if count >= most]

    def awaits(self, telegram_id: int, change: int) -> None:
        """A shopper has more or fewer orders that await payment."""
        if change:
            self._remember(telegram_id)
            self.waiting[telegram_id] += change

    def _remember(self, telegram_id: int) -> None:
        past = self._past.setdefault(telegram_id, [])
        past.append((self.seconds(), self.timeouts[telegram_id], self.waiting[telegram_id]))

    def since(self, telegram_id: int, seconds: float) -> list[tuple[int, int]]:
        """Timeouts and waiting orders now and at every moment since then."""
        past = self._past.get(telegram_id, ())
        then = [(timeouts, waiting) for until, timeouts, waiting in past if until >= seconds]
        return [*then, (self.timeouts[telegram_id], self.waiting[telegram_id])]


def wrong_refusal_of_wish(
    wish: PlaceOrder,
    answer: OrderRefused,
    asked_at: float,
    standings: Standings,
    rules: OrderRules,
) -> Iterator[str]:
    """Where somebody may not buy and there is no cause."""
    stood = standings.since(wish.telegram_id, asked_at)
    match answer.reason:
        case RefusalReason.TOO_MANY_TIMEOUTS:
            if max(timeouts for timeouts, _ in stood) < rules.max_user_timeouts:
                yield f"{wish.request_id} is refused for timeouts of {wish.telegram_id}: {stood}"
        case RefusalReason.ACTIVE_ORDER:
            if max(waiting for _, waiting in stood) < rules.max_active:
                yield f"{wish.request_id} is refused for other orders, which are {stood}"
        case RefusalReason.STOCK_SHORT:
            wanted = wanted_of(wish)[answer.subcategory_id or 0]
            most = wanted - 1 if rules.partial_stock is PartialStock.REJECT else 0
            if (answer.available or 0) > max(most, 0):
                yield f"{wish.request_id} is refused with {answer.available} there of {wanted}"
        case RefusalReason.UNKNOWN_GOODS | RefusalReason.TOO_SMALL | RefusalReason.NOT_FOUND:
            yield f"{wish.request_id} is refused: {answer.reason}"
