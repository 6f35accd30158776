"""A report as bytes: JSON, then its fields, then what they mean. Never a float, never a guess.

Fields that are not known are refused: a sender who writes them believes that they count.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Never

from domain.money import COINS, MoneyError, parse_coin
from domain.reports import PaymentReport
from gateway.problems import ProblemError
from payments.reported_receipts import FormError, has_outputs, known_address, known_transaction

FIELDS = ("coin", "address", "amount", "transaction_id", "output_index", "confirmations")
LARGEST_OUTPUT_INDEX = 2**32 - 1  # it is four bytes of a transaction
LARGEST_CONFIRMATIONS = 2**31 - 1

_LARGEST_QUOTE_UNITS = 2**63 - 1  # what the store's INTEGER holds
_MOST_DIGITS = 18
_SHOWN_CHARACTERS = 40
_DECIMAL_PLACES = re.compile(r"[0-9]+\.([0-9]+)")

_Fields = Mapping[str, object]


class _NotJsonError(ValueError):
    """Something that Python's reader takes, and JSON does not know or leaves open."""


class _OtherNumber:
    """Stands for a number that no field may be, however many digits it has."""


def parse_report(body: bytes, signed_at: datetime) -> PaymentReport:
    """The report that a body is.

    Raises:
        ProblemError: 400 where it is not JSON in UTF-8, 422 where a field is wrong; the text says
            what to write instead.
    """
    fields = _fields(body)
    coin = _coin(fields)
    return PaymentReport(
        coin=coin,
        address=_formed(fields, "address", coin, known_address),
        transaction_id=_formed(fields, "transaction_id", coin, known_transaction),
        output_index=_output_index(fields, coin),
        amount_base_units=_amount(fields, coin),
        confirmations=_whole(fields, "confirmations", LARGEST_CONFIRMATIONS),
        signed_at=signed_at,
    )


def _fields(body: bytes) -> _Fields:
    try:
        parsed = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_int=_number,
            parse_float=_number,
        )
    except UnicodeDecodeError as error:
        raise _bad_request(f"is not UTF-8 (byte {error.start}): send JSON in UTF-8") from None
    except RecursionError:
        raise _bad_request("is nested too deeply: send one object of plain values") from None
    except _NotJsonError as error:
        raise _bad_request(str(error)) from None
    except json.JSONDecodeError as error:
        raise _bad_request(f"is not JSON (at character {error.pos}): send one object") from None
    if not isinstance(parsed, dict):
        raise _wrong(f"the body is not an object: send one with {_listed(FIELDS)}")
    unknown = sorted(set(parsed) - set(FIELDS))
    if unknown:
        raise _wrong(f"{_shown(unknown[0])} is not a field: send {_listed(FIELDS)} alone")
    missing = [name for name in FIELDS if name not in parsed]
    if missing:
        raise _wrong(f"{_listed(missing)} missing: send all of {_listed(FIELDS)}")
    return parsed


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    # RFC 8259 leaves open which of two values under one name counts, and this is about money.
    read = dict(pairs)
    if len(read) != len(pairs):
        raise _NotJsonError("has a name twice in one object: send each once")
    return read


def _constant(text: str) -> Never:
    raise _NotJsonError(f"has {text}, which is not JSON")


def _number(text: str) -> object:
    """A whole number, also where it is written as 3.0 or 3e0, which JSON does not tell from 3."""
    if len(text) <= _MOST_DIGITS:
        number = Decimal(text)
        if number.adjusted() < _MOST_DIGITS and number == number.to_integral_value():
            return int(number)
    return _OtherNumber()


def _coin(fields: _Fields) -> str:
    coin = fields["coin"]
    if isinstance(coin, str) and coin in COINS:
        return coin
    raise _wrong(f"coin is not one of {_listed(sorted(COINS))}")


def _formed(fields: _Fields, name: str, coin: str, form: Callable[[str, str], str]) -> str:
    text = fields[name]
    if not isinstance(text, str):
        raise _wrong(f"{name} is not text: write it in quotes")
    try:
        return form(text, coin)
    except FormError as error:
        raise _wrong(f"{name} {error}") from None


def _amount(fields: _Fields, coin: str) -> int:
    text, known = fields["amount"], COINS[coin]
    if not isinstance(text, str):
        raise _wrong('amount is not text: write a decimal of whole coins in quotes, as in "0.125"')
    places = _DECIMAL_PLACES.fullmatch(text)
    if places is not None and len(places[1]) > known.base_digits:
        raise _wrong(f"amount has more than the {known.base_digits} decimal places of {coin}")
    try:
        amount = parse_coin(text, coin)
    except MoneyError as error:
        raise _wrong(f"amount is not right: {error}") from None
    if not amount or amount // known.base_units_per_quote_unit > _LARGEST_QUOTE_UNITS:
        raise _wrong("amount is nothing, or more than there can be: write what was received")
    return amount


def _output_index(fields: _Fields, coin: str) -> int | None:
    if has_outputs(coin):
        return _whole(fields, "output_index", LARGEST_OUTPUT_INDEX)
    if fields["output_index"] is not None:
        raise _wrong(f"output_index is not null: transactions of {coin} have no outputs")
    return None


def _whole(fields: _Fields, name: str, largest: int) -> int:
    number = fields[name]
    if isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= largest:
        return number
    raise _wrong(f"{name} is not a whole number from 0 to {largest}")


def _listed(names: list[str] | tuple[str, ...]) -> str:
    return ", ".join(names)


def _shown(text: str) -> str:
    return ascii(text[:_SHOWN_CHARACTERS])


def _bad_request(what: str) -> ProblemError:
    return ProblemError(HTTPStatus.BAD_REQUEST, f"the body {what}")


def _wrong(detail: str) -> ProblemError:
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
