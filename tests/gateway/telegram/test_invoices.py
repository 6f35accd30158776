"""Invoices of every coin: what can be tapped to be copied, and whether the text fits."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from domain.import_entry import MAX_NAME_LENGTH
from domain.money import COINS, format_coin
from domain.order import Order
from domain.rules import FINALIZED_CONFIRMATIONS
from gateway.telegram.invoice import invoice_page, settled_text, uri_of
from gateway.texts import load_texts
from sandbox.telegram.html_text import parse_html
from store.queries import LineRow
from tests.payments.test_uri import ADDRESSES, read_back

TEXTS = load_texts("en")
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MOST_LINES = 8  # a cart holds no more
LONGEST_TEXT = 4096  # Bot API, sendMessage
NETWORKS = {"BTC": "test", "LTC": "regtest", "ETH": "chain-31337", "SOL": "test"}


def order(coin: str, confirmations: int = 3) -> Order:
    return Order(
        order_id=1_234_567,
        request_id="r",
        telegram_id=7,
        telegram_username=None,
        coin=coin,
        lines=(),
        fiat_currency="USD",
        total_minor=99_999_999,
        rate=Decimal(80),
        amount_base_units=1_249_999_987 * COINS[coin].base_units_per_quote_unit,
        tolerance_base_units=0,
        confirmations_required=confirmations,
        address=ADDRESSES[coin],
        address_index=1,
        created_at=NOW,
        expires_at=NOW + timedelta(minutes=30),
    )


def row(name: str) -> LineRow:
    return LineRow(quantity=1000, category=name, subcategory=name, total_minor=99_999_999)


@pytest.mark.parametrize("coin", sorted(COINS))
def test_amount_and_address_can_be_tapped_and_the_request_says_the_same(coin: str) -> None:
    placed = order(coin)
    page = invoice_page(TEXTS, placed, [row("Games")], NETWORKS, NOW)
    amount, address = format_coin(placed.amount_base_units, coin), ADDRESSES[coin]
    assert page.text.count("<code>") == 2
    assert f"<code>{amount}</code> {coin}\n" in page.text
    assert f"<code>{address}</code>" in page.text
    uri = uri_of(placed, NETWORKS)
    assert f"\n\n{uri}\n\n" in page.text
    assert read_back(coin, uri) == placed.amount_base_units


@pytest.mark.parametrize("coin", sorted(COINS))
def test_longest_invoice_fits_into_one_message(coin: str) -> None:
    rows = [row("&" * MAX_NAME_LENGTH)] * MOST_LINES
    text = invoice_page(TEXTS, order(coin, 1000), rows, NETWORKS, NOW).text
    # Telegram counts the text after its markup and escapes are read.
    assert len(parse_html(text).text.encode("utf-16-le")) // 2 <= LONGEST_TEXT


def test_request_names_the_chain_of_ether() -> None:
    assert f"ethereum:{ADDRESSES['ETH']}@31337?value=" in uri_of(order("ETH"), NETWORKS)


@pytest.mark.parametrize(
    ("coin", "confirmations", "told"),
    [
        ("BTC", 2, "once the payment has 2 confirmations."),
        ("LTC", 1, "once the payment has 1 confirmation."),
        ("ETH", 12, "once the payment has 12 confirmations."),
        ("SOL", FINALIZED_CONFIRMATIONS, "once the payment has been finalized by the network."),
        ("SOL", 1, "once the payment has been confirmed by the network."),
    ],
)
def test_invoice_says_when_the_goods_come_in_words_that_fit_the_coin(
    coin: str, confirmations: int, told: str
) -> None:
    placed = order(coin, confirmations)
    assert told in invoice_page(TEXTS, placed, [], NETWORKS, NOW).text


def test_words_for_a_settled_payment_fit_where_they_stand() -> None:
    settled = settled_text(TEXTS, replace(order("SOL"), confirmations_required=32))
    told = TEXTS.plain("payment_seen", settled=settled, order_id=1, amount="1", coin="SOL")
    assert told.endswith("Your goods come once the payment has been finalized by the network.")
