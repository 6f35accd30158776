"""The ids of transactions, coin by coin."""

import pytest

from domain.money import COINS
from domain.transaction_ids import transaction_id_in

HEX = "4f1c0e" + "a0" * 29
SIGNATURE = "5" * 87 + "J"
"""88 characters in base 58 that stand for 64 bytes."""


@pytest.mark.parametrize("coin", ["BTC", "LTC"])
def test_an_id_of_a_bitcoin_like_coin_is_64_hexadecimal_digits(coin: str) -> None:
    assert transaction_id_in(HEX, coin) == HEX
    for text in ("", "abc", HEX[:-1], HEX + "a", "0x" + HEX, HEX[:-1] + "g", HEX[:-1] + "\n"):
        assert transaction_id_in(text, coin) is None, text


def test_an_id_of_ethereum_begins_with_0x() -> None:
    assert transaction_id_in("0x" + HEX, "ETH") == "0x" + HEX
    for text in (HEX, "0x" + HEX[:-1], "0x" + HEX + "a", "0X" + HEX, "0x" + HEX[:-1] + "g"):
        assert transaction_id_in(text, "ETH") is None, text


def test_hexadecimal_digits_in_capitals_are_the_same_id() -> None:
    assert transaction_id_in(HEX.upper(), "LTC") == HEX
    assert transaction_id_in("0x" + HEX.upper(), "ETH") == "0x" + HEX


@pytest.mark.parametrize(
    "text",
    [
        SIGNATURE,
        "1" * 64,
        "1" + "2" * 86,
        # The largest number of 64 bytes, and one with a byte of zeros in front.
        "67rpwLCuS5DGA8KGZXKsVQ7dnPb9goRLoKfgGbLfQg9WoLUgNY77E2jT11fem3coV9nAkguBACzrU1iyZM4B8roQ",
        "12AFv15MNPuA84RmU66xw2uMzGipcVxNpzAffoacGVvjFue3CBmf633fAWuiP9cwL9C3z3CJiGgRSFjJfeEcA6QW",
    ],
)
def test_an_id_of_solana_is_64_bytes_in_base_58(text: str) -> None:
    assert transaction_id_in(text, "SOL") == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1" * 63,
        "1" * 65,
        "z" * 88,
        "2" * 85,
        "0" + SIGNATURE[1:],
        "O" + SIGNATURE[1:],
        "I" + SIGNATURE[1:],
        "l" + SIGNATURE[1:],
        HEX,
        # One more than the largest number of 64 bytes.
        "67rpwLCuS5DGA8KGZXKsVQ7dnPb9goRLoKfgGbLfQg9WoLUgNY77E2jT11fem3coV9nAkguBACzrU1iyZM4B8roR",
    ],
)
def test_other_texts_are_no_id_of_solana(text: str) -> None:
    assert transaction_id_in(text, "SOL") is None


def test_every_coin_has_a_form() -> None:
    for coin in COINS:
        assert transaction_id_in("no id", coin) is None
