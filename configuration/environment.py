"""Settings from environment variables.

`HOLDFAST_SECTION__KEY`, two underscores between the parts, beats the settings file; lists and
tables are written as JSON. The three of `BARE_NAMES` are known under these names too.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from pydantic import BaseModel

from configuration.problems import Issue, SettingPath
from configuration.settings import Settings
from configuration.tree import Table, row_model, table_model
from configuration.unavailable import UNAVAILABLE_KEYS
from configuration.values import Written

PREFIX = "HOLDFAST_"
BARE_NAMES: dict[str, SettingPath] = {
    "ORDER_TIMEOUT_MINUTES": ("orders", "timeout_minutes"),
    "BACKGROUND_TASK_INTERVAL_SECONDS": ("orders", "maintenance_interval_seconds"),
    "MAX_USER_TIMEOUTS": ("orders", "max_user_timeouts"),
}
_LISTS: frozenset[SettingPath] = frozenset({("telegram", "admin_ids"), ("rates", "sources")})


@dataclass(frozen=True, slots=True)
class Overlay:
    """What the environment says. `variables`: which variable each path comes from."""

    values: dict[SettingPath, object] = field(default_factory=dict)
    variables: dict[SettingPath, str] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)


def from_environment(environ: Mapping[str, str]) -> Overlay:
    """Every setting that the environment gives, its value checked for JSON where that is due."""
    overlay = Overlay()
    for name, path in BARE_NAMES.items():
        if name in environ:
            _put(overlay, name, path, environ[name])
    single = _single_underscore_names()
    for name in sorted(environ, key=lambda name: (name.count("__"), name)):
        if not name.startswith(PREFIX):
            continue
        if "__" in name:
            _put(overlay, name, path_of(name), environ[name])
        elif name in single:
            overlay.variables[(name,)] = name
            overlay.issues.append(Issue((name,), f"has no effect; write {single[name]}"))
    return overlay


def path_of(name: str) -> SettingPath:
    """The setting that a variable names: upper case stands for the case that the setting has."""
    path: SettingPath = ()
    model: type[BaseModel] | None = Settings
    for part in name.removeprefix(PREFIX).split("__"):
        known = _names_below(model, path)
        key = next((key for key in known if key.upper() == part.upper()), part.lower())
        path = (*path, key)
        model = table_model(model, key) if model is not None else None
    return path


def laid_over(table: Table, values: Mapping[SettingPath, object]) -> Table:
    """A copy of the table with these values in their places.

    Where the way to a place leads through something that is no table, that is left as it is: it is
    an error of its own.
    """
    result = dict(table)
    for path, value in values.items():
        key, rest = str(path[0]), path[1:]
        inner = result.get(key, {})
        if not rest:
            result[key] = value
        elif isinstance(inner, dict):
            result[key] = laid_over(inner, {rest: value})
    return result


def _put(overlay: Overlay, name: str, path: SettingPath, text: str) -> None:
    overlay.variables[path] = name
    model = _model_around(path)
    if model is None and _leads_through_a_value(path):
        overlay.issues.append(Issue(path, "is not a setting; lists are written whole, as JSON"))
        return
    if model is None or not _is_structured(path, model):
        overlay.values[path] = Written(text)
        return
    try:
        overlay.values[path] = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        overlay.issues.append(Issue(path, "is not JSON; lists and tables are written as JSON"))


def _model_around(path: SettingPath) -> type[BaseModel] | None:
    model: type[BaseModel] | None = Settings
    for part in path[:-1]:
        model = table_model(model, str(part)) if model is not None else None
    return model


def _leads_through_a_value(path: SettingPath) -> bool:
    for length in range(1, len(path)):
        model = _model_around(path[:length])
        key = str(path[length - 1])
        if model is not None and key in model.model_fields and not table_model(model, key):
            return True
    return False


def _is_structured(path: SettingPath, model: type[BaseModel]) -> bool:
    key = str(path[-1])
    return bool(table_model(model, key) or row_model(model, key) or path in _LISTS)


def _names_below(model: type[BaseModel] | None, path: SettingPath) -> list[str]:
    live = list(model.model_fields) if model is not None else []
    later = [tuple(name.split(".")) for name in UNAVAILABLE_KEYS]
    return live + [parts[len(path)] for parts in later if parts[: len(path)] == path != parts]


def _single_underscore_names() -> dict[str, str]:
    """Names that look right but for one underscore, and the names that are meant."""
    names: dict[str, str] = {}
    for section in Settings.model_fields:
        model = table_model(Settings, section)
        for key in model.model_fields if model is not None else ():
            start = f"{PREFIX}{section.upper()}"
            names[f"{start}_{key.upper()}"] = f"{start}__{key.upper()}"
    return names
