"""What several benchmarks need: memory, percentiles, the machine, and a word on the progress."""

import math
import os
import platform
import time
from collections.abc import Sequence
from pathlib import Path

import click

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


_started_at = time.perf_counter()


class BenchmarkError(Exception):
    """A measurement could not be taken; the text says why."""


def progress(text: str) -> None:
    """Tell on stderr how far a benchmark has come, after so many seconds."""
    click.echo(f"{time.perf_counter() - _started_at:6.1f} s  {text}", err=True)


def resident_bytes() -> int:
    """Return the resident memory of this process in bytes (`/proc/self/statm`, see proc(5)).

    Raises:
        BenchmarkError: this is not Linux.
    """
    try:
        fields = Path("/proc/self/statm").read_text(encoding="ascii").split()
    except FileNotFoundError as error:
        raise BenchmarkError("memory is read from /proc/self/statm: run this on Linux") from error
    return int(fields[1]) * PAGE_BYTES


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that `percent` of all do not exceed (nearest rank).

    Raises:
        ValueError: there is no value.
    """
    if not values:
        raise ValueError("no values: give at least one")
    rank = max(1, math.ceil(len(values) * percent / 100))
    return sorted(values)[rank - 1]


def machine() -> dict[str, object]:
    """Describe where this runs: processors, their model, Python, load of the last minute."""
    return {
        "cpus": len(os.sched_getaffinity(0)),
        "model": _processor_model(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "load_average": round(os.getloadavg()[0], 2),
    }


def _processor_model() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return platform.machine()
