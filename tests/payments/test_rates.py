"""The rate that several sources lead to."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from payments.rates import FARTHEST_FROM_MEDIAN, NoRate, Quote, Rate, agree

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MAX_AGE = timedelta(seconds=300)


def quote(source: str, price: str, age_seconds: int = 0, coin: str = "BTC") -> Quote:
    as_of = NOW - timedelta(seconds=age_seconds)
    return Quote(source=source, coin=coin, price=Decimal(price), as_of=as_of)


def agreed(*quotes: Quote, sources: int = 3) -> Rate | NoRate:
    return agree("BTC", quotes, NOW, MAX_AGE, sources)


def test_rate_is_the_median_of_those_that_are_near() -> None:
    rate = agreed(quote("a", "100"), quote("b", "101"), quote("c", "102", age_seconds=60))
    assert isinstance(rate, Rate)
    assert rate.price == Decimal(101)
    assert rate.as_of == NOW - timedelta(seconds=60)


def test_price_that_is_far_from_the_others_is_thrown_out_and_named() -> None:
    rate = agreed(quote("a", "100"), quote("b", "101"), quote("broken", "1"))
    assert isinstance(rate, Rate)
    assert rate.price == Decimal("100.5")
    assert [each.source for each in rate.outliers] == ["broken"]


def test_old_prices_do_not_count() -> None:
    rate = agreed(quote("a", "100"), quote("b", "101"), quote("c", "150", age_seconds=301))
    assert isinstance(rate, Rate)
    assert [each.source for each in rate.quotes] == ["a", "b"]
    none = agreed(quote("a", "100", age_seconds=301))
    assert isinstance(none, NoRate)
    assert none.why == "no source has a price that is at most 300 s old"


def test_one_source_of_several_is_not_believed_alone() -> None:
    none = agreed(quote("a", "100"))
    assert isinstance(none, NoRate)
    assert none.why == "one source of several is not believed: a 100"


def test_single_source_is_believed_where_no_other_is_asked() -> None:
    rate = agreed(quote("a", "100"), sources=1)
    assert isinstance(rate, Rate)
    assert rate.price == Decimal(100)


def test_two_sources_that_contradict_each_other_give_no_rate() -> None:
    none = agreed(quote("a", "100"), quote("b", "200"))
    assert isinstance(none, NoRate)
    assert none.why == "the sources do not agree: a 100, b 200"


def test_quotes_of_other_coins_do_not_count() -> None:
    assert isinstance(agreed(quote("a", "100"), quote("b", "100", coin="LTC")), NoRate)


def test_price_that_a_clock_set_back_dates_into_the_future_counts_no_more() -> None:
    none = agreed(quote("a", "100", age_seconds=-50), quote("b", "100", age_seconds=-60))
    assert isinstance(none, NoRate)


def test_clock_that_is_set_back_by_a_moment_takes_no_price_away() -> None:
    rate = agreed(quote("a", "100", age_seconds=-1), quote("b", "100", age_seconds=-5))
    assert isinstance(rate, Rate)
    assert rate.as_of == NOW


def test_rate_is_written_without_an_exponent() -> None:
    rate = agreed(quote("a", "1E+2"), quote("b", "1.0E+2"))
    assert isinstance(rate, Rate)
    assert str(rate.price) == "100"


@given(
    st.lists(st.decimals("0.0001", "1000000", places=4), min_size=1, max_size=9),
    st.integers(1, 9),
)
def test_rate_lies_between_quotes_that_are_near_to_each_other(
    prices: list[Decimal], sources: int
) -> None:
    quotes = [quote(str(number), str(price)) for number, price in enumerate(prices)]
    outcome = agree("BTC", quotes, NOW, MAX_AGE, sources)
    if isinstance(outcome, Rate):
        used = [each.price for each in outcome.quotes]
        assert min(used) <= outcome.price <= max(used)
        assert max(used) - min(used) <= 2 * FARTHEST_FROM_MEDIAN * max(prices)
        assert {*outcome.quotes, *outcome.outliers} == set(quotes)
