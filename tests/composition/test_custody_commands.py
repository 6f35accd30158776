"""`run.py custody ...`: what is shown, what is given out and after what, and what is refused."""

import csv
import io
import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from loguru import logger
from nacl.pwhash import argon2id

import run
from composition.custody_show import gap_limit, ranges
from composition.notice_keys import NoticeKeys
from payments.address_list import read_list
from payments.custody import seal, write_secret
from payments.export_passphrase import Effort, passphrase_file, set_passphrase
from payments.extended_keys import account_key
from payments.hot_addresses import HotSource
from payments.marks import FileMark
from payments.watch_only import WatchOnlyAddresses
from tests.store.opened_store import OpenedStore, order_of, receipt, receipts_changed

MNEMONIC = "abandon " * 11 + "about"
OTHER_MNEMONIC = "legal winner thank year wave sausage worth useful legal winner thank yellow"
KEY = bytes(range(32))
PASSPHRASE = "correct horse"
LITTLE = Effort(passes=argon2id.OPSLIMIT_MIN, memory_bytes=argon2id.MEMLIMIT_MIN)
SETTINGS_FILE = """\
[store]
path = "shop.db"

[custody]
mnemonic_file = "mnemonic"
key_file = "key"

[coins.LTC]
enabled = true
network = "regtest"
"""
Captured = pytest.CaptureFixture[str]
Called = Callable[..., int]


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """Whatever a command sets up for logging ends with it."""
    handlers, level = logging.root.handlers[:], logging.root.level
    logging.root.handlers[:] = []
    yield
    logger.remove()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A shop's settings and secrets, with a passphrase."""
    (tmp_path / "config.toml").write_text(SETTINGS_FILE)
    write_secret(tmp_path / "key", KEY.hex())
    write_secret(tmp_path / "mnemonic", seal(MNEMONIC, KEY))
    set_passphrase(passphrase_file(tmp_path / "mnemonic"), PASSPHRASE, LITTLE)
    (tmp_path / "passphrase").write_text(f"{PASSPHRASE}\n")
    return tmp_path


@pytest.fixture
def shop(folder: Path) -> Iterator[OpenedStore]:
    """A store with two orders, of which the second is paid; open, as while the shop runs."""
    opened = OpenedStore(folder)
    source = HotSource("LTC", "regtest", MNEMONIC, KEY)
    for number in (1, 2):
        order = replace(
            order_of(number, order_id=number, shopper=70 + number),
            address=source.derive(number),
            sealed_key=source.sealed_key(number),
        )
        opened.create(order)
    opened.change(2, 1, receipts_changed(receipt()))
    yield opened
    opened.close()


@pytest.fixture
def called(folder: Path) -> Called:
    def call(*arguments: object) -> int:
        return run.main(["--config", str(folder / "config.toml"), *map(str, arguments)])

    return call


def export(called: Called, folder: Path, *arguments: object) -> int:
    return called("custody", "export", *arguments, "--passphrase-file", folder / "passphrase")


def keys_in(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def audit_of(folder: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "shop.db")) as connection:
        return connection.execute(
            "SELECT by, order_id, detail, why FROM audit_log WHERE what = 'key_exported'"
        ).fetchall()


# --- export ---------------------------------------------------------------------------------------


def test_the_key_of_an_order_is_printed_and_noted(
    called: Called, folder: Path, shop: OpenedStore, capsys: Captured
) -> None:
    shop.close()
    assert export(called, folder, "--order", 1, "--stdout") == 0
    captured = capsys.readouterr()
    (row,) = keys_in(captured.out)
    address = HotSource("LTC", "regtest", MNEMONIC, KEY).derive(1)
    assert (row["order_id"], row["address"], row["path"]) == ("1", address, "m/84'/1'/0'/0/1")
    assert (row["form"], row["key"][0]) == ("WIF", "c")
    assert "extended public key has every key" in captured.err
    noted = ("admin", 1, "LTC address 1", "exported at the command line")
    assert audit_of(folder) == [noted]
    assert row["key"] not in str(audit_of(folder))


def test_keys_of_all_orders_with_money_go_into_a_file_of_the_owners(
    called: Called, folder: Path, shop: OpenedStore, capsys: Captured
) -> None:
    shop.close()
    output = folder / "keys.csv"
    assert export(called, folder, "--funded", "--output", output) == 0
    assert output.stat().st_mode & 0o777 == 0o600
    assert [row["order_id"] for row in keys_in(output.read_text())] == ["2"]
    (row,) = keys_in(output.read_text())
    captured = capsys.readouterr()
    assert row["key"] not in captured.out + captured.err
    assert export(called, folder, "--funded", "--output", output) == 2
    assert "is there already" in capsys.readouterr().err
    assert len(audit_of(folder)) == 1


