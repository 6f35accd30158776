"""A report's bytes and what they say: each coin as it is, and whatever is not one refused."""

import json
from datetime import UTC, datetime

import pytest

from domain.reports import PaymentReport
from gateway.problems import ProblemError
from gateway.webhook_report import parse_report

SIGNED_AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
ETHER_ADDRESS = "0x9858EfFD232B4033E47d90003D41EC34EcaEda94"
SOLANA_ADDRESS = "HAgk14JpMQLgt6rVgv7cBQFJWFto5Dqxi472uT3DKpqk"
LITECOIN = {
    "coin": "LTC",
    "address": "ltc1qjmxnz78nmc8nq77wuxh25n2es7rzm5c2rkk4wh",
    "amount": "0.12500000",
    "transaction_id": "ab" * 32,
    "output_index": 1,
    "confirmations": 3,
}
ETHER = LITECOIN | {
    "coin": "ETH",
    "address": ETHER_ADDRESS,
    "transaction_id": "0x" + "ab" * 32,
    "output_index": None,
}
SOLANA = ETHER | {"coin": "SOL", "address": SOLANA_ADDRESS, "transaction_id": "5" * 88}


def parsed(fields: dict[str, object]) -> PaymentReport:
    return parse_report(json.dumps(fields).encode(), SIGNED_AT)


def refusal(body: bytes) -> tuple[int, str]:
    with pytest.raises(ProblemError) as caught:
        parse_report(body, SIGNED_AT)
    return caught.value.status, caught.value.detail


def test_report_is_read_into_whole_base_units() -> None:
    assert parsed(LITECOIN) == PaymentReport(
        coin="LTC",
        address="ltc1qjmxnz78nmc8nq77wuxh25n2es7rzm5c2rkk4wh",
        transaction_id="ab" * 32,
        output_index=1,
        amount_base_units=12_500_000,
        confirmations=3,
        signed_at=SIGNED_AT,
    )


@pytest.mark.parametrize(
    ("fields", "amount", "expected"),
    [
        (LITECOIN, "1", 10**8),
        (LITECOIN, "0.00000001", 1),
        (LITECOIN, "92233720368.54775807", 2**63 - 1),
        (LITECOIN | {"coin": "BTC"}, "21000000", 21 * 10**14),
        (ETHER, "0.000000000000000001", 1),
        (ETHER, "10.123456789012345678", 10_123_456_789_012_345_678),
        (ETHER, "9223372036", 9_223_372_036 * 10**18),
        (SOLANA, "0.000000001", 1),
    ],
)
def test_amount_keeps_every_base_unit(
    fields: dict[str, object], amount: str, expected: int
) -> None:
    assert parsed(fields | {"amount": amount}).amount_base_units == expected


@pytest.mark.parametrize(
    "spelled",
    [ETHER_ADDRESS, ETHER_ADDRESS.lower(), "0x" + ETHER_ADDRESS[2:].upper(), ETHER_ADDRESS.upper()],
)
def test_address_of_eth_is_the_same_in_small_and_large_letters(spelled: str) -> None:
    assert parsed(ETHER | {"address": spelled}).address == ETHER_ADDRESS


def test_address_of_sol_tells_letters_apart() -> None:
    assert parsed(SOLANA).address == SOLANA_ADDRESS
    assert parsed(SOLANA | {"address": SOLANA_ADDRESS[:-1] + "K"}).address != SOLANA_ADDRESS


def test_segwit_address_may_be_in_large_letters_and_not_in_mixed_ones() -> None:
    address = str(LITECOIN["address"])
    assert parsed(LITECOIN | {"address": address.upper()}).address == address
    mixed = address[:-1] + address[-1].upper()
    assert parsed(LITECOIN | {"address": mixed}).address == mixed


@pytest.mark.parametrize(
    ("fields", "spelled", "expected"),
    [
        (LITECOIN, "AB" * 32, "ab" * 32),
        (ETHER, "0x" + "AB" * 32, "0x" + "ab" * 32),
        (ETHER, "ab" * 32, "0x" + "ab" * 32),
        (SOLANA, "aB" * 44, "aB" * 44),
    ],
)
def test_transaction_is_named_as_the_chain_clients_name_it(
    fields: dict[str, object], spelled: str, expected: str
) -> None:
    assert parsed(fields | {"transaction_id": spelled}).transaction_id == expected


