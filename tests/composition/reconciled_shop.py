"""A shop's folder with a store of orders on the addresses of a real litecoind, to be reconciled."""

import csv
import io
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import tomlkit

from domain.order import OrderExpired, PaymentState, ReceiptsChanged
from domain.payment import Receipt, ReceiptState
from payments.addresses import Bip84Addresses
from payments.custody import new_key, new_mnemonic, seal, write_secret
from store.contract import Recorded
from tests.litecoin_node import LitecoinNode
from tests.store.opened_store import NOON, OpenedStore, entry, order_of

AMOUNT = 10_000_000
EXPIRED = OrderExpired(
    closed_at=NOON + timedelta(minutes=31),
    counts_as_timeout=False,
    payment_state=PaymentState.NONE,
)


class ReconciledShop:
    """Settings, secrets and a store that stays open, as a running shop's does."""

    def __init__(self, folder: Path, node: LitecoinNode) -> None:
        self.node = node
        self.folder = folder
        mnemonic, key = new_mnemonic(), new_key()
        self.addresses = Bip84Addresses("LTC", "regtest", mnemonic)
        write_secret(folder / "key", key.hex())
        write_secret(folder / "mnemonic.sealed", seal(mnemonic, key))
        write_secret(folder / "node-password", node.password)
        self.write_marks(0)
        self.config_file = folder / "config.toml"
        self.settings = self._settings()
        self.write()
        self.store = OpenedStore(folder)
        self.store.add_items(*(entry(f"MORE-{number}", place=number) for number in range(1, 20)))

    def close(self) -> None:
        self.store.close()

    def write(self) -> None:
        self.config_file.write_text(tomlkit.dumps(self.settings), encoding="utf-8")

    def write_marks(self, mark: int) -> None:
        text = json.dumps({"LTC/regtest": mark})
        (self.folder / "mnemonic.sealed.marks").write_text(text, encoding="utf-8")

    def order(self, order_id: int, made_at: datetime = NOON) -> str:
        """An order that expired; its address."""
        address = self.addresses.derive(order_id)
        order = replace(
            order_of(order_id, order_id=order_id, shopper=order_id),
            address=address,
            created_at=made_at,
            expires_at=made_at + timedelta(minutes=30),
        )
        self.store.create(order)
        assert isinstance(self.store.change(order_id, 1, EXPIRED), Recorded)
        return address

    def record(self, order_id: int, *receipts: Receipt) -> None:
        """The receipts as a watcher would have them recorded; they get no place."""
        changed = ReceiptsChanged(
            receipts=receipts, payment_state=PaymentState.LATE, covered_at=None
        )
        assert isinstance(self.store.change(order_id, 2, changed), Recorded)

    def pay(self, address: str, amount: str, blocks: int = 3) -> Receipt:
        """Pay and mine so many blocks; the receipt as the store would have it."""
        transaction_id = self.node.pay(address, amount)
        block_hash = self.node.mine(blocks)[0] if blocks else None
        details = self.node.call("gettransaction", transaction_id)["details"]
        (number,) = {each["vout"] for each in details if each["address"] == address}
        state = ReceiptState.SEEN if block_hash is None else ReceiptState.CONFIRMED
        height = None if block_hash is None else self.node.call("getblock", block_hash)["height"]
        return Receipt(
            transaction_id=transaction_id,
            output_index=number,
            amount_base_units=int(Decimal(amount) * 10**8),
            state=state,
            in_time=False,
            rate=None,
            block_height=height,
            block_hash=block_hash,
            chain_time=datetime.now(UTC),
            seen_at=datetime.now(UTC),
        )

    def take_store_away(self) -> None:
        """The settings name a store that is not there any more."""
        Path(self.store.path).rename(self.folder / "elsewhere.db")

    def rows(self, csv_file: Path) -> list[dict[str, str]]:
        """The lines of a table."""
        text = csv_file.read_bytes().decode()
        assert text.count("\r\n") == text.count("\n")
        return list(csv.DictReader(io.StringIO(text)))

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.store.path)) as connection:
            return connection.execute(sql).fetchall()

    def _settings(self) -> dict[str, Any]:
        return {
            "telegram": {"token": "1:" + "a" * 35, "admin_ids": [1]},
            "store": {"path": "shop.db"},
            "custody": {"mnemonic_file": "mnemonic.sealed", "key_file": "key"},
            "orders": {"late_payment": "refund"},
            "rates": {"fixed": {"LTC": "80.00"}},
            "coins": {
                "LTC": {
                    "enabled": True,
                    "network": "regtest",
                    "confirmations": 3,
                    "poll_interval_seconds": 0.05,
                    "backends": [
                        {
                            "kind": "bitcoind",
                            "url": self.node.url,
                            "user": self.node.user,
                            "password_file": "node-password",
                        }
                    ],
                }
            },
        }
