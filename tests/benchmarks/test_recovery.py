"""The benchmark of recovery at a small count: a shop that is killed, and the one after it."""

import json
import time
from pathlib import Path

import pytest

from benchmarks.child_process import ChildProcess, Tell
from benchmarks.measuring import BenchmarkError
from benchmarks.recovery import FULL, WANTED, Sizes, measure

SMALL = Sizes(orders=300, pools=3, orders_before_kill=5)


def test_one_run_has_all_figures_and_every_order_is_there() -> None:
    result = json.loads(json.dumps(measure(SMALL)))
    assert 0 < result["open_s"] <= result["first_order_s"]
    assert result["all_armed_s"] > 0
    assert result["imports_s"] > 0
    # Those which it was killed with may be more than it had told of.
    assert result["orders"] >= SMALL.orders + SMALL.orders_before_kill
    assert set(result["wanted"]) == set(WANTED)
    assert result["machine"]["cpus"] >= 1


def test_the_full_run_has_a_hundred_thousand_orders() -> None:
    assert FULL.orders == 100_000


def fail(tell: Tell, why: str) -> None:
    """Work that tells something, and then fails."""
    tell({"step": 1})
    raise ValueError(why)


def wait(tell: Tell) -> None:
    """Work that takes its time."""
    tell({"step": 1})
    time.sleep(600)


def test_work_that_fails_is_told_here(tmp_path: Path) -> None:
    with ChildProcess(tmp_path / "log", fail, "no such thing") as child:
        assert child.told(60) == {"step": 1}
        with pytest.raises(BenchmarkError, match=r"fail failed(.|\n)*no such thing"):
            child.told(60)


def test_work_that_takes_too_long_or_is_killed_is_told_here(tmp_path: Path) -> None:
    with ChildProcess(tmp_path / "log", wait) as child:
        assert child.told(60) == {"step": 1}
        with pytest.raises(BenchmarkError, match="tells nothing"):
            child.told(0.1)
        child.kill()
        with pytest.raises(BenchmarkError, match="its process is gone"):
            child.told(60)
