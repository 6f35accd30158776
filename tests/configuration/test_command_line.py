"""The command line: exit statuses, one line for each error, and the first set-up."""

import io
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import run
from composition.command_line import loaded
from configuration.requirements import Purpose
from store.contract import WriterSettings
from store.writer import StoreWriter

pytestmark = pytest.mark.usefixtures("own_logging")

WORDS = "abandon " * 11 + "about"
FIRST_ADDRESS = "ltc1qjmxnz78nmc8nq77wuxh25n2es7rzm5c2rkk4wh"
ANSWERS = "123456:AAbbCC\n7, 8\nnode password\n"

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for a settings file that is not there yet; nothing on stdin."""
    answer(monkeypatch, "")
    return tmp_path / "shop" / "config.toml"


@pytest.fixture
def words(tmp_path: Path) -> Path:
    path = tmp_path / "words"
    path.write_text(WORDS)
    path.chmod(0o600)
    return path


def answer(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def called(config: Path, *arguments: object) -> int:
    return run.main(["--config", str(config), *map(str, arguments)])


def error_lines(capsys: Captured) -> list[str]:
    lines = capsys.readouterr().err.splitlines()
    assert not any("Traceback" in line for line in lines)
    return lines


def test_init_asks_for_what_is_missing_and_makes_a_shop_that_can_be_served(
    fresh: Path, words: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    answer(monkeypatch, ANSWERS)
    assert called(fresh, "init", "--mnemonic-file", words) == 0
    written = tomllib.loads(fresh.read_text())
    assert written["telegram"]["token"] == "123456:AAbbCC"
    assert written["telegram"]["admin_ids"] == [7, 8]
    settings = loaded(fresh, Purpose.SERVE)
    password = settings.coins.LTC.backends[0].password.get_secret_value()
    assert password == "node password"
    assert "abandon" not in capsys.readouterr().out


def test_what_init_writes_keeps_the_comments_and_is_for_its_owner_alone(
    fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, ANSWERS)
    assert called(fresh, "init") == 0
    template = (run.PROGRAM_FOLDER / "config.toml").read_text().splitlines()
    comments = [line for line in template if line.startswith("#")]
    assert comments
    assert all(comment in fresh.read_text() for comment in comments)
    secrets = fresh.parent / "data" / "secrets"
    for path in [fresh, *secrets.iterdir()]:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(path.name for path in secrets.iterdir()) == [
        "custody.key",
        "litecoind-password",
        "mnemonic.sealed",
    ]


def test_init_seals_the_mnemonic_so_that_addresses_come_from_it(
    config: Path, words: Path, capsys: Captured
) -> None:
    (config.parent / "mnemonic.sealed").unlink()
    (config.parent / "custody.key").unlink()
    assert called(config, "init", "--mnemonic-file", words) == 0
    assert "abandon" not in (config.parent / "mnemonic.sealed").read_text()
    config.write_text(config.read_text().replace('"regtest"', '"main"'))
    capsys.readouterr()
    assert called(config, "custody", "address", "LTC", 0) == 0
    assert capsys.readouterr().out == f"{FIRST_ADDRESS}\n"


def test_init_takes_the_mnemonic_from_stdin(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    (config.parent / "mnemonic.sealed").unlink()
    (config.parent / "custody.key").unlink()
    answer(monkeypatch, f"  {WORDS.upper()}\n")
    before = config.read_text()
    assert called(config, "init", "--mnemonic-file", "-") == 0
    assert config.read_text() == before
    assert called(config, "custody", "address", "LTC", 0) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("rltc1q")


def test_a_new_mnemonic_is_shown_once_and_nothing_is_asked_when_nothing_else_is_missing(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    answer(monkeypatch, "")
    (config.parent / "mnemonic.sealed").unlink()
    (config.parent / "custody.key").unlink()
    assert called(config, "init") == 0
    shown = [line for line in capsys.readouterr().out.splitlines() if len(line.split()) == 24]
    assert len(shown) == 1
    assert called(config, "init") == 2
    captured = capsys.readouterr()
    assert shown[0] not in captured.out + captured.err
    assert "is there already and was left alone; nothing is missing" in captured.err


def test_init_never_writes_over_a_secret(config: Path, words: Path, capsys: Captured) -> None:
    assert called(config, "init", "--mnemonic-file", words) == 2
    assert (config.parent / "custody.key").read_text() == "5a" * 32
    assert (config.parent / "mnemonic.sealed").read_text() == "sealed"
    assert len(error_lines(capsys)) == 1


def test_init_again_fills_in_what_is_missing_and_leaves_the_mnemonic_alone(
    fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, ANSWERS)
    assert called(fresh, "init") == 0
    sealed = (fresh.parent / "data/secrets/mnemonic.sealed").read_text()
    fresh.write_text(fresh.read_text().replace("123456:AAbbCC", ""))
    answer(monkeypatch, "99:zz\n")
    assert called(fresh, "init") == 0
    assert tomllib.loads(fresh.read_text())["telegram"]["token"] == "99:zz"
    assert (fresh.parent / "data/secrets/mnemonic.sealed").read_text() == sealed


def test_a_new_shop_does_not_inherit_the_token_of_the_one_it_is_made_from(
    fresh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.toml").write_text('[telegram]\ntoken = "1:mine"\nadmin_ids = [1]\n')
    monkeypatch.setattr(run, "PROGRAM_FOLDER", tmp_path)
    answer(monkeypatch, "2:theirs\n5\n")
    assert called(fresh, "init") == 0
    assert tomllib.loads(fresh.read_text())["telegram"] == {"token": "2:theirs", "admin_ids": [5]}


def test_init_makes_the_tables_that_are_not_there(
    fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh.parent.mkdir()
    fresh.write_text("[coins.LTC]\nenabled = true\n")
    answer(monkeypatch, "1:a\n5\nhttp://127.0.0.1:9332/\nme\nsecret\n12.50\n")
    assert called(fresh, "init") == 0
    settings = loaded(fresh, Purpose.SERVE)
    assert settings.coins.LTC.backends[0].url == "http://127.0.0.1:9332"
    assert settings.coins.LTC.backends[0].password.get_secret_value() == "secret"
    assert settings.rates.fixed.LTC == "12.50"


def test_a_bad_answer_is_asked_for_again(
    fresh: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    bad_ids = f"me\n\u0665\n0\n{2**52}\n-5\n,\n"
    answer(monkeypatch, f"no token\n1:a\n{bad_ids}{2**52 - 1}, 5\npassword\n")
    assert called(fresh, "init") == 0
    out = capsys.readouterr().out
    assert "this is not a bot token; write what @BotFather gave" in out
    for word in ("me", "\u0665", "0", str(2**52), "-5"):
        assert f'this contains "{word}"; write the numbers of accounts' in out
    assert "as in 123456789, 987654321" in out
    assert "[123456789]" not in out
    assert "this is empty; write at least one number" in out
    assert tomllib.loads(fresh.read_text())["telegram"]["admin_ids"] == [2**52 - 1, 5]


def test_init_ends_with_what_is_still_to_be_done(
    fresh: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("HOLDFAST_RATES__FIXED__LTC", "80.00")
    answer(monkeypatch, ANSWERS)
    assert called(fresh, "init") == 0
    told = capsys.readouterr().out
    assert "compare telegram.token in" in told
    assert "charged at 80.00 USD for one LTC: set rates.fixed.LTC in" in told
    (last,) = told.splitlines()[-1:]
    assert last.startswith("Start the shop with: ")
    assert last.endswith(f"run.py --config {fresh} serve")


def test_init_does_not_doubt_a_usual_token_and_a_rate_of_the_owners(
    fresh: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("HOLDFAST_RATES__FIXED__LTC", "91.5")
    answer(monkeypatch, ANSWERS.replace("AAbbCC", "AAbbCC-_" + "d" * 27))
    assert called(fresh, "init") == 0
    told = capsys.readouterr().out
    assert "telegram.token" not in told
    assert "charged at 91.5 USD for one LTC: set rates.fixed.LTC in" in told


def test_where_nobody_answers_one_line_names_all_that_is_missing_and_nothing_is_written(
    fresh: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    answer(monkeypatch, "1:a\n")
    assert called(fresh, "init") == 2
    (line,) = error_lines(capsys)
    assert "no answer for telegram.admin_ids, coins.LTC.backends[0].password_file" in line
    assert not fresh.parent.exists()


def test_what_the_environment_gives_is_not_asked_for(
    fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLDFAST_TELEGRAM__TOKEN", "1:a")
    monkeypatch.setenv("HOLDFAST_TELEGRAM__ADMIN_IDS", "[5]")
    monkeypatch.setenv("NODE_PASSWORD", "secret")
    monkeypatch.setenv(
        "HOLDFAST_COINS__LTC__BACKENDS",
        '[{"url": "http://n:1", "user": "u", "password_env": "NODE_PASSWORD"}]',
    )
    assert called(fresh, "init") == 0
    assert "1:a" not in fresh.read_text()
    assert loaded(fresh, Purpose.SERVE).telegram.admin_ids == (5,)


def test_an_empty_variable_is_not_asked_for_in_vain(
    fresh: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("HOLDFAST_TELEGRAM__TOKEN", "")
    answer(monkeypatch, ANSWERS)
    assert called(fresh, "init") == 2
    (line,) = error_lines(capsys)
    assert "telegram.token is missing; the variable HOLDFAST_TELEGRAM__TOKEN beats" in line


@pytest.mark.parametrize(
    "text", ["", "abandon " * 12, "abandon " * 11 + "abuot", "about", "\udcff"]
)
def test_a_mnemonic_that_is_none_is_refused_in_one_line_without_its_words(
    config: Path, tmp_path: Path, capsys: Captured, text: str
) -> None:
    (config.parent / "mnemonic.sealed").unlink()
    path = tmp_path / "given"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    path.chmod(0o600)
    (config.parent / "custody.key").unlink()
    assert called(config, "init", "--mnemonic-file", path) == 2
    (line,) = error_lines(capsys)
    assert line.startswith("error: ")
    assert "abandon" not in line
    assert not (config.parent / "mnemonic.sealed").exists()
    assert not (config.parent / "custody.key").exists()


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("custody.key", "00" * 32, "the key does not open the sealed mnemonic"),
        ("custody.key", "short", "is not 32 bytes"),
        ("mnemonic.sealed", "{}", "this is not a sealed mnemonic"),
        ("mnemonic.sealed", None, "mnemonic_file names"),
        ("custody.key", None, "key_file names"),
    ],
)
def test_custody_that_cannot_be_opened_is_one_line_and_exit_status_2(
    fresh: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Captured,
    file: str,
    content: str | None,
    told: str,
) -> None:
    answer(monkeypatch, ANSWERS)
    assert called(fresh, "init") == 0
    capsys.readouterr()
    path = fresh.parent / "data" / "secrets" / file
    path.unlink()
    if content is not None:
        path.write_text(content)
        path.chmod(0o600)
    assert called(fresh, "custody", "address", "LTC", 0) == 2
    (line,) = error_lines(capsys)
    assert told in line


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["custody", "address", "XMR", "0"], "'XMR' is not one of 'BTC', 'LTC', 'ETH', 'SOL'"),
        (["custody", "address", "LTC", "--", "-1"], "-1 is not in the range"),
        (["custody", "address", "LTC"], "Missing argument 'INDEX'"),
        (["sell"], "No such command 'sell'"),
        (["serve", "--fast"], "No such option"),
        (["items", "import", "/none/such.txt"], "/none/such.txt: cannot be read"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_status_2(
    config: Path, capsys: Captured, arguments: list[str], told: str
) -> None:
    assert called(config, *arguments) == 2
    (line,) = error_lines(capsys)
    assert told in line


def test_help_is_exit_status_0(capsys: Captured) -> None:
    assert run.main(["--help"]) == 0
    assert "serve" in capsys.readouterr().out


def test_serve_names_all_that_is_missing_before_anything_starts(
    fresh: Path, capsys: Captured
) -> None:
    fresh.parent.mkdir()
    fresh.write_text((run.PROGRAM_FOLDER / "config.toml").read_text())
    assert called(fresh, "serve") == 2
    names = [line.split(": ")[2].split(" ")[0] for line in error_lines(capsys)]
    assert names[-3:] == [
        "custody.mnemonic_file",
        "custody.key_file",
        "coins.LTC.backends[0].password_file",
    ]
    assert [path.name for path in fresh.parent.iterdir()] == ["config.toml"]


def test_the_program_itself_ends_with_the_status_and_no_traceback(tmp_path: Path) -> None:
    ended = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, run.__file__, "--config", tmp_path / "none.toml", "serve"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1
    assert "there is no such file" in ended.stderr


def test_items_are_imported_once_however_often_the_file_is_given(
    config: Path, tmp_path: Path, capsys: Captured
) -> None:
    file = tmp_path / "items.txt"
    file.write_text("Keys;Windows;A key;12.50;AAA\nKeys;Windows;A key;12.50;BBB\n")
    assert called(config, "items", "import", file) == 0
    assert capsys.readouterr().out == "2 added\n"
    assert called(config, "items", "import", file) == 0
    out = capsys.readouterr().out.splitlines()
    assert out == ["0 added", "line 1: known already, skipped", "line 2: known already, skipped"]


def test_bad_entries_are_named_and_good_ones_taken_with_exit_status_1(
    config: Path, tmp_path: Path, capsys: Captured
) -> None:
    file = tmp_path / "items.txt"
    file.write_text("Keys;Windows;A key;12.50;AAA\nKeys;Windows;A key;0;BBB\n")
    assert called(config, "items", "import", file) == 1
    captured = capsys.readouterr()
    assert captured.out == "1 added\n"
    assert captured.err.startswith("line 2: ")


def test_a_file_that_cannot_be_read_as_items_is_refused_whole(
    config: Path, tmp_path: Path, capsys: Captured
) -> None:
    file = tmp_path / "items.json"
    file.write_bytes(b'[{"category": "\xff"}]')
    assert called(config, "items", "import", file) == 2
    (line,) = error_lines(capsys)
    assert "UTF-8" in line


def test_items_are_not_imported_past_a_shop_that_is_running(
    config: Path, tmp_path: Path, capsys: Captured
) -> None:
    file = tmp_path / "items.txt"
    file.write_text("Keys;Windows;A key;12.50;AAA\n")
    (config.parent / "data").mkdir()
    path = str(config.parent / "data" / "holdfast.db")
    settings = WriterSettings(admin_telegram_ids=(), max_active_orders=1, max_user_timeouts=3)
    shop = StoreWriter(path, settings)
    try:
        assert called(config, "items", "import", file) == 2
    finally:
        shop.close()
    (line,) = error_lines(capsys)
    assert path in line
