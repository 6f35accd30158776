"""Reports of payment processors in the store: written once, kept as they were, never set back."""

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from domain.order import Order
from domain.payment import Sighting
from domain.reports import PaymentReport, ReportRefusal
from store.report_contract import (
    GetReported,
    ReportedAddress,
    ReportedLoaded,
    ReportNotWritten,
    ReportWritten,
    WriteReport,
)
from tests.store.opened_store import (
    CANCELLED,
    NOON,
    OpenedStore,
    minutes,
    order_of,
    receipt,
    receipts_changed,
)

REPORT = PaymentReport(
    coin="LTC",
    address="rltc1q1",
    transaction_id="aa",
    output_index=0,
    amount_base_units=10_000_000,
    confirmations=1,
    signed_at=minutes(-1),
)
ETHER = replace(REPORT, coin="ETH", output_index=None, amount_base_units=10**16 + 7)


def ether_order(number: int) -> Order:
    priced = {"amount_base_units": 10**16, "tolerance_base_units": 10**13}
    return replace(order_of(number, order_id=number, shopper=number), coin="ETH", **priced)  # type: ignore[arg-type] # two whole numbers


def written(store: OpenedStore, report: PaymentReport) -> bool:
    """Whether a report that is written is news."""
    answer = store.ask(WriteReport(report=report))
    assert isinstance(answer, ReportWritten), answer
    return answer.is_news


def refused(store: OpenedStore, report: PaymentReport) -> ReportRefusal:
    answer = store.ask(WriteReport(report=report))
    assert isinstance(answer, ReportNotWritten), answer
    return answer.reason


def reported(store: OpenedStore, coin: str = "LTC", address: str | None = "rltc1q1") -> object:
    answer = store.ask(GetReported(coin=coin, address=address, asked_at=NOON))
    assert isinstance(answer, ReportedLoaded)
    return answer.reported


def test_report_is_written_once_with_its_order_and_every_base_unit(store: OpenedStore) -> None:
    store.create(ether_order(1))
    assert written(store, ETHER)
    assert not written(store, ETHER)
    assert not written(store, replace(ETHER, signed_at=NOON))
    rows = store.rows(
        "SELECT order_id, amount_quote_units, amount_rest_base_units, signed_at"
        " FROM payment_reports"
    )
    assert rows == [(1, 10**7, 7, "2026-05-01T11:59:00.000000Z")]


def test_answer_names_the_address_with_what_its_order_has_recorded(store: OpenedStore) -> None:
    store.create(order_of(1))
    store.change(1, 1, receipts_changed(receipt()))
    store.change(1, 2, CANCELLED)
    answer = store.ask(WriteReport(report=REPORT))
    assert isinstance(answer, ReportWritten)
    known = answer.reported_on
    assert (known.order_id, known.address, known.confirmations_required) == (1, "rltc1q1", 3)
    assert known.ended_at == CANCELLED.closed_at
    assert [each.receipt_id for each in known.receipts] == ["aa:0"]


def test_more_confirmations_are_news_and_fewer_are_not(store: OpenedStore) -> None:
    store.create(order_of(1))
    news = [written(store, replace(REPORT, confirmations=count)) for count in (1, 3, 2, 0, 3, 4)]
    assert news == [True, True, False, False, False, True]
    assert store.number("SELECT confirmations FROM payment_reports") == 4


@pytest.mark.parametrize("wrong", [{"address": "rltc1q9"}, {"coin": "BTC"}])
def test_address_of_no_order_of_the_coin_is_refused(
    store: OpenedStore, wrong: dict[str, str]
) -> None:
    store.create(order_of(1))
    report = replace(REPORT, **wrong)  # type: ignore[arg-type] # two fields of text
    assert refused(store, report) is ReportRefusal.NO_SUCH_ADDRESS


@pytest.mark.parametrize("wrong", [{"amount_base_units": 1}, {"address": "rltc1q2"}])
@pytest.mark.parametrize("source", ["report", "chain"])
def test_receipt_that_is_known_otherwise_is_refused(
    store: OpenedStore, source: str, wrong: dict[str, object]
) -> None:
    store.create(order_of(1))
    store.create(order_of(2, order_id=2, shopper=71))
    if source == "report":
        written(store, REPORT)
    else:
        store.change(1, 1, receipts_changed(receipt()))
    other = replace(REPORT, **wrong)  # type: ignore[arg-type] # the test knows
    assert refused(store, other) is ReportRefusal.OTHER_PAYMENT
    assert written(store, REPORT) is (source == "chain")