@pytest.mark.parametrize(
    "expected",
    [
        ("BTC", "WIF", "KyZpNDKnfs94vbrwhJneDi77V6jF64PWPF8x5cdJb8ifgg2DUc9d"),
        ("ETH", "hex", "0x1ab42cc412b618bdea3a599e3c9bae199ebf030895b039e9db1e30dafb12b727"),
    ],
)
def test_the_key_of_any_index_can_be_had(
    called: Called,
    folder: Path,
    shop: OpenedStore,
    capsys: Captured,
    expected: tuple[str, str, str],
) -> None:
    shop.close()
    assert export(called, folder, "--index", expected[0], 0, "--stdout") == 0
    (row,) = keys_in(capsys.readouterr().out)
    assert row["order_id"] == ""
    assert (row["coin"], row["form"], row["key"]) == expected


def test_a_key_of_sol_gives_no_other_away(
    called: Called, folder: Path, shop: OpenedStore, capsys: Captured
) -> None:
    shop.close()
    assert export(called, folder, "--index", "SOL", 0, "--stdout") == 0
    captured = capsys.readouterr()
    assert keys_in(captured.out)[0]["form"] == "base58"
    assert captured.err == ""


def test_without_the_passphrase_no_key_goes_out_and_none_is_noted(
    called: Called, folder: Path, shop: OpenedStore, capsys: Captured
) -> None:
    shop.close()
    (folder / "passphrase").write_text("wrong horse\n")
    assert export(called, folder, "--funded", "--stdout") == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "this is not the passphrase" in captured.err
    passphrase_file(folder / "mnemonic").unlink()
    assert export(called, folder, "--funded", "--stdout") == 2
    assert "custody passphrase" in capsys.readouterr().err
    assert called("custody", "export", "--funded", "--stdout") == 2
    assert "answer in a terminal" in capsys.readouterr().err
    assert audit_of(folder) == []


def test_while_the_shop_runs_nothing_can_be_noted_so_no_key_goes_out(
    called: Called, folder: Path, shop: OpenedStore, capsys: Captured
) -> None:
    assert export(called, folder, "--order", 1, "--stdout") == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "stop that shop first" in captured.err


def test_an_order_keeps_its_key_when_the_mnemonic_is_another(
    called: Called, folder: Path, shop: OpenedStore, capsys: Captured
) -> None:
    shop.close()
    (folder / "mnemonic").write_text(seal(OTHER_MNEMONIC, KEY))
    assert export(called, folder, "--order", 2, "--stdout") == 0
    (row,) = keys_in(capsys.readouterr().out)
    assert row["address"] == HotSource("LTC", "regtest", MNEMONIC, KEY).derive(2)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--order", 9, "--stdout"), "there is no order 9"),
        (("--stdout",), "write one of --order N, --funded, --index COIN N"),
        (("--order", 1, "--funded", "--stdout"), "write one of"),
        (("--order", 1), "--output FILE or --stdout"),
        (("--index", "XMR", 1, "--stdout"), "is not one of"),
    ],
)
def test_a_wish_that_cannot_be_is_refused(
    called: Called,
    folder: Path,
    shop: OpenedStore,
    capsys: Captured,
    arguments: tuple[object, ...],
    told: str,
) -> None:
    shop.close()
    assert export(called, folder, *arguments) == 2
    captured = capsys.readouterr()
    assert told in captured.err
    assert captured.out == ""


def test_where_no_key_is_none_is_exported(
    called: Called, folder: Path, shop: OpenedStore, capsys: Captured
) -> None:
    (folder / "config.toml").write_text('[custody]\nmode = "watch_only"\n[store]\npath="shop.db"\n')
    assert export(called, folder, "--order", 1, "--stdout") == 2
    assert "no key is on this machine" in capsys.readouterr().err


def test_a_passphrase_is_changed_by_who_knows_it(
    called: Called, folder: Path, capsys: Captured
) -> None:
    (folder / "new").write_text("another horse\n")
    change = ("custody", "passphrase", "--passphrase-file", folder / "new")
    (folder / "wrong").write_text("no such horse\n")
    assert called(*change, "--old-passphrase-file", folder / "wrong") == 2
    assert "this is not the passphrase" in capsys.readouterr().err
    assert called(*change, "--old-passphrase-file", folder / "passphrase") == 0
    assert called(*change, "--old-passphrase-file", folder / "passphrase") == 2


# --- show -----------------------------------------------------------------------------------------


