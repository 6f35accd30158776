"""The kinds of values that settings have: each checks what was written and says what to write.

Every check raises ValueError with a text that goes on after the setting's name.
"""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BeforeValidator, SecretStr, ValidationInfo

from configuration.unavailable import UNAVAILABLE_VALUES

_SHOWN_CHARACTERS = 40


class Written(str):
    """A value from an environment variable, where numbers and truth values are text too."""

    __slots__ = ()


def shown(value: object) -> str:
    """A value as its writer knows it, cut short."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            cut = value if len(value) <= _SHOWN_CHARACTERS else value[:_SHOWN_CHARACTERS] + "..."
            return f'"{cut}"'.encode("unicode_escape").decode()
        case list() | tuple():
            return "a list"
        case dict():
            return "a table"
        case _:
            return str(value)[:_SHOWN_CHARACTERS]


def whole_number(minimum: int, maximum: int) -> BeforeValidator:
    """A whole number within bounds, both included."""

    def check(value: object) -> int:
        number = value
        if isinstance(value, Written) and re.fullmatch(r"-?[0-9]{1,18}", value):
            number = int(value)
        is_whole = isinstance(number, int) and not isinstance(number, bool)
        if is_whole and isinstance(number, int) and minimum <= number <= maximum:
            return number
        raise ValueError(f"is {shown(value)}; write a whole number from {minimum} to {maximum}")

    return BeforeValidator(check)


def _decimal(value: object) -> Decimal | None:
    if isinstance(value, Written) and re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", value):
        return Decimal(value)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        number = Decimal(value)
        return number if number.is_finite() else None
    return None


def percentage(maximum: int) -> BeforeValidator:
    """A number of percent from 0, kept exactly."""

    def check(value: object) -> Decimal:
        number = _decimal(value)
        if number is None or not 0 <= number <= maximum:
            raise ValueError(f"is {shown(value)}; write a number from 0 to {maximum}, as in 0.5")
        return number

    return BeforeValidator(check)


def duration(smallest: str, largest: int) -> BeforeValidator:
    """A number in the unit that the setting's name ends in; fractions are allowed."""

    def check(value: object) -> float:
        number = _decimal(value)
        if number is None or not Decimal(smallest) <= number <= largest:
            raise ValueError(
                f"is {shown(value)}; write a number from {smallest} to {largest}, as in 30 or 0.5"
            )
        return float(number)

    return BeforeValidator(check)


def _truth(value: object) -> bool:
    if isinstance(value, Written):
        value = {"true": True, "false": False}.get(value.lower(), value)
    if not isinstance(value, bool):
        raise ValueError(f"is {shown(value)}; write true or false")  # noqa: TRY004 - pydantic collects ValueError
    return value


TRUTH = BeforeValidator(_truth)


def plain_text(value: object) -> str:
    """Text, whatever it says."""
    if not isinstance(value, str):
        raise ValueError(f"is {shown(value)}; write text in quotes")  # noqa: TRY004 - pydantic collects ValueError
    return str(value)


TEXT = BeforeValidator(plain_text)


def choice(name: str, live: Sequence[str]) -> BeforeValidator:
    """One of a few words; `name` finds those that belong to a later version."""

    def check(value: object) -> str:
        if isinstance(value, str) and value in live:
            return str(value)
        allowed = " or ".join(f'"{word}"' for word in live)
        if isinstance(value, str) and value in UNAVAILABLE_VALUES.get(name, ()):
            raise ValueError(
                f"{shown(value)} is not available in this version yet; write {allowed}"
            )
        raise ValueError(f"is {shown(value)}; write {allowed}")

    return BeforeValidator(check)


def _currency(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"[A-Z]{3}", value):
        return str(value)
    raise ValueError(f'is {shown(value)}; write three capital letters (ISO 4217), as in "USD"')


CURRENCY = BeforeValidator(_currency)


def _host(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"[0-9A-Za-z:.\-]{1,253}", value):
        return str(value)
    raise ValueError(f'is {shown(value)}; write an address of this machine, as in "127.0.0.1"')


HOST = BeforeValidator(_host)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server on that host."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def web_address(example: str) -> BeforeValidator:
    """An http or https address without a name and password inside, and no slash at its end."""
    return address(("http", "https"), example)


