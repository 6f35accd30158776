"""Every setting that has an effect, with its default; docs/configuration.md tells what each means.

Models are checked and frozen. Names are those of the settings file. What must be there for a
certain command only (a token, a password, a file) is checked in `configuration.requirements`.
"""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr

from configuration.backends import Section
from configuration.coins import Coins
from configuration.values import (
    CURRENCY,
    HOST,
    PATH,
    SECRET,
    TELEGRAM_IDS,
    TELEGRAM_TOKEN,
    TRUTH,
    VARIABLE_NAME,
    amount,
    choice,
    duration,
    names,
    percentage,
    web_address,
    whole_number,
)
from domain.money import parse_rate
from domain.rules import LatePayment, OrderRules, OverPayment, PartialStock
from payments.rate_sources import SOURCES

Port = Annotated[int, whole_number(0, 65_535)]
Minutes = Annotated[float, duration("0.001", 43_200)]


class Shop(Section):
    """`[shop]`."""

    currency: Annotated[str, CURRENCY] = "USD"
    language: Annotated[str, choice("shop.language", ["en"])] = "en"


class Telegram(Section):
    """`[telegram]`. An empty token and an empty list mean: not given yet."""

    token: Annotated[SecretStr, TELEGRAM_TOKEN] = SecretStr("")
    api_url: Annotated[str, web_address("https://api.telegram.org")] = "https://api.telegram.org"
    mode: Annotated[str, choice("telegram.mode", ["polling"])] = "polling"
    admin_ids: Annotated[tuple[int, ...], TELEGRAM_IDS] = ()


class Gateway(Section):
    """`[gateway]`: the server that the world may reach. Port 0: any that is free.

    `public_url`: how the world reaches it, where something in front of it has another address.
    """

    host: Annotated[str, HOST] = "127.0.0.1"
    port: Port = 8080
    public_url: Annotated[str | None, web_address("https://shop.example")] = None


class Webhook(Section):
    """`[webhook]`: reports of payment processors; none are taken without a secret.

    `secret` is filled in when the settings are loaded; in the settings file it is refused.
    """

    secret_file: Annotated[Path | None, PATH] = None
    secret_env: Annotated[str | None, VARIABLE_NAME] = None
    trust: Annotated[str, choice("webhook.trust", ["verify", "accept"])] = "verify"
    secret: SecretStr = SecretStr("")

    @property
    def is_on(self) -> bool:
        """Whether a secret is named."""
        return self.secret_file is not None or self.secret_env is not None

    @property
    def accepts(self) -> bool:
        """Whether a report is taken for a payment where a coin has no backend."""
        return self.is_on and self.trust == "accept"


class Operator(Section):
    """`[operator]`: the server for `/healthz` and `/status`. An empty token: none is asked for."""

    host: Annotated[str, HOST] = "127.0.0.1"
    port: Port = 8081
    token: Annotated[SecretStr, SECRET] = SecretStr("")


class Store(Section):
    """`[store]`."""

    path: Annotated[Path, PATH, Field(validate_default=True)] = Path("data/holdfast.db")


class Actors(Section):
    """`[actors]`."""

    system_base: Annotated[
        str, choice("actors.system_base", ["thespian_asyncio", "multiprocTCPBase"])
    ] = "thespian_asyncio"


class Orders(Section):
    """`[orders]`. Minutes and hours may be fractions."""

    timeout_minutes: Minutes = 30
    warning_minutes: Annotated[float, duration("0", 43_200)] = 5
    extension_minutes: Annotated[float, duration("0", 43_200)] = 15
    max_active: Annotated[int, whole_number(1, 1000)] = 1
    max_user_timeouts: Annotated[int, whole_number(1, 1_000_000)] = 3
    maintenance_interval_seconds: Annotated[float, duration("0.1", 86_400)] = 60
    partial_stock: Annotated[str, choice("orders.partial_stock", list(PartialStock))] = "ask"
    under_payment_tolerance_percent: Annotated[Decimal, percentage(50)] = Decimal("0.5")
    late_payment: Annotated[str, choice("orders.late_payment", list(LatePayment))] = "revive"
    over_payment: Annotated[str, choice("orders.over_payment", list(OverPayment))] = "refund"
    expiry_grace_minutes: Annotated[float, duration("0", 43_200)] = 30
    confirmation_timeout_minutes: Minutes = 180
    monitor_after_expiry_hours: Annotated[float, duration("0", 87_600)] = 168


