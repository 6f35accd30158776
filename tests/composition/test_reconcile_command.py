"""`run.py report reconcile` over a store in use and a real litecoind."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import run
from domain.order import MoneySetAside
from domain.payment import ReceiptState
from domain.set_aside import Purpose, SetAside
from store.contract import Recorded
from tests.composition.reconciled_shop import AMOUNT, ReconciledShop
from tests.litecoin_node import LitecoinNode, litecoin_node
from tests.store.opened_store import NOON

__all__ = ["litecoin_node"]

pytestmark = pytest.mark.litecoind

NOTHING, SOMETHING, WRONG_INPUT = 0, 1, 2


@pytest.fixture
def shop(
    tmp_path: Path, litecoin_node: LitecoinNode, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ReconciledShop]:
    monkeypatch.setattr("composition.reconciling._RECORDED_WITHIN_SECONDS", 0.2)
    monkeypatch.setattr("payments.received._PAUSES_SECONDS", ())
    shop = ReconciledShop(tmp_path, litecoin_node)
    yield shop
    shop.close()
    litecoin_node.mine()


Report = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def report(shop: ReconciledShop, capsys: pytest.CaptureFixture[str]) -> Report:
    def run_it(*arguments: str) -> tuple[int, dict[str, Any]]:
        command = ["--config", str(shop.config_file), "report", "reconcile", "--json", *arguments]
        status = run.main(command)
        out = capsys.readouterr().out
        return status, json.loads(out) if out else {}

    return run_it


def findings(told: dict[str, Any]) -> list[tuple[str, int | None]]:
    return [(each["finding"], each["order_id"]) for each in told["differences"]]


def settle(shop: ReconciledShop, order_id: int, version: int, receipt_id: str) -> None:
    """All of a receipt is to be paid back."""
    aside = SetAside(
        number=1,
        receipt_id=receipt_id,
        purpose=Purpose.REFUND,
        amount_base_units=AMOUNT,
        credited_minor=0,
    )
    answer = shop.store.change(order_id, version, MoneySetAside(set_aside=aside))
    assert isinstance(answer, Recorded)


def test_nothing_differs_where_all_is_recorded_and_placed(
    shop: ReconciledShop, report: Report
) -> None:
    receipt = shop.pay(shop.order(1), "0.1")
    shop.order(2)
    shop.record(1, receipt)
    settle(shop, 1, 3, receipt.receipt_id)
    status, told = report()
    assert (status, told["differences"], told["is_well"]) == (NOTHING, [], True)
    (coin,) = told["coins"]
    assert (coin["orders"], coin["addresses"], coin["unchecked_orders"]) == (2, 2, 0)
    assert coin["came_in_base_units"] == coin["confirmed_base_units"] == AMOUNT
    assert coin["to_refund_base_units"] == AMOUNT
    assert coin["tip_height"] == shop.node.call("getblockcount")


def test_money_that_came_to_an_order_long_ended_is_missed(
    shop: ReconciledShop, report: Report
) -> None:
    shop.order(1)
    receipt = shop.pay(shop.order(2), "0.3", blocks=1)
    status, told = report()
    assert (status, findings(told)) == (SOMETHING, [("missed", 2)])
    (missed,) = told["differences"]
    assert missed["receipt_id"] == receipt.receipt_id
    assert (missed["chain_amount"], missed["chain_base_units"]) == ("0.30000000", 30_000_000)
    assert (missed["recorded_amount"], missed["block_height"]) == (None, receipt.block_height)
    assert "/look 2" in missed["explanation"]


def test_every_kind_of_difference_is_found_and_comes_first_in_the_table(
    shop: ReconciledShop, report: Report, tmp_path: Path
) -> None:
    shop.write_marks(9)
    gone = shop.pay(shop.order(1), "0.1")
    shop.record(1, replace(gone, transaction_id="ab" * 32))
    amount = shop.pay(shop.order(2), "0.1")
    shop.record(2, replace(amount, amount_base_units=AMOUNT + 1))
    behind = shop.pay(shop.order(3), "0.1")
    shop.record(3, replace(behind, state=ReceiptState.SEEN))
    stray = shop.pay(shop.addresses.derive(7), "0.2")
    unconfirmed = shop.pay(shop.order(4), "0.1", blocks=1)
    shop.record(4, replace(unconfirmed, state=ReceiptState.CONFIRMED))
    unplaced = {("unplaced", order_id) for order_id in (1, 2, 4)}
    csv_file = tmp_path / "out.csv"
    status, told = report("--csv", str(csv_file))
    assert status == SOMETHING
    assert set(findings(told)) - unplaced == {
        ("missed", 1),
        ("gone", 1),
        ("amount", 2),
        ("behind", 3),
        ("unconfirmed", 4),
        ("stray", None),
    }
    (strayed,) = [each for each in told["differences"] if each["finding"] == "stray"]
    assert (strayed["address_index"], strayed["receipt_id"]) == (7, stray.receipt_id)
    rows = shop.rows(csv_file)
    kinds = [row["finding"] for row in rows]
    assert kinds[: len(told["differences"])] == [e["finding"] for e in told["differences"]]
    assert set(kinds[len(told["differences"]) :]) <= {"same"}
    (row,) = [row for row in rows if row["finding"] == "amount"]
    assert (row["recorded_amount"], row["chain_amount"]) == ("0.10000001", "0.10000000")
    assert (row["recorded_base_units"], row["chain_base_units"]) == ("10000001", "10000000")


def test_days_bound_the_orders_and_not_the_payments(shop: ReconciledShop, report: Report) -> None:
    for order_id in (1, 2, 3):
        shop.pay(shop.order(order_id, NOON + order_id * timedelta(days=1)), "0.1")
    _, whole = report()
    assert findings(whole) == [("missed", 1), ("missed", 2), ("missed", 3)]
    _, middle = report("--from", "2026-05-03", "--to", "2026-05-03")
    assert findings(middle) == [("missed", 2)]
    assert report("--to", "2026-05-01")[0] == NOTHING


def test_node_that_cannot_be_reached_is_said_and_nothing_is_taken_for_gone(
    shop: ReconciledShop, report: Report
) -> None:
    receipt = shop.pay(shop.order(1), "0.1")
    shop.record(1, receipt)
    settle(shop, 1, 3, receipt.receipt_id)
    shop.settings["coins"]["LTC"]["backends"][0]["url"] = "http://127.0.0.1:1"
    shop.write()
    status, told = report()
    assert (status, told["differences"]) == (SOMETHING, [])
    assert "cannot be reached" in told["coins"][0]["why_not"]
    assert [each["order_id"] for each in told["unchecked"]] == [1]


def test_lines_for_people_begin_with_what_differs(
    shop: ReconciledShop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.pay(shop.order(1), "0.1", blocks=0)
    status = run.main(["--config", str(shop.config_file), "report", "reconcile"])
    lines = capsys.readouterr().out.splitlines()
    assert status == SOMETHING
    assert lines[0].startswith("LTC order 1, missed: the chain shows 0.10000000 LTC in ")
    assert "    of it not in a block yet: 0.10000000 LTC" in lines


def test_lines_for_people_say_how_much_was_compared_where_nothing_differs(
    shop: ReconciledShop, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--config", str(shop.config_file), "report", "reconcile"]
    assert run.main(command) == NOTHING
    assert capsys.readouterr().out.splitlines()[0] == "there are no orders to compare"
    shop.order(1)
    assert run.main(command) == NOTHING
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "nothing differs: 1 of 1 orders were compared"
    shop.settings["coins"]["LTC"]["backends"][0]["url"] = "http://127.0.0.1:9"
    shop.write()
    assert run.main(command) == SOMETHING
    assert capsys.readouterr().out.splitlines()[0] == "nothing could be compared"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "yesterday"), "does not match the format"),
        (("--from", "2026-05-02", "--to", "2026-05-01"), "write the earlier day first"),
        (("--csv", "/nowhere/at/all.csv"), "there is no folder"),
    ],
)
def test_wrong_input_is_told_in_one_line(
    shop: ReconciledShop,
    report: Report,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    said: str,
) -> None:
    command = ["--config", str(shop.config_file), "report", "reconcile", *arguments]
    assert run.main(command) == WRONG_INPUT
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_without_a_store_there_is_nothing_to_reconcile(
    shop: ReconciledShop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.settings["store"]["path"] = "none.db"
    shop.write()
    command = ["--config", str(shop.config_file), "report", "reconcile"]
    assert run.main(command) == WRONG_INPUT
    assert "there is no store" in capsys.readouterr().err
