"""Amounts in litoshi, and their exact form in JSON: never a binary fraction."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

LITOSHI_PER_COIN = 100_000_000

_DECIMALS = 8
_COINS = re.compile(r"(\d{1,10})(?:\.(\d{1,8}))?")


@dataclass(frozen=True, slots=True)
class ExactNumber:
    """A JSON number that is written just as its text says."""

    text: str


def coins_text(litoshi: int) -> str:
    """Coins with all eight decimals, as a node writes them: `1.50000000`."""
    whole, part = divmod(abs(litoshi), LITOSHI_PER_COIN)
    return f"{'-' if litoshi < 0 else ''}{whole}.{part:0{_DECIMALS}}"


def coins_number(litoshi: int) -> ExactNumber:
    """The same as a JSON number."""
    return ExactNumber(coins_text(litoshi))


def parse_coins(text: str) -> int:
    """Read coins with a decimal point, at most eight decimals.

    Returns:
        Litoshi.

    Raises:
        ValueError: it is written otherwise, or is nothing.
    """
    match = _COINS.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no amount: write coins such as 0.25, at most 8 decimals")
    whole, part = match.groups(default="")
    litoshi = int(whole) * LITOSHI_PER_COIN + int(part.ljust(_DECIMALS, "0"))
    if litoshi == 0:
        raise ValueError("the amount is 0: write how many coins to pay")
    return litoshi


def exact_json(value: object) -> str:
    """Write JSON in which every `ExactNumber` stands as it is.

    Raises:
        TypeError: there is a value that has no exact JSON form, such as a float.
    """
    if isinstance(value, ExactNumber):
        return value.text
    if isinstance(value, dict):
        members = (f"{json.dumps(str(k))}:{exact_json(v)}" for k, v in value.items())
        return "{" + ",".join(members) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(exact_json(item) for item in value) + "]"
    if value is None or isinstance(value, bool | int | str):
        return json.dumps(value)
    raise TypeError(f"{type(value).__name__} has no exact JSON form")
