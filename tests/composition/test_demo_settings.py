"""What a demonstration takes from its surroundings."""

import tomllib
from pathlib import Path

import pytest

from composition.demo import serve_demo
from composition.demo_settings import demo_config, demo_environment, unheeded
from configuration.loading import load_text
from configuration.problems import ConfigurationError
from configuration.requirements import Purpose
from configuration.settings import Settings
from sandbox.server import Sandbox, SandboxSettings

ENVIRON = {
    "HOLDFAST_ORDERS__MAX_ACTIVE": "2",
    "HOLDFAST_TELEGRAM__TOKEN": "1:a",
    "HOLDFAST_NOTHING__KNOWN": "1",
    "HOLDFAST_ANYTHING": "1",
    "MAX_USER_TIMEOUTS": "1",
    "PATH": "/bin",
}


async def settings_of(environ: dict[str, str], timeout_minutes: float | None) -> Settings:
    made_of = SandboxSettings()
    sandbox = Sandbox(made_of)
    await sandbox.start()
    text = demo_config(sandbox, made_of, timeout_minutes)
    await sandbox.stop()
    environment = demo_environment(environ, timeout_minutes, "password")
    assert "orders" not in tomllib.loads(text) or timeout_minutes is not None
    return load_text(text, Path("config.toml"), environment, purpose=Purpose.STORE)


def test_a_demonstration_heeds_variables_of_orders_alone() -> None:
    assert demo_environment(ENVIRON, None, "secret") == {
        "HOLDFAST_ORDERS__MAX_ACTIVE": "2",
        "MAX_USER_TIMEOUTS": "1",
        "DEMO_NODE_PASSWORD": "secret",
    }
    assert unheeded(ENVIRON) == ["HOLDFAST_NOTHING__KNOWN", "HOLDFAST_TELEGRAM__TOKEN"]


async def test_a_short_time_to_pay_comes_with_a_warning_before_its_end() -> None:
    orders = (await settings_of({}, 2)).orders
    assert (orders.timeout_minutes, orders.warning_minutes, orders.extension_minutes) == (2, 1, 1)


async def test_a_long_time_to_pay_has_the_usual_warning() -> None:
    orders = (await settings_of({}, 60)).orders
    assert (orders.warning_minutes, orders.extension_minutes) == (5, 15)


async def test_the_time_to_pay_on_the_command_line_beats_the_variables() -> None:
    environ = {"ORDER_TIMEOUT_MINUTES": "7", "HOLDFAST_ORDERS__TIMEOUT_MINUTES": "8"}
    assert (await settings_of(environ, 0.5)).orders.timeout_minutes == 0.5
    assert (await settings_of(environ, None)).orders.timeout_minutes == 8


async def test_a_variable_that_cannot_be_is_refused(tmp_path: Path) -> None:
    environ = {"HOLDFAST_ORDERS__MAX_ACTIVE": "none"}
    with pytest.raises(ConfigurationError, match="MAX_ACTIVE"):
        await serve_demo(tmp_path / "demo", 0, environ=environ)
