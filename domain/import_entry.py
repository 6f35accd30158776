"""What one entry of an import file must be like to be sold.

Nothing of a unit's private data is ever repeated in a message about it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from domain.catalog import ImportEntry
from domain.money import MoneyError, minor_digits, parse_decimal

DIGITAL = "digital"
PHYSICAL = "physical"

MAX_NAME_LENGTH = 64
MAX_DESCRIPTION_LENGTH = 1_000
MAX_PRIVATE_DATA_LENGTH = 65_536
MAX_PRICE_MINOR = 10**12
"""Ten billion at two decimal places; millions of such units still add up within 64 bits."""

NAME_SEPARATOR = "·"  # Stands between a name and what follows it on a button.

_LONGEST_NUMBER = 40
_NAME_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_TEXT_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_NOT_A_PRICE = "price is not an amount: write digits and one decimal point, as in 12.50"
_NOT_ABOVE_ZERO = "price is not above zero"


class BadEntryError(ValueError):
    """One entry cannot be sold; the text says why, in words for the admin."""


@dataclass(frozen=True, slots=True)
class JsonNumber:
    """A number as it is written in the file."""

    literal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RawEntry:
    """The fields of an entry by name, whatever is in them; all that are needed are there."""

    place: int
    fields: Mapping[str, object]


def check_entry(raw: RawEntry, currency: str) -> ImportEntry:
    """The unit that an entry describes.

    Raises:
        BadEntryError: one of its fields is wrong.
    """
    _check_item_type(raw.fields.get("item_type"))
    return ImportEntry(
        place=raw.place,
        category=_name(raw.fields, "category"),
        subcategory=_name(raw.fields, "subcategory"),
        description=_text(raw.fields, "description", MAX_DESCRIPTION_LENGTH),
        price_minor=_price_minor(raw.fields["price"], currency),
        private_data=_private_data(raw.fields),
    )


def _check_item_type(value: object) -> None:
    if value is None:
        return
    item_type = value.strip().lower() if isinstance(value, str) else ""
    if item_type == PHYSICAL:
        raise BadEntryError(
            "physical goods cannot be sold yet: this version does not ask for delivery addresses"
        )
    if item_type != DIGITAL:
        raise BadEntryError('item_type is neither "Digital" nor "Physical"')


def _name(fields: Mapping[str, object], field: str) -> str:
    name = _string(fields, field)
    if not name:
        raise BadEntryError(f"{field} is empty: write a name")
    if len(name) > MAX_NAME_LENGTH:
        raise BadEntryError(f"{field} is longer than {MAX_NAME_LENGTH} characters")
    if NAME_SEPARATOR in name:
        raise BadEntryError(f"{field} contains {NAME_SEPARATOR}, which parts a name from its price")
    if _NAME_CONTROL.search(name):
        raise BadEntryError(f"{field} contains a line break or a control character")
    return name


def _text(fields: Mapping[str, object], field: str, longest: int) -> str:
    text = _string(fields, field)
    if len(text) > longest:
        raise BadEntryError(f"{field} is longer than {longest:,} characters")
    if _TEXT_CONTROL.search(text):
        raise BadEntryError(f"{field} contains a control character")
    return text


def _private_data(fields: Mapping[str, object]) -> str:
    text = _text(fields, "private_data", MAX_PRIVATE_DATA_LENGTH)
    if not text:
        raise BadEntryError("private_data is empty: write what the shopper gets")
    return text


def _string(fields: Mapping[str, object], field: str) -> str:
    value = fields[field]
    if not isinstance(value, str):
        raise BadEntryError(f"{field} is not a text: write it in double quotes")
    if _SURROGATE.search(value):
        raise BadEntryError(f"{field} contains half of a character (a lone surrogate)")
    return value.strip()


# --- price ----------------------------------------------------------------------------------------


def _price_minor(value: object, currency: str) -> int:
    digits = minor_digits(currency)
    if isinstance(value, str):
        price_minor = _price_of_text(value.strip(), digits)
    elif isinstance(value, JsonNumber):
        price_minor = _price_of_number(value.literal, digits)
    else:
        raise BadEntryError(_NOT_A_PRICE)
    if price_minor <= 0:
        raise BadEntryError(_NOT_ABOVE_ZERO)
    if price_minor > MAX_PRICE_MINOR:
        raise _too_high(digits)
    return price_minor


def _price_of_text(text: str, digits: int) -> int:
    try:
        return parse_decimal(text, digits)
    except MoneyError:
        # In words of our own: a field in the wrong place may be the private data.
        numeric = re.fullmatch(r"[0-9]+\.[0-9]+", text) is not None
        raise (_too_fine(digits) if numeric else BadEntryError(_NOT_A_PRICE)) from None


def _price_of_number(literal: str, digits: int) -> int:
    number = _finite_decimal(literal)
    if not number:
        return 0
    # Before anything is computed: 1e999999999 is cheap to read and ruinous to write out.
    if number.adjusted() >= _LONGEST_NUMBER:
        raise _too_high(digits) if number > 0 else BadEntryError(_NOT_ABOVE_ZERO)
    if number.adjusted() < -2 * _LONGEST_NUMBER:
        raise _too_fine(digits)
    units = Fraction(number) * Fraction(10**digits)
    if units.denominator != 1:
        raise _too_fine(digits)
    return units.numerator


def _finite_decimal(literal: str) -> Decimal:
    if len(literal) > _LONGEST_NUMBER:
        raise BadEntryError(f"price has more than {_LONGEST_NUMBER} characters")
    try:
        number = Decimal(literal)
    except InvalidOperation:
        raise BadEntryError(_NOT_A_PRICE) from None
    if not number.is_finite():
        raise BadEntryError(_NOT_A_PRICE)
    return number


def _too_fine(digits: int) -> BadEntryError:
    return BadEntryError(f"price has more than {digits} decimal places")


def _too_high(digits: int) -> BadEntryError:
    return BadEntryError(f"price is above {MAX_PRICE_MINOR // 10**digits:,}")
