"""Settings from environment variables."""

from pathlib import Path

import pytest

from configuration.loading import load
from configuration.problems import ConfigurationError
from configuration.requirements import Purpose
from configuration.settings import Settings


def with_environment(config: Path, **environ: str) -> Settings:
    return load(config, environ, purpose=Purpose.SERVE)


def refusal(config: Path, **environ: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        with_environment(config, **environ)
    return list(caught.value.lines)


def test_a_variable_beats_the_file_whatever_the_kind_of_the_value(config: Path) -> None:
    settings = with_environment(
        config,
        HOLDFAST_SHOP__CURRENCY="EUR",
        HOLDFAST_GATEWAY__PORT="9000",
        HOLDFAST_ORDERS__TIMEOUT_MINUTES="0.5",
        HOLDFAST_TELEGRAM__ADMIN_IDS="[1, 2]",
        HOLDFAST_TELEGRAM__TOKEN="5:other",
        HOLDFAST_COINS__LTC__NETWORK="test",
        HOLDFAST_COINS__LTC__CONFIRMATIONS="1",
        HOLDFAST_RATES__FIXED__LTC="81.5",
        HOLDFAST_STORE__PATH="other.db",
    )
    assert settings.shop.currency == "EUR"
    assert settings.gateway.port == 9000
    assert settings.orders.timeout_minutes == 0.5
    assert settings.telegram.admin_ids == (1, 2)
    assert settings.telegram.token.get_secret_value() == "5:other"
    assert settings.coins.LTC.network == "test"
    assert settings.coins.LTC.confirmations == 1
    assert str(settings.fixed_rates()["LTC"]) == "81.5"
    assert settings.store.path == config.parent / "other.db"


def test_truth_values_are_words(config: Path) -> None:
    (line,) = refusal(config, HOLDFAST_COINS__LTC__ENABLED="false")
    assert "enable one" in line
    (line,) = refusal(config, HOLDFAST_COINS__LTC__ENABLED="1")
    assert 'is "1"; write true or false' in line


def test_lists_and_tables_are_json(config: Path) -> None:
    backends = '[{"url": "http://node:1", "user": "u", "password_env": "P"}]'
    settings = with_environment(
        config,
        HOLDFAST_COINS__LTC__BACKENDS=backends,
        HOLDFAST_RATES__FIXED='{"LTC": "12.5"}',
        P="from the environment",
    )
    backend = settings.coins.LTC.backends[0]
    assert backend.url == "http://node:1"
    assert backend.password.get_secret_value() == "from the environment"
    assert str(settings.fixed_rates()["LTC"]) == "12.5"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("HOLDFAST_GATEWAY__PORT", "x", 'gateway.port is "x"; write a whole number'),
        ("HOLDFAST_GATEWAY__PORT", "1e3", "write a whole number"),
        ("HOLDFAST_ORDERS__TIMEOUT_MINUTES", "1e400", "write a number"),
        ("HOLDFAST_ORDERS__TIMEOUT_MINUTES", "nan", "write a number"),
        ("HOLDFAST_TELEGRAM__ADMIN_IDS", "1,2", "is not JSON; lists and tables are written as JS"),
        ("HOLDFAST_TELEGRAM__ADMIN_IDS", "7", "is 7; write a list of Telegram ids"),
        ("HOLDFAST_COINS__LTC__BACKENDS", '[{"urll": "x"}]', "urll is not a setting; did you mean"),
        ("HOLDFAST_COINS__LTC__BACKENDS__0__URL", "x", "lists are written whole, as JSON"),
        ("HOLDFAST_ORDERS__TIMEOUT", "5", "orders.timeout is not a setting; did you mean timeout_"),
        ("HOLDFAST_ODERS__TIMEOUT_MINUTES", "5", "oders is not a table; did you mean orders?"),
        ("HOLDFAST_SHOP__CURRENCY__X", "5", "shop.currency.x is not a setting"),
        ("HOLDFAST_WEBHOOK__SECRET_ENV", "S", "secret_env names the variable S, which has no sec"),
        ("HOLDFAST_TELEGRAM__MODE", "webhook", '"webhook" is not available in this version yet'),
        ("BACKGROUND_TASK_INTERVAL_SECONDS", "0", 'maintenance_interval_seconds is "0"; write a '),
        ("MAX_USER_TIMEOUTS", "none", 'orders.max_user_timeouts is "none"; write a whole number'),
        ("HOLDFAST_ORDERS__LATE_PAYMENT", "x", 'late_payment is "x"; write "revive" or "credit"'),
        ("ORDER_TIMEOUT_MINUTES", "soon", 'orders.timeout_minutes is "soon"; write a number'),
    ],
)  # fmt: skip
def test_a_wrong_variable_is_named_instead_of_a_line(
    config: Path, name: str, value: str, told: str
) -> None:
    lines = refusal(config, **{name: value})
    assert all(line.startswith(f"{name}: ") for line in lines), lines
    assert any(told in line for line in lines), lines


def test_a_variable_with_one_underscore_too_few_is_refused(config: Path) -> None:
    (line,) = refusal(config, HOLDFAST_ORDERS_TIMEOUT_MINUTES="5")
    assert line == (
        "HOLDFAST_ORDERS_TIMEOUT_MINUTES has no effect; write HOLDFAST_ORDERS__TIMEOUT_MINUTES"
    )


def test_variables_with_no_double_underscore_are_free_for_other_uses(config: Path) -> None:
    settings = with_environment(config, HOLDFAST_REQUIRE_NODES="1", HOLDFAST_CUSTODY_SECRET="x")
    assert settings.shop.currency == "USD"


@pytest.mark.parametrize(
    ("bare_name", "key"),
    [
        ("ORDER_TIMEOUT_MINUTES", "timeout_minutes"),
        ("BACKGROUND_TASK_INTERVAL_SECONDS", "maintenance_interval_seconds"),
        ("MAX_USER_TIMEOUTS", "max_user_timeouts"),
    ],
)
def test_a_bare_name_beats_the_file_and_is_beaten_by_the_full_one(
    config: Path, bare_name: str, key: str
) -> None:
    config.write_text(f"{config.read_text()}\n[orders]\n{key} = 11\n")
    assert getattr(with_environment(config, **{bare_name: "12"}).orders, key) == 12
    both = {bare_name: "12", f"HOLDFAST_ORDERS__{key.upper()}": "13"}
    assert getattr(with_environment(config, **both).orders, key) == 13


def test_a_secret_from_the_environment_is_not_told_when_it_is_wrong(config: Path) -> None:
    lines = refusal(config, HOLDFAST_TELEGRAM__TOKEN="hunter2 hunter2")
    assert lines
    assert not any("hunter2" in line for line in lines)