def test_transaction_without_outputs_that_pays_two_orders_is_believed_if_the_chain_shows_both(
    store: OpenedStore,
) -> None:
    for number in (1, 2):
        store.create(ether_order(number))
    other = replace(ETHER, address="rltc1q2")
    assert written(store, ETHER)
    assert refused(store, other) is ReportRefusal.OTHER_PAYMENT
    shown = replace(receipt(), output_index=None, amount_base_units=other.amount_base_units)
    store.change(2, 1, receipts_changed(shown))
    assert written(store, other)


def test_two_outputs_of_a_transaction_are_two_receipts(store: OpenedStore) -> None:
    store.create(order_of(1))
    assert written(store, REPORT)
    assert written(store, replace(REPORT, output_index=1, amount_base_units=5))


def test_what_is_reported_is_told_from_the_time_at_which_it_was_signed(store: OpenedStore) -> None:
    store.create(order_of(1))
    written(store, REPORT)
    sighting = Sighting(
        transaction_id="aa",
        output_index=0,
        amount_base_units=10_000_000,
        confirmations=1,
        block_height=None,
        block_hash=None,
        chain_time=minutes(-1),
        seen_at=minutes(-1),
    )
    expected = (ReportedAddress(order_id=1, address="rltc1q1", sightings=(sighting,)),)
    assert reported(store) == expected
    assert reported(store, address=None) == expected
    assert reported(store, address="rltc1q2") == ()
    assert reported(store, "BTC", None) == ()


def test_receipts_that_nobody_reported_are_told_beside_those_that_were(store: OpenedStore) -> None:
    store.create(order_of(1))
    store.change(1, 1, receipts_changed(receipt("bb"), receipt("aa")))
    written(store, REPORT)
    (address,) = store.ask(GetReported(coin="LTC", address="rltc1q1", asked_at=NOON)).reported  # type: ignore[union-attr] # the answer to that question
    assert [
        (each.receipt_id, each.confirmations, each.block_height) for each in address.sightings
    ] == [("aa:0", 1, 100), ("bb:0", 0, 100)]


def test_address_whose_reports_are_all_confirmed_is_not_told_after_a_start(
    store: OpenedStore,
) -> None:
    store.create(order_of(1))
    written(store, REPORT)
    store.change(1, 1, receipts_changed(receipt("aa")))
    assert reported(store, address=None) == ()
    assert reported(store) != ()


FORBIDDEN = {
    "another amount": "UPDATE payment_reports SET amount_quote_units = 1",
    "another address": "UPDATE payment_reports SET address = 'rltc1q2'",
    "fewer confirmations": "UPDATE payment_reports SET confirmations = 0",
    "away with it": "DELETE FROM payment_reports",
    "a second one": """
        INSERT INTO payment_reports SELECT NULL, order_id, currency, address, transaction_id,
            output_index, 7, 0, 1, signed_at, seen_at, updated_at FROM payment_reports""",
    "on an address of nobody": """
        INSERT INTO payment_reports SELECT NULL, order_id, currency, 'rltc1q2', 'bb',
            output_index, 7, 0, 1, signed_at, seen_at, updated_at FROM payment_reports""",
}


@pytest.mark.parametrize("statement", FORBIDDEN.values(), ids=FORBIDDEN)
def test_the_store_itself_keeps_reports_as_they_were(store: OpenedStore, statement: str) -> None:
    store.create(order_of(1))
    written(store, REPORT)
    with (
        closing(sqlite3.connect(store.path, isolation_level=None)) as connection,
        pytest.raises(sqlite3.IntegrityError),
    ):
        connection.execute(statement)


@pytest.mark.parametrize("table", ["payment_reports", "payments"])
def test_receipts_are_looked_up_by_an_index(store: OpenedStore, table: str) -> None:
    plan = store.rows(
        f"EXPLAIN QUERY PLAN SELECT address FROM {table}"  # noqa: S608 - two names from here
        " WHERE currency = 'LTC' AND transaction_id = 'aa' AND output_index IS 0"
    )
    assert f"{table}_of_transaction" in str(plan)
