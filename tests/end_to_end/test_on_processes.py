"""The shop with each of its actors in a process: the same orders, and what happens to processes."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from sandbox.telegram import TelegramServer
from tests.end_to_end.conftest import NewFolder
from tests.end_to_end.running_shop import ADMIN_ID, RunningShop, ShopFolder, run_cli, until
from tests.end_to_end.shopping import Invoice, entry, import_goods, order, texts, wait_for_text
from tests.litecoin_node import LitecoinNode

pytestmark = [pytest.mark.litecoind, pytest.mark.timeout(300)]

PATIENCE_SECONDS = 60.0
SERVICES = ("inventory", "chain_watcher", "address", "shopper_notifier", "admin_notifier", "ledger")


@pytest.fixture
async def folder(new_folder: NewFolder) -> AsyncIterator[ShopFolder]:
    """A shop of processes, of which none outlives the test."""
    made = new_folder(actors={"system_base": "multiprocTCPBase"})
    yield made
    for pid in processes_of(made):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def processes_of(folder: ShopFolder) -> list[int]:
    """Everybody who holds the shop's note open: the program, and the processes that it made."""
    note = str(folder.store_file) + ".processes"
    return [int(each.name) for each in Path("/proc").glob("[0-9]*") if note in open_files(each)]


def open_files(process: Path) -> list[str]:
    found = []
    with suppress(OSError):
        for link in (process / "fd").iterdir():
            with suppress(OSError):
                found.append(str(link.readlink()))
    return found


async def actor(shop: RunningShop, kind: str) -> dict[str, Any]:
    """The only actor of a kind, as the operator sees it."""
    (row,) = (await shop.get(f"/status?kind={kind}"))["actors"]
    return dict(row)


