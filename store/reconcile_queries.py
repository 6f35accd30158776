"""What a reconciliation asks of the store, which may be in use: it is only read.

Orders are read page by page, so that a writer never waits and memory does not grow with the shop.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from domain.comparing import record_of
from domain.order import NoticeKind
from domain.reconciliation import Balances, OrderRecord
from domain.rules import OrderRules
from store.orders import load_orders_by_id, load_orders_made
from store.reading import ReadOnlyStore
from store.store_files import StoreFileError, is_current, opened_to_read

ORDERS_A_PAGE = 500

# An order's currency is that of its credits.
_BALANCES = """
    SELECT fiat_currency, coalesce(sum(credited_minor), 0) FROM set_asides
    JOIN orders ON orders.id = order_id
    WHERE purpose = 'balance' AND set_asides.state = 'open' GROUP BY fiat_currency
"""


def require_readable(path: Path) -> None:
    """Let pass a store of this version.

    Raises:
        StoreFileError: it is none.
    """
    with opened_to_read(path) as connection:
        if not is_current(connection):
            raise StoreFileError(
                f"{path} was written by an earlier version: start the shop once, which brings it"
                " up to date"
            )


class ReconcileQueries(ReadOnlyStore):
    """Read-only queries; thread-safe."""

    def __init__(self, path: Path, rules: OrderRules) -> None:
        """`rules` say what should be set aside of an order's money."""
        super().__init__(str(path))
        self._rules = rules

    def coins(self) -> list[str]:
        """The coins that any order is in."""
        return [row[0] for row in self._all("SELECT DISTINCT currency FROM orders ORDER BY 1")]

    def records(
        self, coin: str, made_from: datetime | None, made_before: datetime | None
    ) -> Iterator[OrderRecord]:
        """All orders in a coin that were made between two times, by id."""
        after_order_id = 0
        while True:
            with self.one_moment() as connection:
                page = load_orders_made(
                    connection,
                    coin,
                    made_from=made_from,
                    made_before=made_before,
                    after_order_id=after_order_id,
                    limit=ORDERS_A_PAGE,
                )
            yield from (record_of(order, self._rules) for order in page)
            if len(page) < ORDERS_A_PAGE:
                return
            after_order_id = page[-1].order_id

    def some_records(self, order_ids: Sequence[int]) -> list[OrderRecord]:
        """These orders, by id."""
        with self.one_moment() as connection:
            orders = load_orders_by_id(connection, order_ids)
        return [record_of(order, self._rules) for order in orders]

    def address_indexes(self, coin: str) -> set[int]:
        """The indexes of the addresses that orders have."""
        query = "SELECT address_index FROM orders WHERE currency = ?"
        return {row[0] for row in self._all(query, (coin,))}

    def balances(self) -> tuple[Balances, ...]:
        """Shoppers' balances, and the credits that they are the sum of, by currency."""
        (balance_minor,) = self._all("SELECT coalesce(sum(balance_minor), 0) FROM users")[0]
        credited = dict(self._all(_BALANCES))
        if len(credited) > 1:
            # A balance is kept without its currency, and there is one at a time.
            return ()
        currency = next(iter(credited), self._rules.fiat_currency)
        credits_minor = credited.get(currency, 0)
        if not balance_minor and not credits_minor:
            return ()
        return (
            Balances(currency=currency, balance_minor=balance_minor, credits_minor=credits_minor),
        )

    def told_lines(self) -> set[str]:
        """The lines of every alert that admins were ever sent."""
        query = "SELECT DISTINCT detail FROM outbox WHERE kind = ? AND detail IS NOT NULL"
        details = self._all(query, (NoticeKind.ADMIN_ALERT,))
        return {line for row in details for line in row[0].splitlines()}

    def place_height(self, coin: str) -> int | None:
        """How far the shop's watcher of the coin has come."""
        rows = self._all("SELECT height FROM chain_places WHERE currency = ?", (coin,))
        return rows[0][0] if rows else None