WRONG: list[tuple[dict[str, object], dict[str, object], str]] = [
    (LITECOIN, {"coin": "DOGE"}, "coin is not one of BTC, ETH, LTC, SOL"),
    (LITECOIN, {"coin": "ltc"}, "coin is not one of"),
    (LITECOIN, {"coin": None}, "coin is not one of"),
    (LITECOIN, {"coin": ["LTC"]}, "coin is not one of"),
    (LITECOIN, {"address": 5}, "address is not text"),
    (LITECOIN, {"address": ""}, "address is not a LTC address"),
    (LITECOIN, {"address": "a" * 91}, "14 to 90 letters and digits"),
    (LITECOIN, {"address": "ltc1q' OR 1=1 --"}, "14 to 90 letters and digits"),
    (LITECOIN, {"address": "ltc1q" + "é" * 38}, "14 to 90 letters and digits"),
    (LITECOIN, {"address": f"{LITECOIN['address']}\n"}, "14 to 90 letters and digits"),
    (ETHER, {"address": ETHER_ADDRESS[:-1]}, "0x and 40 hexadecimal digits"),
    (ETHER, {"address": LITECOIN["address"]}, "0x and 40 hexadecimal digits"),
    (SOLANA, {"address": "0" * 40}, "32 to 44 characters of base58"),
    (LITECOIN, {"amount": 0.125}, "amount is not text"),
    (LITECOIN, {"amount": 1}, "amount is not text"),
    (LITECOIN, {"amount": None}, "amount is not text"),
    (LITECOIN, {"amount": ""}, "amount is not right"),
    (LITECOIN, {"amount": "1,5"}, "amount is not right"),
    (LITECOIN, {"amount": "1e3"}, "amount is not right"),
    (LITECOIN, {"amount": "-1"}, "amount is not right"),
    (LITECOIN, {"amount": "+1"}, "amount is not right"),
    (LITECOIN, {"amount": " 1"}, "amount is not right"),
    (LITECOIN, {"amount": ".5"}, "amount is not right"),
    (LITECOIN, {"amount": "5."}, "amount is not right"),
    (LITECOIN, {"amount": "NaN"}, "amount is not right"),
    (LITECOIN, {"amount": "٣"}, "amount is not right"),
    (LITECOIN, {"amount": "9" * 60_000}, "amount is not right"),
    (LITECOIN, {"amount": "0"}, "amount is nothing"),
    (LITECOIN, {"amount": "0.00000000"}, "amount is nothing"),
    (LITECOIN, {"amount": "92233720368.54775808"}, "more than there can be"),
    (LITECOIN, {"amount": "0.123456789"}, "more than the 8 decimal places of LTC"),
    (LITECOIN, {"amount": "0.1000000000"}, "more than the 8 decimal places of LTC"),
    (ETHER, {"amount": "0.1234567890123456789"}, "more than the 18 decimal places of ETH"),
    (SOLANA, {"amount": "0.1234567891"}, "more than the 9 decimal places of SOL"),
    (LITECOIN, {"transaction_id": None}, "transaction_id is not text"),
    (LITECOIN, {"transaction_id": "ab" * 31}, "64 hexadecimal digits"),
    (LITECOIN, {"transaction_id": "zz" * 32}, "64 hexadecimal digits"),
    (ETHER, {"transaction_id": "0x" + "ab" * 31}, "0x and 64 hexadecimal digits"),
    (SOLANA, {"transaction_id": "0" * 88}, "64 to 88 characters of base58"),
    (LITECOIN, {"output_index": None}, "output_index is not a whole number from 0 to 4294967295"),
    (LITECOIN, {"output_index": -1}, "output_index is not a whole number"),
    (LITECOIN, {"output_index": 2**32}, "output_index is not a whole number"),
    (LITECOIN, {"output_index": "0"}, "output_index is not a whole number"),
    (LITECOIN, {"output_index": True}, "output_index is not a whole number"),
    (LITECOIN, {"output_index": 0.5}, "output_index is not a whole number"),
    (ETHER, {"output_index": 0}, "output_index is not null: transactions of ETH have no outputs"),
    (SOLANA, {"output_index": 0}, "output_index is not null"),
    (LITECOIN, {"confirmations": None}, "confirmations is not a whole number from 0"),
    (LITECOIN, {"confirmations": -1}, "confirmations is not a whole number"),
    (LITECOIN, {"confirmations": 1.000001}, "confirmations is not a whole number"),
    (LITECOIN, {"confirmations": 1e300}, "confirmations is not a whole number"),
    (LITECOIN, {"confirmations": False}, "confirmations is not a whole number"),
    (LITECOIN, {"confirmations": 2**31}, "confirmations is not a whole number"),
    (LITECOIN, {"confirmations": 10**4000}, "confirmations is not a whole number"),
    (LITECOIN, {"note": "hello"}, "'note' is not a field: send coin, address, amount"),
    (LITECOIN, {"\ud800": 1}, "is not a field"),
]


@pytest.mark.parametrize(("fields", "change", "told"), WRONG)
def test_wrong_field_is_named_with_what_to_write(
    fields: dict[str, object], change: dict[str, object], told: str
) -> None:
    status, detail = refusal(json.dumps(fields | change).encode())
    assert status == 422
    assert told in detail
    assert len(detail) < 300


@pytest.mark.parametrize("name", LITECOIN)
def test_missing_field_is_named(name: str) -> None:
    fields = {key: value for key, value in LITECOIN.items() if key != name}
    assert refusal(json.dumps(fields).encode()) == (
        422,
        (
            f"{name} missing: send all of coin, address, amount, transaction_id, output_index,"
            " confirmations"
        ),
    )


@pytest.mark.parametrize("body", [b"[]", b"null", b"5", b'"LTC"', b"1e999999"])
def test_what_is_no_object_is_unprocessable(body: bytes) -> None:
    status, detail = refusal(body)
    assert status == 422
    assert "not an object" in detail


@pytest.mark.parametrize("written", ["3", "3.0", "3e0", "30e-1", "0.3E1"])
def test_whole_number_may_be_written_as_json_allows(written: str) -> None:
    body = json.dumps(LITECOIN).replace("3}", written + "}").encode()
    assert parse_report(body, SIGNED_AT).confirmations == 3


@pytest.mark.parametrize("written", ["1e999999999", "-0.5", "1e-999999999", "1e18"])
def test_number_that_is_not_whole_or_not_small_is_unprocessable(written: str) -> None:
    body = json.dumps(LITECOIN).replace("3}", written + "}").encode()
    assert refusal(body)[0] == 422


def test_digits_without_end_take_no_time_and_are_refused() -> None:
    body = json.dumps(LITECOIN).replace("3}", "3" * 60_000 + "}").encode()
    assert refusal(body)[0] == 422
