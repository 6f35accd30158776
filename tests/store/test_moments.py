"""What a reader sees is of one moment, whatever is written while it reads."""

import sqlite3
from collections.abc import Callable, Sequence

import pytest

from domain.order import Order, OrderLine
from store import orders
from store.queries import StoreReader
from tests.store.opened_store import SHOPPER_ID, OpenedStore, order_of, receipt, receipts_changed


def one_order(reader: StoreReader) -> Order | None:
    return reader.order(1)


def listed_order(reader: StoreReader) -> Order | None:
    return reader.orders_of(SHOPPER_ID, 1)[0]


@pytest.mark.parametrize("read", [one_order, listed_order])
def test_an_order_that_is_paid_while_it_is_read_is_read_as_it_was_before(
    store: OpenedStore,
    monkeypatch: pytest.MonkeyPatch,
    read: Callable[[StoreReader], Order | None],
) -> None:
    before, read_lines = store.create(order_of(1)), orders._lines
    paid = iter([receipts_changed(receipt())])

    def pay_and_read_lines(
        connection: sqlite3.Connection, ids: Sequence[int]
    ) -> dict[int, tuple[OrderLine, ...]]:
        for event in paid:
            store.change(1, 1, event)
        return read_lines(connection, ids)

    monkeypatch.setattr(orders, "_lines", pay_and_read_lines)
    assert read(store.reader) == before
    after = read(store.reader)
    assert after is not None
    assert after.receipts == (receipt(),)
