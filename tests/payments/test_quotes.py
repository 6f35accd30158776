from decimal import Decimal

import pytest

from payments.rates import FixedRates
from payments.uri import payment_uri, qr_png


def test_fixed_rate_is_the_owners_and_others_are_none() -> None:
    rates = FixedRates({"LTC": Decimal("80.5")})
    assert rates.rate("LTC") == Decimal("80.5")
    assert rates.rate("BTC") is None


@pytest.mark.parametrize(
    ("coin", "amount", "expected"),
    [
        ("LTC", 12_340_000, "litecoin:rltc1qx?amount=0.12340000"),
        ("BTC", 1, "bitcoin:rltc1qx?amount=0.00000001"),
    ],
)
def test_payment_uri_has_the_exact_amount(coin: str, amount: int, expected: str) -> None:
    assert payment_uri(coin, "rltc1qx", amount) == expected


def test_coin_without_a_scheme_has_no_uri() -> None:
    with pytest.raises(KeyError):
        payment_uri("DOGE", "x", 1)


def test_qr_code_is_a_png_that_depends_on_its_text() -> None:
    image = qr_png("litecoin:rltc1qx?amount=1")
    assert image.startswith(b"\x89PNG\r\n")
    assert image == qr_png("litecoin:rltc1qx?amount=1")
    assert image != qr_png("litecoin:rltc1qx?amount=2")
