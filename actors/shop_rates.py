"""The root and what coins cost: fixed rates, or what the market's sources agree on at that moment.

The root keeps what each source said last, and works out the rate anew whenever somebody needs one:
so a price that has become too old is never given, whatever became of those who should renew it.
The whole is described in `actors.shop`.
"""

from datetime import timedelta
from decimal import Decimal

from loguru import logger
from thespian.actors import ActorAddress

from actors.messages import GetRate, QuotesTold, RateKnown, StartRates, StartShop
from actors.rates import RatesActor
from actors.shop_take_up import ShopTakeUp
from payments.rates import Quote, Rate, agree

PATIENCE = timedelta(seconds=60)
"""A price that is back within this time is nobody's business, and late money waits for it."""

NOT_YET = "no source has answered yet"


class ShopRates(ShopTakeUp):
    """The handlers of quotes, and of orders that ask for a rate."""

    def __init__(self) -> None:
        super().__init__()
        self._quotes: tuple[Quote, ...] = ()
        self._without_rate: dict[str, str] = {}
        """Coins whose price nobody knows at present, and why."""
        self._told_without_rate: set[str] = set()
        """Those of them of which the admins were told."""
        self._wait_for_rate: dict[str, list[ActorAddress]] = {}
        """Orders with late money, by the coin whose price they wait for."""

    def inspection(self) -> dict[str, object]:
        """With coins that nobody knows the price of among those that are not taken."""
        coins = {
            symbol: coin.refusal or self._without_rate.get(symbol, "")
            for symbol, coin in self._staff.coins.items()
        }
        return super().inspection() | {"coins": coins}

    def _why_no_rate(self, coin: str) -> str:
        """What keeps a coin of the market from having a price now; "" where nothing does."""
        if coin in self._market_coins:
            self._rate_of(coin)
        return self._without_rate.get(coin, "")

    @property
    def _market_coins(self) -> tuple[str, ...]:
        start = self._start
        if start is None or start.environment.market is None:
            return ()
        coins = (each.coin for each in start.rules.coins)
        return tuple(coin for coin in coins if coin not in start.fixed_rates)

    def _begin_rates(self, start: StartShop) -> None:
        """With the ledger all begin anew: nobody waits, and what was said before is forgotten."""
        self._quotes = ()
        self._wait_for_rate.clear()
        self._without_rate = dict.fromkeys(self._market_coins, NOT_YET)
        for coin in self._without_rate:
            self.arm_after(f"rate {coin}", PATIENCE)
        if self._without_rate:
            self._start_rates(start)

    def _start_rates(self, start: StartShop) -> None:
        rates = self.createActor(RatesActor)
        self._staff.rates = rates
        first = StartRates(
            shop=self.myAddress, coins=self._market_coins, environment=start.environment
        )
        self.send(rates, first)

    def receiveMsg_QuotesTold(self, message: QuotesTold, sender: ActorAddress) -> None:
        """A source has answered, or failed to."""
        if sender != self._staff.rates:
            return
        self._quotes = message.quotes
        for coin in self._market_coins:
            self._rate_of(coin)

    # --- a rate, now ------------------------------------------------------------------------------

    def _rate_of(self, coin: str) -> Decimal | None:
        """What one coin costs now; None where nobody knows."""
        start = self._start
        if start is None:
            return None
        market = start.environment.market
        if coin in start.fixed_rates or market is None:
            return start.fixed_rates.get(coin)
        found = agree(coin, self._quotes, self.clock.now(), market.max_age, len(market.sources))
        if isinstance(found, Rate):
            self._rate_is_there(coin, found.price)
            return found.price
        self._rate_is_missing(coin, found.why)
        return None

    def _rate_is_missing(self, coin: str, why: str) -> None:
        if coin not in self._without_rate:
            logger.warning("{} has no price: {}", coin, why)
            self.arm_after(f"rate {coin}", PATIENCE)
        self._without_rate[coin] = why

    def _rate_is_there(self, coin: str, price: Decimal) -> None:
        if self._without_rate.pop(coin, None) is None:
            return
        self.disarm(f"rate {coin}")
        currency = "" if self._start is None else self._start.rules.fiat_currency
        logger.info("{} costs {} {}", coin, price, currency)
        self._answer_waiting(coin, price)
        if coin in self._told_without_rate:
            self._told_without_rate.remove(coin)
            self._alert(f"{coin} has a price again: {price} {currency}")

    def _rate_is_overdue(self, coin: str) -> None:
        """It has been missing for long enough: whoever waits goes on without, and admins know."""
        if self._rate_of(coin) is not None or coin not in self._without_rate:
            return
        self._answer_waiting(coin, None)
        if coin not in self._told_without_rate:
            self._told_without_rate.add(coin)
            self._alert(f"{coin} takes no orders: it has no price, {self._without_rate[coin]}")

    # --- orders that got money late ---------------------------------------------------------------

    def receiveMsg_GetRate(self, message: GetRate, sender: ActorAddress) -> None:
        """What a coin costs now, for an order that got money late.

        Where the price went missing just now, or nobody was asked yet, the answer waits for it.
        """
        rate = self._rate_of(message.coin)
        if rate is None and self.is_armed(f"rate {message.coin}"):
            self._wait_for_rate.setdefault(message.coin, []).append(sender)
        else:
            self.send(sender, RateKnown(coin=message.coin, rate=rate))

    def _answer_waiting(self, coin: str, rate: Decimal | None) -> None:
        for order in self._wait_for_rate.pop(coin, ()):
            self.send(order, RateKnown(coin=coin, rate=rate))
