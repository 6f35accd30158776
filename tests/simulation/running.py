"""Many orders as many episodes, on as many processes as there are cores; one result of them all."""

import multiprocessing
import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from tests.simulation.episode import Outcome, run_episode
from tests.simulation.faults import FAULTS
from tests.simulation.journal import Violation
from tests.simulation.planted import plant
from tests.simulation.scenario import ORDERS_AN_EPISODE, Scenario, scenario_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One episode to play.

    `probabilities`: how often a fault becomes due for one order, where that is not the usual.
    `planted`: the name of a mistake that the shop is given, or "".
    """

    scenario: Scenario
    probabilities: dict[str, float] = field(default_factory=dict)
    planted: str = ""
    to_the_end: bool = True


@dataclass(slots=True)
class Result:
    """What came of all episodes, in their order."""

    seed: int
    orders: int
    violations: list[Violation] = field(default_factory=list)
    steps: int = 0
    checks: int = 0
    crashes: int = 0
    faults: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FAULTS, 0))
    lifecycle: Counter[str] = field(default_factory=Counter)
    """How often what happened to orders."""
    _digest: "blake2b" = field(default_factory=lambda: blake2b(digest_size=16))

    def add(self, outcome: Outcome) -> None:
        """Take one more."""
        self.violations.extend(outcome.violations)
        self.steps += outcome.steps
        self.checks += outcome.checks
        self.crashes += outcome.crashes
        self._digest.update(outcome.digest.encode())
        self.lifecycle.update(outcome.lifecycle)
        for name, count in outcome.faults.items():
            self.faults[name] += count

    def as_json(self) -> dict[str, object]:
        """For scripts; the violations as a count."""
        return {
            "seed": self.seed,
            "orders": self.orders,
            "violations": len(self.violations),
            "steps": self.steps,
            "invariant_checks": self.checks,
            "crashes": self.crashes,
            "digest": self._digest.hexdigest(),
            "faults": self.faults,
            "lifecycle": dict(sorted(self.lifecycle.items())),
        }


def tasks_of(
    seed: int, orders: int, probabilities: dict[str, float] | None = None, planted: str = ""
) -> list[Task]:
    """The episodes of a run: full ones, and the rest in the last."""
    sizes = [ORDERS_AN_EPISODE] * (orders // ORDERS_AN_EPISODE)
    if orders % ORDERS_AN_EPISODE:
        sizes.append(orders % ORDERS_AN_EPISODE)
    return [
        Task(
            scenario=scenario_of(seed, episode, size),
            probabilities=probabilities or {},
            planted=planted,
        )
        for episode, size in enumerate(sizes)
    ]


def play(task: Task) -> Outcome:
    """Play one episode in this process."""
    with plant(task.planted):
        return run_episode(task.scenario, task.probabilities, to_the_end=task.to_the_end)


def first_violation(seed: int, orders: int, planted: str = "") -> Violation | None:
    """Play the episodes of a run one by one, as far as the first that must not be."""
    for task in tasks_of(seed, orders, planted=planted):
        outcome = play(replace(task, to_the_end=False))
        if outcome.violations:
            return outcome.violations[0]
    return None


def outcomes(tasks: list[Task], processes: int | None = None) -> Iterator[Outcome]:
    """Play all, and give what came of them in their order, each as soon as it can be.

    `processes`: on how many at once; as many as there are cores where nothing is said.
    """
    processes = min(len(tasks), processes or os.cpu_count() or 1)
    if processes <= 1:
        yield from map(play, tasks)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        yield from pool.map(play, tasks)
