"""From /start to the goods, on a real Litecoin node."""

import asyncio
from datetime import datetime, timedelta

import pytest

from sandbox.telegram import TelegramServer
from sandbox.telegram.user import SandboxUser
from tests.end_to_end.conftest import NewFolder
from tests.end_to_end.running_shop import ADMIN_ID, RunningShop, ShopFolder, until
from tests.end_to_end.shopping import (
    entry,
    import_goods,
    order,
    texts,
    up_to_the_coin,
    wait_for_text,
)
from tests.litecoin_node import LitecoinNode

pytestmark = [pytest.mark.litecoind, pytest.mark.timeout(300)]

EXPIRY_SECONDS = 3.0
POLL_SECONDS = 1.0


async def test_a_shopper_orders_pays_and_gets_the_goods(
    telegram: TelegramServer, litecoin_node: LitecoinNode, new_folder: NewFolder
) -> None:
    folder = new_folder(confirmations=2)
    shopper, admin = telegram.user(7), telegram.user(ADMIN_ID)
    async with RunningShop(folder) as shop:
        report = await import_goods(telegram, entry("Alpha", "KEY-1"), entry("Alpha", "KEY-2"))
        assert "2" in report.text
        invoice = await order(shopper, "Alpha")
        assert invoice.amount == "0.12500000"
        await shopper.wait_for(lambda m: m.photo is not None)
        await wait_for_text(admin, f"#{invoice.order_id}", "Alpha")

        litecoin_node.pay(invoice.address, invoice.amount)
        await wait_for_text(shopper, "0.12500000 LTC", "seen")
        assert not any("KEY-1" in text for text in texts(shopper))
        litecoin_node.mine(2)
        await wait_for_text(shopper, "KEY-1")
        await wait_for_text(admin, f"#{invoice.order_id}", "paid")

        status = "SELECT status, payment_state FROM orders WHERE id = ?"
        await until(
            lambda: folder.row(status, invoice.order_id) == ("shipped", "paid"), 10, "shipped"
        )
        assert folder.rows("SELECT private_data FROM items WHERE is_sold = 1") == [("KEY-1",)]
        assert folder.rows("SELECT * FROM reserved_stock") == []
        kinds = {actor["kind"] for actor in (await shop.get("/status"))["actors"]}
        assert kinds >= {"shop", "inventory", "chain_watcher", "address", "ledger"}
        assert await shop.stop() == 0


async def test_two_shoppers_and_one_unit_make_one_invoice_and_one_sold_out(
    telegram: TelegramServer, new_folder: NewFolder
) -> None:
    folder = new_folder()
    async with RunningShop(folder):
        await race_for_one_unit(telegram, folder, repetitions=200)


async def test_without_the_pools_check_the_store_still_refuses_the_second_buyer(
    telegram: TelegramServer, new_folder: NewFolder
) -> None:
    folder = new_folder()
    program = ("-m", "tests.end_to_end.shop_without_pool_check")
    async with RunningShop(folder, program) as shop:
        await race_for_one_unit(telegram, folder, repetitions=20)
        # The second buyer's order asks the pool three times before it believes that there is none.
        assert shop.log().count("was refused by the ledger: unit_taken") == 3 * 20


async def race_for_one_unit(telegram: TelegramServer, folder: ShopFolder, repetitions: int) -> None:
    """Each time two new shoppers tap for the only unit before either is answered."""
    for n in range(repetitions):
        await import_goods(telegram, entry("Last", f"KEY-{n}"))
        outcomes = await race_once(telegram.user(2 * n + 10), telegram.user(2 * n + 11), telegram)
        assert sorted(outcomes) == ["invoice", "sold out"], (n, outcomes)
    holders = folder.rows("SELECT count(*) FROM order_items WHERE holds_unit = 1 GROUP BY item_id")
    assert holders == [(1,)] * repetitions
    assert folder.row("SELECT count(*) FROM orders") == (repetitions,)


async def race_once(first: SandboxUser, second: SandboxUser, telegram: TelegramServer) -> list[str]:
    """Both taps are with Telegram before the bot gets either."""
    pair = (first, second)
    menus = await asyncio.gather(*(up_to_the_coin(user, "Last") for user in pair))
    before = [user.revision for user in pair]
    with telegram.hold_updates():
        for user, menu in zip(pair, menus, strict=True):
            user.press(menu.message_id, "LTC")
    return await asyncio.gather(*(outcome_for(*each) for each in zip(pair, before, strict=True)))


async def outcome_for(user: SandboxUser, after: int) -> str:
    """What a shopper is told: an invoice, or that there is none left."""
    message = await user.wait_for(
        lambda m: len(m.codes) == 2 or "Sold out" in m.text, 20, after=after
    )
    return "invoice" if len(message.codes) == 2 else "sold out"


