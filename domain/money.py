"""Money in whole numbers: fiat in minor units, crypto in base units, and the way between them.

A coin is quoted in its *quote unit*, the finest amount that the shop ever asks for: satoshi,
litoshi and lamport, which are also the base units, and whole gwei for ETH, whose base unit (wei)
is too fine for a 64-bit INTEGER.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

# ISO 4217: currencies whose minor unit is not a hundredth.
_MINOR_DIGITS = {
    "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0,
    "RWF": 0, "UGX": 0, "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
}  # fmt: skip
_PLAIN_DECIMAL = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")


class MoneyError(ValueError):
    """An amount that cannot be what it is said to be; the text says what to write instead."""


def pow_10(digits: int) -> int:
    """Ten to the power of `digits`, which is never negative."""
    return int(10**digits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coin:
    """A coin: `base_digits` decimal places to its base unit, `quote_digits` to its quote unit."""

    symbol: str
    base_digits: int
    quote_digits: int

    @property
    def base_units_per_quote_unit(self) -> int:
        """1, but for ETH: 10**9 wei to a gwei."""
        return pow_10(self.base_digits - self.quote_digits)

    @property
    def base_units_per_coin(self) -> int:
        """Base units in one whole coin."""
        return pow_10(self.base_digits)


COINS: dict[str, Coin] = {
    coin.symbol: coin
    for coin in (
        Coin(symbol="BTC", base_digits=8, quote_digits=8),
        Coin(symbol="ETH", base_digits=18, quote_digits=9),
        Coin(symbol="LTC", base_digits=8, quote_digits=8),
        Coin(symbol="SOL", base_digits=9, quote_digits=9),
    )
}


def minor_digits(currency: str) -> int:
    """Decimal places of a fiat currency's minor unit (ISO 4217)."""
    return _MINOR_DIGITS.get(currency, 2)


def parse_decimal(text: str, digits: int) -> int:
    """Whole units in a plain decimal with at most `digits` decimal places ("12.50", 2 -> 1250).

    Raises:
        MoneyError: not a plain decimal, or finer than `digits` places.
    """
    if not _PLAIN_DECIMAL.fullmatch(text):
        raise MoneyError(
            f"{text[:40]!r} is not an amount: write digits and one decimal point, as in 12.50"
        )
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0")
    if len(fraction) > digits:
        raise MoneyError(f"{text} has more than {digits} decimal places")
    return int(whole) * pow_10(digits) + int(fraction.ljust(digits, "0") or "0")


def format_decimal(units: int, digits: int) -> str:
    """A plain decimal with `digits` places and no thousands separator (1250, 2 -> "12.50")."""
    sign = "-" if units < 0 else ""
    whole, rest = divmod(abs(units), pow_10(digits))
    return f"{sign}{whole}.{rest:0{digits}d}" if digits else f"{sign}{whole}"


def format_fiat(amount_minor: int, currency: str) -> str:
    """Fiat for people: "12.50 USD"."""
    return f"{format_decimal(amount_minor, minor_digits(currency))} {currency}"


def format_coin(amount_base_units: int, coin: str) -> str:
    """The exact amount in whole coins, without the symbol, to the quote unit or finer."""
    known = COINS[coin]
    if amount_base_units % known.base_units_per_quote_unit:
        return format_decimal(amount_base_units, known.base_digits)
    quote_units = amount_base_units // known.base_units_per_quote_unit
    return format_decimal(quote_units, known.quote_digits)


def parse_coin(text: str, coin: str) -> int:
    """Base units in a decimal number of whole coins.

    Raises:
        MoneyError: not a plain decimal, or finer than the coin's base unit.
    """
    return parse_decimal(text, COINS[coin].base_digits)


def parse_rate(text: str) -> Decimal:
    """The price of one coin in the shop's currency.

    Raises:
        MoneyError: not a plain decimal above zero.
    """
    if not _PLAIN_DECIMAL.fullmatch(text) or not Decimal(text):
        raise MoneyError(f"{text[:40]!r} is not a rate: write a decimal above zero, as in 80.00")
    return Decimal(text)


def quote_base_units(total_minor: int, currency: str, coin: str, rate: Decimal) -> int:
    """What `total_minor` of `currency` costs in `coin`, rounded up to its quote unit.

    Rounding up means that a rounded price never falls below the price in fiat.
    """
    known = COINS[coin]
    numerator, denominator = rate.as_integer_ratio()
    dividend = total_minor * pow_10(known.quote_digits) * denominator
    divisor = pow_10(minor_digits(currency)) * numerator
    return -(-dividend // divisor) * known.base_units_per_quote_unit


def value_minor(amount_base_units: int, coin: str, rate: Decimal, currency: str) -> int:
    """What an amount of a coin is worth in minor units of `currency`, rounded down.

    The quote of a price (`quote_base_units`) is worth at least that price.
    """
    coins = Fraction(amount_base_units, COINS[coin].base_units_per_coin)
    value = coins * Fraction(rate) * pow_10(minor_digits(currency))
    return value.numerator // value.denominator
