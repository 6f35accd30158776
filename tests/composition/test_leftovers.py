"""Whose processes are whose, with real processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from composition.leftovers import ProcessNote, ShopAliveError, end_leftovers

PROJECT = Path(__file__).parents[2]
SECONDS = 20.0

# Forks a child that outlives its parent and calls itself something else; both wait to be ended.
HOLDER = """
import os, sys, time
from composition.leftovers import ProcessNote
with ProcessNote(sys.argv[1]) as note:
    note.write({"admin_port": 1})
    child = os.fork()
    if child == 0:
        os.setsid()
    else:
        print(child, flush=True)
    time.sleep(600)
"""
READER = """
import sys, time
file = open(sys.argv[1])
print("open", flush=True)
time.sleep(600)
"""


class Running:
    """A program that runs until the test ends."""

    def __init__(self, text: str, argument: str) -> None:
        self.process = subprocess.Popen(  # noqa: S603 - a text of this file
            [sys.executable, "-c", text, argument], cwd=PROJECT, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline().strip()

    def kill(self) -> None:
        """`kill -9`, and collect it."""
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as made:
        yield made


def holder(stack: ExitStack, store: str) -> tuple[Running, int]:
    running = Running(HOLDER, store)
    stack.callback(running.kill)
    child = int(running.line)
    stack.callback(end, child)
    return running, child


def end(pid: int) -> None:
    if Path(f"/proc/{pid}").exists():
        os.kill(pid, signal.SIGKILL)


def has_ended(pid: int) -> bool:
    """Gone, or dead and not collected yet by whoever is its parent now."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_note_is_refused_while_the_program_that_wrote_it_lives(
    tmp_path: Path, stack: ExitStack
) -> None:
    store = str(tmp_path / "shop.db")
    running, _ = holder(stack, store)
    with pytest.raises(ShopAliveError, match=f"process {running.process.pid}"):
        stack.enter_context(ProcessNote(store))


def test_what_a_killed_program_has_left_is_found_and_ended(
    tmp_path: Path, stack: ExitStack
) -> None:
    store = str(tmp_path / "shop.db")
    running, child = holder(stack, store)
    running.kill()
    note = stack.enter_context(ProcessNote(store))
    assert note.processes() == [child]
    end_leftovers(note, SECONDS)
    assert note.processes() == []
    assert has_ended(child)


def test_who_only_reads_the_note_and_other_shops_are_let_alone(
    tmp_path: Path, stack: ExitStack
) -> None:
    store = str(tmp_path / "shop.db")
    other, child_of_other = holder(stack, str(tmp_path / "other.db"))
    note = stack.enter_context(ProcessNote(store))
    reader = Running(READER, str(note.path))
    stack.callback(reader.kill)
    assert note.end_all(SECONDS) == 0
    assert reader.process.poll() is None
    assert other.process.poll() is None
    assert not has_ended(child_of_other)


def test_a_program_can_wait_for_its_processes_to_go_by_themselves(
    tmp_path: Path, stack: ExitStack
) -> None:
    note = stack.enter_context(ProcessNote(str(tmp_path / "shop.db")))
    assert note.wait_until_gone(0)
    store = str(tmp_path / "other.db")
    running, child = holder(stack, store)
    running.kill()
    others = stack.enter_context(ProcessNote(store))
    assert not others.wait_until_gone(0)
    end(child)
    assert others.wait_until_gone(SECONDS)


def test_the_note_is_private_and_says_which_program_it_is_of(
    tmp_path: Path, stack: ExitStack
) -> None:
    note = stack.enter_context(ProcessNote(str(tmp_path / "new" / "shop.db")))
    note.write({"admin_port": 4711})
    assert note.path.read_text() == f'{{"program_pid": {os.getpid()}, "admin_port": 4711}}\n'
    assert note.path.stat().st_mode & 0o777 == 0o600
