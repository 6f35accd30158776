"""How many mutants of the rules the tests kill: `python -m scripts.mutant_score STATS`.

STATS is what `mutmut export-cicd-stats` writes. A mutant that never ends is killed by the clock.
Those that no test reaches and those that were not tried count as alive.
"""

import json
import sys
from pathlib import Path

WANTED_PERCENT = 90
_KILLED = ("killed", "timeout")


def score(stats: dict[str, int]) -> tuple[int, int]:
    """How many were killed, and how many there are.

    Raises:
        ValueError: there is none.
    """
    if stats["total"] <= 0:
        raise ValueError("there is no mutant: run mutmut first")
    return sum(stats[key] for key in _KILLED), stats["total"]


def main(arguments: list[str]) -> int:
    """Print the score; 1 where it is below what is wanted, 2 where there is none."""
    if len(arguments) != 1:
        sys.stderr.write("write one argument: the file that mutmut export-cicd-stats has made\n")
        return 2
    try:
        killed, total = score(json.loads(Path(arguments[0]).read_text("utf-8")))
    except (OSError, ValueError, KeyError) as error:
        sys.stderr.write(f"no score: {error}\n")
        return 2
    sys.stdout.write(f"{killed} of {total} mutants killed: {100 * killed / total:.1f} %\n")
    return int(killed * 100 < total * WANTED_PERCENT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
