"""What goes wrong, how often, and how often it did.

Every fault has a plan: it becomes due so many times an episode, at points spread evenly with chance
within each part, and strikes at an opportunity after that. An opportunity is asked for only where
it would hit a live order, so that a count is a count of hits.

A new start heals much, and what is late has an excuse where something has just gone wrong. So most
faults leave a part of the time alone: what goes wrong there has no excuse, and has to be borne.
"""

from dataclasses import dataclass
from random import Random

from tests.simulation.chance import source

Pause = tuple[float, float]
NO_PAUSE: Pause = (1.0, 1.0)

RARE, USUAL, PLANNED, OFTEN = 1 / 85, 1 / 50, 1 / 32, 1 / 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way to go wrong.

    `per_order`: how often it becomes due, for one order. `chance`: with which probability it takes
    an opportunity when it is due. `by_orders`: it becomes due by the number of orders that were
    placed, not by time. `disturbs`: what is late after it has an excuse.
    """

    per_order: float
    chance: float
    by_orders: bool = False
    disturbs: bool = False


AT_MESSAGES = {
    "process_crash_at_message": Fault(per_order=RARE, chance=0.02, disturbs=True),
    "power_loss": Fault(per_order=RARE, chance=0.02, disturbs=True),
    "order_crash": Fault(per_order=OFTEN, chance=0.3),
    "pool_crash": Fault(per_order=RARE, chance=0.1, disturbs=True),
    "watcher_crash": Fault(per_order=RARE, chance=0.1, disturbs=True),
    "address_crash": Fault(per_order=RARE, chance=0.1, disturbs=True),
    "notifier_crash": Fault(per_order=RARE, chance=0.05, disturbs=True),
    "ledger_crash": Fault(per_order=RARE, chance=0.02, disturbs=True),
    "bad_command_in_batch": Fault(per_order=USUAL, chance=0.2),
}
AT_COMMITS = {
    "process_crash_before_commit": Fault(per_order=RARE, chance=0.3, disturbs=True),
    "process_crash_within_batch": Fault(per_order=RARE, chance=0.3, disturbs=True),
    "process_crash_after_commit": Fault(per_order=RARE, chance=0.3, disturbs=True),
    "power_loss_at_commit": Fault(per_order=RARE, chance=0.3, disturbs=True),
    "commit_busy": Fault(per_order=RARE, chance=0.3, disturbs=True),
    "commit_disk_full": Fault(per_order=RARE, chance=0.3, disturbs=True),
    "commit_read_only": Fault(per_order=RARE, chance=0.3, disturbs=True),
    "commit_damaged": Fault(per_order=RARE, chance=0.3, disturbs=True),
    "commit_outcome_unknown": Fault(per_order=USUAL, chance=0.3),
    "commit_slow": Fault(per_order=USUAL, chance=0.3, disturbs=True),
}
IN_PAYMENTS = {
    "payment_short": Fault(per_order=OFTEN, chance=0.7, by_orders=True),
    "payment_over": Fault(per_order=PLANNED, chance=0.7, by_orders=True),
    "payment_split": Fault(per_order=PLANNED, chance=0.7, by_orders=True),
    "payment_tolerated": Fault(per_order=PLANNED, chance=0.7, by_orders=True),
    "payment_twice": Fault(per_order=PLANNED, chance=0.7, by_orders=True),
    "payment_at_deadline": Fault(per_order=PLANNED, chance=0.7, by_orders=True),
    "payment_late": Fault(per_order=PLANNED, chance=0.7, by_orders=True),
    "payment_shared": Fault(per_order=1 / 22, chance=0.7, by_orders=True),
    "payment_at_cancel": Fault(per_order=PLANNED, chance=0.7, by_orders=True),
    "payment_replaced": Fault(per_order=PLANNED, chance=0.5, by_orders=True),
    "payment_dropped": Fault(per_order=PLANNED, chance=0.5, by_orders=True),
    "payment_double_spent": Fault(per_order=PLANNED, chance=0.5, by_orders=True),
}
AROUND = {
    "clock_step": Fault(per_order=USUAL, chance=1.0, disturbs=True),
    "chain_reorganised": Fault(per_order=OFTEN, chance=0.7),
    "chain_unreachable": Fault(per_order=RARE, chance=0.3, disturbs=True),
    "look_delayed": Fault(per_order=USUAL, chance=0.3, disturbs=True),
    "look_incomplete": Fault(per_order=USUAL, chance=0.3, disturbs=True),
    "two_reports_at_once": Fault(per_order=OFTEN, chance=0.5),
    "message_delayed": Fault(per_order=USUAL, chance=0.5),
    "message_repeated": Fault(per_order=USUAL, chance=0.5),
    "message_reordered": Fault(per_order=USUAL, chance=0.5),
    "telegram_429": Fault(per_order=USUAL, chance=0.1),
    "telegram_5xx": Fault(per_order=USUAL, chance=0.1),
    "telegram_timeout_after_delivery": Fault(per_order=USUAL, chance=0.1),
    "telegram_blocked": Fault(per_order=USUAL, chance=0.1),
}
FAULTS = AT_MESSAGES | AT_COMMITS | IN_PAYMENTS | AROUND


class Faults:
    """The plans of one episode, and the counts.

    Args:
        chance: decides when each becomes due.
        orders: how many orders the episode is to have.
        span_seconds: within which time faults strike.
        probabilities: how often each becomes due for one order, where that differs from the usual.
        pause: the part of the time in which none of those strikes that `disturbs`.
    """

    def __init__(
        self,
        chance: Random,
        orders: int,
        span_seconds: float,
        probabilities: dict[str, float] | None = None,
        pause: Pause = NO_PAUSE,
    ) -> None:
        self.counts: dict[str, int] = dict.fromkeys(FAULTS, 0)
        self.is_over = False
        self.next_at_messages = 0.0
        """Before this second no fault at messages is due."""
        self.now_seconds = 0.0
        self.placed = 0
        self._chances = {name: source(chance.random()) for name in FAULTS}
        self._plans = {
            name: _plan(
                self._chances[name],
                orders,
                (probabilities or {}).get(name, fault.per_order),
                orders if fault.by_orders else span_seconds,
                pause=pause if fault.disturbs else NO_PAUSE,
            )
            for name, fault in FAULTS.items()
        }
        self._look_ahead()

    def is_due(self, name: str) -> bool:
        """Whether it waits for an opportunity."""
        plan = self._plans[name]
        if not plan or self.is_over:
            return False
        return plan[-1] <= (self.placed if FAULTS[name].by_orders else self.now_seconds)

    def strikes(self, name: str) -> bool:
        """Whether it takes this opportunity, which would hit a live order."""
        if not self.take(name):
            return False
        self.struck(name)
        return True

    def struck(self, name: str) -> None:
        """It has hit a live order."""
        self.counts[name] += 1

    def take(self, name: str) -> bool:
        """Whether it takes this opportunity, which may or may not hit a live order later.

        Whoever takes it calls `struck` where it does, and `missed` where it does not.
        """
        if not self.is_due(name) or self._chances[name].random() >= FAULTS[name].chance:
            return False
        self._plans[name].pop()
        self._look_ahead()
        return True

    def missed(self, name: str) -> None:
        """It hit nobody, and is due again."""
        self._plans[name].append(0.0)
        self._look_ahead()

    def _look_ahead(self) -> None:
        plans = [self._plans[name] for name in AT_MESSAGES if self._plans[name]]
        self.next_at_messages = min((plan[-1] for plan in plans), default=float("inf"))

    def chance(self, name: str) -> Random:
        """The fault's own source of chance, for how it strikes."""
        return self._chances[name]


def _plan(
    chance: Random, orders: int, per_order: float, span: float, *, pause: Pause
) -> list[float]:
    """When it becomes due, the last first, for they are taken from the end."""
    if per_order <= 0:
        return []
    count = max(1, int(per_order * orders + chance.random()))
    parts = [(part + chance.random()) / count for part in range(count)]
    parts = [_around_the_pause(part, pause) for part in parts]
    return sorted((part * span for part in parts), reverse=True)


def _around_the_pause(part: float, pause: Pause) -> float:
    first, last = pause
    before = part * (1.0 - (last - first))
    return before if before < first else before + last - first