async def test_an_unpaid_order_expires_at_the_first_look_after_its_time(
    telegram: TelegramServer, new_folder: NewFolder
) -> None:
    folder = new_folder(orders={"timeout_minutes": EXPIRY_SECONDS / 60})
    shopper, admin = telegram.user(7), telegram.user(ADMIN_ID)
    async with RunningShop(folder):
        await import_goods(telegram, entry("Alpha", "KEY-1"))
        invoice = await order(shopper, "Alpha")
        await wait_for_text(shopper, "expired", seconds=EXPIRY_SECONDS + 10)
        await wait_for_text(admin, f"#{invoice.order_id}", "expired")

        status, expires_at, closed_at = folder.row(
            "SELECT status, expires_at, closed_at FROM orders WHERE id = ?", invoice.order_id
        )
        assert status == "expired"
        late = datetime.fromisoformat(closed_at) - datetime.fromisoformat(expires_at)
        assert timedelta() <= late <= timedelta(seconds=2)
        count, at = folder.row("SELECT timeout_count, last_timeout_at FROM users")
        assert (count, at) == (1, closed_at)
        again = await order(shopper, "Alpha")
        assert again.order_id != invoice.order_id
        assert again.address != invoice.address


async def test_a_cancelled_order_gives_its_unit_back(
    telegram: TelegramServer, new_folder: NewFolder
) -> None:
    folder = new_folder()
    shopper, other, admin = telegram.user(7), telegram.user(8), telegram.user(ADMIN_ID)
    async with RunningShop(folder):
        await import_goods(telegram, entry("Alpha", "KEY-1"))
        invoice = await order(shopper, "Alpha")
        before = shopper.revision
        cancel = next(b for b in shopper.message(invoice.message_id).buttons if b.callback_data)
        shopper.press(invoice.message_id, cancel.text)
        await shopper.wait_for(lambda m: "cancelled" in m.text, after=before)
        await wait_for_text(admin, f"#{invoice.order_id}", "cancelled")
        await order(other, "Alpha")


async def test_an_order_survives_kill_9_and_delivers_the_same_units(
    telegram: TelegramServer, litecoin_node: LitecoinNode, new_folder: NewFolder
) -> None:
    folder = new_folder()
    shopper = telegram.user(7)
    async with RunningShop(folder) as shop:
        await import_goods(telegram, *(entry("Alpha", f"KEY-{n}") for n in range(4)))
        invoice = await order(shopper, "Alpha", quantity=2)
        held = folder.rows("SELECT item_id FROM order_items ORDER BY item_id")
        await shop.kill()
        await shop.start()
        litecoin_node.pay(invoice.address, invoice.amount)
        litecoin_node.mine()
        delivered = await wait_for_text(shopper, "KEY-0", "KEY-1")
        assert "KEY-2" not in delivered
        await shop.kill()
        await shop.start()
        litecoin_node.mine()
        await asyncio.sleep(3 * POLL_SECONDS)
        sold = folder.rows("SELECT id FROM items WHERE is_sold = 1 ORDER BY id")
        assert sold == held
        assert sum("KEY-0" in text for text in texts(shopper)) <= 2
        assert folder.row("SELECT count(*) FROM payments") == (1,)


async def test_a_payment_while_the_shop_is_down_is_in_time_though_found_after_its_time(
    telegram: TelegramServer, litecoin_node: LitecoinNode, new_folder: NewFolder
) -> None:
    folder = new_folder(orders={"timeout_minutes": EXPIRY_SECONDS / 60})
    shopper = telegram.user(7)
    async with RunningShop(folder) as shop:
        await import_goods(telegram, entry("Alpha", "KEY-1"))
        invoice = await order(shopper, "Alpha")
        await shop.kill()
        litecoin_node.pay(invoice.address, invoice.amount)
        litecoin_node.mine()
        await asyncio.sleep(EXPIRY_SECONDS + 1)
        await shop.start()
        await wait_for_text(shopper, "KEY-1")
        assert folder.row("SELECT timeout_count FROM users") == (0,)


async def test_a_payment_after_expiry_is_recorded_and_the_admin_is_told(
    telegram: TelegramServer, litecoin_node: LitecoinNode, new_folder: NewFolder
) -> None:
    folder = new_folder(orders={"timeout_minutes": EXPIRY_SECONDS / 60})
    shopper, admin = telegram.user(7), telegram.user(ADMIN_ID)
    async with RunningShop(folder):
        await import_goods(telegram, entry("Alpha", "KEY-1"))
        invoice = await order(shopper, "Alpha")
        await wait_for_text(shopper, "expired")
        litecoin_node.pay(invoice.address, invoice.amount)
        await wait_for_text(admin, f"#{invoice.order_id}", "0.12500000 LTC", "too late")
        states = "SELECT status, payment_state FROM orders WHERE id = ?"
        assert folder.row(states, invoice.order_id) == ("expired", "late")
        assert folder.row("SELECT count(*) FROM items WHERE is_sold = 1") == (0,)
