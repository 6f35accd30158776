"""Money that nobody watched for any more, found by an admin and booked, on a real Litecoin node."""

import asyncio
import csv
import io
import json

import pytest

from sandbox.telegram import TelegramServer
from tests.end_to_end.conftest import NewFolder
from tests.end_to_end.running_shop import ADMIN_ID, RunningShop, ShopFolder, run_cli, until
from tests.end_to_end.shopping import entry, import_goods, order, wait_for_text
from tests.litecoin_node import LitecoinNode

pytestmark = [pytest.mark.litecoind, pytest.mark.timeout(300)]

WAIT_SECONDS = 60.0
SHORT_ORDERS = {
    "timeout_minutes": 0.05,
    "expiry_grace_minutes": 0.1,
    "monitor_after_expiry_hours": 0,
    "late_payment": "refund",
}


async def reconcile(folder: ShopFolder) -> tuple[int, list[tuple[str, int]]]:
    """The command, beside the running shop: its exit status and what differs."""
    command = ("--config", str(folder.config_file), "report", "reconcile", "--json")
    status, out, errors = await run_cli(*command)
    assert out, errors
    found = json.loads(out)["differences"]
    return status, [(each["finding"], each["order_id"]) for each in found]


async def test_missed_payment_is_found_and_booked(
    telegram: TelegramServer, litecoin_node: LitecoinNode, new_folder: NewFolder
) -> None:
    folder = new_folder(orders=SHORT_ORDERS)
    shopper, admin = telegram.user(7), telegram.user(ADMIN_ID)
    status = "SELECT status, payment_state FROM orders WHERE id = 1"
    async with RunningShop(folder) as shop:
        await import_goods(telegram, entry("Alpha", "KEY-1"))
        invoice = await order(shopper, "Alpha")
        await until(lambda: folder.row(status) == ("expired", "none"), 30, "expired")
        assert await reconcile(folder) == (0, [])
        await looks(shop)
        litecoin_node.pay(invoice.address, invoice.amount)
        litecoin_node.mine(5)
        assert await reconcile(folder) == (1, [("missed", 1)])

        admin.send_text("/reconcile")
        await wait_for_text(admin, "Differences: 1", "LTC order 1, missed", seconds=WAIT_SECONDS)
        table = await admin.wait_for(lambda m: m.document is not None, WAIT_SECONDS)
        assert table.document is not None
        assert table.document.name.endswith(".csv")
        rows = list(csv.DictReader(io.StringIO(table.document.data.decode())))
        assert [(row["finding"], row["order_id"]) for row in rows] == [("missed", "1")]
        assert rows[0]["chain_amount"] == invoice.amount

        admin.send_text("/look 1")
        await wait_for_text(admin, "is watched until", seconds=WAIT_SECONDS)
        await until(lambda: folder.row(status) == ("expired", "late"), 30, "booked")
        await until(lambda: folder.rows("SELECT 1 FROM set_asides") != [], 30, "a refund")
        assert await reconcile(folder) == (0, [])
        assert await shop.stop() == 0


async def looks(shop: RunningShop) -> None:
    """Wait for some looks at the chain, after which an address that has ended is let go of."""

    async def handled() -> int:
        (watcher,) = (await shop.get("/status?kind=chain_watcher"))["actors"]
        return int(watcher["handled"])

    before = await handled()
    for _ in range(300):
        if await handled() >= before + 10:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the watcher does not look")
