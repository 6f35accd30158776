"""Questions to processes, and their end."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from composition.leftovers import ProcessNote

PROJECT = Path(__file__).parents[2]
SECONDS = 100.0


@pytest.fixture
def store(tmp_path: Path) -> str:
    return str(tmp_path / "shop.db")


def run(scene: str, store: str) -> tuple[Any, str]:
    """What a scene saw, and what was logged; no process is left."""
    arguments = [sys.executable, "-m", "tests.composition.system_program", scene, store]
    try:
        program = subprocess.run(  # noqa: S603 - our own program
            arguments, cwd=PROJECT, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    finally:
        with ProcessNote(store) as note:
            left = note.end_all(SECONDS)
    assert program.returncode == 0, program.stderr
    seen = json.loads(program.stdout)
    assert (seen["left"], left) == ([], 0)
    return seen["result"], program.stderr


def test_the_answer_to_a_question_that_timed_out_is_never_taken_for_another_ones(
    store: str,
) -> None:
    seen, _ = run("late_answers", store)
    assert seen == [word for n in range(5) for word in ("timeout", f"question {n}")]


def test_a_second_answer_to_a_question_is_never_taken_for_another_ones(store: str) -> None:
    seen, _ = run("double_answers", store)
    assert seen == ["first", "own", "first", "own"]


def test_threads_that_ask_beside_each_other_get_their_own_answers(store: str) -> None:
    assert run("many_at_once", store)[0] is True


def test_an_actor_whose_process_is_gone_is_told_at_once(store: str) -> None:
    assert run("dead_actor", store)[0] == "nobody there"


def test_a_failing_handler_is_logged_with_its_error_but_not_with_the_message(store: str) -> None:
    seen, log = run("failing_actor", store)
    assert seen == "PoisonMessage"
    assert "ValueError: a reason" in log
    assert "exception on message" in log
    assert "private data" not in log


def test_what_an_actors_thread_has_begun_is_done_before_its_process_is_gone(store: str) -> None:
    run("slow_end", store)
    assert Path(f"{store}.written").read_text() == "written"
