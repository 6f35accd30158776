"""Settings files, good and bad: what is read, and what is told of what is wrong."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from configuration.loading import load
from configuration.problems import ConfigurationError
from configuration.requirements import Purpose
from configuration.settings import Settings
from domain.rules import LatePayment, OverPayment, PartialStock

Spoil = Callable[[str, str], Path]


def refusal(path: Path, purpose: Purpose = Purpose.SERVE) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load(path, {}, purpose=purpose)
    return list(caught.value.lines)


def served(path: Path) -> Settings:
    return load(path, {}, purpose=Purpose.SERVE)


def test_a_complete_file_is_loaded_with_defaults_for_what_it_leaves_out(config: Path) -> None:
    settings = served(config)
    assert settings.telegram.admin_ids == (7,)
    assert settings.gateway.port == 8080
    assert settings.operator.port == 8081
    assert settings.telegram.api_url == "https://api.telegram.org"
    assert settings.fixed_rates() == {"LTC": Decimal("80.00")}


def test_paths_are_relative_to_the_settings_file(config: Path) -> None:
    settings = served(config)
    assert settings.store.path == config.parent / "data/holdfast.db"
    assert settings.custody.key_file == config.parent / "custody.key"


def test_an_absolute_path_stays_as_it_is(spoil: Spoil, tmp_path: Path) -> None:
    key = tmp_path / "elsewhere.key"
    key.write_text("5a" * 32)
    settings = served(spoil('"custody.key"', f'"{key}"'))
    assert settings.custody.key_file == key


def test_order_rules_are_made_of_the_settings(spoil: Spoil) -> None:
    path = spoil(
        "[rates.fixed]",
        "[orders]\ntimeout_minutes = 0.05\nunder_payment_tolerance_percent = 0.1\n[rates.fixed]",
    )
    rules = served(path).order_rules()
    assert rules.timeout == timedelta(seconds=3)
    assert rules.under_payment_tolerance_percent == Decimal("0.1")
    assert rules.expiry_grace == timedelta(minutes=30)
    assert rules.monitor_after_expiry == timedelta(days=7)
    assert (rules.warning, rules.extension) == (timedelta(minutes=5), timedelta(minutes=15))
    assert (rules.max_active, rules.max_user_timeouts) == (1, 3)
    assert rules.partial_stock is PartialStock.ASK
    assert rules.late_payment is LatePayment.REVIVE
    assert rules.over_payment is OverPayment.REFUND
    coin = rules.coin("LTC")
    assert coin is not None
    assert (coin.confirmations, coin.smallest_order_base_units) == (3, 50_000)


def test_what_the_owner_chooses_of_the_life_of_orders_is_in_the_rules(spoil: Spoil) -> None:
    chosen = """[orders]
    warning_minutes = 0.5
    extension_minutes = 0
    max_active = 2
    max_user_timeouts = 1
    maintenance_interval_seconds = 1.5
    partial_stock = "reduce"
    late_payment = "credit"
    over_payment = "credit"
    """
    settings = served(spoil("[rates.fixed]", f"{chosen}\n[rates.fixed]"))
    rules = settings.order_rules()
    assert (rules.warning, rules.extension) == (timedelta(seconds=30), timedelta())
    assert (rules.max_active, rules.max_user_timeouts) == (2, 1)
    assert rules.partial_stock is PartialStock.REDUCE
    assert rules.late_payment is LatePayment.CREDIT
    assert rules.over_payment is OverPayment.CREDIT
    assert settings.orders.maintenance_interval_seconds == 1.5


def test_a_time_to_pay_that_is_shorter_than_the_usual_warning_needs_no_other_setting(
    spoil: Spoil,
) -> None:
    path = spoil("[rates", "[orders]\ntimeout_minutes = 1\nwarning_minutes = 5\n[rates")
    assert served(path).orders.timeout_minutes == 1


def test_a_coin_that_is_not_enabled_is_in_no_rules(spoil: Spoil) -> None:
    path = spoil("enabled = true", "enabled = false")
    assert load(path, {}, purpose=Purpose.STORE).order_rules().coins == ()


def test_the_password_of_the_node_is_read_from_its_file_and_never_shown(config: Path) -> None:
    settings = served(config)
    backend = settings.coins.LTC.backends[0]
    assert backend.password.get_secret_value() == "correct horse"
    assert "correct horse" not in repr(settings)
    assert "AAbbCC" not in repr(settings)


def test_the_password_of_the_node_is_read_from_a_variable(spoil: Spoil) -> None:
    path = spoil('password_file = "node-password"', 'password_env = "NODE_PASSWORD"')
    settings = load(path, {"NODE_PASSWORD": "from there"}, purpose=Purpose.SERVE)
    assert settings.coins.LTC.backends[0].password.get_secret_value() == "from there"


@pytest.mark.parametrize(
    ("part", "by", "told"),
    [
        ("admin_ids", "admin_idz", "config.toml:3: telegram.admin_idz is not a setting; did you "),
        ("[rates.fixed]", "[rats.fixed]", "config.toml:5: rats is not a table; did you mean rates"),
        ('"regtest"', '"regnet"', 'coins.LTC.network is "regnet"; write "main" or "test" or'),
        ("enabled = true", 'enabled = "yes"', 'coins.LTC.enabled is "yes"; write true or false'),
        ("[7]", "7", "telegram.admin_ids is 7; write a list"),
        ("[7]", '["@boss"]', 'telegram.admin_ids contains "@boss"; write the numbers'),
        ("[7]", "[true]", "telegram.admin_ids contains true"),
        ('"80.00"', "80.00", 'rates.fixed.LTC is 80.00; write a decimal in quotes, as in "80.00"'),
        ('"80.00"', '"0"', "rates.fixed.LTC is not right:"),
        ('"80.00"', '"1e400"', "rates.fixed.LTC is not right:"),
        ('LTC = "80.00"', 'LCT = "80.00"', "rates.fixed.LCT is not a setting; did you mean LTC?"),
        ('"http://127', '"http://me:secret@127', "has a user name or password inside"),
        ('"http://127', '"ftp://127', "url is not an http or https or tcp or ssl address"),
        ('url = "h', 'uri = "h', "config.toml:18: coins.LTC.backends[0].uri is not a setting"),
        ('"123456:AAbbCC"', '"AAbbCC"', "telegram.token is not a bot token"),
        ('"123456:AAbbCC"', "123456", "telegram.token is 123456; write text in quotes"),
        ('kind = "bitcoind"', 'kind = "bitcoin"', 'kind is "bitcoin"; write "bitcoind"'),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_named_with_its_line_and_what_to_write(
    spoil: Spoil, part: str, by: str, told: str
) -> None:
    lines = refusal(spoil(part, by))
    assert any(told in line for line in lines), lines
    assert all(".toml:" in line for line in lines)


@pytest.mark.parametrize(
    ("section", "setting", "told"),
    [
        ("orders", "timeout_minutes = 0", "write a number from 0.001 to 43200"),
        ("orders", "timeout_minutes = -5", "write a number from 0.001"),
        ("orders", "timeout_minutes = nan", "is NaN; write a number"),
        ("orders", "timeout_minutes = inf", "is Infinity; write a number"),
        ("orders", 'timeout_minutes = "30"', 'is "30"; write a number'),
        ("orders", "timeout_minutes = true", "is true; write a number"),
        ("orders", "max_active = 0", "write a whole number from 1"),
        ("orders", "max_active = 1.5", "is 1.5; write a whole number"),
        ("orders", "max_user_timeouts = 0", "write a whole number from 1"),
        ("orders", "maintenance_interval_seconds = 0", "write a number from 0.1"),
        ("orders", 'partial_stock = "some"', 'write "ask" or "reduce" or "reject"'),
        ("orders", 'late_payment = "keep"', 'write "revive" or "credit" or "refund"'),
        ("orders", 'over_payment = "revive"', 'is "revive"; write "refund" or "credit"'),
        ("orders", "under_payment_tolerance_percent = 100", "from 0 to 50"),
        ("gateway", "port = 70000", "write a whole number from 0 to 65535"),
        ("gateway", 'host = "a b"', "write an address of this machine"),
        ("shop", 'currency = "usd"', "write three capital letters"),
        ("log", 'format = "xml"', 'is "xml"; write "text" or "json"'),
        ("store", 'path = ""', "is empty; write the path of a file"),
    ],
)
def test_a_value_out_of_its_range_is_refused(
    spoil: Spoil, section: str, setting: str, told: str
) -> None:
    (line,) = refusal(spoil("[rates.fixed]", f"[{section}]\n{setting}\n\n[rates.fixed]"))
    assert f".toml:6: {section}.{setting.partition(' ')[0]} " in line
    assert told in line


UNAVAILABLE = [
    'telegram.webhook_secret = "x"',
]


@pytest.mark.parametrize("setting", UNAVAILABLE)
def test_a_setting_without_effect_is_refused_instead_of_ignored(
    tmp_path: Path, setting: str
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(setting)
    (line,) = refusal(path, Purpose.STORE)
    assert "is not available in this version yet; remove it" in line
    assert line.startswith(f"{path}:1: ")


@pytest.mark.parametrize(
    ("setting", "write"),
    [
        ('telegram.mode = "webhook"', "polling"),
        ('actors.system_base = "multiprocQueueBase"', "thespian_asyncio"),
        ('shop.language = "de"', "en"),
    ],
)
def test_a_value_of_a_later_version_is_refused_as_such(
    tmp_path: Path, setting: str, write: str
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(setting)
    (line,) = refusal(path, Purpose.STORE)
    assert f'is not available in this version yet; write "{write}"' in line


@pytest.mark.parametrize(
    ("kind", "more", "told"),
    [
        ("blockbook", "", 'kind "blockbook" is not available in this version yet'),
        ("ethereum", "", 'kind is "ethereum"; write "bitcoind" or "electrum" or "esplora"'),
        ("electrum", "", 'url is no address of kind "electrum"; write one, as in "ssl://'),
        ("electrum", "", 'user is of no use with kind "electrum"; remove it'),
        ("esplora", "", 'password_file is of no use with kind "esplora"; remove it'),
        ("esplora", 'zmq_url = "tcp://x:1"', 'zmq_url is of no use with kind "esplora"; remove it'),
        ("bitcoind", 'zmq_url = "http://x"', "zmq_url is not an tcp or ipc address"),
        ("bitcoind", 'certificate_sha256 = "12"', 'is "12"; write the SHA-256 fingerprint'),
        ("bitcoind", f'certificate_sha256 = "{"AB:" * 31}ab"', 'is of no use without "ssl://"'),
        ("bitcoind", 'ws_url = "ws://x"', "backends[0].ws_url is not a setting"),
    ],
)
def test_what_a_kind_of_backend_cannot_take_is_named(
    spoil: Spoil, kind: str, more: str, told: str
) -> None:
    lines = refusal(spoil('kind = "bitcoind"', f'kind = "{kind}"\n{more}'))
    assert any(told in line for line in lines), lines


def test_second_backend_may_be_of_another_kind(spoil: Spoil) -> None:
    second = '[[coins.LTC.backends]]\nkind = "electrum"\nurl = "ssl://b:50002"\n\n'
    settings = load(
        spoil("[[coins.LTC.backends]]\nkind", f"{second}[[coins.LTC.backends]]\nkind"),
        {},
        purpose=Purpose.SERVE,
    )
    assert [each.kind for each in settings.coins.LTC.backends] == ["electrum", "bitcoind"]


def test_same_backend_twice_is_refused(spoil: Spoil) -> None:
    second = '[[coins.LTC.backends]]\nkind = "esplora"\nurl = "http://127.0.0.1:9332"\n\n'
    (line,) = refusal(
        spoil("[[coins.LTC.backends]]\nkind", f"{second}[[coins.LTC.backends]]\nkind")
    )
    assert "coins.LTC.backends[1].url is that of another backend; remove one of them" in line


def test_a_password_in_the_settings_file_is_refused_without_being_told(spoil: Spoil) -> None:
    lines = refusal(spoil("password_file", 'password = "hunter2hunter2"\npassword_file'))
    assert any("backends[0].password must not stand here" in line for line in lines)
    assert not any("hunter2" in line for line in lines)


def test_everything_that_is_wrong_is_told_at_once_in_the_order_of_the_file(spoil: Spoil) -> None:
    spoil('token = "123456:AAbbCC"', 'token = ""')
    spoil("admin_ids = [7]", "admin_ids = []")
    path = spoil('network = "regtest"', 'network = "regtest"\nconfirmations = 0')
    (path.parent / "custody.key").unlink()
    (path.parent / "node-password").unlink()
    lines = refusal(path)
    names = [line.split(": ")[1].split(" ")[0] for line in lines]
    assert names == [
        "telegram.token",
        "telegram.admin_ids",
        "custody.key_file",
        "coins.LTC.confirmations",
    ]
    lines = refusal(spoil("confirmations = 0", "confirmations = 1"))
    assert "backends[0].password_file names" in lines[-1]
    assert f"python run.py --config {path} init" in lines[-1]


def test_a_wrong_file_for_the_key_is_found_before_anything_starts(spoil: Spoil) -> None:
    path = spoil("", "")
    (path.parent / "custody.key").write_text("a password\n")
    (line,) = refusal(path)
    assert "custody.key_file names no key: the key in" in line
    assert "64 hexadecimal digits" in line
    assert "a password" not in line


def test_a_sealed_mnemonic_that_is_gone_is_to_be_put_back_and_not_written_anew(
    spoil: Spoil,
) -> None:
    path = spoil("", "")
    (path.parent / "mnemonic.sealed").unlink()
    (line,) = refusal(path)
    assert "put your copy of that file back" in line
    assert f'or run "python run.py --config {path} init" for a new shop' in line


@pytest.mark.parametrize(
    ("part", "by", "told"),
    [
        ('LTC = "80.00"', "", "rates.fixed.LTC is missing while LTC is enabled"),
        ('key_file = "custody.key"', "", "custody.key_file is missing; write key_file or key_env"),
        ("[custody]", '[custody]\nkey_env = "K"', "custody.key_env stands beside key_file"),
        ('key_file = "custody.key"', 'key_env = "NO"', "names the variable NO, which is not set"),
        ('key_file = "custody.key"', 'key_file = "."', "is a folder; write the path of a file"),
        ("enabled = true", "enabled = false", "coins.LTC.enabled is false for every coin"),
        ('user = "holdfast"', "", "coins.LTC.backends[0].user is missing"),
        ('url = "http://127.0.0.1:9332"', "", "coins.LTC.backends[0].url is missing"),
        ('password_file = "node-password"', "", "password_file is missing; write password_file or"),
        ("enabled = true", 'enabled = true\ndust = "1"', "coins.LTC.dust is not below smallest"),
        (
            "[rates.fixed]",
            "[orders]\nexpiry_grace_minutes = 0\n[rates.fixed]",
            "orders.expiry_grace_minutes is not longer than from one look at a chain to the next",
        ),
        (
            "enabled = true",
            "enabled = true\npoll_interval_seconds = 1800",
            "orders.expiry_grace_minutes is not longer than from one look at a chain to the next",
        ),
        (
            "password_file",
            'password_env = "P"\npassword_file',
            "password_env stands beside password_file",
        ),
        (
            "[rates.fixed]",
            '[operator]\nhost = "0.0.0.0"\n[rates.fixed]',
            'operator.token is missing while host is "0.0.0.0"; write at least 16 characters',
        ),
        (
            "[rates.fixed]",
            "[orders]\nwarning_minutes = 30\n[rates.fixed]",
            "orders.warning_minutes is not less than orders.timeout_minutes; write less, or 0",
        ),
        ("[rates.fixed]", '[operator]\ntoken = "short"\n[rates.fixed]', "token is too short"),
        ("[rates.fixed]", "[operator]\nport = 8080\n[rates.fixed]", "is 8080 as gateway.port is"),
    ],
)  # fmt: skip
def test_what_the_shop_needs_and_does_not_have_is_named(
    spoil: Spoil, part: str, by: str, told: str
) -> None:
    (line,) = refusal(spoil(part, by))
    assert told in line


def test_a_shop_with_no_backend_is_told_so(spoil: Spoil, config: Path) -> None:
    text = config.read_text()
    config.write_text(text[: text.index("[[coins.LTC.backends]]")])
    (line,) = refusal(config)
    assert "coins.LTC.backends is missing" in line


def test_the_operator_may_be_beyond_loopback_with_a_long_token(spoil: Spoil) -> None:
    path = spoil("[rates", '[operator]\nhost = "0.0.0.0"\ntoken = "0123456789abcdef"\n[rates')
    assert served(path).operator.token.get_secret_value() == "0123456789abcdef"


@pytest.mark.parametrize("content", ["", "\n", "two\nlines\n"])
def test_a_password_file_that_is_not_one_line_is_refused(config: Path, content: str) -> None:
    (config.parent / "node-password").write_text(content)
    (line,) = refusal(config)
    assert "which is not one line; write the node's rpcpassword" in line


def test_custody_needs_no_token_and_the_store_needs_no_custody(config: Path) -> None:
    config.write_text('[custody]\nmnemonic_file = "mnemonic.sealed"\nkey_file = "custody.key"\n')
    assert load(config, {}, purpose=Purpose.CUSTODY).custody.key_file is not None
    (config.parent / "mnemonic.sealed").unlink()
    assert load(config, {}, purpose=Purpose.STORE).shop.currency == "USD"
    (line,) = refusal(config, Purpose.CUSTODY)
    assert "custody.mnemonic_file names" in line


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xff\xfe", "is not UTF-8 (byte 0); save it as UTF-8"),
        (b"[shop]\ncurrency =\n", ":2: is not TOML: "),
        (b"[shop]\n[shop]\n", "is not TOML: "),
        (b"a = " + b"[" * 100_000, "is not TOML: "),
        (b"shop = 3\n", ":1: shop is 3; write a table of settings"),
        (b"coins.LTC.backends = [1]\n", ":1: coins.LTC.backends[0] is 1; write a table"),
        (b"coins.LTC.backends = 1\n", ":1: coins.LTC.backends is 1; write a list of tables"),
    ],
)
def test_a_file_that_is_no_settings_file_is_refused(
    tmp_path: Path, content: bytes, told: str
) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    (line,) = refusal(path, Purpose.STORE)
    assert told in line


def test_a_file_that_is_not_there_is_named_with_the_way_to_make_it(tmp_path: Path) -> None:
    (line,) = refusal(tmp_path / "none.toml", Purpose.STORE)
    assert f"{tmp_path / 'none.toml'}: there is no such file; run" in line
    (line,) = refusal(tmp_path, Purpose.STORE)
    assert "cannot be read" in line


def test_the_settings_file_of_the_repository_lacks_nothing_but_secrets() -> None:
    path = Path(__file__).parents[2] / "config.toml"
    settings = load(path, {"HOLDFAST_TELEGRAM__TOKEN": ""}, purpose=Purpose.STORE)
    defaults = Settings()
    for section in ("shop", "gateway", "actors", "orders", "log"):
        assert getattr(settings, section) == getattr(defaults, section)
    coin, default_coin = settings.coins.LTC, defaults.coins.LTC
    assert coin.enabled
    assert coin.model_copy(update={"enabled": False, "backends": ()}) == default_coin
