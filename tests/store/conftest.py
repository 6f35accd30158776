"""A store for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.opened_store import OpenedStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[OpenedStore]:
    opened = OpenedStore(tmp_path)
    yield opened
    opened.close()
