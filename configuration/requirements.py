"""What must be there before a command starts, beyond each setting being well-formed.

A check sees one section, and is left out where that section could not be read: its own problems
are told already. An owner learns of everything that is missing at once: nothing here stops early.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, SecretStr

from configuration.backends import Backend
from configuration.coins import Coins, CoinSettings
from configuration.custody_requirements import INIT as _INIT
from configuration.custody_requirements import custody_issues
from configuration.problems import Issue, SettingPath
from configuration.settings import Custody, Gateway, Operator, Orders, Rates, Telegram, Webhook
from configuration.values import is_loopback
from configuration.webhook_requirements import webhook_issues, without_backend
from payments.rate_sources import SOURCES

_SMALLEST_OPERATOR_TOKEN = 16
_SOURCES = "[" + ", ".join(f'"{name}"' for name in SOURCES) + "]"
_Section = TypeVar("_Section", bound=BaseModel)


class Purpose(Enum):
    """What the settings are loaded for."""

    SERVE = "serve"
    """The shop: everything."""
    CUSTODY = "custody"
    """Addresses: the sealed mnemonic and its key."""
    CHAINS = "chains"
    """Reading the store and the chains of its coins."""
    STORE = "store"
    """Work on the store alone."""
    INIT = "init"
    """Setting up: what is missing will be asked for."""


class MissingError(ValueError):
    """A secret that is named but not there; the text goes on after the setting's name."""


@dataclass(frozen=True, slots=True)
class Sections:
    """The sections that could be read; None in the place of one that could not."""

    telegram: Telegram | None
    gateway: Gateway | None
    operator: Operator | None
    webhook: Webhook | None
    orders: Orders | None
    custody: Custody | None
    rates: Rates | None
    coins: Coins | None

    @classmethod
    def of(cls, parsed: Mapping[str, BaseModel]) -> "Sections":
        """Pick the sections by name."""
        return cls(
            telegram=_pick(parsed, "telegram", Telegram),
            gateway=_pick(parsed, "gateway", Gateway),
            operator=_pick(parsed, "operator", Operator),
            webhook=_pick(parsed, "webhook", Webhook),
            orders=_pick(parsed, "orders", Orders),
            custody=_pick(parsed, "custody", Custody),
            rates=_pick(parsed, "rates", Rates),
            coins=_pick(parsed, "coins", Coins),
        )


def _pick(parsed: Mapping[str, BaseModel], name: str, model: type[_Section]) -> _Section | None:
    section = parsed.get(name)
    return section if isinstance(section, model) else None


def missing(sections: Sections, purpose: Purpose, environ: Mapping[str, str]) -> list[Issue]:
    """Everything that this command needs and that is not there."""
    match purpose:
        case Purpose.SERVE:
            return [
                *_telegram(sections.telegram),
                *_servers(sections.gateway, sections.operator),
                *custody_issues(sections.custody, sections.coins, environ),
                *webhook_issues(sections.webhook, sections.coins, environ),
                *_coins(sections, environ),
                *_grace(sections.orders, sections.coins),
                *_warning(sections.orders),
            ]
        case Purpose.CUSTODY:
            return list(custody_issues(sections.custody, sections.coins, environ))
        case Purpose.CHAINS:
            return list(_chains(sections.coins, environ))
        case Purpose.STORE | Purpose.INIT:
            return []


def _telegram(telegram: Telegram | None) -> Iterator[Issue]:
    if telegram is None:
        return
    if not telegram.token.get_secret_value():
        yield Issue(
            ("telegram", "token"),
            f"is missing; write the token that @BotFather gave for your bot, {_INIT}",
        )
    if not telegram.admin_ids:
        yield Issue(
            ("telegram", "admin_ids"),
            f"is missing; write the Telegram id of at least one admin, as in [123456789], {_INIT}",
        )


def _servers(gateway: Gateway | None, operator: Operator | None) -> Iterator[Issue]:
    if operator is None:
        return
    token_length = len(operator.token.get_secret_value())
    if token_length < _SMALLEST_OPERATOR_TOKEN and (token_length or not is_loopback(operator.host)):
        state = "is too short" if token_length else f'is missing while host is "{operator.host}"'
        yield Issue(
            ("operator", "token"),
            f"{state}; write at least {_SMALLEST_OPERATOR_TOKEN} characters that nobody can guess,"
            ' or none and host = "127.0.0.1"',
        )
    if gateway is not None and gateway.port == operator.port != 0:
        yield Issue(
            ("operator", "port"), f"is {operator.port} as gateway.port is; write another number"
        )


