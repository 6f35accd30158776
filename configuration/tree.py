"""Raw settings as a tree of tables, held against the names that the models know."""

from difflib import get_close_matches
from typing import get_args

from pydantic import BaseModel

from configuration.problems import Issue, SettingPath
from configuration.unavailable import UNAVAILABLE_KEYS, refusal
from configuration.values import shown

Table = dict[str, object]


def table_model(model: type[BaseModel], key: str) -> type[BaseModel] | None:
    """The model of a key that holds a table; None where it holds a value or a list."""
    field = model.model_fields.get(key)
    annotation = field.annotation if field else None
    is_table = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    return annotation if is_table else None


def row_model(model: type[BaseModel], key: str) -> type[BaseModel] | None:
    """The model of each entry of a key that holds a list of tables; None for every other key."""
    field = model.model_fields.get(key)
    entries = [part for part in get_args(field.annotation if field else None) if part is not ...]
    first = entries[0] if entries else None
    is_table = isinstance(first, type) and issubclass(first, BaseModel)
    return first if is_table else None


def sift(table: Table, model: type[BaseModel], path: SettingPath = ()) -> tuple[Table, list[Issue]]:
    """The part of a table whose keys are known, and what is wrong with the others."""
    known: Table = {}
    issues: list[Issue] = []
    for key, value in table.items():
        here = (*path, key)
        why_not = refusal(here)
        if why_not is not None:
            issues.append(Issue(here, why_not))
        elif key not in model.model_fields:
            issues.append(Issue(here, unknown_text(here, model)))
        else:
            kept, inner = _sift_value(value, model, here)
            issues += inner
            if kept is not None:
                known[key] = kept
    return known, issues


def _sift_value(
    value: object, model: type[BaseModel], path: SettingPath
) -> tuple[object | None, list[Issue]]:
    key = str(path[-1])
    inner_table = table_model(model, key)
    if inner_table is not None:
        if not isinstance(value, dict):
            return None, [Issue(path, f"is {shown(value)}; write a table of settings")]
        return sift(value, inner_table, path)
    inner_row = row_model(model, key)
    if inner_row is None or not isinstance(value, list):
        return value, []
    rows: list[object] = []
    issues: list[Issue] = []
    for index, row in enumerate(value):
        if not isinstance(row, dict):
            issues.append(Issue((*path, index), f"is {shown(row)}; write a table of settings"))
            continue
        kept, inner = sift(row, inner_row, (*path, index))
        rows.append(kept)
        issues += inner
    return rows, issues


def unknown_text(path: SettingPath, model: type[BaseModel]) -> str:
    """Why a key is refused that nobody knows, and which one may be meant."""
    key = str(path[-1])
    names = [name for name in model.model_fields if refusal((*path[:-1], name)) is None]
    depth = len(path)
    later = [name.split(".") for name in UNAVAILABLE_KEYS]
    is_later = any(len(parts) == depth and parts[-1] == key for parts in later)
    close = get_close_matches(key, names, n=1, cutoff=0.6)
    kind = "table" if depth == 1 else "setting"
    if close and not is_later:
        return f"is not a {kind}; did you mean {close[0]}?"
    return f"is not a {kind}; remove it, or write one of: {', '.join(names)}"
