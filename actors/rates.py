"""The rates: asks each public source what coins cost, and tells the shop what each said last.

Owns: the latest quote of each source and coin.
In: `StartRates`; its own wakeups.
Out: `QuotesTold` to the shop, after each answer and after each failure.
States: new, quoting, without a price for <coins>.

Each source is asked on its own, three times within the age at which a quote counts no more, so that
two questions in a row may fail. What a quote is worth at a moment is decided by whoever needs it
then (`payments.rates.agree`); here it is only worked out to say what was thrown out.
Failure: a source that gives no price at all is asked again soon, then ever more rarely, and its
last quotes stay until they are too old.
"""

from datetime import timedelta
from functools import partial

from loguru import logger
from thespian.actors import ActorAddress, WakeupMessage

from actors.base import ShopActor
from actors.messages import QuotesTold, StartRates
from payments.market import Market, SourceAnswer
from payments.rates import NoRate, Quote, agree
from thespian_asyncio import Executor, Outcome

ASKED_WITHIN_MAX_AGE = 3
SHORTEST_INTERVAL = timedelta(seconds=5)
LONGEST_INTERVAL = timedelta(minutes=5)
SHORTEST_BACK_OFF = timedelta(seconds=5)
LONGEST_BACK_OFF = timedelta(minutes=2)
_MOST_DOUBLINGS = 10
_UNKNOWN = "it broke"


class RatesActor(ShopActor):
    """See the module's text."""

    kind = "rates"

    def __init__(self) -> None:
        super().__init__()
        self._start: StartRates | None = None
        self._market: Market | None = None
        self._quotes: dict[tuple[str, str], Quote] = {}
        """By source and coin."""
        self._failures: dict[str, int] = {}
        """How often in a row each source gave no price at all."""
        self._refusals: dict[tuple[str, str], str] = {}
        """Why there is no price, by source and coin."""
        self._far: set[tuple[str, str]] = set()
        self._thrown_out = 0

    def new_executor(self) -> Executor:
        """The environment's, or a thread before there is one."""
        if self._start is None:
            return super().new_executor()
        return self._start.environment.new_executor("rates")

    def inspection(self) -> dict[str, object]:
        """With what each source does not say, and how many prices were thrown out so far."""
        refusals = {f"{source} {coin}": why for (source, coin), why in self._refusals.items()}
        details = {"outliers": self._thrown_out, "refusals": refusals}
        return super().inspection() | details

    def receiveMsg_StartRates(self, message: StartRates, _sender: ActorAddress) -> None:
        """Ask every source."""
        market = message.environment.market
        if self._start is not None or market is None:
            return
        self._start, self._market = message, market
        self.name, self.state = "market", "quoting"
        self.clock, self.alert_to = message.environment.clock, message.shop
        for source in market.sources:
            self._ask(source)

    def receiveMsg_WakeupMessage(self, message: WakeupMessage, _sender: ActorAddress) -> None:
        """It is time to ask a source again."""
        timer = self.rings(message.payload)
        if timer is not None:
            self._ask(timer.kind.removeprefix("ask "))

    def _ask(self, source: str) -> None:
        start, market = self._start, self._market
        if start is not None and market is not None:
            question = partial(market.ask, source, start.coins, self.clock.now())
            self.outside.submit(source, question)

    # --- answers ----------------------------------------------------------------------------------

    def outcome(self, outcome: Outcome) -> None:
        """A source has answered, or has not."""
        start, market, source = self._start, self._market, str(outcome.tag)
        if start is None or market is None:
            return
        answer = outcome.value
        if not isinstance(answer, SourceAnswer):
            logger.opt(exception=outcome.error).error("rates: asking {} broke", source)
            refusals = dict.fromkeys(start.coins, _UNKNOWN)
            answer = SourceAnswer(source=source, quotes=(), refusals=refusals)
        # First of all, for whatever fails below, the source is asked again.
        self._failures[source] = 0 if answer.quotes else self._failures.get(source, 0) + 1
        self.arm_after(f"ask {source}", self._pause(source, market.max_age))
        self._take(answer)
        self._judge(start, market)
        self.send(start.shop, QuotesTold(quotes=tuple(self._quotes.values())))

    def _pause(self, source: str, max_age: timedelta) -> timedelta:
        failures = self._failures[source]
        if failures:
            # The exponent is bounded, for it may fail for weeks.
            doublings = min(failures - 1, _MOST_DOUBLINGS)
            return min(SHORTEST_BACK_OFF * (1 << doublings), LONGEST_BACK_OFF)
        interval = max_age / ASKED_WITHIN_MAX_AGE
        return min(max(interval, SHORTEST_INTERVAL), LONGEST_INTERVAL)

    def _take(self, answer: SourceAnswer) -> None:
        for quote in answer.quotes:
            key = (answer.source, quote.coin)
            self._quotes[key] = quote
            if self._refusals.pop(key, None) is not None:
                logger.info("rates: {} has a price of {} again", *key)
        for coin, why in answer.refusals.items():
            if self._refusals.get((answer.source, coin)) != why:
                logger.warning("rates: {} gives no price of {}: {}", answer.source, coin, why)
            self._refusals[answer.source, coin] = why

    def _judge(self, start: StartRates, market: Market) -> None:
        now, count = self.clock.now(), len(market.sources)
        quotes = tuple(self._quotes.values())
        found = [agree(coin, quotes, now, market.max_age, count) for coin in start.coins]
        without = [each.coin for each in found if isinstance(each, NoRate)]
        self.state = f"without a price for {', '.join(without)}" if without else "quoting"
        far = {(each.source, each.coin): each for rate in found for each in rate.outliers}
        for key, quote in far.items():
            if key not in self._far:
                self._thrown_out += 1
                logger.warning(
                    "rates: {} says {} for {}, too far from the others: it does not count",
                    quote.source, quote.price, quote.coin,
                )  # fmt: skip
        self._far = set(far)
