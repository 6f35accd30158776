"""What will never work is refused at the start: one clear line, exit status 2, no traceback."""

from collections.abc import Callable

import pytest

from payments.custody import new_key
from sandbox.telegram import TelegramServer
from tests.end_to_end.conftest import NewFolder
from tests.end_to_end.running_shop import RunningShop, ShopFolder, run_cli
from tests.end_to_end.shopping import entry, import_goods, order
from tests.litecoin_node import LitecoinNode, free_port

pytestmark = [pytest.mark.litecoind, pytest.mark.timeout(300)]

OTHER_MNEMONIC = "legal winner thank year wave sausage worth useful legal winner thank yellow"


def wrong_token(folder: ShopFolder) -> None:
    folder.token = "999:" + "A" * 35
    folder.write()


def wrong_node_password(folder: ShopFolder) -> None:
    (folder.path / "node-password").write_text("not the password")


def wrong_key(folder: ShopFolder) -> None:
    (folder.path / "key").write_text(new_key().hex())


def broken_mnemonic(folder: ShopFolder) -> None:
    (folder.path / "mnemonic.sealed").write_text("abandon abandon abandon")


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (wrong_token, "token"),
        (wrong_node_password, "password"),
        (wrong_key, "key"),
        (broken_mnemonic, "mnemonic"),
    ],
)
async def test_a_wrong_secret_is_one_clear_line_and_exit_status_2(
    new_folder: NewFolder, spoil: Callable[[ShopFolder], None], named: str
) -> None:
    folder = new_folder()
    folder.write()
    spoil(folder)
    status, _, errors = await run_cli("--config", str(folder.config_file), "serve")
    (line,) = errors.splitlines()
    assert status == 2
    assert named in line
    assert "Traceback" not in errors


async def test_a_mnemonic_that_is_none_is_refused_by_init(new_folder: NewFolder) -> None:
    folder = new_folder()
    folder.write()
    (folder.path / "mnemonic.sealed").unlink()
    bad = b"abandon abandon abandon abandon abandon abandon"
    status, _, errors = await run_cli(
        "--config", str(folder.config_file), "init", "--mnemonic-file", "-", stdin=bad
    )
    (line,) = errors.splitlines()
    assert status == 2
    assert "mnemonic" in line
    assert not (folder.path / "mnemonic.sealed").exists()


async def test_a_mnemonic_of_another_shop_is_refused(
    telegram: TelegramServer, new_folder: NewFolder
) -> None:
    folder = new_folder()
    async with RunningShop(folder):
        await import_goods(telegram, entry("Alpha", "KEY-1"))
        await order(telegram.user(7), "Alpha")
    (folder.path / "mnemonic.sealed").unlink()
    (folder.path / "key").unlink()
    (folder.path / "words").write_text(OTHER_MNEMONIC)
    config = ("--config", str(folder.config_file))
    status, _, errors = await run_cli(
        *config, "init", "--mnemonic-file", str(folder.path / "words")
    )
    assert status == 0, errors
    status, _, errors = await run_cli(*config, "serve")
    assert status == 2
    assert "does not give the LTC addresses" in errors
    assert "Traceback" not in errors


async def test_a_node_of_another_network_is_refused(
    new_folder: NewFolder, litecoin_node: LitecoinNode
) -> None:
    folder = new_folder()
    folder.write()
    text = folder.config_file.read_text().replace('"regtest"', '"test"')
    folder.config_file.write_text(text)
    status, _, errors = await run_cli("--config", str(folder.config_file), "serve")
    (line,) = errors.splitlines()
    assert status == 2
    assert "regtest" in line


async def test_a_node_that_cannot_be_reached_takes_no_orders_but_the_shop_starts(
    telegram: TelegramServer, new_folder: NewFolder
) -> None:
    folder = new_folder()
    folder.write()
    text = folder.config_file.read_text().replace(
        folder.node.url, f"http://127.0.0.1:{free_port()}"
    )
    folder.config_file.write_text(text)
    shop = RunningShop(folder)
    await shop.start()
    try:
        report = await import_goods(telegram, entry("Alpha", "KEY-1"))
        assert "1" in report.text
        with pytest.raises(TimeoutError, match="cannot be taken at the moment"):
            await order(telegram.user(7), "Alpha", seconds=3)
    finally:
        assert await shop.stop() == 0
