"""`python -m tests.simulation --orders N --seed S [--json]`: the shop in a world that fails it.

Exit 0 where every invariant held, 1 where something was violated, 2 for wrong arguments.
"""

import argparse
import json
import logging
import os
import sys

import click

from tests.simulation.faults import FAULTS
from tests.simulation.planted import PLANTS
from tests.simulation.running import Result, Task, outcomes, tasks_of
from tests.simulation.scenario import scenario_of
from tests.simulation.shrinking import command_of, shrink


def main(arguments: list[str] | None = None) -> int:
    """Run it; the exit code."""
    given = _parser().parse_args(arguments)
    logging.disable(logging.CRITICAL)
    seed = int.from_bytes(os.urandom(4), "big") if given.seed is None else given.seed
    probabilities = dict(given.fault or ()) | dict.fromkeys(given.without, 0.0)
    if given.episode is None:
        tasks = tasks_of(seed, given.orders, probabilities, given.plant)
    else:
        scenario = scenario_of(seed, given.episode, given.orders)
        tasks = [Task(scenario=scenario, probabilities=probabilities, planted=given.plant)]
    result = Result(seed=seed, orders=given.orders)
    for task, outcome in zip(tasks, outcomes(tasks, given.processes), strict=True):
        result.add(outcome)
        for violation in outcome.violations:
            click.echo(violation)
        if outcome.violations:
            click.echo(f"  again: {command_of(task)}")
            if given.shrink:
                _shrink(task)
                break
    _report(result, as_json=given.json)
    return 1 if result.violations else 0


def _shrink(task: Task) -> None:
    smallest = shrink(task, lambda text: click.echo(f"  {text}", err=True))
    click.echo(f"smallest: {command_of(smallest)}")


def _report(result: Result, *, as_json: bool) -> None:
    told = result.as_json()
    if as_json:
        click.echo(json.dumps(told))
        return
    for counts in (result.faults, dict(sorted(result.lifecycle.items()))):
        for name, count in counts.items():
            click.echo(f"{count:8} {name}")
    for name in ("seed", "orders", "steps", "invariant_checks", "crashes", "digest", "violations"):
        click.echo(f"{name}: {told[name]}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--orders", type=_count, default=500, help="how many orders are placed")
    parser.add_argument(
        "--seed", type=_count, help="the same seed, the same run (default: a new one)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    parser.add_argument(
        "--processes", type=_count, help="how many at once (default: one a core); changes nothing"
    )
    parser.add_argument("--episode", type=_count, help="only this episode of the seed")
    parser.add_argument(
        "--fault",
        type=_probability,
        action="append",
        metavar="NAME=P",
        help="a fault is due so often for one order, such as power_loss=0.1",
    )
    parser.add_argument(
        "--without", type=_names, default=(), metavar="NAME,NAME", help="leave these faults out"
    )
    parser.add_argument(
        "--shrink", action="store_true", help="find fewer orders and faults that still fail"
    )
    parser.add_argument(
        "--plant",
        choices=sorted(PLANTS),
        default="",
        help="give the shop a mistake, to see it found",
    )
    return parser


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no number: write digits, such as 500")
    return int(text)


def _known(name: str) -> str:
    if name not in FAULTS:
        raise argparse.ArgumentTypeError(f"no fault {name!r}: write one of {', '.join(FAULTS)}")
    return name


def _names(text: str) -> tuple[str, ...]:
    return tuple(_known(name) for name in text.split(",") if name)


def _probability(text: str) -> tuple[str, float]:
    name, _, number = text.partition("=")
    try:
        per_order = float(number)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r}: write NAME=P, such as power_loss=0.1"
        ) from None
    if not 0.0 <= per_order <= 1.0:
        raise argparse.ArgumentTypeError(f"{text!r}: P is 0 to 1")
    return _known(name), per_order


if __name__ == "__main__":
    sys.exit(main())