def _coins(sections: Sections, environ: Mapping[str, str]) -> Iterator[Issue]:
    coins, rates, webhook = sections.coins, sections.rates, sections.webhook
    if coins is None:
        return
    needs_no_backend = () if webhook is None or not webhook.accepts else without_backend(coins)
    if not coins.enabled():
        yield Issue(("coins", "LTC", "enabled"), "is false for every coin; enable one")
    for symbol, coin in coins.enabled().items():
        if symbol not in needs_no_backend:
            yield from _backends(symbol, coin, environ)
        if coin.rules.dust_base_units >= coin.rules.smallest_order_base_units:
            # A shortfall below the dust counts as paid: such an order would be free.
            yield Issue(("coins", symbol, "dust"), "is not below smallest_order; write less")
        if rates is not None and symbol not in rates.fixed.prices() and not rates.sources:
            yield Issue(
                ("rates", "fixed", symbol),
                f"is missing while {symbol} is enabled; write the price of one coin in your"
                f' currency, as in "80.00", or, as rates.sources, who is asked for it: {_SOURCES}',
            )


def _chains(coins: Coins | None, environ: Mapping[str, str]) -> Iterator[Issue]:
    if coins is None:
        return
    for symbol, coin in coins.enabled().items():
        yield from _backends(symbol, coin, environ)


def _grace(orders: Orders | None, coins: Coins | None) -> Iterator[Issue]:
    if orders is None or coins is None:
        return
    grace_seconds = orders.expiry_grace_minutes * 60
    if any(coin.poll_interval_seconds >= grace_seconds for coin in coins.enabled().values()):
        # An order would be given up before the look that shows its payment.
        yield Issue(
            ("orders", "expiry_grace_minutes"),
            "is not longer than from one look at a chain to the next; write more than"
            " coins.*.poll_interval_seconds, or less there",
        )


def _warning(orders: Orders | None) -> Iterator[Issue]:
    if orders is None:
        return
    # Whoever only shortens the time does not want to hear of a setting that they never touched:
    # with the default, orders that are shorter than the warning go without one.
    is_chosen = orders.warning_minutes != Orders().warning_minutes
    if is_chosen and orders.warning_minutes >= orders.timeout_minutes:
        yield Issue(
            ("orders", "warning_minutes"),
            "is not less than orders.timeout_minutes; write less, or 0 for no warning",
        )


def _backends(symbol: str, coin: CoinSettings, environ: Mapping[str, str]) -> Iterator[Issue]:
    here: SettingPath = ("coins", symbol, "backends")
    if not coin.backends:
        yield Issue(here, f"is missing; write a table with kind and url, {_INIT}")
    for index, backend in enumerate(coin.backends):
        yield from _backend((*here, index), backend, environ)
    urls = [backend.url for backend in coin.backends]
    for index, url in enumerate(urls):
        if url and url in urls[:index]:
            # Two of the same would confirm each other in anything.
            yield Issue((*here, index, "url"), "is that of another backend; remove one of them")


def _backend(place: SettingPath, backend: Backend, environ: Mapping[str, str]) -> Iterator[Issue]:
    for name, text in backend.misfits():
        yield Issue((*place, name), text)
    if not backend.url:
        yield Issue((*place, "url"), "is missing; write the address of the node or server")
    if not backend.needs_login:
        return
    if not backend.user:
        yield Issue((*place, "user"), f"is missing; write the node's rpcuser, {_INIT}")
    try:
        read_password(backend, environ)
    except MissingError as error:
        setting = "password_file" if backend.password_env is None else "password_env"
        yield Issue((*place, setting), str(error))


def read_password(backend: Backend, environ: Mapping[str, str]) -> SecretStr:
    """The password of a node, from the one place that the settings name.

    Raises:
        MissingError: no place, two places, or nothing there.
    """
    if backend.password_file is not None and backend.password_env is not None:
        raise MissingError("stands beside password_file; remove one of them")
    if backend.password_env is not None:
        password = environ.get(backend.password_env, "")
        if not password:
            raise MissingError(
                f"names the variable {backend.password_env}, which is not set;"
                " set it to the node's rpcpassword"
            )
        return SecretStr(password)
    if backend.password_file is None:
        raise MissingError("is missing; write password_file or password_env")
    return _password_in(backend.password_file)


def _password_in(path: Path) -> SecretStr:
    try:
        password = path.read_text(encoding="utf-8").rstrip("\r\n")
    except FileNotFoundError:
        raise MissingError(
            f"names {path}, which is not there; write the node's rpcpassword into it, {_INIT}"
        ) from None
    except OSError as error:
        raise MissingError(f"names {path}, which cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise MissingError(f"names {path}, which is not UTF-8; write one line of text") from None
    if not password or "\n" in password:
        raise MissingError(f"names {path}, which is not one line; write the node's rpcpassword")
    return SecretStr(password)
