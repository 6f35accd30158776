"""The private key of an order's address, sealed; NULL where the shop has no key.

That it is sealed the store cannot prove, but what does not look it is refused.
"""

from store.migrations.triggers import refuse

STATEMENTS: tuple[str, ...] = (
    "ALTER TABLE orders ADD COLUMN private_key TEXT CHECK (private_key GLOB 'sealed1:?*')",
    refuse(
        "orders_keep_their_private_key",
        "UPDATE OF private_key ON orders",
        "NEW.private_key IS NOT OLD.private_key",
        "the key of an address of an order stands",
    ),
)
