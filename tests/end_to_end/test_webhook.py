"""Payments that a processor reports to the shop: on a real node, and where there is none."""

import asyncio
import time
from pathlib import Path

import pytest

from gateway.webhook import PATH
from sandbox.telegram import TelegramServer
from tests.end_to_end.conftest import NewFolder
from tests.end_to_end.running_shop import RunningShop, ShopFolder, until
from tests.end_to_end.shopping import Invoice, entry, import_goods, order, texts, wait_for_text
from tests.gateway.reporting import Answer, encoded, post, signed
from tests.litecoin_node import LitecoinNode

pytestmark = [pytest.mark.litecoind, pytest.mark.timeout(300)]

SECRET = "a secret of the processor's"
SECRET_FILE = "webhook-secret"
POLL_SECONDS = 120.0
MOMENTS_SECONDS = 20.0
BASES = ["thespian_asyncio", "multiprocTCPBase"]


def with_secret(folder: ShopFolder) -> ShopFolder:
    folder.path.mkdir(parents=True, exist_ok=True)
    (folder.path / SECRET_FILE).write_text(f"{SECRET}\n")
    (folder.path / SECRET_FILE).chmod(0o600)
    return folder


async def send(folder: ShopFolder, invoice: Invoice, **fields: object) -> Answer:
    """A processor's report of a payment that pays an invoice."""
    body = encoded(
        {
            "coin": "LTC",
            "address": invoice.address,
            "amount": invoice.amount,
            "transaction_id": "ab" * 32,
            "output_index": 0,
            "confirmations": 0,
        }
        | fields
    )
    url = f"http://127.0.0.1:{folder.gateway_port}{PATH}"
    return await post(url, body, signed(body, secret=SECRET.encode()))


def payment(node: LitecoinNode, invoice: Invoice) -> dict[str, object]:
    """Pay an invoice; the transaction and output, as a processor that watches the node has them."""
    transaction_id = node.pay(invoice.address, invoice.amount)
    outputs = node.call("getrawtransaction", transaction_id, True)["vout"]
    (index,) = [
        each["n"] for each in outputs if invoice.address in each["scriptPubKey"]["addresses"]
    ]
    return {"transaction_id": transaction_id, "output_index": index}


@pytest.mark.parametrize("system_base", BASES)
async def test_reported_payment_is_seen_and_delivered_long_before_the_next_look_is_due(
    telegram: TelegramServer, litecoin_node: LitecoinNode, new_folder: NewFolder, system_base: str
) -> None:
    folder = with_secret(
        new_folder(
            actors={"system_base": system_base},
            webhook={"secret_file": SECRET_FILE},
            poll_interval_seconds=POLL_SECONDS,
        )
    )
    shopper = telegram.user(7)
    async with RunningShop(folder) as shop:
        await import_goods(telegram, entry("Alpha", "KEY-1"))
        invoice = await order(shopper, "Alpha")
        began = time.monotonic()
        # What nobody has paid is believed by nobody, however well it is signed.
        assert (await send(folder, invoice, confirmations=9)).status == 200
        await until(lambda: "is reported that the chain does not show" in shop.log(), 60, "a look")
        paid = payment(litecoin_node, invoice)
        assert (await send(folder, invoice, **paid)).body == {"status": "recorded"}
        await wait_for_text(shopper, "0.12500000 LTC", "seen", seconds=MOMENTS_SECONDS)
        assert not any("KEY-1" in text for text in texts(shopper))
        litecoin_node.mine()
        assert (await send(folder, invoice, **paid, confirmations=1)).status == 200
        await wait_for_text(shopper, "KEY-1", seconds=MOMENTS_SECONDS)
        assert (await send(folder, invoice, **paid, confirmations=1)).body == {"status": "known"}
        assert time.monotonic() - began < POLL_SECONDS
        assert await shop.stop() == 0
    receipts = folder.rows("SELECT transaction_id, output_index FROM payments")
    assert receipts == [(paid["transaction_id"], paid["output_index"])]
    assert len(folder.rows("SELECT * FROM payment_reports")) == 2


@pytest.mark.parametrize("system_base", BASES)
async def test_report_brings_the_goods_where_the_coin_has_no_backend(
    telegram: TelegramServer, new_folder: NewFolder, system_base: str
) -> None:
    folder = with_secret(
        new_folder(
            actors={"system_base": system_base},
            webhook={"secret_file": SECRET_FILE, "trust": "accept"},
            has_backend=False,
            confirmations=2,
        )
    )
    shopper = telegram.user(7)
    async with RunningShop(folder) as shop:
        assert "LTC has no backend: whatever is reported with the shared secret" in shop.log()
        await import_goods(telegram, entry("Alpha", "KEY-1"))
        invoice = await order(shopper, "Alpha")
        assert (await send(folder, invoice)).status == 200
        await wait_for_text(shopper, "0.12500000 LTC", "seen", seconds=MOMENTS_SECONDS)
        assert (await send(folder, invoice, confirmations=2)).status == 200
        await wait_for_text(shopper, "KEY-1", seconds=MOMENTS_SECONDS)
        assert await shop.stop() == 0
        assert SECRET not in shop.log()


async def test_without_a_secret_there_is_no_such_page(new_folder: NewFolder) -> None:
    folder = new_folder()
    async with RunningShop(folder):
        nobody = Invoice(message_id=0, order_id=0, amount="1", address="rltc1q" + "z" * 38)
        assert (await send(folder, nobody)).status == 404


async def test_example_of_the_documentation_is_taken(
    telegram: TelegramServer, new_folder: NewFolder, tmp_path: Path
) -> None:
    text = (Path(__file__).parents[2] / "docs" / "webhook.md").read_text()
    script = text[text.index("```sh\n") + 6 : text.index("```", text.index("```sh\n") + 6)]
    folder = with_secret(new_folder(webhook={"secret_file": SECRET_FILE}))
    async with RunningShop(folder):
        await import_goods(telegram, entry("Alpha", "KEY-1"))
        invoice = await order(telegram.user(7), "Alpha")
        script = (
            script.replace("data/secrets/webhook-secret", str(folder.path / SECRET_FILE))
            .replace("http://127.0.0.1:8080", f"http://127.0.0.1:{folder.gateway_port}")
            .replace("ltc1qjmxnz78nmc8nq77wuxh25n2es7rzm5c2rkk4wh", invoice.address)
        )
        assert invoice.address in script
        process = await asyncio.create_subprocess_exec(
            "sh", "-ec", script, stdout=asyncio.subprocess.PIPE, cwd=tmp_path
        )
        output, _ = await asyncio.wait_for(process.communicate(), MOMENTS_SECONDS)
        assert output.decode().splitlines()[-1] == '{"status": "recorded"}'
        assert len(folder.rows("SELECT * FROM payment_reports")) == 1