def address(schemes: Sequence[str], example: str) -> BeforeValidator:
    """An address of one of these schemes, with no name and password, and no slash at its end."""
    kinds = " or ".join(schemes)

    def check(value: object) -> str:
        text = plain_text(value)
        wrong = ValueError(f'is not an {kinds} address; write one, as in "{example}"')
        try:
            parts = urlsplit(text)
            port_is_good = parts.port != 0
        except ValueError:
            raise wrong from None
        if parts.username is not None or parts.password is not None:
            raise ValueError(
                "has a user name or password inside; write them in settings of their own"
            )
        has_place = parts.path if parts.scheme == "ipc" else parts.hostname
        if parts.scheme not in schemes or not has_place or not port_is_good:
            raise wrong
        if re.search(r"\s", text) or parts.query or parts.fragment:
            raise wrong
        return text.rstrip("/")

    return BeforeValidator(check)


def _telegram_token(value: object) -> SecretStr:
    text = plain_text(value)
    # Telegram alone decides; this catches a token that was cut or mixed up with something else.
    if text and not re.fullmatch(r"[0-9]+:[0-9A-Za-z_\-]+", text):
        raise ValueError(
            "is not a bot token; write what @BotFather gave: digits, a colon, letters and digits"
        )
    return SecretStr(text)


TELEGRAM_TOKEN = BeforeValidator(_telegram_token)


def _secret(value: object) -> SecretStr:
    # The value itself must not be told, whatever it is.
    if not isinstance(value, str):
        raise ValueError("is not text; write text in quotes")  # noqa: TRY004 - pydantic collects ValueError
    return SecretStr(str(value))


SECRET = BeforeValidator(_secret)


def _variable_name(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        return str(value)
    raise ValueError("is not the name of an environment variable; write only its name")


VARIABLE_NAME = BeforeValidator(_variable_name)


def _path(value: object, info: ValidationInfo) -> Path:
    text = plain_text(str(value) if isinstance(value, Path) else value)
    if not text or "\0" in text:
        raise ValueError("is empty; write the path of a file, relative to the settings file")
    base = info.context if isinstance(info.context, Path) else Path()
    return base / Path(text).expanduser()


PATH = BeforeValidator(_path)


def _telegram_ids(value: object) -> tuple[int, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"is {shown(value)}; write a list of Telegram ids, as in [123456789]")  # noqa: TRY004 - pydantic collects ValueError
    for entry in value:
        if not isinstance(entry, int) or isinstance(entry, bool) or not 0 < entry < 2**52:
            raise ValueError(
                f"contains {shown(entry)}; write the numbers of accounts, not their names,"
                " as in [123456789]"
            )
    return tuple(dict.fromkeys(value))


TELEGRAM_IDS = BeforeValidator(_telegram_ids)


def names(known: Sequence[str]) -> BeforeValidator:
    """A list of some of these names, each once."""

    def check(value: object) -> tuple[str, ...]:
        example = ", ".join(f'"{name}"' for name in known)
        if not isinstance(value, list | tuple):
            raise ValueError(f"is {shown(value)}; write a list of names out of {example}")  # noqa: TRY004 - pydantic collects ValueError
        for entry in value:
            if entry not in known:
                raise ValueError(f"contains {shown(entry)}; write names out of {example}")
        if len(set(value)) < len(value):
            raise ValueError("names one twice; write each once")
        return tuple(str(entry) for entry in value)

    return BeforeValidator(check)


def _tuple(value: object) -> object:
    if not isinstance(value, list | tuple):
        raise ValueError(f"is {shown(value)}; write a list of tables")  # noqa: TRY004 - pydantic collects ValueError
    return tuple(value)


TABLES = BeforeValidator(_tuple)


def amount(parse: Callable[[str], object], example: str) -> Callable[[object], str]:
    """A decimal written as text, because a number of a settings file may lose its last digits.

    `parse` raises MoneyError (a ValueError) for what is not an amount.
    """

    def check(value: object) -> str:
        if not isinstance(value, str):
            raise ValueError(f'is {shown(value)}; write a decimal in quotes, as in "{example}"')  # noqa: TRY004 - pydantic collects ValueError
        try:
            parse(value)
        except ValueError as error:
            raise ValueError(f"is not right: {error}") from None
        return str(value)

    return check