def fixed_rate(example: str) -> BeforeValidator:
    """The price of one coin."""
    return BeforeValidator(amount(parse_rate, example))


class FixedRates(Section):
    """`[rates.fixed]`: the price of one coin in the shop's currency, as a decimal in quotes."""

    BTC: Annotated[str | None, fixed_rate("60000.00")] = None
    LTC: Annotated[str | None, fixed_rate("80.00")] = None
    ETH: Annotated[str | None, fixed_rate("3000.00")] = None
    SOL: Annotated[str | None, fixed_rate("150.00")] = None

    def prices(self) -> dict[str, str]:
        """Those that are given, by the coin's symbol."""
        prices = {"BTC": self.BTC, "LTC": self.LTC, "ETH": self.ETH, "SOL": self.SOL}
        return {symbol: price for symbol, price in prices.items() if price is not None}


class Rates(Section):
    """`[rates]`: who is asked what coins cost, and how long an answer counts.

    A fixed price of a coin goes before what the sources say.
    """

    sources: Annotated[tuple[str, ...], names(list(SOURCES))] = ()
    max_age_seconds: Annotated[float, duration("15", 86_400)] = 300
    fixed: FixedRates = FixedRates()


class Custody(Section):
    """`[custody]`: who has the keys.

    "hot": the sealed mnemonic is here, and where the key that opens it is. "watch_only": addresses
    come from what each coin's section has.
    """

    mode: Annotated[str, choice("custody.mode", ["hot", "watch_only"])] = "hot"
    mnemonic_file: Annotated[Path | None, PATH] = None
    key_file: Annotated[Path | None, PATH] = None
    key_env: Annotated[str | None, VARIABLE_NAME] = None
    marks_file: Annotated[Path, PATH, Field(validate_default=True)] = Path(
        "data/secrets/addresses.marks"
    )
    key_in_notice: Annotated[bool, TRUTH] = False

    @property
    def is_hot(self) -> bool:
        """Whether the keys are on this machine."""
        return self.mode == "hot"


class Reports(Section):
    """`[reports]`. An interval of 0 hours: never."""

    reconcile_interval_hours: Annotated[float, duration("0", 8_760)] = 24


class Log(Section):
    """`[log]`."""

    level: Annotated[str, choice("log.level", ["DEBUG", "INFO", "WARNING", "ERROR"])] = "INFO"
    format: Annotated[str, choice("log.format", ["text", "json"])] = "text"


class Settings(Section):
    """The whole of it."""

    shop: Shop = Shop()
    telegram: Telegram = Telegram()
    gateway: Gateway = Gateway()
    webhook: Webhook = Webhook()
    operator: Operator = Operator()
    store: Store = Store()
    actors: Actors = Actors()
    orders: Orders = Orders()
    rates: Rates = Rates()
    custody: Custody = Custody()
    coins: Coins = Coins()
    reports: Reports = Reports()
    log: Log = Log()

    def order_rules(self) -> OrderRules:
        """The rules that decisions depend on, with the coins that are enabled."""
        orders = self.orders
        return OrderRules(
            fiat_currency=self.shop.currency,
            timeout=timedelta(minutes=orders.timeout_minutes),
            warning=timedelta(minutes=orders.warning_minutes),
            extension=timedelta(minutes=orders.extension_minutes),
            max_active=orders.max_active,
            max_user_timeouts=orders.max_user_timeouts,
            partial_stock=PartialStock(orders.partial_stock),
            late_payment=LatePayment(orders.late_payment),
            over_payment=OverPayment(orders.over_payment),
            expiry_grace=timedelta(minutes=orders.expiry_grace_minutes),
            confirmation_timeout=timedelta(minutes=orders.confirmation_timeout_minutes),
            monitor_after_expiry=timedelta(hours=orders.monitor_after_expiry_hours),
            under_payment_tolerance_percent=orders.under_payment_tolerance_percent,
            coins=tuple(coin.rules for coin in self.coins.enabled().values()),
        )

    def fixed_rates(self) -> dict[str, Decimal]:
        """The price that the owner has set for one coin, by symbol, of the coins that it takes."""
        enabled = self.coins.enabled()
        prices = self.rates.fixed.prices()
        return {coin: parse_rate(price) for coin, price in prices.items() if coin in enabled}

    def market_coins(self) -> tuple[str, ...]:
        """The coins that it takes at the price that the sources agree on."""
        fixed = self.rates.fixed.prices()
        return tuple(coin for coin in self.coins.enabled() if coin not in fixed)