def test_what_a_wallet_must_know_is_shown_while_the_shop_runs(
    called: Called, folder: Path, shop: OpenedStore, capsys: Captured
) -> None:
    with FileMark(folder / "mnemonic.marks", "LTC", "regtest") as mark:
        mark.write(16)
        assert called("custody", "show") == 0
    assert capsys.readouterr().out.splitlines() == [
        "LTC on regtest",
        "  path: m/84'/1'/0'/0/i",
        "  addresses of orders: 2, the highest index is 2",
        "  mark: 16",
        "  funded indexes: 2",
        "  highest funded index: 2",
        "  gap limit to set in the wallet: 20",
    ]
    assert called("custody", "show", "SOL") == 0
    assert "m/44'/501'/i'/0'" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("funded", "handed_out", "limit"),
    [((), 0, 20), ((0,), 1, 20), ((30,), 31, 31), ((0, 45), 46, 45), ((0,), 100, 100)],
)
def test_a_wallet_with_that_gap_limit_finds_all(
    funded: tuple[int, ...], handed_out: int, limit: int
) -> None:
    assert gap_limit(funded, handed_out) == limit


def test_indexes_in_a_row_are_written_together() -> None:
    assert ranges([0, 1, 2, 7, 9, 10]) == "0-2, 7, 9-10"
    assert ranges([]) == ""


# --- prepare --------------------------------------------------------------------------------------


def test_what_is_prepared_runs_a_shop_without_keys(
    called: Called, folder: Path, capsys: Captured
) -> None:
    prepare = ("custody", "prepare")
    assert called(*prepare, "SOL", "--count", 3, "--start", 5, "--output", folder / "list") == 0
    listed = read_list(folder / "list", "SOL", "main")
    assert listed.addresses[0] == HotSource("SOL", "main", MNEMONIC, KEY).derive(5)
    capsys.readouterr()
    assert called(*prepare, "LTC") == 0
    captured = capsys.readouterr()
    key = captured.out.strip()
    assert "export none while a shop uses it" in captured.err
    recipe = WatchOnlyAddresses(
        coin="LTC", network="regtest", extended_public_key=key, marks_file=folder / "m"
    )
    expected = HotSource("LTC", "regtest", MNEMONIC, KEY).derive(3)
    assert recipe.open().derive(3) == expected
    watching = SETTINGS_FILE.replace("[custody]", '[custody]\nmode = "watch_only"')
    watching = watching.replace("enabled = true", f'enabled = true\nextended_public_key = "{key}"')
    (folder / "config.toml").write_text(watching)
    assert called("custody", "address", "LTC", 3) == 0
    assert capsys.readouterr().out.strip() == expected
    assert called("custody", "show") == 0
    assert "  descriptor: wpkh(tpub" in capsys.readouterr().out


def test_words_alone_are_enough_on_a_machine_without_settings(
    called: Called, folder: Path, capsys: Captured
) -> None:
    (folder / "config.toml").unlink()
    (folder / "words").write_text(MNEMONIC)
    arguments = ("custody", "prepare", "BTC", "--mnemonic-file", folder / "words")
    assert called(*arguments, "--network", "test") == 0
    key = capsys.readouterr().out.strip()
    assert key.startswith("vpub")
    account_key(key, "BTC", "test")
    assert called(*arguments, "--network", "signet") == 2
    assert "there are no BTC addresses" in capsys.readouterr().err


def test_the_public_key_of_a_hot_shop_is_not_shown(
    called: Called, folder: Path, capsys: Captured
) -> None:
    with FileMark(folder / "mnemonic.marks", "LTC", "regtest") as mark:
        mark.write(16)
    assert called("custody", "prepare", "LTC") == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "its extended public key is never shown" in captured.err


# --- keys in notices ------------------------------------------------------------------------------


def notice_keys(folder: Path, store: str = "shop.db", key_file: str = "key") -> NoticeKeys:
    return NoticeKeys(
        store_path=folder / store,
        key_file=folder / key_file,
        key_env=None,
        networks={"LTC": "regtest"},
    )


def test_the_key_in_a_notice_is_the_one_that_is_exported_while_the_shop_runs(
    called: Called, folder: Path, shop: OpenedStore, capsys: Captured
) -> None:
    key = notice_keys(folder).key_of(1)
    shop.close()
    assert export(called, folder, "--order", 1, "--stdout") == 0
    assert [row["key"] for row in keys_in(capsys.readouterr().out)] == [key]


def test_a_key_that_cannot_be_opened_is_left_out_of_its_notice(
    folder: Path, shop: OpenedStore, capsys: Captured
) -> None:
    write_secret(folder / "other", bytes(32).hex())
    assert notice_keys(folder, key_file="other").key_of(1) is None
    assert notice_keys(folder, key_file="missing").key_of(1) is None
    assert notice_keys(folder).key_of(99) is None
    shop.close()
    assert notice_keys(folder, store="none.db").key_of(1) is None
