"""Shops by forking from a process that has imported everything and opened nothing.

`python -m tests.durability.forking` reads lines "FOLDER LIFE SEED" from stdin. For each it forks a
shop (`tests.durability.program`), says "begun PID", and when that process has ended
"ended WAIT_STATUS". The shop's own lines come between, through the same pipe.
"""

import gc
import os
import signal
import sys
import traceback
from pathlib import Path

from tests.durability.program import main
from tests.durability.surroundings import say

FAILED = 1
LONGEST_LIFE_SECONDS = 300


def serve() -> None:
    """One shop after another, until stdin ends."""
    # What is here stays: the shops need not go over it, nor copy its pages to do so.
    gc.freeze()
    while line := sys.stdin.readline():
        folder, life, seed = line.rstrip("\n").rsplit(" ", 2)
        pid = os.fork()
        if not pid:
            _be_a_shop(Path(folder), int(life), int(seed))
        say("begun", pid)
        _, status = os.waitpid(pid, 0)
        say("ended", status)


def _be_a_shop(folder: Path, life: int, seed: int) -> None:
    # It is killed long before this; so is it where whoever should do so is gone.
    signal.alarm(LONGEST_LIFE_SECONDS)
    # Never back into the loop of the process that forked.
    try:
        main(folder, life, seed)
    except BaseException:  # noqa: BLE001 - whatever it was, the parent finds it in the log
        traceback.print_exc()
    finally:
        os._exit(FAILED)


if __name__ == "__main__":
    serve()
