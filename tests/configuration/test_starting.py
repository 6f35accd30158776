"""What is said before the parts of a shop are imported, which takes seconds."""

import sys
from pathlib import Path

import pytest

import run

pytestmark = pytest.mark.usefixtures("own_logging")


@pytest.mark.parametrize(
    ("command", "part"), [("serve", "composition.hosting"), ("demo", "composition.demo")]
)
def test_a_start_is_told_before_what_takes_long_is_imported(
    config: Path,
    command: str,
    part: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # With this Python refuses to import it.
    monkeypatch.setitem(sys.modules, part, None)
    with pytest.raises(ImportError):
        run.main(["--config", str(config), command])
    assert capsys.readouterr().out == f"{run.STARTING}\n"
