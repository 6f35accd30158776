"""Other programs may look into a running shop's store at any time, and nothing is lost by that."""

import subprocess
import sys

import pytest

from store.trouble import StoreUnavailableError
from tests.store.opened_store import OpenedStore, creation, order_of
from tests.store.test_failures import lose_answer

LOOK_IN = """
import contextlib, sqlite3, sys
with contextlib.closing(sqlite3.connect(sys.argv[1])) as connection:
    print(connection.execute("SELECT count(*) FROM orders").fetchone()[0])
"""


def orders_seen_from_outside(store: OpenedStore) -> int:
    """Opens the store in another process and closes it there, as the program `sqlite3` does."""
    command = [sys.executable, "-c", LOOK_IN, store.path]
    done = subprocess.run(command, check=True, capture_output=True, timeout=30)  # noqa: S603 - our own words
    return int(done.stdout)


def test_a_look_from_outside_loses_nothing_after_the_store_was_opened_again(
    store: OpenedStore,
) -> None:
    store.reader.categories()  # a reader that is open all the time, as the shop has
    lose_answer(store)
    with pytest.raises(StoreUnavailableError):
        store.run(creation(order_of(1)))
    store.run()
    assert orders_seen_from_outside(store) == 1
    store.run(creation(order_of(2, order_id=2, shopper=71)))
    assert orders_seen_from_outside(store) == 2
