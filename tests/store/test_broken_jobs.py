"""Jobs that break in ways that nobody foresaw: refused alone, and not tried for ever."""

from dataclasses import replace

import pytest

from domain.order import OrderPaid
from store.contract import Recorded, RecordRefused
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


@pytest.mark.parametrize("amount", [LARGEST_INTEGER, LARGEST_INTEGER + 1])
def test_amounts_that_no_sum_can_hold_are_refused(store: OpenedStore, amount: int) -> None:
    store.create(order_of(1))
    receipts = [replace(receipt(name), amount_base_units=amount) for name in ("aa", "bb")]
    answer = store.change(1, 1, receipts_changed(*receipts), OrderPaid(paid_at=minutes(10)))
    assert isinstance(answer, RecordRefused)
    assert isinstance(store.change(1, 1, receipts_changed(receipt("cc"))), Recorded)
