"""The command line of the benchmarks."""

import importlib
import json
import sys
from collections.abc import Callable
from typing import cast

import click

from benchmarks.tables import table

Measure = Callable[[], dict[str, object]]

# Name -> module with a function `measure()`. It is imported only when it is asked for, because
# some measure packages that only a development environment has.
BENCHMARKS: dict[str, str] = {
    "expiry": "benchmarks.expiry",
    "orders": "benchmarks.orders",
    "recovery": "benchmarks.recovery",
    "runtime": "benchmarks.runtime",
    "scaling": "benchmarks.scaling",
    "soak": "benchmarks.soak",
    "watch": "benchmarks.watch",
}


@click.command()
@click.argument("name")
@click.option("--json", "is_json", is_flag=True, help="One JSON object on the last line.")
def main(name: str, *, is_json: bool) -> None:
    """Run the benchmark NAME and print what it found; progress goes to stderr.

    A result with the key `failures`, a list of sentences that is not empty, ends with exit code 1.
    """
    if name not in BENCHMARKS:
        raise click.UsageError(f"no benchmark is named {name!r}: give {' or '.join(BENCHMARKS)}")
    measure = cast("Measure", importlib.import_module(BENCHMARKS[name]).measure)
    result = measure()
    click.echo(json.dumps(result) if is_json else table(result))
    if result.get("failures"):
        sys.exit(1)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
