"""What is missing of what was acknowledged is found."""

from pathlib import Path

import pytest

from tests.durability.acknowledged import Acknowledged, live_orders, unfinished
from tests.durability.surroundings import ChainFile
from tests.store.opened_store import CANCELLED, OpenedStore, order_of


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Order 1 is paid, 2 was cancelled, 3 awaits payment."""
    opened = OpenedStore(tmp_path)
    opened.sell(opened.create(order_of(1)))
    opened.create(order_of(2, order_id=2))
    opened.change(2, 1, CANCELLED)
    opened.create(order_of(3, order_id=3))
    opened.close()
    return Path(opened.path)


def missing(store: Path, *lines: str) -> list[str]:
    acknowledged = Acknowledged()
    for line in lines:
        acknowledged.note(line.split())
    return acknowledged.missing(store)


@pytest.mark.parametrize(
    "line",
    [
        f"placed 3 {order_of(3, order_id=3).address}",
        "cancelled 2",
        "told 1 goods",
        "told 1 admin_payment_received",
        "told 3 order_created",
        "imported 1",
        "open 0",
    ],
)
def test_what_is_in_the_store_is_not_missing(store: Path, line: str) -> None:
    assert missing(store, line) == []


@pytest.mark.parametrize(
    "line",
    [
        "placed 4 address",
        "placed 3 another-address",
        "cancelled 3",
        "cancelled 4",
        "told 3 goods",
        "told 2 admin_payment_received",
        "told 2 order_expired",
        "told 3 payment_seen",
        "told 4 order_created",
        "imported 999",
    ],
)
def test_what_is_not_in_the_store_is_missing(store: Path, line: str) -> None:
    assert len(missing(store, line)) == 1


def test_orders_that_await_payment_or_delivery_are_live(store: Path) -> None:
    assert live_orders(store) == 2


def test_a_payment_without_a_receipt_is_unfinished(store: Path, tmp_path: Path) -> None:
    ChainFile(tmp_path / "chain").pay("an-address", 7)
    assert unfinished(store, tmp_path / "chain") == [
        "2 live orders",
        "transaction-0 of 7 on an-address",
    ]


def test_a_line_that_nobody_understands_is_an_error(store: Path) -> None:
    with pytest.raises(AssertionError, match="nobody understands"):
        missing(store, "perhaps 3")
