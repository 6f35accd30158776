import importlib
import json

import pytest
from click.testing import CliRunner, Result

from benchmarks import __main__ as command_line
from benchmarks.tables import is_met, table

NAMED = command_line.BENCHMARKS

RESULT: dict[str, object] = {
    "ask_per_s": 210_000,
    "create_us": 19.5,
    "machine": {"cpus": 2},
    "wanted": {"ask_per_s": {"at_least": 200_000}, "create_us": {"at_most": 15}},
    "peers": {"other": {"ask_per_s": 1_000, "machine": {"cpus": 3}}},
}


def measure() -> dict[str, object]:
    """Stand in for a benchmark: the command line imports this module by its name."""
    return RESULT.copy()


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_line, "BENCHMARKS", {"this": __name__, "that": __name__})


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command_line.main, arguments)


def test_with_json_the_last_line_is_one_object() -> None:
    result = run("this", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout.splitlines()[-1]) == RESULT


def test_without_json_there_is_a_table_of_measured_wanted_and_peers() -> None:
    result = run("this")
    assert result.exit_code == 0
    rows = [line.split() for line in result.stdout.splitlines()]
    assert rows == [
        ["measured", "wanted", "other"],
        ["ask_per_s", "210,000", "at", "least", "200,000:", "met", "1,000"],
        ["create_us", "19.5", "at", "most", "15:", "NOT", "met", "-"],
        ["machine.cpus", "2", "3"],
    ]


def test_an_unknown_name_exits_with_2_and_says_which_there_are() -> None:
    result = run("runtimes", "--json")
    assert result.exit_code == 2
    assert "'runtimes': give this or that" in result.stderr
    assert result.stdout == ""


def test_a_benchmark_with_failures_exits_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RESULT, "failures", ["3 cells stayed behind"])
    result = run("this", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout.splitlines()[-1])["failures"] == ["3 cells stayed behind"]


def test_every_benchmark_that_has_a_name_can_be_measured() -> None:
    for module in NAMED.values():
        assert callable(importlib.import_module(module).measure)


def test_a_table_without_wanted_figures_has_no_column_for_them() -> None:
    assert table({"rates": {"sol": 1.25}}).split() == ["measured", "rates.sol", "1.25"]


def test_a_limit_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="give at_least or at_most"):
        is_met(1, {"around": 2})
