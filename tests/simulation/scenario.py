"""What one episode of the simulation is like: its size, its rules, its pace.

A run of many orders is a row of episodes, each a shop and a world of its own. They differ in their
rules and pace, drawn from the seed, because what breaks under one setting may hide under another.
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from random import Random

from domain.rules import CoinRules, LatePayment, OrderRules, OverPayment, PartialStock
from tests.simulation.chance import source
from tests.simulation.views import QUOTE_UNIT

ORDERS_AN_EPISODE = 100
ADMINS = (900_001, 900_002)
_PAUSES = ((0.2, 0.6), (0.45, 0.95), (0.35, 0.85), (1.0, 1.0))
_RATES = {"LTC": Decimal("80.00"), "BTC": Decimal("64123.45"), "ETH": Decimal("2503.17")}
_SMALLEST = {"LTC": 10_000, "BTC": 1_000, "ETH": 10**13}
_WARNINGS = (2, 3, 2, 0)
_EXTENSIONS = (6, 3, 9, 6, 0)
_PARTIAL = (PartialStock.REDUCE, PartialStock.ASK, PartialStock.REJECT)
_LATE = (LatePayment.REVIVE, LatePayment.CREDIT, LatePayment.REVIVE, LatePayment.REFUND)
_OVER = (OverPayment.CREDIT, OverPayment.REFUND)
LARGEST_CLOCK_ERROR_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One episode. Equal scenarios are equal to the last message."""

    seed: int
    episode: int
    orders: int
    admins: tuple[int, ...]
    people: int
    subcategories: int
    gap_seconds: float
    """Between the arrivals of two shoppers, on average."""
    block_seconds: float
    poll_seconds: float
    commit_seconds: float
    """How long the slowest usual commit takes."""
    maintenance_seconds: float
    pause: tuple[float, float]
    """The part of the time in which only little goes wrong."""
    rates: dict[str, Decimal]
    """What coins cost at first; each start of the shop finds others."""
    rules: OrderRules

    def random(self, purpose: str) -> Random:
        """A source of chance of its own for each purpose, so that one does not shift another."""
        return source(f"{self.seed}/{self.episode}/{purpose}")

    def tolerance(self, coin: str, amount: int) -> int:
        """What may be missing of an amount, in base units."""
        percent = self.rules.under_payment_tolerance_percent
        numerator, denominator = percent.as_integer_ratio()
        rules = self.rules.coin(coin)
        dust = 0 if rules is None else rules.dust_base_units
        least = min(max(amount * numerator // (100 * denominator), dust), amount - 1)
        return least - least % QUOTE_UNIT[coin]

    @property
    def arrivals_seconds(self) -> float:
        """How long shoppers arrive, about."""
        return self.orders * self.gap_seconds

    @property
    def active_seconds(self) -> float:
        """Until when something may go wrong; after that the world calms down."""
        return self.arrivals_seconds + self.rules.timeout.total_seconds() * 1.2


def scenario_of(seed: int, episode: int, orders: int) -> Scenario:
    """The episode of this number; its rules do not depend on how many orders it has."""
    chance = source(f"{seed}/{episode}/scenario")
    # Neighbouring episodes differ in what the owner chose, so that a few show all of it.
    turn = episode + source(f"{seed}/turn").randrange(60)
    timeout = timedelta(minutes=chance.choice((7, 9, 11)))
    coins = (("LTC", "BTC"), ("LTC", "ETH"))[turn % 2]
    return Scenario(
        seed=seed,
        episode=episode,
        orders=orders,
        admins=ADMINS[: chance.choice((1, 1, 1, 2))],
        people=max(4, orders * 3 // 2),
        subcategories=chance.randint(3, 8),
        gap_seconds=chance.uniform(0.5, 1.2),
        block_seconds=chance.uniform(30.0, 60.0),
        poll_seconds=chance.choice((30.0, 45.0, 60.0)),
        commit_seconds=chance.choice((0.3, 1.5, 3.0)),
        maintenance_seconds=chance.choice((60.0, 300.0)),
        pause=_PAUSES[turn % len(_PAUSES)],
        rates={coin: _RATES[coin] for coin in coins},
        rules=_rules(chance, turn, timeout, coins),
    )


def _rules(chance: Random, turn: int, timeout: timedelta, coins: tuple[str, ...]) -> OrderRules:
    return OrderRules(
        fiat_currency="USD",
        timeout=timeout,
        warning=timedelta(minutes=_WARNINGS[turn % len(_WARNINGS)]),
        extension=timedelta(minutes=_EXTENSIONS[turn % len(_EXTENSIONS)]),
        max_active=chance.choice((1, 1, 2)),
        max_user_timeouts=1 + turn % 2,
        partial_stock=_PARTIAL[turn % len(_PARTIAL)],
        late_payment=_LATE[turn % len(_LATE)],
        over_payment=_OVER[turn % len(_OVER)],
        expiry_grace=timedelta(seconds=chance.choice((120, 200))),
        confirmation_timeout=timedelta(minutes=12),
        monitor_after_expiry=timedelta(minutes=chance.choice((12, 12, 20))),
        under_payment_tolerance_percent=Decimal("0.5"),
        coins=tuple(
            CoinRules(
                coin=coin,
                confirmations=chance.choice((1, 2, 3)),
                smallest_order_base_units=_SMALLEST[coin],
                dust_base_units=_SMALLEST[coin] // 10,
            )
            for coin in coins
        ),
    )
