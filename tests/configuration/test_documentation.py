"""The documentation names every setting: those that work with their default, and the others."""

import re
from pathlib import Path

from pydantic import BaseModel, SecretStr

from configuration.settings import Settings
from configuration.tree import row_model, table_model
from configuration.unavailable import UNAVAILABLE_KEYS

TEXT = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()
COINS = ("BTC", "LTC", "ETH", "SOL")
SHOWN_OTHERWISE = {"telegram.api_url": "Telegram's"}


def live_settings(model: type[BaseModel], prefix: str = "") -> dict[str, object]:
    found: dict[str, object] = {}
    for key, field in model.model_fields.items():
        inner = table_model(model, key) or row_model(model, key)
        if table_model(model, key) is None:
            found[prefix + key] = field.default
        if inner is not None:
            found.update(live_settings(inner, f"{prefix}{key}."))
    return found


def as_written(default: object) -> str:
    match default:
        case SecretStr() | None | () | "":
            return "none"
        case bool():
            return f"`{str(default).lower()}`"
        case str() | Path():
            return f'`"{default}"`'
        case _:
            return f"`{default}`"


def documented_settings() -> dict[str, str]:
    """Each name in a table with its default; a row for all coins has a cell for each."""
    found: dict[str, str] = {}
    for name, cells in re.findall(r"^\| `([A-Za-z0-9_.*]+)` \|(.+)\|$", TEXT, re.MULTILINE):
        defaults = [cell.strip() for cell in cells.split("|")]
        if "*" not in name:
            found[name] = defaults[0]
            continue
        for coin, default in zip(COINS, defaults[: len(COINS)], strict=True):
            if default:
                found[name.replace("*", coin)] = default
    return found


def test_every_setting_that_works_stands_in_the_table_with_its_default() -> None:
    live = live_settings(Settings)
    del live["webhook.secret"]  # filled in from secret_file or secret_env
    for coin in COINS:
        del live[f"coins.{coin}.backends.password"]  # filled in from password_file or password_env
        # Rows of a list that have no defaults; they are told of in the list's own row.
        del live[f"coins.{coin}.confirmations_above.amount"]
        del live[f"coins.{coin}.confirmations_above.confirmations"]
    expected = {name: as_written(default) for name, default in live.items()}
    assert documented_settings() == expected | SHOWN_OTHERWISE


def test_every_setting_without_effect_stands_in_the_list_of_those() -> None:
    section = TEXT[TEXT.index("## Known, and not available yet") :]
    assert [key for key in UNAVAILABLE_KEYS if f"`{key}`" not in section] == []
