"""The runtime's benchmark at tiny counts: every subject, in processes of its own."""

import json
from typing import Any

import pytest

from benchmarks.measuring import BenchmarkError, percentile
from benchmarks.runtime import FULL, OWN, SUBJECTS, WANTED, Load, Sizes, measure
from benchmarks.subject import rung_in_time
from benchmarks.subject_process import SubjectProcess

ACTORS = 60
TINY = Sizes(
    loads={
        name: Load(live_actors=ACTORS, creations=20, lead_seconds=1.0 if name != "pykka" else 0)
        for name in SUBJECTS
    },
    rounds=2,
    ask_seconds=0.05,
    serial_seconds=0.05,
    creation_rounds=1,
    spread_seconds=0.5,
)
TIMED = {"timer_late_p50_ms", "timer_late_p99_ms", "timer_late_max_ms"}


def test_one_run_has_all_figures_of_all_subjects() -> None:
    result = json.loads(json.dumps(measure(TINY)))
    assert set(result["wanted"]) == set(WANTED)
    assert result["machine"]["cpus"] >= 1
    assert set(result["peers"]) == {"simpleSystemBase", "pykka", "xoscar"}
    check_asking_and_creating(result)
    check_timers(result)
    for name, figures in result["peers"].items():
        check_asking_and_creating(figures)
        if name == "pykka":
            assert not TIMED & figures.keys()
        else:
            check_timers(figures)


def check_asking_and_creating(figures: dict[str, Any]) -> None:
    for key in ("ask_per_s_idle", "ask_per_s_100k", "ask_serial_per_s"):
        assert 10 < figures[key] < 10_000_000, key
    assert 1 < figures["create_us"] < 1_000_000
    assert 0 < figures["ask_100k_to_idle"] < 100
    for key, (smallest, largest) in figures["spread"].items():
        assert smallest <= figures[key] <= largest, key
    assert figures["live_actors"] == ACTORS
    assert isinstance(figures["bytes_per_actor"], int)


def check_timers(figures: dict[str, Any]) -> None:
    p50, p99, largest = (figures[f"timer_late_{which}_ms"] for which in ("p50", "p99", "max"))
    assert -2 < p50 <= p99 <= largest < 10_000, "uvloop counts in whole milliseconds"


def test_the_full_run_has_the_counts_that_the_figures_are_named_after() -> None:
    assert {name: load.live_actors for name, load in FULL.loads.items()} == {
        OWN: 100_000,
        "simpleSystemBase": 4_000,
        "pykka": 5_000,
        "xoscar": 100_000,
    }
    assert FULL.loads[OWN].creations >= 10_000


def test_a_subject_that_fails_in_its_process_is_told_here() -> None:
    with SubjectProcess("simpleSystemBase", SUBJECTS["simpleSystemBase"]) as process:
        with pytest.raises(
            BenchmarkError, match=r"simpleSystemBase late_seconds failed(.|\n)*lead"
        ):
            process.late_seconds(ACTORS, 0.0, 0.1)
        assert process.ask_per_s(0.05) > 0, "it can still be asked"


def test_a_subject_whose_process_is_gone_is_told_here() -> None:
    with SubjectProcess(OWN, SUBJECTS[OWN]) as process:
        process._process.kill()
        with pytest.raises(BenchmarkError, match="its process is gone"):
            process.ask_per_s(0.05)


def test_live_actors_take_memory() -> None:
    with SubjectProcess(OWN, SUBJECTS[OWN]) as process:
        assert 300 < process.populate(5_000) < 10_000


def test_timers_that_were_armed_too_late_are_armed_again_with_a_longer_lead() -> None:
    leads: list[float] = []

    def ring(lead_seconds: float) -> list[float] | None:
        leads.append(lead_seconds)
        return None if len(leads) == 1 else [0.25]

    assert rung_in_time(ring, 2.0) == [0.25]
    assert leads == [2.0, 4.0]


def test_a_percentile_is_the_nearest_rank() -> None:
    values = [5.0, 1.0, 4.0, 2.0, 3.0]
    assert [percentile(values, percent) for percent in (0, 20, 50, 99, 100)] == [1, 1, 3, 5, 5]
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)
