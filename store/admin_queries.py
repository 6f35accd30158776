"""What admins ask of the store: lists of what waits for them, and everything about one order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.order import By, Order, OrderStatus, PaymentState
from domain.payment import receipt_id
from store.codec import join_amount, optional_time, text_time
from store.orders import load_order
from store.queries import LineRow, StoreReader

_ORDER = """
    SELECT orders.id, telegram_id, telegram_username, status, payment_state, currency,
        amount_quote_units, total_minor, fiat_currency, created_at, expires_at, paid_at
    FROM orders JOIN users ON users.id = user_id
"""
_SHOPPER = """
    SELECT telegram_id, telegram_username, timeout_count, last_timeout_at, balance_minor FROM users
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """An order in a list."""

    order_id: int
    telegram_id: int
    telegram_username: str | None
    status: OrderStatus
    payment_state: PaymentState
    coin: str
    amount_base_units: int
    total_minor: int
    fiat_currency: str
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRow:
    """Money to be paid back: a part of one receipt. `refund_id` is for paging alone."""

    refund_id: int
    order_id: int
    number: int
    telegram_id: int
    telegram_username: str | None
    coin: str
    amount_base_units: int
    receipt_id: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidBackRow:
    """What an admin has recorded as paid back in one transaction, of one order."""

    transaction_id: str
    amount_base_units: int
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopperRow:
    """A shopper; the balance is in minor units of the shop's currency."""

    telegram_id: int
    telegram_username: str | None
    timeout_count: int
    last_timeout_at: datetime | None
    balance_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StockRow:
    """Units of a subcategory: for sale, in orders that await payment, sold."""

    subcategory_id: int
    category: str
    name: str
    for_sale: int
    held: int
    sold: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One thing that happened: who, what, when, why."""

    at: datetime
    by: By
    by_telegram_id: int | None
    what: str
    why: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDetails:
    """Everything about one order; `lines` by name, what happened oldest first."""

    order: Order
    lines: tuple[LineRow, ...]
    tracking_number: str | None
    audit: tuple[AuditRow, ...]


class AdminQueries:
    """Read-only queries for admins, on the connections of a reader; thread-safe."""

    def __init__(self, reader: StoreReader) -> None:
        self._reader = reader

    def open_orders(self, after_order_id: int, limit: int) -> list[OrderRow]:
        """Orders that await payment or shipment, by id."""
        where = "WHERE orders.id > ? AND status IN ('created', 'paid') ORDER BY orders.id LIMIT ?"
        return self._orders(where, (after_order_id, limit))

    def ready_for_shipment(self, after_order_id: int, limit: int) -> list[OrderRow]:
        """Paid orders with goods that have to be sent by other means than Telegram, by id."""
        where = """
            WHERE orders.id > ? AND status IN ('created', 'paid') AND status = 'paid' AND EXISTS (
                SELECT 1 FROM order_items JOIN items ON items.id = item_id
                WHERE order_id = orders.id AND holds_unit = 1 AND item_type = 'physical')
            ORDER BY orders.id LIMIT ?
        """
        return self._orders(where, (after_order_id, limit))

    def refund_list(self, after_refund_id: int, limit: int) -> list[RefundRow]:
        """Money that waits to be paid back, oldest first."""
        rows = self._all(
            """
            SELECT set_asides.id, set_asides.order_id, number, telegram_id, telegram_username,
                payments.currency, set_asides.amount_quote_units,
                set_asides.amount_rest_base_units, transaction_id, output_index,
                set_asides.created_at
            FROM set_asides
            JOIN payments ON payments.id = payment_id
            JOIN orders ON orders.id = set_asides.order_id
            JOIN users ON users.id = user_id
            WHERE set_asides.state = 'open' AND purpose = 'refund' AND set_asides.id > ?
            ORDER BY set_asides.id LIMIT ?
            """,
            (after_refund_id, limit),
        )
        return [
            RefundRow(
                refund_id=row[0],
                order_id=row[1],
                number=row[2],
                telegram_id=row[3],
                telegram_username=row[4],
                coin=row[5],
                amount_base_units=join_amount(row[6], row[7], row[5]),
                receipt_id=receipt_id(row[8], row[9]),
                since=text_time(row[10]),
            )
            for row in rows
        ]

    def paid_back(self, order_id: int) -> list[PaidBackRow]:
        """What of an order was recorded as paid back, a row a transaction, oldest first."""
        rows = self._all(
            """
            SELECT refund_transaction_id, sum(set_asides.amount_quote_units),
                sum(set_asides.amount_rest_base_units), currency, min(settled_at)
            FROM set_asides JOIN payments ON payments.id = payment_id
            WHERE set_asides.order_id = ? AND set_asides.state = 'refunded'
            GROUP BY refund_transaction_id ORDER BY min(settled_at), min(set_asides.id)
            """,
            (order_id,),
        )
        return [
            PaidBackRow(
                transaction_id=row[0],
                amount_base_units=join_amount(row[1], row[2], row[3]),
                recorded_at=text_time(row[4]),
            )
            for row in rows
        ]

    def shoppers_with_timeouts(self, offset: int, limit: int) -> list[ShopperRow]:
        """Shoppers who let orders run out, most often first."""
        return self._shoppers(
            "WHERE timeout_count > 0 ORDER BY timeout_count DESC, telegram_id LIMIT ? OFFSET ?",
            (limit, offset),
        )

    def shopper(self, telegram_id: int) -> ShopperRow | None:
        """One shopper, or None."""
        return next(iter(self._shoppers("WHERE telegram_id = ?", (telegram_id,))), None)

    def shoppers_named(self, telegram_username: str) -> list[ShopperRow]:
        """Shoppers who had this name, without `@`, when they were last seen: names change hands."""
        return self._shoppers(
            "WHERE telegram_username = ? COLLATE NOCASE ORDER BY telegram_id", (telegram_username,)
        )

    def stock(self) -> list[StockRow]:
        """What there is of each subcategory, by name."""
        rows = self._all(
            """
            SELECT subcategories.id, categories.name, subcategories.name,
                count(*) FILTER (WHERE is_sold = 0 AND order_items.id IS NULL),
                count(*) FILTER (WHERE is_sold = 0 AND order_items.id IS NOT NULL),
                count(*) FILTER (WHERE is_sold = 1)
            FROM subcategories
            JOIN categories ON categories.id = category_id
            JOIN items ON items.subcategory_id = subcategories.id
            LEFT JOIN order_items ON item_id = items.id AND holds_unit = 1
            GROUP BY subcategories.id ORDER BY categories.name, subcategories.name
            """
        )
        return [
            StockRow(
                subcategory_id=row[0],
                category=row[1],
                name=row[2],
                for_sale=row[3],
                held=row[4],
                sold=row[5],
            )
            for row in rows
        ]

    def order_details(self, order_id: int) -> OrderDetails | None:
        """Everything about one order, or None."""
        with self._reader.one_moment() as connection:
            order = load_order(connection, order_id)
            if order is None:
                return None
            lines = tuple(self._reader.order_lines(order_id))
            (tracking_number,) = connection.execute(
                "SELECT tracking_number FROM orders WHERE id = ?", (order_id,)
            ).fetchone()
            audit = connection.execute(
                """
                SELECT at, by, by_telegram_id, what, why, detail FROM audit_log
                WHERE order_id = ? ORDER BY id
                """,
                (order_id,),
            ).fetchall()
        return OrderDetails(
            order=order,
            lines=lines,
            tracking_number=tracking_number,
            audit=tuple(
                AuditRow(
                    at=text_time(row[0]),
                    by=By(row[1]),
                    by_telegram_id=row[2],
                    what=row[3],
                    why=row[4],
                    detail=row[5],
                )
                for row in audit
            ),
        )

    def _orders(self, where: str, parameters: Sequence[object]) -> list[OrderRow]:
        return [
            OrderRow(
                order_id=row[0],
                telegram_id=row[1],
                telegram_username=row[2],
                status=OrderStatus(row[3]),
                payment_state=PaymentState(row[4]),
                coin=row[5],
                amount_base_units=join_amount(row[6], 0, row[5]),
                total_minor=row[7],
                fiat_currency=row[8],
                created_at=text_time(row[9]),
                expires_at=text_time(row[10]),
                paid_at=optional_time(row[11]),
            )
            for row in self._all(_ORDER + where, parameters)
        ]

    def _shoppers(self, where: str, parameters: Sequence[object]) -> list[ShopperRow]:
        return [
            ShopperRow(
                telegram_id=row[0],
                telegram_username=row[1],
                timeout_count=row[2],
                last_timeout_at=optional_time(row[3]),
                balance_minor=row[4],
            )
            for row in self._all(_SHOPPER + where, parameters)
        ]

    def _all(self, query: str, parameters: Sequence[object] = ()) -> list[tuple]:  # type: ignore[type-arg] # rows differ in shape
        with self._reader.one_moment() as connection:
            return connection.execute(query, parameters).fetchall()
