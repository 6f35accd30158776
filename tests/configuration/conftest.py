"""Settings files that are complete, to be spoiled by a test in one place."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from loguru import logger

COMPLETE = """\
[telegram]
token = "123456:AAbbCC"
admin_ids = [7]

[rates.fixed]
LTC = "80.00"

[custody]
mnemonic_file = "mnemonic.sealed"
key_file = "custody.key"

[coins.LTC]
enabled = true
network = "regtest"

[[coins.LTC.backends]]
kind = "bitcoind"
url = "http://127.0.0.1:9332"
user = "holdfast"
password_file = "node-password"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A complete settings file with its secrets beside it; nothing opens the mnemonic here."""
    path = tmp_path / "config.toml"
    path.write_text(COMPLETE)
    (tmp_path / "mnemonic.sealed").write_text("sealed")
    (tmp_path / "custody.key").write_text("5a" * 32)
    (tmp_path / "node-password").write_text("correct horse\n")
    return path


@pytest.fixture
def spoil(config: Path) -> Callable[[str, str], Path]:
    """Replace a part of the complete file by another text."""

    def replaced(part: str, by: str) -> Path:
        text = config.read_text()
        assert part in text
        config.write_text(text.replace(part, by, 1))
        return config

    return replaced


@pytest.fixture
def own_logging() -> Iterator[None]:
    """Whatever a test sets up for logging ends with it."""
    handlers, level = logging.root.handlers[:], logging.root.level
    logging.root.handlers[:] = []
    yield
    logger.remove()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
