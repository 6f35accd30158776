"""Money: whole numbers, exact both ways, rounded only where said and only upwards."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import (
    COINS,
    MoneyError,
    format_coin,
    format_decimal,
    format_fiat,
    minor_digits,
    parse_coin,
    parse_decimal,
    parse_rate,
    quote_base_units,
    value_minor,
)

RATES = st.decimals(min_value="0.00000001", max_value="99999999", places=8)
CURRENCIES = st.sampled_from(["USD", "JPY", "KWD"])


@given(st.integers(1, 10**15), CURRENCIES, st.sampled_from(sorted(COINS)), RATES)
def test_a_quote_is_the_least_whole_quote_unit_that_is_worth_the_price(
    total_minor: int, currency: str, symbol: str, rate: Decimal
) -> None:
    coin = COINS[symbol]
    amount = quote_base_units(total_minor, currency, symbol, rate)
    price = Fraction(total_minor, 10 ** minor_digits(currency))
    one_less = amount - coin.base_units_per_quote_unit
    assert amount % coin.base_units_per_quote_unit == 0
    assert Fraction(amount, coin.base_units_per_coin) * Fraction(rate) >= price
    assert Fraction(one_less, coin.base_units_per_coin) * Fraction(rate) < price


@pytest.mark.parametrize(
    ("total_minor", "currency", "coin", "rate", "base_units"),
    [
        (1_000, "USD", "LTC", "80", 12_500_000),
        (1, "USD", "BTC", "100000", 10),
        (1, "USD", "BTC", "3000000", 1),
        (1_000, "USD", "LTC", "3", 333_333_334),
        (1_000, "JPY", "SOL", "20000", 50_000_000),
        (1_000, "USD", "ETH", "3000", 3_333_334 * 10**9),
        (100_000_000, "USD", "ETH", "0.10", 10**7 * 10**18),
    ],
)
def test_quotes_worked_out_by_hand(
    total_minor: int, currency: str, coin: str, rate: str, base_units: int
) -> None:
    assert quote_base_units(total_minor, currency, coin, Decimal(rate)) == base_units


@given(st.integers(1, 10**15), CURRENCIES, st.sampled_from(sorted(COINS)), RATES)
def test_the_quote_of_a_price_is_worth_at_least_that_price(
    total_minor: int, currency: str, symbol: str, rate: Decimal
) -> None:
    amount = quote_base_units(total_minor, currency, symbol, rate)
    assert value_minor(amount, symbol, rate, currency) >= total_minor


@pytest.mark.parametrize(
    ("amount", "coin", "rate", "currency", "value"),
    [
        (12_500_000, "LTC", "80", "USD", 1_000),
        (12_499_999, "LTC", "80", "USD", 999),
        (1, "BTC", "100000", "USD", 0),
        (10**18, "ETH", "3000.555", "USD", 300_055),
        (50_000_000, "SOL", "20000", "JPY", 1_000),
    ],
)
def test_values_worked_out_by_hand(
    amount: int, coin: str, rate: str, currency: str, value: int
) -> None:
    assert value_minor(amount, coin, Decimal(rate), currency) == value


def test_an_error_shows_the_beginning_of_what_is_no_amount() -> None:
    with pytest.raises(MoneyError, match=f"^'{'x' * 40}' is not an amount"):
        parse_decimal("x" * 41, 2)
    with pytest.raises(MoneyError, match=f"^'{'x' * 40}' is not a rate"):
        parse_rate("x" * 41)


@given(st.integers(0, 10**20 - 1), st.integers(0, 18))
def test_what_is_written_is_read_back(units: int, digits: int) -> None:
    assert parse_decimal(format_decimal(units, digits), digits) == units


@given(st.integers(0, 10**26), st.sampled_from(sorted(COINS)))
def test_an_amount_of_coins_is_read_back_to_its_last_base_unit(amount: int, coin: str) -> None:
    assert parse_coin(format_coin(amount, coin), coin) == amount


@pytest.mark.parametrize(
    ("text", "digits", "units"),
    [
        ("12.50", 2, 1250),
        ("12.5", 2, 1250),
        ("12", 2, 1200),
        ("12.5000", 2, 1250),
        ("0.01", 2, 1),
        ("007", 0, 7),
        ("7.0", 0, 7),
    ],
)
def test_plain_decimals_are_read(text: str, digits: int, units: int) -> None:
    assert parse_decimal(text, digits) == units


@pytest.mark.parametrize(
    "text",
    [
        *("", ".5", "5.", "-1", "+1", "1e3", "1,50", "1_000", " 1", "1\n", "NaN", "inf", "٣"),
        *("1.2.3", "1" * 21, "0." + "1" * 21),
    ],
)
def test_nothing_else_is_an_amount_and_the_error_shows_what_is(text: str) -> None:
    with pytest.raises(MoneyError, match=r"as in 12\.50"):
        parse_decimal(text, 20)


def test_an_amount_finer_than_its_unit_is_refused_instead_of_rounded() -> None:
    with pytest.raises(MoneyError, match="more than 2 decimal places"):
        parse_decimal("0.005", 2)


@pytest.mark.parametrize("text", ["0", "0.000", "-80", "80,00", "1e2", "Infinity", ""])
def test_a_rate_is_a_plain_decimal_above_zero(text: str) -> None:
    with pytest.raises(MoneyError, match=r"as in 80\.00"):
        parse_rate(text)


def test_a_rate_keeps_every_digit() -> None:
    assert parse_rate("0.12345678901234567890") == Decimal("0.12345678901234567890")


@pytest.mark.parametrize(
    ("amount_minor", "currency", "text"),
    [
        (1250, "USD", "12.50 USD"),
        (5, "USD", "0.05 USD"),
        (0, "EUR", "0.00 EUR"),
        (-1250, "USD", "-12.50 USD"),
        (1250, "JPY", "1250 JPY"),
        (1250, "KWD", "1.250 KWD"),
        (123_456_789, "USD", "1234567.89 USD"),
    ],
)
def test_fiat_is_written_with_its_own_decimal_places(
    amount_minor: int, currency: str, text: str
) -> None:
    assert format_fiat(amount_minor, currency) == text


@pytest.mark.parametrize(
    ("amount", "coin", "text"),
    [
        (1, "BTC", "0.00000001"),
        (12_500_000, "LTC", "0.12500000"),
        (10**9, "ETH", "0.000000001"),
        (10**9 + 1, "ETH", "0.000000001000000001"),
        (10**18, "ETH", "1.000000000"),
        (10**9, "SOL", "1.000000000"),
    ],
)
def test_coins_are_written_to_their_quote_unit_or_finer_if_need_be(
    amount: int, coin: str, text: str
) -> None:
    assert format_coin(amount, coin) == text
