"""The key of an order's address for the admins' notice of its payment, where the owner wants that.

With `custody.key_in_notice` keys go through Telegram and stay in its chats: whoever can read one of
them has the money. It is off unless it was set.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from loguru import logger

from payments.custody import CustodyError, read_key
from payments.order_keys import unseal_key
from payments.wallet_keys import wallet_key
from store.custody_queries import order_addresses
from store.store_files import StoreFileError


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeKeys:
    """A picklable recipe for opening the keys that lie sealed with the orders."""

    store_path: Path
    key_file: Path | None
    key_env: str | None
    networks: Mapping[str, str]

    def key_of(self, order_id: int) -> str | None:
        """The key as wallets import it; None where it cannot be opened, which is logged."""
        try:
            (order,) = order_addresses(self.store_path, order_id)
            if order.sealed_key is None:
                return None
            network = self.networks[order.coin]
            private_key = unseal_key(
                order.sealed_key,
                read_key(self.key_file, self.key_env),
                coin=order.coin,
                network=network,
                address=order.address,
            )
        except (CustodyError, StoreFileError, LookupError, ValueError) as error:
            logger.error("the key of order {} is not in its notice: {}", order_id, error)
            return None
        return wallet_key(private_key, order.coin, network).text
