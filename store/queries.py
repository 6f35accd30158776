"""What readers ask of the store: named queries on a read-only connection."""

from dataclasses import dataclass

from domain.order import NoticeKind, Order
from store.codec import join_amount
from store.orders import load_order, load_orders_of
from store.reading import ReadOnlyStore


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryRow:
    """A category, and how many units of it are for sale."""

    category_id: int
    name: str
    available: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SubcategoryRow:
    """A subcategory with what a shopper sees of it.

    `next_price_minor` and `description` are those of the unit that is sold next, None and "" where
    none is for sale; `prices_differ` where not all units for sale cost the same.
    """

    subcategory_id: int
    category_id: int
    category: str
    name: str
    description: str
    available: int
    next_price_minor: int | None
    prices_differ: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRow:
    """One line of an order, by name; `total_minor` in the order's fiat currency."""

    category: str
    subcategory: str
    quantity: int
    total_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsRow:
    """One unit of an order with what the shopper paid for."""

    category: str
    subcategory: str
    description: str
    private_data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRow:
    """One outbox row; the amount is in base units of its order's coin."""

    outbox_id: int
    chat_id: int
    kind: NoticeKind
    order_id: int | None
    amount_base_units: int | None
    detail: str | None
    pending: bool


# Units for sale: not sold and in nobody's order.
_FOR_SALE = """
    items.is_sold = 0 AND NOT EXISTS (
        SELECT 1 FROM order_items WHERE item_id = items.id AND holds_unit = 1)
"""
_SUBCATEGORY = f"""
    SELECT subcategories.id, category_id, categories.name, subcategories.name,
        count(items.id), min(items.id), count(DISTINCT items.price_minor)
    FROM subcategories
    JOIN categories ON categories.id = category_id
    LEFT JOIN items ON items.subcategory_id = subcategories.id AND {_FOR_SALE}
"""  # noqa: S608 - a constant


class StoreReader(ReadOnlyStore):
    """What the shop shows its shoppers; thread-safe."""

    def categories(self) -> list[CategoryRow]:
        """All categories by name."""
        rows = self._all(
            f"""
            SELECT categories.id, categories.name, count(items.id)
            FROM categories
            JOIN subcategories ON category_id = categories.id
            LEFT JOIN items ON items.subcategory_id = subcategories.id AND {_FOR_SALE}
            GROUP BY categories.id ORDER BY categories.name
            """  # noqa: S608 - a constant
        )
        return [CategoryRow(category_id=row[0], name=row[1], available=row[2]) for row in rows]

    def subcategories(self, category_id: int) -> list[SubcategoryRow]:
        """The subcategories of a category by name."""
        rows = self._all(
            f"{_SUBCATEGORY} WHERE category_id = ? GROUP BY subcategories.id"
            " ORDER BY subcategories.name",
            (category_id,),
        )
        return [self._subcategory(row) for row in rows]

    def subcategory(self, subcategory_id: int) -> SubcategoryRow | None:
        """One subcategory, or None."""
        rows = self._all(
            f"{_SUBCATEGORY} WHERE subcategories.id = ? GROUP BY subcategories.id",
            (subcategory_id,),
        )
        return self._subcategory(rows[0]) if rows else None

    def _subcategory(self, row: tuple[int, int, str, str, int, int | None, int]) -> SubcategoryRow:
        subcategory_id, category_id, category, name, available, next_unit_id, prices = row
        description, price_minor = "", None
        if next_unit_id is not None:
            query = "SELECT description, price_minor FROM items WHERE id = ?"
            description, price_minor = self._all(query, (next_unit_id,))[0]
        return SubcategoryRow(
            subcategory_id=subcategory_id,
            category_id=category_id,
            category=category,
            name=name,
            description=description,
            available=available,
            next_price_minor=price_minor,
            prices_differ=prices > 1,
        )

    def order(self, order_id: int) -> Order | None:
        """One order, whole."""
        with self.one_moment() as connection:
            return load_order(connection, order_id)

    def orders_of(self, telegram_id: int, limit: int) -> list[Order]:
        """The last orders of a shopper, newest first."""
        with self.one_moment() as connection:
            return load_orders_of(connection, telegram_id, limit)

    def order_lines(self, order_id: int) -> list[LineRow]:
        """What was ordered, by name; of a revived order what it has now."""
        rows = self._all(
            """
            SELECT categories.name, subcategories.name, count(*), sum(price_at_purchase_minor)
            FROM order_items
            JOIN orders ON orders.id = order_id
                AND holds_unit = (status IN ('created', 'paid', 'shipped'))
            JOIN items ON items.id = item_id
            JOIN subcategories ON subcategories.id = subcategory_id
            JOIN categories ON categories.id = category_id
            WHERE order_id = ? GROUP BY subcategories.id ORDER BY subcategories.id
            """,
            (order_id,),
        )
        return [
            LineRow(category=row[0], subcategory=row[1], quantity=row[2], total_minor=row[3])
            for row in rows
        ]

    def goods(self, order_id: int) -> list[GoodsRow]:
        """The goods of an order, only where they are sold to it; empty otherwise."""
        rows = self._all(
            """
            SELECT categories.name, subcategories.name, description, private_data
            FROM orders
            JOIN order_items ON order_items.order_id = orders.id AND holds_unit = 1
            JOIN items ON items.id = item_id AND is_sold = 1
            JOIN subcategories ON subcategories.id = subcategory_id
            JOIN categories ON categories.id = category_id
            WHERE orders.id = ? AND status IN ('paid', 'shipped') ORDER BY items.id
            """,
            (order_id,),
        )
        return [
            GoodsRow(
                category=row[0], subcategory=row[1], description=row[2], private_data=row[3] or ""
            )
            for row in rows
        ]

    def notice(self, outbox_id: int) -> NoticeRow | None:
        """One outbox row, or None."""
        rows = self._all(
            """
            SELECT outbox.id, chat_id, kind, order_id, outbox.amount_quote_units,
                amount_rest_base_units, detail, state, currency
            FROM outbox LEFT JOIN orders ON orders.id = order_id
            WHERE outbox.id = ?
            """,
            (outbox_id,),
        )
        if not rows:
            return None
        found, chat_id, kind, order_id, quote_units, rest, detail, state, coin = rows[0]
        amount = None if quote_units is None else join_amount(quote_units, rest, coin)
        return NoticeRow(
            outbox_id=found,
            chat_id=chat_id,
            kind=NoticeKind(kind),
            order_id=order_id,
            amount_base_units=amount,
            detail=detail,
            pending=state == "pending",
        )

    def balance_minor(self, telegram_id: int) -> int:
        """What a shopper has to their credit, in minor units of the shop's currency."""
        query = "SELECT balance_minor FROM users WHERE telegram_id = ?"
        rows = self._all(query, (telegram_id,))
        return int(rows[0][0]) if rows else 0

    def last_address(self, coin: str) -> tuple[int, str] | None:
        """The highest address index that an order of the coin has, and its address."""
        rows = self._all(
            """
            SELECT address_index, payment_address FROM orders WHERE currency = ?
            ORDER BY address_index DESC LIMIT 1
            """,
            (coin,),
        )
        return (rows[0][0], rows[0][1]) if rows else None
