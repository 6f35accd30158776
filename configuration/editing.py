"""Changing a settings file as its owner would: comments, order and spelling of the rest stay."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Protocol, cast

import tomlkit
from tomlkit.items import AoT, Array

from configuration.problems import SettingPath

_PERSONAL: dict[SettingPath, object] = {
    ("telegram", "token"): "",
    ("telegram", "admin_ids"): [],
    ("operator", "token"): "",
}


class _Node(Protocol):
    """A table by its keys, or a list of tables by its indices."""

    def __contains__(self, part: object) -> bool: ...
    def __getitem__(self, part: str | int) -> object: ...
    def __setitem__(self, part: str | int, value: object) -> None: ...


def with_values(text: str, values: Mapping[SettingPath, object]) -> str:
    """The text of a settings file with these settings set; tables that are not there are made."""
    document = tomlkit.parse(text)
    for path, value in values.items():
        _put(cast("_Node", document), path, value)
    return tomlkit.dumps(document)


def without_personal_values(text: str) -> str:
    """The text without what belongs to one shop alone: its token and its admins."""
    return with_values(text, _PERSONAL)


def _put(node: _Node, path: SettingPath, value: object) -> None:
    for part, following in pairwise(path):
        if isinstance(part, int):
            _lengthen(node, part)
        elif part not in node:
            node[part] = tomlkit.aot() if isinstance(following, int) else tomlkit.table()
        node = cast("_Node", node[part])
    node[path[-1]] = value


def _lengthen(rows: object, index: int) -> None:
    """Make room for one more row where `index` is the first that is not there."""
    if isinstance(rows, AoT) and len(rows) == index:
        rows.append(tomlkit.table())
    elif isinstance(rows, Array) and len(rows) == index:
        rows.append(tomlkit.inline_table())
