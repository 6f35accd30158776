"""What the share of killed mutants is said to be."""

import json
from pathlib import Path

import pytest

from scripts.mutant_score import main


def stats(tmp_path: Path, **changes: int) -> str:
    counts = {"killed": 0, "timeout": 0, "survived": 0, "no_tests": 0, "total": 0} | changes
    path = tmp_path / "stats.json"
    path.write_text(json.dumps(counts), "utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("counts", "code", "words"),
    [
        ({"killed": 90, "survived": 10, "total": 100}, 0, "90 of 100 mutants killed: 90.0 %"),
        ({"killed": 89, "timeout": 1, "survived": 10, "total": 100}, 0, "90 of 100"),
        ({"killed": 899, "survived": 101, "total": 1_000}, 1, "899 of 1000 mutants killed: 89.9 %"),
        ({"killed": 89, "no_tests": 11, "total": 100}, 1, "89 of 100"),
        ({"killed": 89, "total": 100}, 1, "89 of 100"),
    ],
)
def test_nine_of_ten_are_wanted_and_what_was_not_tried_counts_as_alive(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    counts: dict[str, int],
    code: int,
    words: str,
) -> None:
    assert main([stats(tmp_path, **counts)]) == code
    assert words in capsys.readouterr().out


def test_without_stats_there_is_no_score(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([]) == 2
    assert main([str(tmp_path / "none.json")]) == 2
    assert main([stats(tmp_path)]) == 2
    assert "there is no mutant" in capsys.readouterr().err
