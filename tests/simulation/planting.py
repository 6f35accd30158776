"""How a mistake is planted: code of the shop is replaced while an episode is played."""

from collections.abc import Callable
from types import ModuleType
from typing import Any
from unittest import mock

import store.writer

Patches = list[Any]
"""What `mock.patch` returns."""
Plant = Callable[[], Patches]

PLANTS: dict[str, Plant] = {}


def planted(function: Plant) -> Plant:
    """Register a mistake under the function's name."""
    PLANTS[function.__name__] = function
    return function


def replaced(owner: type | ModuleType, name: str, value: object) -> Any:  # noqa: ANN401 - see Patches
    """Another value for an attribute of a class or module."""
    return mock.patch.object(owner, name, value)


def without_index(index: str) -> Patches:
    """The store without one of its indexes."""
    inner = store.writer._connect

    def connect(path: str) -> Any:  # noqa: ANN401 - passed on
        connection = inner(path)
        connection.execute(f"DROP INDEX IF EXISTS {index}")
        return connection

    return [replaced(store.writer, "_connect", connect)]
