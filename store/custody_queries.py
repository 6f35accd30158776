"""What the owner of the keys asks of the store: which addresses were given out, and where money is.

Read on a connection that cannot write, so the shop may be running.
"""

from dataclasses import dataclass, field
from pathlib import Path

from store.store_files import StoreFileError, is_current, opened_to_read

_ADDRESSES = """
    SELECT orders.id, currency, payment_address, address_index, private_key, EXISTS (
        SELECT 1 FROM payments WHERE order_id = orders.id AND state IN ('seen', 'confirmed'))
    FROM orders WHERE ?1 IS NULL OR orders.id = ?1 ORDER BY currency, address_index
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAddress:
    """The address of an order; `is_funded`: money came to it, by what the shop has seen.

    What left it again the shop does not follow.
    """

    order_id: int
    coin: str
    address: str
    address_index: int
    sealed_key: str | None = field(repr=False)
    is_funded: bool


def order_addresses(store: Path, order_id: int | None = None) -> list[OrderAddress]:
    """The addresses of all orders, or of one, by coin and index.

    Raises:
        StoreFileError: there is no store of this version.
    """
    with opened_to_read(store) as connection:
        if not is_current(connection):
            raise StoreFileError(
                f"{store} was written by an earlier version: start the shop once, which brings it"
                " up to date"
            )
        rows = connection.execute(_ADDRESSES, (order_id,)).fetchall()
    return [
        OrderAddress(
            order_id=row[0],
            coin=row[1],
            address=row[2],
            address_index=row[3],
            sealed_key=row[4],
            is_funded=bool(row[5]),
        )
        for row in rows
    ]
