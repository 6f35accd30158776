"""Jobs that break in ways that nobody foresaw: refused alone, and not tried for ever."""

from dataclasses import replace

import pytest

from domain.order import OrderPaid
from store.contract import GetOpenOrders, GetPool, JobBroken, Recorded, RecordRefused
from tests.store.opened_store import OpenedStore, minutes, order_of, receipt, receipts_changed

LARGEST_INTEGER = 2**63 - 1


def test_job_that_breaks_is_refused_alone(store: OpenedStore) -> None:
    store.create(order_of(1))
    no_amount: int = None  # type: ignore[assignment] # as a mistake in the program would
    broken = store.changing(
        1, 1, receipts_changed(replace(receipt("aa"), amount_base_units=no_amount))
    )
    good = replace(broken, command_id="other", events=(receipts_changed(receipt("bb")),))
    first, second = store.run(broken, good).answers
    assert isinstance(first, RecordRefused)
    assert isinstance(second, Recorded)


def test_question_that_breaks_keeps_nobody_from_writing(
    store: OpenedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_given: object) -> None:
        raise TypeError("a damaged row")

    monkeypatch.setattr("store.jobs.load_open_orders", broken)
    store.create(order_of(1))
    paid = store.changing(1, 1, receipts_changed(receipt("aa")))
    question = GetOpenOrders(after_order_id=0, before_order_id=9, limit=10)
    assert store.run(question, paid, GetPool(subcategory_id=2**70)).answers == (
        JobBroken(job="GetOpenOrders"),
        Recorded(command_id=paid.command_id, order_id=1),
        JobBroken(job="GetPool"),
    )


@pytest.mark.parametrize("amount", [LARGEST_INTEGER, LARGEST_INTEGER + 1])
def test_amounts_that_no_sum_can_hold_are_refused(store: OpenedStore, amount: int) -> None:
    store.create(order_of(1))
    receipts = [replace(receipt(name), amount_base_units=amount) for name in ("aa", "bb")]
    answer = store.change(1, 1, receipts_changed(*receipts), OrderPaid(paid_at=minutes(10)))
    assert isinstance(answer, RecordRefused)
    assert isinstance(store.change(1, 1, receipts_changed(receipt("cc"))), Recorded)
