"""The folder of a demonstration: it is nobody else's while the demonstration runs."""

from pathlib import Path

import pytest

from composition.demo import StartRefusedError, held, serve_demo

ANY_PORT = 0


@pytest.fixture
def running(tmp_path: Path) -> Path:
    """The folder of a demonstration, with something in it."""
    directory = tmp_path / "made" / "demo"
    directory.mkdir(parents=True)
    (directory / ".holdfast-demo").touch()
    (directory / "holdfast.db").write_text("in use")
    return directory


async def test_a_folder_in_use_is_not_cleared_by_a_second_demonstration(running: Path) -> None:
    with held(running), pytest.raises(StartRefusedError, match="--directory"):
        await serve_demo(running, ANY_PORT)
    assert (running / "holdfast.db").read_text() == "in use"


def test_the_same_folder_under_another_name_is_held_too(
    running: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(running.parent)
    with held(running), pytest.raises(StartRefusedError), held(Path("demo")):
        pass


def test_a_folder_is_free_again_when_its_demonstration_has_ended(running: Path) -> None:
    with held(running):
        pass
    with held(running), held(running.with_name("another")):
        pass


async def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letters").write_text("mine")
    with pytest.raises(StartRefusedError, match="no demo"):
        await serve_demo(tmp_path, ANY_PORT)
    assert (tmp_path / "letters").read_text() == "mine"


def test_a_folder_whose_lock_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartRefusedError, match="cannot be written"), held(tmp_path / "file/demo"):
        pass