async def kill_actor(shop: RunningShop, kind: str) -> None:
    """`kill -9`, and wait for the one that is started in its place."""
    killed = (await actor(shop, kind))["process_id"]
    os.kill(killed, signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        rows = (await shop.get(f"/status?kind={kind}"))["actors"]
        if [each for each in rows if each.get("process_id", killed) != killed]:
            return
        assert time.monotonic() < deadline, f"{kind} was not started again: {shop.log()[-3000:]}"
        await asyncio.sleep(0.1)


async def pay_and_get(
    folder: ShopFolder, node: LitecoinNode, telegram: TelegramServer, invoice: Invoice
) -> None:
    """From an invoice to the goods, the word to the admins, and the order's last state."""
    shopper, admin = telegram.user(7), telegram.user(ADMIN_ID)
    node.pay(invoice.address, invoice.amount)
    await wait_for_text(shopper, "0.12500000 LTC", "seen", seconds=PATIENCE_SECONDS)
    assert not any("KEY-1" in text for text in texts(shopper))
    node.mine()
    await wait_for_text(shopper, "KEY-1", seconds=PATIENCE_SECONDS)
    await wait_for_text(admin, f"#{invoice.order_id}", "paid", seconds=PATIENCE_SECONDS)
    status = "SELECT status, payment_state FROM orders WHERE id = ?"
    await until(
        lambda: folder.row(status, invoice.order_id) == ("shipped", "paid"),
        PATIENCE_SECONDS,
        "shipped",
    )
    assert folder.rows("SELECT private_data FROM items WHERE is_sold = 1") == [("KEY-1",)]
    assert folder.rows("SELECT * FROM reserved_stock") == []


async def test_an_order_goes_its_whole_way_where_each_actor_is_a_process(
    telegram: TelegramServer, litecoin_node: LitecoinNode, folder: ShopFolder
) -> None:
    async with RunningShop(folder) as shop:
        await import_goods(telegram, entry("Alpha", "KEY-1"), entry("Alpha", "KEY-2"))
        invoice = await order(telegram.user(7), "Alpha")
        rows = (await shop.get("/status"))["actors"]
        assert [row["kind"] for row in rows].count("order") == 1
        pids = {row["process_id"] for row in rows}
        assert len(pids) == len(rows)
        assert pids < set(processes_of(folder))
        await pay_and_get(folder, litecoin_node, telegram, invoice)
        assert await shop.stop() == 0
    assert processes_of(folder) == []


async def test_an_order_whose_process_is_killed_goes_on_to_the_goods(
    telegram: TelegramServer, litecoin_node: LitecoinNode, folder: ShopFolder
) -> None:
    async with RunningShop(folder) as shop:
        await import_goods(telegram, entry("Alpha", "KEY-1"))
        invoice = await order(telegram.user(7), "Alpha")
        await kill_actor(shop, "order")
        assert (await actor(shop, "order"))["name"] == str(invoice.order_id)
        await pay_and_get(folder, litecoin_node, telegram, invoice)


async def test_an_order_goes_on_when_everybody_else_is_killed_one_by_one(
    telegram: TelegramServer, litecoin_node: LitecoinNode, folder: ShopFolder
) -> None:
    async with RunningShop(folder) as shop:
        await import_goods(telegram, entry("Alpha", "KEY-1"))
        invoice = await order(telegram.user(7), "Alpha")
        for kind in SERVICES:
            await kill_actor(shop, kind)
        await pay_and_get(folder, litecoin_node, telegram, invoice)
        assert await shop.stop() == 0
    assert processes_of(folder) == []


async def test_processes_that_a_killed_program_left_are_ended_and_the_order_goes_on(
    telegram: TelegramServer, litecoin_node: LitecoinNode, folder: ShopFolder
) -> None:
    async with RunningShop(folder) as shop:
        await import_goods(telegram, entry("Alpha", "KEY-1"))
        invoice = await order(telegram.user(7), "Alpha")
        before = set(processes_of(folder))
        await shop.kill()
        left = set(processes_of(folder))
        assert left
        assert left < before
        await shop.start()
        assert not left & set(processes_of(folder))
        assert f"ended {len(left)} processes" in shop.log()
        await pay_and_get(folder, litecoin_node, telegram, invoice)


async def test_what_is_left_is_ended_before_a_start_on_the_other_base_too(
    telegram: TelegramServer, litecoin_node: LitecoinNode, folder: ShopFolder
) -> None:
    async with RunningShop(folder) as shop:
        await import_goods(telegram, entry("Alpha", "KEY-1"))
        invoice = await order(telegram.user(7), "Alpha")
        await shop.kill()
        folder.actors = {}
        folder.write()
        await shop.start()
        assert len(processes_of(folder)) == 1
        await pay_and_get(folder, litecoin_node, telegram, invoice)


async def test_a_second_shop_beside_a_living_one_is_refused_and_harms_nobody(
    telegram: TelegramServer, litecoin_node: LitecoinNode, folder: ShopFolder
) -> None:
    async with RunningShop(folder) as shop:
        await import_goods(telegram, entry("Alpha", "KEY-1"))
        invoice = await order(telegram.user(7), "Alpha")
        before = processes_of(folder)
        status, _, errors = await run_cli("--config", str(folder.config_file), "serve")
        assert status == 2
        assert "running already" in errors
        assert processes_of(folder) == before
        await pay_and_get(folder, litecoin_node, telegram, invoice)
        assert await shop.stop() == 0


async def test_a_program_that_has_lost_its_root_ends_with_all_its_processes(
    folder: ShopFolder,
) -> None:
    async with RunningShop(folder) as shop:
        os.kill((await actor(shop, "shop"))["process_id"], signal.SIGKILL)
        assert await shop.end() == 1
    assert "start the shop again" in shop.log()
    assert processes_of(folder) == []


async def test_all_sockets_of_the_processes_are_on_the_loopback(folder: ShopFolder) -> None:
    async with RunningShop(folder):
        hosts = set().union(*(listening_hosts(pid) for pid in processes_of(folder)))
    assert hosts
    assert {host for host in hosts if not host.startswith("127.")} == set()


def listening_hosts(pid: int) -> set[str]:
    """Where a process listens, from proc_net(5): the address is hexadecimal, last byte first."""
    process = Path("/proc") / str(pid)
    inodes = {name.removeprefix("socket:[").rstrip("]") for name in open_files(process)}
    rows = [line.split() for line in (process / "net" / "tcp").read_text().splitlines()[1:]]
    listening = [row[1].partition(":")[0] for row in rows if row[3] == "0A" and row[9] in inodes]
    return {".".join(str(byte) for byte in reversed(bytes.fromhex(each))) for each in listening}
