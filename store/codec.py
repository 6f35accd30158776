"""How values stand in the store: times as sortable text, coin amounts as quote units and a rest."""

from datetime import datetime
from typing import overload

from domain.money import COINS


@overload
def time_text(moment: datetime) -> str: ...
@overload
def time_text(moment: None) -> None: ...
def time_text(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC, always with microseconds; `moment` is aware and in UTC."""
    if moment is None:
        return None
    return moment.isoformat(timespec="microseconds")[:26] + "Z"


def text_time(text: str) -> datetime:
    """The aware time, in UTC, that `time_text` wrote."""
    return datetime.fromisoformat(text)


def optional_time(text: str | None) -> datetime | None:
    """The same where there may be none."""
    return None if text is None else datetime.fromisoformat(text)


def split_amount(amount_base_units: int, coin: str) -> tuple[int, int]:
    """(quote units, what is finer in base units)."""
    return divmod(amount_base_units, COINS[coin].base_units_per_quote_unit)


def join_amount(quote_units: int, rest_base_units: int, coin: str) -> int:
    """Base units of what `split_amount` parted."""
    return quote_units * COINS[coin].base_units_per_quote_unit + rest_base_units
