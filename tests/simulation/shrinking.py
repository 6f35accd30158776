"""Smaller runs that still fail: fewer orders first, then fewer faults."""

from collections.abc import Callable
from dataclasses import replace

from tests.simulation.faults import FAULTS
from tests.simulation.running import Task, play
from tests.simulation.scenario import scenario_of

_SMALL_SIZES = (1, 2, 3, 5, 8, 12, 20, 30, 50, 80, 120, 200, 300)

Tell = Callable[[str], None]
Fails = Callable[[Task], bool]


def fails(task: Task) -> bool:
    """Whether an episode violates anything; not necessarily the same thing as a larger one."""
    return bool(play(task).violations)


def shrink(task: Task, tell: Tell, still_fails: Fails = fails) -> Task:
    """The smallest failing task that is found.

    Args:
        task: one that fails.
        tell: hears of progress.
        still_fails: decides.
    """
    return _with_fewer_faults(_with_fewer_orders(task, tell, still_fails), tell, still_fails)


def command_of(task: Task) -> str:
    """What to type to see it again."""
    scenario = task.scenario
    parts = [
        "python -m tests.simulation",
        f"--orders {scenario.orders} --seed {scenario.seed} --episode {scenario.episode}",
    ]
    without = [name for name, per_order in task.probabilities.items() if not per_order]
    parts += [f"--fault {name}={p}" for name, p in task.probabilities.items() if p]
    if without:
        parts.append(f"--without {','.join(without)}")
    if task.planted:
        parts.append(f"--plant {task.planted}")
    return " ".join(parts)


def _sized(task: Task, orders: int) -> Task:
    scenario = task.scenario
    return replace(task, scenario=scenario_of(scenario.seed, scenario.episode, orders))


def _with_fewer_orders(task: Task, tell: Tell, still_fails: Fails) -> Task:
    # Not by halves: a run of fewer orders is another run, and may fail where a larger does not.
    for orders in _SMALL_SIZES:
        if orders >= task.scenario.orders:
            break
        smaller = _sized(task, orders)
        if still_fails(smaller):
            tell(f"{orders} orders still fail")
            return smaller
    return task


def _with_fewer_faults(task: Task, tell: Tell, still_fails: Fails) -> Task:
    names = [name for name in FAULTS if task.probabilities.get(name, 1.0)]
    part = max(1, len(names) // 2)
    while names:
        for start in range(0, len(names), part):
            left_out = names[start : start + part]
            smaller = replace(task, probabilities=task.probabilities | dict.fromkeys(left_out, 0.0))
            if still_fails(smaller):
                tell(f"still fails without {', '.join(left_out)}")
                task, names = smaller, [name for name in names if name not in left_out]
                break
        else:
            if part == 1:
                break
            part //= 2
        part = min(part, max(1, len(names)))
    return task
