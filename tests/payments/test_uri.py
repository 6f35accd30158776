"""Payment requests against the grammars of their specifications."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import COINS, parse_coin
from payments.networks import AddressError
from payments.uri import payment_uri, qr_png

ADDRESSES = {
    "BTC": "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
    "LTC": "ltc1qjmxnz78nmc8nq77wuxh25n2es7rzm5c2rkk4wh",
    "ETH": "0x9858EfFD232B4033E47d90003D41EC34EcaEda94",
    "SOL": "HAgk14JpMQLgt6rVgv7cBQFJWFto5Dqxi472uT3DKpqk",
}
# BIP 21, ABNF: bitcoinurn = "bitcoin:" bitcoinaddress [ "?" bitcoinparams ], amount = *digit [ "."
# *digit ]. Litecoin wallets read the same under their own scheme.
BIP_21 = r"(?:bitcoin|litecoin):(?P<address>[0-9a-z]+)\?amount=(?P<amount>[0-9]+\.[0-9]{8})"
# EIP-681: schema_prefix target_address [ "@" chain_id ] [ "?" parameters ], the value whole wei.
EIP_681 = r"ethereum:(?P<address>0x[0-9A-Fa-f]{40})@(?P<chain>[1-9][0-9]*)\?value=(?P<value>[0-9]+)"
# Solana Pay, transfer request: base58 recipient; a decimal with a digit before its point, no
# exponent, and no more than the nine places of SOL.
SOLANA_PAY = (
    r"solana:(?P<address>[1-9A-HJ-NP-Za-km-z]{32,44})\?amount=(?P<amount>[0-9]+(?:\.[0-9]{1,9})?)"
)
GRAMMARS = {"BTC": BIP_21, "LTC": BIP_21, "ETH": EIP_681, "SOL": SOLANA_PAY}

COINS_AND_AMOUNTS = st.sampled_from(sorted(COINS)).flatmap(
    lambda coin: st.tuples(st.just(coin), st.integers(1, 10**6 * COINS[coin].base_units_per_coin))
)


def read_back(coin: str, uri: str) -> int:
    """The base units that a wallet reads."""
    found = re.fullmatch(GRAMMARS[coin], uri)
    assert found is not None, uri
    assert found["address"] == ADDRESSES[coin]
    return int(found["value"]) if coin == "ETH" else parse_coin(found["amount"], coin)


@given(COINS_AND_AMOUNTS)
def test_wallet_reads_the_same_address_and_the_exact_amount(request: tuple[str, int]) -> None:
    coin, amount = request
    assert read_back(coin, payment_uri(coin, ADDRESSES[coin], amount, "main")) == amount


@pytest.mark.parametrize(
    ("coin", "amount", "network", "uri"),
    [
        ("BTC", 2_030_000_000, "main", f"bitcoin:{ADDRESSES['BTC']}?amount=20.30000000"),
        ("LTC", 1, "main", f"litecoin:{ADDRESSES['LTC']}?amount=0.00000001"),
        ("LTC", 15_625_000, "regtest", f"litecoin:{ADDRESSES['LTC']}?amount=0.15625000"),
        (
            "ETH",
            2_014_000_000_000_000_000,
            "main",
            f"ethereum:{ADDRESSES['ETH']}@1?value=2014000000000000000",
        ),
        ("ETH", 10**9, "chain-31337", f"ethereum:{ADDRESSES['ETH']}@31337?value=1000000000"),
        ("SOL", 10_000_000, "main", f"solana:{ADDRESSES['SOL']}?amount=0.010000000"),
        ("SOL", 1_500_000_000, "regtest", f"solana:{ADDRESSES['SOL']}?amount=1.500000000"),
    ],
)
def test_requests_read_as_the_examples_of_the_specifications(
    coin: str, amount: int, network: str, uri: str
) -> None:
    assert payment_uri(coin, ADDRESSES[coin], amount, network) == uri


def test_ether_names_the_chain_so_that_nobody_pays_on_another() -> None:
    for network in ("test", "chain-", "chain-x", "chain-٣", "5"):
        with pytest.raises(AddressError, match="ETH has no network"):
            payment_uri("ETH", ADDRESSES["ETH"], 1, network)


def test_coin_without_a_scheme_has_no_request() -> None:
    with pytest.raises(ValueError, match="no payment URI for 'XRP'"):
        payment_uri("XRP", "r", 1, "main")


@pytest.mark.parametrize("coin", sorted(COINS))
def test_qr_code_of_a_request_is_a_square_picture_that_a_phone_can_show(coin: str) -> None:
    amount = int(Decimal("1234.5") * COINS[coin].base_units_per_coin)
    picture = qr_png(payment_uri(coin, ADDRESSES[coin], amount, "main"))
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = (int.from_bytes(picture[start : start + 4], "big") for start in (16, 20))
    # 8 pixels a module; a code of version 6 has 41 modules, and a quiet zone of 4 on each side.
    assert width == height <= 8 * (41 + 2 * 4)
