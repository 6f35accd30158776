"""thespian_asyncio beside simpleSystemBase, Pykka and xoscar, all in one run.

Every subject has two processes: an idle one, and one full of live actors that each hold a timer.
Their measurements are short and take turns, so that a machine that changes its speed, or has other
work, does so to all of them; what is reported is the median, and `spread` has the smallest and
the largest. How full and idle compare is the median of the ratios of neighbouring measurements.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median

from benchmarks.measuring import machine, percentile, progress
from benchmarks.runtime_asyncio import EventLoopSubject
from benchmarks.runtime_pykka import PykkaSubject
from benchmarks.runtime_simple import SimpleBaseSubject
from benchmarks.runtime_xoscar import XoscarSubject
from benchmarks.subject import Subject
from benchmarks.subject_process import SubjectProcess
from benchmarks.tables import is_met

OWN = "thespian_asyncio"
SUBJECTS: dict[str, Callable[[], Subject]] = {
    OWN: EventLoopSubject,
    "simpleSystemBase": SimpleBaseSubject,
    "pykka": PykkaSubject,
    "xoscar": XoscarSubject,
}
WANTED: dict[str, dict[str, float]] = {
    "ask_per_s_idle": {"at_least": 200_000},
    "ask_100k_to_idle": {"at_least": 0.8},
    "create_us": {"at_most": 15},
    "bytes_per_actor": {"at_most": 2048},
    "timer_late_p99_ms": {"at_most": 20},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What one subject has to carry.

    `lead_seconds` is the time it has to arm all timers before the first is due, `creations` how
    many actors it creates in one round.
    """

    live_actors: int
    creations: int
    lead_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much is measured; the defaults take three to four minutes on a machine of its own.

    Peers take part in every second round of asking and every fifth of creating, the first
    included: their rounds take seconds.
    """

    loads: Mapping[str, Load]
    rounds: int = 10
    ask_seconds: float = 0.5
    serial_seconds: float = 0.2
    creation_rounds: int = 10
    spread_seconds: float = 10.0


# simpleSystemBase looks at every timer at every message, and Pykka needs a thread for each actor.
FULL = Sizes(
    loads={
        OWN: Load(live_actors=100_000, creations=10_000, lead_seconds=5),
        "simpleSystemBase": Load(live_actors=4_000, creations=10_000, lead_seconds=30),
        "pykka": Load(live_actors=5_000, creations=2_500, lead_seconds=0),
        "xoscar": Load(live_actors=100_000, creations=10_000, lead_seconds=15),
    }
)


@dataclass(slots=True, kw_only=True)
class Findings:
    """What was measured of one subject, in the order of the rounds."""

    load: Load
    idle_per_s: list[float] = field(default_factory=list)
    full_per_s: list[float] = field(default_factory=list)
    serial_per_s: list[float] = field(default_factory=list)
    create_us: list[float] = field(default_factory=list)
    bytes_per_actor: int = 0
    late_seconds: list[float] | None = None

    def as_result(self) -> dict[str, object]:
        """Return the figures under their names; without those of timers where there are none."""
        ratios = [full / idle for full, idle in zip(self.full_per_s, self.idle_per_s, strict=True)]
        measured = {
            "ask_per_s_idle": self.idle_per_s,
            "ask_per_s_100k": self.full_per_s,
            "ask_100k_to_idle": ratios,
            "ask_serial_per_s": self.serial_per_s,
            "create_us": self.create_us,
        }
        return {
            **{key: _rounded(median(values)) for key, values in measured.items()},
            "bytes_per_actor": self.bytes_per_actor,
            **_lateness(self.late_seconds),
            "live_actors": self.load.live_actors,
            "spread": {
                key: [_rounded(min(values)), _rounded(max(values))]
                for key, values in measured.items()
            },
        }


def measure(sizes: Sizes = FULL) -> dict[str, object]:
    """Measure all subjects; rates a second, `_us` microseconds, `_ms` milliseconds.

    `create_us` is to create an actor and get its first answer. `live_actors` are those that the
    keys with `100k` were measured with, and as many timers were measured.

    Raises:
        BenchmarkError: a subject failed or hung.
    """
    about = machine()
    findings = {name: Findings(load=sizes.loads[name]) for name in SUBJECTS}
    with ExitStack() as stack:
        idle = {name: stack.enter_context(_started(name)) for name in SUBJECTS}
        with ExitStack() as stack_of_full:
            full = {name: stack_of_full.enter_context(_started(name)) for name in SUBJECTS}
            _populate(findings, full)
            _take_turns_at_asking(findings, idle, full, sizes)
        _take_turns_at_creating(findings, idle, sizes)
        _ring_timers(findings, idle, sizes)
    results = {name: found.as_result() for name, found in findings.items()}
    own = results.pop(OWN)
    return {**own, "wanted": _wanted(own), "machine": about, "peers": results}


def _started(name: str) -> SubjectProcess:
    return SubjectProcess(name, SUBJECTS[name])


def _populate(findings: Mapping[str, Findings], full: Mapping[str, SubjectProcess]) -> None:
    progress("creating live actors")
    # All at the same time: memory is measured here, and no speed.
    with ThreadPoolExecutor(len(full)) as threads:
        counts = [found.load.live_actors for found in findings.values()]
        sizes = threads.map(SubjectProcess.populate, full.values(), counts)
        for found, size in zip(findings.values(), sizes, strict=True):
            found.bytes_per_actor = size


def _take_turns_at_asking(
    findings: Mapping[str, Findings],
    idle: Mapping[str, SubjectProcess],
    full: Mapping[str, SubjectProcess],
    sizes: Sizes,
) -> None:
    for number in range(sizes.rounds):
        progress(f"asking, round {number + 1} of {sizes.rounds}")
        for name in _taking_part(number, peers_every=2):
            found = findings[name]
            pair = [(found.idle_per_s, idle[name]), (found.full_per_s, full[name])]
            if len(found.idle_per_s) % 2 == 1:  # who was first is second the next time
                pair.reverse()
            for measured, process in pair:
                measured.append(process.ask_per_s(sizes.ask_seconds))
            found.serial_per_s.append(idle[name].ask_serial_per_s(sizes.serial_seconds))


def _take_turns_at_creating(
    findings: Mapping[str, Findings], idle: Mapping[str, SubjectProcess], sizes: Sizes
) -> None:
    progress("creating, to warm up")
    for name, found in findings.items():
        idle[name].create_us(found.load.creations // 10)
    for number in range(sizes.creation_rounds):
        progress(f"creating, round {number + 1} of {sizes.creation_rounds}")
        for name in _taking_part(number, peers_every=5):
            found = findings[name]
            found.create_us.append(idle[name].create_us(found.load.creations))


def _ring_timers(
    findings: Mapping[str, Findings], idle: Mapping[str, SubjectProcess], sizes: Sizes
) -> None:
    for name, found in findings.items():
        progress(f"{name}: timers")
        found.late_seconds = idle[name].late_seconds(
            found.load.live_actors, found.load.lead_seconds, sizes.spread_seconds
        )


def _taking_part(number: int, peers_every: int) -> Sequence[str]:
    return tuple(SUBJECTS) if number % peers_every == 0 else (OWN,)


def _lateness(late_seconds: Sequence[float] | None) -> dict[str, float]:
    if late_seconds is None:
        return {}
    return {
        "timer_late_p50_ms": _rounded(percentile(late_seconds, 50) * 1000),
        "timer_late_p99_ms": _rounded(percentile(late_seconds, 99) * 1000),
        "timer_late_max_ms": _rounded(max(late_seconds) * 1000),
    }


def _wanted(own: Mapping[str, object]) -> dict[str, object]:
    wanted: dict[str, object] = {}
    for key, limit in WANTED.items():
        value = own[key]
        if isinstance(value, int | float):
            wanted[key] = {**limit, "met": is_met(value, limit)}
    return wanted


def _rounded(value: float) -> float:
    return round(value, 3) if value < 1000 else round(value)  # noqa: PLR2004 - finer than any figure is repeated
